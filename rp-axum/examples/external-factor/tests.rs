use rp_conformance::http::{HttpResponse, UserAgent};
use serde_json::{Value, json};

use super::*;

#[path = "../support/site.rs"]
mod site;

const ORIGIN: &str = "http://localhost:8080";

/// A browser whose user has set up approval, after the password.
async fn enrolled() -> UserAgent {
    let shared = KeyRing::new([Secret::from([7; 32])]).unwrap();
    let provider = start_provider("http://localhost:8080/", shared.clone()).await.unwrap();
    let passkeys = passkeys(&provider, shared).unwrap();
    let mut browser = UserAgent::new(&site::site(app(&passkeys)), ORIGIN, "external factor");
    browser.post("/password", &json!({})).await.text();
    let enrolment = browser.post("factors/approval/enrol", &json!({})).await.ok();
    let returned = decide(&enrolment, "approve").await;
    browser.post("factors/approval/confirm", &returned).await.ok();
    browser.sign_out().await;
    let next = browser.post("/password", &json!({})).await.text();
    assert_eq!(next, r#"SecondFactor([FactorName("approval")])"#);
    browser
}

/// Follows the redirect to the provider, decides there, and returns what the browser brings back.
async fn decide(options: &Value, answer: &str) -> Value {
    let url = format!("{}&answer={answer}", options["url"].as_str().unwrap());
    let location = tokio::task::spawn_blocking(move || {
        let agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build();
        let response = ureq::Agent::from(agent).post(url).send_empty().unwrap();
        response.headers().get("location").unwrap().to_str().unwrap().to_owned()
    });
    let location = location.await.unwrap();
    let query = location.strip_prefix("http://localhost:8080/?").unwrap();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

async fn ask(browser: &mut UserAgent) -> Value {
    browser.post("factors/approval/options", &json!({})).await.ok()
}

async fn verify(browser: &mut UserAgent, returned: &Value) -> HttpResponse {
    browser.post("factors/approval/verify", returned).await
}

#[tokio::test]
async fn an_approval_completes_the_sign_in() {
    let mut browser = enrolled().await;
    let options = ask(&mut browser).await;
    let returned = decide(&options, "approve").await;
    let session = verify(&mut browser, &returned).await.ok();
    assert_eq!(session["state"], "signed-in");
    assert_eq!(session["assurance"]["aal"], 2);
    assert_eq!(browser.get("/home").await.text(), "kim");
    // It verifies the user again, too; an answer is used once.
    assert_eq!(verify(&mut browser, &returned).await.problem(), (401, "factor-invalid"));
    let options = ask(&mut browser).await;
    let returned = decide(&options, "approve").await;
    assert_eq!(verify(&mut browser, &returned).await.status, 200);
}

#[tokio::test]
async fn a_denial_signs_no_one_in() {
    let mut browser = enrolled().await;
    let options = ask(&mut browser).await;
    let returned = decide(&options, "deny").await;
    assert_eq!(verify(&mut browser, &returned).await.problem(), (401, "factor-invalid"));
    assert_eq!(browser.get("/home").await.problem(), (401, "second-factor-required"));
}

#[tokio::test]
async fn an_answer_counts_in_its_own_sign_in_only() {
    let mut browser = enrolled().await;
    let options = ask(&mut browser).await;
    let returned = decide(&options, "approve").await;
    let mut forged = returned.clone();
    forged["state"] = json!(format!("{}A", returned["state"].as_str().unwrap()));
    assert_eq!(verify(&mut browser, &forged).await.problem(), (401, "factor-invalid"));
    let mut other_code = returned.clone();
    other_code["code"] = json!("AAAA");
    assert_eq!(verify(&mut browser, &other_code).await.problem(), (401, "factor-invalid"));
    // Another session of the same user.
    let mut other = browser.clone();
    other.remove_cookie("session");
    other.post("/password", &json!({})).await.text();
    assert_eq!(verify(&mut other, &returned).await.problem(), (401, "factor-invalid"));
    // A newer question replaces the older one.
    ask(&mut browser).await;
    assert_eq!(verify(&mut browser, &returned).await.problem(), (401, "factor-invalid"));
    assert_eq!(browser.get("/home").await.problem(), (401, "second-factor-required"));
}
