//! Tests that are skipped: their reasons are seen although the test passes.

use std::fs::OpenOptions;
use std::io::Write as _;

/// Reports that the calling test is skipped: prints the reason, and adds it as a line to the file that `RP_SKIPPED` names.
///
/// The output of a test that passes is hidden; `.ci/run` prints the file after the tests.
pub(crate) fn skip(reason: &str) {
    eprintln!("SKIPPED: {reason}");
    if let Some(file) = std::env::var_os("RP_SKIPPED") {
        let line = reason.split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
        let file = OpenOptions::new().create(true).append(true).open(file);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        assert!(written.is_ok(), "RP_SKIPPED: {written:?}");
    }
}
