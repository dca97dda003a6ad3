//! What an application mounts, and what it adds: its own handlers, with the adapter's extractors and the session.
//!
//! Each adapter's tests mount, whatever the case:
//! `/app/me` for every method, with `CurrentUser`, and `POST /app/dear` with `FreshUser`: the account's name;
//! `POST /app/enrol` with `VerifiedRegistration`: the name, a space, and `opened` or `added`;
//! `POST /app/enter` with `VerifiedAuthentication`: the name, a space, and `signed-in` or `stepped-up`;
//! `POST /app/note`: one more under `notes` in the session, then as `GET /app/note`: how many;
//! `POST /app/leave`: ends the session by the session crate's own means, and answers `left`.

use serde_json::json;

use crate::http::browser::{Browser, ok, problem, told};
use crate::http::fixture::STALE;
use crate::http::{Fixture, HttpResponse, Site, Transcript};

#[track_caller]
fn said(answer: &HttpResponse) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    String::from_utf8_lossy(&answer.body).into_owned()
}

pub(super) async fn another_prefix<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    // The browser asks under the fixture's prefix.
    let mut browser = Browser::new(site, fixture, "one");
    let id = browser.sign_up("kim").await["id"].as_str().unwrap_or_default().to_owned();
    browser.step_up().await;
    let nickname = json!({ "nickname": "mine" });
    ok(&browser.call("PATCH", &format!("credentials/{id}"), Some(&nickname)).await);
    ok(&browser.call("GET", "credentials/signal", None).await);
    ok(&browser.call("GET", "/.well-known/webauthn", None).await);
    for path in ["/webauthn/credentials", "/credentials", "/auth/credentials", "/auth/passkeys"] {
        assert_eq!(browser.call("GET", path, None).await.status, 404, "{path}");
    }
    told([browser])
}

pub(super) async fn some_routes<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    ok(&browser.post("authentication/options", json!({})).await);
    assert_eq!(browser.call("POST", "sign-out", None).await.status, 204);
    for (method, path) in [
        ("POST", "registration/options"),
        ("POST", "registration/verify"),
        ("POST", "authentication/verify"),
        ("GET", "credentials"),
        ("PATCH", "credentials/AAAA"),
        ("DELETE", "credentials/AAAA"),
        ("GET", "credentials/signal"),
        ("GET", "/.well-known/webauthn"),
        ("GET", "/.well-known/passkey-endpoints"),
    ] {
        assert_eq!(browser.call(method, path, Some(&json!({}))).await.status, 404, "{method} {path}");
    }
    told([browser])
}

pub(super) async fn extractors<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    for (method, path) in [("GET", "/app/me"), ("POST", "/app/dear")] {
        let answer = browser.call(method, path, None).await;
        assert_eq!(problem(&answer), (401, "not-signed-in".into()));
        assert_eq!(answer.header("cache-control").collect::<Vec<_>>(), ["no-store"]);
    }
    browser.sign_up("kim").await;
    assert_eq!(said(&browser.call("GET", "/app/me", None).await), "kim");
    assert_eq!(said(&browser.call("POST", "/app/dear", None).await), "kim");
    fixture.wait(STALE);
    assert_eq!(said(&browser.call("GET", "/app/me", None).await), "kim");
    let answer = browser.call("POST", "/app/dear", None).await;
    assert_eq!(problem(&answer), (403, "step-up-required".into()));
    browser.step_up().await;
    assert_eq!(said(&browser.call("POST", "/app/dear", None).await), "kim");
    for call in ["load", "account"] {
        fixture.fail([call]);
        let answer = browser.call("GET", "/app/me", None).await;
        assert_eq!(problem(&answer), (503, "storage-unavailable".into()), "{call}");
        fixture.fail([]);
    }
    told([browser])
}

pub(super) async fn verified<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let unavailable = (503, "storage-unavailable".to_owned());
    let mut browser = Browser::new(site, fixture, "one");
    // Nothing is opened where the session cannot be kept.
    let options = ok(&browser.post("registration/options", json!({ "username": "kim" })).await);
    let response = Browser::<S>::create_elsewhere(&options);
    fixture.fail(["create"]);
    assert_eq!(problem(&browser.post("/app/enrol", response).await), unavailable);
    fixture.fail([]);
    let response = browser.new_account("kim").await;
    let id = response["id"].clone();
    assert_eq!(said(&browser.post("/app/enrol", response.clone()).await), "kim opened");
    assert_eq!(problem(&browser.post("/app/enrol", response).await), (409, "no-ceremony".into()));
    let opened = browser.cookie("session").map(str::to_owned);
    assert!(opened.is_some());

    let options = ok(&browser.post("registration/options", json!({})).await);
    let added = Browser::<S>::create_elsewhere(&options);
    assert_eq!(said(&browser.post("/app/enrol", added).await), "kim added");
    assert_eq!(browser.cookie("session").map(str::to_owned), opened, "adding signs nobody in");

    let before = fixture.stored(&id).await;
    let response = browser.assertion(json!({})).await;
    fixture.fail(["create"]);
    assert_eq!(problem(&browser.post("/app/enter", response).await), unavailable);
    fixture.fail([]);
    assert_eq!((fixture.stored(&id).await, browser.cookie("session")), (before, opened.as_deref()));
    let response = browser.assertion(json!({})).await;
    assert_eq!(said(&browser.post("/app/enter", response).await), "kim signed-in");
    assert_ne!(browser.cookie("session"), opened.as_deref());
    fixture.wait(STALE);
    let response = browser.assertion(json!({ "purpose": "step-up" })).await;
    assert_eq!(said(&browser.post("/app/enter", response).await), "kim stepped-up");
    assert_eq!(said(&browser.call("POST", "/app/dear", None).await), "kim");
    told([browser])
}

pub(super) async fn other_sites<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    browser.sec_fetch_site = Some("cross-site");
    let refused = (403, "cross-site-request".to_owned());
    for (method, path) in [
        ("POST", "/app/me"),
        ("PUT", "/app/me"),
        ("DELETE", "/app/me"),
        ("POST", "/app/dear"),
        ("POST", "/app/enrol"),
        ("POST", "/app/enter"),
    ] {
        assert_eq!(problem(&browser.call(method, path, Some(&json!({}))).await), refused, "{method} {path}");
    }
    for method in ["GET", "HEAD"] {
        assert_eq!(browser.call(method, "/app/me", None).await.status, 200, "{method}");
    }
    told([browser])
}

pub(super) async fn session<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    // What was there before a sign-in stays, and what was there before a step-up.
    assert_eq!(said(&browser.call("POST", "/app/note", None).await), "1");
    browser.sign_up("kim").await;
    assert_eq!(said(&browser.call("POST", "/app/note", None).await), "2");
    browser.step_up().await;
    assert_eq!(said(&browser.call("GET", "/app/note", None).await), "2");
    // A change that cannot be saved is none.
    fixture.fail(["save"]);
    assert_eq!(problem(&browser.call("POST", "/app/note", None).await), (503, "storage-unavailable".into()));
    fixture.fail([]);
    assert_eq!(said(&browser.call("GET", "/app/note", None).await), "2");
    // Another account, opened by whoever was signed in, finds nothing of it.
    browser.sign_up("alex").await;
    assert_eq!(said(&browser.call("GET", "/app/me", None).await), "alex");
    assert_eq!(said(&browser.call("GET", "/app/note", None).await), "0");
    // A sign-out takes it away.
    browser.call("POST", "/app/note", None).await;
    browser.call("POST", "sign-out", None).await;
    assert_eq!(said(&browser.call("GET", "/app/note", None).await), "0");
    told([browser])
}

pub(super) async fn signs_out<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let mut copy = browser.copy("copy");
    let answer = browser.call("POST", "/app/leave", None).await;
    assert_eq!(said(&answer), "left");
    let cookies: Vec<_> = answer.header("set-cookie").collect();
    assert_eq!(cookies, ["__Host-rp-session=; HttpOnly; SameSite=Lax; Path=/; Secure; Max-Age=0"]);
    assert_eq!(browser.cookie("session"), None);
    // Whoever has a copy has nothing, and is told nothing.
    let answer = copy.call("POST", "/app/leave", None).await;
    assert_eq!((said(&answer).as_str(), answer.header("set-cookie").next()), ("left", None));
    assert_eq!(problem(&copy.call("GET", "/app/me", None).await), (401, "not-signed-in".into()));
    told([browser, copy])
}
