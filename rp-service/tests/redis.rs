//! The behaviour of the Redis store that other stores do not have: configurations, lost connections, crashes.
//!
//! The tests start `redis-server` themselves; without it on the `PATH`, they are skipped with a message.
#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(dead_code, reason = "the tests of other stores use the rest")]
#[path = "shared/fixtures.rs"]
mod fixtures;
#[path = "shared/skip.rs"]
mod skip;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rp_core::Timestamp;
use rp_service::store::{CeremonyKey, CeremonyStore, RedisStore, SessionKey, SessionStore, TakeCeremony};

use crate::fixtures::{is_unavailable, kim, messages, session};

const KEY: CeremonyKey = CeremonyKey([1; 32]);
const DURABLE: [&str; 6] = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];

/// A server on a socket in a folder of its own; killed on drop.
struct Server {
    process: Child,
    folder: PathBuf,
    arguments: Vec<&'static str>,
}

impl Server {
    fn start(test: &str, arguments: &[&'static str]) -> Option<Self> {
        // The path of a socket has at most 107 bytes
        let folder = std::env::temp_dir().join(format!("rp-redis-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let Some(process) = spawn(&folder, arguments) else {
            skip::skip("redis-server is not on the PATH");
            return None;
        };
        Some(Self { process, folder, arguments: arguments.into() })
    }

    fn url(&self) -> String {
        format!("unix://{}", self.folder.join("socket").display())
    }

    /// Connects as soon as the server listens.
    async fn connect(&self) -> Result<RedisStore, rp_service::store::StoreError> {
        while tokio::net::UnixStream::connect(self.folder.join("socket")).await.is_err() {
            tokio::task::yield_now().await;
        }
        RedisStore::connect(&self.url()).await
    }

    /// Kills the server and starts it again with what it has on disk.
    fn crash(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = spawn(&self.folder, &self.arguments).unwrap();
    }
}

fn spawn(folder: &std::path::Path, arguments: &[&str]) -> Option<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--unixsocket"]).arg(folder.join("socket")).arg("--dir").arg(folder);
    command.args(arguments).stdout(Stdio::null()).spawn().ok()
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn soon() -> Timestamp {
    Timestamp::now().saturating_add(std::time::Duration::from_secs(300))
}

/// Calls until the store is connected again.
async fn until_connected<T, F: Future<Output = Result<T, rp_service::store::StoreError>>>(
    call: impl Fn() -> F,
) -> T {
    loop {
        match call().await {
            Ok(value) => return value,
            Err(error) => assert!(is_unavailable::<()>(Err(error))),
        }
    }
}

#[tokio::test]
async fn a_configuration_that_revives_used_ceremonies_is_rejected() {
    for (test, arguments, settings) in [
        ("snapshots", &["--save", "3600", "1"][..], ["no", "everysec", "3600 1"]),
        ("every-second", &["--appendonly", "yes", "--save", ""], ["yes", "everysec", ""]),
    ] {
        let Some(server) = Server::start(test, arguments) else { return };
        let error = server.connect().await.unwrap_err();
        let [appendonly, appendfsync, save] = settings;
        let expected = format!(
            ": appendonly is \"{appendonly}\", appendfsync is \"{appendfsync}\" and save is \"{save}\": a crash can \
             bring back used ceremonies; set appendonly yes and appendfsync always, or save \"\" and appendonly no"
        );
        assert!(messages(&error)[1].ends_with(&expected), "{error:?}");
    }
    for (test, arguments) in [("durable", &DURABLE[..]), ("forgetful", &["--save", ""])] {
        let Some(server) = Server::start(test, arguments) else { return };
        server.connect().await.unwrap();
    }
}

#[tokio::test]
async fn a_configuration_that_evicts_used_ceremonies_is_rejected() {
    for policy in ["allkeys-lru", "volatile-ttl"] {
        let arguments = ["--save", "", "--maxmemory", "64mb", "--maxmemory-policy", policy];
        let Some(server) = Server::start(policy, &arguments) else { return };
        let error = server.connect().await.unwrap_err();
        let expected = format!(
            ": maxmemory is \"67108864\" and maxmemory-policy is \"{policy}\": used ceremonies and sessions can be \
             evicted; set maxmemory-policy noeviction, or maxmemory 0"
        );
        assert!(messages(&error)[1].ends_with(&expected), "{error:?}");
    }
    for (test, arguments) in [
        ("full-fails", ["--save", "", "--maxmemory", "64mb", "--maxmemory-policy", "noeviction"]),
        ("no-maximum", ["--save", "", "--maxmemory", "0", "--maxmemory-policy", "allkeys-lru"]),
    ] {
        let Some(server) = Server::start(test, &arguments) else { return };
        server.connect().await.unwrap();
    }
}

#[tokio::test]
async fn after_a_crash_everything_acknowledged_is_there() {
    let Some(mut server) = Server::start("crash", &DURABLE) else { return };
    let store = server.connect().await.unwrap();
    let mut open = session(&kim().1);
    (open.last_used_at, open.expires_at) = (Timestamp::now(), soon());
    assert!(store.create_session(SessionKey([3; 32]), &open).await.unwrap());
    store.put_ceremony(KEY, b"pending", soon()).await.unwrap();
    store.put_ceremony(CeremonyKey([2; 32]), b"taken", soon()).await.unwrap();
    let now = Timestamp::now();
    let taken = store.take_ceremony(CeremonyKey([2; 32]), now).await.unwrap();
    assert_eq!(taken, TakeCeremony::Found(b"taken".to_vec()));

    server.crash();
    let found = until_connected(|| store.session(SessionKey([3; 32]), now)).await;
    assert_eq!(found, Some(open));
    assert_eq!(store.take_ceremony(CeremonyKey([2; 32]), now).await.unwrap(), TakeCeremony::Missing);
    assert_eq!(store.take_ceremony(KEY, now).await.unwrap(), TakeCeremony::Found(b"pending".to_vec()));
}

#[tokio::test]
async fn without_persistence_a_crash_forgets_and_revives_nothing() {
    let Some(mut server) = Server::start("forgets", &["--save", ""]) else { return };
    let store = server.connect().await.unwrap();
    store.put_ceremony(KEY, b"pending", soon()).await.unwrap();
    server.crash();
    let taken = until_connected(|| store.take_ceremony(KEY, Timestamp::now())).await;
    assert_eq!(taken, TakeCeremony::Missing);
}

#[tokio::test]
async fn an_error_names_the_server_and_no_password() {
    let error = RedisStore::connect("redis://kim:secret-password@127.0.0.1:1").await.unwrap_err();
    assert!(messages(&error)[1].starts_with("redis://127.0.0.1:1: "), "{error:?}");
    assert!(!format!("{error:?} {:?}", messages(&error)).contains("secret-password"));
}
