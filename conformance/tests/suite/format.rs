//! The reader of vectors: every unknown part is an error.

use std::fs;
use std::path::{Path, PathBuf};

use rp_conformance::format::{
    Blob, Body, Expect, File, ReadError, Reason, Registration, Rejected, read, read_text,
};
use rp_core::options::UserVerificationRequirement;
use rp_core::{Code, Profile, Timestamp};

const REGISTRATION: &str = r#"{
    "id": "set/a-case", "kind": "registration", "note": "about it",
    "rp": {"id": "example.org", "origins": ["https://example.org"], "profile": "fido"},
    "challenge": "-_8=", "user_verification": "required", "algorithms": [-7],
    "attestation": {"require_trusted": true, "trust_anchors": ["+/8="], "at": "2026-01-02T03:04:05+01:00"},
    "response": {"id": 1, "id": 2, "anything": [null]},
    "expect": {"result": "reject", "reason": "origin-mismatch"}}"#;

fn file(cases: &[&str]) -> String {
    format!(r#"{{"format": 1, "source": "here", "cases": [{}]}}"#, cases.join(","))
}

fn read_one(case: &str) -> Result<rp_conformance::Case, String> {
    read_text(Path::new("set.json"), &file(&[case]))
        .map(|mut cases| cases.remove(0))
        .map_err(|error| error.to_string())
}

fn registration(case: &str) -> Registration {
    match read_one(case).unwrap().body {
        Body::Registration(body) => body,
        other => unreachable!("{other:?}"),
    }
}

/// A fresh folder for one test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn a_registration_is_read_whole() {
    let case = registration(REGISTRATION);
    assert_eq!(case.rp.profile, Profile::Fido);
    assert_eq!(case.challenge.0, [0xfb, 0xff]);
    assert_eq!(case.user_verification, UserVerificationRequirement::Required);
    assert!(case.user_presence_required && case.attestation.verify && case.attestation.require_trusted);
    assert_eq!(case.attestation.trust_anchors[0].0, [0xfb, 0xff]);
    assert_eq!(case.attestation.at, Some(Timestamp::from_unix_seconds(1_767_319_445)));
    assert_eq!(case.expect, Expect::Reject(Rejected { reason: Some(Reason(Code::OriginMismatch)) }));
}

#[test]
fn a_response_is_kept_to_the_byte() {
    assert_eq!(registration(REGISTRATION).response.get(), r#"{"id": 1, "id": 2, "anything": [null]}"#);
}

#[test]
fn an_unknown_member_is_an_error_with_file_and_case() {
    for (there, not_there) in [
        (r#""note""#, r#""notes""#),
        (r#""challenge""#, r#""credential": {}, "challenge""#),
        (r#""origins""#, r#""origin": "x", "origins""#),
        (r#""require_trusted""#, r#""trusted": true, "require_trusted""#),
        (r#""reason""#, r#""code": 1, "reason""#),
    ] {
        let changed = REGISTRATION.replacen(there, not_there, 1);
        assert_ne!(changed, REGISTRATION);
        let error = read_one(&changed).unwrap_err();
        assert!(error.starts_with("set.json: set/a-case: unknown field"), "{error}");
    }
    let error =
        read_text(Path::new("set.json"), &file(&[REGISTRATION]).replacen("source", "sauce", 1)).unwrap_err();
    assert!(error.to_string().starts_with("set.json: unknown field `sauce`"), "{error}");
}

#[test]
fn words_outside_their_list_are_errors() {
    for (there, not_there, problem) in [
        ("registration", "registering", "unknown variant `registering`"),
        ("required", "wanted", "unknown variant `wanted`"),
        ("fido", "caple", "unknown variant `caple`"),
        ("reject", "refuse", "unknown variant `refuse`"),
        ("origin-mismatch", "bad-origin", "\"bad-origin\" is not a reason of the format"),
        ("origin-mismatch", "credential-exists", "\"credential-exists\" is not a reason of the format"),
        ("2026-01-02T", "2026-01-02, ", "not a time of RFC 3339"),
        ("-_8=", "-/8=", "not base64url, nor base64"),
        ("set/a-case", "set/A-case", "the id is not a path of kebab-case words"),
        ("set/a-case", "set//case", "the id is not a path of kebab-case words"),
    ] {
        let error = read_one(&REGISTRATION.replacen(there, not_there, 1)).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_member_that_comes_twice_is_an_error() {
    let twice = REGISTRATION.replacen(r#""note""#, r#""note": "first", "note""#, 1);
    assert_eq!(
        read_one(&twice).unwrap_err().split(" at line").next().unwrap(),
        r#"set.json: cases[0]: member "note" comes twice"#
    );
}

#[test]
fn another_version_no_source_and_no_cases_are_errors() {
    let text = file(&[REGISTRATION]);
    for (there, not_there, problem) in [
        (r#""format": 1"#, r#""format": 2"#, "set.json: format 2, and this reader knows 1"),
        ("here", "", "set.json: the source is empty"),
    ] {
        let error = read_text(Path::new("set.json"), &text.replacen(there, not_there, 1)).unwrap_err();
        assert_eq!(error.to_string(), problem);
    }
    assert_eq!(read_text(Path::new("set.json"), &file(&[])).unwrap_err().to_string(), "set.json: no cases");
}

#[test]
fn a_folder_is_read_at_any_depth_in_the_order_of_names() {
    let folder = folder("depth");
    fs::create_dir_all(folder.join("b/c")).unwrap();
    let case = |id: &str| file(&[&REGISTRATION.replacen("set/a-case", id, 1)]);
    fs::write(folder.join("z.json"), case("last")).unwrap();
    fs::write(folder.join("b/c/d.json"), case("middle")).unwrap();
    fs::write(folder.join("a.json"), case("first")).unwrap();
    fs::write(folder.join("notes.txt"), "no vectors").unwrap();
    let cases = read(&[&folder]).unwrap();
    assert_eq!(
        cases.iter().map(|read| read.case.id.as_str()).collect::<Vec<_>>(),
        ["first", "middle", "last"]
    );
    assert_eq!(cases[1].file, folder.join("b/c/d.json"));
}

#[test]
fn a_duplicate_id_is_an_error_in_a_file_and_across_files() {
    let error = read_text(Path::new("set.json"), &file(&[REGISTRATION, REGISTRATION])).unwrap_err();
    assert_eq!(error.to_string(), "set.json: set/a-case: the id is taken by a case of set.json");

    let folder = folder("twice");
    fs::write(folder.join("a.json"), file(&[REGISTRATION])).unwrap();
    fs::write(folder.join("b.json"), file(&[REGISTRATION])).unwrap();
    let error = read(&[&folder]).unwrap_err();
    assert!(matches!(error, ReadError::Duplicate { first, .. } if first == folder.join("a.json")));
}

#[test]
fn an_empty_folder_and_a_missing_file_are_errors() {
    let folder = folder("empty");
    assert!(matches!(read(&[&folder]), Err(ReadError::Empty { .. })));
    assert!(matches!(read(&[folder.join("not-there.json")]), Err(ReadError::Io { .. })));
}

#[test]
fn a_blob_stands_in_the_case_or_in_a_file_beside_it() {
    let mds = r#"{"id": "mds", "kind": "mds", "blob_file": "blob.jwt", "root": "AA", "at": "2026-01-01T00:00:00Z",
        "expect": {"result": "accept", "no": 3, "aaguids": {"00000000-0000-0000-0000-000000000000": {"status": "REVOKED"}}}}"#;
    let folder = folder("blob");
    fs::write(folder.join("mds.json"), file(&[mds])).unwrap();
    assert!(matches!(read(&[&folder]), Err(ReadError::Case { case, .. }) if case == "mds"));

    fs::write(folder.join("blob.jwt"), "a.b.c\n").unwrap();
    let cases = read(&[&folder]).unwrap();
    let Body::Mds(body) = &cases[0].case.body else { unreachable!() };
    assert_eq!(body.blob, Blob::File { path: "blob.jwt".into(), text: "a.b.c".into() });

    let both = mds.replacen("\"root\"", "\"blob\": \"a.b.c\", \"root\"", 1);
    assert!(read_one(&both).unwrap_err().contains("both blob and blob_file"));
}

#[test]
fn what_is_written_reads_as_it_was() {
    let others = [
        r#"{"id": "b", "kind": "chain", "trust_anchors": ["AA"], "chain": ["AA"], "at": "2026-01-01T00:00:00Z",
            "max_depth": 2, "expect": {"result": "accept"}}"#,
        r#"{"id": "c", "kind": "signature", "public_key": "AA", "message": "", "signature": "AA",
            "expect": {"result": "reject"}}"#,
        r#"{"id": "d", "kind": "authentication", "rp": {"id": "a", "origins": []}, "challenge": "AA", "response": {},
            "credential": {"id": "AA", "public_key": "AA", "sign_count": 7, "backup_eligible": true},
            "allow_credentials": ["AA"],
            "expect": {"result": "accept", "attestation_type": "self", "extensions": {"credProtect": 2}}}"#,
    ];
    let cases = read_text(Path::new("set.json"), &file(&[&[REGISTRATION], &others[..]].concat())).unwrap();
    let written = File::new("here", cases).to_json().unwrap();
    let again = read_text(Path::new("set.json"), &written).unwrap();
    assert_eq!(File::new("here", again).to_json().unwrap(), written);
    assert!(!written.contains("null,"), "what is not set is left out: {written}");
}
