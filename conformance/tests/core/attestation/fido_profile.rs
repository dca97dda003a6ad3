use rp_conformance::authenticator::{Format as Statement, Path};
use rp_core::trust::TrustError;
use rp_core::{AttestationPolicy, RegistrationError, StaticAnchors, TrustAnchor, x509::Certificate};

use super::Scene;

/// Leaf, intermediate and root are sent.
fn scene() -> Scene {
    let scene = Scene::new(Statement::Packed).policy(AttestationPolicy::default().require_trusted());
    scene.config(|config| config.path = Path::Root)
}

/// The certificate at this place of `x5c`, as the only anchor.
fn anchored_at(index: usize) -> StaticAnchors {
    let sent = scene().accepted().trust_path;
    let certificate = Certificate::from_der(&sent[index]).unwrap();
    StaticAnchors::new(vec![TrustAnchor::from_certificate(&certificate)])
}

#[test]
fn the_anchor_may_be_sent_along() {
    assert!(scene().fido().accepted().is_trusted());
}

#[test]
fn only_the_fido_profile_rejects_x5c_after_the_anchor() {
    for (index, name) in [(0, "the leaf is the anchor"), (1, "the intermediate is the anchor")] {
        let anchors = anchored_at(index);
        assert!(scene().judged_by(&anchors).unwrap().is_trusted(), "{name}");
        let refused = scene().fido().judged_by(&anchors).unwrap_err();
        assert_eq!(refused, RegistrationError::Trust(TrustError::BehindAnchor), "{name}");
        assert_eq!(refused.to_string(), "attestation is not trusted: x5c has certificates beyond the anchor");
    }
}
