//! The book in `docs/` is correct: its links have targets, its list of codes is complete, and the tests that it
//! names exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rp_conformance::authenticator::{Fault, Quirk};
use rp_core::Code;

/// The codes of the HTTP interface that rp-core does not have.
const CODES_OF_HTTP: [&str; 32] = [
    "username-invalid",
    "not-signed-in",
    "second-factor-required",
    "step-up-required",
    "enrolment-required",
    "sign-up-closed",
    "cross-site-request",
    "user-locked",
    "credential-unknown",
    "session-unknown",
    "user-unknown",
    "factor-invalid",
    "factor-unknown",
    "factor-exists",
    "no-ceremony",
    "ceremony-expired",
    "credential-exists",
    "username-taken",
    "too-many-credentials",
    "last-credential",
    "body-too-large",
    "unsupported-media-type",
    "too-many-requests",
    "misconfigured",
    "storage-unavailable",
    "malformed-json",
    "invalid-request",
    "invalid-client",
    "invalid-grant",
    "invalid-scope",
    "unsupported-response-type",
    "unsupported-grant-type",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn book() -> PathBuf {
    root().join("docs/src")
}

/// Every file below a folder with this suffix, without build output.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            found.extend(files(&path, ending));
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found
}

fn pages() -> Vec<(PathBuf, String)> {
    files(&book(), ".md").into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// Every text between `open` and the next `close`.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split_once(close)).map(|(inside, _)| inside)
}

#[test]
fn every_page_stands_in_the_summary_and_every_link_leads_somewhere() {
    let summary = fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    for (path, page) in pages() {
        let name = path.strip_prefix(book()).unwrap().display().to_string();
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("({name})")),
            "{name} is not in SUMMARY.md"
        );
        let folder = path.parent().unwrap();
        for link in between(&page, "](", ')').filter(|link| !link.starts_with("http")) {
            let file = link.split('#').next().unwrap_or_default();
            assert!(file.is_empty() || folder.join(file).is_file(), "{name}: {link} leads nowhere");
        }
    }
}

#[test]
fn every_part_that_is_included_is_there() {
    for (path, page) in pages() {
        for include in between(&page, "{{#include ", '}') {
            let (file, anchor) = include.split_once(':').unwrap_or((include, ""));
            let text = fs::read_to_string(path.parent().unwrap().join(file))
                .unwrap_or_else(|error| panic!("{}: {include}: {error}", path.display()));
            let begins = format!("ANCHOR: {anchor}");
            assert!(anchor.is_empty() || text.contains(&begins), "{}: {include}", path.display());
        }
    }
}

#[test]
fn every_code_is_explained_and_no_other() {
    let page = fs::read_to_string(book().join("guide/errors.md")).unwrap();
    let explained: BTreeSet<&str> = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|row| row.split('|').skip(1).take(2).find_map(|cell| cell.trim().strip_prefix('`')))
        .filter_map(|cell| cell.strip_suffix('`'))
        .collect();
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).chain(CODES_OF_HTTP).collect();
    assert_eq!(explained, codes);
}

/// The names of the tests in a source file: functions with a test's attribute, the cases of the HTTP interface, and the
/// behaviours in the tables of the test kits, of which macros make tests.
fn tests(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_test = false;
    let mut is_table = false;
    for line in source.lines().map(str::trim) {
        is_table |= line.starts_with("cases! {") || line.starts_with("$crate::__store_tests! {");
        let is_name = |text: &str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if is_table && !line.is_empty() && is_name(line) {
            found.push(line);
        }
        let attribute = line.strip_prefix("#[").and_then(|rest| rest.strip_suffix(']')).unwrap_or_default();
        match line.split_once("fn ") {
            Some((_, rest)) if is_test => {
                found.extend(rest.split_once('(').map(|(name, _)| name));
                is_test = false;
            }
            // An example that must not compile is a test too.
            _ => {
                is_test |= line.starts_with("/// ```compile_fail")
                    || attribute.split('(').next().is_some_and(|name| name.ends_with("test"));
            }
        }
    }
    found
}

#[test]
fn every_test_fault_and_quirk_that_security_pages_name_exists() {
    let pages = ["security/model.md", "security/behaviours.md", "guide/command-line.md"]
        .map(|page| fs::read_to_string(book().join(page)).unwrap());
    let sources: Vec<_> =
        files(&root(), ".rs").into_iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let tests: BTreeSet<&str> = sources.iter().flat_map(|source| tests(source)).collect();
    let faults = Fault::ALL.iter().map(|fault| fault.name());
    let minted: BTreeSet<&str> = faults.chain(Quirk::ALL.iter().map(|quirk| quirk.name())).collect();
    let rows = pages
        .iter()
        .flat_map(|page| page.lines())
        .filter(|line| line.starts_with('|'))
        .skip_while(|row| row.starts_with("|---"));
    let mut named = 0;
    for shown_by in rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next()) {
        for name in shown_by.split('`').skip(1).step_by(2) {
            assert!(tests.contains(name) || minted.contains(name), "{name} is no test, fault or quirk");
            named += 1;
        }
    }
    assert!(named > 300, "{named} names were found");
}
