use serde_json::json;

use crate::http::browser::{Browser, ok, told};
use crate::http::{Fixture, HttpResponse, Site, Transcript};

/// Has every cookie set and taken away, and checks how it is marked.
async fn marked<S: Site>(browser: &mut Browser<'_, S>, prefix: &str, attributes: &str) {
    let options = browser.post("registration/options", json!({ "username": "kim" })).await;
    let response = browser.create(&ok(&options));
    let verified = browser.post("registration/verify", response).await;
    let stepped_up = {
        let response = browser.assertion(json!({ "purpose": "step-up" })).await;
        browser.post("authentication/verify", response).await
    };
    let signed_out = browser.call("POST", "sign-out", None).await;
    let cookie = |answer: &HttpResponse| {
        let cookies: Vec<_> = answer.header("set-cookie").collect();
        assert_eq!(cookies.len(), 1, "{answer:?}");
        cookies.concat()
    };
    for (answer, name) in [(&options, "ceremony"), (&verified, "session"), (&stepped_up, "session")] {
        let cookie = cookie(answer);
        let (pair, rest) = cookie.split_once(';').unwrap_or_default();
        let value = pair.strip_prefix(&format!("{prefix}rp-{name}="));
        assert!(value.is_some_and(|value| !value.is_empty()), "{cookie}");
        assert_eq!(rest, attributes, "{cookie}");
    }
    assert_eq!(cookie(&signed_out), format!("{prefix}rp-session=;{attributes}; Max-Age=0"));
}

pub(super) async fn https<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    marked(&mut browser, "__Host-", " HttpOnly; SameSite=Lax; Path=/; Secure").await;
    // What a request says of the way it came changes nothing.
    let mut other = Browser::new(site, fixture, "two");
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("host", "localhost:8080".to_owned()),
        ("forwarded", "proto=http;host=localhost".to_owned()),
        ("x-forwarded-proto", "http".to_owned()),
        ("x-forwarded-host", "localhost".to_owned()),
    ];
    let answer = other.send("POST", "authentication/options", headers, b"{}".to_vec()).await;
    let cookie = answer.header("set-cookie").collect::<String>();
    assert!(cookie.starts_with("__Host-rp-ceremony=") && cookie.ends_with("; Secure"), "{cookie}");
    told([browser, other])
}

pub(super) async fn localhost<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    marked(&mut browser, "", " HttpOnly; SameSite=Lax; Path=/").await;
    browser.sign_in().await;
    ok(&browser.call("GET", "credentials", None).await);
    let document = ok(&browser.call("GET", "/.well-known/webauthn", None).await);
    assert_eq!(document, json!({ "origins": ["http://localhost:8080"] }));
    told([browser])
}

pub(super) async fn framed<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let attributes = " HttpOnly; SameSite=None; Path=/; Secure; Partitioned";
    marked(&mut browser, "__Host-", attributes).await;
    told([browser])
}
