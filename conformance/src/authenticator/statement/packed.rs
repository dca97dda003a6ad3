//! `packed` ([section 8.2]), with certificates and without.
//!
//! [section 8.2]: https://www.w3.org/TR/webauthn-3/#sctn-packed-attestation

use super::subject::{Subject, x5c};
use crate::authenticator::cbor::Cbor;
use crate::authenticator::certificate::{
    BASIC_CONSTRAINTS, COMMON_NAME, COUNTRY, Certificate, Extension, ORGANIZATION, ORGANIZATIONAL_UNIT, name,
};
use crate::authenticator::fault::Fault;
use crate::authenticator::key::KeyPair;

/// Signed by the credential key.
pub(super) fn self_attestation(subject: &Subject<'_>) -> Cbor {
    Cbor::object([
        ("alg", subject.key.algorithm().cose().into()),
        ("sig", subject.sign(subject.key, &subject.message()).into()),
    ])
}

/// Signed by the model's key, with certificates for it.
pub(super) fn with_certificates(subject: &Subject<'_>) -> Cbor {
    let key = subject.attestation_key();
    Cbor::object([
        ("alg", key.algorithm().cose().into()),
        ("sig", subject.sign(&key, &subject.message()).into()),
        ("x5c", x5c(certificates(subject, &key))),
    ])
}

/// The leaf of the model's key, and the certificates up to the root.
pub(super) fn certificates(subject: &Subject<'_>, key: &KeyPair) -> Vec<Vec<u8>> {
    let mut leaf = subject.authority.leaf(subject_name(subject.fault), &key.public());
    leaf.set(Extension::aaguid(&subject.aaguid));
    if let Some(version) = subject.config.firmware {
        leaf.set(Extension::firmware(version));
    }
    damage(&mut leaf, subject);
    subject.authority.certify(leaf, subject.config.path, subject.fault)
}

/// The subject of section 8.2.1: C, O, OU and CN.
pub(super) fn subject_name(fault: Option<Fault>) -> Vec<u8> {
    let mut attributes = vec![
        (COUNTRY, "SE"),
        (ORGANIZATION, "Example Authenticators"),
        (ORGANIZATIONAL_UNIT, "Authenticator Attestation"),
        (COMMON_NAME, "Example Key 1"),
    ];
    let (missing, changed) = match fault {
        Some(Fault::LeafCountryMissing) => (Some(COUNTRY), None),
        Some(Fault::LeafOrganizationMissing) => (Some(ORGANIZATION), None),
        Some(Fault::LeafUnitMissing) => (Some(ORGANIZATIONAL_UNIT), None),
        Some(Fault::LeafCommonNameMissing) => (Some(COMMON_NAME), None),
        Some(Fault::LeafCountryLong) => (None, Some((COUNTRY, "SWE"))),
        Some(Fault::LeafUnitOther) => (None, Some((ORGANIZATIONAL_UNIT, "Authenticators"))),
        _ => (None, None),
    };
    attributes.retain(|(oid, _)| Some(*oid) != missing);
    for (oid, value) in &mut attributes {
        if let Some((other, text)) = changed
            && other == *oid
        {
            *value = text;
        }
    }
    name(&attributes)
}

fn damage(leaf: &mut Certificate, subject: &Subject<'_>) {
    match subject.fault {
        Some(Fault::LeafIsCa) => leaf.set(Extension::basic_constraints(true)),
        Some(Fault::LeafWithoutBasicConstraints) => leaf.remove(BASIC_CONSTRAINTS),
        Some(Fault::LeafVersion1) => leaf.version = 1,
        Some(Fault::LeafAaguidOther) => leaf.set(Extension::aaguid(&subject.aaguid.map(|byte| !byte))),
        Some(Fault::LeafAaguidCritical) => {
            leaf.set(Extension { critical: true, ..Extension::aaguid(&subject.aaguid) });
        }
        _ => {}
    }
}
