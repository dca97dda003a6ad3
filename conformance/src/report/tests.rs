use std::path::Path;

use ::rp_core::Code;

use super::*;
use crate::format::{Authentication, Ceremony, Chain, Mds, Metadata, Registration, Signature, read_text};
use crate::run::DriverError;

/// Accepts a signature whose message is not empty.
struct NotEmpty;

impl Driver for NotEmpty {
    fn registration(&self, _: &Registration) -> Result<Ceremony, DriverError> {
        Err(DriverError::Unsupported("registration"))
    }

    fn authentication(&self, _: &Authentication) -> Result<Ceremony, DriverError> {
        Err(DriverError::Unsupported("authentication"))
    }

    fn chain(&self, _: &Chain) -> Result<(), DriverError> {
        Err(DriverError::Unsupported("chain"))
    }

    fn mds(&self, _: &Mds) -> Result<Metadata, DriverError> {
        Err(DriverError::Unsupported("mds"))
    }

    fn signature(&self, case: &Signature) -> Result<(), DriverError> {
        match case.message.0.as_slice() {
            [] => Err(DriverError::Rejected { code: Code::SignatureInvalid, detail: "empty".into() }),
            _ => Ok(()),
        }
    }
}

/// Two cases that pass and one, `set/empty`, that fails.
fn cases() -> Vec<Read> {
    let case = |id: &str, message: &str| {
        format!(
            r#"{{"id":"{id}","kind":"signature","note":"about {id}","public_key":"","message":"{message}",
            "signature":"","expect":{{"result":"accept"}}}}"#
        )
    };
    let text = format!(
        r#"{{"format":1,"source":"here","cases":[{},{},{}]}}"#,
        case("set/one", "AA"),
        case("set/empty", ""),
        case("set/two", "AA")
    );
    let file = Path::new("set.json");
    read_text(file, &text).unwrap().into_iter().map(|case| Read { file: file.into(), case }).collect()
}

fn report(not_yet: &str) -> Report {
    Report::of(&NotEmpty, &cases(), &NotYet::parse(not_yet).unwrap(), |_| ())
}

#[test]
fn a_failure_is_printed_with_both_results_and_the_figures() {
    let report = report("");
    assert!(!report.is_clean());
    assert_eq!(
        report.to_string(),
        "FAILED set/empty\n  about    about set/empty\n  expected accept\n  got      reject, signature-invalid: \
         empty\n2 passed, 1 failed\n"
    );
}

#[test]
fn a_listed_case_that_fails_counts_as_neither() {
    let report = report("# formats\nset/empty  # no empty messages yet\n");
    assert!(report.is_clean());
    assert_eq!(report.to_string(), "1 not yet\n2 passed, 0 failed\n");
}

#[test]
fn a_listed_case_that_passes_is_a_failure() {
    let report = report("set/empty\nset/one\n");
    assert_eq!(report.stale, [Stale { id: "set/one".into(), why: StaleReason::Passes }]);
    assert_eq!(
        report.to_string(),
        "FAILED set/one\n  the not-yet list names a case that passes\n1 not yet\n1 passed, 1 failed\n"
    );
}

#[test]
fn a_listed_case_that_is_not_there_is_a_failure() {
    let report = report("set/empty\nset/three\n");
    assert_eq!(report.stale, [Stale { id: "set/three".into(), why: StaleReason::Unknown }]);
    assert_eq!((report.passed, report.failed, report.not_yet), (2, 1, 1));
}

#[test]
fn a_listed_case_of_a_set_that_was_not_read_is_left_alone() {
    assert!(report("set/empty\nother-set/three\n").is_clean());
}

#[test]
fn a_list_names_no_case_twice() {
    let error = NotYet::parse("a/b\n\na/b\n").unwrap_err();
    assert_eq!(error.to_string(), "line 3: a/b is listed already");
}

#[test]
fn every_outcome_is_in_the_json() {
    let json = serde_json::to_value(report("set/empty")).unwrap();
    assert_eq!(json["passed"], 2);
    assert_eq!(json["cases"][0]["result"], "passed");
    assert_eq!(json["cases"][1]["result"], "not-yet");
    assert_eq!(json["cases"][1]["kind"], "signature");
}
