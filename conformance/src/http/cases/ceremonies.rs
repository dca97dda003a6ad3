use std::time::Duration;

use serde_json::json;

use crate::authenticator::Fault;
use crate::http::browser::{Browser, ok, problem, told};
use crate::http::fixture::STALE;
use crate::http::{Fixture, Site, Transcript};

pub(super) async fn used_once<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let response = browser.new_account("kim").await;
    assert_eq!(browser.post("registration/verify", response.clone()).await.status, 201);
    let answer = browser.post("registration/verify", response).await;
    assert_eq!(problem(&answer), (409, "no-ceremony".into()));

    // A response that is refused uses it up as well.
    let options = ok(&browser.post("authentication/options", json!({})).await);
    browser.authenticator.config.fault = Some(Fault::AssertionFlipped);
    let wrong = browser.get(&options);
    browser.authenticator.config.fault = None;
    let right = browser.get(&options);
    assert_eq!(
        problem(&browser.post("authentication/verify", wrong).await),
        (422, "signature-invalid".into())
    );
    assert_eq!(problem(&browser.post("authentication/verify", right).await), (409, "no-ceremony".into()));
    told([browser])
}

pub(super) async fn expiry<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let in_time = browser.assertion(json!({})).await;
    let late = browser.assertion(json!({})).await;
    fixture.wait(Duration::from_secs(300));
    assert_eq!(browser.post("authentication/verify", in_time).await.status, 200);
    fixture.wait(Duration::from_secs(60));
    assert_eq!(problem(&browser.post("authentication/verify", late).await), (409, "ceremony-expired".into()));
    told([browser])
}

pub(super) async fn several_pending<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    browser.call("POST", "sign-out", None).await;
    let autofill = browser.assertion(json!({})).await;
    let button = browser.assertion(json!({ "username": "kim" })).await;
    let tab = browser.new_account("alex").await;
    // Counters only grow: the first assertion is told last where it is the older one.
    assert_eq!(browser.post("registration/verify", tab).await.status, 201);
    browser.call("POST", "sign-out", None).await;
    assert_eq!(browser.post("authentication/verify", autofill).await.status, 200);
    browser.call("POST", "sign-out", None).await;
    assert_eq!(browser.post("authentication/verify", button).await.status, 200);
    told([browser])
}

pub(super) async fn another_browser<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let response = browser.assertion(json!({})).await;
    let mut other = Browser::new(site, fixture, "two");
    assert_eq!(
        problem(&other.post("authentication/verify", response.clone()).await),
        (409, "no-ceremony".into())
    );
    // Having asked for options of its own changes nothing.
    other.post("authentication/options", json!({})).await;
    assert_eq!(
        problem(&other.post("authentication/verify", response.clone()).await),
        (409, "no-ceremony".into())
    );
    assert_eq!(browser.post("authentication/verify", response).await.status, 200);
    told([browser, other])
}

pub(super) async fn another_account<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let options = ok(&browser.post("registration/options", json!({})).await);
    let response = Browser::<S>::create_elsewhere(&options);
    browser.call("POST", "sign-out", None).await;
    let answer = browser.post("registration/verify", response).await;
    assert_eq!(problem(&answer), (401, "not-signed-in".into()));

    browser.sign_in().await;
    let options = ok(&browser.post("registration/options", json!({})).await);
    let response = Browser::<S>::create_elsewhere(&options);
    browser.call("POST", "sign-out", None).await;
    browser.sign_up("alex").await;
    let answer = browser.post("registration/verify", response).await;
    assert_eq!(problem(&answer), (409, "no-ceremony".into()));
    let list = ok(&browser.call("GET", "credentials", None).await);
    assert_eq!(list["credentials"].as_array().map(Vec::len), Some(1));
    told([browser])
}

pub(super) async fn step_up<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut alex = Browser::new(site, fixture, "alex");
    alex.sign_up("alex").await;
    let mut browser = Browser::new(site, fixture, "kim");
    browser.sign_up("kim").await;
    fixture.wait(STALE);
    // Nobody signed in has nothing to step up.
    let mut nobody = Browser::new(site, fixture, "nobody");
    let answer = nobody.post("authentication/options", json!({ "purpose": "step-up" })).await;
    assert_eq!(problem(&answer), (401, "not-signed-in".into()));

    let mut options = ok(&browser.post("authentication/options", json!({ "purpose": "step-up" })).await);
    assert_eq!(options["allowCredentials"].as_array().map(Vec::len), Some(1));
    // Another account's credential does not do.
    options["allowCredentials"] = json!([]);
    let foreign = alex.get(&options);
    let answer = browser.post("authentication/verify", foreign).await;
    assert_eq!(problem(&answer), (422, "credential-not-allowed".into()));
    assert_eq!(browser.step_up().await["user"]["name"], "kim");
    told([alex, browser, nobody])
}

pub(super) async fn other_kind<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    // Client data holds the challenge of a registration, and the other way round.
    let creating = ok(&browser.post("registration/options", json!({})).await);
    let mut asked = ok(&browser.post("authentication/options", json!({})).await);
    let mut creating_by_asked = creating.clone();
    creating_by_asked["challenge"] = asked["challenge"].clone();
    let registration = Browser::<S>::create_elsewhere(&creating_by_asked);
    asked["challenge"] = creating["challenge"].clone();
    let authentication = browser.get(&asked);
    let answer = browser.post("registration/verify", registration).await;
    assert_eq!(problem(&answer), (409, "no-ceremony".into()));
    let answer = browser.post("authentication/verify", authentication).await;
    assert_eq!(problem(&answer), (409, "no-ceremony".into()));
    told([browser])
}
