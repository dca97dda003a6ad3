//! Metadata as the trust source of registrations, from options to verdict.

use rp_conformance::Authenticator;
use rp_conformance::authenticator::{Config, Format};
use rp_core::attestation::AttestationPolicy;
use rp_core::options::AttestationConveyancePreference;
use rp_core::trust::{Distrust, RevocationLists, TrustError};
use rp_core::x509::{Certificate, PathError};
use rp_core::{
    Aaguid, Algorithm, Code, Registered, RegistrationError, RegistrationResponse, RelyingParty,
    StaticAnchors, Timestamp, TrustSource, User, UserHandle,
};
use rp_mds::{
    Catalog, CertificationLevel, KeyIdentifier, Metadata, MetadataTrust, ModelId, Policy, Retention,
    Severity, StoredCredential,
};
use serde_json::{Value, json};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000);

pub(crate) fn authenticator(format: Format) -> Authenticator {
    Authenticator::new("mds trust", Config { format, ..Config::default() })
}

pub(crate) fn aaguid() -> Aaguid {
    Aaguid::new(Config::default().aaguid)
}

pub(crate) fn standard_base64(bytes: &[u8]) -> String {
    // Both alphabets are accepted.
    rp_core::base64url::encode(bytes)
}

/// An entry with the authenticator's anchors and further members of its statement.
pub(crate) fn entry(authenticator: &Authenticator, statement: &Value, reports: &Value) -> Value {
    let roots: Vec<_> = authenticator.anchors().iter().map(|der| standard_base64(der)).collect();
    let mut entry = json!({
        "aaguid": aaguid(),
        "metadataStatement": {"description": "Example", "attestationRootCertificates": roots},
        "statusReports": reports,
    });
    let members = entry["metadataStatement"].as_object_mut().unwrap();
    members.extend(statement.as_object().unwrap().clone());
    entry
}

pub(crate) fn catalog(entries: &Value) -> Catalog {
    Catalog::of("FIDO", Metadata::from_own_entries(entries.to_string().as_bytes(), Retention::LEAN).unwrap())
}

pub(crate) fn register(
    authenticator: &mut Authenticator,
    catalog: Catalog,
) -> Result<Registered, RegistrationError> {
    let policy = AttestationPolicy::default().all_formats().require_trusted();
    register_by(policy, authenticator, &MetadataTrust::fixed(catalog, Policy::default()))
}

pub(crate) fn register_by(
    policy: AttestationPolicy,
    authenticator: &mut Authenticator,
    trust: &dyn TrustSource,
) -> Result<Registered, RegistrationError> {
    let rp = RelyingParty::builder("example.org")
        .origin("https://example.org")
        .attestation(AttestationConveyancePreference::Direct)
        .algorithms([Algorithm::Es256])
        .attestation_policy(policy)
        .build()
        .unwrap();
    let user = User { handle: UserHandle::random().unwrap(), name: "kim".into(), display_name: "Kim".into() };
    let (options, pending) = rp.start_registration(&user, &[], NOW).unwrap();
    let options = serde_json::to_value(&options).unwrap();
    let response = authenticator.create(&options, "https://example.org").unwrap();
    let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
    rp.finish_registration(pending, &response, trust, NOW)
}

#[test]
fn crls_can_be_required_of_listed_models() {
    let mut key = authenticator(Format::Packed);
    let listed = || catalog(&json!([entry(&key, &json!({}), &json!([]))]));
    let trust = MetadataTrust::fixed(listed(), Policy::default());
    let required = trust.clone().with_revocation(RevocationLists::default().require_crls());
    let policy = || AttestationPolicy::default().require_trusted();
    assert!(register_by(policy(), &mut key.clone(), &trust).is_ok());
    let error = register_by(policy(), &mut key, &required).map(|_| ()).unwrap_err();
    let unknown =
        matches!(error, RegistrationError::Trust(TrustError::Path(PathError::RevocationUnknown { .. })));
    assert!(unknown, "{error}");
}

/// Why the registration was refused, in words.
pub(crate) fn refused(authenticator: &mut Authenticator, catalog: Catalog) -> String {
    let error = register(authenticator, catalog).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), Code::AttestationUntrusted, "{error}");
    error.to_string()
}

pub(crate) fn reason(authenticator: &mut Authenticator, statement: &Value, reports: &Value) -> String {
    let entry = entry(authenticator, statement, reports);
    let refused = refused(authenticator, catalog(&json!([entry])));
    let prefix = format!("{}: ", aaguid());
    refused.split_once(&prefix).map_or(refused.clone(), |(_, reason)| reason.to_owned())
}

#[test]
fn a_listed_model_is_trusted_and_an_unlisted_one_is_not() {
    let mut key = authenticator(Format::Packed);
    let listed = catalog(&json!([entry(&key, &json!({}), &json!([]))]));
    let registered = register(&mut key, listed).unwrap();
    assert_eq!(registered.attestation.model, Some(aaguid()));
    let error = register(&mut key, Catalog::default()).map(|_| ()).unwrap_err();
    assert!(
        matches!(error, RegistrationError::Trust(TrustError::Path(_))),
        "no list has it, so nothing vouches for it: {error}"
    );
}

#[test]
fn the_root_of_another_model_vouches_for_nothing() {
    let mut key = authenticator(Format::Packed);
    let other = Authenticator::new("another vendor", Config { format: Format::Packed, ..Config::default() });
    refused(&mut key, catalog(&json!([entry(&other, &json!({}), &json!([]))])));
}

#[test]
fn the_attestation_certificate_itself_may_be_the_anchor() {
    let mut key = authenticator(Format::Packed);
    let leaf = json!({"attestationRootCertificates": [standard_base64(&key.attestation_certificate())]});
    let listed = catalog(&json!([entry(&key, &leaf, &json!([]))]));
    assert!(register(&mut key, listed).unwrap().attestation.is_trusted());
}

#[test]
fn a_revoked_model_is_refused_from_the_day_that_it_is() {
    let mut key = authenticator(Format::Packed);
    let revoked = |day: &str| json!([{"status": "REVOKED", "effectiveDate": day}]);
    assert_eq!(reason(&mut key, &json!({}), &revoked("2026-06-01")), "REVOKED since 2026-06-01");
    let tomorrow = catalog(&json!([entry(&key, &json!({}), &revoked("2026-06-02"))]));
    assert!(register(&mut key, tomorrow).is_ok());
}

/// A report of a compromised certificate.
fn compromise(status: &str, member: &str, certificate: &[u8]) -> Value {
    json!([{"status": status, "effectiveDate": "2026-01-01", member: standard_base64(certificate)}])
}

#[test]
fn a_compromised_root_refuses_what_it_issued() {
    let mut key = authenticator(Format::Packed);
    let (status, refused) = ("ATTESTATION_KEY_COMPROMISE", "ATTESTATION_KEY_COMPROMISE since 2026-01-01");
    // Another root, even one of the same name.
    let other = Authenticator::new("another root", Config { format: Format::Packed, ..Config::default() });
    let other = compromise(status, "certificate", &other.anchors()[0]);
    let listed = catalog(&json!([entry(&key, &json!({}), &other)]));
    assert!(register(&mut key, listed).is_ok());
    let root = key.anchors().remove(0);
    let of_root = compromise(status, "certificate", &root);
    assert_eq!(reason(&mut key, &json!({}), &of_root), refused);

    // Of a credential that was registered earlier, the path may have been stored with or without its root.
    let policy = Policy::default();
    let list = |reports: &Value| catalog(&json!([entry(&key, &json!({}), reports)]));
    let (before, after) = (list(&json!([])), list(&of_root));
    let leaf = key.attestation_certificate();
    let read = |der: &[u8]| Certificate::from_der(der).unwrap();
    let path = |authority: Certificate| vec![read(&leaf), authority];
    let authority = {
        let policy = AttestationPolicy::default().all_formats();
        let mut key = key.clone();
        let registered = register_by(policy, &mut key, &StaticAnchors::none()).unwrap();
        read(&registered.attestation.trust_path[1])
    };
    let reasons = |certificates: Vec<Certificate>, after: &Catalog| {
        let stored = StoredCredential { key: 7, model: ModelId::Aaguid(aaguid()), certificates };
        let affected = policy.affected(&before, after, [stored], NOW);
        affected[0].after.refusals().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(reasons(vec![read(&leaf), authority.clone(), read(&root)], &after), [refused]);
    let unknown = format!("{refused}, for one batch; the batch of the authenticator is unknown");
    assert_eq!(reasons(path(authority.clone()), &after), [unknown.as_str()]);
    let of_authority = list(&compromise(status, "certificate", authority.der()));
    assert_eq!(reasons(path(authority.clone()), &of_authority), [refused]);
    assert_eq!(reasons(vec![read(&leaf)], &of_authority), [unknown.as_str()], "issued by its name");
}

#[test]
fn a_remote_compromise_of_one_batch_refuses_no_other() {
    let mut key = authenticator(Format::Packed);
    let other = Authenticator::new("another batch", Config { format: Format::Packed, ..Config::default() });
    let (this, other) = (key.attestation_certificate(), other.attestation_certificate());
    for status in ["USER_KEY_REMOTE_COMPROMISE", "USER_KEY_PHYSICAL_COMPROMISE", "USER_VERIFICATION_BYPASS"] {
        let listed =
            |reports: &Value| catalog(&json!([entry(&authenticator(Format::Packed), &json!({}), reports)]));
        let refused = format!("{status} since 2026-01-01");
        let of = |member, certificate: &[u8]| compromise(status, member, certificate);
        assert!(register(&mut key, listed(&of("batchCertificate", &other))).is_ok(), "{status}");
        assert_eq!(reason(&mut key, &json!({}), &of("batchCertificate", &this)), refused);
        // `certificate` limits only the compromise of an attestation key.
        assert_eq!(reason(&mut key, &json!({}), &of("certificate", &other)), refused);
    }
    let revoked = compromise("REVOKED", "batchCertificate", &other);
    assert_eq!(reason(&mut key, &json!({}), &revoked), "REVOKED since 2026-01-01");
}

#[test]
fn what_the_statement_does_not_list_is_refused() {
    let mut key = authenticator(Format::Packed);
    assert_eq!(
        reason(&mut key, &json!({"protocolFamily": "u2f"}), &json!([])),
        "the model does not list format packed"
    );
    let formats = json!({"authenticatorGetInfo": {"attestationFormats": ["tpm"]}});
    assert_eq!(reason(&mut key, &formats, &json!([])), "the model does not list format packed");
    assert_eq!(
        reason(&mut key, &json!({"attestationTypes": ["basic_surrogate"]}), &json!([])),
        "the model does not list attestation type basic"
    );
    assert_eq!(
        reason(
            &mut key,
            &json!({"authenticationAlgorithms": ["rsassa_pkcsv15_sha256_raw", "later"]}),
            &json!([])
        ),
        "the model does not list algorithm -7"
    );
}

#[test]
fn what_the_statement_lists_is_accepted() {
    let mut key = authenticator(Format::Packed);
    for statement in [
        json!({"protocolFamily": "fido2", "attestationTypes": ["basic_full"]}),
        json!({"attestationTypes": ["attca"]}),
        json!({"attestationTypes": ["a_later_type"]}),
        json!({"authenticationAlgorithms": ["secp256r1_ecdsa_sha256_raw"]}),
        json!({"authenticationAlgorithms": ["secp256r1_ecdsa_sha256_der", "later"]}),
        json!({"authenticationAlgorithms": ["later"],
               "authenticatorGetInfo": {"algorithms": [{"type": "public-key", "alg": -7}]}}),
        json!({"authenticatorGetInfo": {"attestationFormats": ["tpm", "packed"]}}),
    ] {
        let listed = catalog(&json!([entry(&key, &statement, &json!([]))]));
        assert!(register(&mut key, listed).is_ok(), "{statement}");
    }
}

#[test]
fn a_u2f_model_is_looked_up_by_the_key_of_its_certificate() {
    let mut key = authenticator(Format::FidoU2f);
    let leaf = rp_core::x509::Certificate::from_der(&u2f_certificate(&mut key)).unwrap();
    let identifier = KeyIdentifier::new(leaf.key_identifier());
    let mut by_key = entry(&key, &json!({"protocolFamily": "u2f"}), &json!([]));
    by_key.as_object_mut().unwrap().remove("aaguid");
    by_key["attestationCertificateKeyIdentifiers"] = json!([identifier]);
    assert!(register(&mut key, catalog(&json!([by_key]))).is_ok());

    by_key["statusReports"] = json!([{"status": "REVOKED", "effectiveDate": "2020-01-01"}]);
    let refused = refused(&mut key, catalog(&json!([by_key])));
    assert!(refused.ends_with("REVOKED since 2020-01-01"), "{refused}");
    // An AAGUID that the statement does not sign selects no entry.
    let by_aaguid = entry(&key, &json!({}), &json!([]));
    assert!(register(&mut key, catalog(&json!([by_aaguid]))).is_err());
}

/// The certificate of a U2F authenticator, from an untrusted registration.
fn u2f_certificate(key: &mut Authenticator) -> Vec<u8> {
    let policy = AttestationPolicy::default().all_formats();
    let registered = register_by(policy, key, &StaticAnchors::none()).unwrap();
    registered.attestation.trust_path.first().unwrap().clone()
}

#[test]
fn a_new_list_affects_models_and_stored_credentials() {
    let key = authenticator(Format::Packed);
    let list = |reports: Value| catalog(&json!([entry(&key, &json!({}), &reports)]));
    let before = list(json!([{"status": "FIDO_CERTIFIED_L1", "effectiveDate": "2024-01-01"}]));
    let batch = |certificate: &[u8]| {
        list(json!([
            {"status": "FIDO_CERTIFIED_L1", "effectiveDate": "2024-01-01"},
            {"status": "ATTESTATION_KEY_COMPROMISE", "effectiveDate": "2026-01-01",
             "certificate": standard_base64(certificate)}
        ]))
    };
    let policy = Policy::default();
    let leaf = key.attestation_certificate();
    let certificate = rp_core::x509::Certificate::from_der(&leaf).unwrap();
    let stored = |certificates| StoredCredential { key: 7, model: ModelId::Aaguid(aaguid()), certificates };

    let affected = policy.affected(&before, &batch(&leaf), [stored(vec![certificate.clone()])], NOW);
    assert_eq!(affected.iter().map(|one| one.key).collect::<Vec<_>>(), [7]);
    assert!(affected[0].before.is_accepted() && !affected[0].after.is_accepted());
    // Another batch has another status, and is still accepted.
    let other = Authenticator::new("another batch", Config { format: Format::Packed, ..Config::default() });
    let after = batch(&other.attestation_certificate());
    let affected = policy.affected(&before, &after, [stored(vec![certificate])], NOW);
    assert!(affected[0].after.is_accepted());
    // Without a stored certificate the batch is unknown.
    let affected = policy.affected(&before, &after, [stored(Vec::new())], NOW);
    assert!(!affected[0].after.is_accepted());

    let changes = policy.changes(&before, &after, NOW);
    assert_eq!(changes.len(), 1);
    assert!(changes[0].is_now_refused());
    assert!(policy.changes(&before, &before, NOW).is_empty());
}

#[test]
fn the_policy_of_the_example_is_read() {
    let policy: Policy = serde_json::from_str(include_str!("../../../mds/examples/policy.json")).unwrap();
    assert_eq!(policy.minimum_certification, Some(rp_mds::CertificationLevel::L1));
}

/// Registers without requiring trust. Returns the typed distrust, if any.
pub(crate) fn distrust(key: &mut Authenticator, catalog: Catalog, policy: &Policy) -> Option<Distrust> {
    let accept_all = AttestationPolicy::default().all_formats();
    match register_by(accept_all, key, &MetadataTrust::fixed(catalog, policy.clone())) {
        Ok(_) => None,
        Err(RegistrationError::Trust(TrustError::Distrusted { reason, .. })) => Some(reason),
        Err(error) => panic!("{error}"),
    }
}

/// Attestation that is not trusted, self attestation, and none: all claim the AAGUID and prove nothing.
fn unproven() -> [Authenticator; 3] {
    [Format::AndroidKey, Format::PackedSelf, Format::None].map(authenticator)
}

/// An entry without anchors.
fn entry_without_anchors(reports: &Value) -> Catalog {
    catalog(&json!([{"aaguid": aaguid(), "statusReports": reports}]))
}

#[test]
fn the_policy_applies_to_statements_that_prove_nothing() {
    for mut key in unproven() {
        let listed = |reports: Value| entry_without_anchors(&reports);
        let mut distrust =
            |catalog, policy: &Policy| distrust(&mut key, catalog, policy).map(|reason| reason.code());
        let default = Policy::default();
        assert_eq!(distrust(listed(json!([])), &default), None);
        let revoked = json!([{"status": "REVOKED", "effectiveDate": "2026-01-01"}]);
        assert_eq!(distrust(listed(revoked), &default), Some("revoked"));
        let compromised = json!([{"status": "USER_KEY_REMOTE_COMPROMISE", "effectiveDate": "2026-01-01"}]);
        assert_eq!(distrust(listed(compromised), &default), Some("compromised"));
        let denied = Policy { deny: vec![aaguid().into()], ..Policy::default() };
        assert_eq!(distrust(Catalog::default(), &denied), Some("denied"));
        let refuse = Policy { unlisted: Severity::Refuse, ..Policy::default() };
        assert_eq!(distrust(Catalog::default(), &refuse), Some("unlisted"));
        assert_eq!(distrust(listed(json!([])), &refuse), None);
        // A claimed model is not an allowed model.
        let allowed = Policy { allow: vec![aaguid().into()], ..Policy::default() };
        assert_eq!(distrust(listed(json!([])), &allowed), Some("not-allowed"));
    }
}

#[test]
fn a_statement_without_an_aaguid_is_not_of_a_listed_model() {
    let config = Config { format: Format::None, aaguid: [0; 16], ..Config::default() };
    let mut key = Authenticator::new("no model", config);
    let refuse = Policy { unlisted: Severity::Refuse, ..Policy::default() };
    let code = |reason: Option<Distrust>| reason.map(|reason| reason.code());
    assert_eq!(code(distrust(&mut key, Catalog::default(), &refuse)), Some("unlisted"));
    assert_eq!(code(distrust(&mut key, Catalog::default(), &Policy::default())), None);
    let allowed = Policy { allow: vec![aaguid().into()], ..Policy::default() };
    assert_eq!(code(distrust(&mut key, Catalog::default(), &allowed)), Some("not-allowed"));
}

#[test]
fn self_attestation_of_a_model_that_does_not_list_it_is_refused() {
    let mut key = authenticator(Format::PackedSelf);
    let types = |types: Value| {
        catalog(&json!([{"aaguid": aaguid(), "metadataStatement": {"attestationTypes": types}}]))
    };
    let reason = distrust(&mut key, types(json!(["basic_full"])), &Policy::default()).unwrap();
    assert_eq!(reason.code(), "unexpected-statement");
    assert_eq!(reason.to_string(), "the model does not list attestation type self");
    let both = types(json!(["basic_full", "basic_surrogate"]));
    assert_eq!(distrust(&mut key, both, &Policy::default()), None);
}

#[test]
fn reasons_are_typed_and_the_gravest_comes_first() {
    let mut key = authenticator(Format::Packed);
    let reports = json!([
        {"status": "FIDO_CERTIFIED_L1", "effectiveDate": "2025-01-01"},
        {"status": "REVOKED", "effectiveDate": "2026-01-01"}
    ]);
    let listed = catalog(&json!([entry(&key, &json!({}), &reports)]));
    let policy = Policy {
        minimum_certification: Some(CertificationLevel::L2),
        deny: vec![aaguid().into()],
        ..Policy::default()
    };
    let reason = distrust(&mut key, listed, &policy).unwrap();
    let codes: Vec<_> = reason.reasons().iter().map(Distrust::code).collect();
    assert_eq!(codes, ["revoked", "denied"], "the level is checked with the path");
    assert!(matches!(&reason.reasons()[0], Distrust::Revoked { since: Some(since), .. }
        if *since == "2026-01-01".parse::<rp_mds::Date>().unwrap().start()));
}
