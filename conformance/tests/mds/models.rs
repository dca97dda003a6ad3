//! The model, batch and firmware that a statement proves.

use rp_conformance::Authenticator;
use rp_conformance::authenticator::{Config, Format};
use rp_core::StaticAnchors;
use rp_core::attestation::AttestationPolicy;
use rp_core::x509::Certificate;
use rp_mds::{
    Catalog, CertificationLevel, FipsLevel, KeyIdentifier, Metadata, MetadataTrust, ModelId, Policy,
    Retention, Severity, Staleness, StoredCredential, TooOld,
};
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

/// An authenticator that is also listed as a U2F model, by the key of its certificate.
struct TwiceListed {
    key: Authenticator,
    leaf: Certificate,
    identifier: ModelId,
}

impl TwiceListed {
    fn new(format: Format) -> Self {
        let u2f_aaguid = Some(Config::default().aaguid);
        let mut key = Authenticator::new("mds trust", Config { format, u2f_aaguid, ..Config::default() });
        let registered =
            register_by(AttestationPolicy::default().all_formats(), &mut key, &StaticAnchors::none())
                .unwrap();
        let leaf = Certificate::from_der(&registered.attestation.trust_path[0]).unwrap();
        let identifier = ModelId::KeyIdentifier(KeyIdentifier::new(leaf.key_identifier()));
        Self { key, leaf, identifier }
    }

    /// The entry by the key of the certificate, and the one by AAGUID, with these reports.
    fn entries(&self, of_u2f: &Value, of_fido2: &Value) -> [Value; 2] {
        let mut u2f = entry(&self.key, &json!({"protocolFamily": "u2f"}), of_u2f);
        u2f.as_object_mut().unwrap().remove("aaguid");
        u2f["attestationCertificateKeyIdentifiers"] = json!([self.identifier.to_string()]);
        let formats = json!({"authenticatorGetInfo": {"attestationFormats": ["packed"]}});
        [u2f, entry(&self.key, &formats, of_fido2)]
    }

    fn listed(&self, of_u2f: &Value, of_fido2: &Value) -> Catalog {
        catalog(&json!(self.entries(of_u2f, of_fido2)))
    }

    fn reason(&self, catalog: &Catalog, policy: &Policy) -> Option<&'static str> {
        distrust(&mut self.key.clone(), catalog.clone(), policy).map(|reason| reason.code())
    }

    /// Whether a stored credential of this model is accepted before and after a new list.
    fn stored(&self, model: ModelId, before: &Catalog, after: &Catalog) -> Option<[bool; 2]> {
        let stored = StoredCredential { key: (), model, certificates: vec![self.leaf.clone()] };
        let affected = Policy::default().affected(before, after, [stored], NOW);
        affected.first().map(|one| [one.before.is_accepted(), one.after.is_accepted()])
    }
}

fn revoked() -> Value {
    json!([{"status": "REVOKED", "effectiveDate": "2026-01-01"}])
}

#[test]
fn a_u2f_statement_is_refused_by_the_aaguid_of_its_leaf_too() {
    let u2f = TwiceListed::new(Format::FidoU2f);
    let (none, default) = (json!([]), Policy::default());
    let listed = u2f.listed(&none, &none);
    let registered = register(&mut u2f.key.clone(), listed.clone()).unwrap();
    assert_eq!(registered.attestation.model, Some(aaguid()), "the same model under FIDO2");

    let by_aaguid = Policy { deny: vec![aaguid().into()], ..Policy::default() };
    assert_eq!(u2f.reason(&listed, &by_aaguid), Some("denied"));
    assert_eq!(u2f.reason(&u2f.listed(&none, &revoked()), &default), Some("revoked"));
    let own = json!([{"aaguid": aaguid(), "statusReports": revoked()}]).to_string();
    let own = Metadata::from_own_entries(own.as_bytes(), Retention::LEAN).unwrap();
    let before = Catalog::of("own", own).and("FIDO", listed.lists()[0].metadata().clone());
    assert_eq!(u2f.reason(&before, &default), Some("revoked"), "the operator's own entry comes first");
    // By the identifier of an entry that is not the one of the AAGUID.
    let by_key = Policy { deny: vec![u2f.identifier.clone()], ..Policy::default() };
    let [_, fido2] = u2f.entries(&none, &none);
    assert_eq!(u2f.reason(&catalog(&json!([fido2])), &by_key), Some("denied"));

    // Stored credentials have the model that attestation proved.
    for model in [ModelId::Aaguid(aaguid()), u2f.identifier.clone()] {
        for after in [u2f.listed(&none, &revoked()), u2f.listed(&revoked(), &none)] {
            assert_eq!(u2f.stored(model.clone(), &listed, &after), Some([true, false]), "{model}");
        }
        assert_eq!(u2f.stored(model, &listed, &listed), None);
    }
}

#[test]
fn a_packed_statement_is_refused_by_the_key_of_its_leaf_too() {
    let packed = TwiceListed::new(Format::Packed);
    let none = json!([]);
    let listed = packed.listed(&none, &none);
    assert_eq!(packed.reason(&listed, &Policy::default()), None);
    let denied = Policy { deny: vec![packed.identifier.clone()], ..Policy::default() };
    assert_eq!(packed.reason(&listed, &denied), Some("denied"));
    assert_eq!(packed.reason(&packed.listed(&revoked(), &none), &Policy::default()), Some("revoked"));
}

#[test]
fn the_age_of_a_list_counts_for_its_own_models_only() {
    let packed = TwiceListed::new(Format::Packed);
    let [of_u2f, of_fido2] = packed.entries(&json!([]), &json!([]));
    let list = |entry: &Value| {
        let entries = json!([entry]).to_string();
        std::sync::Arc::new(Metadata::from_own_entries(entries.as_bytes(), Retention::LEAN).unwrap())
    };
    let old = Some(rp_core::Timestamp::from_unix_seconds(NOW.as_unix_seconds() - 200 * 86_400));
    let staleness = Staleness { too_old: TooOld::Refuse, ..Staleness::default() };
    let policy = Policy { staleness, ..Policy::default() };
    let fresh = Catalog::default().and_confirmed("own", list(&of_fido2), Some(NOW));
    assert_eq!(packed.reason(&fresh.and_confirmed("FIDO", list(&of_u2f), old), &policy), None);
    let old = Catalog::default().and_confirmed("own", list(&of_fido2), old);
    assert_eq!(packed.reason(&old, &policy), Some("source-data"));
}

#[test]
fn requirements_apply_to_the_entry_of_the_statement_only() {
    let u2f = TwiceListed::new(Format::FidoU2f);
    let certified = json!([{"status": "FIDO_CERTIFIED_L1", "effectiveDate": "2024-01-01"},
                           {"status": "FIPS140_CERTIFIED_L1", "effectiveDate": "2024-01-01"}]);
    let listed = u2f.listed(&certified, &json!([]));
    let [only, _] = u2f.entries(&certified, &json!([]));
    let only = catalog(&json!([only]));
    for policy in [
        Policy { allow: vec![u2f.identifier.clone()], ..Policy::default() },
        Policy { unlisted: Severity::Refuse, ..Policy::default() },
        Policy { minimum_certification: Some(CertificationLevel::L1), ..Policy::default() },
        Policy { minimum_fips: Some(FipsLevel::L1), ..Policy::default() },
    ] {
        assert_eq!(u2f.reason(&listed, &policy), None, "{policy:?}");
        assert_eq!(u2f.reason(&only, &policy), None, "{policy:?}");
    }
}
