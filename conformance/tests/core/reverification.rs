//! Re-verification of stored registrations with another policy, other anchors or another time.
#![expect(clippy::unwrap_used, reason = "tests")]

use rp_conformance::authenticator::{Authenticator, Config, Format as Statement, Path};
use rp_core::options::AttestationConveyancePreference;
use rp_core::trust::{RevocationLists, TrustError};
use rp_core::x509::{Crl, PathError};
use rp_core::{
    Algorithm, AttestationPolicy, AttestationType, Code, CredentialRecord, Format, Profile,
    RegistrationResponse, RelyingParty, ReverificationError, StaticAnchors, StoredAttestation, Timestamp,
    TrustAnchor, User, UserHandle,
};

fn rp(policy: AttestationPolicy) -> RelyingParty {
    rp_of(policy, Profile::Webauthn)
}

fn rp_of(policy: AttestationPolicy, profile: Profile) -> RelyingParty {
    RelyingParty::builder("example.org")
        .origin("https://example.org")
        .algorithms([Algorithm::Es256])
        .attestation(AttestationConveyancePreference::Direct)
        .attestation_policy(policy)
        .profile(profile)
        .build()
        .unwrap()
}

/// A record that was stored at registration, and the anchors of its authenticator.
fn stored(statement: Statement) -> (CredentialRecord, StaticAnchors, Timestamp) {
    let config = Config { format: statement, ..Config::default() };
    let now = config.now;
    stored_by(Authenticator::new("reverification", config), now)
}

fn stored_by(
    mut authenticator: Authenticator,
    now: Timestamp,
) -> (CredentialRecord, StaticAnchors, Timestamp) {
    let anchors: Vec<_> =
        authenticator.anchors().iter().map(|der| TrustAnchor::from_der(der).unwrap()).collect();
    let rp = rp(AttestationPolicy::default().all_formats());
    let handle = UserHandle::try_from(&b"kim"[..]).unwrap();
    let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
    let (options, pending) = rp.start_registration(&user, &[], now).unwrap();
    let options = serde_json::to_value(&options).unwrap();
    let response = authenticator.create(&options, "https://example.org").unwrap();
    let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
    let registered = rp.finish_registration(pending, &response, &StaticAnchors::none(), now).unwrap();
    assert!(!registered.credential.attestation.trusted);
    (registered.credential, StaticAnchors::new(anchors), now)
}

#[test]
fn a_registration_becomes_trusted_when_its_anchor_is_known() {
    for statement in [
        Statement::Packed,
        Statement::FidoU2f,
        Statement::Tpm,
        Statement::AndroidKey,
        Statement::Apple,
        Statement::Compound,
    ] {
        let (mut record, anchors, now) = stored(statement);
        let rp = rp(AttestationPolicy::default().require_trusted());
        let refused = rp.reverify_registration(&record, &StaticAnchors::none(), now, now).unwrap_err();
        assert_eq!(refused.code(), Some(Code::AttestationUntrusted), "{statement:?}");
        let attestation = rp.reverify_registration(&record, &anchors, now, now).unwrap();
        assert!(attestation.is_trusted(), "{statement:?}");
        record.attestation = StoredAttestation::from(&attestation);
        assert!(record.attestation.trusted);
    }
}

#[test]
fn a_model_that_was_denied_since_is_refused_with_its_name() {
    let (record, anchors, now) = stored(Statement::Packed);
    let denied = rp(AttestationPolicy::default().deny_models([record.aaguid]));
    let refused = denied.reverify_registration(&record, &anchors, now, now).unwrap_err();
    assert_eq!(refused, ReverificationError::Trust(TrustError::Model { aaguid: Some(record.aaguid) }));
}

#[test]
fn a_format_that_is_not_accepted_any_more_is_refused() {
    let (record, anchors, now) = stored(Statement::Packed);
    let refused = rp(AttestationPolicy::default().formats([Format::Tpm]))
        .reverify_registration(&record, &anchors, now, now)
        .unwrap_err();
    assert_eq!(refused.code(), Some(Code::UnsupportedAttestationFormat));
}

#[test]
fn reverification_reports_expiry_or_uses_the_old_time() {
    let (record, anchors, then) = stored(Statement::Packed);
    let rp = rp(AttestationPolicy::default());
    let in_a_century = Timestamp::from_unix_seconds(then.as_unix_seconds() + 100 * 366 * 86_400);
    let late = rp.reverify_registration(&record, &anchors, in_a_century, in_a_century).unwrap();
    assert_eq!(late.trust.unwrap_err().code(), Code::CertificateExpired);
    assert!(rp.reverify_registration(&record, &anchors, then, in_a_century).unwrap().is_trusted());
}

#[test]
fn certificates_are_judged_at_registration_and_crls_now() {
    let config = Config { format: Statement::Packed, path: Path::Leaf, ..Config::default() };
    let then = config.now;
    let authenticator = Authenticator::new("reverification", config);
    let (record, anchors, _) = stored_by(authenticator.clone(), then);
    let years = |years: i64| Timestamp::from_unix_seconds(then.as_unix_seconds() + years * 366 * 86_400);
    let rp = rp(AttestationPolicy::default());
    let reverified = |this_update, next_update| {
        let crl = Crl::from_der(&authenticator.crl(this_update, next_update, &[])).unwrap();
        let lists = RevocationLists::default().with_crls([crl]).require_crls();
        let source = anchors.clone().with_revocation(lists);
        rp.reverify_registration(&record, &source, then, years(100)).unwrap().trust.map(|_| ())
    };
    assert_eq!(reverified(years(99), years(101)), Ok(()));
    let error = reverified(then, years(1)).unwrap_err();
    assert!(matches!(error, TrustError::Path(PathError::RevocationUnknown { .. })), "{error}");
}

#[test]
fn a_record_without_its_attestation_is_an_error() {
    let (record, anchors, now) = stored(Statement::Packed);
    let rp = rp(AttestationPolicy::default());
    let imported = CredentialRecord { attestation_object: None, ..record.clone() };
    let error = rp.reverify_registration(&imported, &anchors, now, now).unwrap_err();
    assert_eq!(error, ReverificationError::NotKept { member: "attestationObject" });
    assert_eq!((error.to_string(), error.code()), ("the record has no attestationObject".into(), None));
    let imported = CredentialRecord { attestation_client_data_json: None, ..record };
    let error = rp.reverify_registration(&imported, &anchors, now, now).unwrap_err();
    assert_eq!(error, ReverificationError::NotKept { member: "attestationClientDataJSON" });
}

#[test]
fn an_attestation_of_another_credential_is_refused() {
    let (record, anchors, now) = stored(Statement::Packed);
    let config = Config { format: Statement::PackedSelf, ..Config::default() };
    let (other, ..) = stored_by(Authenticator::new("other", config), now);
    let rp = rp(AttestationPolicy::default());
    let refused = |change: &dyn Fn(&mut CredentialRecord)| {
        let mut record = record.clone();
        change(&mut record);
        rp.reverify_registration(&record, &anchors, now, now).unwrap_err()
    };
    let other_credential = |member| ReverificationError::OtherCredential { member };
    let mut id = record.id.as_bytes().to_vec();
    id[0] ^= 1;
    let id = rp_core::CredentialId::try_from(&id[..]).unwrap();
    assert_eq!(refused(&|record| record.id = id.clone()), other_credential("credential ID"));
    let mut key = record.public_key.clone();
    key.0[40] ^= 1;
    assert_eq!(refused(&|record| record.public_key = key.clone()), other_credential("public key"));
    assert_eq!(refused(&|record| record.aaguid = rp_core::Aaguid::ZERO), other_credential("AAGUID"));
    let object = other.attestation_object;
    let error = refused(&|record| record.attestation_object.clone_from(&object));
    assert_eq!(error, other_credential("credential ID"));
    let elsewhere = RelyingParty::builder("example.net").origin("https://example.net").build().unwrap();
    let error = elsewhere.reverify_registration(&record, &anchors, now, now).unwrap_err();
    assert_eq!(error, other_credential("RP ID"));
}

#[test]
fn client_data_that_were_altered_in_the_store_do_not_verify() {
    let (record, anchors, now) = stored(Statement::Packed);
    let mut altered = record.clone();
    altered.attestation_client_data_json.as_mut().unwrap().0.push(b' ');
    let refused =
        rp(AttestationPolicy::default()).reverify_registration(&altered, &anchors, now, now).unwrap_err();
    assert_eq!(refused.code(), Some(Code::AttestationInvalid));
}

#[test]
fn reverification_ignores_the_age_of_a_safetynet_response() {
    let (record, anchors, then) = stored(Statement::AndroidSafetyNet);
    let rp = rp_of(AttestationPolicy::default().all_formats(), Profile::Fido);
    let next_week = Timestamp::from_unix_seconds(then.as_unix_seconds() + 7 * 86_400);
    let attestation = rp.reverify_registration(&record, &anchors, then, next_week).unwrap();
    assert_eq!(attestation.r#type, AttestationType::Basic);
    assert!(attestation.is_trusted());
}

#[test]
fn a_batch_has_the_results_of_its_records_in_their_order() {
    let formats = [Statement::Packed, Statement::Tpm, Statement::None, Statement::Apple, Statement::FidoU2f];
    let rp = rp(AttestationPolicy::default().require_trusted());
    for anchored in [Statement::Packed, Statement::Apple] {
        let (_, anchors, now) = stored(anchored);
        let records: Vec<_> = formats.iter().cycle().take(23).map(|format| stored(*format).0).collect();
        let at = |record: &CredentialRecord| {
            let is_packed = record.attestation.format == Format::Packed;
            if is_packed { Timestamp::from_unix_seconds(0) } else { now }
        };
        let verdict = |result: Result<rp_core::Attestation, ReverificationError>| {
            result.map(|attestation| StoredAttestation::from(&attestation)).map_err(|error| error.to_string())
        };
        let one_by_one: Vec<_> = records
            .iter()
            .map(|record| verdict(rp.reverify_registration(record, &anchors, at(record), now)))
            .collect();
        let batch = rp.reverify_registrations(&records, &anchors, at, now).into_iter().map(verdict);
        assert_eq!(batch.collect::<Vec<_>>(), one_by_one);
        assert_ne!(one_by_one[0], one_by_one[1]);
    }
}
