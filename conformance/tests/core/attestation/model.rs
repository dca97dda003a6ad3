//! Which statements prove a model, and other data that are facts only if they are signed.

use rp_conformance::authenticator::{Android, Format as Statement};
use rp_core::attestation::Provenance;
use rp_core::trust::{FormatAnchors, TrustError};
use rp_core::x509::Certificate;
use rp_core::{Aaguid, AttestationPolicy, Format, RegistrationError, StaticAnchors, TrustAnchor};

use super::Scene;

/// Formats whose attestation key does not sign the AAGUID.
const UNSIGNED: [(Statement, Format); 4] = [
    (Statement::AndroidKey, Format::AndroidKey),
    (Statement::Tpm, Format::Tpm),
    (Statement::AndroidSafetyNet, Format::AndroidSafetynet),
    (Statement::FidoU2f, Format::FidoU2f),
];

fn all_formats() -> AttestationPolicy {
    AttestationPolicy::default().all_formats()
}

/// The AAGUID in authenticator data.
fn claimed(scene: &Scene) -> Aaguid {
    Aaguid::new(scene.config.aaguid)
}

#[test]
fn an_app_that_claims_a_security_keys_aaguid_proves_no_model() {
    for (statement, _) in UNSIGNED {
        let scene = Scene::new(statement).policy(all_formats());
        let attestation = scene.accepted();
        assert!(attestation.is_trusted(), "{statement:?}");
        assert_eq!(attestation.model, None, "{statement:?}");
        let allowed = all_formats().allow_models([claimed(&scene)]);
        let rejected = scene.policy(allowed).judged().unwrap_err();
        assert_eq!(rejected, RegistrationError::Trust(TrustError::Model { aaguid: None }), "{statement:?}");
    }
}

#[test]
fn packed_and_apple_sign_the_aaguid_and_prove_the_model() {
    for statement in [Statement::Packed, Statement::Apple] {
        let scene = Scene::new(statement);
        let model = claimed(&scene);
        assert_eq!(scene.accepted().model, Some(model), "{statement:?}");
        let scene = scene.policy(all_formats().allow_models([model]));
        assert_eq!(scene.accepted().model, Some(model), "{statement:?}");
    }
}

#[test]
fn an_anchor_that_is_listed_for_one_model_alone_proves_it() {
    let other = Aaguid::new([7; 16]);
    for (statement, format) in UNSIGNED {
        let scene = Scene::new(statement).policy(all_formats());
        let model = claimed(&scene);
        let listed = |models: &[Aaguid]| {
            let models = models.iter().copied();
            let trust = FormatAnchors::default().with_models(format.clone(), models, scene.anchors());
            scene.judged_by(&trust).unwrap()
        };
        assert_eq!(listed(&[model]).model, Some(model), "{statement:?}");
        let shared = listed(&[model, other]);
        assert!(shared.is_trusted() && shared.model.is_none(), "{statement:?}: {:?}", shared.model);
        let for_another = listed(&[other]);
        // U2F has no AAGUID: the model is the one for which its anchor is listed.
        let expected = (statement == Statement::FidoU2f).then_some(other);
        assert_eq!(for_another.model, expected, "{statement:?}");
        assert_eq!(for_another.is_trusted(), expected.is_some(), "{statement:?}");
    }
}

#[test]
fn an_anchor_for_every_model_proves_none_of_them() {
    let scene = Scene::new(Statement::AndroidKey);
    let trust = FormatAnchors::default()
        .with_models(Format::AndroidKey, [claimed(&scene)], scene.anchors())
        .with(Format::AndroidKey, scene.anchors());
    let attestation = scene.judged_by(&trust).unwrap();
    assert!(attestation.is_trusted() && attestation.model.is_none());
}

#[test]
fn a_denied_model_is_rejected_even_if_it_is_only_claimed() {
    for statement in [Statement::PackedSelf, Statement::AndroidKey, Statement::Packed] {
        let scene = Scene::new(statement);
        let model = claimed(&scene);
        let denied = scene.policy(all_formats().deny_models([model]));
        let rejected = denied.judged_by(&StaticAnchors::none()).unwrap_err();
        assert_eq!(rejected, RegistrationError::Trust(TrustError::Model { aaguid: Some(model) }));
    }
}

#[test]
fn a_leaf_with_only_an_anchors_name_and_key_states_no_facts() {
    let scene = Scene::new(Statement::AndroidKey).config(|config| config.android = Android::StrongBox);
    let sent = scene.accepted();
    assert_eq!(sent.provenance, Some(Provenance::StrongBox));
    let leaf = Certificate::from_der(&sent.trust_path[0]).unwrap();
    // The operator's anchor has the same name and key; everything else in the certificate can be forged.
    let name_and_key = TrustAnchor::new(leaf.subject().clone(), leaf.spki());
    let attestation = scene.judged_by(&StaticAnchors::new([name_and_key])).unwrap();
    assert!(attestation.is_trusted());
    assert_eq!((attestation.provenance, attestation.model), (None, None));
    assert_eq!(attestation.trust.unwrap().verified_leaf(), None);
    // A batch certificate is the same in each registration, and can be an anchor byte for byte.
    let packed = Scene::new(Statement::Packed);
    let anchor = TrustAnchor::from_der(&packed.accepted().trust_path[0]).unwrap();
    let attestation = packed.judged_by(&StaticAnchors::new([anchor])).unwrap();
    assert!(attestation.trust.unwrap().verified_leaf().is_some());
}

#[test]
fn a_u2f_record_has_no_flags_and_an_unproven_counter() {
    let u2f = Scene::new(Statement::FidoU2f).registered_by(&StaticAnchors::none()).unwrap();
    assert!(u2f.flags.user_verified(), "the client says so");
    let record = u2f.credential;
    assert!(!record.uv_initialized && !record.backup_state && record.backup_eligible == Some(false));
    assert!(!record.attestation.sign_count_proven);
    let packed = Scene::new(Statement::Packed).registered_by(&StaticAnchors::none()).unwrap().credential;
    assert!(packed.uv_initialized && packed.attestation.sign_count_proven);
    assert_eq!(packed.attestation.model, None, "not trusted");
}
