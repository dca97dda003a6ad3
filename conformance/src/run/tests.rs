use std::path::Path;

use super::*;
use crate::format::{Bytes, read_text};

/// Answers every registration alike; the rest is not built.
struct Always(Result<Ceremony, Refusal>);

impl Driver for Always {
    fn registration(&self, _: &Registration) -> Result<Ceremony, Refusal> {
        self.0.clone()
    }

    fn authentication(&self, _: &Authentication) -> Result<Ceremony, Refusal> {
        Err(Refusal::NotBuilt("authentication"))
    }

    fn chain(&self, _: &Chain) -> Result<(), Refusal> {
        panic!("a chain of {}", 2)
    }

    fn mds(&self, _: &Mds) -> Result<Metadata, Refusal> {
        Err(Refusal::NotBuilt("mds"))
    }

    fn signature(&self, _: &Signature) -> Result<(), Refusal> {
        Err(Refusal::NotPut("no key".into()))
    }
}

fn case(expect: &str) -> Case {
    let text = format!(
        r#"{{"format":1,"source":"here","cases":[{{"id":"a","kind":"registration","rp":{{"id":"example.org",
        "origins":["https://example.org"]}},"challenge":"AAAA","response":{{}},"expect":{expect}}}]}}"#
    );
    read_text(Path::new("a.json"), &text).unwrap().remove(0)
}

fn refused(code: Code) -> Result<Ceremony, Refusal> {
    Err(Refusal::Refused { code, detail: "words".into() })
}

#[test]
fn an_expected_fact_must_be_told_and_equal() {
    let case = case(r#"{"result":"accept","sign_count":7,"credential_id":"AQI="}"#);
    let told = Ceremony {
        sign_count: Some(7),
        credential_id: Some(Bytes(vec![1, 2])),
        user_present: Some(true),
        ..Ceremony::default()
    };
    assert_eq!(run(&Always(Ok(told.clone())), &case), Ok(()));

    let other = Ceremony { sign_count: Some(8), credential_id: None, ..told };
    let failure = run(&Always(Ok(other)), &case).unwrap_err();
    assert_eq!(failure.expected, "accept, credential_id Bytes(AQI), sign_count 7");
    assert_eq!(failure.got, "accept, credential_id not told, sign_count 8");
}

#[test]
fn a_refusal_must_be_for_the_reason_that_is_given() {
    let case = case(r#"{"result":"reject","reason":"origin-mismatch"}"#);
    assert_eq!(run(&Always(refused(Code::OriginMismatch)), &case), Ok(()));
    let failure = run(&Always(refused(Code::TypeMismatch)), &case).unwrap_err();
    assert_eq!(failure.expected, "reject, origin-mismatch");
    assert_eq!(failure.got, "reject, type-mismatch: words");
    assert_eq!(run(&Always(Ok(Ceremony::default())), &case).unwrap_err().got, "accept");
}

#[test]
fn a_refusal_without_a_reason_may_be_for_any_but_must_be_the_servers_own() {
    let case = case(r#"{"result":"reject"}"#);
    assert_eq!(run(&Always(refused(Code::TypeMismatch)), &case), Ok(()));
    let failure = run(&Always(Err(Refusal::NotBuilt("registration"))), &case).unwrap_err();
    assert_eq!(failure.got, "not built: registration");
    let failure = run(&Always(Err(Refusal::NotPut("no RP ID".into()))), &case).unwrap_err();
    assert_eq!(failure.got, "the case could not be put: no RP ID");
}

#[test]
fn a_panic_is_a_failure() {
    let text = r#"{"format":1,"source":"here","cases":[{"id":"a","kind":"chain","trust_anchors":[],"chain":[],
        "at":"2026-01-01T00:00:00Z","expect":{"result":"reject"}}]}"#;
    let case = read_text(Path::new("a.json"), text).unwrap().remove(0);
    let failure = run(&Always(refused(Code::TypeMismatch)), &case).unwrap_err();
    assert_eq!(failure, Failure { expected: "reject".into(), got: "a panic: a chain of 2".into() });
}
