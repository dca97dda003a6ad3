use std::time::Duration;

use serde_json::{Value, json};

use crate::http::browser::{Browser, ok, problem};
use crate::http::{Fixture, Site, Transcript};

const STALE: Duration = Duration::from_secs(301);

async fn add<S: Site>(browser: &mut Browser<'_, S>) -> Value {
    let options = ok(&browser.post("registration/options", json!({})).await);
    let mut response = Browser::<S>::create_elsewhere(&options);
    response["nickname"] = json!("Spare");
    let answer = browser.post("registration/verify", response).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    ok(&answer)
}

pub(super) async fn adding<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    let first = browser.sign_up("kim").await;
    // An account that was opened a moment ago is fresh.
    let answer = browser.post("registration/options", json!({})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    fixture.wait(STALE);
    let answer = browser.post("registration/options", json!({})).await;
    assert_eq!(problem(&answer), (403, "step-up-required".into()));
    browser.step_up().await;
    let options = ok(&browser.post("registration/options", json!({})).await);
    assert_eq!(options["excludeCredentials"][0]["id"], first["id"]);
    assert_eq!(options["user"]["name"], "kim");
    let second = add(&mut browser).await;
    assert_eq!(second["nickname"], "Spare");
    // Adding is no fresh verification.
    fixture.wait(STALE);
    let answer = browser.post("registration/options", json!({})).await;
    assert_eq!(problem(&answer), (403, "step-up-required".into()));
    // Nothing in a request loosens policy.
    browser.step_up().await;
    let answer = browser.post("registration/options", json!({ "mediation": "conditional" })).await;
    assert_eq!(problem(&answer), (400, "malformed-json".into()));
    browser.transcript
}

pub(super) async fn too_many<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    browser.sign_up("kim").await;
    browser.step_up().await;
    add(&mut browser).await;
    add(&mut browser).await;
    let answer = browser.post("registration/options", json!({})).await;
    assert_eq!(problem(&answer), (409, "too-many-credentials".into()));
    browser.transcript
}

pub(super) async fn listing_and_naming<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    let credential = browser.sign_up("kim").await;
    let id = credential["id"].as_str().unwrap_or_default().to_owned();
    let list = ok(&browser.call("GET", "credentials", None).await);
    assert_eq!(list, json!({ "credentials": [credential] }));
    let renamed = ok(&browser
        .call("PATCH", &format!("credentials/{id}"), Some(&json!({ "nickname": "Blue key" })))
        .await);
    assert_eq!((&renamed["id"], &renamed["nickname"]), (&json!(id), &json!("Blue key")));
    let list = ok(&browser.call("GET", "credentials", None).await);
    assert_eq!(list["credentials"][0]["nickname"], "Blue key");
    for wrong in [json!({ "nickname": 7 }), json!({}), json!({ "nickname": "x".repeat(1000) })] {
        let answer = browser.call("PATCH", &format!("credentials/{id}"), Some(&wrong)).await;
        assert_eq!(problem(&answer).0, 400, "{wrong}");
    }
    browser.transcript
}

pub(super) async fn deleting<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    let first = browser.sign_up("kim").await;
    browser.step_up().await;
    let second = add(&mut browser).await;
    let path = |credential: &Value| format!("credentials/{}", credential["id"].as_str().unwrap_or_default());
    fixture.wait(STALE);
    let answer = browser.call("DELETE", &path(&second), None).await;
    assert_eq!(problem(&answer), (403, "step-up-required".into()));
    browser.step_up().await;
    let answer = browser.call("DELETE", &path(&second), None).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(
        problem(&browser.call("DELETE", &path(&second), None).await),
        (404, "credential-unknown".into())
    );
    assert_eq!(problem(&browser.call("DELETE", &path(&first), None).await), (409, "last-credential".into()));
    let list = ok(&browser.call("GET", "credentials", None).await);
    assert_eq!(list["credentials"].as_array().map(Vec::len), Some(1));
    browser.transcript
}

pub(super) async fn foreign<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut owner = Browser::new(site, "one");
    let id = owner.sign_up("kim").await["id"].as_str().unwrap_or_default().to_owned();
    let mut browser = Browser::new(site, "two");
    browser.sign_up("alex").await;
    browser.step_up().await;
    let nickname = json!({ "nickname": "mine" });
    let unknown = (404, "credential-unknown".to_owned());
    for id in [id.as_str(), "AAAA", "not+base64url"] {
        let path = format!("credentials/{id}");
        assert_eq!(problem(&browser.call("PATCH", &path, Some(&nickname)).await), unknown, "{id}");
        assert_eq!(problem(&browser.call("DELETE", &path, None).await), unknown, "{id}");
    }
    let list = ok(&owner.call("GET", "credentials", None).await);
    assert_eq!(list["credentials"][0]["nickname"], Value::Null);
    browser.transcript
}

pub(super) async fn signals<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    let credential = browser.sign_up("kim").await;
    let signal = ok(&browser.call("GET", "credentials/signal", None).await);
    let accepted = &signal["allAcceptedCredentials"];
    assert_eq!(
        (&accepted["rpId"], &accepted["allAcceptedCredentialIds"]),
        (&json!("example.org"), &json!([credential["id"]]))
    );
    let details = &signal["currentUserDetails"];
    assert_eq!((&details["name"], &details["displayName"]), (&json!("kim"), &json!("Kim")));
    assert_eq!((&details["userId"], &details["rpId"]), (&accepted["userId"], &json!("example.org")));
    browser.transcript
}
