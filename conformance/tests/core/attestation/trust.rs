use rp_conformance::authenticator::Format as Statement;
use rp_core::attestation::Provenance;
use rp_core::options::AttestationConveyancePreference;
use rp_core::trust::{FormatAnchors, TrustError};
use rp_core::{AttestationPolicy, Code, Format, RegistrationError};

use super::Scene;

#[test]
fn an_anchor_vouches_for_statements_of_its_format_alone() {
    for (statement, format) in [
        (Statement::Apple, Format::Apple),
        (Statement::AndroidKey, Format::AndroidKey),
        (Statement::Tpm, Format::Tpm),
        (Statement::FidoU2f, Format::FidoU2f),
    ] {
        let scene = Scene::new(statement);
        let own = FormatAnchors::default().with(format.clone(), scene.anchors());
        assert!(scene.judged_by(&own).unwrap().is_trusted(), "{format}");
        let others = FormatAnchors::default().with(Format::AndroidSafetynet, scene.anchors());
        assert!(!scene.judged_by(&others).unwrap().is_trusted(), "{format}");
    }
}

#[test]
fn a_part_of_a_compound_statement_is_vouched_for_by_its_own_format() {
    let scene = Scene::new(Statement::Compound);
    let packed = FormatAnchors::default().with(Format::Packed, scene.anchors());
    assert!(scene.judged_by(&packed).unwrap().is_trusted());
    let compound = FormatAnchors::default().with(Format::Compound, scene.anchors());
    assert!(!scene.judged_by(&compound).unwrap().is_trusted());
}

#[test]
fn the_vendors_roots_do_not_vouch_for_a_stranger() {
    for statement in [Statement::Apple, Statement::AndroidKey, Statement::Packed] {
        let scene = Scene::new(statement).policy(AttestationPolicy::default().require_trusted());
        let refused = scene.judged_by(&FormatAnchors::vendors()).unwrap_err();
        assert!(matches!(refused, RegistrationError::Trust(TrustError::Path(_))), "{refused}");
        assert_eq!(refused.code(), Code::AttestationUntrusted);
    }
}

#[test]
fn enterprise_attestation_is_asked_for_and_judged_like_any_other() {
    let conveyance = AttestationConveyancePreference::Enterprise;
    assert_eq!(serde_json::to_value(conveyance).unwrap(), "enterprise");
    let scene = Scene { conveyance, ..Scene::new(Statement::Packed) };
    assert!(scene.accepted().is_trusted());
}

#[test]
fn provenance_is_ordered_from_software_to_strongbox() {
    assert!(Provenance::Software < Provenance::TrustedEnvironment);
    assert!(Provenance::TrustedEnvironment < Provenance::StrongBox);
}
