use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ANY_POLICY, ID_CE_CERTIFICATE_POLICIES, ID_CE_INHIBIT_ANY_POLICY, ID_CE_POLICY_CONSTRAINTS,
    ID_CE_POLICY_MAPPINGS,
};

use crate::timestamp::Timestamp;
use crate::x509::path::{PathError, PathOptions, validate_der};
use crate::x509::policy::PolicyError;
use crate::x509::test_certs::{Template, anchor, basic_constraints, extension, oid, sequence, tlv};

const GOLD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.55738.1");
const SILVER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.55738.2");

fn policies(policies: &[ObjectIdentifier]) -> Vec<u8> {
    let information: Vec<_> = policies.iter().map(|policy| sequence(&[&oid(policy)])).collect();
    extension(&ID_CE_CERTIFICATE_POLICIES, true, &tlv(0x30, &information.concat()))
}

fn require_explicit(certificates: u8) -> Vec<u8> {
    extension(&ID_CE_POLICY_CONSTRAINTS, true, &sequence(&[&tlv(0x80, &[certificates])]))
}

fn inhibit_mapping(certificates: u8) -> Vec<u8> {
    extension(&ID_CE_POLICY_CONSTRAINTS, true, &sequence(&[&tlv(0x80, &[0]), &tlv(0x81, &[certificates])]))
}

fn inhibit_any(certificates: u8) -> Vec<u8> {
    extension(&ID_CE_INHIBIT_ANY_POLICY, true, &tlv(0x02, &[certificates]))
}

fn mapping(from: &ObjectIdentifier, to: &ObjectIdentifier) -> Vec<u8> {
    extension(&ID_CE_POLICY_MAPPINGS, true, &sequence(&[&sequence(&[&oid(from), &oid(to)])]))
}

/// Validates root (anchor), upper CA, lower CA and leaf with these extensions.
fn judge(upper: &[Vec<u8>], lower: &[Vec<u8>], leaf: &[Vec<u8>]) -> Result<(), PathError> {
    let ca = |extensions: &[Vec<u8>]| [&[basic_constraints(true, None)], extensions].concat();
    let chain = [
        Template::new("Leaf", 4, "Lower", leaf).signed_by(3),
        Template::new("Lower", 3, "Upper", &ca(lower)).signed_by(2),
        Template::new("Upper", 2, "Root", &ca(upper)).signed_by(1),
    ];
    let at = Timestamp::from_unix_seconds(1_748_779_200);
    validate_der(&chain, &[anchor("Root", 1)], at, &PathOptions::default()).map(|_| ())
}

const REQUIRED: Result<(), PathError> = Err(PathError::Policy { index: 0, source: PolicyError::Required });

#[test]
fn policies_that_nobody_requires_may_be_anything() {
    judge(&[policies(&[GOLD])], &[policies(&[SILVER])], &[]).unwrap();
    judge(&[], &[], &[policies(&[GOLD])]).unwrap();
}

#[test]
fn a_required_policy_must_reach_from_the_anchor_to_the_leaf() {
    let require = require_explicit(0);
    let all = |leaf: &[Vec<u8>]| judge(&[policies(&[GOLD]), require.clone()], &[policies(&[GOLD])], leaf);
    all(&[policies(&[GOLD, SILVER])]).unwrap();
    assert_eq!(all(&[]), REQUIRED);
    assert_eq!(all(&[policies(&[SILVER])]), REQUIRED);
    let broken = judge(&[policies(&[GOLD]), require.clone()], &[], &[policies(&[GOLD])]);
    assert_eq!(broken, Err(PathError::Policy { index: 1, source: PolicyError::Required }));
}

#[test]
fn policies_of_any_length_are_compared_as_octets() {
    let long = |last: u8| tlv(0x06, &[&[0x2b; 40][..], &[last]].concat());
    let policies =
        |policy: &[u8]| extension(&ID_CE_CERTIFICATE_POLICIES, true, &sequence(&[&sequence(&[policy])]));
    let mapping = extension(&ID_CE_POLICY_MAPPINGS, true, &sequence(&[&sequence(&[&long(1), &long(2)])]));
    let judge_leaf = |policy: u8| {
        let lower = [policies(&long(1)), mapping.clone()];
        judge(&[policies(&long(1)), require_explicit(0)], &lower, &[policies(&long(policy))])
    };
    judge_leaf(2).unwrap();
    assert_eq!(judge_leaf(1), REQUIRED);
}

#[test]
fn a_policy_is_required_after_so_many_certificates() {
    let after = |certificates| judge(&[policies(&[GOLD]), require_explicit(certificates)], &[], &[]);
    assert_eq!(after(0), Err(PathError::Policy { index: 1, source: PolicyError::Required }));
    assert_eq!(after(1), REQUIRED);
    // 6.1.5 (a) subtracts one more at the leaf.
    assert_eq!(after(2), REQUIRED);
    after(3).unwrap();
}

#[test]
fn a_leaf_may_require_a_policy_of_its_own_path() {
    assert_eq!(judge(&[], &[], &[require_explicit(0)]), REQUIRED);
    let gold = [policies(&[GOLD])];
    judge(&gold, &gold, &[policies(&[GOLD]), require_explicit(0)]).unwrap();
}

#[test]
fn any_policy_stands_for_each_unless_inhibited() {
    let any = [policies(&[ANY_POLICY])];
    let require = require_explicit(0);
    judge(&[any[0].clone(), require.clone()], &any, &[policies(&[GOLD])]).unwrap();
    judge(&[policies(&[GOLD]), require.clone()], &any, &[policies(&[GOLD])]).unwrap();
    judge(&[policies(&[GOLD]), require.clone()], &[policies(&[GOLD])], &any).unwrap();
    let inhibited = judge(&[policies(&[GOLD]), require.clone(), inhibit_any(0)], &any, &[]);
    assert_eq!(inhibited, Err(PathError::Policy { index: 1, source: PolicyError::Required }));
    let later = [policies(&[GOLD]), require, inhibit_any(1)];
    judge(&later, &any, &[policies(&[GOLD])]).unwrap();
    assert_eq!(judge(&later, &any, &any), REQUIRED);
}

#[test]
fn a_mapped_policy_is_expected_under_its_other_name() {
    let gold = [policies(&[GOLD]), require_explicit(0)];
    let mapped = [policies(&[GOLD]), mapping(&GOLD, &SILVER)];
    judge(&gold, &mapped, &[policies(&[SILVER])]).unwrap();
    assert_eq!(judge(&gold, &mapped, &[policies(&[GOLD])]), REQUIRED);
}

#[test]
fn a_mapping_that_is_inhibited_takes_the_policy_away() {
    let gold = [policies(&[GOLD, SILVER]), inhibit_mapping(0)];
    let mapped = [policies(&[GOLD, SILVER]), mapping(&GOLD, &SILVER)];
    assert_eq!(judge(&gold, &mapped, &[policies(&[GOLD])]), REQUIRED);
    judge(&gold, &mapped, &[policies(&[SILVER])]).unwrap();
}

#[test]
fn any_policy_is_not_to_be_mapped() {
    for mapping in [mapping(&ANY_POLICY, &GOLD), mapping(&GOLD, &ANY_POLICY)] {
        let refused = judge(&[mapping], &[], &[]).unwrap_err();
        assert_eq!(refused, PathError::Policy { index: 2, source: PolicyError::AnyPolicyMapped });
    }
}

#[test]
fn qualifiers_are_passed_over() {
    let unreadable = sequence(&[&oid(&GOLD), &tlv(0x30, &[0x00, 0x01])]);
    let policies = extension(&ID_CE_CERTIFICATE_POLICIES, true, &sequence(&[&unreadable]));
    judge(&[], &[], &[policies]).unwrap();
    let none = extension(&ID_CE_CERTIFICATE_POLICIES, true, &sequence(&[&[0x05, 0x00]]));
    assert!(matches!(judge(&[], &[], &[none]), Err(PathError::Extension { index: 0, .. })));
}
