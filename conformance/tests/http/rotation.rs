//! Replacing the secret of the service.

use rp_conformance::http::{Fixture, ORIGIN, Setup, UserAgent, bare};
use rp_service::{KeyRing, Secret, UsernameLists};
use serde_json::{Value, json};

const OLD: [u8; 32] = [7; 32];
const NEW: [u8; 32] = [8; 32];

/// The options for a username, without what is random.
async fn options(browser: &mut UserAgent, name: &str) -> Value {
    let mut options = browser.post("authentication/options", &json!({ "username": name })).await.ok();
    options["challenge"] = Value::Null;
    options
}

#[tokio::test]
async fn a_new_secret_reveals_no_name_and_keeps_factors() {
    // First, options stop listing credentials; the secret is still the old one.
    let mut policy = rp_service::Policy::default();
    policy.sign_up = true;
    policy.username_lists = UsernameLists::Never;
    let setup = Setup {
        policy: policy.clone(),
        service: Box::new(|builder| builder.secret(OLD)),
        ..Setup::default()
    };
    let before = Fixture::new(setup);
    let mut kim = UserAgent::new(&bare(&before), ORIGIN, "kim");
    kim.sign_up("kim").await;
    let set = kim.post("factors/recovery-codes/enrol", &json!({})).await.ok();
    let code = set["codes"][0].clone();
    let known = options(&mut kim, "kim").await;
    assert_eq!(options(&mut kim, "no one").await, known);

    // Then the secret is replaced. The old one decrypts the states of factors.
    let store = before.store.clone();
    let replace = move |builder: rp_service::PasskeysBuilder| {
        let keys = KeyRing::new([Secret::from(NEW), Secret::from(OLD)]).unwrap();
        builder.store(store).secret(NEW).keys(keys)
    };
    let after = Fixture::new(Setup { policy, service: Box::new(replace), ..Setup::default() });
    let mut kim = UserAgent::new(&bare(&after), ORIGIN, "kim");
    assert_eq!(options(&mut kim, "kim").await, known);
    assert_eq!(options(&mut kim, "no one").await, known);
    let password = kim.send("POST", "/app/password", &[("x-user", "kim")], b"").await.text();
    assert_eq!(password, "kim needs passkey or recovery-codes");
    let session = kim.post("factors/recovery-codes/verify", &json!({ "code": code })).await.ok();
    assert_eq!(session["state"], "first-factor");
}
