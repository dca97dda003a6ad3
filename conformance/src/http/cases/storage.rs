//! A call to the store that fails is 503, and leaves nothing that anyone can use.

use serde_json::{Value, json};

use super::first_factor::password;
use super::{NOT_RECENT, Server, Test, authenticator};
use crate::http::{HttpResponse, UserAgent};

#[track_caller]
fn assert_unavailable(answer: &HttpResponse, what: &str) {
    assert_eq!(answer.problem(), (503, "storage-unavailable"), "{what}");
    assert_eq!(answer.header("retry-after").collect::<Vec<_>>(), ["5"], "{what}");
    assert_eq!(answer.header("set-cookie").next(), None, "{what}");
    assert!(!String::from_utf8_lossy(&answer.body).contains("disk"), "{what}");
}

/// Calls whose failure does not affect the response.
const TOLERATED: [&str; 4] = ["sweep_ceremonies", "sweep_sessions", "sweep_grants", "sessions"];

/// The calls of an operation, each once, in their order.
async fn calls_of(test: &Test, operation: impl AsyncFnOnce()) -> Vec<&'static str> {
    let _ = test.store.calls();
    operation().await;
    let mut calls = test.store.calls();
    calls.retain(|call| !TOLERATED.contains(call));
    let mut seen = Vec::new();
    calls.retain(|call| {
        !seen.contains(call) && {
            seen.push(*call);
            true
        }
    });
    calls
}

/// The user's passkeys and sessions, which a failure must not change.
async fn state(test: &Test, name: &str) -> String {
    let user = test.user(name).await;
    let passkeys =
        rp_service::store::CredentialStore::passkeys(test.store.inner(), &user).await.expect("memory");
    let mut sessions = test.sessions(&user).await;
    sessions.iter_mut().for_each(|session| session.user_verification_required = false);
    format!("{passkeys:#?} {sessions:#?}")
}

pub(super) async fn a_sign_up_that_cannot_be_stored_leaves_nothing(server: Server) {
    let test = server.start().await;
    let mut alex = test.browser("alex");
    alex.sign_up("alex").await;
    let mut first = test.browser("first");
    let response = first.create(&json!({"username": "first"})).await;
    let calls = calls_of(&test, async || {
        first.register(&response).await.ok();
    });
    let calls = calls.await;
    assert_eq!(calls, ["take_ceremony", "create_session", "create_user_with_passkey"]);
    let (before, cookie) = (state(&test, "alex").await, alex.cookie("session"));
    for (call, signed_in) in calls.iter().flat_map(|call| [(call, false), (call, true)]) {
        // Once without a session, and once in a session, which stays.
        let mut kim = if signed_in { alex.clone() } else { test.browser("kim") };
        let options = kim.post("registration/options", &json!({"username": "kim"})).await.ok();
        let response = kim.with_authenticator(call).create_for(&options);
        let _ = test.events();
        test.store.fail([*call]);
        assert_unavailable(&kim.register(&response).await, call);
        test.store.fail([]);
        let action = if *call == "take_ceremony" { "register" } else { "sign-up" };
        assert_eq!(test.outcomes(), [format!("{action} storage-unavailable")], "{call}");
        assert!(test.passkey(&response).await.is_none(), "{call}");
        assert!(test.passkeys.user_by_name("kim").await.is_ok_and(|user| user.is_none()), "{call}");
        assert_eq!(kim.cookie("session"), if signed_in { cookie.clone() } else { None }, "{call}");
        assert_eq!(state(&test, "alex").await, before, "{call}");
        let handle = rp_core::UserHandle::try_from(
            &*rp_core::base64url::decode(options["user"]["id"].as_str().unwrap_or_default())
                .expect("base64url"),
        );
        assert!(test.sessions(&handle.expect("a user handle")).await.is_empty(), "{call}");
    }
    test.browser("kim").sign_up("kim").await;
}

pub(super) async fn a_name_taken_meanwhile_leaves_no_session(server: Server) {
    let test = server.start().await;
    let (mut kim, mut eve) = (test.browser("kim"), test.browser("eve"));
    let options = eve.post("registration/options", &json!({"username": "kim"})).await.ok();
    let response = eve.create_for(&options);
    kim.sign_up("kim").await;
    let _ = test.store.calls();
    assert_eq!(eve.register(&response).await.problem(), (409, "username-taken"));
    let calls = test.store.calls();
    assert_eq!(calls, ["take_ceremony", "create_session", "create_user_with_passkey", "end_session"]);
    assert_eq!(eve.cookie("session"), None);
}

pub(super) async fn a_sign_in_that_cannot_be_stored_leaves_nothing(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim.sign_out().await;
    let calls = calls_of(&test, async || {
        kim.sign_in().await;
    });
    let calls = calls.await;
    assert_eq!(
        calls,
        [
            "put_ceremony",
            "take_ceremony",
            "passkey",
            "user",
            "passkeys",
            "factors",
            "create_session",
            "apply_update"
        ],
        "session, counter, cookie, in this order"
    );
    kim.sign_out().await;
    let before = state(&test, "kim").await;
    for call in &calls[1..] {
        let response = kim.assert(&json!({})).await;
        let _ = test.events();
        test.store.fail([*call]);
        assert_unavailable(&kim.authenticate(&response).await, call);
        test.store.fail([]);
        assert_eq!(test.outcomes(), ["sign-in storage-unavailable"], "{call}");
        assert_eq!(kim.cookie("session"), None, "{call}");
        assert_eq!(state(&test, "kim").await, before, "{call}");
    }
    kim.sign_in().await;
}

/// Lets each call of an authentication in a session fail, and checks that nothing changes.
async fn fail_in_session(test: &Test, kim: &mut UserAgent, purpose: &str) {
    let body = json!({"purpose": purpose});
    let mut rehearsal = kim.clone();
    let response = rehearsal.assert(&body).await;
    let _ = (test.store.calls(), response);
    let cookie = kim.cookie("session");
    for call in ["session", "take_ceremony", "passkey", "user", "apply_update"] {
        let before = state(test, "kim").await;
        let response = kim.assert(&body).await;
        test.store.fail([call]);
        assert_unavailable(&kim.authenticate(&response).await, call);
        test.store.fail([]);
        assert_eq!(kim.cookie("session"), cookie, "{call}");
        assert_eq!(state(test, "kim").await, before, "{call}");
    }
    // The counter is stored before the session: a response whose counter is stored twice would be a replay.
    let sessions = test.sessions(&test.user("kim").await).await;
    let response = kim.assert(&body).await;
    test.store.fail(["replace_session"]);
    assert_unavailable(&kim.authenticate(&response).await, "replace_session");
    test.store.fail([]);
    assert_eq!(kim.cookie("session"), cookie);
    assert_eq!(test.sessions(&test.user("kim").await).await, sessions);
}

pub(super) async fn a_step_up_that_cannot_be_stored_changes_nothing(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    test.wait(NOT_RECENT);
    kim.get("session").await.ok();
    fail_in_session(&test, &mut kim, "step-up").await;
    assert_eq!(kim.post("registration/options", &json!({})).await.problem(), (403, "step-up-required"));
    kim.step_up().await;
    assert_eq!(kim.post("registration/options", &json!({})).await.status, 200);
}

pub(super) async fn a_second_factor_that_cannot_be_stored_changes_nothing(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    password(&mut kim, "kim").await;
    fail_in_session(&test, &mut kim, "second-factor").await;
    assert_eq!(kim.get("session").await.ok()["state"], "first-factor");
    assert_eq!(kim.get("/app/user").await.problem(), (401, "second-factor-required"));
    assert_eq!(kim.second_factor().await["state"], "signed-in");
}

pub(super) async fn a_first_factor_that_cannot_be_stored_leaves_nothing(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim.sign_out().await;
    let calls = calls_of(&test, async || {
        password(&mut kim, "kim").await;
    });
    let calls = calls.await;
    assert_eq!(calls, ["user_by_name", "user", "passkeys", "factors", "grant_expiry", "create_session"]);
    kim.sign_out().await;
    let before = state(&test, "kim").await;
    for call in calls {
        test.store.fail([call]);
        assert_unavailable(&password(&mut kim, "kim").await, call);
        test.store.fail([]);
        assert_eq!(kim.cookie("session"), None, "{call}");
        assert_eq!(state(&test, "kim").await, before, "{call}");
    }
}

pub(super) async fn a_passkey_that_cannot_be_stored_is_not_added(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let options = kim.post("registration/options", &json!({})).await.ok();
    let response = kim.with_authenticator("rehearsal").create_for(&options);
    let calls = calls_of(&test, async || {
        kim.register(&response).await.ok();
    });
    let calls = calls.await;
    assert_eq!(calls, ["session", "take_ceremony", "user", "passkeys", "add_passkey"]);
    let (before, cookie) = (state(&test, "kim").await, kim.cookie("session"));
    for call in calls {
        let options = kim.post("registration/options", &json!({})).await.ok();
        let response = kim.with_authenticator(call).create_for(&options);
        test.store.fail([call]);
        assert_unavailable(&kim.register(&response).await, call);
        test.store.fail([]);
        assert_eq!(state(&test, "kim").await, before, "{call}");
        assert_eq!(kim.cookie("session"), cookie, "{call}");
    }
}

pub(super) async fn every_call_that_fails_is_503_and_changes_nothing(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let second = kim.add_passkey(&mut authenticator("second")).await;
    test.wait(std::time::Duration::from_secs(1));
    let mut phone = UserAgent { authenticator: kim.authenticator.clone(), ..test.browser("phone") };
    phone.sign_in().await;
    kim.authenticator = phone.authenticator.clone();
    let listed = kim.get("sessions").await.ok()["sessions"].clone();
    let other = listed.as_array().and_then(|list| list.iter().find(|session| session["current"] == false));
    let other = format!("sessions/{}", other.and_then(|session| session["id"].as_str()).unwrap_or_default());
    let credential = format!("credentials/{}", second["id"].as_str().unwrap_or_default());
    let (before, cookie) = (state(&test, "kim").await, kim.cookie("session"));
    for (method, path, body, calls) in [
        ("POST", "registration/options", json!({"username": "eve"}), &["session", "put_ceremony"][..]),
        ("POST", "registration/options", json!({}), &["session", "user", "passkeys", "put_ceremony"]),
        ("POST", "authentication/options", json!({}), &["session", "put_ceremony"]),
        (
            "POST",
            "authentication/options",
            json!({"username": "kim"}),
            &["session", "user_by_name", "descriptors", "put_ceremony"],
        ),
        (
            "POST",
            "authentication/options",
            json!({"purpose": "step-up"}),
            &["session", "user", "passkeys", "put_ceremony"],
        ),
        ("GET", "session", Value::Null, &["session", "user", "passkey"]),
        ("GET", "sessions", Value::Null, &["session", "user", "sessions"]),
        ("DELETE", "sessions", Value::Null, &["session", "user", "end_sessions"]),
        ("DELETE", &other, Value::Null, &["session", "user", "end_session_by_id"]),
        ("GET", "credentials", Value::Null, &["session", "user", "passkeys"]),
        ("GET", "credentials/signal", Value::Null, &["session", "user", "passkeys"]),
        ("PATCH", &credential, json!({"nickname": "a"}), &["session", "user", "rename_passkey"]),
        ("DELETE", &credential, Value::Null, &["session", "user", "passkeys", "delete_passkey"]),
        ("PATCH", "user", json!({"displayName": "a"}), &["session", "user", "passkeys", "update_user"]),
        ("POST", "sign-out", Value::Null, &["session"]),
        ("GET", "/app/user", Value::Null, &["session", "user"]),
        // A failure never means that no one is signed in.
        ("GET", "/app/maybe", Value::Null, &["session", "user"]),
        ("POST", "/app/passkey", Value::Null, &["session", "user"]),
        ("POST", "/app/sign-out", Value::Null, &["session"]),
    ] {
        for call in calls {
            let what = format!("{method} {path} {call}");
            let _ = test.events();
            test.store.fail([*call]);
            assert_unavailable(&kim.call(method, path, &body).await, &what);
            test.store.fail([]);
            if !path.starts_with('/') {
                let outcomes = test.outcomes();
                assert_eq!(outcomes.len(), 1, "{what} {outcomes:?}");
                assert!(outcomes.concat().ends_with(" storage-unavailable"), "{what} {outcomes:?}");
            }
            assert_eq!(kim.cookie("session"), cookie, "{what}");
            assert_eq!(state(&test, "kim").await, before, "{what}");
        }
    }
    assert_eq!(kim.get("session").await.ok()["user"]["displayName"], "Kim");
    phone.get("session").await.ok();
}

pub(super) async fn a_use_that_cannot_be_written_ends_no_session(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    test.wait(NOT_RECENT);
    // On a full disk: the session works until it expires as it is stored, and its user can sign out.
    test.store.fail(["touch_session", "end_session"]);
    let before = kim.get("session").await.ok()["expiresAt"].clone();
    assert_eq!(kim.get("/app/user").await.text(), "kim");
    let mut copy = kim.clone();
    kim.sign_out().await;
    assert_eq!(copy.get("session").await.problem(), (401, "not-signed-in"));
    test.store.fail([]);
    assert_eq!(copy.get("session").await.problem(), (401, "not-signed-in"));
    assert!(before.is_string());
}

pub(super) async fn a_session_ends_though_the_store_fails(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    // A sign-in ends the previous session, and a sign-out the current one.
    let mut copies = vec![kim.clone()];
    let response = kim.assert(&json!({})).await;
    let _ = test.events();
    test.store.fail(["end_session"]);
    kim.authenticate(&response).await.ok();
    assert_eq!(test.outcomes(), ["end-sessions storage-unavailable", "sign-in ok"]);
    assert_eq!(kim.get("/app/user").await.text(), "kim");
    copies.push(kim.clone());
    kim.sign_out().await;
    assert_eq!(test.outcomes(), ["end-sessions storage-unavailable", "sign-out ok"]);
    assert_eq!(kim.cookie("session"), None);
    for copy in &mut copies {
        assert_eq!(copy.get("/app/user").await.problem(), (401, "not-signed-in"));
    }
    // The rows are deleted as soon as the store works.
    assert_eq!(test.sessions(&user).await.len(), 2);
    test.store.fail([]);
    test.passkeys.maintain().await;
    assert!(test.sessions(&user).await.is_empty());
    for copy in &mut copies {
        assert_eq!(copy.get("/app/user").await.problem(), (401, "not-signed-in"));
    }
}

pub(super) async fn a_sweep_that_fails_delays_no_one(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    test.store.fail(TOLERATED);
    kim.sign_up("kim").await;
    let outcomes = test.outcomes();
    assert!(outcomes.contains(&"sweep storage-unavailable".to_owned()), "{outcomes:?}");
    assert!(outcomes.contains(&"sign-up ok".to_owned()), "{outcomes:?}");
    for _ in 0..64 {
        kim.post("authentication/options", &json!({})).await.ok();
    }
    assert!(test.outcomes().contains(&"sweep storage-unavailable".to_owned()));
}
