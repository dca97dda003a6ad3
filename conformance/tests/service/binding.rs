//! A ceremony is good for one response, of the account and for the purpose that it began with.

use crate::support::{Browser, ORIGIN, Site};
use rp_conformance::authenticator::{Authenticator, Config, Counter, Fault};
use rp_core::RelyingParty;
use rp_service::http::Route;
use rp_service::{Policy, SessionData};
use serde_json::json;

const NO_CEREMONY: (u16, &str) = (409, "no-ceremony");

async fn two() -> (Site, Browser, Browser) {
    let (site, mut kim, mut eve) = (Site::open(), Browser::new("kim"), Browser::new("eve"));
    kim.sign_up(&site, "kim").await;
    eve.sign_up(&site, "eve").await;
    site.events();
    (site, kim, eve)
}

fn who(browser: &Browser) -> Option<&rp_core::UserHandle> {
    browser.session.as_ref().map(|session| &session.user_handle)
}

#[tokio::test]
async fn a_response_is_used_once() {
    let (site, mut kim, _) = two().await;
    let response = kim.create(&site, json!({"username": "third"})).await;
    assert_eq!(kim.register(&site, &response).await.status, 201);
    assert_eq!(kim.register(&site, &response).await.refusal(), NO_CEREMONY);
    let response = kim.get(&site, json!({"purpose": "step-up"})).await;
    assert_eq!(kim.authenticate(&site, &response).await.status, 200);
    assert_eq!(kim.authenticate(&site, &response).await.refusal(), NO_CEREMONY);
}

#[tokio::test]
async fn a_response_that_was_refused_has_used_its_ceremony_too() {
    let (site, mut kim, _) = two().await;
    let options = kim.post(&site, Route::AuthenticationOptions, json!({})).await.ok();
    kim.authenticator.config.fault = Some(Fault::RpIdHashOther);
    let wrong = kim.authenticator.get(&options, ORIGIN).unwrap();
    kim.authenticator.config.fault = None;
    let right = kim.authenticator.get(&options, ORIGIN).unwrap();
    assert_eq!(kim.authenticate(&site, &wrong).await.refusal(), (422, "rp-id-mismatch"));
    assert_eq!(kim.authenticate(&site, &right).await.refusal(), NO_CEREMONY);

    let options = kim.post(&site, Route::RegistrationOptions, json!({})).await.ok();
    let mut other = Authenticator::new("other", Config::default());
    let right = other.create(&options, ORIGIN).unwrap();
    let wrong = other.create(&options, "https://evil.example").unwrap();
    assert_eq!(kim.register(&site, &wrong).await.refusal(), (422, "origin-mismatch"));
    assert_eq!(kim.register(&site, &right).await.refusal(), NO_CEREMONY);
}

#[tokio::test]
async fn a_nickname_that_will_not_do_costs_no_ceremony() {
    let (site, mut kim, _) = two().await;
    let options = kim.post(&site, Route::RegistrationOptions, json!({})).await.ok();
    let response = Authenticator::new("other", Config::default()).create(&options, ORIGIN).unwrap();
    let mut named: serde_json::Value = serde_json::from_str(&response).unwrap();
    named["nickname"] = json!("a".repeat(65));
    assert_eq!(kim.register(&site, &named.to_string()).await.refusal(), (400, "malformed-json"));
    assert_eq!(kim.register(&site, &response).await.status, 201);
}

#[tokio::test]
async fn several_ceremonies_wait_in_one_browser_and_a_response_finds_its_own() {
    let (site, mut kim, _) = two().await;
    kim.sign_out(&site).await;
    let autofill = kim.get(&site, json!({})).await;
    let button = kim.get(&site, json!({"username": "kim"})).await;
    assert_eq!(kim.authenticate(&site, &button).await.status, 200);
    // The counter has moved on since the first of the two was signed.
    assert_eq!(kim.authenticate(&site, &autofill).await.refusal(), (422, "sign-count-regressed"));
    let third = kim.get(&site, json!({})).await;
    assert_eq!(kim.authenticate(&site, &third).await.status, 200);
}

#[tokio::test]
async fn a_response_from_another_browser_finds_no_ceremony() {
    let (site, mut kim, mut eve) = two().await;
    let response = kim.get(&site, json!({})).await;
    eve.post(&site, Route::AuthenticationOptions, json!({})).await.ok();
    assert_eq!(eve.authenticate(&site, &response).await.refusal(), NO_CEREMONY);
    eve.cookie = None;
    assert_eq!(eve.authenticate(&site, &response).await.refusal(), NO_CEREMONY);
    assert_eq!(kim.authenticate(&site, &response).await.status, 200, "and is still good in its own");
}

#[tokio::test]
async fn a_ceremony_expires_no_sooner_than_its_timeout() {
    let (site, mut kim, _) = two().await;
    let options = kim.post(&site, Route::AuthenticationOptions, json!({})).await.ok();
    assert_eq!(options["timeout"], 300_000);
    let response = kim.authenticator.get(&options, ORIGIN).unwrap();
    site.wait(301);
    assert_eq!(kim.authenticate(&site, &response).await.status, 200);

    let response = kim.get(&site, json!({})).await;
    site.wait(307);
    kim.post(&site, Route::AuthenticationOptions, json!({})).await.ok();
    assert_eq!(kim.authenticate(&site, &response).await.refusal(), (409, "ceremony-expired"));
    assert_eq!(kim.authenticate(&site, &response).await.refusal(), NO_CEREMONY);
}

#[tokio::test]
async fn a_ceremony_of_the_other_kind_is_none_and_is_used_up() {
    let (site, mut kim, _) = two().await;
    let options = kim.post(&site, Route::AuthenticationOptions, json!({})).await.ok();
    let creation = json!({
        "rp": {"id": "example.org"}, "user": {"id": "AAAA"}, "challenge": options["challenge"],
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
    });
    let created = Authenticator::new("other", Config::default()).create(&creation, ORIGIN).unwrap();
    let right = kim.authenticator.get(&options, ORIGIN).unwrap();
    assert_eq!(kim.register(&site, &created).await.refusal(), NO_CEREMONY);
    assert_eq!(kim.authenticate(&site, &right).await.refusal(), NO_CEREMONY);

    let options = kim.post(&site, Route::RegistrationOptions, json!({})).await.ok();
    let request = json!({"challenge": options["challenge"], "rpId": "example.org"});
    let asserted = kim.authenticator.get(&request, ORIGIN).unwrap();
    assert_eq!(kim.authenticate(&site, &asserted).await.refusal(), NO_CEREMONY);
}

#[tokio::test]
async fn what_was_started_for_one_account_does_not_end_with_anothers_key() {
    let (site, mut kim, mut eve) = two().await;
    // By name, signed out: eve's key answers options for kim.
    let mut browser = Browser::new("shared");
    let options = browser.post(&site, Route::AuthenticationOptions, json!({"username": "kim"})).await.ok();
    let discoverable = json!({"challenge": options["challenge"], "rpId": "example.org"});
    let response = eve.authenticator.get(&discoverable, ORIGIN).unwrap();
    assert_eq!(browser.authenticate(&site, &response).await.refusal(), (422, "signature-invalid"));
    assert_eq!(site.events(), ["sign-in credential-not-allowed"]);

    // A step-up of kim's.
    let options = kim.post(&site, Route::AuthenticationOptions, json!({"purpose": "step-up"})).await.ok();
    let discoverable = json!({"challenge": options["challenge"], "rpId": "example.org"});
    let response = eve.authenticator.get(&discoverable, ORIGIN).unwrap();
    let before = kim.session.clone();
    assert_eq!(kim.authenticate(&site, &response).await.refusal(), (422, "credential-not-allowed"));
    assert_eq!(kim.session, before);
    assert_eq!(site.events(), ["step-up credential-not-allowed"]);

    // A sign-in that kim's session began, discoverable and by eve's own name.
    for (body, told) in
        [(json!({}), "credential-not-allowed"), (json!({"username": "eve"}), "signature-invalid")]
    {
        let options = kim.post(&site, Route::AuthenticationOptions, body).await.ok();
        let response = eve.authenticator.get(&options, ORIGIN).unwrap();
        assert_eq!(kim.authenticate(&site, &response).await.refusal(), (422, told));
        assert_eq!(kim.session, before);
        assert_eq!(site.events(), ["sign-in credential-not-allowed"]);
    }
}

#[tokio::test]
async fn a_ceremony_that_an_account_began_ends_in_a_session_of_that_account() {
    let (site, mut kim, eve) = two().await;
    let kims = kim.session.clone();
    for signed_in in [None, eve.session.clone()] {
        let expected = if signed_in.is_none() { (401, "not-signed-in") } else { NO_CEREMONY };
        for purpose in [json!({"purpose": "step-up"}), json!({})] {
            kim.session.clone_from(&kims);
            let response = kim.get(&site, purpose).await;
            kim.session.clone_from(&signed_in);
            assert_eq!(kim.authenticate(&site, &response).await.refusal(), expected);
            assert_eq!(kim.session, signed_in);
        }
        for body in [json!({}), json!({"username": "third"})] {
            kim.session.clone_from(&kims);
            let options = kim.post(&site, Route::RegistrationOptions, body).await.ok();
            let response = Authenticator::new("other", Config::default()).create(&options, ORIGIN).unwrap();
            kim.session.clone_from(&signed_in);
            assert_eq!(kim.register(&site, &response).await.refusal(), expected);
            assert_eq!(kim.session, signed_in);
        }
    }
    kim.session = kims;
    assert_eq!(kim.list(&site).await.len(), 1);
}

#[tokio::test]
async fn a_step_up_never_changes_who_is_signed_in_nor_since_when() {
    let (site, mut kim, _) = two().await;
    let before = kim.session.clone().unwrap();
    site.wait(1_000);
    kim.step_up(&site).await.ok();
    let after = kim.session.clone().unwrap();
    assert_eq!((after.user_handle, after.signed_in_at), (before.user_handle, before.signed_in_at));
    assert_eq!(after.authenticated_at, site.passkeys.now());
    assert_eq!(kim.renewals, 2, "a new identifier");
}

#[tokio::test]
async fn a_response_without_a_user_handle_signs_nobody_in_by_autofill() {
    let (site, mut kim, _) = two().await;
    kim.sign_out(&site).await;
    kim.authenticator.config.fault = Some(Fault::UserHandleMissing);
    assert_eq!(kim.sign_in(&site, json!({})).await.refusal(), (422, "user-handle-mismatch"));
    assert_eq!(kim.sign_in(&site, json!({"username": "kim"})).await.status, 200);
}

#[tokio::test]
async fn anothers_passkey_is_not_there_to_rename_or_delete() {
    let (site, mut kim, mut eve) = two().await;
    let theirs = kim.list(&site).await[0]["id"].clone();
    kim.add(&site, &mut Authenticator::new("second", Config::default())).await.ok();
    let before = kim.list(&site).await;
    for id in [theirs.as_str().unwrap(), "AAAA", "not base64url", ""] {
        let refused = eve.send(&site, Route::RenameCredential, Some(id), r#"{"nickname":"mine"}"#).await;
        assert_eq!(refused.refusal(), (404, "credential-unknown"), "{id}");
        let refused = eve.send(&site, Route::DeleteCredential, Some(id), "").await;
        assert_eq!(refused.refusal(), (404, "credential-unknown"), "{id}");
    }
    assert_eq!(kim.list(&site).await, before);
    let signal = eve.send(&site, Route::Signal, None, "").await.ok();
    assert_eq!(signal["allAcceptedCredentials"]["allAcceptedCredentialIds"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_credential_that_is_registered_is_refused_for_every_account() {
    let (site, kim, mut eve) = two().await;
    let registered = kim.authenticator.credentials()[0].id.clone();
    // The same seed makes the same credential.
    let mut copy = Authenticator::new("kim", Config::default());
    assert_eq!(eve.add(&site, &mut copy).await.refusal(), (409, "credential-exists"));
    let mut third = Browser::new("kim");
    let response = third.create(&site, json!({"username": "third"})).await;
    assert_eq!(third.register(&site, &response).await.refusal(), (409, "credential-exists"));
    assert_eq!(third.authenticator.credentials()[0].id, registered);
    assert_eq!(who(&third), None);
}

#[tokio::test]
async fn a_deleted_passkey_is_told_unknown_by_autofill_alone() {
    let (site, mut kim, _) = two().await;
    let mut second = Authenticator::new("second", Config::default());
    let added = kim.add(&site, &mut second).await.ok();
    kim.send(&site, Route::DeleteCredential, added["id"].as_str(), "").await;
    kim.sign_out(&site).await;
    kim.authenticator = second;
    assert_eq!(kim.sign_in(&site, json!({})).await.refusal(), (422, "credential-unknown"));
    let options = kim.post(&site, Route::AuthenticationOptions, json!({"username": "kim"})).await.ok();
    let discoverable = json!({"challenge": options["challenge"], "rpId": "example.org"});
    let response = kim.authenticator.get(&discoverable, ORIGIN).unwrap();
    assert_eq!(kim.authenticate(&site, &response).await.refusal(), (422, "signature-invalid"));
}

#[tokio::test]
async fn a_passkey_deleted_during_a_step_up_is_told_unknown() {
    let (site, mut kim, _) = two().await;
    let mut second = Authenticator::new("second", Config::default());
    let added = kim.add(&site, &mut second).await.ok();
    let options = kim.post(&site, Route::AuthenticationOptions, json!({"purpose": "step-up"})).await.ok();
    let response = second.get(&options, ORIGIN).unwrap();
    kim.send(&site, Route::DeleteCredential, added["id"].as_str(), "").await;
    assert_eq!(kim.authenticate(&site, &response).await.refusal(), (422, "credential-unknown"));
}

#[tokio::test]
async fn of_64_responses_at_once_one_is_accepted() {
    let (site, mut kim, _) = two().await;
    let response = kim.get(&site, json!({})).await;
    let response = rp_core::AuthenticationResponse::from_json(response.as_bytes()).unwrap();
    let browser = kim.cookie.as_ref().unwrap().split_once('=').unwrap().1;
    let browser = rp_service::BrowserId::parse(browser).unwrap();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (passkeys, browser) = (site.passkeys.clone(), browser.clone());
            let (session, response) = (site.held(kim.session.clone()), response.clone());
            tokio::spawn(async move {
                passkeys.finish_authentication(Some(&browser), &session, &response).await.is_ok()
            })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += usize::from(task.await.unwrap());
    }
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn a_counter_that_does_not_grow_is_refused_and_stays() {
    let (site, mut kim, _) = two().await;
    kim.sign_in(&site, json!({})).await.ok();
    for fault in [Fault::CounterSame, Fault::CounterLess, Fault::CounterZero] {
        let mut copy = kim.authenticator.clone();
        copy.config.fault = Some(fault);
        let options = kim.post(&site, Route::AuthenticationOptions, json!({})).await.ok();
        let response = copy.get(&options, ORIGIN).unwrap();
        assert_eq!(
            kim.authenticate(&site, &response).await.refusal(),
            (422, "sign-count-regressed"),
            "{fault}"
        );
    }
    kim.sign_in(&site, json!({})).await.ok();
}

#[tokio::test]
async fn a_counter_that_moved_in_between_is_judged_anew() {
    // Two responses of one key, signed one after the other; the gate lets the later one overtake.
    let (site, mut kim, _) = two().await;
    kim.sign_out(&site).await;
    let first = kim.get(&site, json!({})).await;
    let second = kim.get(&site, json!({})).await;
    let (one, two) = (kim.clone_without_session(), kim.clone_without_session());
    let (mut one, mut two) = (one, two);
    let (first, second) = tokio::join!(one.authenticate(&site, &first), two.authenticate(&site, &second));
    let accepted = [first.status, second.status].iter().filter(|status| **status == 200).count();
    assert!(accepted >= 1, "{first:?} {second:?}");
    let stored = site.passkeys.credentials(one.session.or(two.session).as_ref()).await.unwrap();
    assert_eq!(stored[0].record.sign_count, kim.authenticator.credentials()[0].sign_count);
}

#[tokio::test]
async fn a_counter_that_moves_each_time_it_is_judged_is_refused() {
    let (site, mut kim, _) = two().await;
    site.store().let_counters_run();
    assert_eq!(kim.sign_in(&site, json!({})).await.refusal(), (422, "sign-count-regressed"));
    assert_eq!(site.events(), ["sign-in sign-count-regressed"]);
}

#[tokio::test]
async fn a_key_without_a_counter_signs_in_again_and_again() {
    let (site, mut kim) =
        (Site::open(), Browser::with("kim", Config { counter: Counter::Zero, ..Config::default() }));
    kim.sign_up(&site, "kim").await;
    for _ in 0..3 {
        kim.sign_in(&site, json!({})).await.ok();
    }
}

#[tokio::test]
async fn a_counter_may_be_reported_instead_and_the_event_says_so() {
    let rp =
        RelyingParty::builder("example.org").origin(ORIGIN).counter_policy(rp_core::CounterPolicy::Report);
    let (site, mut kim) = (Site::of(rp.build().unwrap(), |builder| builder), Browser::new("kim"));
    kim.sign_up(&site, "kim").await;
    let response = kim.get(&site, json!({})).await;
    kim.authenticate(&site, &response).await.ok();
    kim.authenticator.config.fault = Some(Fault::CounterLess);
    kim.sign_in(&site, json!({})).await.ok();
}

#[tokio::test]
async fn an_application_that_signed_a_user_in_can_add_the_first_passkey() {
    use rp_service::store::{Account, CredentialStore};
    let site = Site::with(|builder| builder.policy(Policy::default()));
    let user_handle = rp_core::UserHandle::random().unwrap();
    let account = Account {
        user_handle: user_handle.clone(),
        name: "kim".into(),
        name_key: "kim".into(),
        display_name: "Kim".into(),
        created_at: site.passkeys.now(),
    };
    let _ = site.store().put_account(account).await.unwrap();
    let mut kim = Browser::new("kim");
    kim.session = Some(SessionData::by_application(user_handle, site.passkeys.now()));
    let response = kim.create(&site, json!({})).await;
    assert_eq!(kim.register(&site, &response).await.status, 201);
    kim.sign_out(&site).await;
    kim.sign_in(&site, json!({"username": "kim"})).await.ok();
}
