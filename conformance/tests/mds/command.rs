//! The command `rp-mds`, as a user sees it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use rp_conformance::publisher::{Publisher, Signing};
use rp_core::{Timestamp, crypto};
use rp_mds::{BlobRecord, Cache};
use serde_json::{Value, json};

use crate::built;
use crate::server::{Reply, Server};
use crate::support::{AAGUID, Directory, NOW, publisher};

/// The command, built once.
pub(crate) fn command() -> Command {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
        built::build(&["--bin", "rp-mds", "--example", "keep_up"]).join(built::executable("rp-mds"))
    });
    Command::new(&*BUILT)
}

/// Standard output, standard error and exit status of a command.
fn run(arguments: &[&str]) -> (String, String, i32) {
    let output = command().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

/// Standard output of a command that succeeds.
fn said(arguments: &[&str]) -> String {
    let (out, err, code) = run(arguments);
    assert_eq!((err.as_str(), code), ("", 0), "{arguments:?}: {out}");
    out
}

const OTHER: &str = "b2000000-0000-4000-8000-000000000002";

fn payload(no: u64, status: &str) -> Value {
    json!({
        "no": no,
        "nextUpdate": "2999-01-01",
        "entries": [
            {
                "aaguid": AAGUID,
                "metadataStatement": {
                    "description": "Example Key ", "protocolFamily": "fido2",
                    "keyProtection": ["hardware"], "attachmentHint": ["external"],
                    "authenticatorGetInfo": {"transports": ["usb", "nfc"], "attestationFormats": ["packed"]}
                },
                "statusReports": [
                    {"status": "FIDO_CERTIFIED_L2", "effectiveDate": "2024-01-01"},
                    {"status": status, "effectiveDate": "2025-01-01"}
                ]
            },
            {
                "aaguid": OTHER,
                "metadataStatement": {"description": "Another\u{1b}[31m"},
                "statusReports": [{"status": "NOT_FIDO_CERTIFIED", "effectiveDate": "2024-01-01"}]
            },
            {"aaguid": "c3000000-0000-4000-8000-000000000003", "statusReports": 7}
        ]
    })
}

/// A signer for the FIDO Alliance's host.
pub(crate) fn signing() -> Signing {
    Signing { names: vec!["mds.fidoalliance.org".into()], ..Signing::default() }
}

/// A directory with a root, and BLOBs of now.
fn files(test: &str) -> (Directory, String, String) {
    let directory = Directory::new(test);
    let publisher = Publisher::new("command", Timestamp::now());
    let root = directory.write("root.der", publisher.root());
    let blob = publisher.blob(&payload(15, "FIDO_CERTIFIED"), &signing());
    let blob = directory.write("old.jwt", blob);
    let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    (directory, text(root), text(blob))
}

#[test]
fn verify_prints_the_signer_and_rejected_entries() {
    let (_directory, root, blob) = files("verify");
    let said = said(&["verify", &blob, "--roots", &root]);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        lines[..6],
        [
            "verified",
            "number         15",
            "next update    2999-01-01",
            "entries        2",
            "algorithm      ES256",
            "signer         mds.fidoalliance.org",
        ]
    );
    assert!(lines[6].starts_with("  certificate  "), "{said}");
    assert!(lines[6].ends_with("revocation status unknown"), "{said}");
    assert!(said.contains("\nrejected       entries[2] (c3000000-0000-4000-8000-000000000003): "), "{said}");
}

#[test]
fn verify_prints_why_a_blob_is_rejected() {
    let (directory, root, blob) = files("refused");
    let (out, _, code) = run(&["verify", &blob, "--roots", &root, "--previous-no", "16"]);
    assert_eq!(out, "refused: serial number 15 is lower than 16, which was seen before (metadata-stale)\n");
    assert_eq!(code, 1);
    let other = directory.write("other.der", publisher().old_root());
    let (out, _, _) = run(&["verify", &blob, "--roots", other.to_str().unwrap()]);
    assert!(out.contains(", which is neither in x5c nor among the roots (metadata-invalid)\n"), "{out}");
    assert!(out.contains("\nThe signer's root is not among the known roots."), "{out}");
    let page = directory.write("page.html", "<html>Busy</html>");
    let (out, _, _) = run(&["verify", page.to_str().unwrap(), "--roots", &root]);
    assert_eq!(
        out,
        "refused: not a compact JWS of three parts: starts with \"<html>Busy</html>\" (metadata-invalid)\n"
    );
    let (out, err, code) = run(&["verify", "/nowhere", "--roots", &root]);
    assert_eq!((out.as_str(), code), ("", 2));
    assert_eq!(err, "rp-mds: /nowhere: No such file or directory (os error 2)\n");
}

#[test]
fn a_blob_of_another_host_under_a_known_root_is_rejected() {
    let (directory, root, blob) = files("domain");
    let lists =
        |blob: &str, more: &[&str]| run(&[&["list", "--file", blob, "--roots", &root], more].concat());
    let verifies = |blob: &str, more: &[&str]| run(&[&["verify", blob, "--roots", &root], more].concat());
    assert_eq!((lists(&blob, &[]).2, verifies(&blob, &[]).2), (0, 0));
    let other =
        Publisher::new("command", Timestamp::now()).blob(&payload(15, "REVOKED"), &Signing::default());
    let other = directory.write("other.jwt", other);
    let other = other.to_str().unwrap();
    let words = "signer: certificate of mds.example.org, not of mds.fidoalliance.org";
    let (out, _, code) = verifies(other, &[]);
    assert!(out.starts_with(&format!("refused: {words} (metadata-invalid)\n")), "{out}");
    assert!(out.contains("name the signer with --signer-host"), "{out}");
    assert_eq!(code, 1);
    let (out, err, code) = lists(other, &[]);
    assert_eq!((out.as_str(), err, code), ("", format!("rp-mds: {other}: {words}\n"), 2));
    for more in [&["--signer-host", "mds.example.org"][..], &["--any-signer-host"]] {
        assert_eq!((lists(other, more).2, verifies(other, more).2), (0, 0), "{more:?}");
    }
}

#[test]
fn a_file_whose_signer_has_expired_is_read_with_a_message() {
    let (directory, ..) = files("expired");
    let long_ago = Timestamp::from_unix_seconds(NOW.as_unix_seconds() - 400 * 86_400);
    let publisher = Publisher::new("command", long_ago);
    let root = directory.write("then.der", publisher.root());
    let blob = directory.write("then.jwt", publisher.blob(&payload(9, "REVOKED"), &signing()));
    let arguments =
        ["list", "--file", blob.to_str().unwrap(), "--roots", root.to_str().unwrap(), "--level", "L2"];
    let (out, err, code) = run(&arguments);
    assert!(err.ends_with("then.jwt: its signer expired on 2026-02-13\n"), "{err}");
    assert_eq!(code, 0, "{out}");
    let (out, _, code) = run(&["verify", arguments[2], "--roots", arguments[4]]);
    assert!(out.contains("verify with --at 2026-02-13."), "{out}");
    assert_eq!(code, 1);
}

#[test]
fn list_has_columns_filters_and_no_colours_in_a_pipe() {
    let (_directory, root, blob) = files("list");
    let list = |more: &[&str]| said(&[&["list", "--file", &blob, "--roots", &root], more].concat());
    assert_eq!(
        list(&[]),
        format!(
            "MODEL                                 STATUS              LEVEL  ATTACHMENT        DESCRIPTION\n\
             {AAGUID}  FIDO_CERTIFIED      L2     external,usb,nfc  Example Key\n\
             {OTHER}  NOT_FIDO_CERTIFIED  -                        Another [31m\n\
             2 models\n"
        )
    );
    for (filter, count) in [
        (["--status", "FIDO_CERTIFIED"], 1),
        (["--status", "REVOKED"], 0),
        (["--level", "L2"], 1),
        (["--level", "L2+"], 0),
        (["--format", "packed"], 1),
        (["--format", "fido2"], 1),
        (["--transport", "nfc"], 1),
        (["--transport", "ble"], 0),
        (["--at", "2023-01-01"], 2),
    ] {
        let text = list(&filter);
        assert!(text.ends_with(&format!("\n{count} models\n")), "{filter:?}: {text}");
    }
    let models: Value = serde_json::from_str(&list(&["--json", "--level", "L1"])).unwrap();
    assert_eq!(models[0]["model"], json!(AAGUID));
    assert_eq!(models[0]["certification"], json!("L2"));
}

#[test]
fn show_prints_facts_and_names_from_the_list_of_names() {
    let (directory, root, blob) = files("show");
    let page = said(&["show", AAGUID, "--file", &blob, "--roots", &root]);
    assert_eq!(
        page,
        format!(
            "Example Key\n\
             model                 {AAGUID}\n\
             list                  {blob}, no. 15\n\
             certification         L2\n\
             protocol              fido2\n\
             key protection        hardware\n\
             attachment            external\n\
             transports            usb, nfc\n\
             formats               packed\n\
             \n\
             Reports\n\
             2025-01-01  FIDO_CERTIFIED\n\
             2024-01-01  FIDO_CERTIFIED_L2\n\
             \n\
             Anchors\n\
             none: the model uses self attestation, or no attestation\n\
             \n\
             Verdict\n\
             accepted: {AAGUID} (Example Key)\n"
        )
    );
    let unlisted = "d4000000-0000-4000-8000-000000000004";
    let names = directory.write("names.json", json!({unlisted: {"name": "A provider"}}).to_string());
    let arguments = ["show", unlisted, "--file", &blob, "--roots", &root, "--names", names.to_str().unwrap()];
    let (out, _, code) = run(&arguments);
    assert_eq!(out, format!("{unlisted}: A provider according to the list of names; no metadata\n"));
    assert_eq!(code, 1);
    assert_eq!(run(&arguments[..6]).0, format!("{unlisted}: not listed\n"));
}

#[test]
fn diff_prints_new_removed_and_changed_models() {
    let (directory, root, old) = files("diff");
    let mut new = payload(16, "REVOKED");
    new["entries"][1]["aaguid"] = json!("d4000000-0000-4000-8000-000000000004");
    let new = Publisher::new("command", Timestamp::now()).blob(&new, &signing());
    let new = directory.write("new.jwt", new);
    let arguments = ["diff", &old, new.to_str().unwrap(), "--roots", &root];
    assert_eq!(
        said(&arguments),
        format!(
            "+ d4000000-0000-4000-8000-000000000004  Another [31m\n\
             - {OTHER}  Another [31m\n\
             ! {AAGUID}  Example Key: FIDO_CERTIFIED -> REVOKED\n\
             1 new, 1 removed, 1 with another status, 0 changed otherwise\n"
        )
    );
    let difference: Value = serde_json::from_str(&said(&[&arguments[..], &["--json"]].concat())).unwrap();
    assert_eq!(difference["status"][0]["after"], json!("REVOKED"));
}

#[test]
fn check_judges_by_a_policy_and_exits_with_1_if_refused() {
    let (directory, root, blob) = files("check");
    let check = |policy: &str| {
        let policy = directory.write("policy.json", policy);
        run(&["check", AAGUID, "--file", &blob, "--roots", &root, "--policy", policy.to_str().unwrap()])
    };
    let accepted = format!("accepted: {AAGUID} (Example Key)\n");
    assert_eq!(check(r#"{"minimum_certification": "L2"}"#), (accepted, String::new(), 0));
    let refused = format!(
        "refused: {AAGUID} (Example Key)\n  refused: keyProtection is hardware, not one of secure_element\n  \
         refused: certification L2, not L3\n"
    );
    let policy = r#"{"minimum_certification": "L3", "key_protection": {"any": ["secure_element"]}}"#;
    assert_eq!(check(policy), (refused, String::new(), 1));
    let (out, err, code) = check(r#"{"minimum_level": "L3"}"#);
    assert_eq!((out.as_str(), code), ("", 2));
    assert!(err.contains("policy.json: unknown field `minimum_level`, expected one of"), "{err}");
}

#[test]
fn one_of_two_processes_on_one_cache_downloads() {
    let (directory, root, blob) = files("processes");
    let blob = std::fs::read(blob).unwrap();
    let server = Server::new(move |_| {
        // Long enough for the other process to start.
        std::thread::sleep(Duration::from_millis(1_500));
        Reply::ok(blob.clone())
    });
    let (cache, url) = (directory.path().join("cache"), server.url("/"));
    let start = || {
        command()
            .args(["fetch", "--url", &url, "--plain-http", "--roots", &root])
            .arg("--cache")
            .arg(&cache)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let outputs = [start(), start()].map(|child| child.wait_with_output().unwrap());
    let mut said = outputs.map(|output| {
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().next().unwrap_or_default().to_owned()
    });
    said.sort();
    assert_eq!(said, ["another process is downloading", "the list was replaced"]);
    assert_eq!(server.asked().len(), 1);
    let listed = crate::command::said(&["list", "--cache", cache.to_str().unwrap(), "--roots", &root]);
    assert!(listed.ends_with("\n2 models\n"), "{listed}");
}

#[test]
fn an_unlisted_model_is_not_reported_as_accepted() {
    let (directory, root, blob) = files("unlisted");
    let check = |model: &str, more: &[&str]| {
        run(&[&["check", model, "--file", &blob, "--roots", &root], more].concat())
    };
    assert_eq!(check(AAGUID, &[]).2, 0);
    let mistyped = AAGUID.replace("a1", "a2");
    assert_eq!(check(&mistyped, &[]), (format!("not listed: {mistyped}\n"), String::new(), 3));
    let policy = directory.write("policy.json", r#"{"unlisted": "refuse"}"#);
    let (out, _, code) = check(&mistyped, &["--policy", policy.to_str().unwrap()]);
    assert_eq!((out, code), (format!("refused: {mistyped}\n  refused: no list contains the model\n"), 1));
}

#[test]
fn control_characters_of_metadata_never_reach_the_terminal() {
    const DRIVING: [char; 4] = ['\u{1b}', '\u{9b}', '\u{202e}', '\r'];
    let (directory, root, _) = files("terminal");
    let list = |word: &str| {
        let mut payload = payload(15, &format!("LATER{word}"));
        payload["entries"][0]["statusReports"][1]["url"] = json!(word);
        let statement = &mut payload["entries"][0]["metadataStatement"];
        statement["description"] = json!(format!("Example Key{word}"));
        statement["attachmentHint"] = json!([word]);
        statement["authenticatorGetInfo"]["transports"] = json!([word]);
        statement["attestationRootCertificates"] = json!([word]);
        let blob = Publisher::new("command", Timestamp::now()).blob(&payload, &signing());
        directory.write(&format!("{}.jwt", word.len()), blob).to_str().unwrap().to_owned()
    };
    let (plain, hostile) = (list(" "), list("\u{1b}]0;x\u{9b}2J\u{202e}\r\n  refused: forged"));
    let policy = directory
        .write("policy.json", r#"{"attachment": {"any": ["\u001b[2J"]}, "unknown_status": "refuse"}"#);
    let policy = policy.to_str().unwrap();
    let commands = |file: &str| -> Vec<Vec<String>> {
        [
            &["verify", file][..],
            &["list", "--file", file],
            &["list", "--file", file, "--json"],
            &["show", AAGUID, "--file", file],
            &["show", AAGUID, "--file", file, "--json"],
            &["check", AAGUID, "--file", file, "--policy", policy],
            &["check", AAGUID, "--file", file, "--policy", policy, "--json"],
            &["diff", &plain, file],
        ]
        .iter()
        .map(|words| words.iter().chain(&["--roots", &root]).map(|word| (*word).to_owned()).collect())
        .collect()
    };
    for (calm, hostile) in commands(&plain).iter().zip(&commands(&hostile)) {
        let run = |words: &[String]| run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let ((expected, ..), (out, err, _)) = (run(calm), run(hostile));
        assert!(!out.contains(DRIVING) && !err.contains(DRIVING), "{hostile:?}: {out:?} {err:?}");
        if hostile[0] != "diff" {
            assert_eq!(out.lines().count(), expected.lines().count(), "no line is forged: {out}");
        }
    }
}

#[test]
fn fetch_fails_without_a_list() {
    let (directory, root, _) = files("fetch-nothing");
    let server = Server::always(Reply::status(429).with("Retry-After", "7200"));
    let (url, cache) = (server.url("/"), directory.path().join("cache"));
    let fetch =
        ["fetch", "--url", &url, "--plain-http", "--cache", cache.to_str().unwrap(), "--roots", &root];
    let nothing = "current list: no. none, 0 entries, next update unknown\n";
    let (out, err, code) = run(&fetch);
    assert_eq!((out.as_str(), code), (nothing, 1));
    assert!(err.starts_with("not refreshed: HTTP status 429"), "{err}");
    // The source is not due, and the list is missing.
    let (out, _, code) = run(&fetch);
    assert!(out.starts_with("not due before ") && out.ends_with(nothing), "{out}");
    assert_eq!((code, server.asked().len()), (1, 1));
}

#[test]
fn fetch_fills_the_cache_that_the_other_commands_read() {
    let (directory, root, blob) = files("fetch");
    let blob = std::fs::read(blob).unwrap();
    let server = Server::always(Reply::ok(blob));
    let cache = directory.path().join("cache");
    let cache = cache.to_str().unwrap();
    let fetch = |more: &[&str]| {
        let url = server.url("/");
        let common = ["fetch", "--url", &url, "--plain-http", "--cache", cache, "--roots", &root];
        run(&[&common, more].concat())
    };
    let (out, err, code) = fetch(&["--signer-host", "mds.example.net"]);
    assert_eq!((out.as_str(), code), ("current list: no. none, 0 entries, next update unknown\n", 1));
    assert!(
        err.starts_with("not refreshed: signer: certificate of mds.fidoalliance.org, not of mds.example.net"),
        "{err}"
    );

    let (out, err, code) = fetch(&[]);
    assert!(out.starts_with("not due before ") && out.ends_with("next update unknown\n"), "{out}");
    assert_eq!(code, 1, "there is nothing to serve");
    assert!(err.starts_with("the last attempt failed: signer: certificate of mds.fidoalliance.org"), "{err}");

    let (out, err, code) = fetch(&["--force"]);
    assert_eq!(
        (out.as_str(), code),
        ("the list was replaced\ncurrent list: no. 15, 2 entries, next update 2999-01-01\n", 0)
    );
    assert!(err.starts_with("revocation status of the signer unknown"), "{err}");
    assert!(err.contains("\nrejected: entries[2]"), "{err}");
    let asked = server.asked().len();
    let (out, _, code) = fetch(&[]);
    assert!(out.starts_with("not due before "), "{out}");
    assert_eq!((code, server.asked().len()), (0, asked), "nobody was asked");

    let listed = said(&["list", "--cache", cache, "--roots", &root]);
    assert!(listed.ends_with("\n2 models\n"), "{listed}");
    let (_, err, code) = run(&["list", "--cache", "/nowhere", "--roots", &root]);
    assert_eq!(
        (err.as_str(), code),
        ("rp-mds: /nowhere: the cache is empty; run rp-mds fetch, or use --file\n", 2)
    );
}

#[test]
fn check_counts_the_age_of_a_cached_list_from_its_confirmation() {
    let (directory, root, _) = files("confirmed");
    let mut payload = payload(15, "FIDO_CERTIFIED");
    payload.as_object_mut().unwrap().remove("nextUpdate");
    let now = Timestamp::now();
    let blob = Publisher::new("command", now).blob(&payload, &signing());
    let days_ago = |days: i64| Timestamp::from_unix_seconds(now.as_unix_seconds() - days * 86_400);
    let cache = Cache::open(directory.path().join("cache")).unwrap();
    let store = |confirmed_at: Timestamp| {
        let sha256 = crypto::sha256(&[blob.as_bytes()]).iter().map(|byte| format!("{byte:02x}")).collect();
        let verified_at = days_ago(100);
        let stored = BlobRecord { sha256, verified_at, confirmed_at, known_not_revoked: true, etag: None };
        cache.store_blob("fido", blob.as_bytes(), |record| record.blob = Some(stored)).unwrap();
    };
    let policy = directory.write("policy.json", r#"{"staleness": {"too_old": "refuse"}}"#);
    let cached = cache.directory().to_str().unwrap();
    let checked = || {
        let common = ["check", AAGUID, "--cache", cached, "--roots", &root];
        run(&[&common[..], &["--policy", policy.to_str().unwrap()]].concat())
    };
    store(days_ago(100));
    let (out, _, code) = checked();
    assert!(out.contains("the list is too old"), "{out}");
    assert_eq!(code, 1);
    store(days_ago(1));
    let (out, err, code) = checked();
    assert_eq!((out.contains("due"), err.as_str(), code), (false, "", 0), "{out}");
}
