//! Programs of other packages, which cargo does not build for these tests.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds targets of the workspace; returns the folder of the binaries.
///
/// Examples include the development dependencies, so that the features are those of `cargo test --workspace
/// --all-features`; after such a build there is nothing left to do.
pub(crate) fn build(targets: &[&str]) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--workspace", "--all-features"]).args(targets);
    assert!(cargo.arg("--target-dir").arg(target).status().unwrap().success());
    target.join("debug")
}

/// The name of an executable on this platform.
pub(crate) fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}
