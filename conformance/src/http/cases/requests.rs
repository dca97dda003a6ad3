use serde_json::json;

use crate::http::browser::{Browser, ok, problem, told};
use crate::http::{Fixture, Site, Transcript};

pub(super) async fn well_known<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let document = ok(&browser.call("GET", "/.well-known/webauthn", None).await);
    assert_eq!(document, json!({ "origins": ["https://example.org", "https://example.com"] }));
    let endpoints = ok(&browser.call("GET", "/.well-known/passkey-endpoints", None).await);
    assert_eq!(
        endpoints,
        json!({ "enroll": "https://example.org/enroll", "manage": "https://example.org/manage" })
    );
    told([browser])
}

pub(super) async fn methods<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let answer = browser.call("HEAD", "/.well-known/webauthn", None).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(browser.call("HEAD", "credentials", None).await.status, 401);
    for (method, path, allowed) in [
        ("GET", "sign-out", "POST"),
        // What a browser asks before a request from another origin: nothing allows it.
        ("OPTIONS", "registration/options", "POST"),
        ("POST", "credentials", "GET,HEAD"),
        ("PUT", "credentials/AAAA", "PATCH,DELETE"),
        ("POST", "/.well-known/webauthn", "GET,HEAD"),
    ] {
        let answer = browser.call(method, path, None).await;
        assert_eq!((answer.status, answer.body.len()), (405, 0), "{method} {path}");
        assert_eq!(answer.header("allow").collect::<Vec<_>>(), [allowed], "{method} {path}");
    }
    told([browser])
}

pub(super) async fn no_endpoints<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let answer = browser.call("GET", "/.well-known/passkey-endpoints", None).await;
    assert_eq!((answer.status, answer.body.len()), (404, 0));
    told([browser])
}

pub(super) async fn cross_site<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let refused = (403, "cross-site-request".to_owned());
    for (origin, fetch_site) in [
        (Some("https://evil.example"), None),
        (Some("http://example.org"), Some("same-origin")),
        (Some("null"), None),
        (Some("android:apk-key-hash:AAAA"), None),
        (Some("https://example.org"), Some("cross-site")),
        (Some("https://example.org"), Some("same-site")),
        (None, Some("cross-site")),
    ] {
        (browser.origin, browser.sec_fetch_site) = (origin, fetch_site);
        for (method, path) in [
            ("POST", "registration/options"),
            ("POST", "registration/verify"),
            ("POST", "authentication/options"),
            ("POST", "authentication/verify"),
            ("PATCH", "credentials/AAAA"),
            ("DELETE", "credentials/AAAA"),
            ("POST", "sign-out"),
        ] {
            let answer = browser.call(method, path, Some(&json!({}))).await;
            assert_eq!(problem(&answer), refused, "{method} {path} from {origin:?} {fetch_site:?}");
        }
    }
    // A related origin passes, and so does what comes from no browser.
    for (origin, fetch_site) in [(Some("https://example.com"), None), (None, None), (None, Some("none"))] {
        (browser.origin, browser.sec_fetch_site) = (origin, fetch_site);
        assert_eq!(browser.post("authentication/options", json!({})).await.status, 200, "{origin:?}");
    }
    told([browser])
}

pub(super) async fn bodies<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let json_type = || vec![("content-type", "application/json".to_owned())];
    for (path, body, expected) in [
        ("registration/options", "", (400, "malformed-json")),
        ("registration/options", "{", (400, "malformed-json")),
        ("registration/options", "[]", (400, "malformed-json")),
        ("registration/options", r#"{"username":7}"#, (400, "malformed-json")),
        ("registration/options", r#"{"displayName":"Kim"}"#, (400, "malformed-json")),
        ("registration/options", r#"{"username":"a","username":"b"}"#, (400, "malformed-json")),
        ("authentication/options", r#"{"purpose":"sign-in"}"#, (400, "malformed-json")),
        ("authentication/options", r#"{"username":"a","purpose":"step-up"}"#, (400, "malformed-json")),
        ("registration/verify", "{}", (400, "malformed-json")),
        ("authentication/verify", "{}", (400, "malformed-json")),
        ("authentication/options", "\u{feff}{}", (400, "malformed-json")),
    ] {
        let answer = browser.send("POST", path, json_type(), body.into()).await;
        assert_eq!(problem(&answer), (expected.0, expected.1.to_owned()), "{path} {body}");
    }
    let response = browser.new_account("kim").await.to_string();
    let padded = response.replacen(r#""attestationObject":""#, r#""attestationObject":"="#, 1);
    let answer = browser.send("POST", "registration/verify", json_type(), padded.into()).await;
    assert_eq!(problem(&answer), (400, "malformed-base64".into()));

    let text = vec![("content-type", "text/plain".to_owned())];
    for headers in [text, Vec::new()] {
        let answer = browser.send("POST", "authentication/options", headers, b"{}".to_vec()).await;
        assert_eq!(problem(&answer), (415, "unsupported-media-type".into()));
    }
    let mut large = b"{}".to_vec();
    large.resize(rp_service::http::MAX_BODY_BYTES.saturating_add(1), b' ');
    let answer = browser.send("POST", "authentication/options", json_type(), large.clone()).await;
    assert_eq!(problem(&answer), (413, "body-too-large".into()));
    large.pop();
    assert_eq!(browser.send("POST", "authentication/options", json_type(), large).await.status, 200);
    told([browser])
}

pub(super) async fn not_signed_in<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let refused = (401, "not-signed-in".to_owned());
    let nickname = json!({ "nickname": "x" });
    assert_eq!(problem(&browser.call("GET", "credentials", None).await), refused);
    assert_eq!(problem(&browser.call("GET", "credentials/signal", None).await), refused);
    assert_eq!(problem(&browser.call("PATCH", "credentials/AAAA", Some(&nickname)).await), refused);
    assert_eq!(problem(&browser.call("DELETE", "credentials/AAAA", None).await), refused);
    assert_eq!(problem(&browser.post("registration/options", json!({})).await), refused);
    // A cookie that somebody made up is nobody's.
    browser.set_cookie("session", Some("AAAAAAAAAAAAAAAAAAAAAA"));
    assert_eq!(problem(&browser.call("GET", "credentials", None).await), refused);
    told([browser])
}
