//! rp-core's options through the software authenticator and back: whole ceremonies over the public API of both.

use rp_conformance::authenticator::{Authenticator, ClientError, Config, Fault, Format, Page, Verification};
use rp_core::options::{CredentialCreationOptions, ResidentKeyRequirement, UserVerificationRequirement};
use rp_core::trust::TrustError;
use rp_core::{
    AllowedCredentials, AttestationPolicy, Authenticated, AuthenticationError, AuthenticationResponse, Code,
    CredentialRecord, PendingRegistration, Registered, RegistrationError, RegistrationResponse, RelyingParty,
    RelyingPartyBuilder, StaticAnchors, Timestamp, TrustAnchor, User, UserHandle,
};
use serde_json::Value;

const ORIGIN: &str = "https://example.org";

fn builder() -> RelyingPartyBuilder {
    RelyingParty::builder("example.org").name("Example").origin(ORIGIN)
}

fn user() -> User {
    User {
        handle: UserHandle::try_from(&b"kim"[..]).unwrap(),
        name: "kim".into(),
        display_name: "Kim".into(),
    }
}

fn value(options: &impl serde::Serialize) -> Value {
    serde_json::to_value(options).unwrap()
}

fn finish(
    rp: &RelyingParty,
    key: &mut Authenticator,
    (options, pending): (CredentialCreationOptions, PendingRegistration),
) -> Result<Registered, RegistrationError> {
    let response = key.create(&value(&options), ORIGIN).unwrap();
    let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
    let anchors: Vec<_> = key.anchors().iter().map(|der| TrustAnchor::from_der(der).unwrap()).collect();
    rp.finish_registration(pending, &response, &StaticAnchors::new(anchors), key.config.now)
}

fn register(rp: &RelyingParty, key: &mut Authenticator) -> CredentialRecord {
    finish(rp, key, rp.start_registration(&user(), &[], Timestamp::now()).unwrap()).unwrap().credential
}

fn authenticate(
    rp: &RelyingParty,
    key: &mut Authenticator,
    allow: AllowedCredentials,
    credential: &CredentialRecord,
) -> Result<Authenticated, AuthenticationError> {
    let (options, pending) = rp.start_authentication(allow, Timestamp::now()).unwrap();
    let response = key.get(&value(&options), ORIGIN).unwrap();
    let response = AuthenticationResponse::from_json(response.as_bytes()).unwrap();
    rp.finish_authentication(pending, &response, credential, Timestamp::now())
}

#[test]
fn a_passkey_is_made_and_signs_in_by_itself() {
    let (rp, mut key) = (builder().build().unwrap(), Authenticator::new("passkey", Config::default()));
    let mut record = register(&rp, &mut key);
    assert_eq!(record.sign_count, 7);
    for count in 8..11 {
        let authenticated = authenticate(&rp, &mut key, AllowedCredentials::discoverable(), &record).unwrap();
        authenticated.update.apply(&mut record);
        assert_eq!(record.sign_count, count);
    }
}

#[test]
fn a_security_key_is_made_and_signs_in_for_a_named_account() {
    let rp = builder().resident_key(ResidentKeyRequirement::Discouraged).build().unwrap();
    let mut key = Authenticator::new("security key", Config::default());
    let record = register(&rp, &mut key);
    let (options, _) = rp.start_authentication(AllowedCredentials::discoverable(), Timestamp::now()).unwrap();
    assert_eq!(key.get(&value(&options), ORIGIN), Err(ClientError::NoCredential));
    let allow = AllowedCredentials::account(record.user_handle.clone(), std::slice::from_ref(&record));
    assert_eq!(authenticate(&rp, &mut key, allow, &record).unwrap().update.sign_count, 8);
}

#[test]
fn a_key_that_the_account_has_is_not_registered_again() {
    let (rp, mut key) = (builder().build().unwrap(), Authenticator::new("twice", Config::default()));
    let record = register(&rp, &mut key);
    let (options, _) = rp.start_registration(&user(), &[record], Timestamp::now()).unwrap();
    assert_eq!(key.create(&value(&options), ORIGIN), Err(ClientError::Excluded));
}

#[test]
fn without_a_named_account_a_missing_user_handle_is_refused() {
    let (rp, mut key) = (builder().build().unwrap(), Authenticator::new("handle", Config::default()));
    let record = register(&rp, &mut key);
    key.config.fault = Some(Fault::UserHandleMissing);
    let error = authenticate(&rp, &mut key, AllowedCredentials::discoverable(), &record).unwrap_err();
    assert_eq!(error, AuthenticationError::UserHandleMissing);
    assert_eq!(error.code(), Fault::UserHandleMissing.expected_code());
}

#[test]
fn conditional_create_goes_on_without_its_user() {
    let rp = builder().user_verification(UserVerificationRequirement::Required).build().unwrap();
    let config = Config { presence: false, verification: Verification::Never, ..Config::default() };
    let mut key = Authenticator::new("conditional", config);
    let user = user();
    let started = rp.registration(&user).conditional().start(Timestamp::now()).unwrap();
    let registered = finish(&rp, &mut key, started).unwrap();
    assert!(!registered.flags.user_present() && !registered.flags.user_verified());

    let started = rp
        .registration(&user)
        .user_verification(UserVerificationRequirement::Preferred)
        .start(Timestamp::now())
        .unwrap();
    assert_eq!(finish(&rp, &mut key, started).unwrap_err().code(), Code::UserNotPresent);
}

#[test]
fn a_statement_is_trusted_by_its_own_root_and_by_no_other() {
    let policy = AttestationPolicy::default().require_trusted();
    let rp = builder()
        .attestation(rp_core::options::AttestationConveyancePreference::Direct)
        .attestation_policy(policy)
        .build()
        .unwrap();
    let config = Config { format: Format::Packed, ..Config::default() };
    let mut key = Authenticator::new("attested", config.clone());
    let registered =
        finish(&rp, &mut key, rp.start_registration(&user(), &[], Timestamp::now()).unwrap()).unwrap();
    assert!(registered.attestation.is_trusted());

    let (options, pending) = rp.start_registration(&user(), &[], Timestamp::now()).unwrap();
    let mut stranger = Authenticator::new("attested by another root", config);
    let response = stranger.create(&value(&options), ORIGIN).unwrap();
    let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
    let anchors: Vec<_> = key.anchors().iter().map(|der| TrustAnchor::from_der(der).unwrap()).collect();
    let judged = rp.finish_registration(pending, &response, &StaticAnchors::new(anchors), key.config.now);
    assert_eq!(judged.unwrap_err().code(), Code::AttestationUntrusted);
}

/// The first registration with a key of this format, by a policy; its own root is trusted.
fn judged_by(policy: AttestationPolicy, format: Format) -> Result<Registered, RegistrationError> {
    let rp = builder()
        // The only algorithm of U2F
        .algorithms([rp_core::Algorithm::Es256])
        .attestation(rp_core::options::AttestationConveyancePreference::Direct)
        .attestation_policy(policy)
        .build()
        .unwrap();
    let mut key = Authenticator::new("judged", Config { format, ..Config::default() });
    finish(&rp, &mut key, rp.start_registration(&user(), &[], Timestamp::now()).unwrap())
}

#[test]
fn required_trust_rejects_none_and_self_attestation() {
    let policy = || AttestationPolicy::default().require_trusted();
    assert!(judged_by(policy(), Format::Packed).unwrap().attestation.is_trusted());
    for (format, expected) in
        [(Format::None, TrustError::None), (Format::PackedSelf, TrustError::SelfAttestation)]
    {
        assert!(!judged_by(AttestationPolicy::default(), format).unwrap().attestation.is_trusted());
        let error = judged_by(policy(), format).unwrap_err();
        assert_eq!((error.code(), error), (Code::AttestationUntrusted, RegistrationError::Trust(expected)));
    }
}

#[test]
fn a_list_of_models_rejects_a_statement_that_proves_none() {
    let model = judged_by(AttestationPolicy::default(), Format::Packed).unwrap().credential.aaguid;
    let policy = || AttestationPolicy::default().allow_models([model]);
    assert_eq!(judged_by(policy(), Format::Packed).unwrap().attestation.model, Some(model));
    // The same AAGUID without a proof: a U2F statement does not sign it.
    for (format, expected) in [
        (Format::None, TrustError::None),
        (Format::PackedSelf, TrustError::SelfAttestation),
        (Format::FidoU2f, TrustError::Model { aaguid: None }),
    ] {
        assert_eq!(judged_by(policy(), format).unwrap_err(), RegistrationError::Trust(expected));
    }
}

#[test]
fn a_frame_is_accepted_where_its_page_is() {
    let rp = builder().allow_cross_origin().top_origin("https://top.example").build().unwrap();
    let mut key = Authenticator::new("frame", Config::default());
    for (top_origin, expected) in
        [("https://top.example", None), ("https://other.example", Some(Code::TopOriginMismatch))]
    {
        let (options, pending) = rp.start_registration(&user(), &[], Timestamp::now()).unwrap();
        let response = key.create(&value(&options), Page::framed(ORIGIN, top_origin)).unwrap();
        let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
        let judged = rp.finish_registration(pending, &response, &StaticAnchors::none(), Timestamp::now());
        assert_eq!(judged.err().map(|error| error.code()), expected);
    }
}
