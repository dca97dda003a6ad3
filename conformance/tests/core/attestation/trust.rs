use rp_conformance::authenticator::Format as Statement;
use rp_core::attestation::Provenance;
use rp_core::options::AttestationConveyancePreference;
use rp_core::trust::{Conclusion, Consultation, Distrust, Evidence, FormatAnchors, Judge, TrustError};
use rp_core::{AttestationPolicy, Code, Format, RegistrationError, TrustSource};

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
fn anchors_apply_to_each_part_of_a_compound_statement() {
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
fn enterprise_attestation_is_verified_like_any_other() {
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

#[test]
fn none_is_rejected_if_policy_refuses_it() {
    let refusing = Scene::new(Statement::None).policy(AttestationPolicy::default().refuse_none());
    assert_eq!(refusing.judged().unwrap_err(), RegistrationError::Trust(TrustError::None));
    let packed = Scene::new(Statement::Packed).policy(AttestationPolicy::default().refuse_none());
    assert!(packed.accepted().is_trusted());
}

/// Rejects one reason early, or one after path building.
struct Distrusting {
    early: Option<Distrust>,
    late: Option<Distrust>,
}

impl TrustSource for Distrusting {
    fn consult<'a>(&'a self, evidence: &Evidence<'a>) -> Consultation<'a> {
        let has_certificates = !evidence.trust_path.is_empty();
        assert_eq!(evidence.leaf.is_some(), has_certificates, "{:?}", evidence.r#type);
        match &self.early {
            Some(early) => Consultation::distrusted(early.clone()),
            None => Consultation::default().with_judge(Late(self.late.clone())),
        }
    }
}

struct Late(Option<Distrust>);

impl Judge for Late {
    fn judge(&self, conclusion: &Conclusion<'_>) -> Result<(), Distrust> {
        assert!(conclusion.path.is_none() && conclusion.model.is_none());
        self.0.clone().map_or(Ok(()), Err)
    }
}

#[test]
fn distrust_rejects_every_statement_without_required_trust() {
    let reason = Distrust::Revoked { status: "REVOKED".into(), since: None };
    let revoked = || Some(reason.clone());
    for statement in [Statement::None, Statement::PackedSelf, Statement::Packed, Statement::FidoU2f] {
        for (early, late) in [(revoked(), None), (None, revoked())] {
            let error = Scene::new(statement).judged_by(&Distrusting { early, late }).unwrap_err();
            let RegistrationError::Trust(TrustError::Distrusted { reason: got, .. }) = error else {
                panic!("{error}");
            };
            assert_eq!(got, reason, "{statement:?}");
        }
        let none = Distrusting { early: None, late: None };
        assert!(!Scene::new(statement).judged_by(&none).unwrap().is_trusted(), "{statement:?}");
    }
}
