//! Path validation over the vector files of kind `chain`.
//!
//! The larger sets are read from the folder in `RP_VECTORS`, by default `../shared/vectors` next to the workspace. If
//! the folder is missing, the test prints a message and passes, because the files are not part of this repository.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use std::path::{Path, PathBuf};

use rp_core::Timestamp;
use rp_core::base64url::decode_lenient;
use rp_core::x509::path::validate_der;
use rp_core::x509::{PathOptions, TrustAnchor};
use serde_json::Value;

#[test]
fn every_chain_of_the_vectors_is_judged_as_expected() {
    let folder = std::env::var_os("RP_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"), PathBuf::from);
    for set in ["attestation-chain", "limbo"] {
        let file = folder.join(set).join("chain.json");
        match std::fs::read_to_string(&file) {
            Ok(text) => judge_all(&text),
            Err(_) => println!("no {}: set RP_VECTORS to the folder of the public vectors", file.display()),
        }
    }
}

/// A leaf below an anchor for each signature, accepted or not (SHA-1, DSA, short keys, wrong parameters).
#[test]
fn every_signature_algorithm_of_certificates_is_judged_as_expected() {
    judge_all(include_str!("../testdata/path/signature_algorithms.json"));
}

fn judge_all(vectors: &str) {
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        assert_eq!(case["kind"], "chain");
        let got = judge(case);
        println!("{}: {}", case["id"], got.as_ref().map_or_else(Clone::clone, |()| "accept".into()));
        if got.is_ok() != (case["expect"]["result"] == "accept") {
            wrong.push(format!("{}: {got:?}", case["id"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn judge(case: &Value) -> Result<(), String> {
    let der = |field: &str| -> Vec<Vec<u8>> {
        let all = case[field].as_array().unwrap();
        all.iter().map(|one| decode_lenient(one.as_str().unwrap()).unwrap()).collect()
    };
    let anchors: Result<Vec<_>, _> =
        der("trust_anchors").iter().map(|der| TrustAnchor::from_der(der)).collect();
    let anchors = anchors.map_err(|error| format!("anchor: {error}"))?;
    let max_depth = case["max_depth"].as_u64().map(|depth| usize::try_from(depth).unwrap());
    let options = PathOptions { max_depth, ..PathOptions::default() };
    validate_der(&der("chain"), &anchors, rfc3339(case["at"].as_str().unwrap()), &options)
        .map(|_| ())
        .map_err(|error| format!("{} ({error})", error.code()))
}

/// `YYYY-MM-DDTHH:MM:SSZ`, counted day by day.
fn rfc3339(text: &str) -> Timestamp {
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    assert!(text.len() == 20 && text.ends_with('Z'), "{text}");
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let year = number(0, 4);
    let mut days: i64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let february = if leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += months.iter().take(usize::try_from(number(5, 7)).unwrap() - 1).sum::<i64>() + number(8, 10) - 1;
    Timestamp::from_unix_seconds(
        days * 86_400 + number(11, 13) * 3_600 + number(14, 16) * 60 + number(17, 19),
    )
}
