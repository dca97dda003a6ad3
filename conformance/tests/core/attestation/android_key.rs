use rp_conformance::authenticator::{Algorithm as Minted, Android, Fault, Format as Statement};
use rp_core::attestation::{AndroidKeyError, AndroidKeyPolicy, AttestationError, Provenance, X5cError};
use rp_core::{
    Algorithm, AttestationPolicy, AttestationType, Code, RelyingParty, ReverificationError, StaticAnchors,
};

use super::Scene;

fn scene() -> Scene {
    Scene::new(Statement::AndroidKey)
}

fn living_in(android: Android) -> Scene {
    scene().config(|config| config.android = android)
}

fn refused(scene: &Scene) -> AndroidKeyError {
    match scene.refused() {
        AttestationError::AndroidKey(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_trusted_statement_tells_where_the_key_lives() {
    for (android, provenance) in [
        (Android::Software, Provenance::Software),
        (Android::TrustedEnvironment, Provenance::TrustedEnvironment),
        (Android::StrongBox, Provenance::StrongBox),
    ] {
        let attestation = living_in(android).accepted();
        assert_eq!(attestation.r#type, AttestationType::Basic);
        assert_eq!(attestation.provenance, Some(provenance));
        let untrusted = living_in(android).judged_by(&StaticAnchors::none()).unwrap();
        assert_eq!((untrusted.provenance, untrusted.model), (None, None), "a stranger's word");
    }
}

#[test]
fn policy_says_where_keys_may_live() {
    let judged = |android, policy| {
        living_in(android).policy(AttestationPolicy::default().android_keys(policy)).judged().is_ok()
    };
    use Android::{Software, StrongBox, TrustedEnvironment};
    let accepted = |policy| [Software, TrustedEnvironment, StrongBox].map(|android| judged(android, policy));
    assert_eq!(accepted(AndroidKeyPolicy::Any), [true, true, true]);
    assert_eq!(accepted(AndroidKeyPolicy::Hardware), [false, true, true]);
    assert_eq!(accepted(AndroidKeyPolicy::StrongBox), [false, false, true]);
}

#[test]
fn the_key_description_is_compared_with_the_ceremony() {
    for (fault, error) in [
        (Fault::AndroidKeyOther, AndroidKeyError::PublicKey),
        (Fault::AndroidWithoutDescription, AndroidKeyError::NoKeyDescription),
        (Fault::AndroidChallengeOther, AndroidKeyError::Challenge),
        (Fault::AndroidOriginImported, AndroidKeyError::Origin { got: Some(2) }),
        (Fault::AndroidOriginMissing, AndroidKeyError::Origin { got: None }),
        (Fault::AndroidPurposeEncrypt, AndroidKeyError::Purpose),
        (Fault::AndroidPurposeMissing, AndroidKeyError::Purpose),
        (
            Fault::AndroidAllApplicationsSoftware,
            AndroidKeyError::AllApplications { list: "softwareEnforced" },
        ),
        (Fault::AndroidAllApplicationsHardware, AndroidKeyError::AllApplications { list: "teeEnforced" }),
    ] {
        let got = refused(&scene().wrong(fault));
        assert_eq!((got.code(), got), (Code::AttestationInvalid, error), "{fault}");
    }
}

/// Outside the `fido` profile, RS1 is not offered; a registration of that profile is verified again.
#[test]
fn rs1_signs_android_statements_in_the_fido_profile_only() {
    let scene = scene().credential(Algorithm::Rs1, Minted::Rs1).fido();
    let anchors = StaticAnchors::new(scene.anchors());
    let registered = scene.registered_by(&anchors).unwrap();
    assert!(registered.attestation.is_trusted());
    let rp = RelyingParty::builder("example.org").origin("https://example.org");
    let rp = rp.attestation_policy(AttestationPolicy::default()).build().unwrap();
    let now = scene.config.now;
    let error = rp.reverify_registration(&registered.credential, &anchors, now, now).unwrap_err();
    let x5c = X5cError::AlgorithmOfCertificate { statement: Algorithm::Rs1 };
    let expected = AttestationError::AndroidKey(AndroidKeyError::X5c(x5c));
    assert_eq!(error, ReverificationError::Attestation(expected));
}

#[test]
fn the_signature_is_by_the_leafs_key_with_alg() {
    for fault in [Fault::SigFlipped, Fault::SigOfOtherKey, Fault::SigEmpty] {
        assert!(
            matches!(refused(&scene().wrong(fault)), AndroidKeyError::X5c(X5cError::Signature(_))),
            "{fault}"
        );
    }
    let error = refused(&scene().wrong(Fault::AlgOther));
    assert_eq!(error.to_string(), "attStmt.alg RS256 is not an algorithm of the certificate's key");
}

#[test]
fn an_empty_or_unreadable_chain_is_refused_as_what_it_is() {
    assert_eq!(refused(&scene().wrong(Fault::X5cEmpty)), AndroidKeyError::X5c(X5cError::NoCertificate));
    let cut = refused(&scene().wrong(Fault::CertificateTruncated));
    assert_eq!(cut.code(), Code::MalformedCertificate);
}
