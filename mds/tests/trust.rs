//! Metadata as the trust source of registrations, from options to verdict.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use rp_conformance::Authenticator;
use rp_conformance::authenticator::{Config, Format};
use rp_core::attestation::AttestationPolicy;
use rp_core::options::AttestationConveyancePreference;
use rp_core::trust::TrustError;
use rp_core::{
    Aaguid, Algorithm, Code, Registered, RegistrationError, RegistrationResponse, RelyingParty,
    StaticAnchors, Timestamp, TrustSource, User, UserHandle,
};
use rp_mds::{Catalog, Keep, KeyIdentifier, Metadata, MetadataTrust, Model, Policy, StoredCredential};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000);

fn authenticator(format: Format) -> Authenticator {
    Authenticator::new("mds trust", Config { format, ..Config::default() })
}

fn aaguid() -> Aaguid {
    Aaguid::new(Config::default().aaguid)
}

fn standard_base64(bytes: &[u8]) -> String {
    // Either alphabet is read.
    rp_core::base64url::encode(bytes)
}

/// An entry that vouches for the authenticator, with the members of its statement that a test sets.
fn entry(authenticator: &Authenticator, statement: &Value, reports: &Value) -> Value {
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

fn catalog(entries: &Value) -> Catalog {
    Catalog::of("FIDO", Metadata::from_own_entries(entries.to_string().as_bytes(), Keep::LEAN).unwrap())
}

fn register(authenticator: &mut Authenticator, catalog: Catalog) -> Result<Registered, RegistrationError> {
    let policy = AttestationPolicy::default().all_formats().require_trusted();
    register_by(policy, authenticator, &MetadataTrust::fixed(catalog, Policy::default()))
}

fn register_by(
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
    let (options, pending) = rp.start_registration(&user, &[]).unwrap();
    let options = serde_json::to_value(&options).unwrap();
    let response = authenticator.create(&options, "https://example.org").unwrap();
    let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
    rp.finish_registration(pending, &response, trust, NOW)
}

/// Why the registration was refused, in words.
fn refused(authenticator: &mut Authenticator, catalog: Catalog) -> String {
    let error = register(authenticator, catalog).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), Code::AttestationUntrusted, "{error}");
    error.to_string()
}

fn reason(authenticator: &mut Authenticator, statement: &Value, reports: &Value) -> String {
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
    let unreadable = json!([{"status": "ATTESTATION_KEY_COMPROMISE", "effectiveDate": "2026-01-01",
                             "certificate": "*"}]);
    assert_eq!(reason(&mut key, &json!({}), &unreadable), "ATTESTATION_KEY_COMPROMISE since 2026-01-01");
}

#[test]
fn what_the_statement_does_not_list_is_refused() {
    let mut key = authenticator(Format::Packed);
    assert_eq!(
        reason(&mut key, &json!({"protocolFamily": "u2f"}), &json!([])),
        "the statement does not list the format packed"
    );
    let formats = json!({"authenticatorGetInfo": {"attestationFormats": ["tpm"]}});
    assert_eq!(reason(&mut key, &formats, &json!([])), "the statement does not list the format packed");
    assert_eq!(
        reason(&mut key, &json!({"attestationTypes": ["basic_surrogate"]}), &json!([])),
        "the statement lists attestation basic_surrogate, not basic"
    );
    assert_eq!(
        reason(
            &mut key,
            &json!({"authenticationAlgorithms": ["rsassa_pkcsv15_sha256_raw", "later"]}),
            &json!([])
        ),
        "the statement lists algorithms rsassa_pkcsv15_sha256_raw, later, not -7"
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
    // An AAGUID that the statement does not sign leads nowhere.
    let by_aaguid = entry(&key, &json!({}), &json!([]));
    assert!(register(&mut key, catalog(&json!([by_aaguid]))).is_err());
}

/// The certificate that a U2F authenticator sends, taken from a registration that nobody trusts.
fn u2f_certificate(key: &mut Authenticator) -> Vec<u8> {
    let policy = AttestationPolicy::default().all_formats();
    let registered = register_by(policy, key, &StaticAnchors::none()).unwrap();
    registered.attestation.trust_path.first().unwrap().clone()
}

#[test]
fn a_new_list_tells_models_and_stored_credentials_that_it_concerns() {
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
    let stored = |certificates| StoredCredential { key: 7, model: Model::Aaguid(aaguid()), certificates };

    let affected = policy.affected(&before, &batch(&leaf), [stored(vec![certificate.clone()])], NOW);
    assert_eq!(affected.iter().map(|one| one.key).collect::<Vec<_>>(), [7]);
    assert!(affected[0].before.is_accepted() && !affected[0].after.is_accepted());
    // Of another batch: its status is another, and it is accepted still.
    let other = Authenticator::new("another batch", Config { format: Format::Packed, ..Config::default() });
    let after = batch(&other.attestation_certificate());
    let affected = policy.affected(&before, &after, [stored(vec![certificate])], NOW);
    assert!(affected[0].after.is_accepted());
    // Where no certificate was kept nobody knows the batch.
    let affected = policy.affected(&before, &after, [stored(Vec::new())], NOW);
    assert!(!affected[0].after.is_accepted());

    let changes = policy.changes(&before, &after, NOW);
    assert_eq!(changes.len(), 1);
    assert!(changes[0].is_now_refused());
    assert!(policy.changes(&before, &before, NOW).is_empty());
}
