//! User verification never becomes weaker silently.

use rp_core::options::UserVerificationRequirement;
use serde_json::{Value, json};

use super::first_factor::password;
use super::{NOT_RECENT, Server, authenticator};
use crate::authenticator::{Authenticator, Config, Verification};
use crate::http::UserAgent;

/// Whether the user of an authenticator is verified.
fn verify(browser: &mut UserAgent, verification: Verification) {
    browser.authenticator.config.verification = verification;
}

fn required(answer: &crate::http::HttpResponse) -> Value {
    serde_json::from_slice::<Value>(&answer.body).unwrap_or_default()["required"].clone()
}

pub(super) async fn a_passkey_used_without_uv_signs_in_and_does_no_more(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let credential = kim.sign_up("kim").await;
    assert_eq!(credential["userVerified"], true);
    // A person who found the device cannot pass user verification.
    let mut finder = UserAgent { authenticator: kim.authenticator.clone(), ..test.browser("finder") };
    verify(&mut finder, Verification::Never);
    let _ = test.events();
    let session = finder.sign_in().await;
    assert!(test.events()[0].contains("user_verification_omitted: true"));
    assert_eq!(session["assurance"], json!({"aal": 1, "acr": "phr", "amr": ["pop", "user"]}));
    assert_eq!(finder.get("/app/user").await.text(), "kim");
    let path = format!("credentials/{}", credential["id"].as_str().unwrap_or_default());
    for (method, path) in [
        ("POST", "registration/options"),
        ("DELETE", path.as_str()),
        ("POST", "/app/passkey"),
        ("POST", "/app/recent"),
        ("POST", "/app/verified"),
    ] {
        let answer = finder.call(method, path, &json!({})).await;
        assert_eq!(answer.problem(), (403, "step-up-required"), "{path}");
        assert_eq!(required(&answer)["userVerification"], true, "{path}");
    }
    assert!(test.passkey(&credential).await.is_some_and(|passkey| passkey.record.uv_initialized));
}

pub(super) async fn a_step_up_without_uv_is_rejected_and_the_next_requires_it(server: Server) {
    let prefers = |setup: &mut crate::http::Setup| {
        setup.policy.step_up_user_verification = Some(UserVerificationRequirement::Preferred);
    };
    let test = server.start_with(prefers).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    // A second passkey that never verified its user: not all of them are capable.
    let config = Config { verification: Verification::Never, ..Config::default() };
    let spare = kim.add_passkey(&mut Authenticator::new("spare", config)).await;
    assert_eq!(spare["userVerified"], false);
    test.wait(NOT_RECENT);
    let options = kim.post("authentication/options", &json!({"purpose": "step-up"})).await.ok();
    assert_eq!(options["userVerification"], "preferred");
    verify(&mut kim, Verification::Never);
    let response = kim.assert_for(&options);
    let cookie = kim.cookie("session");
    let _ = test.events();
    assert_eq!(kim.authenticate(&response).await.problem(), (422, "user-not-verified"));
    assert_eq!(test.outcomes(), ["step-up user-not-verified"]);
    assert_eq!(kim.cookie("session"), cookie);
    assert_eq!(kim.post("registration/options", &json!({})).await.problem(), (403, "step-up-required"));
    // In this session, and until the user is verified.
    for _ in 0..2 {
        let options = kim.post("authentication/options", &json!({"purpose": "step-up"})).await.ok();
        assert_eq!(options["userVerification"], "required");
    }
    verify(&mut kim, Verification::WhenAsked);
    kim.step_up().await;
    assert_eq!(kim.post("registration/options", &json!({})).await.status, 200);
    let options = kim.post("authentication/options", &json!({"purpose": "step-up"})).await.ok();
    assert_eq!(options["userVerification"], "preferred");
}

pub(super) async fn a_step_up_requires_uv_if_all_passkeys_are_capable(server: Server) {
    let prefers = |setup: &mut crate::http::Setup| {
        setup.policy.step_up_user_verification = Some(UserVerificationRequirement::Discouraged);
    };
    let test = server.start_with(prefers).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let step_up = json!({"purpose": "step-up"});
    assert_eq!(kim.post("authentication/options", &step_up).await.ok()["userVerification"], "required");
    kim.add_passkey(&mut authenticator("capable")).await;
    assert_eq!(kim.post("authentication/options", &step_up).await.ok()["userVerification"], "required");
    let config = Config { verification: Verification::Never, ..Config::default() };
    kim.add_passkey(&mut Authenticator::new("incapable", config)).await;
    assert_eq!(kim.post("authentication/options", &step_up).await.ok()["userVerification"], "discouraged");
}

pub(super) async fn the_policy_may_accept_a_step_up_without_uv(server: Server) {
    let allows = |setup: &mut crate::http::Setup| setup.policy.allow_omitted_user_verification = true;
    let test = server.start_with(allows).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let config = Config { verification: Verification::Never, ..Config::default() };
    kim.add_passkey(&mut Authenticator::new("spare", config)).await;
    test.wait(NOT_RECENT);
    verify(&mut kim, Verification::Never);
    let _ = test.events();
    kim.step_up().await;
    assert!(test.events()[0].contains("user_verification_omitted: true"));
    assert_eq!(kim.post("registration/options", &json!({})).await.status, 200);
    // A guard of the application decides for itself.
    assert_eq!(kim.post("/app/verified", &Value::Null).await.problem(), (403, "step-up-required"));
}

/// A user whose only passkey never verified its user.
async fn without_pin(test: &super::Test) -> (UserAgent, Value) {
    let config = Config { verification: Verification::Never, ..Config::default() };
    let mut kim = test.browser_with("kim", config);
    let credential = kim.sign_up("kim").await;
    assert_eq!(credential["userVerified"], false);
    (kim, credential)
}

pub(super) async fn uv_of_a_pin_set_later_counts_for_nothing(server: Server) {
    let test = server.start().await;
    let (mut kim, credential) = without_pin(&test).await;
    assert_eq!(kim.post("/app/passkey", &Value::Null).await.text(), "kim");
    // A person who found the key sets a PIN.
    let mut finder = UserAgent { authenticator: kim.authenticator.clone(), ..test.browser("finder") };
    verify(&mut finder, Verification::Always);
    for _ in 0..2 {
        let session = finder.sign_in().await;
        assert_eq!(session["credential"]["userVerified"], true, "as the authenticator reports it");
        assert_eq!(session["assurance"], json!({"aal": 1, "acr": "phr", "amr": ["pop", "user"]}));
        assert_eq!(finder.post("/app/verified", &Value::Null).await.problem(), (403, "step-up-required"));
        assert_eq!(finder.step_up().await["assurance"]["aal"], 1);
        let stored = test.passkey(&credential).await;
        assert!(stored.is_some_and(|passkey| !passkey.record.uv_initialized));
    }
}

pub(super) async fn uv_is_initialized_when_another_factor_authorises_it(server: Server) {
    let test = server.start().await;
    let (mut kim, credential) = without_pin(&test).await;
    kim.sign_out().await;
    verify(&mut kim, Verification::Always);
    assert_eq!(password(&mut kim, "kim").await.text(), "kim needs passkey");
    let session = kim.second_factor().await;
    assert_eq!(session["assurance"], json!({"aal": 2, "acr": "phr", "amr": ["pwd", "pop", "user", "mfa"]}));
    assert!(test.passkey(&credential).await.is_some_and(|passkey| passkey.record.uv_initialized));
    // From now on it counts, and its absence is noticed.
    kim.sign_out().await;
    assert_eq!(kim.sign_in().await["assurance"]["aal"], 2);
    assert_eq!(kim.post("/app/verified", &Value::Null).await.text(), "kim");
    verify(&mut kim, Verification::Never);
    kim.sign_in().await;
    assert_eq!(kim.post("/app/passkey", &Value::Null).await.problem(), (403, "step-up-required"));
}

pub(super) async fn another_verified_passkey_authorises_uv_too(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let config = Config { verification: Verification::Never, ..Config::default() };
    let mut spare = Authenticator::new("spare", config);
    let credential = kim.add_passkey(&mut spare).await;
    spare.config.verification = Verification::Always;
    kim.authenticator = spare;
    kim.step_up().await;
    assert!(test.passkey(&credential).await.is_some_and(|passkey| passkey.record.uv_initialized));
}

pub(super) async fn a_passkey_without_uv_is_no_second_factor_of_itself(server: Server) {
    // Neither twice the same passkey, nor two passkeys without user verification.
    let test = server.start().await;
    let (mut kim, _) = without_pin(&test).await;
    let config = Config { verification: Verification::Never, ..Config::default() };
    let mut other = Authenticator::new("other", config);
    let credential = kim.add_passkey(&mut other).await;
    other.config.verification = Verification::Always;
    kim.authenticator = other;
    let session = kim.step_up().await;
    assert_eq!(session["assurance"], json!({"aal": 1, "acr": "phr", "amr": ["pop", "user"]}));
    assert!(test.passkey(&credential).await.is_some_and(|passkey| !passkey.record.uv_initialized));
}
