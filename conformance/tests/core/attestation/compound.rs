use rp_conformance::authenticator::{Fault, Format as Statement};
use rp_core::attestation::{AttestationError, CompoundError};
use rp_core::trust::TrustError;
use rp_core::{AttestationPolicy, AttestationType, Code, Format, RegistrationError, StaticAnchors};

use super::Scene;

/// `packed` with certificates, and `packed` by the credential key.
fn scene() -> Scene {
    Scene::new(Statement::Compound)
}

fn refused(scene: &Scene) -> CompoundError {
    match scene.refused() {
        AttestationError::Compound(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn reported_values_are_those_of_the_part_with_certificates() {
    let attestation = scene().policy(AttestationPolicy::default().require_trusted()).accepted();
    assert_eq!((&attestation.format, attestation.r#type), (&Format::Compound, AttestationType::Basic));
    assert!(attestation.is_trusted() && attestation.model.is_some());
    assert_eq!(attestation.trust_path.len(), 2);
    let parts: Vec<_> = attestation.parts.iter().map(|part| (part.r#type, part.is_trusted())).collect();
    assert_eq!(parts, [(AttestationType::Basic, true), (AttestationType::SelfAttestation, false)]);
}

#[test]
fn it_is_not_trusted_where_a_path_leads_nowhere() {
    let attestation = scene().judged_by(&StaticAnchors::none()).unwrap();
    assert!(!attestation.is_trusted());
    assert_eq!(attestation.model, None);
    let required = scene().policy(AttestationPolicy::default().require_trusted());
    let refused = required.judged_by(&StaticAnchors::none()).unwrap_err();
    assert_eq!(refused.code(), Code::AttestationUntrusted);
}

#[test]
fn a_policy_that_refuses_self_attestation_refuses_it_in_a_part() {
    let refused = scene().policy(AttestationPolicy::default().refuse_self()).judged().unwrap_err();
    assert_eq!(refused, RegistrationError::Trust(TrustError::SelfAttestation));
}

#[test]
fn a_part_of_a_format_that_policy_does_not_accept_is_refused() {
    let policy = AttestationPolicy::default().formats([Format::Compound, Format::Tpm]);
    let error = refused(&scene().policy(policy));
    let source = AttestationError::Format { format: Format::Packed };
    assert_eq!(error, CompoundError::Part { index: 0, source: source.into() });
    assert_eq!(error.code(), Code::UnsupportedAttestationFormat);
}

#[test]
fn every_statement_must_verify_and_there_are_two_or_more() {
    let error = refused(&scene().wrong(Fault::CompoundOneInvalid));
    assert!(matches!(error, CompoundError::Part { index: 1, .. }), "{error}");
    assert_eq!(error.code(), Code::AttestationInvalid);
    assert_eq!(refused(&scene().wrong(Fault::CompoundOfOne)), CompoundError::Count { got: 1 });
    assert_eq!(refused(&scene().wrong(Fault::CompoundNested)), CompoundError::Nested { index: 1 });
}
