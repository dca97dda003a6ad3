use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::authenticator::Fault;
use crate::http::browser::{Browser, ok, problem};
use crate::http::{Fixture, Site, Transcript};

fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

pub(super) async fn opening<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    let answer =
        browser.post("registration/options", json!({ "username": "Kim", "displayName": "Kim K." })).await;
    let options = ok(&answer);
    let expected = [
        "attestation",
        "authenticatorSelection",
        "challenge",
        "excludeCredentials",
        "extensions",
        "pubKeyCredParams",
        "rp",
        "timeout",
        "user",
    ];
    assert_eq!(members(&options), expected.into());
    assert_eq!(options["rp"], json!({ "id": "example.org", "name": "Example" }));
    assert_eq!(
        (&options["user"]["name"], &options["user"]["displayName"]),
        (&json!("Kim"), &json!("Kim K."))
    );
    assert_eq!(options["excludeCredentials"], json!([]));
    assert_eq!(options["timeout"], 300_000);
    // 64 random bytes, in base64url.
    assert_eq!(options["user"]["id"].as_str().map(str::len), Some(86));
    assert_eq!(answer.header("cache-control").next(), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin").next(), None);

    let response = browser.create(&options);
    let answer = browser.post("registration/verify", response).await;
    assert_eq!(answer.status, 201);
    let credential = ok(&answer);
    let expected = [
        "aaguid",
        "attestation",
        "backedUp",
        "backupEligible",
        "createdAt",
        "id",
        "transports",
        "userVerified",
    ];
    assert!(members(&credential).is_superset(&expected.into()), "{credential}");
    assert_eq!(credential["createdAt"], "2026-06-01T00:00:00Z");
    assert_eq!(credential["attestation"], json!({ "format": "none", "type": "none", "trusted": false }));
    assert!(!answer.body.windows(4).any(|word| word == b"null"), "members that are not set are left out");
    // The new account is signed in.
    assert_eq!(browser.call("GET", "credentials", None).await.status, 200);
    browser.transcript
}

pub(super) async fn sign_up_closed<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    let answer =
        browser.post("registration/options", json!({ "username": "kim", "displayName": "Kim" })).await;
    assert_eq!(problem(&answer), (403, "sign-up-closed".into()));
    browser.transcript
}

pub(super) async fn username_taken<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut slow = Browser::new(site, "slow");
    let response = slow.new_account("kim").await;
    let mut quick = Browser::new(site, "quick");
    quick.sign_up("KIM").await;
    let answer = slow.post("registration/verify", response).await;
    assert_eq!(problem(&answer), (409, "username-taken".into()));
    assert_eq!(problem(&slow.call("GET", "credentials", None).await), (401, "not-signed-in".into()));
    slow.transcript
}

pub(super) async fn signing_in<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    let credential = browser.sign_up("kim").await;
    assert_eq!(browser.call("POST", "sign-out", None).await.status, 204);

    let answer = browser.sign_in().await;
    assert_eq!(members(&answer), ["acr", "authTime", "credential", "user"].into());
    assert_eq!(answer["user"], json!({ "name": "kim", "displayName": "Kim" }));
    assert_eq!(answer["credential"]["id"], credential["id"]);
    assert_eq!((&answer["acr"], &answer["authTime"]), (&json!("phr"), &json!("2026-06-01T00:00:00Z")));
    assert_eq!(answer["credential"]["lastUsedAt"], "2026-06-01T00:00:00Z");

    browser.call("POST", "sign-out", None).await;
    let response = browser.assertion(json!({ "username": "KIM" })).await;
    let answer = browser.post("authentication/verify", response).await;
    assert_eq!(ok(&answer)["user"]["name"], "kim");
    browser.transcript
}

pub(super) async fn unknown_username<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    browser.sign_up("kim").await;
    browser.call("POST", "sign-out", None).await;
    let known = ok(&browser.post("authentication/options", json!({ "username": "kim" })).await);
    let mut other = Browser::new(site, "two");
    let unknown = ok(&other.post("authentication/options", json!({ "username": "nobody" })).await);
    assert_eq!(members(&known), members(&unknown));
    let shape = |options: &Value| {
        let first = options["allowCredentials"][0].clone();
        (members(&first).into_iter().map(str::to_owned).collect::<Vec<_>>(), first["type"].clone())
    };
    assert_eq!(shape(&known), shape(&unknown));
    // Asked again, nobody has the same credentials.
    let again = ok(&other.post("authentication/options", json!({ "username": "nobody" })).await);
    assert_eq!(unknown["allowCredentials"], again["allowCredentials"]);
    browser.transcript
}

pub(super) async fn forged_response<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    browser.sign_up("kim").await;
    browser.call("POST", "sign-out", None).await;
    let mut codes = Vec::new();
    for username in ["kim", "nobody"] {
        // The forger answers with an own credential under the first ID that is offered.
        let mut options = ok(&browser.post("authentication/options", json!({ "username": username })).await);
        let wanted = options["allowCredentials"][0]["id"].clone();
        options["allowCredentials"] = json!([]);
        browser.authenticator.config.fault = Some(Fault::AssertionFlipped);
        let mut response = browser.get(&options);
        browser.authenticator.config.fault = None;
        response["id"] = wanted.clone();
        response["rawId"] = wanted;
        let answer = browser.post("authentication/verify", response).await;
        codes.push((problem(&answer), answer.body));
    }
    assert_eq!(codes[0].0, (422, "signature-invalid".into()));
    assert_eq!(codes[0], codes[1]);
    browser.transcript
}

pub(super) async fn unknown_credential<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    // Made, and never verified: the site does not know it.
    browser.new_account("kim").await;
    let response = browser.assertion(json!({})).await;
    let answer = browser.post("authentication/verify", response).await;
    assert_eq!(problem(&answer).1, "credential-unknown");
    browser.transcript
}

pub(super) async fn signing_out<S: Site>(site: &S, _: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, "one");
    assert_eq!(browser.call("POST", "sign-out", None).await.status, 204);
    browser.sign_up("kim").await;
    let before = browser.cookie("session").map(str::to_owned);
    assert!(before.is_some());
    let answer = browser.call("POST", "sign-out", None).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(browser.cookie("session"), None);
    // The old cookie is worth nothing.
    browser.set_cookie("session", before.as_deref());
    assert_eq!(problem(&browser.call("GET", "credentials", None).await), (401, "not-signed-in".into()));
    browser.transcript
}
