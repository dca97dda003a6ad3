//! The program `passkeys-admin`, as an operator runs it.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use rp_core::RelyingParty;
use rp_service::store::SqliteStore;
use rp_service::{Caller, FactorName, KeyRing, Method, Passkeys, RecoveryCodes, Secret};

/// Runs the program with a database and a secret, and these arguments.
async fn run(folder: &Path, arguments: &[&str]) -> Output {
    let path = |name: &str| folder.join(name);
    let _ = store(folder).await;
    let _ = Secret::file(path("secret")).unwrap();
    run_on(folder, arguments)
}

async fn store(folder: &Path) -> SqliteStore {
    SqliteStore::connect(folder.join("passkeys.db").to_str().unwrap()).await.unwrap()
}

/// Runs the program with the files that are in the folder.
fn run_on(folder: &Path, arguments: &[&str]) -> Output {
    program(folder, arguments).output().unwrap()
}

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let path = |name: &str| folder.join(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_passkeys-admin"));
    command.args(["--rp-id", "example.org", "--database"]).arg(path("passkeys.db"));
    command.arg("--secret").arg(path("secret")).args(arguments);
    command
}

#[tokio::test]
async fn a_policy_of_trusted_attestation_needs_no_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, "[default]\npasskeys = { attestation = \"trusted\" }\n").unwrap();
    let output = run(folder.path(), &["--policy", policy.to_str().unwrap(), "users"]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn an_import_never_creates_the_key_of_its_factors() {
    let folder = tempfile::tempdir().unwrap();
    let (file, key) = (folder.path().join("export.jsonl"), folder.path().join("mistyped.key"));
    std::fs::write(&file, "").unwrap();
    let (file, key_path) = (file.to_str().unwrap(), key.to_str().unwrap());
    let output = run(folder.path(), &["import", file, "--factors", key_path, "--reason", "a new site"]).await;
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.starts_with(&format!("passkeys-admin: {key_path}: ")), "{error}");
    assert!(!key.exists());
}

#[tokio::test]
async fn rejudge_without_metadata_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["rejudge", "--dry-run"][..], &["rejudge", "--reason", "new list"]] {
        let output = run(folder.path(), arguments).await;
        assert_eq!(
            (output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()),
            (
                Some(1),
                "passkeys-admin: rejudge needs --metadata (feature mds): without it, no attestation is trusted\n"
            )
        );
    }
}

/// The service of a site, with the user kim.
async fn site(folder: &Path, keys: KeyRing) -> Passkeys {
    let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
    let builder = Passkeys::builder(rp).store(store(folder).await);
    let builder = builder.secret(Secret::file(folder.join("secret")).unwrap()).keys(keys);
    let passkeys = builder.second_factor(RecoveryCodes::new()).build().unwrap();
    passkeys.create_user("kim", "").await.unwrap();
    passkeys
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn an_error_names_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["passkeys.db", "secret"] {
        std::fs::write(folder.path().join(file), "neither a database nor short").unwrap();
    }
    let error = stderr(&run_on(folder.path(), &["users"]));
    assert!(error.starts_with("passkeys-admin: ") && error.contains("not a database"), "{error}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rp-decoy-profile"));
    command.arg(folder.path().join("passkeys.db")).arg(folder.path().join("profile.json"));
    let error = stderr(&command.output().unwrap());
    assert!(error.starts_with("rp-decoy-profile: ") && error.contains("not a database"), "{error}");
}

#[tokio::test]
async fn events_without_a_file_go_to_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path(), KeyRing::new([Secret::from([1; 32])]).unwrap()).await;
    let output = run_on(folder.path(), &["lock", "kim", "--reason", "ticket 7"]);
    assert_eq!(output.stdout, b"locked\n");
    let error = stderr(&output);
    assert!(error.contains("lock-user") && error.contains("ticket 7"), "{error}");
    let log = folder.path().join("events.jsonl");
    let arguments = ["--events", log.to_str().unwrap(), "unlock", "kim", "--reason", "ticket 8"];
    assert_eq!(stderr(&run_on(folder.path(), &arguments)), "");
    assert!(std::fs::read_to_string(log).unwrap().contains("ticket 8"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_event_that_is_not_written_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path(), KeyRing::new([Secret::from([1; 32])]).unwrap()).await;
    let arguments = ["--events", "/dev/full", "lock", "kim", "--reason", "ticket 7"];
    let error = stderr(&run_on(folder.path(), &arguments));
    assert!(error.contains("an event was not written: No space left on device"), "{error}");
    // The command succeeds even if standard error is full.
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    assert!(program(folder.path(), &arguments).stderr(full).output().unwrap().status.success());
}

#[tokio::test]
async fn factors_are_moved_with_the_keys_of_the_site() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let key = |name: &str| Secret::file(path(name)).unwrap();
    let passkeys = site(folder.path(), KeyRing::new([key("old")]).unwrap()).await;
    let kim = passkeys.user_by_name("kim").await.unwrap().unwrap();
    let mut caller = Caller::new_browser().unwrap();
    let first = passkeys.first_factor_verified(&caller, &kim.handle, Method::Password).await.unwrap();
    caller.session = passkeys.load_session(&first.session.token.unwrap()).await.unwrap();
    passkeys.start_factor_enrolment(&caller, &FactorName::RECOVERY_CODES, b"{}").await.unwrap();
    let (file, factors, new, old) = (path("export.jsonl"), path("factors"), path("new"), path("old"));
    let move_factors = |command: &str, file: &str, keys: &[&str]| {
        let mut arguments: Vec<_> = keys.iter().flat_map(|key| ["--keys", key]).collect();
        arguments.extend([command, file, "--factors", &factors, "--reason", "move"]);
        run_on(folder.path(), &arguments)
    };
    let without = stderr(&move_factors("export", &file, &[]));
    assert!(without.contains("stored rp_factors.state is unreadable"), "{without}");
    let missing = stderr(&move_factors("export", &file, &[&new]));
    assert_eq!(missing, format!("passkeys-admin: {new}: there is no such file\n"));
    key("new");
    let exported = move_factors("export", &file, &[&new, &old]);
    assert!(exported.status.success(), "{}", stderr(&exported));
    std::fs::remove_file(path("passkeys.db")).unwrap();
    drop(store(folder.path()).await);
    let imported = move_factors("import", &file, &[&new, &old]);
    assert!(imported.status.success(), "{}", stderr(&imported));
    // The first key sealed them.
    let again = move_factors("export", &path("again.jsonl"), &[&new]);
    assert!(again.status.success(), "{}", stderr(&again));
}
