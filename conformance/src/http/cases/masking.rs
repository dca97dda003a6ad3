use serde_json::{Value, json};

use super::account::members;
use crate::authenticator::Fault;
use crate::http::browser::{Browser, ok, problem, told};
use crate::http::{Fixture, Site, Transcript};

pub(super) async fn unknown_username<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    browser.call("POST", "sign-out", None).await;
    let known = ok(&browser.post("authentication/options", json!({ "username": "kim" })).await);
    let mut other = Browser::new(site, fixture, "two");
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
    told([browser, other])
}

pub(super) async fn forged_response<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
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
    told([browser])
}

pub(super) async fn unknown_credential<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    // Made, and never verified: the site does not know it.
    browser.new_account("kim").await;
    let response = browser.assertion(json!({})).await;
    let answer = browser.post("authentication/verify", response).await;
    assert_eq!(problem(&answer).1, "credential-unknown");
    told([browser])
}

pub(super) async fn masked_reasons<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let mut other = Browser::new(site, fixture, "two");
    other.sign_up("alex").await;
    for username in [None, Some("kim")] {
        for (fault, code) in [
            (Fault::UserHandleOther, "user-handle-mismatch"),
            (Fault::BackupEligibilityChanged, "backup-eligibility-changed"),
            (Fault::AssertionFlipped, "signature-invalid"),
            (Fault::RpIdHashOther, "rp-id-mismatch"),
        ] {
            let body = username.map_or(json!({}), |username| json!({ "username": username }));
            browser.authenticator.config.fault = Some(fault);
            let response = browser.assertion(body).await;
            fixture.events();
            let answer = browser.post("authentication/verify", response).await;
            let is_told = username.is_none() || fault == Fault::RpIdHashOther;
            let expected = if is_told { code } else { "signature-invalid" };
            assert_eq!(problem(&answer), (422, expected.to_owned()), "{username:?} {code}");
            assert_eq!(fixture.outcomes(), [format!("sign-in {code}")]);
        }
    }
    browser.authenticator.config.fault = None;
    // Somebody else's credential, in a ceremony that named kim.
    let mut options = ok(&browser.post("authentication/options", json!({ "username": "kim" })).await);
    options["allowCredentials"] = json!([]);
    let foreign = other.get(&options);
    let answer = browser.post("authentication/verify", foreign).await;
    assert_eq!(problem(&answer), (422, "signature-invalid".into()));
    assert_eq!(fixture.outcomes(), ["sign-in credential-not-allowed"]);
    told([browser, other])
}

pub(super) async fn prf_results<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    const SECRET: &str = "cHJmLXJlc3VsdHMtYXJlLXNlY3JldHMtb2YtMzItYnl0ZQ";
    let with_results = |mut response: Value| {
        response["clientExtensionResults"]["prf"] =
            json!({ "enabled": true, "results": { "first": SECRET, "second": SECRET } });
        response
    };
    let mut browser = Browser::new(site, fixture, "one");
    let response = with_results(browser.new_account("kim").await);
    let mut answers = vec![browser.post("registration/verify", response).await];
    for body in [json!({}), json!({ "username": "kim" }), json!({ "purpose": "step-up" })] {
        let response = with_results(browser.assertion(body).await);
        answers.push(browser.post("authentication/verify", response).await);
    }
    // Refused, they are dropped as well.
    browser.authenticator.config.fault = Some(Fault::AssertionFlipped);
    let response = with_results(browser.assertion(json!({})).await);
    answers.push(browser.post("authentication/verify", response).await);
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [201, 200, 200, 200, 422]);
    let said = answers.iter().map(|answer| String::from_utf8_lossy(&answer.body)).collect::<String>();
    let kept = [fixture.passkeys.store().written(), fixture.events().concat(), said].concat();
    for form in [SECRET, "prf-results-are-secrets", "112, 114, 102, 45, 114, 101, 115, 117, 108, 116, 115"] {
        assert!(!kept.contains(form), "{form}");
    }
    told([browser])
}
