//! Behaviours of a conforming server that no fault of the software authenticator shows: options, valid authentications,
//! and the binding of a ceremony to its account.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::slice::from_ref;

use rp_conformance::authenticator::{Authenticator, Backup, Config, Counter, Verification};
use rp_core::extensions::{AuthenticationExtensionInputs, RegistrationExtensionInputs};
use rp_core::options::{
    AttestationConveyancePreference, AuthenticatorAttachment, PublicKeyCredentialHint,
    ResidentKeyRequirement, UserVerificationRequirement,
};
use rp_core::{
    AllowedCredentials, Authenticated, AuthenticationError, AuthenticationResponse, BackupPolicy, Code,
    CounterPolicy, CredentialRecord, Format, Registered, RegistrationError, RegistrationResponse,
    RelyingParty, RelyingPartyBuilder, StaticAnchors, Timestamp, User, UserHandle,
};
use serde_json::{Value, json};

const ORIGIN: &str = "https://example.org";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000);

fn builder() -> RelyingPartyBuilder {
    RelyingParty::builder("example.org").name("Example").origin(ORIGIN)
}

fn rp() -> RelyingParty {
    builder().build().unwrap()
}

fn user(name: &str) -> User {
    let handle = UserHandle::try_from(name.as_bytes()).unwrap();
    User { handle, name: name.into(), display_name: name.to_uppercase() }
}

/// Registers a credential with a changed response.
fn register(
    rp: &RelyingParty,
    key: &mut Authenticator,
    user: &User,
    change: impl FnOnce(&mut Value),
) -> Result<Registered, RegistrationError> {
    let (options, pending) = rp.start_registration(user, &[], NOW).unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    let mut response = serde_json::from_str(&key.create(&options, ORIGIN).unwrap()).unwrap();
    change(&mut response);
    let response = RegistrationResponse::from_json(response.to_string().as_bytes()).unwrap();
    rp.finish_registration(pending, &response, &StaticAnchors::none(), NOW)
}

fn registered(key: &mut Authenticator, name: &str) -> CredentialRecord {
    register(&builder().build().unwrap(), key, &user(name), |_| {}).unwrap().credential
}

/// Authenticates with a changed response.
fn authenticate(
    rp: &RelyingParty,
    key: &mut Authenticator,
    allow: AllowedCredentials,
    record: &CredentialRecord,
    change: impl FnOnce(&mut Value),
) -> Result<Authenticated, AuthenticationError> {
    let (options, pending) = rp.start_authentication(allow, NOW).unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    let mut response = serde_json::from_str(&key.get(&options, ORIGIN).unwrap()).unwrap();
    change(&mut response);
    let response = AuthenticationResponse::from_json(response.to_string().as_bytes()).unwrap();
    rp.finish_authentication(pending, &response, record, NOW)
}

fn allow(record: &CredentialRecord) -> AllowedCredentials {
    AllowedCredentials::account(record.user_handle.clone(), from_ref(record))
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

#[test]
fn registration_options_have_exactly_the_requested_members() {
    let kim = user("kim");
    let record = registered(&mut Authenticator::new("options", Config::default()), "kim");
    let (options, pending) =
        builder().build().unwrap().start_registration(&kim, from_ref(&record), NOW).unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    assert!(!has_null(&options));
    assert_eq!(options["rp"], json!({"id": "example.org", "name": "Example"}));
    assert_eq!(options["user"], json!({"id": "a2lt", "name": "kim", "displayName": "KIM"}));
    assert_eq!(options["challenge"], rp_core::base64url::encode(pending.challenge().as_bytes()));
    assert_eq!(pending.challenge().as_bytes().len(), 32);
    assert_eq!(options["timeout"], 300_000);
    assert_eq!(options["excludeCredentials"][0]["id"], record.id.to_string());
    assert_eq!(options["pubKeyCredParams"][0], json!({"type": "public-key", "alg": -8}));
    for left_out in ["hints", "attestationFormats"] {
        assert!(options.get(left_out).is_none(), "{left_out}");
    }

    let rp = builder()
        .attestation(AttestationConveyancePreference::Direct)
        .attestation_formats([Format::Packed])
        .hints([PublicKeyCredentialHint::SecurityKey])
        .authenticator_attachment(AuthenticatorAttachment::CrossPlatform)
        .resident_key(ResidentKeyRequirement::Required)
        .user_verification(UserVerificationRequirement::Required)
        .build()
        .unwrap();
    let asked = RegistrationExtensionInputs { min_pin_length: Some(true), ..Default::default() };
    let (options, _) = rp.registration(&kim).extensions(asked).start(NOW).unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    assert_eq!(
        (&options["attestation"], &options["attestationFormats"]),
        (&json!("direct"), &json!(["packed"]))
    );
    assert_eq!(
        (&options["hints"], &options["extensions"]),
        (&json!(["security-key"]), &json!({"minPinLength": true}))
    );
    assert_eq!(
        options["authenticatorSelection"],
        json!({
            "authenticatorAttachment": "cross-platform", "residentKey": "required",
            "requireResidentKey": true, "userVerification": "required",
        })
    );
}

#[test]
fn authentication_options_have_only_requested_members() {
    let record = registered(&mut Authenticator::new("options", Config::default()), "kim");
    let rp = builder().build().unwrap();
    let (options, pending) = rp.start_authentication(allow(&record), NOW).unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    assert!(!has_null(&options));
    assert_eq!((&options["rpId"], &options["timeout"]), (&json!("example.org"), &json!(300_000)));
    assert_eq!(options["userVerification"], "preferred");
    assert_eq!(pending.challenge().as_bytes().len(), 32);
    assert_eq!(
        options["allowCredentials"],
        json!([{"type": "public-key", "id": record.id.to_string(), "transports": ["usb", "nfc"]}])
    );
    for left_out in ["hints", "extensions"] {
        assert!(options.get(left_out).is_none(), "{left_out}");
    }

    let asked = AuthenticationExtensionInputs { uvm: Some(true), ..Default::default() };
    let (options, _) = rp
        .authentication(AllowedCredentials::discoverable())
        .user_verification(UserVerificationRequirement::Required)
        .extensions(asked)
        .start(NOW)
        .unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    assert_eq!(
        (&options["userVerification"], &options["extensions"]),
        (&json!("required"), &json!({"uvm": true}))
    );
    assert_eq!(options["allowCredentials"], json!([]));
}

#[test]
fn a_counter_that_stays_zero_is_accepted() {
    let mut key = Authenticator::new("zero", Config { counter: Counter::Zero, ..Config::default() });
    let mut record = registered(&mut key, "kim");
    let rp = builder().build().unwrap();
    for _ in 0..3 {
        let authenticated = authenticate(&rp, &mut key, allow(&record), &record, |_| {}).unwrap();
        assert!(!authenticated.counter_regressed);
        authenticated.update.apply(&mut record);
        assert_eq!(record.sign_count, 0);
    }
}

#[test]
fn user_verification_that_is_not_required_may_be_done_or_not() {
    for verification in [Verification::Never, Verification::Always] {
        for asked in [UserVerificationRequirement::Preferred, UserVerificationRequirement::Discouraged] {
            let mut key = Authenticator::new("uv", Config { verification, ..Config::default() });
            let rp = builder().user_verification(asked).build().unwrap();
            let record = register(&rp, &mut key, &user("kim"), |_| {}).unwrap().credential;
            let authenticated = authenticate(&rp, &mut key, allow(&record), &record, |_| {}).unwrap();
            assert_eq!(
                authenticated.flags.user_verified(),
                verification == Verification::Always,
                "{asked:?}"
            );
        }
    }
}

#[test]
fn extensions_of_an_authenticator_are_accepted_in_an_assertion() {
    let mut key = Authenticator::new("uvm", Config::default());
    let record = registered(&mut key, "kim");
    let rp = builder().build().unwrap();
    let asked = AuthenticationExtensionInputs { uvm: Some(true), ..Default::default() };
    let (options, pending) = rp.authentication(allow(&record)).extensions(asked).start(NOW).unwrap();
    let options = serde_json::to_value(&options.public_key).unwrap();
    let response = key.get(&options, ORIGIN).unwrap();
    let response = AuthenticationResponse::from_json(response.as_bytes()).unwrap();
    let authenticated = rp.finish_authentication(pending, &response, &record, NOW).unwrap();
    assert!(authenticated.flags.extension_data());
    assert!(authenticated.extensions.uvm.is_some());
}

#[test]
fn the_appid_hash_is_accepted_only_with_appid_true() {
    const APPID: &str = "https://example.org/app-id.json";
    // An authenticator whose credential was made for the AppID, as U2F made them: the AppID in place of the RP ID.
    let mut key = Authenticator::new("appid", Config::default());
    let u2f = RelyingParty::builder(APPID).verbatim_rp_id().verbatim_origin(ORIGIN).build().unwrap();
    let record = register(&u2f, &mut key, &user("kim"), |_| {}).unwrap().credential;
    let with_appid = builder().appid(APPID).build().unwrap();
    let judged = |rp: &RelyingParty, key: &mut Authenticator, said: Option<bool>| {
        let (options, pending) = rp.start_authentication(allow(&record), NOW).unwrap();
        let mut options = serde_json::to_value(&options.public_key).unwrap();
        options["extensions"] = json!({"appid": APPID});
        let mut response: Value = serde_json::from_str(&key.get(&options, ORIGIN).unwrap()).unwrap();
        response["clientExtensionResults"] = said.map_or_else(|| json!({}), |said| json!({"appid": said}));
        let response = AuthenticationResponse::from_json(response.to_string().as_bytes()).unwrap();
        rp.finish_authentication(pending, &response, &record, NOW)
    };
    assert_eq!(judged(&with_appid, &mut key, Some(true)).unwrap().extensions.appid, Some(true));
    for said in [None, Some(false)] {
        assert_eq!(judged(&with_appid, &mut key, said).unwrap_err(), AuthenticationError::RpIdHash);
    }
    // `appid: true` that was not requested has no effect.
    let without = builder().build().unwrap();
    assert_eq!(judged(&without, &mut key, Some(true)).unwrap_err(), AuthenticationError::RpIdHash);
}

#[test]
fn a_challenge_beside_client_data_is_not_looked_at() {
    let mut key = Authenticator::new("challenge", Config::default());
    let rp = builder().build().unwrap();
    let (_, other) = rp.start_authentication(AllowedCredentials::discoverable(), NOW).unwrap();
    let (options, pending) = rp.start_registration(&user("kim"), &[], NOW).unwrap();
    let mut options = serde_json::to_value(&options.public_key).unwrap();
    let right = options["challenge"].take();
    options["challenge"] = rp_core::base64url::encode(other.challenge().as_bytes()).into();
    let mut response: Value = serde_json::from_str(&key.create(&options, ORIGIN).unwrap()).unwrap();
    response["challenge"] = right.clone();
    response["response"]["challenge"] = right;
    let response = RegistrationResponse::from_json(response.to_string().as_bytes()).unwrap();
    let refused = rp.finish_registration(pending, &response, &StaticAnchors::none(), NOW).unwrap_err();
    assert_eq!((refused.code(), refused.step()), (Code::ChallengeMismatch, 8));
}

#[test]
fn a_ceremony_ends_only_with_a_credential_of_its_account() {
    let (mut of_kim, mut of_lee) =
        (Authenticator::new("kim", Config::default()), Authenticator::new("lee", Config::default()));
    let (kim, lee) = (registered(&mut of_kim, "kim"), registered(&mut of_lee, "lee"));
    let rp = builder().build().unwrap();
    let no_list = AllowedCredentials::descriptors(kim.user_handle.clone(), vec![]);
    // Lee responds to a ceremony that was started for Kim, with and without a list, with and without a user handle
    for begun in [allow(&kim), no_list] {
        for handle in [None, Some(&kim.user_handle), Some(&lee.user_handle)] {
            let refused = authenticate_as(&rp, &mut of_lee, begun.clone(), &lee, handle).unwrap_err();
            assert_eq!(refused.code(), Code::CredentialNotAllowed, "{handle:?}");
        }
    }
    // Without a named user, the user handle is required and must be that of the credential's account
    for (handle, expected) in [
        (None, AuthenticationError::UserHandleMissing),
        (Some(&kim.user_handle), AuthenticationError::UserHandle),
    ] {
        let refused =
            authenticate_as(&rp, &mut of_lee, AllowedCredentials::discoverable(), &lee, handle).unwrap_err();
        assert_eq!(refused, expected);
    }
    let own = Some(&lee.user_handle);
    assert!(authenticate_as(&rp, &mut of_lee, AllowedCredentials::discoverable(), &lee, own).is_ok());
    // The handle of another account with the user's own credential
    let refused = authenticate_as(&rp, &mut of_kim, allow(&kim), &kim, Some(&lee.user_handle)).unwrap_err();
    assert_eq!(refused, AuthenticationError::UserHandle);
}

/// A response with any credential of the authenticator and this user handle.
fn authenticate_as(
    rp: &RelyingParty,
    key: &mut Authenticator,
    begun: AllowedCredentials,
    record: &CredentialRecord,
    handle: Option<&UserHandle>,
) -> Result<Authenticated, AuthenticationError> {
    let (options, pending) = rp.start_authentication(begun, NOW).unwrap();
    let mut options = serde_json::to_value(&options.public_key).unwrap();
    options["allowCredentials"] = json!([{"type": "public-key", "id": record.id.to_string()}]);
    let mut response: Value = serde_json::from_str(&key.get(&options, ORIGIN).unwrap()).unwrap();
    response["response"]["userHandle"] = handle.map_or(Value::Null, |handle| handle.to_string().into());
    let response = AuthenticationResponse::from_json(response.to_string().as_bytes()).unwrap();
    rp.finish_authentication(pending, &response, record, NOW)
}

#[test]
fn an_attachment_that_was_not_requested_is_rejected() {
    let mut key = Authenticator::new("attachment", Config::default());
    let rp = builder().authenticator_attachment(AuthenticatorAttachment::CrossPlatform).build().unwrap();
    let judged = |key: &mut Authenticator, told: Value, transports: &[&str]| {
        register(&rp, key, &user("kim"), |response| {
            response["authenticatorAttachment"] = told;
            response["response"]["transports"] = json!(transports);
        })
    };
    for told in [json!("cross-platform"), json!("telepathy"), Value::Null] {
        assert!(judged(&mut key, told, &["internal"]).is_ok());
    }
    for transports in [&["internal"] as &[_], &["internal", "hybrid"], &[]] {
        let refused = judged(&mut key, json!("platform"), transports).unwrap_err();
        assert_eq!((refused.code(), refused.step()), (Code::AuthenticatorNotAllowed, 28));
    }
    // Safari, for a security key
    assert!(judged(&mut key, json!("platform"), &["usb"]).is_ok());

    let rp = builder().resident_key(ResidentKeyRequirement::Required).build().unwrap();
    let judged = |key: &mut Authenticator, results: Value| {
        register(&rp, key, &user("kim"), |response| response["clientExtensionResults"] = results)
    };
    for results in [json!({"credProps": {"rk": true}}), json!({"credProps": {}}), json!({})] {
        assert!(judged(&mut key, results).is_ok());
    }
    let refused = judged(&mut key, json!({"credProps": {"rk": false}})).unwrap_err();
    assert_eq!(refused, RegistrationError::NotDiscoverable);
}

#[test]
fn a_credential_of_the_account_is_not_registered_again() {
    let mut key = Authenticator::new("again", Config::default());
    let record = registered(&mut key, "kim");
    let rp = builder().build().unwrap();
    // A client that ignores excludeCredentials
    let (options, pending) = rp.start_registration(&user("kim"), from_ref(&record), NOW).unwrap();
    let mut options = serde_json::to_value(&options.public_key).unwrap();
    options["excludeCredentials"] = json!([]);
    let mut same = Authenticator::new("again", Config::default());
    let response = same.create(&options, ORIGIN).unwrap();
    let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
    assert_eq!(response.id(), record.id.as_bytes());
    let refused = rp.finish_registration(pending, &response, &StaticAnchors::none(), NOW).unwrap_err();
    assert_eq!(refused, RegistrationError::CredentialExists { id: record.id });
}

#[test]
fn a_ceremony_is_finished_by_its_own_relying_party_in_time() {
    let mut key = Authenticator::new("other", Config::default());
    let record = registered(&mut key, "kim");
    let rp = builder().build().unwrap();
    let other = RelyingParty::builder("other.example").origin("https://other.example").build().unwrap();
    let finish = |key: &mut Authenticator, rp: &RelyingParty, now: Timestamp| {
        let (options, pending) =
            builder().build().unwrap().start_authentication(allow(&record), NOW).unwrap();
        let options = serde_json::to_value(&options.public_key).unwrap();
        let response = key.get(&options, ORIGIN).unwrap();
        let response = AuthenticationResponse::from_json(response.as_bytes()).unwrap();
        rp.finish_authentication(pending, &response, &record, now)
    };
    let late = Timestamp::from_unix_seconds(NOW.as_unix_seconds() + 361);
    assert_eq!(finish(&mut key, &rp, late).unwrap_err().code(), Code::CeremonyExpired);
    assert_eq!(finish(&mut key, &other, NOW).unwrap_err().code(), Code::RpIdMismatch);
    assert!(finish(&mut key, &rp, NOW).is_ok());

    let (options, pending) = rp.start_registration(&user("kim"), &[], NOW).unwrap();
    let response = key.create(&serde_json::to_value(&options.public_key).unwrap(), ORIGIN).unwrap();
    let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
    let error = other.finish_registration(pending, &response, &StaticAnchors::none(), NOW).unwrap_err();
    assert_eq!((error.code(), error.step()), (Code::RpIdMismatch, 1));
}

#[test]
fn another_rp_id_is_accepted_only_if_it_is_named() {
    let mut key = Authenticator::new("moved", Config::default());
    let record = registered(&mut key, "kim");
    let moved = || RelyingParty::builder("example.com").origin("https://example.com").related_origin(ORIGIN);
    let finish = |key: &mut Authenticator, rp: &RelyingParty| {
        let (options, pending) = rp.start_authentication(allow(&record), NOW).unwrap();
        let mut options = serde_json::to_value(&options.public_key).unwrap();
        options["rpId"] = "example.org".into();
        let response = key.get(&options, ORIGIN).unwrap();
        let response = AuthenticationResponse::from_json(response.as_bytes()).unwrap();
        rp.finish_authentication(pending, &response, &record, NOW)
    };
    let error = finish(&mut key, &moved().build().unwrap()).unwrap_err();
    assert_eq!(error, AuthenticationError::RpIdHash);
    assert!(finish(&mut key, &moved().also_accept_rp_id("example.org").build().unwrap()).is_ok());
}

#[test]
fn backup_policy_holds_in_both_ceremonies() {
    let with = |policy| builder().backup_policy(policy).build().unwrap();
    let (eligible, bound) = (with(BackupPolicy::RequireEligible), with(BackupPolicy::RequireDeviceBound));
    for (backup, accepting, rejecting) in
        [(Backup::BackedUp, &eligible, &bound), (Backup::DeviceBound, &bound, &eligible)]
    {
        let mut key = Authenticator::new("backup", Config { backup, ..Config::default() });
        let record = register(accepting, &mut key, &user("kim"), |_| {}).unwrap().credential;
        assert!(authenticate(accepting, &mut key, allow(&record), &record, |_| {}).is_ok());
        let error = authenticate(rejecting, &mut key, allow(&record), &record, |_| {}).unwrap_err();
        assert_eq!((error.code(), error.step()), (Code::AuthenticatorNotAllowed, 19));
        let error = register(rejecting, &mut key, &user("lee"), |_| {}).unwrap_err();
        assert_eq!((error.code(), error.step()), (Code::AuthenticatorNotAllowed, 18));
    }
}

#[test]
fn a_counter_that_did_not_grow_is_rejected_or_reported() {
    let mut key = Authenticator::new("copied", Config::default());
    let record = CredentialRecord { sign_count: 1000, ..registered(&mut key, "kim") };
    let error = authenticate(&rp(), &mut key, allow(&record), &record, |_| {}).unwrap_err();
    assert_eq!((error.code(), error.step()), (Code::SignCountRegressed, 22));
    let reporting = builder().counter_policy(CounterPolicy::Report).build().unwrap();
    let authenticated = authenticate(&reporting, &mut key, allow(&record), &record, |_| {}).unwrap();
    assert!(authenticated.counter_regressed);
    assert_eq!(authenticated.update.sign_count, 1000, "the stored counter does not go back");
}

#[test]
fn conditional_authentication_is_mediation_next_to_the_options() {
    let rp = rp();
    let request = rp.authentication(AllowedCredentials::discoverable()).conditional();
    let options = serde_json::to_value(request.start(NOW).unwrap().0).unwrap();
    assert_eq!(options["mediation"], "conditional");
    assert!(options["publicKey"].get("mediation").is_none());
}

#[test]
fn any_port_of_an_accepted_host_is_accepted_only_if_allowed() {
    let other_port = "https://example.org:8443";
    assert!(!rp().accepts_origin(other_port));
    let rp = builder().allow_any_port().build().unwrap();
    assert!(rp.accepts_origin(other_port) && rp.accepts_origin(ORIGIN));
    assert!(!rp.accepts_origin("http://example.org:8443"));
}
