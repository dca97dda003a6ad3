//! The secrets of a test, and the outputs of its sites: no secret is in an output.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rp_conformance::http::has_secret;
use serde_json::Value;

#[derive(Default)]
struct Kept {
    secrets: BTreeSet<String>,
    /// Names and texts.
    outputs: Vec<(&'static str, String)>,
}

thread_local! {
    // A test runs in a thread of its own.
    static KEPT: RefCell<Kept> = RefCell::default();
}

/// Keeps a secret. One of fewer than three characters would be found anywhere.
pub(crate) fn keep(secret: &str) {
    if secret.chars().count() >= 3 {
        KEPT.with_borrow_mut(|kept| kept.secrets.insert(secret.to_owned()));
    }
}

/// Keeps the value of a cookie.
pub(crate) fn keep_cookie(pair: &str) {
    let (_, value) = pair.split_once('=').unwrap_or_default();
    keep(value.split(';').next().unwrap_or_default());
}

/// Keeps the secrets in the body of a request: JSON, or a form.
pub(crate) fn keep_request(body: &str) {
    if let Ok(json) = serde_json::from_str(body) {
        keep_members(&json, &[&SECRET[..], &SECRET_IN_REQUESTS].concat(), false);
        return;
    }
    for (name, value) in form_urlencoded::parse(body.as_bytes()) {
        if ["code", "code_verifier", "csrf", "token"].contains(&&*name) {
            keep(&value);
        }
    }
}

/// Keeps the secrets in the body of a response.
pub(crate) fn keep_response(body: &str) {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    keep_members(&json, &SECRET, false);
    keep(json["user"]["name"].as_str().unwrap_or_default());
}

fn keep_members(value: &Value, members: &[&str], is_secret: bool) {
    match value {
        Value::String(text) if is_secret => keep(text),
        Value::Array(values) => values.iter().for_each(|value| keep_members(value, members, is_secret)),
        Value::Object(object) => {
            for (name, value) in object {
                keep_members(value, members, is_secret || members.contains(&name.as_str()));
            }
        }
        _ => {}
    }
}

/// Whether a secret was kept.
pub(crate) fn is_kept(secret: &str) -> bool {
    KEPT.with_borrow(|kept| kept.secrets.contains(secret))
}

/// Keeps an output of a site.
pub(crate) fn keep_output(name: &'static str, text: String) {
    KEPT.with_borrow_mut(|kept| kept.outputs.push((name, text)));
}

/// The number of secrets that were kept.
pub(crate) fn count() -> usize {
    KEPT.with_borrow(|kept| kept.secrets.len())
}

/// The first output of the sites that the test has stopped that has a secret, with its text.
pub(crate) fn leak() -> Option<String> {
    let Kept { secrets, outputs } = KEPT.take();
    outputs.iter().find_map(|(name, text)| {
        let secret = secrets.iter().find(|secret| has_secret(text, secret))?;
        Some(format!("{name} has the secret {secret}:\n{text}"))
    })
}

#[test]
fn a_secret_in_any_output_is_a_leak() {
    for secret in [
        r#"{"id":"AQ","response":{"signature":"c2lnbmF0dXJl"}}"#,
        r#"{"username":"kim"}"#,
        r#"{"code":"123456"}"#,
        "code_verifier=a-verifier&grant_type=authorization_code",
    ] {
        keep_request(secret);
    }
    keep_response(r#"{"secret":"JBSWY3DP"}"#);
    keep_cookie("session=a-token; Path=/");
    for secret in ["c2lnbmF0dXJl", "kim", "123456", "a-verifier", "JBSWY3DP", "a-token"] {
        let kept = KEPT.with_borrow(|kept| kept.secrets.clone());
        keep_output("log", "INFO started".to_owned());
        keep_output("events.jsonl", format!("{{\"type\":\"sign-in\",\"detail\":\"{secret}\"}}"));
        let found = leak().unwrap();
        assert!(found.starts_with(&format!("events.jsonl has the secret {secret}:")), "{found}");
        KEPT.with_borrow_mut(|now| now.secrets = kept);
    }
    keep_output("log", "INFO started".to_owned());
    assert_eq!(leak(), None);
}

/// Members of requests alone: a response has the code of an error.
const SECRET_IN_REQUESTS: [&str; 3] = ["code", "codes", "password"];

/// Members whose texts appear in no event, log or metric. The credential ID and the user handle do.
const SECRET: [&str; 16] = [
    "attestationObject",
    "authenticatorData",
    "challenge",
    "clientDataJSON",
    "codes",
    "displayName",
    "grant",
    "nickname",
    "publicKey",
    "request",
    "results",
    "secret",
    "signature",
    "token",
    "uri",
    "username",
];
