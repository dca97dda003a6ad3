//! The exchange of a command line's code for a session.

use std::time::Duration;

use rp_core::UserHandle;
use rp_service::store::{CredentialStore as _, MemoryStore, SessionStore as _};
use rp_service::{Session, SessionKind};

use super::command_line::{
    CLIENT, REDIRECT, VERIFIER, allowed, assert_invalid_grant, code, form, present, program, redeem,
    rejection, shown, signed_up,
};
use super::factors::{enrol_totp, verify};
use super::{Server, authenticator};
use crate::http::{Setup, UserAgent, has_secret};

fn allowed_with_sealed_ceremonies(setup: &mut Setup) {
    setup.service = Box::new(|builder| {
        let keys = rp_service::KeyRing::new([[1; 32].into()]).expect("a key");
        let cache = rp_service::store::MemoryReplayCache::new();
        builder.command_line(CLIENT, "Acme").sealed_ceremonies(keys, cache)
    });
}

/// Signs the program in. Returns the used code, and another program.
async fn code_used_by(program: &mut UserAgent, kim: &mut UserAgent) -> (String, UserAgent) {
    let code = code(kim).await;
    let session = redeem(program, &form(&code)).await.ok();
    let other = program.clone();
    present(program, &session);
    (code, other)
}

pub(super) async fn the_second_use_of_a_code_ends_its_session(server: Server) {
    for setup in [allowed as fn(&mut Setup), allowed_with_sealed_ceremonies] {
        let test = server.start_with(setup).await;
        let (mut kim, mut program) = (signed_up(&test).await, program(&test));
        let (code, mut thief) = code_used_by(&mut program, &mut kim).await;
        assert_eq!(program.get("/app/user").await.text(), "kim");
        let used = "the code was used before, and the session that it opened has ended";
        // This comes before all other checks.
        let mut without = form(&code);
        without
            .iter_mut()
            .filter(|(name, _)| *name == "code_verifier")
            .for_each(|one| one.1 = "wrong".into());
        assert_invalid_grant(&redeem(&mut thief, &without).await, used);
        assert_eq!(program.get("/app/user").await.problem(), (401, "not-signed-in"));
        assert_invalid_grant(&redeem(&mut thief, &form(&code)).await, used);
        // The session of the browser stays.
        assert_eq!(kim.get("/app/user").await.text(), "kim");
    }
}

pub(super) async fn a_second_use_during_the_first_ends_its_session_too(server: Server) {
    let test = server.start_with(allowed).await;
    let mut kim = signed_up(&test).await;
    let user = test.user("kim").await;
    for call in ["user", "sessions", "create_session"] {
        let code = code(&mut kim).await;
        // The second request arrives while the first one is at this call.
        let (passkeys, second) = (test.passkeys.clone(), code.clone());
        let is_first = std::sync::atomic::AtomicBool::new(true);
        test.store.before(call, move |_| {
            let (passkeys, code) = (passkeys.clone(), second.clone());
            let is_first = is_first.swap(false, std::sync::atomic::Ordering::SeqCst);
            async move {
                if is_first {
                    let mut request = rp_service::TokenRequest::default();
                    request.grant_type = "authorization_code".into();
                    (request.client_id, request.redirect_uri) = (CLIENT.into(), REDIRECT.into());
                    (request.code, request.code_verifier) = (code, VERIFIER.into());
                    let client = rp_service::Client::default();
                    let error = Box::pin(passkeys.redeem_code(&client, &request)).await.expect_err("used");
                    assert_eq!(error.code(), "invalid-grant");
                }
            }
        });
        let answer = redeem(&mut program(&test), &form(&code)).await;
        test.store.undisturbed();
        assert_invalid_grant(&answer, "the code was used before, and the session that it opened has ended");
        let sessions = test.store.inner().sessions(&user, test.passkeys.now()).await.expect("memory");
        assert_eq!(sessions.len(), 1, "{call}: only that of the browser");
    }
}

pub(super) async fn a_code_is_bound_to_verifier_client_and_redirect(server: Server) {
    let test = server.start_with(allowed).await;
    let (mut kim, mut program) = (signed_up(&test).await, program(&test));
    let used = "the code was used before, and the session that it opened has ended";
    for (member, value, detail) in [
        (
            "code_verifier",
            "another-secret-that-also-has-43-characters!",
            "the code_verifier does not match the code_challenge",
        ),
        ("code_verifier", "", "code_verifier is missing"),
        ("client_id", "other-cli", "the code was issued to another client"),
        ("redirect_uri", "http://127.0.0.1:49153/callback", "the code was issued for another redirect_uri"),
        ("redirect_uri", "http://[::1]:49152/callback", "the code was issued for another redirect_uri"),
    ] {
        let code = code(&mut kim).await;
        let mut wrong = form(&code);
        wrong.iter_mut().filter(|(name, _)| *name == member).for_each(|one| one.1 = value.into());
        let answer = redeem(&mut program, &wrong).await;
        assert_eq!(rejection(&answer).2, detail, "{member}");
        let again = redeem(&mut program, &form(&code)).await;
        if value.is_empty() {
            // The code was not presented with what it needs, so it was not used.
            again.ok();
        } else {
            assert_invalid_grant(&again, used);
        }
    }
}

pub(super) async fn a_code_expires_after_a_minute(server: Server) {
    let test = server.start_with(allowed).await;
    let (mut kim, mut program) = (signed_up(&test).await, program(&test));
    for (seconds, is_accepted) in [(60, true), (61, false), (600, false)] {
        let code = code(&mut kim).await;
        test.wait(Duration::from_secs(seconds));
        let answer = redeem(&mut program, &form(&code)).await;
        if is_accepted {
            answer.ok();
        } else {
            assert_invalid_grant(&answer, "the code has expired");
        }
    }
}

pub(super) async fn a_second_use_ends_the_session_after_the_code_expired(server: Server) {
    for setup in [allowed as fn(&mut Setup), allowed_with_sealed_ceremonies] {
        let test = server.start_with(setup).await;
        let (mut kim, mut program) = (signed_up(&test).await, program(&test));
        let (code, mut thief) = code_used_by(&mut program, &mut kim).await;
        // No store remembers the use.
        test.wait(Duration::from_secs(1_800));
        test.passkeys.maintain().await;
        assert_eq!(program.get("/app/user").await.text(), "kim");
        assert_invalid_grant(&redeem(&mut thief, &form(&code)).await, "the code has expired");
        assert_eq!(program.get("/app/user").await.problem(), (401, "not-signed-in"));
    }
}

pub(super) async fn a_bearer_session_begins_when_its_code_is_used(server: Server) {
    let test = server.start_with(allowed).await;
    let (mut kim, mut program) = (signed_up(&test).await, program(&test));
    let user = test.user("kim").await;
    let signed_up_at = test.passkeys.now();
    let code = code(&mut kim).await;
    test.wait(Duration::from_secs(30));
    redeem(&mut program, &form(&code)).await.ok();
    let sessions = test.sessions(&user).await;
    let times = |kind| {
        let of_kind = sessions.iter().filter(move |session| session.kind == kind);
        of_kind.map(|session| (session.created_at, session.last_used_at)).collect::<Vec<_>>()
    };
    assert_eq!(times(SessionKind::Browser), [(signed_up_at, signed_up_at)]);
    let used_at = test.passkeys.now();
    assert_eq!(times(SessionKind::Bearer), [(used_at, used_at)]);
}

pub(super) async fn a_bearer_session_steps_up_and_stays_one(server: Server) {
    let test = server.start_with(allowed).await;
    let (mut kim, mut program) = (signed_up(&test).await, program(&test));
    let phone = enrol_totp(&test, &mut kim).await;
    let code = code(&mut kim).await;
    let session = redeem(&mut program, &form(&code)).await.ok();
    present(&mut program, &session);
    let answer = verify(&mut program, "totp", &phone.code(&test, 0)).await;
    assert_eq!(answer.header("set-cookie").next(), None);
    let session = answer.ok();
    assert!(session["token"].is_string(), "{session}");
    // The token was replaced.
    assert_eq!(program.get("/app/user").await.problem(), (401, "not-signed-in"));
    present(&mut program, &session);
    assert_eq!(program.get("/app/user").await.text(), "kim");
}

pub(super) async fn a_code_ends_with_what_it_was_confirmed_with(server: Server) {
    let test = server.start_with(allowed).await;
    let (mut kim, mut program) = (signed_up(&test).await, program(&test));
    let ended = "the session in which the user confirmed has ended";
    let first = code(&mut kim).await;
    kim.sign_out().await;
    assert_invalid_grant(&redeem(&mut program, &form(&first)).await, ended);

    kim.sign_in().await;
    let second = code(&mut kim).await;
    let id = kim.get("session").await.ok()["credential"]["id"].as_str().unwrap_or_default().to_owned();
    kim.add_passkey(&mut authenticator("second")).await;
    kim.delete(&format!("credentials/{id}")).await.ok();
    assert_invalid_grant(&redeem(&mut program, &form(&second)).await, ended);

    let mut sam = test.browser("sam");
    sam.sign_up("sam").await;
    let third = code(&mut sam).await;
    let user = test.user("sam").await;
    test.passkeys.lock_user(&user).await.expect("memory");
    assert_eq!(redeem(&mut program, &form(&third)).await.problem(), (403, "user-locked"));
}

/// Redeems a code of kim while `meanwhile` changes the store. Returns the sessions of kim afterwards.
async fn sessions_after<F>(server: Server, meanwhile: fn(MemoryStore, UserHandle) -> F) -> Vec<Session>
where
    F: Future<Output = ()> + Send + 'static,
{
    let test = server.start_with(allowed).await;
    let mut kim = signed_up(&test).await;
    let user = test.user("kim").await;
    let code = code(&mut kim).await;
    let handle = user.clone();
    test.store.before("create_session", move |store| meanwhile(store, handle.clone()));
    let answer = redeem(&mut program(&test), &form(&code)).await;
    assert_invalid_grant(&answer, "the session in which the user confirmed has ended");
    test.sessions(&user).await
}

pub(super) async fn a_session_that_ends_meanwhile_leaves_no_bearer_session(server: Server) {
    let end = |store: MemoryStore, user: UserHandle| async move {
        store.end_sessions(&user, None).await.expect("memory");
    };
    assert!(sessions_after(server, end).await.is_empty());
}

pub(super) async fn a_passkey_deleted_meanwhile_leaves_no_bearer_session(server: Server) {
    // The sessions that the passkey opened end after it is deleted.
    let delete = |store: MemoryStore, user: UserHandle| async move {
        store.delete_passkeys(&user).await.expect("memory");
    };
    let sessions = sessions_after(server, delete).await;
    assert!(sessions.iter().all(|session| session.kind == SessionKind::Browser));
}

pub(super) async fn a_token_request_is_complete_and_not_from_a_page(server: Server) {
    let test = server.start_with(allowed).await;
    let (mut kim, mut program) = (signed_up(&test).await, program(&test));
    let code = code(&mut kim).await;
    for (member, value, expected) in [
        ("grant_type", "password", ("unsupported-grant-type", "the grant_type is not authorization_code")),
        ("grant_type", "", ("invalid-request", "grant_type is missing")),
        ("client_id", "evil", ("invalid-client", "no client has this client_id")),
        ("code", "", ("invalid-request", "code is missing")),
        ("code", "AAAA", ("invalid-grant", "the code is not one of this site")),
    ] {
        let mut wrong = form(&code);
        wrong.iter_mut().filter(|(name, _)| *name == member).for_each(|one| one.1 = value.into());
        let (code, error, detail) = rejection(&redeem(&mut program, &wrong).await);
        assert_eq!((code.as_str(), detail.as_str()), expected, "{member} {value}");
        assert_eq!(error, code.replace('-', "_"));
    }
    let mut twice = form(&code);
    twice.push(("code", code.clone()));
    assert_eq!(rejection(&redeem(&mut program, &twice).await).2, "code is repeated");
    let json = [("content-type", "application/json")];
    let answer = program.send("POST", "token", &json, b"{\"code\":7}").await;
    assert_eq!(answer.problem(), (400, "malformed-json"));
    let text = [("content-type", "text/plain")];
    assert_eq!(program.send("POST", "token", &text, b"").await.problem(), (415, "unsupported-media-type"));
    // A page never receives a bearer token, not even one of this site.
    assert_eq!(redeem(&mut kim, &form(&code)).await.problem(), (403, "cross-site-request"));
    redeem(&mut program, &form(&code)).await.ok();
}

pub(super) async fn codes_and_tokens_are_neither_stored_nor_logged(server: Server) {
    let test = server.start_with(allowed).await;
    let (mut kim, mut program) = (signed_up(&test).await, program(&test));
    let request = shown(&mut kim).await;
    let code = code(&mut kim).await;
    let session = redeem(&mut program, &form(&code)).await.ok();
    redeem(&mut program, &form(&code)).await;
    let events = test.events().concat();
    let kept = [test.store.written(), events.clone()].concat();
    let token = session["token"].as_str().unwrap_or_default();
    for secret in [request.as_str(), &code, token, VERIFIER, "a state"] {
        assert!(!secret.is_empty() && !has_secret(&kept, secret), "{secret} in {kept}");
    }
    assert!(events.contains("authorize ok") && events.contains("issue-token ok"), "{events}");
    assert!(events.contains("issue-token invalid-grant"), "{events}");
}

pub(super) async fn a_code_that_cannot_be_exchanged_opens_nothing(server: Server) {
    let test = server.start_with(allowed).await;
    let mut kim = signed_up(&test).await;
    let user = test.user("kim").await;
    let rehearsal = code(&mut kim).await;
    let _ = test.store.calls();
    redeem(&mut program(&test), &form(&rehearsal)).await.ok();
    let mut calls = test.store.calls();
    calls.sort_unstable();
    calls.dedup();
    calls.retain(|call| !call.starts_with("sweep"));
    assert_eq!(calls, ["create_session", "passkey", "sessions", "take_ceremony", "user"]);
    let before = test.sessions(&user).await.len();
    for call in calls {
        let code = code(&mut kim).await;
        test.store.fail([call]);
        let answer = redeem(&mut program(&test), &form(&code)).await;
        test.store.fail([]);
        assert_eq!(answer.problem(), (503, "storage-unavailable"), "{call}");
        assert_eq!(test.sessions(&user).await.len(), before, "{call}");
    }
}
