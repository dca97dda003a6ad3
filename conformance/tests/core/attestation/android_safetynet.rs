use rp_conformance::authenticator::{Fault, Format as Statement};
use rp_core::attestation::{AndroidSafetynetError, AttestationError};
use rp_core::{AttestationPolicy, AttestationType, Code, Format};

use super::Scene;

fn scene() -> Scene {
    Scene::new(Statement::AndroidSafetyNet).policy(AttestationPolicy::default().all_formats())
}

fn refused(scene: &Scene) -> AndroidSafetynetError {
    match scene.refused() {
        AttestationError::AndroidSafetynet(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_deprecated_format_is_refused_unless_asked_for() {
    let format = Format::AndroidSafetynet;
    let by_default = Scene::new(Statement::AndroidSafetyNet);
    assert_eq!(by_default.refused(), AttestationError::Format { format });
    let attestation = scene().accepted();
    assert_eq!(attestation.r#type, AttestationType::Basic);
    assert!(attestation.is_trusted());
}

#[test]
fn what_google_answered_is_held_against_the_ceremony() {
    for (fault, error) in [
        (Fault::SafetyNetNonceOther, AndroidSafetynetError::Nonce),
        (Fault::SafetyNetCtsFalse, AndroidSafetynetError::CtsProfile),
        (Fault::SafetyNetHostOther, AndroidSafetynetError::HostName),
    ] {
        let got = refused(&scene().wrong(fault));
        assert_eq!((got.code(), got), (Code::AttestationInvalid, error), "{fault}");
    }
    let flipped = refused(&scene().wrong(Fault::SafetyNetSignatureFlipped));
    assert_eq!(flipped.to_string(), "attStmt.response: the signature does not verify");
}

#[test]
fn old_timestamps_fail_under_fido_and_future_ones_always() {
    let is_time = |error| matches!(error, AndroidSafetynetError::Timestamp { .. });
    assert!(is_time(refused(&scene().wrong(Fault::SafetyNetTimestampFuture))));
    let old = || scene().wrong(Fault::SafetyNetTimestampOld);
    assert!(old().accepted().is_trusted());
    assert!(is_time(refused(&old().fido())));
    assert!(scene().fido().accepted().is_trusted());
}

#[test]
fn an_empty_ver_response_or_x5c_is_a_malformed_statement() {
    for (fault, message) in [
        (Fault::SafetyNetVersionEmpty, "attStmt.ver is empty"),
        (Fault::SafetyNetResponseEmpty, "attStmt.response: not three parts between dots"),
        (Fault::SafetyNetX5cEmpty, "attStmt.response: x5c is empty"),
    ] {
        let error = refused(&scene().wrong(fault));
        assert_eq!(error.to_string(), message);
        assert_eq!(error.code(), Code::MalformedAttestationStatement);
    }
}
