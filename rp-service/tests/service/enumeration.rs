//! Nothing tells which usernames exist: not the options, not the refusals, not the work that is done.

use std::collections::BTreeSet;

use crate::support::{Browser, ORIGIN, SECRET, Site};
use rp_conformance::authenticator::{Authenticator, Ceremony, Config, Fault, Format};
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
        assert_eq!(site.store().calls(), ["account_by_name", "passkeys", "sweep", "put"], "{name}");
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

#[tokio::test]
async fn options_for_sign_up_are_alike_for_a_name_that_is_taken() {
    let (site, mut kim) = site_with_kim().await;
    let mut sign_up = async |name| {
        site.store().calls();
        let options = kim.post(&site, Route::RegistrationOptions, json!({"username": name})).await.ok();
        assert_eq!(site.store().calls(), ["sweep", "put"]);
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
