use rp_conformance::authenticator::{Algorithm as Minted, Fault, Format as Statement};
use rp_core::attestation::{AttestationError, PackedError, X5cError};
use rp_core::{Algorithm, AttestationType, Code};

use super::Scene;

fn attested_by(minted: Minted) -> Scene {
    Scene::new(Statement::Packed).config(|config| config.attestation_algorithm = minted)
}

fn refused(scene: &Scene) -> PackedError {
    match scene.refused() {
        AttestationError::Packed(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn certificates_have_keys_of_every_algorithm() {
    for minted in Minted::ALL.iter().copied().filter(|minted| *minted != Minted::Rs1) {
        let attestation = attested_by(minted).accepted();
        assert_eq!(attestation.r#type, AttestationType::Basic);
        assert!(attestation.is_trusted(), "{minted:?}");
        let error = refused(&attested_by(minted).wrong(Fault::SigFlipped));
        assert!(matches!(error, PackedError::X5c(X5cError::Signature(_))), "{minted:?}: {error}");
    }
}

#[test]
fn rs1_signs_packed_statements_in_the_fido_profile_only() {
    let error = refused(&attested_by(Minted::Rs1));
    assert_eq!(error, PackedError::X5c(X5cError::AlgorithmOfCertificate { statement: Algorithm::Rs1 }));
    assert_eq!(error.to_string(), "attStmt.alg RS1 is not an algorithm of the certificate's key");
    assert_eq!(error.code(), Code::AttestationInvalid);
    assert!(attested_by(Minted::Rs1).fido().accepted().is_trusted());
}
