//! Every condition of the start of a ceremony is checked again at its end, in the transaction that writes.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use rp_core::UserHandle;
use rp_service::store::{CredentialStore, MemoryStore, SessionStore, UserStore};
use serde_json::{Value, json};

use super::first_factor::password;
use super::{NOT_RECENT, Server, Test, authenticator};
use crate::http::fixture::credential_id;
use crate::http::{HttpResponse, UserAgent};

/// An event between start and end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    SessionEnded,
    OtherUser,
    /// The passkey that opened the session.
    CredentialDeleted,
    TimePassed,
    UserLocked,
    UserDeleted,
}

/// A ceremony or a request of a signed-in user.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Add,
    StepUp,
    SecondFactor,
    SignIn,
    SignUp,
}

const CHANGES: [Change; 6] = [
    Change::SessionEnded,
    Change::OtherUser,
    Change::CredentialDeleted,
    Change::TimePassed,
    Change::UserLocked,
    Change::UserDeleted,
];

/// A user with two passkeys, signed in on two browsers, each with its own passkey.
struct Scene {
    test: Test,
    owner: UserAgent,
    other: UserAgent,
    /// The passkey of `other`.
    credential: Value,
    user: UserHandle,
}

impl Scene {
    async fn new(server: &Server) -> Self {
        let test = server.start().await;
        let mut owner = test.browser("owner");
        owner.sign_up("kim").await;
        let mut key = authenticator("other");
        let credential = owner.add_passkey(&mut key).await;
        let mut other = UserAgent { authenticator: key, ..test.browser("other") };
        other.sign_in().await;
        let user = test.user("kim").await;
        Self { test, owner, other, credential, user }
    }

    /// Starts a ceremony in `other`, and returns the response.
    async fn start(&mut self, kind: Kind) -> Value {
        match kind {
            Kind::Add => {
                let options = self.other.post("registration/options", &json!({})).await.ok();
                self.other.with_authenticator("third").create_for(&options)
            }
            Kind::StepUp => self.other.assert(&json!({"purpose": "step-up"})).await,
            Kind::SecondFactor => {
                assert_eq!(password(&mut self.other, "kim").await.text(), "kim needs passkey");
                self.other.assert(&json!({"purpose": "second-factor"})).await
            }
            Kind::SignIn => self.other.assert(&json!({})).await,
            Kind::SignUp => self.other.with_authenticator("new").create(&json!({"username": "new"})).await,
        }
    }

    async fn finish(&mut self, kind: Kind, response: &Value) -> HttpResponse {
        match kind {
            Kind::Add | Kind::SignUp => self.other.register(response).await,
            Kind::StepUp | Kind::SecondFactor | Kind::SignIn => self.other.authenticate(response).await,
        }
    }

    async fn change(&mut self, change: Change) {
        match change {
            Change::SessionEnded => {
                assert_eq!(self.owner.delete("sessions").await.status, 204);
                self.test.passkeys.end_all_sessions(&self.user).await.expect("memory");
            }
            Change::OtherUser => {
                let mut eve = self.test.browser("eve");
                eve.sign_up("eve").await;
                self.other.set_cookie("__Host-rp-session", &eve.cookie("session").unwrap_or_default());
            }
            Change::CredentialDeleted => {
                let path = format!("credentials/{}", self.credential["id"].as_str().unwrap_or_default());
                self.owner.delete(&path).await.ok();
            }
            Change::TimePassed => self.test.wait(NOT_RECENT - Duration::from_secs(1)),
            Change::UserLocked => self.test.passkeys.lock_user(&self.user).await.expect("memory"),
            Change::UserDeleted => {
                self.test.passkeys.delete_user(&self.user).await.expect("memory");
            }
        }
    }
}

pub(super) async fn every_condition_of_the_start_holds_at_the_end(server: Server) {
    let out = Some((401, "not-signed-in"));
    let foreign = Some((409, "no-ceremony"));
    for (kind, expected) in [
        // By the order of `CHANGES`; `None` is success.
        (Kind::Add, [out, foreign, out, Some((403, "step-up-required")), out, out]),
        (Kind::StepUp, [out, foreign, out, None, out, out]),
        (Kind::SecondFactor, [out, foreign, Some((422, "credential-unknown")), None, out, out]),
        (Kind::SignIn, [out, foreign, out, None, out, out]),
        (Kind::SignUp, [out, foreign, out, None, out, out]),
    ] {
        for (change, expected) in CHANGES.into_iter().zip(expected) {
            let mut scene = Scene::new(&server).await;
            // The session started a while ago, so that the verification is too old when the ceremony ends.
            scene.test.wait(Duration::from_secs(4));
            let response = scene.start(kind).await;
            scene.change(change).await;
            let (cookie, before) = (scene.other.cookie("session"), scene.test.sessions(&scene.user).await);
            let answer = scene.finish(kind, &response).await;
            let Some(expected) = expected else {
                assert!(matches!(answer.status, 200 | 201), "{kind:?} {change:?} {answer:?}");
                continue;
            };
            assert_eq!(answer.problem(), expected, "{kind:?} {change:?}");
            // Nothing is opened or renewed, and nothing is stored.
            assert_eq!(scene.other.cookie("session"), cookie, "{kind:?} {change:?}");
            let after = scene.test.sessions(&scene.user).await;
            assert_eq!(after.len(), before.len(), "{kind:?} {change:?}");
            if matches!(kind, Kind::Add | Kind::SignUp) {
                assert!(scene.test.passkey(&response).await.is_none(), "{kind:?} {change:?}");
            }
        }
    }
}

pub(super) async fn the_holder_of_a_lost_key_adds_nothing_after_its_deletion(server: Server) {
    let mut scene = Scene::new(&server).await;
    let options = scene.other.post("registration/options", &json!({})).await.ok();
    let response = scene.other.with_authenticator("thief").create_for(&options);
    scene.change(Change::CredentialDeleted).await;
    assert_eq!(scene.other.register(&response).await.problem(), (401, "not-signed-in"));
    assert_eq!(scene.owner.get("credentials").await.ok()["credentials"].as_array().map(Vec::len), Some(1));
    // A session of the owner's does not complete it either.
    let response = scene.other.with_authenticator("thief").create_for(&options);
    scene.other.set_cookie("__Host-rp-session", &scene.owner.cookie("session").unwrap_or_default());
    assert_eq!(scene.other.register(&response).await.problem(), (409, "no-ceremony"));
}

pub(super) async fn deleting_a_passkey_ends_the_sessions_that_it_opened(server: Server) {
    let mut scene = Scene::new(&server).await;
    let mut second =
        UserAgent { authenticator: scene.other.authenticator.clone(), ..scene.test.browser("second") };
    second.sign_in().await;
    // A session of the other passkey that was stepped up with this one counts as opened by it.
    let mut stepped_up = scene.owner.clone();
    stepped_up.remove_cookie("session");
    stepped_up.sign_in().await;
    scene.owner.authenticator = stepped_up.authenticator.clone();
    stepped_up.authenticator = second.authenticator.clone();
    stepped_up.step_up().await;
    scene.change(Change::CredentialDeleted).await;
    for browser in [&mut scene.other, &mut second, &mut stepped_up] {
        assert_eq!(browser.get("session").await.problem(), (401, "not-signed-in"));
        assert_eq!(browser.get("/app/user").await.problem(), (401, "not-signed-in"));
    }
    assert_eq!(scene.owner.get("/app/user").await.text(), "kim");
}

pub(super) async fn deleting_the_passkey_in_use_ends_the_own_session(server: Server) {
    let mut scene = Scene::new(&server).await;
    let path = format!("credentials/{}", scene.credential["id"].as_str().unwrap_or_default());
    let answer = scene.other.delete(&path).await;
    let signal = &answer.ok()["signal"];
    assert_eq!(
        signal["allAcceptedCredentials"]["allAcceptedCredentialIds"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(scene.other.cookie("session"), None);
    assert_eq!(scene.test.sessions(&scene.user).await.len(), 1);
}

/// A parallel request, immediately before the call that writes.
type Interference = fn(MemoryStore, UserHandle, Value) -> Pin<Box<dyn Future<Output = ()> + Send>>;

const END_SESSIONS: Interference = |store, user, _| {
    Box::pin(async move {
        store.end_sessions(&user, None).await.expect("memory");
    })
};
const LOCK: Interference = |store, user, _| {
    Box::pin(async move {
        store.set_user_lock(&user, Some(rp_core::Timestamp::from_unix_seconds(1))).await.expect("memory");
        store.end_sessions(&user, None).await.expect("memory");
    })
};
const DELETE_USER: Interference = |store, user, _| {
    Box::pin(async move {
        store.delete_user(&user).await.expect("memory");
    })
};
/// Deletes the passkey that opened the session, as an operator does.
const DELETE_CREDENTIAL: Interference = |store, user, credential| {
    Box::pin(async move {
        let conditions = rp_service::store::Conditions {
            check_user: true,
            check_factors: true,
            session: None,
            authorization: rp_service::store::Authorization::Passkey(
                owners_passkey(&store, &user, &credential).await,
            ),
            now: rp_core::Timestamp::from_unix_seconds(1),
        };
        let id = credential_id(&credential).expect("a credential ID");
        let _ = store.delete_passkey(&user, &id, true, &conditions).await.expect("memory");
    })
};

async fn owners_passkey(store: &MemoryStore, user: &UserHandle, other: &Value) -> rp_core::CredentialId {
    let other = credential_id(other);
    let passkeys = store.passkeys(user).await.expect("memory");
    let own = passkeys.into_iter().find(|passkey| Some(&passkey.record.id) != other.as_ref());
    own.expect("the owner's passkey").record.id
}

pub(super) async fn conditions_are_checked_in_the_transaction_that_writes(server: Server) {
    for (kind, call) in [
        (Kind::Add, "add_passkey"),
        (Kind::StepUp, "apply_update"),
        (Kind::StepUp, "replace_session"),
        (Kind::SecondFactor, "apply_update"),
        (Kind::SecondFactor, "replace_session"),
        (Kind::SignIn, "apply_update"),
    ] {
        for (name, interference) in [
            ("sessions ended", END_SESSIONS),
            ("user locked", LOCK),
            ("user deleted", DELETE_USER),
            ("passkey deleted", DELETE_CREDENTIAL),
        ] {
            if kind == Kind::SignIn && name == "sessions ended" {
                continue; // A sign-in in progress opens a new session.
            }
            let mut scene = Scene::new(&server).await;
            let response = scene.start(kind).await;
            let (user, credential) = (scene.user.clone(), scene.credential.clone());
            scene.test.store.before(call, move |store| interference(store, user.clone(), credential.clone()));
            let answer = scene.finish(kind, &response).await;
            scene.test.store.undisturbed();
            // A sign-in whose session was ended already may be reported as done: its token is worthless.
            if kind != Kind::SignIn || name != "user locked" {
                let problem = answer.problem();
                let is_rejected = matches!(problem.status, 401 | 403 | 409 | 422);
                assert!(is_rejected, "{kind:?}, {name} before {call}: {problem:?}");
            }
            assert_unusable(&mut scene, &response, &format!("{kind:?}, {name} before {call}")).await;
        }
    }
}

/// Checks that the other browser is not signed in, and that no passkey was added.
async fn assert_unusable(scene: &mut Scene, response: &Value, what: &str) {
    let answer = scene.other.get("/app/user").await;
    assert!(matches!(answer.problem().status, 401 | 403), "{what}: {answer:?}");
    let id = credential_id(response);
    if id != credential_id(&scene.credential) {
        assert!(scene.test.passkey(response).await.is_none(), "{what}");
    }
    // After unlocking, no earlier session is valid again.
    let _ = scene.test.passkeys.unlock_user(&scene.user).await;
    assert_eq!(scene.other.get("/app/user").await.problem().status, 401, "{what}");
}

pub(super) async fn management_requires_what_it_requires_at_every_request(server: Server) {
    for (change, expected) in [
        (Change::SessionEnded, (401, "not-signed-in")),
        (Change::CredentialDeleted, (401, "not-signed-in")),
        (Change::UserLocked, (401, "not-signed-in")),
        (Change::UserDeleted, (401, "not-signed-in")),
    ] {
        let mut scene = Scene::new(&server).await;
        scene.change(change).await;
        let id = scene.credential["id"].as_str().unwrap_or_default().to_owned();
        for (method, path, body) in [
            ("GET", "session".to_owned(), Value::Null),
            ("GET", "sessions".into(), Value::Null),
            ("DELETE", "sessions".into(), Value::Null),
            ("DELETE", "sessions/AAAAAAAAAAAAAAAAAAAAAA".into(), Value::Null),
            ("GET", "credentials".into(), Value::Null),
            ("GET", "credentials/signal".into(), Value::Null),
            ("PATCH", format!("credentials/{id}"), json!({"nickname": "a"})),
            ("DELETE", format!("credentials/{id}"), Value::Null),
            ("PATCH", "user".into(), json!({"displayName": "a"})),
            ("POST", "registration/options".into(), json!({})),
            ("POST", "authentication/options".into(), json!({"purpose": "step-up"})),
            ("GET", "/app/user".into(), Value::Null),
            ("POST", "/app/passkey".into(), Value::Null),
        ] {
            let answer = scene.other.call(method, &path, &body).await;
            assert_eq!(answer.problem(), expected, "{change:?} {method} {path}");
        }
    }
}

pub(super) async fn changes_are_checked_in_the_transaction_that_writes(server: Server) {
    // Deleting a passkey, naming it, and changing the user, while a parallel request interferes.
    for (name, interference) in [
        ("sessions ended", END_SESSIONS),
        ("user locked", LOCK),
        ("user deleted", DELETE_USER),
        ("passkey deleted", DELETE_CREDENTIAL),
    ] {
        let mut scene = Scene::new(&server).await;
        let owners = owners_passkey(scene.test.store.inner(), &scene.user, &scene.credential).await;
        let (user, credential) = (scene.user.clone(), scene.credential.clone());
        scene
            .test
            .store
            .before("delete_passkey", move |store| interference(store, user.clone(), credential.clone()));
        let path = format!("credentials/{owners}");
        let answer = scene.other.delete(&path).await;
        scene.test.store.undisturbed();
        let problem = answer.problem();
        assert!(matches!(problem.status, 401 | 403), "{name}: {problem:?}");
        let kept = scene.test.store.inner().passkey(&owners).await.expect("memory");
        assert_eq!(kept.is_some(), name != "user deleted", "{name}");
    }
}

pub(super) async fn a_locked_user_is_rejected_at_once(server: Server) {
    let mut scene = Scene::new(&server).await;
    // Locked in the application's own table: the sessions are still there.
    let lock = scene.test.passkeys.now();
    scene.test.store.inner().set_user_lock(&scene.user, Some(lock)).await.expect("memory");
    for (method, path, body) in [
        ("GET", "/app/user", Value::Null),
        ("GET", "/app/maybe", Value::Null),
        ("POST", "/app/passkey", Value::Null),
        ("GET", "session", Value::Null),
        ("GET", "sessions", Value::Null),
        ("DELETE", "sessions", Value::Null),
        ("GET", "credentials", Value::Null),
        ("GET", "credentials/signal", Value::Null),
        ("PATCH", "user", json!({"displayName": "a"})),
        ("POST", "registration/options", json!({})),
        ("POST", "authentication/options", json!({"purpose": "step-up"})),
    ] {
        let answer = scene.other.call(method, path, &body).await;
        assert_eq!(answer.problem(), (403, "user-locked"), "{method} {path}");
    }
    // A sign-in reveals this only after the signature was verified.
    scene.other.sign_out().await;
    for body in [json!({}), json!({"username": "kim"})] {
        let response = scene.other.assert(&body).await;
        assert_eq!(scene.other.authenticate(&response).await.problem(), (403, "user-locked"));
        let mut options = scene.other.post("authentication/options", &body).await.ok();
        options["allowCredentials"] = json!([]);
        let mut forged = scene.other.clone();
        forged.authenticator.config.fault = Some(crate::authenticator::Fault::AssertionFlipped);
        let response = forged.assert_for(&options);
        assert_eq!(forged.authenticate(&response).await.problem(), (422, "signature-invalid"));
    }
    assert!(scene.test.sessions(&scene.user).await.iter().all(|session| session.credential.is_some()));
}
