use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::browser::{Browser, ok, problem, told};
use crate::http::{Fixture, Site, Transcript};

pub(super) fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

pub(super) async fn opening<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
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
    // The new account is signed in.
    assert_eq!(browser.call("GET", "credentials", None).await.status, 200);
    told([browser])
}

pub(super) async fn sign_up_closed<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let answer =
        browser.post("registration/options", json!({ "username": "kim", "displayName": "Kim" })).await;
    assert_eq!(problem(&answer), (403, "sign-up-closed".into()));
    told([browser])
}

pub(super) async fn username_taken<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut slow = Browser::new(site, fixture, "slow");
    let response = slow.new_account("kim").await;
    let mut quick = Browser::new(site, fixture, "quick");
    quick.sign_up("KIM").await;
    // Options tell nothing of it: a fresh user handle, and nothing excluded.
    let options = slow.post("registration/options", json!({ "username": "kim" })).await;
    let again = slow.post("registration/options", json!({ "username": "kim" })).await;
    assert_ne!(ok(&options)["user"]["id"], ok(&again)["user"]["id"]);
    assert_eq!(ok(&options)["excludeCredentials"], json!([]));
    let answer = slow.post("registration/verify", response).await;
    assert_eq!(problem(&answer), (409, "username-taken".into()));
    assert_eq!(problem(&slow.call("GET", "credentials", None).await), (401, "not-signed-in".into()));
    told([slow, quick])
}

pub(super) async fn signing_in<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let credential = browser.sign_up("kim").await;
    assert_eq!(browser.call("POST", "sign-out", None).await.status, 204);

    let options = ok(&browser.post("authentication/options", json!({})).await);
    let expected = ["allowCredentials", "challenge", "extensions", "rpId", "timeout", "userVerification"];
    assert!(members(&options).is_subset(&expected.into()), "{options}");
    assert_eq!((&options["rpId"], &options["timeout"]), (&json!("example.org"), &json!(300_000)));

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
    told([browser])
}

pub(super) async fn signing_out<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
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
    told([browser])
}

pub(super) async fn usernames<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut first = Browser::new(site, fixture, "one");
    first.sign_up("\u{ff2b}im").await;
    let mut browser = Browser::new(site, fixture, "two");
    for alike in ["Kim", "KIM", "\u{ff4b}\u{ff49}\u{ff4d}"] {
        let options = ok(&browser.post("registration/options", json!({ "username": alike })).await);
        let response = Browser::<S>::create_elsewhere(&options);
        let answer = browser.post("registration/verify", response).await;
        assert_eq!(problem(&answer), (409, "username-taken".into()), "{alike}");
    }
    for wrong in ["", " ", &"k".repeat(65), "a\u{7}b"] {
        let answer = browser.post("registration/options", json!({ "username": wrong })).await;
        assert_eq!(problem(&answer), (400, "malformed-json".into()), "{wrong:?}");
    }
    for right in ["k", &"k".repeat(64), "\u{4f0a}"] {
        let answer = browser.post("registration/options", json!({ "username": right })).await;
        assert_eq!(answer.status, 200, "{right:?}");
    }
    told([first, browser])
}

pub(super) async fn too_many_requests<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut first = Browser::new(site, fixture, "one");
    first.sign_up("kim").await;
    let mut browser = Browser::new(site, fixture, "two");
    let mut pending = Vec::new();
    for _ in 0..11 {
        let options = ok(&browser.post("registration/options", json!({ "username": "kim" })).await);
        pending.push(Browser::<S>::create_elsewhere(&options));
    }
    let last = pending.pop();
    for response in pending {
        let answer = browser.post("registration/verify", response).await;
        assert_eq!(problem(&answer), (409, "username-taken".into()));
    }
    let mut answers = vec![browser.post("registration/options", json!({ "username": "alex" })).await];
    if let Some(response) = last {
        answers.push(browser.post("registration/verify", response).await);
    }
    for answer in answers {
        assert_eq!(problem(&answer), (429, "too-many-requests".into()));
        assert_eq!(answer.header("retry-after").collect::<Vec<_>>(), ["600"]);
    }
    fixture.wait(Duration::from_secs(600));
    let answer = browser.post("registration/options", json!({ "username": "alex" })).await;
    assert_eq!(answer.status, 200);
    told([first, browser])
}

pub(super) async fn enrolment_required<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    browser.call("POST", "sign-out", None).await;
    fixture.ask_for_enrolment();
    let response = browser.assertion(json!({})).await;
    let answer = browser.post("authentication/verify", response).await;
    assert_eq!(problem(&answer), (403, "enrolment-required".into()));
    assert_eq!(problem(&browser.call("GET", "credentials", None).await), (401, "not-signed-in".into()));
    told([browser])
}
