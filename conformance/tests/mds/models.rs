//! The model, batch and firmware that a statement proves.

use rp_conformance::Authenticator;
use rp_conformance::authenticator::{Config, Format};
use rp_core::attestation::AttestationPolicy;
use rp_core::x509::Certificate;
use rp_mds::{Catalog, CertificationLevel, MetadataTrust, ModelId, Policy, Severity, StoredCredential};
use serde_json::{Value, json};

use crate::trust::{
    NOW, aaguid, authenticator, catalog, distrust, entry, reason, register, register_by, standard_base64,
};

/// Two models with the anchors of one authenticator.
fn two_models(key: &Authenticator) -> Catalog {
    let mut other = entry(key, &json!({}), &json!([]));
    other["aaguid"] = json!("b2000000-0000-4000-8000-000000000002");
    catalog(&json!([entry(key, &json!({}), &json!([])), other]))
}

#[test]
fn a_root_of_several_models_proves_no_model() {
    let require = || AttestationPolicy::default().all_formats().require_trusted();
    let allow = Policy { allow: vec![aaguid().into()], ..Policy::default() };
    let certified = Policy { minimum_certification: Some(CertificationLevel::L1), ..Policy::default() };
    for format in [Format::AndroidKey, Format::Tpm] {
        let mut key = authenticator(format);
        let one = catalog(&json!([entry(&key, &json!({}), &json!([]))]));
        let registered = register(&mut key, one.clone()).unwrap();
        assert_eq!(registered.attestation.model, Some(aaguid()), "{format:?}");
        assert!(register_by(require(), &mut key, &MetadataTrust::fixed(one, allow.clone())).is_ok());
        let several = two_models(&key);
        let registered = register(&mut key, several.clone()).unwrap();
        assert!(registered.attestation.is_trusted());
        assert_eq!(registered.attestation.model, None, "{format:?}: any app can claim the AAGUID");
        let reason = |policy: &Policy, key: &mut Authenticator| {
            distrust(key, several.clone(), policy).map(|reason| reason.code())
        };
        assert_eq!(reason(&allow, &mut key), Some("not-allowed"), "{format:?}");
        assert_eq!(reason(&certified, &mut key), Some("not-certified"), "{format:?}");
    }
    // `packed` signs the AAGUID.
    let mut key = authenticator(Format::Packed);
    let several = two_models(&key);
    assert_eq!(register(&mut key, several.clone()).unwrap().attestation.model, Some(aaguid()));
    assert!(register_by(require(), &mut key, &MetadataTrust::fixed(several, allow)).is_ok());
}

/// An authenticator whose certificate has this firmware version.
fn with_firmware(firmware: Option<u64>) -> Authenticator {
    Authenticator::new("mds trust", Config { format: Format::Packed, firmware, ..Config::default() })
}

/// A status report for a version and all later ones.
fn certified(level: &str, since: &str, version: u64) -> Value {
    json!({"status": level, "effectiveDate": since, "authenticatorVersion": version})
}

#[test]
fn firmware_in_an_unverified_leaf_is_not_a_fact() {
    let reports = json!([
        certified("FIDO_CERTIFIED_L2", "2024-01-01", 1),
        certified("FIDO_CERTIFIED_L1", "2025-01-01", 4),
    ]);
    let policy = Policy { minimum_certification: Some(CertificationLevel::L2), ..Policy::default() };
    let code = |anchor: &Authenticator| {
        let anchors =
            json!({"attestationRootCertificates": [standard_base64(&anchor.attestation_certificate())]});
        let listed = catalog(&json!([entry(anchor, &anchors, &reports)]));
        distrust(&mut with_firmware(Some(3)), listed, &policy).map(|reason| reason.code())
    };
    assert_eq!(code(&with_firmware(Some(3))), None, "the leaf is the anchor, byte for byte");
    assert_eq!(
        code(&with_firmware(None)),
        Some("not-certified"),
        "only its name and key are those of the anchor"
    );
}

#[test]
fn firmware_in_an_unverified_leaf_can_cause_rejection() {
    let reports = json!([
        certified("FIDO_CERTIFIED_L1", "2024-01-01", 1),
        certified("FIDO_CERTIFIED_L2", "2025-01-01", 4),
    ]);
    let policy = Policy { minimum_certification: Some(CertificationLevel::L2), ..Policy::default() };
    // Only name and key of the leaf are those of the anchor.
    let anchor = with_firmware(None);
    let anchors =
        json!({"attestationRootCertificates": [standard_base64(&anchor.attestation_certificate())]});
    let listed = catalog(&json!([entry(&anchor, &anchors, &reports)]));
    let code = |claimed: u64| {
        distrust(&mut with_firmware(Some(claimed)), listed.clone(), &policy).map(|reason| reason.code())
    };
    assert_eq!([code(3), code(4)], [Some("not-certified"), None]);
}

#[test]
fn outdated_firmware_in_the_certificate_is_refused() {
    let refused = |policy: &Policy, bad: &[Value], firmware| {
        let mut key = with_firmware(firmware);
        let mut reports = bad.to_vec();
        reports.push(
            json!({"status": "UPDATE_AVAILABLE", "effectiveDate": "2026-02-01", "authenticatorVersion": 4}),
        );
        let entry = entry(&key, &json!({"authenticatorVersion": 4}), &json!(reports));
        let trust = MetadataTrust::fixed(catalog(&json!([entry])), policy.clone());
        let policy = AttestationPolicy::default().all_formats().require_trusted();
        register_by(policy, &mut key, &trust).map(|_| ()).err().map(|error| error.to_string())
    };
    let update = Policy { outdated_firmware: Severity::Refuse, ..Policy::default() };
    assert_eq!(refused(&update, &[], Some(4)), None);
    let words = refused(&update, &[], Some(3)).unwrap();
    let older = "firmware 3 is older than 4";
    assert!(words.ends_with(older), "{words}");
    assert_eq!(refused(&update, &[], None), None, "the certificate does not contain it");
    // An update does not lift a compromise for an authenticator that has not received it.
    let lifts = Policy { update_lifts: true, ..Policy::default() };
    let bypass = [json!({"status": "USER_VERIFICATION_BYPASS", "effectiveDate": "2026-01-01"})];
    assert_eq!(refused(&lifts, &bypass, Some(4)), None);
    let words = refused(&lifts, &bypass, Some(3)).unwrap();
    assert!(words.ends_with("USER_VERIFICATION_BYPASS since 2026-01-01"), "{words}");
    // This also applies later, when stored credentials are compared with a new list.
    let stored = |firmware| StoredCredential {
        key: (),
        model: ModelId::Aaguid(aaguid()),
        certificates: vec![
            Certificate::from_der(&with_firmware(firmware).attestation_certificate()).unwrap(),
        ],
    };
    let reports = json!([{"status": "UPDATE_AVAILABLE", "authenticatorVersion": 4}]);
    let listed = catalog(&json!([entry(&with_firmware(None), &json!({}), &reports)]));
    let affected = |firmware| update.affected(&Catalog::default(), &listed, [stored(firmware)], NOW);
    assert!(affected(Some(4))[0].after.is_accepted() && !affected(Some(3))[0].after.is_accepted());
}

#[test]
fn a_compromised_batch_is_refused_and_no_other() {
    let mut key = authenticator(Format::Packed);
    let compromised = |certificate: &[u8]| {
        json!([{"status": "ATTESTATION_KEY_COMPROMISE", "effectiveDate": "2026-01-01",
                "batchCertificate": standard_base64(certificate)}])
    };
    let this = compromised(&key.attestation_certificate());
    assert_eq!(reason(&mut key, &json!({}), &this), "ATTESTATION_KEY_COMPROMISE since 2026-01-01");
    let other = Authenticator::new("another batch", Config { format: Format::Packed, ..Config::default() });
    let other = compromised(&other.attestation_certificate());
    let listed = catalog(&json!([entry(&key, &json!({}), &other)]));
    assert!(register(&mut key, listed).is_ok());
    // Also for a leaf that has only the name and the key of the anchor: its batch is known.
    let mut updated = with_firmware(Some(3));
    let anchor = with_firmware(None);
    let anchors =
        json!({"attestationRootCertificates": [standard_base64(&anchor.attestation_certificate())]});
    assert!(register(&mut updated, catalog(&json!([entry(&anchor, &anchors, &other)]))).is_ok());
    let unreadable = json!([{"status": "ATTESTATION_KEY_COMPROMISE", "effectiveDate": "2026-01-01",
                             "certificate": "*"}]);
    assert_eq!(reason(&mut key, &json!({}), &unreadable), "ATTESTATION_KEY_COMPROMISE since 2026-01-01");
}
