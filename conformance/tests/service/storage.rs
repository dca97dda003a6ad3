//! Storage that fails: 503, and nothing changes.

use crate::support::{Browser, Site};
use rp_conformance::authenticator::{Authenticator, Config};
use rp_service::http::Route;
use serde_json::json;

const UNAVAILABLE: (u16, &str) = (503, "storage-unavailable");

#[tokio::test]
async fn every_call_that_fails_is_503_and_nothing_changes() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let first = kim.sign_up(&site, "kim").await;
    let id = first["id"].as_str();
    let before = kim.list(&site).await;
    for (route, body, calls) in [
        (Route::RegistrationOptions, r#"{"username":"eve"}"#, &["put"][..]),
        (Route::RegistrationOptions, "{}", &["account", "passkeys", "put"]),
        (Route::AuthenticationOptions, "{}", &["put"]),
        (Route::AuthenticationOptions, r#"{"username":"kim"}"#, &["account_by_name", "descriptors", "put"]),
        (Route::AuthenticationOptions, r#"{"purpose":"step-up"}"#, &["account", "passkeys", "put"]),
        (Route::Credentials, "", &["account", "passkeys"]),
        (Route::Signal, "", &["account", "passkeys"]),
        (Route::RenameCredential, r#"{"nickname":"a"}"#, &["rename"]),
        (Route::DeleteCredential, "", &["passkeys", "delete"]),
    ] {
        for &call in calls {
            site.events();
            site.store().fail([call]);
            let session = kim.session.clone();
            let answer = kim.send(&site, route, id, body).await;
            assert_eq!(answer.refusal(), UNAVAILABLE, "{route:?} {call}");
            assert!(answer.headers.contains(&("retry-after", "5".into())));
            assert!(!answer.body.to_string().contains("disk"));
            assert_eq!(kim.session, session);
            assert_eq!(site.events().len(), 1, "{route:?} {call}");
        }
    }
    site.store().fail([]);
    assert_eq!(kim.list(&site).await, before);
}

#[tokio::test]
async fn an_authentication_that_cannot_be_stored_signs_nobody_in() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    kim.sign_up(&site, "kim").await;
    let before = kim.list(&site).await;
    let signed_in = kim.session.clone();
    kim.sign_out(&site).await;
    for call in ["take", "passkey", "open", "apply"] {
        let response = kim.get(&site, json!({})).await;
        site.store().fail([call]);
        assert_eq!(kim.authenticate(&site, &response).await.refusal(), UNAVAILABLE, "{call}");
        assert!(kim.session.is_none());
        site.store().fail([]);
    }
    kim.session = signed_in;
    assert_eq!(kim.list(&site).await, before, "neither counter nor time of use has moved");
    kim.sign_in(&site, json!({})).await.ok();
}

#[tokio::test]
async fn the_session_is_kept_before_what_it_is_for_and_dropped_where_that_fails() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let order = |site: &Site| {
        let mut calls = site.store().calls();
        calls.retain(|call| ["open", "abandon", "open_account", "apply"].contains(call));
        calls
    };
    let response = kim.create(&site, json!({"username": "kim"})).await;
    site.store().fail(["open_account"]);
    kim.register(&site, &response).await;
    site.store().fail([]);
    assert_eq!(order(&site), ["open", "open_account", "abandon"]);
    kim.sign_up(&site, "kim").await;
    assert_eq!(order(&site), ["open", "open_account"]);
    kim.sign_in(&site, json!({})).await.ok();
    assert_eq!(order(&site), ["open", "apply"]);
    // A name that is taken keeps no session.
    let mut other = Browser::new("other");
    let response = other.create(&site, json!({"username": "KIM"})).await;
    assert_eq!(other.register(&site, &response).await.refusal(), (409, "username-taken"));
    assert_eq!(order(&site), ["open", "open_account", "abandon"]);
}

#[tokio::test]
async fn a_sign_out_that_fails_is_told_so_and_signs_nobody_out() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    kim.sign_up(&site, "kim").await;
    site.events();
    site.store().fail(["end"]);
    assert_eq!(kim.send(&site, Route::SignOut, None, "").await.refusal(), UNAVAILABLE);
    assert!(kim.session.is_some());
    assert_eq!(site.events(), ["sign-out storage-unavailable"]);
}

#[tokio::test]
async fn a_registration_that_cannot_be_stored_opens_and_adds_nothing() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    for call in ["take", "open", "open_account"] {
        let response = kim.create(&site, json!({"username": "kim"})).await;
        site.store().fail([call]);
        assert_eq!(kim.register(&site, &response).await.refusal(), UNAVAILABLE, "{call}");
        assert!(kim.session.is_none());
        site.store().fail([]);
    }
    kim.sign_up(&site, "kim").await;
    for call in ["take", "account", "add"] {
        let response = {
            let options = kim.post(&site, Route::RegistrationOptions, json!({})).await.ok();
            Authenticator::new(call, Config::default()).create(&options, crate::support::ORIGIN).unwrap()
        };
        site.store().fail([call]);
        assert_eq!(kim.register(&site, &response).await.refusal(), UNAVAILABLE, "{call}");
        site.store().fail([]);
    }
    assert_eq!(kim.list(&site).await.len(), 1);
}

#[tokio::test]
async fn a_sweep_that_fails_holds_nobody_up_and_is_an_event() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    site.store().fail(["sweep"]);
    kim.sign_up(&site, "kim").await;
    assert_eq!(site.events(), ["sweep storage-unavailable", "open-account ok"]);
    for _ in 0..64 {
        kim.post(&site, Route::AuthenticationOptions, json!({})).await.ok();
    }
    assert_eq!(site.events(), ["sweep storage-unavailable"]);
}
