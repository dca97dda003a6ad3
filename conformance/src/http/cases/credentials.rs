use serde_json::{Value, json};

use super::account::members;
use super::registration::add;
use crate::authenticator::{Config, Verification};
use crate::http::browser::{Browser, ok, problem, told};
use crate::http::fixture::STALE;
use crate::http::{Fixture, Site, Transcript};

pub(super) async fn listing_and_naming<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
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
    told([browser])
}

pub(super) async fn members_of_one<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    // A model that is known by name.
    let known =
        [0xfb, 0xfc, 0x30, 0x07, 0x15, 0x4e, 0x4e, 0xcc, 0x8c, 0x0b, 0x6e, 0x02, 0x05, 0x57, 0xd7, 0xbd];
    let config = Config { aaguid: known, ..Config::default() };
    let mut browser = Browser::with(site, fixture, "one", config);
    let mut response = browser.new_account("kim").await;
    response["nickname"] = json!(" Blue key ");
    let new = ok(&browser.post("registration/verify", response).await);
    let always = [
        "id",
        "nickname",
        "aaguid",
        "authenticator",
        "transports",
        "createdAt",
        "backupEligible",
        "backedUp",
        "userVerified",
        "attestation",
    ];
    assert_eq!(members(&new), always.into());
    assert_eq!((&new["nickname"], &new["userVerified"]), (&json!("Blue key"), &json!(true)));
    assert!(new["authenticator"]["name"].is_string(), "{new}");
    assert_eq!(members(&new["attestation"]), ["format", "type", "trusted"].into());

    browser.authenticator.config.verification = Verification::Never;
    fixture.wait(STALE);
    let used = browser.sign_in().await["credential"].clone();
    assert_eq!(members(&used), members(&new).into_iter().chain(["lastUsedAt"]).collect());
    assert_eq!(used["userVerified"], false, "that of the last ceremony");
    assert_eq!(
        (&used["createdAt"], &used["lastUsedAt"]),
        (&json!("2026-06-01T00:00:00Z"), &json!("2026-06-01T00:05:01Z"))
    );
    told([browser])
}

pub(super) async fn deleting<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
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
    told([browser])
}

pub(super) async fn deleting_the_last<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let id = browser.sign_up("kim").await["id"].as_str().unwrap_or_default().to_owned();
    let answer = browser.call("DELETE", &format!("credentials/{id}"), None).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(ok(&browser.call("GET", "credentials", None).await), json!({ "credentials": [] }));
    told([browser])
}

pub(super) async fn foreign<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut owner = Browser::new(site, fixture, "one");
    let id = owner.sign_up("kim").await["id"].as_str().unwrap_or_default().to_owned();
    let mut browser = Browser::new(site, fixture, "two");
    browser.sign_up("alex").await;
    browser.step_up().await;
    let nickname = json!({ "nickname": "mine" });
    let unknown = (404, "credential-unknown".to_owned());
    let mut bodies = Vec::new();
    for id in [id.as_str(), "AAAA", "not+base64url"] {
        let path = format!("credentials/{id}");
        let answers =
            [browser.call("PATCH", &path, Some(&nickname)).await, browser.call("DELETE", &path, None).await];
        for answer in answers {
            assert_eq!(problem(&answer), unknown, "{id}");
            bodies.push(answer.body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "nothing tells a credential of somebody's from one of nobody's");
    let list = ok(&owner.call("GET", "credentials", None).await);
    assert_eq!(list["credentials"][0]["nickname"], Value::Null);
    told([owner, browser])
}

pub(super) async fn signals<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
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
    told([browser])
}
