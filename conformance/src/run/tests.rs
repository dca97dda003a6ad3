use std::path::Path;

use super::*;
use crate::format::{Bytes, read_text};

/// Returns one result for every registration; the rest is not implemented.
struct Always(Result<Ceremony, DriverError>);

impl Driver for Always {
    fn registration(&self, _: &Registration) -> Result<Ceremony, DriverError> {
        self.0.clone()
    }

    fn authentication(&self, _: &Authentication) -> Result<Ceremony, DriverError> {
        Err(DriverError::Unsupported("authentication"))
    }

    fn chain(&self, _: &Chain) -> Result<(), DriverError> {
        panic!("a chain of {}", 2)
    }

    fn mds(&self, _: &Mds) -> Result<Metadata, DriverError> {
        Err(DriverError::Unsupported("mds"))
    }

    fn signature(&self, _: &Signature) -> Result<(), DriverError> {
        Err(DriverError::Unrepresentable("no key".into()))
    }
}

fn case(expect: &str) -> Case {
    let text = format!(
        r#"{{"format":1,"source":"here","cases":[{{"id":"a","kind":"registration","rp":{{"id":"example.org",
        "origins":["https://example.org"]}},"challenge":"AAAA","response":{{}},"expect":{expect}}}]}}"#
    );
    read_text(Path::new("a.json"), &text).unwrap().remove(0)
}

fn rejected(code: Code) -> Result<Ceremony, DriverError> {
    Err(DriverError::Rejected { code, detail: "words".into() })
}

#[test]
fn an_expected_fact_must_be_reported_and_equal() {
    let case = case(r#"{"result":"accept","sign_count":7,"credential_id":"AQI="}"#);
    let reported = Ceremony {
        sign_count: Some(7),
        credential_id: Some(Bytes(vec![1, 2])),
        user_present: Some(true),
        ..Ceremony::default()
    };
    assert_eq!(run(&Always(Ok(reported.clone())), &case), Ok(Verdict::Accepted));

    let other = Ceremony { sign_count: Some(8), credential_id: None, ..reported };
    let failure = run(&Always(Ok(other)), &case).unwrap_err();
    assert_eq!(failure.expected, "accept, credential_id Bytes(AQI), sign_count 7");
    assert_eq!(failure.got, "accept, credential_id not reported, sign_count 8");
}

#[test]
fn a_rejection_must_have_the_given_reason() {
    let case = case(r#"{"result":"reject","reason":"origin-mismatch"}"#);
    let verdict = run(&Always(rejected(Code::OriginMismatch)), &case).unwrap();
    assert_eq!(verdict, Verdict::Rejected { code: Code::OriginMismatch, detail: "words".into() });
    let failure = run(&Always(rejected(Code::TypeMismatch)), &case).unwrap_err();
    assert_eq!(failure.expected, "reject, origin-mismatch");
    assert_eq!(failure.got, "reject, type-mismatch: words");
    assert_eq!(run(&Always(Ok(Ceremony::default())), &case).unwrap_err().got, "accept");
}

#[test]
fn without_a_reason_any_rejection_by_the_server_counts() {
    let case = case(r#"{"result":"reject"}"#);
    assert!(run(&Always(rejected(Code::TypeMismatch)), &case).is_ok());
    let failure = run(&Always(Err(DriverError::Unsupported("registration"))), &case).unwrap_err();
    assert_eq!(failure.got, "not supported: registration");
    let failure = run(&Always(Err(DriverError::Unrepresentable("no RP ID".into()))), &case).unwrap_err();
    assert_eq!(failure.got, "the case cannot be represented: no RP ID");
}

#[test]
fn a_panic_is_a_failure() {
    let text = r#"{"format":1,"source":"here","cases":[{"id":"a","kind":"chain","trust_anchors":[],"chain":[],
        "at":"2026-01-01T00:00:00Z","expect":{"result":"reject"}}]}"#;
    let case = read_text(Path::new("a.json"), text).unwrap().remove(0);
    let failure = run(&Always(rejected(Code::TypeMismatch)), &case).unwrap_err();
    assert_eq!(failure, Failure { expected: "reject".into(), got: "panic: a chain of 2".into() });
}
