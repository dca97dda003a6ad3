//! rp-core against all that the software authenticator mints: every format with every algorithm that fits, honest,
//! odd, and wrong in each named step.

use rp_conformance::authenticator::Format;
use rp_conformance::run::RpCore;
use rp_conformance::{Case, matrix, run};

/// Formats that rp-core does not verify yet. A format that does verify must leave this list.
const NOT_BUILT: &[Format] =
    &[Format::Tpm, Format::AndroidKey, Format::AndroidSafetyNet, Format::Apple, Format::Compound];

fn is_built(case: &Case) -> bool {
    !NOT_BUILT.iter().any(|format| case.id.starts_with(&format!("minted/{format}-")))
}

/// Runs every case whose format is built.
fn all_come_out_as_expected(cases: &[Case]) {
    let failures: Vec<String> = cases
        .iter()
        .filter(|case| is_built(case))
        .filter_map(|case| {
            let failure = run(&RpCore, case).err()?;
            Some(format!("{}\n  expected {}\n  got      {}", case.id, failure.expected, failure.got))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn what_is_honest_is_accepted() {
    all_come_out_as_expected(&matrix::honest().unwrap());
}

#[test]
fn what_only_looks_odd_is_accepted() {
    all_come_out_as_expected(&matrix::odd().unwrap());
}

#[test]
fn each_fault_is_refused_for_its_own_reason() {
    all_come_out_as_expected(&matrix::faulty().unwrap());
}

#[test]
fn the_list_of_formats_that_are_not_built_holds_none_that_is() {
    let cases = matrix::honest().unwrap();
    for format in NOT_BUILT {
        let honest = format!("minted/{format}-es256/registration");
        let case = cases.iter().find(|case| case.id == honest).unwrap_or_else(|| panic!("{honest}"));
        assert!(run(&RpCore, case).is_err(), "{format} verifies: take it out of the list");
    }
}

#[test]
fn ids_are_unique_and_the_file_reads_as_it_was_written() {
    let cases = matrix::cases().unwrap();
    let written = rp_conformance::format::File::new("minted", cases).to_json().unwrap();
    let read = rp_conformance::format::read_text(std::path::Path::new("minted.json"), &written).unwrap();
    assert_eq!(rp_conformance::format::File::new("minted", read).to_json().unwrap(), written);
}
