use rp_conformance::http::Browser;
use serde_json::{Value, json};

use super::*;

#[path = "../support/site.rs"]
mod site;

const ORIGIN: &str = "http://localhost:8080";

fn browser() -> Browser {
    let passkeys = passkeys(Secret::from([7; 32])).unwrap();
    Browser::new(&site::site(app(&passkeys)), ORIGIN, "own sessions")
}

async fn sign_up(browser: &mut Browser) {
    let response = browser.create(&json!({ "username": "kim" })).await;
    assert_eq!(browser.register(&response).await.status, 201);
}

#[tokio::test]
async fn a_sign_in_is_in_the_applications_session() {
    let mut browser = browser();
    sign_up(&mut browser).await;
    assert_eq!(browser.get("/").await.text(), "kim");
    assert!(browser.cookie("rp-session").is_none(), "the service sets no session cookie");

    assert_eq!(browser.post("sign-out", &Value::Null).await.status, 204);
    assert_eq!(browser.get("/").await.text(), "no one");

    let response = browser.assert(&json!({})).await;
    assert_eq!(browser.authenticate(&response).await.status, 200);
    assert_eq!(browser.get("/").await.text(), "kim");
}

#[tokio::test]
async fn management_follows_the_reported_factors() {
    let mut browser = browser();
    sign_up(&mut browser).await;
    let options = browser.post("registration/options", &json!({})).await;
    assert_eq!(options.status, 200, "the sign-up was recent");
    assert_eq!(browser.get("credentials").await.ok()["credentials"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn each_verification_gets_a_new_session_id() {
    let mut browser = browser();
    sign_up(&mut browser).await;
    let before = browser.cookie("id").unwrap();
    let response = browser.assert(&json!({ "purpose": "step-up" })).await;
    assert_eq!(browser.authenticate(&response).await.status, 200);
    assert_ne!(browser.cookie("id").unwrap(), before);
    assert_eq!(browser.get("/").await.text(), "kim");
}
