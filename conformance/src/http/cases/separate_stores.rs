//! Users, sessions and second factors in stores of their own: the service checks what no single transaction can.

use rp_core::UserHandle;
use rp_service::admin::Operator;
use rp_service::store::{FactorStore, MemoryStore, SessionStore, UserStore};
use serde_json::{Value, json};

use super::factors::{enrol_totp, password_user, verify};
use super::{Server, Test, authenticator};
use crate::authenticator::Page;
use crate::http::fixture::credential_id;
use crate::http::{FailingStore, HttpResponse, UserAgent};

async fn live_sessions(test: &Test, sessions: &FailingStore, user: &UserHandle) -> usize {
    sessions.inner().sessions(user, test.passkeys.now()).await.expect("memory").len()
}

fn path(credential: &Value) -> String {
    format!("credentials/{}", credential["id"].as_str().unwrap_or_default())
}

/// A new passkey, and a browser that is signed in with it.
async fn add_browser(test: &Test, kim: &mut UserAgent, seed: &str) -> (Value, UserAgent) {
    let mut key = authenticator(seed);
    let credential = kim.add_passkey(&mut key).await;
    let mut browser = UserAgent { authenticator: key, ..test.browser(seed) };
    browser.sign_in().await;
    (credential, browser)
}

/// The response of a new authenticator to creation options for the user.
async fn new_passkey(browser: &mut UserAgent, seed: &str) -> Value {
    let options = browser.post("registration/options", &json!({})).await.ok();
    let response = authenticator(seed).create(&options, Page::at(&browser.page)).expect("a credential");
    serde_json::from_str(&response).expect("the response is JSON")
}

/// A service whose sessions are in a store of their own, the store, and a user who has signed up.
async fn with_sessions_apart(server: Server) -> (Test, FailingStore, UserAgent, UserHandle) {
    let sessions = FailingStore::default();
    let apart = sessions.clone();
    let test = server.start_with(|setup| setup.service = Box::new(|builder| builder.sessions(apart))).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    (test, sessions, kim, user)
}

pub(super) async fn a_deleted_passkey_ends_its_sessions_in_another_store(server: Server) {
    let (test, sessions, mut kim, user) = with_sessions_apart(server).await;
    // By the user, and by an operator.
    let (credential, mut phone) = add_browser(&test, &mut kim, "phone").await;
    assert_eq!(live_sessions(&test, &sessions, &user).await, 2);
    kim.delete(&path(&credential)).await.ok();
    assert_eq!(live_sessions(&test, &sessions, &user).await, 1);
    assert_eq!(phone.get("/app/user").await.problem(), (401, "not-signed-in"));
    let (credential, mut laptop) = add_browser(&test, &mut kim, "laptop").await;
    let id = credential_id(&credential).expect("a credential ID");
    let operator = Operator::new("laptop lost").expect("one line");
    test.passkeys.admin(operator).revoke_passkey(&id).await.expect("memory");
    assert_eq!(live_sessions(&test, &sessions, &user).await, 1);
    assert_eq!(laptop.get("/app/user").await.problem(), (401, "not-signed-in"));
    // A session that is left over is rejected, because its passkey is gone.
    let (credential, mut tablet) = add_browser(&test, &mut kim, "tablet").await;
    let _ = test.events();
    sessions.fail(["end_sessions_of_passkey"]);
    kim.delete(&path(&credential)).await.ok();
    sessions.fail([]);
    assert_eq!(test.outcomes(), ["end-sessions storage-unavailable", "delete-passkey ok"]);
    assert_eq!(live_sessions(&test, &sessions, &user).await, 2);
    assert_eq!(tablet.get("/app/user").await.problem(), (401, "not-signed-in"));
    assert_eq!(kim.get("/app/user").await.text(), "kim");
}

pub(super) async fn a_session_that_ends_in_another_store_changes_nothing(server: Server) {
    let (test, sessions, mut kim, user) = with_sessions_apart(server).await;
    let second = kim.add_passkey(&mut authenticator("second")).await;
    for (method, path) in [
        ("POST", "registration/verify".to_owned()),
        ("DELETE", path(&second)),
        ("POST", "factors/totp/enrol".into()),
    ] {
        kim.sign_in().await;
        let response = new_passkey(&mut kim, "third").await;
        let body = if method == "POST" { response.clone() } else { Value::Null };
        // It ends after the request was authorised.
        let (sessions, owner) = (sessions.inner().clone(), user.clone());
        test.store.before("passkeys", move |_| {
            let (sessions, owner) = (sessions.clone(), owner.clone());
            async move {
                sessions.end_sessions(&owner, None).await.expect("memory");
            }
        });
        let answer = kim.call(method, &path, &body).await;
        test.store.undisturbed();
        assert_eq!(answer.problem(), (401, "not-signed-in"), "{method} {path}");
        assert!(test.passkey(&response).await.is_none(), "{method} {path}");
        assert!(test.passkey(&second).await.is_some(), "{method} {path}");
        assert!(test.store.inner().factors(&user).await.expect("memory").is_empty(), "{method} {path}");
    }
}

pub(super) async fn a_session_that_ends_writes_no_factor_in_another_store(server: Server) {
    let stores = Stores::new(&server, false).await;
    let mut kim = password_user(&stores.test).await;
    let (rest, user) = (stores.test.store.inner().clone(), stores.user().await);
    // It ends after the request was authorised.
    stores.test.store.before("passkeys", move |_| {
        let (rest, user) = (rest.clone(), user.clone());
        async move {
            rest.end_sessions(&user, None).await.expect("memory");
        }
    });
    let answer = kim.post("factors/totp/enrol", &json!({})).await;
    stores.test.store.undisturbed();
    assert_eq!(answer.problem(), (401, "not-signed-in"));
    assert!(stores.factors.factors(&stores.user().await).await.expect("memory").is_empty());
}

/// A service whose users or second factors are in a store of their own.
struct Stores {
    test: Test,
    users: MemoryStore,
    factors: MemoryStore,
}

impl Stores {
    async fn new(server: &Server, are_users_apart: bool) -> Self {
        let apart = MemoryStore::new();
        let other = apart.clone();
        let test = server.start_with(|setup| {
            setup.policy.sign_up = !are_users_apart;
            setup.service = match are_users_apart {
                true => Box::new(|builder| builder.users(other)),
                false => Box::new(|builder| builder.factors(other)),
            };
        });
        let test = test.await;
        let rest = test.store.inner().clone();
        let (users, factors) = if are_users_apart { (apart, rest) } else { (rest, apart) };
        Self { test, users, factors }
    }

    async fn user(&self) -> UserHandle {
        let user = self.test.passkeys.user_by_name("kim").await.expect("memory");
        user.expect("the user exists").handle
    }

    /// Sends a request whose user is locked immediately before it is authorised.
    async fn call_and_lock(
        &self,
        browser: &mut UserAgent,
        method: &str,
        path: &str,
        body: &Value,
    ) -> HttpResponse {
        let (users, user, now) = (self.users.clone(), self.user().await, self.test.passkeys.now());
        self.test.store.before("passkeys", move |_| {
            let (users, user) = (users.clone(), user.clone());
            async move {
                users.set_user_lock(&user, Some(now)).await.expect("memory");
            }
        });
        let answer = browser.call(method, path, body).await;
        self.test.store.undisturbed();
        self.users.set_user_lock(&self.user().await, None).await.expect("memory");
        answer
    }
}

pub(super) async fn a_user_locked_in_another_store_changes_nothing(server: Server) {
    for are_users_apart in [true, false] {
        let stores = Stores::new(&server, are_users_apart).await;
        let test = &stores.test;
        let mut kim = password_user(test).await;
        let answer = stores.call_and_lock(&mut kim, "POST", "factors/totp/enrol", &json!({})).await;
        assert_eq!(answer.problem(), (403, "user-locked"), "{are_users_apart}");
        let user = stores.user().await;
        assert!(stores.factors.factors(&user).await.expect("memory").is_empty(), "{are_users_apart}");

        let phone = enrol_totp(test, &mut kim).await;
        verify(&mut kim, "totp", &phone.code(test, 0)).await.ok();
        let answer = stores.call_and_lock(&mut kim, "DELETE", "factors/totp", &Value::Null).await;
        assert_eq!(answer.problem(), (403, "user-locked"), "{are_users_apart}");
        assert_eq!(stores.factors.factors(&user).await.expect("memory").len(), 1, "{are_users_apart}");

        // One store of users and passkeys checks the user in its transaction.
        let expected = if are_users_apart { (403, "user-locked") } else { (401, "not-signed-in") };
        let response = new_passkey(&mut kim, "first").await;
        let answer = stores.call_and_lock(&mut kim, "POST", "registration/verify", &response).await;
        assert_eq!(answer.problem(), expected, "{are_users_apart}");
        assert!(test.passkey(&response).await.is_none(), "{are_users_apart}");

        // Each of them succeeds without the lock.
        kim.delete("factors/totp").await.ok();
        let mut first = authenticator("first");
        kim.add_passkey(&mut first).await;

        kim.authenticator = first;
        kim.step_up().await;
        let second = kim.add_passkey(&mut authenticator("second")).await;
        let answer = stores.call_and_lock(&mut kim, "DELETE", &path(&second), &Value::Null).await;
        assert_eq!(answer.problem(), expected, "{are_users_apart}");
        assert!(test.passkey(&second).await.is_some(), "{are_users_apart}");
        kim.delete(&path(&second)).await.ok();
    }
}

pub(super) async fn a_deleted_user_is_gone_from_every_store(server: Server) {
    for are_users_apart in [true, false] {
        let stores = Stores::new(&server, are_users_apart).await;
        let test = &stores.test;
        let mut kim = password_user(test).await;
        let phone = enrol_totp(test, &mut kim).await;
        verify(&mut kim, "totp", &phone.code(test, 0)).await.ok();
        let credential = kim.add_passkey(&mut authenticator("first")).await;
        let user = stores.user().await;
        if are_users_apart {
            // The user goes last, so that a deletion that failed can be repeated.
            for call in ["end_sessions", "delete_passkeys", "delete_factors"] {
                test.store.fail([call]);
                let failed = test.passkeys.delete_user(&user).await.map_err(|error| error.code());
                assert_eq!(failed.err(), Some("storage-unavailable"), "{call}");
                assert!(stores.users.user(&user).await.expect("memory").is_some(), "{call}");
            }
            test.store.fail([]);
        }
        test.passkeys.delete_user(&user).await.expect("memory");
        assert!(stores.users.user(&user).await.expect("memory").is_none(), "{are_users_apart}");
        assert!(stores.factors.factors(&user).await.expect("memory").is_empty(), "{are_users_apart}");
        assert!(test.passkey(&credential).await.is_none(), "{are_users_apart}");
        assert!(test.sessions(&user).await.is_empty(), "{are_users_apart}");
        assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"), "{are_users_apart}");
        let again = test.passkeys.delete_user(&user).await.map_err(|error| error.code());
        assert_eq!(again.err(), Some("user-unknown"), "{are_users_apart}");
    }
}
