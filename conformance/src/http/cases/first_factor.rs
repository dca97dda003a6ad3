//! Sessions that a first factor opened.

use rp_service::SecondFactorPolicy;
use rp_service::http::Route;
use serde_json::{Value, json};

use super::{NOT_RECENT, Server, Test, authenticator};
use crate::http::{HttpResponse, UserAgent};

/// Reports that the user's password was correct.
pub(super) async fn password(browser: &mut UserAgent, name: &str) -> HttpResponse {
    browser.send("POST", "/app/password", &[("x-user", name)], &[]).await
}

/// A user with a passkey, and a browser that knows only the password.
pub(super) async fn user_and_thief(test: &Test) -> (UserAgent, UserAgent, Value) {
    let mut kim = test.browser("kim");
    let credential = kim.sign_up("kim").await;
    let mut thief = test.browser("thief");
    // The attacker has created a passkey for the account that the site does not know.
    thief.create(&json!({"username": "thief"})).await;
    (kim, thief, credential)
}

/// A request to every route, with a body that the route accepts.
async fn request(browser: &mut UserAgent, route: Route, credential: &Value, session: &str) -> HttpResponse {
    let id = if route.path().starts_with("sessions") {
        session
    } else {
        credential["id"].as_str().unwrap_or_default()
    };
    let path = route.path().replace("{id}", id).replace("{name}", "totp");
    let body = match route {
        Route::RenameCredential => json!({"nickname": "mine"}),
        Route::ChangeUser => json!({"displayName": "mine"}),
        _ if route.has_body() => json!({}),
        _ => Value::Null,
    };
    browser.call(route.method(), &path, &body).await
}

/// The guarded routes of the application.
const GUARDED: [&str; 4] = ["/app/passkey", "/app/recent", "/app/verified", "/app/hardware"];

pub(super) async fn a_first_factor_session_is_rejected_except_as_listed(server: Server) {
    let test = server.start().await;
    let (mut kim, mut thief, credential) = user_and_thief(&test).await;
    assert_eq!(password(&mut thief, "kim").await.text(), "kim needs passkey");
    let listed = kim.get("sessions").await.ok();
    let session = listed["sessions"][0]["id"].as_str().unwrap_or_default();
    for &route in Route::ALL {
        let answer = request(&mut thief, route, &credential, session).await;
        match route {
            Route::Session => assert_eq!(answer.ok()["state"], "first-factor"),
            // Verified below; without the purpose `second-factor` it is a normal sign-in.
            Route::AuthenticationOptions | Route::ProofOptions => assert_eq!(answer.status, 200),
            Route::AuthenticationVerify | Route::RegistrationVerify | Route::ProofVerify => {
                assert_eq!(answer.problem(), (400, "malformed-json"), "{route:?}");
            }
            Route::FactorOptions | Route::VerifyFactor => {
                assert_eq!(answer.problem(), (404, "factor-unknown"), "{route:?}");
            }
            Route::SignOut => {
                assert_eq!(answer.status, 204);
                assert_eq!(password(&mut thief, "kim").await.text(), "kim needs passkey");
            }
            Route::BrowserModule
            | Route::GermanTexts
            | Route::TelemetryModule
            | Route::WellKnownWebauthn
            | Route::WellKnownPasskeyEndpoints => assert_eq!(answer.status, 200),
            // Not switched on.
            Route::Authorize | Route::ConfirmAuthorization | Route::Token | Route::Telemetry => {
                assert_eq!(answer.status, 404, "{route:?}");
            }
            _ => assert_eq!(answer.problem(), (401, "second-factor-required"), "{route:?}"),
        }
    }
    let step_up = thief.post("authentication/options", &json!({"purpose": "step-up"})).await;
    assert_eq!(step_up.problem(), (401, "second-factor-required"));
    // Extractors and guards of the application.
    assert_eq!(thief.get("/app/user").await.problem(), (401, "second-factor-required"));
    assert_eq!(thief.get("/app/maybe").await.text(), "no one");
    for path in GUARDED {
        assert_eq!(thief.post(path, &Value::Null).await.problem(), (401, "second-factor-required"), "{path}");
    }
    // Nothing changed, and the session is not listed.
    let after = kim.get("sessions").await.ok();
    assert_eq!(after["sessions"].as_array().map(Vec::len), Some(1));
    assert_eq!(kim.get("credentials").await.ok()["credentials"][0].get("nickname"), None);
    assert_eq!(kim.get("session").await.ok()["user"]["displayName"], "Kim");
}

pub(super) async fn a_registration_begun_when_signed_in_needs_it_at_the_end(server: Server) {
    let test = server.start().await;
    let (mut kim, _, _) = user_and_thief(&test).await;
    let options = kim.post("registration/options", &json!({})).await.ok();
    let response = kim.with_authenticator("other").create_for(&options);
    // The same user, who has given a password only since.
    assert_eq!(password(&mut kim, "kim").await.text(), "kim needs passkey");
    assert_eq!(kim.register(&response).await.problem(), (409, "no-ceremony"));
    assert!(test.passkey(&response).await.is_none());
}

pub(super) async fn a_second_factor_completes_the_sign_in(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim.sign_out().await;
    assert_eq!(password(&mut kim, "kim").await.text(), "kim needs passkey");
    let session = kim.get("session").await.ok();
    assert_eq!(session["next"], json!({"secondFactors": ["passkey"]}));
    assert_eq!(session["assurance"], json!({"aal": 1, "amr": ["pwd"]}));
    let first = kim.cookie("session");
    let session = kim.second_factor().await;
    assert_eq!(session["state"], "signed-in");
    assert_eq!(session.get("next"), None);
    assert_eq!(session["assurance"], json!({"aal": 2, "acr": "phr", "amr": ["pwd", "pop", "user", "mfa"]}));
    assert_eq!(kim.get("/app/user").await.text(), "kim");
    // A change of state changes the token.
    assert_ne!(kim.cookie("session"), first);
    let mut copy = test.browser("copy");
    copy.set_cookie("__Host-rp-session", &first.unwrap_or_default());
    assert_eq!(copy.get("session").await.problem(), (401, "not-signed-in"));
    // It is for sessions in that state only.
    let again = kim.post("authentication/options", &json!({"purpose": "second-factor"})).await;
    assert_eq!(again.problem(), (400, "malformed-json"));
    let no_one =
        test.browser("no one").post("authentication/options", &json!({"purpose": "second-factor"})).await;
    assert_eq!(no_one.problem(), (401, "not-signed-in"));
}

pub(super) async fn a_first_factor_session_lives_ten_minutes_without_renewal(server: Server) {
    let test = server.start().await;
    let (_, mut thief, _) = user_and_thief(&test).await;
    password(&mut thief, "kim").await;
    for _ in 0..10 {
        test.wait(std::time::Duration::from_secs(60));
        assert_eq!(thief.get("session").await.ok()["state"], "first-factor");
    }
    test.wait(std::time::Duration::from_secs(1));
    assert_eq!(thief.get("session").await.problem(), (401, "not-signed-in"));
}

pub(super) async fn a_password_is_enough_where_the_user_has_no_passkey(server: Server) {
    let test = server.start().await;
    test.passkeys.create_user("kim", "Kim").await.expect("the user is created");
    let mut kim = test.browser("kim");
    assert_eq!(password(&mut kim, "kim").await.text(), "kim signed in");
    assert_eq!(kim.get("/app/user").await.text(), "kim");
    // It authorises the first passkey, while it is recent.
    test.wait(NOT_RECENT);
    let late = kim.post("registration/options", &json!({})).await;
    assert_eq!(late.problem(), (403, "step-up-required"));
    assert_eq!(password(&mut kim, "kim").await.text(), "kim signed in");
    let added = kim.add_passkey(&mut authenticator("first")).await;
    assert_eq!(added["userVerified"], true);
    // And only the first.
    let second = kim.post("registration/options", &json!({})).await;
    assert_eq!(second.problem(), (403, "step-up-required"));
    let path = format!("credentials/{}", added["id"].as_str().unwrap_or_default());
    assert_eq!(kim.delete(&path).await.problem(), (403, "step-up-required"));
}

pub(super) async fn a_password_never_passes_a_guard_that_requires_a_passkey(server: Server) {
    let test =
        server.start_with(|setup| setup.policy.default.second_factor = SecondFactorPolicy::Never).await;
    let (mut kim, mut thief, credential) = user_and_thief(&test).await;
    assert_eq!(password(&mut thief, "kim").await.text(), "kim signed in");
    let session = thief.get("session").await.ok();
    assert_eq!((&session["state"], session.get("credential")), (&json!("signed-in"), None));
    assert_eq!(session["assurance"], json!({"aal": 1, "amr": ["pwd"]}));
    assert_eq!(thief.get("/app/user").await.text(), "kim");
    for (path, required) in GUARDED.into_iter().zip([
        json!({"acr": "phr"}),
        json!({"maxAge": 120, "acr": "phr"}),
        json!({"acr": "phr", "userVerification": true}),
        json!({"acr": "phrh"}),
    ]) {
        let answer = thief.post(path, &Value::Null).await;
        assert_eq!(answer.problem(), (403, "step-up-required"), "{path}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        assert_eq!(body["required"], required, "{path}");
    }
    // An attacker with only the password can neither add nor delete a passkey.
    let required = json!({"maxAge": 300, "acr": "phr"});
    let path = format!("credentials/{}", credential["id"].as_str().unwrap_or_default());
    for answer in [thief.post("registration/options", &json!({})).await, thief.delete(&path).await] {
        assert_eq!(answer.problem(), (403, "step-up-required"));
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        assert_eq!(body["required"], required);
    }
    assert!(test.passkey(&credential).await.is_some());
    assert_eq!(kim.get("credentials").await.ok()["credentials"].as_array().map(Vec::len), Some(1));
}

pub(super) async fn a_password_does_not_authorise_once_a_passkey_is_there(server: Server) {
    let test =
        server.start_with(|setup| setup.policy.default.second_factor = SecondFactorPolicy::Never).await;
    test.passkeys.create_user("kim", "Kim").await.expect("the user is created");
    let (mut kim, mut thief) = (test.browser("kim"), test.browser("thief"));
    password(&mut thief, "kim").await;
    password(&mut kim, "kim").await;
    // Both start; the user finishes first.
    let options = thief.post("registration/options", &json!({})).await.ok();
    let response = thief.create_for(&options);
    kim.add_passkey(&mut authenticator("first")).await;
    assert_eq!(thief.register(&response).await.problem(), (403, "step-up-required"));
    assert!(test.passkey(&response).await.is_none());
}

pub(super) async fn a_password_of_an_unknown_or_locked_user_opens_nothing(server: Server) {
    let test = server.start().await;
    let user = test.passkeys.create_user("kim", "Kim").await.expect("the user is created");
    let mut kim = test.browser("kim");
    assert_eq!(password(&mut kim, "nobody").await.problem(), (404, "user-unknown"));
    test.passkeys.lock_user(&user.handle).await.expect("the user exists");
    assert_eq!(password(&mut kim, "kim").await.problem(), (403, "user-locked"));
    assert_eq!(kim.cookie("session"), None);
    assert!(test.sessions(&user.handle).await.is_empty());
}

pub(super) async fn ceremonies_of_a_first_factor_are_counted_apart(server: Server) {
    let four = |setup: &mut crate::http::Setup| setup.policy.limits.ceremonies_per_user.attempts = 4;
    let test = server.start_with(four).await;
    let (mut kim, mut thief, _) = user_and_thief(&test).await;
    let (step_up, second) = (json!({"purpose": "step-up"}), json!({"purpose": "second-factor"}));
    // A client that knows the password uses up what a first factor may start, and the user still steps up.
    assert_eq!(password(&mut thief, "kim").await.text(), "kim needs passkey");
    for _ in 0..4 {
        assert_eq!(thief.post("authentication/options", &second).await.status, 200);
    }
    let limited = thief.post("authentication/options", &second).await;
    assert_eq!(limited.problem(), (429, "too-many-requests"));
    assert_eq!(limited.header("retry-after").collect::<Vec<_>>(), ["600"]);
    kim.step_up().await;
    // The reverse.
    test.wait(std::time::Duration::from_secs(600));
    for _ in 0..4 {
        assert_eq!(kim.post("authentication/options", &step_up).await.status, 200);
    }
    assert_eq!(kim.post("authentication/options", &step_up).await.problem(), (429, "too-many-requests"));
    let mut phone = kim.clone();
    assert_eq!(password(&mut phone, "kim").await.text(), "kim needs passkey");
    phone.second_factor().await;
    // Sign-ins of the address do not count as ceremonies of a session.
    for browser in [&mut kim, &mut thief, &mut test.browser("visitor")] {
        assert_eq!(browser.post("authentication/options", &json!({})).await.status, 200);
    }
}
