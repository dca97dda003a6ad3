use rp_conformance::browser::Browser;
use serde_json::json;

use super::*;

// ANCHOR: browser
fn browser() -> Browser {
    let passkeys = passkeys(Secret::from([7; 32])).unwrap();
    Browser::new(app(&passkeys))
}

#[tokio::test]
async fn a_sign_in_is_in_the_applications_session() {
    let mut browser = browser();
    browser.sign_up("kim").await.unwrap();
    assert_eq!(browser.get("/").await.text(), "kim");
    assert!(browser.cookie("rp-session").is_none(), "the service sets no session cookie");

    browser.sign_out().await.unwrap();
    assert_eq!(browser.get("/").await.text(), "no one");

    browser.sign_in().await.unwrap();
    assert_eq!(browser.get("/").await.text(), "kim");
}
// ANCHOR_END: browser

#[tokio::test]
async fn management_follows_the_reported_factors() {
    let mut browser = browser();
    browser.sign_up("kim").await.unwrap();
    let options = browser.post("/webauthn/registration/options", &json!({})).await;
    assert_eq!(options.status, 200, "the sign-up was recent");
    let credentials = browser.get("/webauthn/credentials").await.ok();
    assert_eq!(credentials["credentials"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn each_verification_gets_a_new_session_id() {
    let mut browser = browser();
    browser.sign_up("kim").await.unwrap();
    let before = browser.cookie("id").unwrap().to_owned();
    browser.step_up().await.unwrap();
    assert_ne!(browser.cookie("id").unwrap(), before);
    assert_eq!(browser.get("/").await.text(), "kim");
}
