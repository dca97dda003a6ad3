use super::*;
use crate::run::DriverError;

#[test]
fn every_base_is_accepted_also_when_put_together_again() {
    for base in BaseRegistration::all().unwrap() {
        let again = base.with_parts(&base.client_data, &base.attestation_object);
        assert_eq!(again, base.response);
        base.judge(&again).unwrap();
    }
    for base in BaseAuthentication::all().unwrap() {
        let again = base.with_parts(&base.client_data, &base.authenticator_data, &base.signature);
        assert_eq!(again, base.response);
        base.judge(&again).unwrap();
    }
}

#[test]
fn a_statement_put_back_is_accepted_and_another_is_not() {
    let bases = BaseRegistration::all().unwrap();
    let base = bases.iter().find(|base| base.is_of("tpm")).unwrap();
    let statement = base.statement().unwrap();
    base.judge(&base.with_statement(statement)).unwrap();
    let refused = base.judge(&base.with_statement(&[0xa0 /* map(0) */])).unwrap_err();
    assert!(
        matches!(&refused, DriverError::Rejected { code: rp_core::Code::MalformedAttestationStatement, .. }),
        "{refused}"
    );
}

#[test]
fn seeds_are_the_same_every_time_and_every_target_has_some() {
    let folders = folders().unwrap();
    assert_eq!(folders, super::folders().unwrap());
    for (target, inputs) in &folders {
        assert!(!inputs.is_empty(), "{target} has no seeds");
    }
}

#[test]
fn the_targets_that_have_seeds_are_those_that_cargo_fuzz_knows() {
    let manifest = include_str!("../../../fuzz/Cargo.toml");
    let known =
        manifest.lines().filter_map(|line| line.trim().strip_prefix("{ name = \"")?.split('"').next());
    assert_eq!(known.collect::<Vec<_>>(), TARGETS.iter().map(|(target, _)| *target).collect::<Vec<_>>());
}
