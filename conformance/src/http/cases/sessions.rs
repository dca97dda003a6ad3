//! Sessions: tokens, time limits, listing and ending.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rp_service::admin::Operator;
use rp_service::store::SessionStore;
use rp_service::{Passkeys, Session, SessionId, SessionPolicy, SessionToken};
use serde_json::{Value, json};

use super::first_factor::password;
use super::{NOT_RECENT, Server};
use crate::http::fixture::credential_id;
use crate::http::parallel::all;
use crate::http::{ADDRESS, LOCALHOST, LocalFuture, UserAgent};

const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn the_token_changes_at_every_sign_in_and_step_up(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let mut tokens = vec![kim.cookie("session")];
    kim.step_up().await;
    tokens.push(kim.cookie("session"));
    kim.sign_in().await;
    tokens.push(kim.cookie("session"));
    password(&mut kim, "kim").await;
    tokens.push(kim.cookie("session"));
    kim.second_factor().await;
    let current = kim.cookie("session");
    for token in tokens {
        let token = token.unwrap_or_default();
        assert_ne!(Some(&token), current.as_ref());
        let mut copy = test.browser("copy");
        copy.set_cookie("__Host-rp-session", &token);
        assert_eq!(copy.get("session").await.problem(), (401, "not-signed-in"));
        assert_eq!(copy.get("/app/user").await.problem(), (401, "not-signed-in"));
    }
    assert_eq!(test.sessions(&test.user("kim").await).await.len(), 1);
}

pub(super) async fn a_user_has_a_limited_number_of_sessions(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    let mut first = kim.clone();
    for _ in 0..Passkeys::MAX_SESSIONS {
        test.wait(Duration::from_secs(1));
        // Another browser with the same authenticator.
        kim = UserAgent { authenticator: kim.authenticator.clone(), ..test.browser("other") };
        kim.sign_in().await;
    }
    // The least recently used one has ended.
    assert_eq!(test.sessions(&user).await.len(), Passkeys::MAX_SESSIONS);
    assert_eq!(first.get("session").await.problem(), (401, "not-signed-in"));
    kim.get("session").await.ok();
    // A client that knows only the password ends no session of the owner.
    for _ in 0..Passkeys::MAX_SESSIONS + 2 {
        password(&mut test.browser("thief"), "kim").await.text();
    }
    let sessions = test.sessions(&user).await;
    assert_eq!(sessions.iter().filter(|one| one.is_signed_in()).count(), Passkeys::MAX_SESSIONS);
    assert_eq!(sessions.len(), 2 * Passkeys::MAX_SESSIONS);
    // Sign-ins in two steps count too.
    for _ in 0..2 {
        kim = UserAgent { authenticator: kim.authenticator.clone(), ..test.browser("other") };
        password(&mut kim, "kim").await.text();
        kim.second_factor().await;
    }
    let sessions = test.sessions(&user).await;
    assert_eq!(sessions.iter().filter(|one| one.is_signed_in()).count(), Passkeys::MAX_SESSIONS);
}

/// A session that is written while the deletion is committed: the transaction of the deletion does not see it.
pub(super) async fn a_deleted_passkey_ends_a_session_written_meanwhile(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    let mut key = super::authenticator("second");
    let credential = kim.add_passkey(&mut key).await;
    let id = credential_id(&credential).expect("an ID");
    let session = test.sessions(&user).await.remove(0);
    let (late, written) =
        (SessionToken::random().expect("random bytes").key(), Arc::new(AtomicBool::new(false)));
    let (was_written, of_second) = (Arc::clone(&written), id.clone());
    test.store.before("end_sessions_of_passkey", move |store| {
        let id = SessionId::random().expect("random bytes");
        let session = Session { id, credential: Some(of_second.clone()), ..session.clone() };
        was_written.store(true, Ordering::SeqCst);
        async move {
            store.create_session(late, &session).await.expect("memory");
        }
    });
    kim.delete(&format!("credentials/{}", credential["id"].as_str().unwrap_or_default())).await.ok();
    test.store.undisturbed();
    assert!(written.load(Ordering::SeqCst));
    assert!(test.sessions(&user).await.iter().all(|session| session.credential.as_ref() != Some(&id)));
}

pub(super) async fn a_failed_sign_in_keeps_the_session(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let token = kim.cookie("session");
    for body in [json!({}), json!({"purpose": "step-up"}), json!({"username": "kim"})] {
        let mut wrong = kim.clone();
        wrong.authenticator.config.fault = Some(crate::authenticator::Fault::AssertionFlipped);
        let response = wrong.assert(&body).await;
        assert_eq!(kim.authenticate(&response).await.problem(), (422, "signature-invalid"));
        assert_eq!(kim.cookie("session"), token);
        kim.get("session").await.ok();
    }
}

pub(super) async fn of_parallel_step_ups_one_replaces_the_session(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    let id = kim.get("sessions").await.ok()["sessions"][0]["id"].clone();
    let mut browsers = Vec::new();
    for _ in 0..8 {
        let response = kim.assert(&json!({"purpose": "step-up"})).await;
        browsers.push((kim.clone(), response));
    }
    // Each response is verified before the session is replaced by another one.
    test.store.before("replace_session", |_| tokio::task::yield_now());
    let sends = browsers.into_iter().map(|(mut browser, response)| -> LocalFuture<_> {
        Box::pin(async move {
            let answer = browser.authenticate(&response).await;
            (browser, answer)
        })
    });
    let mut winner = None;
    for (browser, answer) in all(sends.collect()).await {
        if answer.status == 200 {
            assert!(winner.replace(browser).is_none(), "a second session");
        } else {
            assert_eq!(answer.problem(), (409, "no-ceremony"));
        }
    }
    assert_eq!(test.sessions(&user).await.len(), 1);
    let mut winner = winner.expect("one is accepted");
    let listed = winner.get("sessions").await.ok();
    assert_eq!((&listed["sessions"][0]["id"], listed["sessions"].as_array().map(Vec::len)), (&id, Some(1)));
}

pub(super) async fn a_step_up_whose_session_was_replaced_has_no_ceremony(server: Server) {
    use rp_service::store::SessionStore;
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    let response = kim.assert(&json!({"purpose": "step-up"})).await;
    // Another request is faster, after the session of this one was read.
    test.store.before("replace_session", move |store| {
        let user = user.clone();
        async move {
            store.end_sessions(&user, None).await.expect("memory");
        }
    });
    assert_eq!(kim.authenticate(&response).await.problem(), (409, "no-ceremony"));
    test.store.undisturbed();
    assert!(test.sessions(&test.user("kim").await).await.is_empty());
}

pub(super) async fn a_session_ends_when_idle(server: Server) {
    let test = server.start_with(|setup| setup.policy.sessions = SessionPolicy::aal2()).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    for _ in 0..3 {
        test.wait(59 * MINUTE);
        kim.get("session").await.ok();
    }
    test.wait(60 * MINUTE + Duration::from_secs(1));
    assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"));
    assert_eq!(kim.get("/app/user").await.problem(), (401, "not-signed-in"));
}

pub(super) async fn a_session_ends_at_its_absolute_limit(server: Server) {
    for (policy, hours, idle) in
        [(SessionPolicy::aal1(), 720, 600), (SessionPolicy::aal2(), 24, 59), (SessionPolicy::aal3(), 12, 14)]
    {
        let test = server.start_with(|setup| setup.policy.sessions = policy).await;
        let mut kim = test.browser("kim");
        kim.sign_up("kim").await;
        let mut minutes = 0;
        while minutes + idle < hours * 60 {
            test.wait(idle * MINUTE);
            minutes += idle;
            // A step-up does not extend it.
            if minutes == idle {
                kim.step_up().await
            } else {
                kim.get("session").await.ok()
            };
        }
        test.wait((hours * 60 - minutes) * MINUTE);
        kim.get("session").await.ok();
        test.wait(Duration::from_secs(1));
        assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"), "{hours} hours");
    }
}

pub(super) async fn the_last_use_is_written_once_a_minute(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let mut touches = Vec::new();
    for second in 0..180 {
        test.wait(Duration::from_secs(1));
        let _ = test.store.calls();
        kim.get("/app/user").await;
        if test.store.calls().contains(&"touch_session") {
            touches.push(second);
        }
    }
    assert_eq!(touches, [59, 119, 179]);
}

pub(super) async fn a_clock_that_goes_back_revives_nothing(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let mut idle = kim.clone();
    // Expired, noticed, and the clock set back.
    test.wait(61 * MINUTE);
    assert_eq!(idle.get("session").await.problem(), (401, "not-signed-in"));
    test.set_back(61 * MINUTE);
    assert_eq!(idle.get("session").await.problem(), (401, "not-signed-in"));
    // A verification does not become recent again.
    kim.sign_in().await;
    test.wait(NOT_RECENT);
    kim.get("/app/user").await.text();
    assert_eq!(kim.post("registration/options", &json!({})).await.problem(), (403, "step-up-required"));
    test.set_back(NOT_RECENT);
    assert_eq!(kim.post("registration/options", &json!({})).await.problem(), (403, "step-up-required"));
    assert_eq!(kim.post("/app/recent", &Value::Null).await.problem(), (403, "step-up-required"));
    // Nor does a session that ended.
    let mut ended = kim.clone();
    kim.sign_out().await;
    test.set_back(60 * MINUTE);
    assert_eq!(ended.get("session").await.problem(), (401, "not-signed-in"));
}

/// Signs the same user in on another browser.
async fn elsewhere(kim: &UserAgent, test: &super::Test, name: &'static str) -> UserAgent {
    let mut other = UserAgent { authenticator: kim.authenticator.clone(), ..test.browser(name) };
    other.headers = vec![("user-agent", name.as_bytes().to_vec())];
    other.sign_in().await;
    other
}

pub(super) async fn sessions_are_listed_with_their_clients(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    test.wait(MINUTE);
    let mut phone = elsewhere(&kim, &test, "Phone \u{1f4f1}").await;
    let listed = phone.get("sessions").await.ok();
    let sessions = listed["sessions"].as_array().cloned().unwrap_or_default();
    let id = |session: &Value| session["id"].as_str().map(str::len);
    assert!(sessions.iter().all(|session| id(session) == Some(22)), "{listed}");
    let without_id = |mut session: Value| {
        session.as_object_mut().map(|members| members.remove("id"));
        session
    };
    assert_eq!(
        sessions.into_iter().map(without_id).collect::<Vec<_>>(),
        [
            json!({
                "current": true, "kind": "browser", "createdAt": "2026-06-01T00:01:00Z",
                "lastUsedAt": "2026-06-01T00:01:00Z", "address": ADDRESS, "userAgent": "Phone \u{1f4f1}",
            }),
            json!({
                "current": false, "kind": "browser", "createdAt": "2026-06-01T00:00:00Z",
                "lastUsedAt": "2026-06-01T00:00:00Z", "address": ADDRESS,
            }),
        ]
    );
}

pub(super) async fn one_session_is_ended_by_its_id(server: Server) {
    let test = server.start().await;
    let (mut kim, mut eve) = (test.browser("kim"), test.browser("eve"));
    kim.sign_up("kim").await;
    eve.sign_up("eve").await;
    test.wait(MINUTE);
    let mut phone = elsewhere(&kim, &test, "phone").await;
    let listed = phone.get("sessions").await.ok()["sessions"].clone();
    let id = |current: bool| {
        let find = |session: &&Value| session["current"] == current;
        let session = listed.as_array().and_then(|list| list.iter().find(find));
        format!("sessions/{}", session.and_then(|session| session["id"].as_str()).unwrap_or_default())
    };
    // Another user's session is unknown, like one that does not exist.
    let mut bodies = Vec::new();
    for path in [id(true), id(false), "sessions/AAAAAAAAAAAAAAAAAAAAAA".into(), "sessions/x".into()] {
        let answer = eve.delete(&path).await;
        assert_eq!(answer.problem(), (404, "session-unknown"), "{path}");
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    kim.get("session").await.ok();

    let answer = phone.delete(&id(false)).await;
    assert_eq!((answer.status, answer.header("set-cookie").next()), (204, None));
    assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"));
    // Ending the current session also removes the cookie.
    assert_eq!(phone.delete(&id(true)).await.status, 204);
    assert_eq!(phone.cookie("session"), None);
    assert!(test.sessions(&test.user("kim").await).await.is_empty());
}

pub(super) async fn all_other_sessions_are_ended(server: Server) {
    let test = server.start().await;
    let (mut kim, mut eve) = (test.browser("kim"), test.browser("eve"));
    kim.sign_up("kim").await;
    eve.sign_up("eve").await;
    let mut others = vec![elsewhere(&kim, &test, "phone").await];
    let mut waiting = test.browser("waiting");
    password(&mut waiting, "kim").await;
    others.push(waiting);
    let answer = kim.delete("sessions").await;
    assert_eq!((answer.status, answer.header("set-cookie").next()), (204, None));
    for mut other in others {
        assert_eq!(other.get("session").await.problem(), (401, "not-signed-in"));
    }
    kim.get("session").await.ok();
    // The application and an operator end the user's own as well.
    let (user, operator) = (test.user("kim").await, Operator::new("password changed").expect("one line"));
    for is_operator in [false, true] {
        password(&mut test.browser("waiting"), "kim").await;
        let _ = test.events();
        let ended = match is_operator {
            true => test.passkeys.admin(operator.clone()).end_sessions(&user).await,
            false => test.passkeys.end_all_sessions(&user).await,
        };
        assert_eq!(ended.expect("memory"), 2);
        assert_eq!(test.outcomes(), ["end-sessions ok"]);
        assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"));
        assert!(test.sessions(&user).await.is_empty());
        password(&mut kim, "kim").await;
    }
    eve.get("session").await.ok();
}

pub(super) async fn a_sign_out_ends_the_session(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    // Without a session, and without a cookie to remove.
    let answer = kim.post("sign-out", &Value::Null).await;
    assert_eq!((answer.status, answer.header("set-cookie").next()), (204, None));
    kim.sign_up("kim").await;
    let mut copy = kim.clone();
    let answer = kim.post("sign-out", &Value::Null).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(kim.cookie("session"), None);
    assert_eq!(copy.get("session").await.problem(), (401, "not-signed-in"));
    assert!(test.sessions(&test.user("kim").await).await.is_empty());
}

pub(super) async fn a_response_to_an_old_cookie_clears_no_cookie(server: Server) {
    // A request that was in progress with the old token receives its response after the new cookie was set.
    let test = server.start_with(|setup| setup.origin = LOCALHOST).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let old = kim.cookie("session").unwrap_or_default();
    kim.step_up().await;
    for token in [old.as_slice(), b"not-a-token", b"\xff"] {
        let mut copy = kim.clone();
        copy.set_cookie("rp-session", token);
        for (method, path) in [
            ("GET", "session"),
            ("GET", "credentials"),
            ("POST", "sign-out"),
            ("POST", "/app/sign-out"),
            ("GET", "/app/user"),
        ] {
            let answer = copy.call(method, path, &Value::Null).await;
            assert_eq!(answer.header("set-cookie").next(), None, "{method} {path}");
        }
    }
    kim.get("session").await.ok();
}

pub(super) async fn a_second_sign_in_ends_the_first_session(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let mut copy = kim.clone();
    kim.sign_in().await;
    assert_eq!(copy.get("session").await.problem(), (401, "not-signed-in"));
    // So does the creation of another account.
    let response = kim.with_authenticator("alex").create(&json!({"username": "alex"})).await;
    let mut copy = kim.clone();
    kim.register(&response).await.ok();
    assert_eq!(copy.get("session").await.problem(), (401, "not-signed-in"));
    assert_eq!(kim.get("/app/user").await.text(), "alex");
}
