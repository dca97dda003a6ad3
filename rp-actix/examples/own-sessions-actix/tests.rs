use actix_web::test::init_service;
use rp_conformance::authenticator::Fault;
use rp_conformance::browser::Browser;
use serde_json::json;

use super::*;

// ANCHOR: browser
async fn browser() -> Browser {
    let passkeys = passkeys(Secret::from([7; 32])).unwrap();
    Browser::actix(init_service(app(&passkeys, &Sessions::default(), Key::from(&[7; 64]))).await)
}
// ANCHOR_END: browser

#[actix_web::test]
async fn a_sign_in_is_in_the_applications_session() {
    let mut browser = browser().await;
    browser.sign_up("kim").await.unwrap();
    assert_eq!(browser.get("/").await.text(), "kim");
    assert!(browser.cookie("rp-session").is_none(), "the service sets no session cookie");

    browser.sign_out().await.unwrap();
    assert_eq!(browser.get("/").await.text(), "no one");

    browser.sign_in().await.unwrap();
    assert_eq!(browser.get("/").await.text(), "kim");
}

#[actix_web::test]
async fn a_copied_cookie_ends_with_the_sign_out() {
    let mut browser = browser().await;
    browser.sign_up("kim").await.unwrap();
    let mut copy = browser.clone();
    assert_eq!(copy.get("/").await.text(), "kim");
    browser.sign_out().await.unwrap();
    assert_eq!(copy.get("/").await.text(), "no one");
}

#[actix_web::test]
async fn management_follows_the_reported_factors() {
    let mut browser = browser().await;
    browser.sign_up("kim").await.unwrap();
    let options = browser.post("/webauthn/registration/options", &json!({})).await;
    assert_eq!(options.status, 200, "the sign-up was recent");
    let credentials = browser.get("/webauthn/credentials").await.ok();
    assert_eq!(credentials["credentials"].as_array().unwrap().len(), 1);
}

// ANCHOR: fault
#[actix_web::test]
async fn a_response_with_a_fault_opens_no_session() {
    let mut browser = browser().await;
    browser.sign_up("kim").await.unwrap();
    browser.sign_out().await.unwrap();
    browser.authenticator.config.fault = Some(Fault::OriginOther);
    assert_eq!(browser.sign_in().await.unwrap_err().code(), Some("origin-mismatch"));
    assert_eq!(browser.get("/").await.text(), "no one");
}
// ANCHOR_END: fault
