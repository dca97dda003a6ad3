//! The command: its last line, its exit status and its output.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PASSES: &str = r#"{"id": "set/passes", "kind": "signature", "public_key": "", "message": "", "signature": "",
    "expect": {"result": "reject", "reason": "malformed-public-key"}}"#;
const FAILS: &str = r#"{"id": "set/fails", "kind": "signature", "public_key": "", "message": "", "signature": "",
    "expect": {"result": "accept"}}"#;

fn write(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path
}

fn vectors(name: &str, cases: &[&str]) -> PathBuf {
    write(name, &format!(r#"{{"format": 1, "source": "here", "cases": [{}]}}"#, cases.join(",")))
}

fn conformance(arguments: &[&str], paths: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance")).args(arguments).args(paths).output().unwrap()
}

fn last_line(output: &[u8]) -> &str {
    std::str::from_utf8(output).unwrap().lines().last().unwrap_or_default()
}

#[test]
fn a_clean_run_ends_with_the_figures_and_status_0() {
    let output = conformance(&["run"], &[&vectors("clean.json", &[PASSES])]);
    assert_eq!(last_line(&output.stdout), "1 passed, 0 failed");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn any_failure_makes_the_status_1() {
    let path = vectors("failing.json", &[PASSES, FAILS]);
    let output = conformance(&["run"], &[&path]);
    assert_eq!(last_line(&output.stdout), "1 passed, 1 failed");
    assert_eq!(output.status.code(), Some(1));

    let list = write("not-yet.txt", "set/fails\n");
    let output = conformance(&["run", "--not-yet", list.to_str().unwrap()], &[&path]);
    assert_eq!(last_line(&output.stdout), "1 passed, 0 failed");
    assert_eq!(output.status.code(), Some(0));

    let list = write("stale.txt", "set/fails\nset/passes\n");
    let output = conformance(&["run", "--not-yet", list.to_str().unwrap()], &[&path]);
    assert_eq!(last_line(&output.stdout), "0 passed, 1 failed");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn unreadable_vectors_make_the_status_2() {
    let path = vectors("unreadable.json", &[&PASSES.replace("signature\"", "sig\"")]);
    let output = conformance(&["run"], &[&path]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("unreadable.json: set/passes:"), "{told}");
}

#[test]
fn with_json_the_outcomes_are_on_standard_output_alone() {
    let output = conformance(&["run", "--json"], &[&vectors("json.json", &[PASSES, FAILS])]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        report["cases"][1]["got"].as_str().unwrap().split(':').next(),
        Some("reject, malformed-public-key")
    );
    assert_eq!(last_line(&output.stderr), "1 passed, 1 failed");
}

#[test]
fn a_page_without_markers_is_an_error_and_not_changed() {
    let page = write("page.md", "# A page\n");
    for option in ["--write", "--check"] {
        let output = conformance(&["support", option], &[&page]);
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("page.md: the page lacks a line `<!-- support -->`"), "{told}");
    }
    assert_eq!(fs::read_to_string(page).unwrap(), "# A page\n");
}

#[test]
fn a_selection_without_cases_makes_the_status_2() {
    // Nothing is requested: the discard port is never connected.
    let output = conformance(&["drive", "http://127.0.0.1:9", "--only", "no-such-case"], &[]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("--only no-such-case: no case has this text in its id"), "{told}");
}
