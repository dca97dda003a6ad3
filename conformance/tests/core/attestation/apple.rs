use rp_conformance::authenticator::{Fault, Format as Statement, Quirk};
use rp_core::attestation::{AppleError, AppleNonceError, AttestationError, X5cError};
use rp_core::{AttestationType, Code};

use super::Scene;

fn refused(fault: Fault) -> AppleError {
    match Scene::new(Statement::Apple).wrong(fault).refused() {
        AttestationError::Apple(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn an_anonymous_key_is_attested() {
    let attestation = Scene::new(Statement::Apple).accepted();
    assert_eq!(attestation.r#type, AttestationType::AnonCa);
    assert!(attestation.is_trusted() && attestation.provenance.is_none());
}

#[test]
fn members_beside_x5c_are_passed_over() {
    let scene = Scene::new(Statement::Apple).config(|config| config.quirk = Some(Quirk::StatementMember));
    assert!(scene.accepted().is_trusted());
}

#[test]
fn nonce_and_key_are_held_against_the_ceremony() {
    for (fault, error) in [
        (Fault::AppleNonceOther, AppleNonceError::Mismatch.into()),
        (Fault::AppleNonceMissing, AppleNonceError::Missing.into()),
        (Fault::AppleKeyOther, AppleError::PublicKey),
    ] {
        let got = refused(fault);
        assert_eq!((got.code(), got), (Code::AttestationInvalid, error), "{fault}");
    }
}

#[test]
fn an_empty_or_unreadable_chain_is_refused_as_what_it_is() {
    assert_eq!(refused(Fault::X5cEmpty), AppleError::X5c(X5cError::NoCertificate));
    assert_eq!(refused(Fault::X5cEmpty).code(), Code::MalformedAttestationStatement);
    assert_eq!(refused(Fault::CertificateTruncated).code(), Code::MalformedCertificate);
}
