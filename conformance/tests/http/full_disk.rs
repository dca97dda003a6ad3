//! A full disk: a file system in memory with little room, which root can mount.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rp_conformance::http::{Fixture, ORIGIN, Setup, UserAgent, bare};
use rp_service::store::SqliteStore;
use serde_json::json;

use crate::skip::skip;

/// A file system of a few megabytes, unmounted on drop.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` if this process may not mount it.
    fn mount(folder: &Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs"]).arg(folder);
        mount.output().is_ok_and(|output| output.status.success()).then(|| Self(folder.to_owned()))
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).unwrap();
        for block in [64 * 1024, 4096, 1] {
            while file.write_all(&vec![0; block]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The database may still be open: the file system goes when it is closed.
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

#[tokio::test]
async fn on_a_full_disk_users_sign_out_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        return skip("a full disk: this user may not mount a file system");
    };
    let file = folder.path().join("passkeys.db");
    let store = SqliteStore::connect(file.to_str().unwrap()).await.unwrap();
    let setup = Setup { service: Box::new(move |builder| builder.store(store)), ..Setup::default() };
    let fixture = Fixture::new(setup);
    let site = bare(&fixture);
    let mut kim = UserAgent::new(&site, ORIGIN, "kim");
    kim.sign_up("kim").await;
    let kim_before = kim.clone();

    // Accounts are created until the disk is full. Which of them are there afterwards?
    disk.fill();
    let mut created = Vec::new();
    let mut refused = 0;
    for number in 0..40 {
        let name = format!("user{number}");
        let mut browser = UserAgent::new(&site, ORIGIN, &name);
        let options = browser.post("registration/options", &json!({ "username": name })).await;
        if options.status != 200 {
            assert_eq!(options.problem(), (503, "storage-unavailable"));
            refused += 1;
            continue;
        }
        let response = browser.create_for(&options.ok());
        let answer = browser.register(&response).await;
        if answer.status == 201 {
            created.push(browser);
        } else {
            assert_eq!(answer.problem(), (503, "storage-unavailable"));
            refused += 1;
        }
    }
    assert!(refused > 0, "the disk is not full");

    // Sign-out works, and the token is rejected from then on.
    kim.sign_out().await;
    assert_eq!(kim.cookie("session"), None);
    let mut copy = kim_before.clone();
    assert_eq!(copy.get("session").await.problem(), (401, "not-signed-in"));

    // With room again, the site works without a restart: everyone whose account was acknowledged signs in.
    disk.free();
    fixture.passkeys.maintain().await;
    let mut copy = kim_before;
    assert_eq!(copy.get("session").await.problem(), (401, "not-signed-in"));
    kim.sign_in().await;
    for browser in &mut created {
        assert_eq!(browser.get("session").await.status, 200);
        browser.sign_out().await;
        browser.sign_in().await;
    }
    UserAgent::new(&site, ORIGIN, "alex").sign_up("alex").await;

    // The deletion was retried: a restart does not revive the session.
    let store = SqliteStore::connect(file.to_str().unwrap()).await.unwrap();
    let setup = Setup { service: Box::new(move |builder| builder.store(store)), ..Setup::default() };
    let restarted = bare(&Fixture::new(setup));
    let mut old = UserAgent::new(&restarted, ORIGIN, "kim");
    old.set_cookie("__Host-rp-session", &copy.cookie("session").unwrap());
    assert_eq!(old.get("session").await.problem(), (401, "not-signed-in"));
}
