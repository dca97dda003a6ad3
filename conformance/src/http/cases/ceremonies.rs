//! A ceremony is completed once, in time, and in the browser in which it was started.

use std::time::Duration;

use rp_core::CounterPolicy;
use serde_json::{Value, json};

use super::Server;
use crate::authenticator::{Config, Counter, Fault};

pub(super) async fn a_response_is_accepted_once(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let response = kim.create(&json!({"username": "kim"})).await;
    assert_eq!(kim.register(&response).await.status, 201);
    assert_eq!(kim.register(&response).await.problem(), (409, "no-ceremony"));
    for body in [json!({}), json!({"purpose": "step-up"})] {
        let response = kim.assert(&body).await;
        assert_eq!(kim.authenticate(&response).await.status, 200);
        assert_eq!(kim.authenticate(&response).await.problem(), (409, "no-ceremony"));
    }
}

pub(super) async fn a_rejected_response_uses_the_ceremony_up(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let options = kim.post("authentication/options", &json!({})).await.ok();
    kim.authenticator.config.fault = Some(Fault::AssertionFlipped);
    let wrong = kim.assert_for(&options);
    kim.authenticator.config.fault = None;
    let right = kim.assert_for(&options);
    assert_eq!(kim.authenticate(&wrong).await.problem(), (422, "signature-invalid"));
    assert_eq!(kim.authenticate(&right).await.problem(), (409, "no-ceremony"));

    let options = kim.post("registration/options", &json!({})).await.ok();
    let mut other = kim.with_authenticator("other");
    let right = other.create_for(&options);
    other.page = "https://evil.example".into();
    let mut other = other.with_authenticator("other 2");
    let wrong = other.create_for(&options);
    assert_eq!(kim.register(&wrong).await.problem(), (422, "origin-mismatch"));
    assert_eq!(kim.register(&right).await.problem(), (409, "no-ceremony"));
}

pub(super) async fn a_nickname_that_is_not_allowed_uses_nothing_up(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let mut response = kim.create(&json!({"username": "kim"})).await;
    response["nickname"] = json!("a".repeat(65));
    let rejected = kim.register(&response).await;
    assert_eq!(rejected.problem(), (400, "malformed-json"));
    // The browser module keeps the passkey if the detail begins with the name of the member.
    let body: Value = serde_json::from_slice(&rejected.body).unwrap_or_default();
    assert_eq!(body["detail"], "nickname has at most 64 characters");
    response["nickname"] = json!("a");
    assert_eq!(kim.register(&response).await.status, 201);
}

pub(super) async fn a_ceremony_expires_after_its_timeout(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let (in_time, late) = (kim.assert(&json!({})).await, kim.assert(&json!({})).await);
    test.wait(Duration::from_secs(301));
    assert_eq!(kim.authenticate(&in_time).await.status, 200);
    // The timeout of five minutes, and a minute for a response on its way.
    test.wait(Duration::from_secs(61));
    assert_eq!(kim.authenticate(&late).await.problem(), (409, "ceremony-expired"));
    assert_eq!(kim.authenticate(&late).await.problem(), (409, "no-ceremony"));
}

pub(super) async fn several_ceremonies_are_pending_in_one_browser(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim.sign_out().await;
    let autofill = kim.assert(&json!({})).await;
    let button = kim.assert(&json!({"username": "kim"})).await;
    let tab = kim.create(&json!({"username": "alex"})).await;
    assert_eq!(kim.register(&tab).await.status, 201);
    kim.sign_out().await;
    assert_eq!(kim.authenticate(&autofill).await.status, 200);
    kim.sign_out().await;
    assert_eq!(kim.authenticate(&button).await.status, 200);
}

pub(super) async fn a_ceremony_is_bound_to_its_browser(server: Server) {
    let test = server.start().await;
    let (mut kim, mut other) = (test.browser("kim"), test.browser("other"));
    kim.sign_up("kim").await;
    let response = kim.assert(&json!({})).await;
    assert_eq!(other.authenticate(&response).await.problem(), (409, "no-ceremony"));
    // Requesting its own options does not help.
    other.post("authentication/options", &json!({})).await.ok();
    assert_eq!(other.authenticate(&response).await.problem(), (409, "no-ceremony"));
    assert_eq!(kim.authenticate(&response).await.status, 200);
}

pub(super) async fn a_response_of_the_other_kind_has_no_ceremony(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    // Client data with the challenge of an authentication, and the reverse.
    let mut creation = kim.post("registration/options", &json!({})).await.ok();
    let mut request = kim.post("authentication/options", &json!({})).await.ok();
    let challenges = (creation["challenge"].clone(), request["challenge"].clone());
    (request["challenge"], creation["challenge"]) = challenges;
    let registration = kim.with_authenticator("other").create_for(&creation);
    let authentication = kim.assert_for(&request);
    assert_eq!(kim.register(&registration).await.problem(), (409, "no-ceremony"));
    assert_eq!(kim.authenticate(&authentication).await.problem(), (409, "no-ceremony"));
}

pub(super) async fn a_step_up_never_changes_the_user(server: Server) {
    let test = server.start().await;
    let (mut kim, mut alex) = (test.browser("kim"), test.browser("alex"));
    kim.sign_up("kim").await;
    alex.sign_up("alex").await;
    let mut options = kim.post("authentication/options", &json!({"purpose": "step-up"})).await.ok();
    assert_eq!(options["allowCredentials"].as_array().map(Vec::len), Some(1));
    // Another user's credential is not allowed, although its signature is valid.
    options["allowCredentials"] = json!([]);
    let foreign = alex.assert_for(&options);
    assert_eq!(kim.authenticate(&foreign).await.problem(), (422, "credential-not-allowed"));
    assert_eq!(kim.step_up().await["user"]["name"], "kim");
    // Neither does a sign-in that a signed-in user started.
    for (body, expected) in
        [(json!({}), "credential-not-allowed"), (json!({"username": "alex"}), "signature-invalid")]
    {
        let options = kim.post("authentication/options", &body).await.ok();
        let foreign = alex.assert_for(&options);
        assert_eq!(kim.authenticate(&foreign).await.problem(), (422, expected));
        assert_eq!(kim.get("session").await.ok()["user"]["name"], "kim");
    }
    let signed_out =
        test.browser("no one").post("authentication/options", &json!({"purpose": "step-up"})).await;
    assert_eq!(signed_out.problem(), (401, "not-signed-in"));
}

pub(super) async fn autofill_requires_a_user_handle(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim.sign_out().await;
    kim.authenticator.config.fault = Some(Fault::UserHandleMissing);
    let response = kim.assert(&json!({})).await;
    assert_eq!(kim.authenticate(&response).await.problem(), (422, "user-handle-mismatch"));
    let response = kim.assert(&json!({"username": "kim"})).await;
    assert_eq!(kim.authenticate(&response).await.status, 200);
}

pub(super) async fn a_counter_that_does_not_increase_is_rejected(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let credential = kim.sign_up("kim").await;
    kim.sign_in().await;
    let before = test.passkey(&credential).await;
    for fault in [Fault::CounterSame, Fault::CounterLess, Fault::CounterZero] {
        let mut copy = kim.clone();
        copy.authenticator.config.fault = Some(fault);
        let response = copy.assert(&json!({})).await;
        assert_eq!(copy.authenticate(&response).await.problem(), (422, "sign-count-regressed"), "{fault}");
        assert_eq!(test.passkey(&credential).await, before);
    }
    kim.sign_in().await;
}

pub(super) async fn a_counter_that_regresses_may_be_reported_instead(server: Server) {
    let report = |setup: &mut crate::http::Setup| {
        setup.relying_party = |rp| rp.counter_policy(CounterPolicy::Report);
    };
    let test = server.start_with(report).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim.sign_in().await;
    kim.authenticator.config.fault = Some(Fault::CounterLess);
    let _ = test.events();
    kim.sign_in().await;
    let events = test.events();
    assert!(events[0].contains("counter_regressed: true"), "{events:?}");
}

pub(super) async fn a_key_without_a_counter_signs_in_repeatedly(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser_with("kim", Config { counter: Counter::Zero, ..Config::default() });
    kim.sign_up("kim").await;
    for _ in 0..3 {
        kim.sign_in().await;
    }
}

pub(super) async fn a_counter_that_moves_meanwhile_is_compared_again(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    test.store.move_counters(1);
    kim.sign_in().await;
    // A key whose counter moves each time is used by several at once.
    test.store.move_counters(usize::MAX);
    let response = kim.assert(&json!({})).await;
    assert_eq!(kim.authenticate(&response).await.problem(), (422, "sign-count-regressed"));
}
