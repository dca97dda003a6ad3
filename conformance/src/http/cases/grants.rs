//! Enrolment grants.

use std::time::Duration;

use rp_service::SecondFactorPolicy;
use serde_json::{Value, json};

use super::first_factor::password;
use super::{Server, Test, authenticator};
use crate::http::UserAgent;

const HOUR: Duration = Duration::from_secs(3_600);

/// A user who lost the only passkey, and a grant.
async fn lost(test: &Test) -> (UserAgent, String) {
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    let grant = test.passkeys.create_grant(&user, HOUR).await.expect("memory");
    (test.browser("new device"), grant.expose().to_owned())
}

/// Registers a passkey with a grant.
async fn enrol(browser: &mut UserAgent, seed: &str, grant: &str) -> crate::http::HttpResponse {
    let options = browser.post("registration/options", &json!({})).await.ok();
    let mut response = browser.with_authenticator(seed).create_for(&options);
    response["grant"] = json!(grant);
    browser.register(&response).await
}

pub(super) async fn a_grant_adds_one_passkey(server: Server) {
    let test = server.start().await;
    let (mut kim, grant) = lost(&test).await;
    assert_eq!(password(&mut kim, "kim").await.text(), "kim enrols");
    let session = kim.get("session").await.ok();
    assert_eq!(session["next"], json!({"enrol": {"by": "2026-06-01T01:00:00Z"}}));
    assert_eq!(enrol(&mut kim, "second", &grant).await.status, 201);
    let user = test.user("kim").await;
    // Used up: neither it nor the session adds another.
    assert_eq!(kim.post("registration/options", &json!({})).await.problem(), (401, "second-factor-required"));
    assert_eq!(test.sessions(&user).await.iter().filter(|session| session.is_signed_in()).count(), 1);
    assert_eq!(test.events().iter().filter(|event| event.starts_with("add-passkey ok")).count(), 1);
}

pub(super) async fn a_grant_does_nothing_else(server: Server) {
    let test = server.start().await;
    let (mut kim, grant) = lost(&test).await;
    password(&mut kim, "kim").await;
    for (method, path) in [
        ("GET", "credentials"),
        ("GET", "credentials/signal"),
        ("DELETE", "credentials/AAAA"),
        ("PATCH", "credentials/AAAA"),
        ("GET", "sessions"),
        ("DELETE", "sessions"),
        ("PATCH", "user"),
        ("GET", "/app/user"),
        ("POST", "/app/passkey"),
    ] {
        let body = json!({"grant": grant, "nickname": "a", "displayName": "a"});
        let answer = kim.call(method, path, &body).await;
        assert_eq!(answer.problem(), (401, "second-factor-required"), "{method} {path}");
    }
    let step_up = kim.post("authentication/options", &json!({"purpose": "step-up", "grant": grant})).await;
    assert_eq!(step_up.problem(), (401, "second-factor-required"));
    // Having enrolled does not sign in; the new passkey does.
    let mut key = authenticator("second");
    let options = kim.post("registration/options", &json!({})).await.ok();
    let mut response = UserAgent { authenticator: key.clone(), ..kim.clone() }.create_for(&options);
    key.create(&options, kim.page.as_str()).expect("a credential");
    response["grant"] = json!(grant);
    assert_eq!(kim.register(&response).await.status, 201);
    assert_eq!(kim.get("/app/user").await.problem(), (401, "second-factor-required"));
    kim.authenticator = key;
    kim.second_factor().await;
    assert_eq!(kim.post("/app/passkey", &Value::Null).await.text(), "kim");
}

pub(super) async fn a_grant_is_bound_to_its_user_and_expires(server: Server) {
    let test =
        server.start_with(|setup| setup.policy.default.second_factor = SecondFactorPolicy::Never).await;
    let (mut kim, grant) = lost(&test).await;
    let mut eve = test.browser("eve");
    eve.sign_up("eve").await;
    // For another user, a wrong one, and none at all.
    assert_eq!(enrol(&mut eve, "eve 2", &grant).await.problem(), (403, "step-up-required"));
    password(&mut kim, "kim").await;
    for wrong in ["", "AAAA", &grant.to_uppercase(), &format!("{grant}A")] {
        let answer = enrol(&mut kim, "wrong", wrong).await;
        assert_eq!(answer.problem(), (403, "step-up-required"), "{wrong}");
    }
    let options = kim.post("registration/options", &json!({})).await.ok();
    let response = kim.with_authenticator("without").create_for(&options);
    assert_eq!(kim.register(&response).await.problem(), (403, "step-up-required"));
    // A rejected response did not use it up.
    let options = kim.post("registration/options", &json!({})).await.ok();
    test.wait(Duration::from_secs(300));
    assert_eq!(enrol(&mut kim, "second", &grant).await.status, 201);
    let mut late = kim.with_authenticator("late").create_for(&options);
    late["grant"] = json!(grant);
    assert_eq!(kim.register(&late).await.problem(), (403, "step-up-required"));

    let user = test.user("kim").await;
    let grant = test.passkeys.create_grant(&user, HOUR).await.expect("memory");
    test.wait(HOUR - Duration::from_secs(60));
    password(&mut kim, "kim").await;
    let options = kim.post("registration/options", &json!({})).await.ok();
    test.wait(Duration::from_secs(61));
    let mut late = kim.with_authenticator("late 2").create_for(&options);
    late["grant"] = json!(grant.expose());
    assert_eq!(kim.register(&late).await.problem(), (403, "step-up-required"));
    assert_eq!(kim.post("registration/options", &json!({})).await.problem(), (403, "step-up-required"));
}

pub(super) async fn of_two_uses_of_a_grant_one_is_accepted(server: Server) {
    let test = server.start().await;
    let (mut kim, grant) = lost(&test).await;
    password(&mut kim, "kim").await;
    let mut responses = Vec::new();
    for seed in ["second", "third"] {
        let options = kim.post("registration/options", &json!({})).await.ok();
        let mut response = kim.with_authenticator(seed).create_for(&options);
        response["grant"] = json!(grant);
        responses.push(response);
    }
    assert_eq!(kim.register(&responses[0]).await.status, 201);
    assert_eq!(kim.register(&responses[1]).await.problem(), (401, "second-factor-required"));
    assert!(test.passkey(&responses[1]).await.is_none());
}
