use serde_json::json;

use crate::http::browser::{Browser, ok, problem};
use crate::http::{Fixture, SessionCall, Site, Transcript};

pub(super) async fn failing_store<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    browser.sign_up("kim").await;
    let cookie = browser.cookie("session").map(str::to_owned);
    let response = browser.assertion(json!({ "purpose": "step-up" })).await;
    let failed = (503, "storage-unavailable".to_owned());

    fixture.fail([SessionCall::Load]);
    let answer = browser.call("GET", "credentials", None).await;
    assert_eq!(problem(&answer), failed);
    assert_eq!(answer.header("retry-after").next(), Some("5"));
    assert_eq!(answer.header("cache-control").next(), Some("no-store"));

    // A new session that cannot be kept leaves the old one as it was.
    fixture.fail([SessionCall::Create]);
    let answer = browser.post("authentication/verify", response).await;
    assert_eq!(problem(&answer), failed);
    fixture.fail([]);
    ok(&browser.call("GET", "credentials", None).await);

    fixture.fail([SessionCall::End]);
    let answer = browser.call("POST", "sign-out", None).await;
    assert_eq!(problem(&answer), failed);
    let response = browser.assertion(json!({})).await;
    let answer = browser.post("authentication/verify", response).await;
    assert_eq!(problem(&answer), failed);
    fixture.fail([]);
    assert_eq!(browser.cookie("session"), cookie.as_deref());
    ok(&browser.call("GET", "credentials", None).await);
    assert_eq!(fixture.failures(), 4, "each failure is one event");
    browser.transcript
}

pub(super) async fn old_cookie<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    browser.sign_up("kim").await;
    let old = browser.cookie("session").map(str::to_owned);
    browser.step_up().await;
    let new = browser.cookie("session").map(str::to_owned);
    // A request that was under way with the old cookie is answered after the new one was set.
    for identifier in [old.as_deref(), Some("not-an-identifier")] {
        browser.set_cookie("session", identifier);
        let answer = browser.call("GET", "credentials", None).await;
        assert_eq!(problem(&answer), (401, "not-signed-in".into()));
        assert_eq!(answer.header("set-cookie").next(), None);
    }
    browser.set_cookie("session", new.as_deref());
    ok(&browser.call("GET", "credentials", None).await);
    browser.transcript
}
