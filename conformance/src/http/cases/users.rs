//! The signed-in user, and the life cycle of users.

use rp_service::store::UserStore as _;
use serde_json::{Value, json};

use super::{Server, authenticator};

pub(super) async fn a_user_changes_the_display_name(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let credential = kim.sign_up("kim").await;
    let answer = kim.call("PATCH", "user", &json!({"displayName": " Kim K. "})).await.ok();
    assert_eq!((&answer["name"], &answer["displayName"]), (&json!("kim"), &json!("Kim K.")));
    assert_eq!(answer["signal"]["currentUserDetails"]["displayName"], "Kim K.");
    assert_eq!(
        answer["signal"]["allAcceptedCredentials"]["allAcceptedCredentialIds"],
        json!([credential["id"]])
    );
    assert_eq!(kim.get("session").await.ok()["user"]["displayName"], "Kim K.");
    assert_eq!(test.outcomes(), ["sign-up ok", "change-user ok"]);
    // An empty name counts as missing: the username.
    let answer = kim.call("PATCH", "user", &json!({"displayName": ""})).await.ok();
    assert_eq!(answer["displayName"], "kim");
    for wrong in [
        json!({}),
        json!({"displayName": 1}),
        json!({"displayName": "a\u{7}"}),
        json!({"displayName": "a".repeat(129)}),
    ] {
        assert_eq!(kim.call("PATCH", "user", &wrong).await.problem(), (400, "malformed-json"), "{wrong}");
    }
}

pub(super) async fn a_user_deleted_meanwhile_changes_no_name(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    let _ = test.events();
    test.store.before("update_user", move |store| {
        let user = user.clone();
        async move {
            store.delete_user(&user).await.expect("memory");
        }
    });
    let answer = kim.call("PATCH", "user", &json!({"displayName": "Kim K."})).await;
    assert_eq!(answer.problem(), (401, "not-signed-in"));
    assert_eq!(test.outcomes(), ["change-user not-signed-in"]);
}

pub(super) async fn a_renamed_user_signs_in_under_the_new_name(server: Server) {
    let test = server.start().await;
    let (mut kim, mut eve) = (test.browser("kim"), test.browser("eve"));
    kim.sign_up("kim").await;
    eve.sign_up("eve").await;
    let user = test.user("kim").await;
    let taken = test.passkeys.rename_user(&user, "EVE").await;
    assert_eq!(taken.err().map(|error| error.code()), Some("username-taken"));
    let (renamed, signal) = test.passkeys.rename_user(&user, "Robin").await.expect("memory");
    assert_eq!(renamed.name, "Robin");
    assert_eq!(serde_json::to_value(signal).unwrap_or_default()["currentUserDetails"]["name"], "Robin");
    assert_eq!(kim.get("/app/user").await.text(), "Robin");
    kim.sign_out().await;
    let response = kim.assert(&json!({"username": "robin"})).await;
    assert_eq!(kim.authenticate(&response).await.ok()["user"]["name"], "Robin");
    // The old name is free, and the user handle is not.
    eve.sign_out().await;
    let mut new = test.browser("new");
    new.sign_up("kim").await;
    assert_ne!(test.user("kim").await, user);
}

pub(super) async fn a_locked_user_is_signed_out_until_unlocked(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    test.passkeys.lock_user(&user).await.expect("memory");
    assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"));
    let response = kim.assert(&json!({})).await;
    assert_eq!(kim.authenticate(&response).await.problem(), (403, "user-locked"));
    assert!(test.sessions(&user).await.is_empty());
    test.passkeys.unlock_user(&user).await.expect("memory");
    assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"));
    kim.sign_in().await;
    let outcomes = test.outcomes();
    assert_eq!(
        outcomes,
        ["sign-up ok", "lock-user ok", "sign-in user-locked", "unlock-user ok", "sign-in ok"]
    );
}

pub(super) async fn a_deleted_user_is_gone_with_sessions_and_passkeys(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let credential = kim.sign_up("kim").await;
    let user = test.user("kim").await;
    let signal = test.passkeys.delete_user(&user).await.expect("memory");
    let signal = serde_json::to_value(signal).unwrap_or_default();
    assert_eq!(signal["allAcceptedCredentials"]["allAcceptedCredentialIds"], json!([]));
    assert!(test.passkey(&credential).await.is_none());
    assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"));
    let response = kim.assert(&json!({})).await;
    assert_eq!(kim.authenticate(&response).await.problem(), (422, "credential-unknown"));
    let again = test.passkeys.delete_user(&user).await;
    assert_eq!(again.err().map(|error| error.code()), Some("user-unknown"));
    test.browser("new").sign_up("kim").await;
}

pub(super) async fn a_session_of_a_user_without_a_row_is_not_signed_in(server: Server) {
    use rp_service::store::{SessionStore, UserStore};
    // The application deleted the user in its own table; the rows of rp are still there.
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    let sessions = test.sessions(&user).await;
    test.store.inner().delete_user(&user).await.expect("memory");
    if let (Some(session), Some(token)) = (sessions.first(), kim.cookie("session")) {
        let token = rp_service::SessionToken::parse(&token).expect("a token");
        let _ = test.store.inner().create_session(token.key(), session).await.expect("memory");
    }
    for (method, path, body) in [
        ("GET", "session", Value::Null),
        ("GET", "credentials", Value::Null),
        ("GET", "sessions", Value::Null),
        ("POST", "registration/options", json!({})),
        ("GET", "/app/user", Value::Null),
        ("POST", "/app/passkey", Value::Null),
    ] {
        assert_eq!(kim.call(method, path, &body).await.problem(), (401, "not-signed-in"), "{path}");
    }
    assert_eq!(kim.get("/app/maybe").await.text(), "no one");
}

pub(super) async fn users_and_passkeys_are_walked_page_by_page(server: Server) {
    let test = server.start().await;
    for name in ["a", "b", "c"] {
        let mut browser = test.browser(name);
        browser.sign_up(name).await;
        browser.add_passkey(&mut authenticator(&format!("{name} 2"))).await;
    }
    let (mut users, mut passkeys) = (Vec::new(), Vec::new());
    loop {
        let last = users.last().map(|user: &rp_service::store::UserRecord| user.handle.clone());
        let page = test.passkeys.users(last.as_ref(), 2).await.expect("memory");
        if page.is_empty() {
            break;
        }
        users.extend(page);
    }
    loop {
        let last = passkeys.last().map(|passkey: &rp_service::store::Passkey| passkey.record.id.clone());
        let page = test.passkeys.all_passkeys(last.as_ref(), 4).await.expect("memory");
        if page.is_empty() {
            break;
        }
        passkeys.extend(page);
    }
    assert_eq!((users.len(), passkeys.len()), (3, 6));
}
