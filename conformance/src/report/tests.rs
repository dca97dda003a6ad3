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
    Report::of(&NotEmpty, &cases(), &NotYet::parse(not_yet).unwrap(), 2, |_| ())
}

#[test]
fn a_failure_is_printed_with_both_results_and_the_figures() {
    let report = report("");
    assert!(!report.is_clean());
    assert_eq!(
        report.to_string(),
        "FAILED set/empty\n  about    about set/empty\n  expected accept\n  got      reject, signature-invalid: \
         empty\n                 accepted     failed\nset: signature          2          1\n2 passed, 1 failed\n"
    );
}

#[test]
fn a_listed_case_that_fails_counts_as_neither() {
    let report = report("# formats\nset/empty  # no empty messages yet\n");
    assert!(report.is_clean());
    assert!(report.to_string().starts_with("1 not yet\n"), "{report}");
    assert!(report.to_string().ends_with("\n2 passed, 0 failed\n"), "{report}");
}

#[test]
fn a_listed_case_that_passes_is_a_failure() {
    let report = report("set/empty\nset/one\n");
    assert_eq!(report.stale, [Stale { id: "set/one".into(), why: StaleReason::Passes }]);
    let text = report.to_string();
    assert!(
        text.starts_with("FAILED set/one\n  the not-yet list names a case that passes\n1 not yet\n"),
        "{text}"
    );
    assert!(text.ends_with("\n1 passed, 1 failed\n"), "{text}");
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

/// A report of one case of each result.
fn one_of_each() -> Report {
    let case = |id: &str, must, expected: &str, got: &str, reason: Option<&str>, result| Outcome {
        id: id.into(),
        group: "A <group>".into(),
        note: Some("about & more".into()),
        must,
        expected: expected.into(),
        got: got.into(),
        reason: reason.map(Into::into),
        result,
        vector: None,
    };
    let reject = "reject, type-mismatch";
    let cases = vec![
        case("honest", Must::Accept, "accept", "accept", None, CaseResult::Passed),
        case(
            "told",
            Must::Reject,
            reject,
            "reject, type-mismatch: x",
            Some("type-mismatch"),
            CaseResult::Passed,
        ),
        case("untold", Must::Reject, reject, "reject, no", None, CaseResult::Passed),
        case("wrong", Must::Reject, reject, "accept", None, CaseResult::Failed),
        case("unproven", Must::Reject, reject, "the twin was rejected", None, CaseResult::Unproven),
        case("impossible", Must::Reject, "reject", "no frames", None, CaseResult::NotExpressible),
    ];
    Report::new("a server", Timestamp::from_unix_seconds(1_780_272_000), cases)
}

#[test]
fn the_table_counts_each_result_in_its_column() {
    let text = one_of_each().to_string();
    let table: Vec<_> = text.lines().rev().take(3).collect();
    assert_eq!(
        table,
        [
            "3 passed, 1 failed",
            "A <group>          1          1          1          1            1                1",
            "            accepted   rejected  no reason     failed  not counted  not expressible",
        ]
    );
    assert!(text.contains("UNPROVEN unproven\n  the twin was rejected\n"), "{text}");
    assert!(text.contains("NOT EXPRESSIBLE: no frames\n  impossible\n"), "{text}");
}

#[test]
fn junit_has_failures_and_skipped_cases_and_is_escaped() {
    let xml = one_of_each().junit();
    assert!(xml.contains(r#"<testsuites name="a server" tests="6" failures="1" skipped="2" timestamp="2026-06-01T00:00:00Z">"#), "{xml}");
    assert!(xml.contains(r#"<testcase classname="A &lt;group&gt;" name="wrong"><failure message="expected reject, type-mismatch; got accept">about &amp; more</failure></testcase>"#), "{xml}");
    assert!(xml.contains(r#"name="impossible"><skipped message="no frames"/></testcase>"#), "{xml}");
}

#[test]
fn html_names_the_reason_of_every_rejection() {
    let html = one_of_each().html();
    assert!(html.contains("<td class=\"passed\">passed</td><td>type-mismatch: x</td>"), "{html}");
    assert!(html.contains("<h2 id=\"a--group-\">A &lt;group&gt;</h2>"), "{html}");
    assert!(
        html.contains("<li><code>wrong</code>: expected reject, type-mismatch; got accept</li>"),
        "{html}"
    );
    assert!(!html.contains("<script") && !html.contains("http"), "{html}");
}

#[test]
fn junit_has_no_character_that_xml_does_not_allow() {
    let mut report = one_of_each();
    report.cases[3].got = "\u{fffe}\u{ffff}\u{8}".into();
    assert!(report.junit().contains("got \u{fffd}\u{fffd}\u{fffd}\""));
}
