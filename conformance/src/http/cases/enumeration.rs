//! Nothing reveals which usernames exist: neither options, nor rejections, nor the work that is done.

use std::collections::BTreeSet;
use std::time::Duration;

use rp_core::options::ResidentKeyRequirement;
use rp_core::{UserHandle, base64url};
use rp_service::{DecoyShape, DecoySurvey};
use serde_json::{Value, json};

use super::first_factor::password;
use super::{Server, Test, authenticator};
use crate::authenticator::{Algorithm, Backup, Ceremony, Config, Fault, Format};
use crate::http::{HttpResponse, ORIGIN, Setup, UserAgent, has_secret};

/// The names of all members at any depth.
fn shape(value: &Value) -> BTreeSet<String> {
    fn collect(value: &Value, path: &str, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    let path = format!("{path}/{name}");
                    collect(value, &path, into);
                    into.insert(path);
                }
            }
            Value::Array(array) => array.iter().for_each(|value| collect(value, path, into)),
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    collect(value, "", &mut names);
    names
}

/// Options for a name, in a new browser.
async fn options(test: &Test, name: &str) -> Value {
    test.browser("anyone").post("authentication/options", &json!({"username": name})).await.ok()
}

async fn site_with_kim(server: &Server) -> (Test, UserAgent) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim.sign_out().await;
    (test, kim)
}

pub(super) async fn options_for_unknown_names_look_like_known_ones(server: Server) {
    for transports in [Config::default().transports, Vec::new()] {
        let test = server.start().await;
        test.browser_with("kim", Config { transports, ..Config::default() }).sign_up("kim").await;
        let (known, unknown) = (options(&test, "kim").await, options(&test, "nobody").await);
        assert_eq!(shape(&known), shape(&unknown));
        assert!(shape(&known).contains("/allowCredentials/transports"));
        for member in ["rpId", "timeout", "userVerification"] {
            assert_eq!(known[member], unknown[member]);
        }
    }
}

pub(super) async fn options_for_a_name_list_the_same_each_time(server: Server) {
    let (test, _) = site_with_kim(&server).await;
    for name in ["kim", "nobody"] {
        let (one, two) = (options(&test, name).await, options(&test, &name.to_uppercase()).await);
        assert_eq!(one["allowCredentials"], two["allowCredentials"]);
        assert_ne!(one["challenge"], two["challenge"]);
    }
    // A user without a passkey looks as before.
    let before = options(&test, "bare").await;
    test.passkeys.create_user("bare", "Bare").await.expect("memory");
    assert_eq!(options(&test, "bare").await["allowCredentials"], before["allowCredentials"]);
}

pub(super) async fn known_and_unknown_names_make_the_same_calls(server: Server) {
    let (test, mut kim) = site_with_kim(&server).await;
    for name in ["kim", "nobody", "no name at all"] {
        let _ = test.store.calls();
        let options = kim.post("authentication/options", &json!({"username": name})).await.ok();
        assert_eq!(test.store.calls(), ["user_by_name", "descriptors", "put_ceremony"], "{name}");
        kim.authenticate(&forge(&options, Fault::AssertionOfOtherKey)).await;
        assert_eq!(test.store.calls(), ["take_ceremony", "passkey"], "{name}");
        kim.post("registration/options", &json!({"username": name.replace(' ', "")})).await.ok();
        assert_eq!(test.store.calls(), ["put_ceremony"], "{name}");
    }
}

/// A response to the first listed credential, by an authenticator that does not have its key.
fn forge(options: &Value, fault: Fault) -> Value {
    let mut forger = authenticator("forger");
    let creation = json!({
        "rp": {"id": "example.org"}, "user": {"id": "AAAA"}, "challenge": "AAAA",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "authenticatorSelection": {"residentKey": "required"},
    });
    forger.create(&creation, ORIGIN).expect("a credential");
    forger.config.fault = Some(fault);
    let request = json!({"challenge": options["challenge"], "rpId": "example.org"});
    let response = forger.get(&request, ORIGIN).expect("an assertion");
    let mut response: Value = serde_json::from_str(&response).expect("JSON");
    let id = options["allowCredentials"][0]["id"].clone();
    if response.get("id").is_some_and(Value::is_string) {
        response["rawId"].clone_from(&id);
        response["id"] = id;
    }
    if let Some(members) = response["response"].as_object_mut() {
        members.remove("userHandle");
    }
    response
}

/// A forged response reaches the signature check, or ends at backup eligibility before it, for decoys as for real passkeys.
pub(super) async fn known_and_unknown_names_fail_at_the_same_checks(server: Server) {
    let test = server.start().await;
    for (name, backup) in [("bound", Backup::DeviceBound), ("synced", Backup::BackedUp)] {
        test.browser_with(name, Config { backup, ..Config::default() }).sign_up(name).await;
    }
    let mut outcomes = Vec::new();
    let unknown: Vec<_> = (0..16).map(|name| format!("nobody{name}")).collect();
    for names in [vec!["bound", "synced"], unknown.iter().map(String::as_str).collect()] {
        let mut seen = BTreeSet::new();
        for name in names {
            let mut forger = test.browser("forger");
            let options = forger.post("authentication/options", &json!({"username": name})).await.ok();
            let _ = test.events();
            forger.authenticate(&forge(&options, Fault::AssertionOfOtherKey)).await;
            seen.extend(test.outcomes());
        }
        outcomes.push(seen.into_iter().collect::<Vec<_>>());
    }
    assert_eq!(outcomes[0], ["sign-in backup-eligibility-changed", "sign-in signature-invalid"]);
    assert_eq!(outcomes[0], outcomes[1]);
}

pub(super) async fn forged_responses_are_rejected_alike(server: Server) {
    let (_test, mut kim) = site_with_kim(&server).await;
    let mut tried = 0;
    for &fault in
        Fault::ALL.iter().filter(|fault| fault.applies_to(Ceremony::Get, Format::None, Algorithm::Es256))
    {
        if matches!(fault, Fault::ResponseMissing | Fault::ResponseNotObject) {
            continue;
        }
        let mut answers = Vec::new();
        for name in ["kim", "nobody"] {
            let options = kim.post("authentication/options", &json!({"username": name})).await.ok();
            let answer = kim.authenticate(&forge(&options, fault)).await;
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if answer.status == 400 {
                // The position at which the parser stopped depends on the length of the ID.
                body["detail"].take();
            }
            let headers: Vec<_> =
                answer.headers.into_iter().filter(|(name, _)| name != "content-length").collect();
            answers.push((answer.status, body, headers));
        }
        assert_ne!(answers[0].0, 200, "{fault}");
        assert_eq!(answers[0], answers[1], "{fault}");
        tried += 1;
    }
    assert!(tried > 50, "{tried}");
}

pub(super) async fn revealing_reasons_are_reported_as_signature_invalid(server: Server) {
    let test = server.start().await;
    let (mut kim, mut eve) = (test.browser("kim"), test.browser("eve"));
    kim.sign_up("kim").await;
    eve.sign_up("eve").await;
    for username in [None, Some("kim")] {
        for (fault, code) in [
            (Fault::UserHandleOther, "user-handle-mismatch"),
            (Fault::BackupEligibilityChanged, "backup-eligibility-changed"),
            (Fault::AssertionFlipped, "signature-invalid"),
            (Fault::RpIdHashOther, "rp-id-mismatch"),
        ] {
            let body = username.map_or(json!({}), |username| json!({"username": username}));
            kim.authenticator.config.fault = Some(fault);
            let response = kim.assert(&body).await;
            let _ = test.events();
            let is_exact = username.is_none() || fault == Fault::RpIdHashOther;
            let expected = if is_exact { code } else { "signature-invalid" };
            assert_eq!(kim.authenticate(&response).await.problem(), (422, expected), "{username:?} {code}");
            // The event has the exact code.
            assert_eq!(test.outcomes(), [format!("sign-in {code}")]);
        }
    }
    kim.authenticator.config.fault = None;
    // Another user's credential in a ceremony for kim.
    kim.sign_out().await;
    let mut options = kim.post("authentication/options", &json!({"username": "kim"})).await.ok();
    options["allowCredentials"] = json!([]);
    let foreign = eve.assert_for(&options);
    let _ = test.events();
    assert_eq!(kim.authenticate(&foreign).await.problem(), (422, "signature-invalid"));
    assert_eq!(test.outcomes(), ["sign-in credential-not-allowed"]);
}

pub(super) async fn an_unknown_credential_is_reported_without_a_username(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    // Created, but never registered.
    kim.create(&json!({"username": "kim"})).await;
    let response = kim.assert(&json!({})).await;
    assert_eq!(kim.authenticate(&response).await.problem(), (422, "credential-unknown"));
    // With a username, it is not.
    let mut options = kim.post("authentication/options", &json!({"username": "kim"})).await.ok();
    options["allowCredentials"] = json!([]);
    let response = kim.assert_for(&options);
    assert_eq!(kim.authenticate(&response).await.problem(), (422, "signature-invalid"));
    assert_eq!(test.outcomes().last().map(String::as_str), Some("sign-in credential-not-allowed"));
}

/// A response without a username, from an authenticator that does not have the key of the credential that it names.
async fn forge_discoverable(browser: &mut UserAgent, id: &Value, fault: Fault) -> HttpResponse {
    let mut options = browser.post("authentication/options", &json!({})).await.ok();
    options["allowCredentials"] = json!([{"type": "public-key", "id": id}]);
    let mut response = forge(&options, fault);
    response["response"]["userHandle"] = json!("AAAA");
    browser.authenticate(&response).await
}

pub(super) async fn a_decoy_is_rejected_like_a_real_credential(server: Server) {
    let (test, mut kim) = site_with_kim(&server).await;
    let mut answers = Vec::new();
    for name in ["kim", "nobody"] {
        let id = options(&test, name).await["allowCredentials"][0]["id"].clone();
        for fault in [Fault::AssertionOfOtherKey, Fault::RpIdHashOther, Fault::OriginOther] {
            let answer = forge_discoverable(&mut kim, &id, fault).await;
            answers.push((answer.problem(), answer.body));
        }
    }
    assert_eq!(answers[0].0, (422, "user-handle-mismatch"));
    assert_eq!(answers[..3], answers[3..]);
    let invented = json!("AAAAAAAAAAAAAAAAAAAAAA");
    let answer = forge_discoverable(&mut kim, &invented, Fault::RpIdHashOther).await;
    assert_eq!(answer.problem(), (422, "credential-unknown"));
}

/// The user of the session has no passkey, so nothing is listed.
pub(super) async fn a_decoy_in_a_session_is_rejected_like_a_foreign_passkey(server: Server) {
    let (test, _) = site_with_kim(&server).await;
    test.passkeys.create_user("bare", "").await.expect("memory");
    let mut bare = test.browser("bare");
    assert_eq!(password(&mut bare, "bare").await.text(), "bare signed in");
    let mut answers = Vec::new();
    for name in ["kim", "nobody"] {
        let id = options(&test, name).await["allowCredentials"][0]["id"].clone();
        for fault in [Fault::AssertionOfOtherKey, Fault::RpIdHashOther, Fault::OriginOther] {
            let mut options = bare.post("authentication/options", &json!({"purpose": "step-up"})).await.ok();
            options["allowCredentials"] = json!([{"type": "public-key", "id": id}]);
            let answer = bare.authenticate(&forge(&options, fault)).await;
            answers.push((answer.problem(), answer.body));
        }
    }
    assert_eq!(answers[0].0, (422, "credential-not-allowed"));
    assert_eq!(answers[..3], answers[3..]);
}

/// A registration of a credential with another's ID, which anyone can claim with `none` attestation.
fn claim(options: &Value, id: &[u8], seed: &str) -> Value {
    let mut authenticator = authenticator(seed);
    let response = authenticator.create(options, ORIGIN).expect("a credential");
    let own = authenticator.credentials()[0].id.clone();
    let mut response: Value = serde_json::from_str(&response).expect("JSON");
    let object = response["response"]["attestationObject"].as_str().unwrap_or_default();
    let object = base64url::decode(object).expect("base64url");
    let at = object.windows(own.len()).position(|window| window == own).expect("the ID");
    // The length of authData precedes it, and the length of the ID immediately precedes the ID.
    let data_at = object.windows(9).position(|window| window == b"\x68authData").expect("authData") + 9;
    assert_eq!(object[data_at], 0x58, "byte string, one byte of length");
    let (data, length) = (&object[data_at + 2..], u16::try_from(id.len()).expect("a short ID"));
    let before = at - data_at - 2 - 2;
    let data = [&data[..before], &length.to_be_bytes(), id, &data[before + 2 + own.len()..]].concat();
    let head = [&[0x59][..], &u16::try_from(data.len()).expect("short data").to_be_bytes()].concat();
    let object = [&object[..data_at], &head, &data].concat();
    for member in ["id", "rawId"] {
        response[member] = json!(base64url::encode(id));
    }
    if let Some(inner) = response["response"].as_object_mut() {
        inner.insert("attestationObject".into(), json!(base64url::encode(&object)));
        for derived in ["authenticatorData", "publicKey", "publicKeyAlgorithm"] {
            inner.remove(derived);
        }
    }
    response
}

async fn first_id(test: &Test, name: &str) -> Vec<u8> {
    let id = options(test, name).await["allowCredentials"][0]["id"].clone();
    base64url::decode(id.as_str().unwrap_or_default()).expect("base64url")
}

pub(super) async fn a_decoy_is_registered_already_like_a_real_credential(server: Server) {
    let (test, _) = site_with_kim(&server).await;
    let ids = [first_id(&test, "kim").await, first_id(&test, "nobody").await];
    let mut calls = Vec::new();
    for id in &ids {
        let mut eve = test.browser("eve");
        for (name, expected) in [("fresh", "credential-exists"), ("kim", "username-taken")] {
            let options = eve.post("registration/options", &json!({"username": name})).await.ok();
            let _ = test.store.calls();
            assert_eq!(eve.register(&claim(&options, id, "claim")).await.problem(), (409, expected));
            calls.push(test.store.calls());
        }
    }
    assert!(calls[0].contains(&"create_user_with_passkey"), "{calls:?}");
    assert_eq!(calls[..2], calls[2..]);
    let mut eve = test.browser("eve");
    eve.sign_up("eve").await;
    for id in &ids {
        let options = eve.post("registration/options", &json!({})).await.ok();
        assert_eq!(eve.register(&claim(&options, id, "claim")).await.problem(), (409, "credential-exists"));
    }
    let options = eve.post("registration/options", &json!({})).await.ok();
    assert_eq!(eve.register(&claim(&options, &[9; 48], "claim")).await.status, 201);
}

pub(super) async fn guesses_of_credentials_are_limited_like_those_of_names(server: Server) {
    let (test, _) = site_with_kim(&server).await;
    let id = first_id(&test, "nobody").await;
    let mut eve = test.browser("eve");
    for guess in 0..10 {
        let name = json!({"username": format!("eve{guess}")});
        let options = eve.post("registration/options", &name).await.ok();
        assert_eq!(eve.register(&claim(&options, &id, "claim")).await.problem(), (409, "credential-exists"));
    }
    let limited = eve.post("registration/options", &json!({"username": "other"})).await;
    assert_eq!(limited.problem(), (429, "too-many-requests"));
    test.wait(Duration::from_secs(600));
    eve.sign_up("eve").await;
    for guess in 0..11 {
        let options = eve.post("registration/options", &json!({})).await.ok();
        let expected = if guess < 10 { (409, "credential-exists") } else { (429, "too-many-requests") };
        assert_eq!(eve.register(&claim(&options, &id, "claim")).await.problem(), expected);
    }
}

pub(super) async fn no_list_is_sent_if_passkeys_must_be_discoverable(server: Server) {
    let required = |setup: &mut Setup| {
        setup.relying_party = |rp| rp.resident_key(ResidentKeyRequirement::Required);
    };
    let test = server.start_with(required).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim.sign_out().await;
    let _ = test.store.calls();
    for name in ["kim", "nobody"] {
        let options = options(&test, name).await;
        assert!(options["allowCredentials"].as_array().is_none_or(Vec::is_empty), "{name} {options}");
        // The name is not even looked up.
        assert_eq!(test.store.calls(), ["put_ceremony"], "{name}");
    }
    let response = kim.assert(&json!({"username": "kim"})).await;
    assert_eq!(kim.authenticate(&response).await.ok()["user"]["name"], "kim");
}

pub(super) async fn decoys_follow_the_configured_profile(server: Server) {
    let mut survey = DecoySurvey::default();
    for passkey in 0..4 {
        let transports = if passkey == 3 { ["nfc"] } else { ["usb"] };
        let shape = DecoyShape::new(64, &transports, rp_core::Algorithm::Es256);
        survey.add(&UserHandle::random().expect("random bytes"), shape);
    }
    let profile = survey.profile().expect("a profile");
    let test = server
        .start_with(|setup: &mut Setup| setup.service = Box::new(|builder| builder.decoy_profile(profile)))
        .await;
    let mut transports = BTreeSet::new();
    for name in 0..32 {
        let options = options(&test, &format!("nobody{name}")).await;
        let list = options["allowCredentials"].as_array().expect("a list");
        assert_eq!(list.len(), 1, "{name}");
        assert_eq!(list[0]["id"].as_str().map(str::len), Some(86), "{name}");
        transports.insert(list[0]["transports"].to_string());
    }
    assert_eq!(transports.into_iter().collect::<Vec<_>>(), [r#"["nfc"]"#, r#"["usb"]"#]);
}

pub(super) async fn prf_results_are_never_stored_or_logged(server: Server) {
    const SECRET: &str = "cHJmLXJlc3VsdHMtYXJlLXNlY3JldHMtb2YtMzItYnl0ZQ";
    let with_results = |mut response: Value| {
        response["clientExtensionResults"]["prf"] =
            json!({"enabled": true, "results": {"first": SECRET, "second": SECRET}});
        response
    };
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let response = with_results(kim.create(&json!({"username": "kim"})).await);
    let mut answers = vec![kim.register(&response).await];
    for body in [json!({}), json!({"username": "kim"}), json!({"purpose": "step-up"})] {
        let response = with_results(kim.assert(&body).await);
        answers.push(kim.authenticate(&response).await);
    }
    kim.authenticator.config.fault = Some(Fault::AssertionFlipped);
    let response = with_results(kim.assert(&json!({})).await);
    answers.push(kim.authenticate(&response).await);
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [201, 200, 200, 200, 422]);
    let bodies = answers.iter().map(|answer| String::from_utf8_lossy(&answer.body)).collect::<String>();
    let kept = [test.store.written(), test.events().concat(), bodies].concat();
    let decoded = base64url::decode(SECRET).expect("base64url");
    for form in [
        SECRET.to_owned(),
        String::from_utf8_lossy(&decoded).into_owned(),
        format!("{decoded:?}").trim_matches(['[', ']']).to_owned(),
        format!("{:?}", SECRET.as_bytes()).trim_matches(['[', ']']).to_owned(),
    ] {
        assert!(!has_secret(&kept, &form), "{form}");
    }
}
