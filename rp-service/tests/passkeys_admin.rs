//! The program `passkeys-admin`, as an operator runs it.
#![cfg(feature = "cli")]

use std::process::Command;

use rp_service::Secret;
use rp_service::store::SqliteStore;

#[tokio::test]
async fn a_policy_of_trusted_attestation_needs_no_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let _ = SqliteStore::connect(path("passkeys.db").to_str().unwrap()).await.unwrap();
    let _ = Secret::file(path("secret")).unwrap();
    std::fs::write(path("policy.toml"), "[default]\npasskeys = { attestation = \"trusted\" }\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_passkeys-admin"))
        .args(["--rp-id", "example.org", "--database"])
        .arg(path("passkeys.db"))
        .arg("--secret")
        .arg(path("secret"))
        .arg("--policy")
        .arg(path("policy.toml"))
        .args(["users"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
