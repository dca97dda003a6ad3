//! Nothing tells which usernames exist: not the options, not the refusals, not the work that is done.

use std::collections::BTreeSet;

use crate::support::browser::Told;
use crate::support::{Browser, ORIGIN, SECRET, Site};
use rp_conformance::authenticator::{Authenticator, Ceremony, Config, Fault, Format};
use rp_core::base64url;
use rp_service::http::Route;
use rp_service::store::{Account, CredentialStore};
use rp_service::{DecoyError, DecoyShape, Passkeys};
use serde_json::{Value, json};

/// Options for a name, by a browser that was not here before.
async fn options(site: &Site, name: &str) -> Value {
    let answer =
        Browser::new("anyone").post(site, Route::AuthenticationOptions, json!({"username": name})).await;
    answer.ok()
}

/// The names of all members, at any depth.
fn members(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}/{name}");
                members(value, &path, into);
                into.insert(path);
            }
        }
        Value::Array(array) => array.iter().for_each(|value| members(value, path, into)),
        _ => {}
    }
}

fn shape(options: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    members(options, "", &mut names);
    names
}

async fn site_with_kim() -> (Site, Browser) {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    kim.sign_up(&site, "kim").await;
    kim.sign_out(&site).await;
    (site, kim)
}

#[tokio::test]
async fn options_for_known_and_unknown_names_have_the_same_members() {
    let (site, _) = site_with_kim().await;
    let (known, unknown) = (options(&site, "kim").await, options(&site, "nobody").await);
    assert_eq!(shape(&known), shape(&unknown));
    assert!(shape(&known).contains("/allowCredentials/transports"));
    for member in ["rpId", "timeout", "userVerification"] {
        assert_eq!(known[member], unknown[member]);
    }
}

#[tokio::test]
async fn a_client_that_tells_no_transports_does_not_show_in_the_options() {
    let site = Site::open();
    let mut kim = Browser::with("kim", Config { transports: vec![], ..Config::default() });
    kim.sign_up(&site, "kim").await;
    assert_eq!(shape(&options(&site, "kim").await), shape(&options(&site, "nobody").await));
}

#[tokio::test]
async fn options_for_an_unknown_name_are_the_same_each_time_save_for_the_challenge() {
    let (site, _) = site_with_kim().await;
    for name in ["kim", "nobody"] {
        let (one, two) = (options(&site, name).await, options(&site, &name.to_uppercase()).await);
        assert_eq!(one["allowCredentials"], two["allowCredentials"]);
        assert_ne!(one["challenge"], two["challenge"]);
    }
}

#[tokio::test]
async fn an_account_without_passkeys_looks_like_one_with() {
    let (site, _) = site_with_kim().await;
    let account = Account {
        user_handle: rp_core::UserHandle::random().unwrap(),
        name: "bare".into(),
        name_key: "bare".into(),
        display_name: "Bare".into(),
        created_at: site.passkeys.now(),
    };
    let before = options(&site, "bare").await;
    let _ = site.store().put_account(account).await.unwrap();
    let after = options(&site, "bare").await;
    assert_eq!(before["allowCredentials"], after["allowCredentials"]);
}

#[tokio::test]
async fn known_and_unknown_names_make_the_same_work() {
    let (site, mut kim) = site_with_kim().await;
    for name in ["kim", "nobody", "no name at all"] {
        site.store().calls();
        let options = kim.post(&site, Route::AuthenticationOptions, json!({"username": name})).await.ok();
        assert_eq!(site.store().calls(), ["account_by_name", "descriptors", "put"], "{name}");
        let response = forge(&options, Fault::AssertionOfOtherKey);
        kim.authenticate(&site, &response).await;
        assert_eq!(site.store().calls(), ["take", "passkey"], "{name}");
    }
}

/// A response to the first credential offered, by whoever has not its key.
fn forge(options: &Value, fault: Fault) -> String {
    let mut forger = Authenticator::new("forger", Config::default());
    let creation = json!({
        "rp": {"id": "example.org"}, "user": {"id": "AAAA"}, "challenge": "AAAA",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "authenticatorSelection": {"residentKey": "required"},
    });
    forger.create(&creation, ORIGIN).unwrap();
    forger.config.fault = Some(fault);
    let request = json!({"challenge": options["challenge"], "rpId": "example.org"});
    let mut response: Value = serde_json::from_str(&forger.get(&request, ORIGIN).unwrap()).unwrap();
    let id = options["allowCredentials"][0]["id"].clone();
    if response.get("id").is_some_and(Value::is_string) {
        response["rawId"].clone_from(&id);
        response["id"] = id;
    }
    response["response"].as_object_mut().unwrap().remove("userHandle");
    response.to_string()
}

#[tokio::test]
async fn a_forged_response_to_either_is_refused_alike_whatever_is_wrong_with_it() {
    let (site, mut kim) = site_with_kim().await;
    let algorithm = rp_conformance::authenticator::Algorithm::Es256;
    let mut tried = 0;
    for &fault in Fault::ALL.iter().filter(|fault| fault.applies_to(Ceremony::Get, Format::None, algorithm)) {
        let mut answers = Vec::new();
        for name in ["kim", "nobody"] {
            let options = kim.post(&site, Route::AuthenticationOptions, json!({"username": name})).await.ok();
            if matches!(fault, Fault::ResponseMissing | Fault::ResponseNotObject) {
                continue;
            }
            let mut answer = kim.authenticate(&site, &forge(&options, fault)).await;
            assert_ne!(answer.status, 200, "{fault}");
            if answer.status == 400 {
                // Where in the body the parser stopped, which depends on the length of the ID.
                answer.body["detail"].take();
            }
            answers.push((answer.status, answer.body, answer.headers));
        }
        if let [known, unknown] = &answers[..] {
            assert_eq!(known, unknown, "{fault}");
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}

#[tokio::test]
async fn a_forged_signature_is_signature_invalid_for_either_and_the_event_has_the_truth() {
    let (site, mut kim) = site_with_kim().await;
    site.events();
    for name in ["kim", "nobody"] {
        let options = kim.post(&site, Route::AuthenticationOptions, json!({"username": name})).await.ok();
        let answer = kim.authenticate(&site, &forge(&options, Fault::AssertionOfOtherKey)).await;
        assert_eq!(answer.refusal(), (422, "signature-invalid"), "{name}");
    }
    let mut forged = kim.get(&site, json!({"username": "kim"})).await;
    forged = forged.replace("\"userHandle\":\"", "\"userHandle\":\"AAAA");
    assert_eq!(kim.authenticate(&site, &forged).await.refusal(), (422, "signature-invalid"));
    kim.authenticator.config.fault = Some(Fault::BackupEligibilityChanged);
    assert_eq!(kim.sign_in(&site, json!({"username": "kim"})).await.refusal(), (422, "signature-invalid"));
    assert_eq!(
        site.events()[2..],
        ["sign-in user-handle-mismatch", "sign-in backup-eligibility-changed"].map(str::to_owned)
    );
}

/// A response to a discoverable ceremony, by whoever has not the key of the credential that it names.
async fn forge_discoverable(site: &Site, browser: &mut Browser, id: &Value, fault: Fault) -> Told {
    let mut options = browser.post(site, Route::AuthenticationOptions, json!({})).await.ok();
    options["allowCredentials"] = json!([{"type": "public-key", "id": id}]);
    let mut response: Value = serde_json::from_str(&forge(&options, fault)).unwrap();
    response["response"]["userHandle"] = json!("AAAA");
    browser.authenticate(site, &response.to_string()).await
}

#[tokio::test]
async fn a_decoy_is_answered_like_a_real_credential_where_nobody_was_named() {
    let (site, mut kim) = site_with_kim().await;
    let mut answers = Vec::new();
    for name in ["kim", "nobody"] {
        let id = options(&site, name).await["allowCredentials"][0]["id"].clone();
        for fault in [Fault::AssertionOfOtherKey, Fault::RpIdHashOther, Fault::OriginOther] {
            let answer = forge_discoverable(&site, &mut kim, &id, fault).await;
            answers.push((answer.status, answer.body));
        }
    }
    assert_eq!((answers[0].0, &answers[0].1["code"]), (422, &json!("user-handle-mismatch")));
    assert_eq!(answers[..3], answers[3..]);
    let made_up = json!("AAAAAAAAAAAAAAAAAAAAAA");
    let made_up = forge_discoverable(&site, &mut kim, &made_up, Fault::RpIdHashOther).await;
    assert_eq!(made_up.refusal(), (422, "credential-unknown"));
}

/// A registration of a credential that has another's ID, as `none` attestation lets anybody claim it.
fn claim(options: &Value, id: &[u8], seed: &str) -> String {
    let mut authenticator = Authenticator::new(seed, Config::default());
    let response = authenticator.create(options, ORIGIN).unwrap();
    let own = authenticator.credentials()[0].id.clone();
    let mut response: Value = serde_json::from_str(&response).unwrap();
    let object = response["response"]["attestationObject"].as_str().unwrap();
    let object = base64url::decode(object).unwrap();
    let at = object.windows(own.len()).position(|window| window == own).unwrap();
    // The length of authData stands before it, and the length of the ID right before the ID.
    let data_at = object.windows(9).position(|window| window == b"\x68authData").unwrap() + 9;
    assert_eq!(object[data_at], 0x58, "byte string, one byte of length");
    let (data, length) = (&object[data_at + 2..], u16::try_from(id.len()).unwrap());
    let before = at - data_at - 2 - 2;
    let data = [&data[..before], &length.to_be_bytes(), id, &data[before + 2 + own.len()..]].concat();
    let head = [&[0x59][..], &u16::try_from(data.len()).unwrap().to_be_bytes()].concat();
    let object = [&object[..data_at], &head, &data].concat();
    for (at, bytes) in [("id", id), ("rawId", id)] {
        response[at] = json!(base64url::encode(bytes));
    }
    let inner = response["response"].as_object_mut().unwrap();
    inner.insert("attestationObject".into(), json!(base64url::encode(&object)));
    for derived in ["authenticatorData", "publicKey", "publicKeyAlgorithm"] {
        inner.remove(derived);
    }
    response.to_string()
}

#[tokio::test]
async fn a_decoy_is_registered_already_like_a_real_credential() {
    let (site, _) = site_with_kim().await;
    let mut ids = Vec::new();
    for name in ["kim", "nobody"] {
        let id = options(&site, name).await["allowCredentials"][0]["id"].clone();
        ids.push(base64url::decode(id.as_str().unwrap()).unwrap());
    }
    for id in &ids {
        let mut eve = Browser::new("eve");
        for name in ["fresh", "kim"] {
            let options = eve.post(&site, Route::RegistrationOptions, json!({"username": name})).await.ok();
            let answer = eve.register(&site, &claim(&options, id, "claim")).await;
            let expected = if name == "kim" { "username-taken" } else { "credential-exists" };
            assert_eq!(answer.refusal(), (409, expected));
        }
    }
    let mut eve = Browser::new("eve");
    eve.sign_up(&site, "eve").await;
    for id in &ids {
        let options = eve.post(&site, Route::RegistrationOptions, json!({})).await.ok();
        let answer = eve.register(&site, &claim(&options, id, "claim")).await;
        assert_eq!(answer.refusal(), (409, "credential-exists"));
    }
    let options = eve.post(&site, Route::RegistrationOptions, json!({})).await.ok();
    let made_up = eve.register(&site, &claim(&options, &[9; 48], "claim")).await;
    assert_eq!(made_up.status, 201, "{made_up:?}");
}

#[tokio::test]
async fn guesses_of_credentials_are_bounded_like_those_of_names() {
    let (site, _) = site_with_kim().await;
    let id = options(&site, "nobody").await["allowCredentials"][0]["id"].clone();
    let id = base64url::decode(id.as_str().unwrap()).unwrap();
    let mut eve = Browser::new("eve");
    for guess in 0..10 {
        let name = json!({"username": format!("eve{guess}")});
        let options = eve.post(&site, Route::RegistrationOptions, name).await.ok();
        let answer = eve.register(&site, &claim(&options, &id, "claim")).await;
        assert_eq!(answer.refusal(), (409, "credential-exists"));
    }
    let bounded = eve.post(&site, Route::RegistrationOptions, json!({"username": "other"})).await;
    assert_eq!(bounded.refusal(), (429, "too-many-requests"));
    site.wait(600);
    eve.sign_up(&site, "eve").await;
    let mut answers = Vec::new();
    for _ in 0..11 {
        let options = eve.post(&site, Route::RegistrationOptions, json!({})).await.ok();
        let answer = eve.register(&site, &claim(&options, &id, "claim")).await;
        answers.push(answer.refusal().1.to_owned());
    }
    assert_eq!(answers[..10], ["credential-exists"; 10]);
    assert_eq!(answers[10], "too-many-requests");
}

#[tokio::test]
async fn options_for_sign_up_are_alike_for_a_name_that_is_taken() {
    let (site, mut kim) = site_with_kim().await;
    let mut sign_up = async |name| {
        site.store().calls();
        let options = kim.post(&site, Route::RegistrationOptions, json!({"username": name})).await.ok();
        assert_eq!(site.store().calls(), ["put"]);
        options
    };
    let (taken, free) = (sign_up("kim").await, sign_up("nobody").await);
    assert_eq!(shape(&taken), shape(&free));
    assert_eq!(taken["excludeCredentials"], json!([]));
}

#[tokio::test]
async fn shapes_of_the_application_own_are_taken() {
    let site = Site::with(|builder| builder.decoy_shapes(vec![DecoyShape::new(64, &["usb"], 1)]));
    let options = options(&site, "nobody").await;
    for descriptor in options["allowCredentials"].as_array().unwrap() {
        assert_eq!(descriptor["id"].as_str().unwrap().len(), 86);
        assert_eq!(descriptor["transports"], json!(["usb"]));
    }
}

#[test]
fn a_secret_that_is_too_short_is_refused_at_construction() {
    let rp = || rp_core::RelyingParty::builder("example.org").origin(ORIGIN).build().unwrap();
    for got in [0, 31] {
        let refused = Passkeys::builder(rp(), (), &SECRET[..got]).build().unwrap_err();
        assert_eq!(refused, DecoyError::SecretTooShort { got });
    }
    assert!(Passkeys::builder(rp(), (), SECRET).build().is_ok());
}
