use super::*;

fn signing() -> AuthorizationList {
    AuthorizationList { purpose: Some([2].into()), all_applications: false, origin: Some(0) }
}

fn empty() -> AuthorizationList {
    AuthorizationList::default()
}

/// A key in the trusted execution environment, unless the lists say otherwise.
fn check(
    software: AuthorizationList,
    hardware: AuthorizationList,
    policy: AndroidKeyPolicy,
) -> Result<Provenance, AndroidKeyError> {
    let level = Provenance::TrustedEnvironment;
    check_lists(
        &KeyDescription {
            attestation_security_level: level,
            key_security_level: level,
            attestation_challenge: &[],
            software_enforced: software,
            tee_enforced: hardware,
        },
        policy,
    )
}

use AndroidKeyPolicy::{Any, Hardware, StrongBox};

#[test]
fn either_list_will_do_unless_policy_asks_for_hardware() {
    assert_eq!(check(empty(), signing(), Any), Ok(Provenance::TrustedEnvironment));
    assert_eq!(check(signing(), empty(), Any), Ok(Provenance::Software));
    assert_eq!(check(empty(), signing(), Hardware), Ok(Provenance::TrustedEnvironment));
    assert_eq!(check(signing(), empty(), Hardware), Err(AndroidKeyError::Origin { got: None }));
}

#[test]
fn the_union_may_have_origin_in_one_list_and_purpose_in_the_other() {
    let origin = AuthorizationList { purpose: None, ..signing() };
    let purpose = AuthorizationList { origin: None, ..signing() };
    assert_eq!(check(purpose.clone(), origin.clone(), Any), Ok(Provenance::TrustedEnvironment));
    assert_eq!(check(purpose, origin, Hardware), Err(AndroidKeyError::Purpose));
}

#[test]
fn a_key_that_lives_elsewhere_than_policy_asks_is_refused() {
    let got = Provenance::TrustedEnvironment;
    let refused = check(empty(), signing(), StrongBox).unwrap_err();
    assert_eq!(refused, AndroidKeyError::Provenance { got, policy: StrongBox });
    assert_eq!(refused.code(), Code::AttestationInvalid);
}

#[test]
fn empty_lists_are_refused_as_in_the_specifications_own_example() {
    assert_eq!(check(empty(), empty(), Any), Err(AndroidKeyError::Origin { got: None }));
    let without_purpose = AuthorizationList { purpose: None, ..signing() };
    assert_eq!(check(empty(), without_purpose, Any), Err(AndroidKeyError::Purpose));
    let of_nothing = AuthorizationList { purpose: Some([].into()), ..signing() };
    assert_eq!(check(empty(), of_nothing, Any), Err(AndroidKeyError::Purpose));
}

#[test]
fn one_list_does_not_hide_what_the_other_says() {
    let imported = AuthorizationList { origin: Some(2), ..empty() };
    assert_eq!(check(imported.clone(), signing(), Any), Err(AndroidKeyError::Origin { got: Some(2) }));
    assert_eq!(check(signing(), imported, Any), Err(AndroidKeyError::Origin { got: Some(2) }));
    let encrypts = AuthorizationList { purpose: Some([0].into()), ..empty() };
    assert_eq!(check(encrypts, signing(), Any), Err(AndroidKeyError::Purpose));
}

#[test]
fn a_key_may_verify_beside_signing_and_nothing_else() {
    let for_purposes = |purposes: &[u64]| {
        check(empty(), AuthorizationList { purpose: Some(purposes.into()), ..signing() }, Any)
    };
    assert!(for_purposes(&[2, 3]).is_ok());
    for purposes in [&[3][..], &[0, 2], &[1, 2], &[2, 5], &[2, 6], &[2, 7]] {
        assert_eq!(for_purposes(purposes), Err(AndroidKeyError::Purpose), "{purposes:?}");
    }
}

#[test]
fn all_applications_is_refused_in_either_list_whatever_policy_looks_at() {
    let all = || AuthorizationList { all_applications: true, ..signing() };
    let software = AndroidKeyError::AllApplications { list: "softwareEnforced" };
    assert_eq!(check(all(), signing(), Hardware), Err(software));
    let hardware = AndroidKeyError::AllApplications { list: "teeEnforced" };
    assert_eq!(check(empty(), all(), Any), Err(hardware));
}
