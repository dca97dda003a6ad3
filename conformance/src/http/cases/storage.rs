//! A storage error is 503 and changes nothing.

use serde_json::{Value, json};

use crate::http::browser::{Browser, ok, problem, told};
use crate::http::fixture::STALE;
use crate::http::{Fixture, HttpResponse, Site, Transcript};

#[track_caller]
fn assert_unavailable(answer: &HttpResponse, what: &str) {
    assert_eq!(problem(answer), (503, "storage-unavailable".into()), "{what}");
    assert_eq!(answer.header("retry-after").collect::<Vec<_>>(), ["5"], "{what}");
    assert_eq!(answer.header("set-cookie").next(), None, "{what}");
}

/// Whom the browser's session is of.
async fn name<S: Site>(browser: &mut Browser<'_, S>) -> Value {
    ok(&browser.call("GET", "credentials/signal", None).await)["currentUserDetails"]["name"].clone()
}

pub(super) async fn sign_up<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let mut alex = Browser::new(site, fixture, "alex");
    alex.sign_up("alex").await;
    for call in ["take", "create", "open_account"] {
        let options = ok(&browser.post("registration/options", json!({ "username": "kim" })).await);
        let response = Browser::<S>::create_elsewhere(&options);
        fixture.events();
        fixture.fail([call]);
        assert_unavailable(&browser.post("registration/verify", response.clone()).await, call);
        fixture.fail([]);
        let action = if call == "take" { "register" } else { "open-account" };
        assert_eq!(fixture.outcomes(), [format!("{action} storage-unavailable")], "{call}");
        assert_eq!(browser.cookie("session"), None, "{call}");
        assert_eq!(fixture.stored(&response["id"]).await, None, "{call}");
    }
    // Whoever is signed in stays so, in the same session.
    let session = alex.cookie("session").map(str::to_owned);
    for call in ["load", "take", "account", "create", "open_account"] {
        let options = ok(&alex.post("registration/options", json!({ "username": "kim" })).await);
        let response = Browser::<S>::create_elsewhere(&options);
        fixture.fail([call]);
        assert_unavailable(&alex.post("registration/verify", response).await, call);
        fixture.fail([]);
        assert_eq!(alex.cookie("session").map(str::to_owned), session, "{call}");
        assert_eq!(name(&mut alex).await, "alex", "{call}");
    }
    // A name that is taken after a session was kept for it leaves none either.
    let written = fixture.passkeys.store().sessions();
    let options = ok(&alex.post("registration/options", json!({ "username": "Alex" })).await);
    let response = Browser::<S>::create_elsewhere(&options);
    assert_eq!(problem(&alex.post("registration/verify", response).await), (409, "username-taken".into()));
    assert_eq!(fixture.passkeys.store().sessions(), written);
    // Nobody has the name by now.
    browser.sign_up("kim").await;
    assert_eq!(name(&mut browser).await, "kim");
    told([browser, alex])
}

pub(super) async fn sign_in<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let credential = browser.sign_up("kim").await;
    browser.call("POST", "sign-out", None).await;
    let before = fixture.stored(&credential["id"]).await;
    assert!(before.is_some());
    for call in ["take", "passkey", "create", "apply"] {
        let response = browser.assertion(json!({})).await;
        fixture.fail([call]);
        assert_unavailable(&browser.post("authentication/verify", response).await, call);
        fixture.fail([]);
        assert_eq!(browser.cookie("session"), None, "{call}");
        assert_eq!(fixture.stored(&credential["id"]).await, before, "neither counter nor time moves: {call}");
    }
    browser.sign_in().await;
    assert_ne!(fixture.stored(&credential["id"]).await, before);
    told([browser])
}

pub(super) async fn step_up<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let credential = browser.sign_up("kim").await;
    fixture.wait(STALE);
    let before = fixture.stored(&credential["id"]).await;
    let session = browser.cookie("session").map(str::to_owned);
    for call in ["load", "take", "passkey", "create", "apply"] {
        let response = browser.assertion(json!({ "purpose": "step-up" })).await;
        fixture.fail([call]);
        assert_unavailable(&browser.post("authentication/verify", response).await, call);
        fixture.fail([]);
        assert_eq!(browser.cookie("session").map(str::to_owned), session, "{call}");
        assert_eq!(fixture.stored(&credential["id"]).await, before, "{call}");
        let answer = browser.post("registration/options", json!({})).await;
        assert_eq!(problem(&answer), (403, "step-up-required".into()), "{call}");
    }
    browser.step_up().await;
    told([browser])
}

pub(super) async fn sessions<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let session = browser.cookie("session").map(str::to_owned);
    for (call, method, path) in [
        ("load", "GET", "credentials"),
        ("load", "GET", "credentials/signal"),
        ("load", "POST", "sign-out"),
        ("end", "POST", "sign-out"),
    ] {
        fixture.events();
        fixture.fail([call]);
        assert_unavailable(&browser.call(method, path, None).await, call);
        fixture.fail([]);
        let outcomes = fixture.outcomes();
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        assert!(outcomes.concat().ends_with(" storage-unavailable"), "{outcomes:?}");
        assert_eq!(browser.cookie("session").map(str::to_owned), session);
        assert_eq!(name(&mut browser).await, "kim");
    }
    told([browser])
}

pub(super) async fn afterwards<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let credential = browser.sign_up("kim").await;
    let mut copy = browser.copy("copy");
    // The counter is stored and the new session kept: that the old one cannot be ended is the operator's to mend.
    for (action, body) in [("step-up", json!({ "purpose": "step-up" })), ("sign-in", json!({}))] {
        let (before, old) =
            (fixture.stored(&credential["id"]).await, browser.cookie("session").map(str::to_owned));
        let response = browser.assertion(body).await;
        fixture.events();
        fixture.fail(["end"]);
        ok(&browser.post("authentication/verify", response).await);
        fixture.fail([]);
        assert_eq!(fixture.outcomes(), [format!("{action} ok"), "sweep storage-unavailable".to_owned()]);
        assert_ne!(fixture.stored(&credential["id"]).await, before);
        assert_ne!(browser.cookie("session"), old.as_deref());
        assert_eq!(name(&mut browser).await, "kim");
    }
    let response = browser.new_account("alex").await;
    fixture.fail(["end"]);
    ok(&browser.post("registration/verify", response).await);
    fixture.fail([]);
    assert_eq!(name(&mut browser).await, "alex");
    // It is worth what it was worth before, and no more.
    assert_eq!(name(&mut copy).await, "kim");
    fixture.wait(STALE);
    browser.step_up().await;
    let answer = copy.post("registration/options", json!({})).await;
    assert_eq!(problem(&answer), (403, "step-up-required".into()));
    told([browser, copy])
}
