//! Adding passkeys.

use rp_core::base64url;
use rp_core::options::AttestationConveyancePreference;
use serde_json::json;

use super::{NOT_RECENT, Server, authenticator};
use crate::authenticator::{Authenticator, Backup, Config, Format, Verification};
use crate::http::UserAgent;

pub(super) async fn adding_requires_recent_verification_and_is_none(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let first = kim.sign_up("kim").await;
    // The sign-up was a verification.
    let options = kim.post("registration/options", &json!({})).await.ok();
    assert_eq!(options["excludeCredentials"][0]["id"], first["id"]);
    assert_eq!(options["user"]["name"], "kim");
    test.wait(NOT_RECENT);
    assert_eq!(kim.post("registration/options", &json!({})).await.problem(), (403, "step-up-required"));
    kim.step_up().await;
    let token = kim.cookie("session");
    kim.add_passkey(&mut authenticator("second")).await;
    assert_eq!(kim.cookie("session"), token, "adding changes nothing about the session");
    test.wait(NOT_RECENT);
    assert_eq!(kim.post("registration/options", &json!({})).await.problem(), (403, "step-up-required"));
}

pub(super) async fn nothing_in_a_request_loosens_a_policy(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let loose = json!({
        "userVerification": "discouraged", "attestation": "none", "timeout": 1, "extensions": {},
        "authenticatorSelection": {"userVerification": "discouraged"}, "pubKeyCredParams": [], "rpId": "org",
        "allowCredentials": [], "excludeCredentials": [],
    });
    for (path, body) in [
        ("registration/options", json!({"username": "alex"})),
        ("registration/options", json!({})),
        ("authentication/options", json!({})),
        ("authentication/options", json!({"username": "kim"})),
        ("authentication/options", json!({"purpose": "step-up"})),
    ] {
        let mut asked = loose.clone();
        for (name, value) in body.as_object().into_iter().flatten() {
            asked[name] = value.clone();
        }
        let plain = kim.post(path, &body).await.ok();
        let mut asked = kim.post(path, &asked).await.ok();
        asked["challenge"] = plain["challenge"].clone();
        if let Some(id) = plain.pointer("/user/id") {
            asked["user"]["id"] = id.clone();
        }
        assert_eq!(asked, plain, "{path}");
    }
    let answer = kim.post("registration/options", &json!({"mediation": "conditional"})).await;
    assert_eq!(answer.problem(), (400, "malformed-json"));
}

pub(super) async fn conditional_create_works_if_the_policy_allows(server: Server) {
    let test = server.start_with(|setup| setup.policy.conditional_create = true).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let absent = || Config { presence: false, verification: Verification::Never, ..Config::default() };
    // Without mediation, the user must be present.
    let options = kim.post("registration/options", &json!({})).await.ok();
    let mut spare = UserAgent { authenticator: Authenticator::new("absent", absent()), ..kim.clone() };
    assert_eq!(kim.register(&spare.create_for(&options)).await.problem(), (422, "user-not-present"));

    let options = kim.post("registration/options", &json!({"mediation": "conditional"})).await.ok();
    assert_eq!(options.get("mediation"), None, "mediation is next to the options, not in them");
    let mut spare = UserAgent { authenticator: Authenticator::new("silent", absent()), ..kim.clone() };
    assert_eq!(kim.register(&spare.create_for(&options)).await.ok()["userVerified"], false);
    // For the signed-in user, never for a new one.
    let body = json!({"username": "alex", "mediation": "conditional"});
    assert_eq!(kim.post("registration/options", &body).await.problem(), (400, "malformed-json"));
}

pub(super) async fn a_known_credential_is_not_registered_again(server: Server) {
    let test = server.start().await;
    let credential = test.browser("same").sign_up("kim").await;
    // An authenticator that creates the same IDs.
    let mut eve = test.browser("same");
    let response = eve.create(&json!({"username": "eve"})).await;
    assert_eq!(response["id"], credential["id"]);
    assert_eq!(eve.register(&response).await.problem(), (409, "credential-exists"));
    assert_eq!(eve.get("session").await.problem(), (401, "not-signed-in"));
    let mut eve = test.browser("eve");
    eve.sign_up("eve").await;
    let options = eve.post("registration/options", &json!({})).await.ok();
    let response = authenticator("same").create(&options, eve.page.as_str()).expect("a credential");
    let response = serde_json::from_str(&response).expect("JSON");
    assert_eq!(eve.register(&response).await.problem(), (409, "credential-exists"));
}

pub(super) async fn a_user_has_no_more_passkeys_than_allowed(server: Server) {
    let test = server.start_with(|setup| setup.policy.default.passkeys.most = 2).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let options = kim.post("registration/options", &json!({})).await.ok();
    let late = kim.with_authenticator("late").create_for(&options);
    kim.add_passkey(&mut authenticator("second")).await;
    assert_eq!(kim.register(&late).await.problem(), (409, "too-many-credentials"));
    let answer = kim.post("registration/options", &json!({})).await;
    assert_eq!(answer.problem(), (409, "too-many-credentials"));
}

pub(super) async fn a_trusted_attestation_of_a_bound_key_is_phrh(server: Server) {
    for (backup, acr, amr, aal) in
        [(Backup::DeviceBound, "phrh", "hwk", 3), (Backup::BackedUp, "phr", "pop", 2)]
    {
        let attested = |setup: &mut crate::http::Setup| {
            setup.relying_party = |rp| rp.attestation(AttestationConveyancePreference::Direct);
        };
        let test = server.start_with(attested).await;
        // The fixture trusts the attestation of this seed.
        let config = Config { format: Format::Packed, backup, ..Config::default() };
        let mut kim = test.browser_with("one", config);
        let credential = kim.sign_up("kim").await;
        assert_eq!(credential["attestation"], json!({"format": "packed", "type": "basic", "trusted": true}));
        let session = kim.sign_in().await;
        let expected = json!({"aal": aal, "acr": acr, "amr": [amr, "user", "mfa"]});
        assert_eq!(session["assurance"], expected, "a key that can leave its device proves no hardware");
        let guarded = kim.post("/app/hardware", &serde_json::Value::Null).await;
        assert_eq!(guarded.status, if acr == "phrh" { 200 } else { 403 });
    }
}

pub(super) async fn attestation_objects_are_limited_to_16_kib(server: Server) {
    let attested = |setup: &mut crate::http::Setup| {
        setup.relying_party = |rp| rp.attestation(AttestationConveyancePreference::Direct);
    };
    let test = server.start_with(attested).await;
    for (length, expected) in [(16_384, 201), (16_385, 400)] {
        let config = Config { format: Format::Packed, ..Config::default() };
        let mut kim = test.browser_with(&format!("kim{length}"), config);
        let mut response = kim.create(&json!({"username": format!("kim{length}")})).await;
        let object = response["response"]["attestationObject"].as_str().unwrap_or_default();
        let object = base64url::decode(object).expect("base64url");
        let [0xa3 /* map(3) */, members @ ..] = &*object else { panic!("another map") };
        // An unknown member is allowed, and not signed.
        let padding = length - object.len() - 5;
        let length_of_padding = u16::try_from(padding).expect("less than 64 KiB").to_be_bytes();
        let head = [
            &[0xa4 /* map(4) */, 0x61 /* text(1) */, b'x', 0x59 /* bytes(16 bits) */],
            &length_of_padding[..],
        ];
        let padded = [&head.concat(), &vec![0; padding][..], members].concat();
        assert_eq!(padded.len(), length);
        response["response"]["attestationObject"] = json!(base64url::encode(&padded));
        let answer = kim.register(&response).await;
        assert_eq!(answer.status, expected, "{length}");
        if expected == 400 {
            assert_eq!(answer.problem(), (400, "malformed-json"));
            let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            assert_eq!(body["detail"], "attestationObject is too long");
            assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"));
        }
    }
}

pub(super) async fn no_attestation_object_is_stored_for_none(server: Server) {
    let attested = |setup: &mut crate::http::Setup| {
        setup.relying_party = |rp| rp.attestation(AttestationConveyancePreference::Direct);
    };
    let test = server.start_with(attested).await;
    for (format, is_stored) in [(Format::None, false), (Format::Packed, true)] {
        let name = format!("kim{is_stored}");
        let mut kim = test.browser_with(&name, Config { format, ..Config::default() });
        let credential = kim.sign_up(&name).await;
        let record = test.passkey(&credential).await.expect("it is stored").record;
        let stored = [record.attestation_object, record.attestation_client_data_json];
        assert_eq!(stored.map(|data| data.is_some()), [is_stored; 2]);
    }
}
