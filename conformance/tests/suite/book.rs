//! The book in `docs/` is correct: its links have targets, its programs are compiled, its list of codes is complete, and
//! the tests that it names exist.

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

/// A page without its programs and its code in sentences.
fn prose(page: &str) -> String {
    let mut is_code = false;
    let lines = page.lines().filter(|line| {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    let words = |line: &str| line.split('`').step_by(2).collect::<String>();
    lines.map(|line| words(line) + "\n").collect()
}

/// Every text between `open` and the next `close`.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split_once(close)).map(|(inside, _)| inside)
}

/// The anchors of a page: its headings, as mdBook makes them, and the `id`s of its own.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let mut found = BTreeSet::new();
    for line in page.lines() {
        is_code ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        if !is_code && heading.len() < line.len() && heading.starts_with(' ') {
            let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
            let anchor: String = heading.trim().to_lowercase().chars().filter(kept).collect();
            found.insert(anchor.replace(' ', "-"));
        }
        found.extend(between(line, "<a id=\"", '"').map(str::to_owned));
    }
    found
}

/// Every page of the book, and every other text in Markdown that is read on its own.
fn texts() -> Vec<(PathBuf, String)> {
    let others = files(&root(), ".md").into_iter().filter(|path| !path.starts_with(book()));
    let others = others.map(|path| (path.clone(), fs::read_to_string(path).unwrap()));
    others.chain(pages()).collect()
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    for (path, _) in pages() {
        let name = path.strip_prefix(book()).unwrap().display().to_string();
        assert!(name == "SUMMARY.md" || summary.contains(&format!("({name})")), "{name}");
    }
}

#[test]
fn every_link_has_a_target() {
    let mut links = 0;
    for (path, page) in texts() {
        let folder = path.parent().unwrap();
        for link in between(&prose(&page), "](", ')').filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { path.clone() } else { folder.join(file) };
            let place = format!("{}: {link}", path.display());
            assert!(file.exists(), "{place}");
            if !anchor.is_empty() {
                let target = fs::read_to_string(&file).unwrap();
                assert!(anchors(&target).contains(anchor), "{place}: no such heading");
            }
            links += 1;
        }
    }
    assert!(links > 150, "{links} links were found");
}

#[test]
fn an_anchor_is_made_as_mdbook_makes_it() {
    let page = "# The `a-b` of C\n```\n# a comment\n```\n## Who, when?\n| <a id=\"x-y\"></a> |";
    assert_eq!(anchors(page), ["the-a-b-of-c", "who-when", "x-y"].map(str::to_owned).into());
}

/// Every program of the book is a documentation test of a crate, or is included from a file that is compiled.
#[test]
fn every_program_is_compiled() {
    let crates = ["rp-core", "mds", "rp-service", "rp-axum", "rp-actix", "conformance"];
    let sources =
        crates.map(|name| fs::read_to_string(root().join(name).join("src/lib.rs")).unwrap()).concat();
    for (path, page) in pages() {
        let name = path.strip_prefix(book()).unwrap().display().to_string();
        for block in page.split("```rust").skip(1) {
            let (attributes, program) = block.split_once('\n').unwrap();
            let is_included = program.starts_with("{{#include ");
            let is_tested = sources.contains(&format!("docs/src/{name}\")"));
            assert!(is_included || (is_tested && !attributes.contains("ignore")), "{name}: {program:.60}");
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

fn codes() -> BTreeSet<&'static str> {
    Code::ALL.iter().map(|code| code.as_str()).chain(CODES_OF_HTTP).collect()
}

/// The anchor of a code in the list is what `type` of an error response can link to.
#[test]
fn every_code_is_in_the_list_and_no_other() {
    let page = fs::read_to_string(book().join("guide/errors.md")).unwrap();
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with('|')).collect();
    let listed: BTreeSet<_> = rows.iter().flat_map(|row| between(row, "<a id=\"", '"')).collect();
    assert_eq!(listed, codes());
    for code in listed {
        let link = format!("[`{code}`](../errors/");
        assert!(rows.iter().any(|row| row.contains(&link) && row.contains(&format!("#{code})"))), "{code}");
    }
}

#[test]
fn every_code_has_a_cause_an_example_and_a_remedy() {
    let pages: Vec<_> = files(&book().join("errors"), ".md")
        .into_iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let mut explained = BTreeSet::new();
    for section in pages.iter().flat_map(|page| page.split("\n## `").skip(1)) {
        let (code, text) = section.split_once('`').unwrap();
        for part in ["**Cause.** ", "**Example.** ", "**Remedy.** "] {
            assert!(text.contains(&format!("\n{}", part.trim_end())), "{code}: {part}");
        }
        assert!(explained.insert(code), "{code} is explained twice");
    }
    assert_eq!(explained, codes());
}

/// Whether the file has only tests and their helpers.
fn is_of_tests(path: &Path) -> bool {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    path.iter().any(|folder| folder == "tests") || name == "tests" || name.ends_with("_test")
}

/// Only `skip` reports to `.ci/run`, because the output of a test that passes is hidden.
#[test]
fn every_reason_to_skip_a_test_is_reported() {
    let files = files(&root(), ".rs").into_iter().filter(|path| is_of_tests(path));
    let prints = |path: &PathBuf| fs::read_to_string(path).unwrap().contains("eprintln!(");
    let printing: Vec<_> = files.filter(prints).filter(|path| !path.ends_with("suite/book.rs")).collect();
    assert!(matches!(&printing[..], [only] if only.ends_with("shared/skip.rs")), "{printing:?}");
}

/// The names of the tests in a source file: functions with a test's attribute, the cases of the HTTP interface, and the
/// behaviours in the tables of the test kits, of which macros make tests.
fn tests(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_test = false;
    // The end of the table that the line is in.
    let mut table: Option<String> = None;
    for raw in source.lines() {
        let line = raw.trim();
        if line.starts_with("cases! {") || line.starts_with("$crate::__store_tests! {") {
            let indent = raw.split(line).next().unwrap_or_default();
            table = Some(format!("{indent}}}"));
        } else if table.as_deref() == Some(raw) {
            table = None;
        }
        let is_name = |text: &str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if table.is_some() && !line.is_empty() && is_name(line) {
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
fn a_function_without_a_test_attribute_is_no_test() {
    let source = "
        #[test]
        fn one() {}
        fn helper() {}
        #[cfg(test)]
        fn only_in_tests() {}
        #[tokio::test(start_paused = true)]
        #[cfg(unix)]
        async fn two() {}
        pub(super) async fn three(server: Server) {}
        cases! { $
            module {
                three
            }
        }
        fn last() -> u8 {
            four
        }
    ";
    assert_eq!(tests(source), ["one", "two", "three"]);
}

#[test]
fn every_name_in_a_table_of_tests_is_a_test_or_a_fault() {
    let pages = [
        "security/model.md",
        "security/behaviours.md",
        "guide/command-line.md",
        "guide/recipes.md",
        "testing/mutants.md",
    ]
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
