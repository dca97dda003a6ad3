//! rp-core with every response of the matrix: valid, unusual, and wrong in each named step.

use rp_conformance::run::RpCore;
use rp_conformance::{Case, matrix, run};

fn all_come_out_as_expected(cases: &[Case]) {
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let failure = run(&RpCore, case).err()?;
            Some(format!("{}\n  expected {}\n  got      {}", case.id, failure.expected, failure.got))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn honest_responses_are_accepted() {
    all_come_out_as_expected(&matrix::honest().unwrap());
}

#[test]
fn unusual_but_valid_responses_are_accepted() {
    all_come_out_as_expected(&matrix::odd().unwrap());
}

#[test]
fn each_fault_is_rejected_for_its_own_reason() {
    all_come_out_as_expected(&matrix::faulty().unwrap());
}

#[test]
fn ids_are_unique_and_the_file_reads_as_it_was_written() {
    let cases = matrix::cases().unwrap();
    let written = rp_conformance::format::File::new("minted", cases).to_json().unwrap();
    let read = rp_conformance::format::read_text(std::path::Path::new("minted.json"), &written).unwrap();
    assert_eq!(rp_conformance::format::File::new("minted", read).to_json().unwrap(), written);
}
