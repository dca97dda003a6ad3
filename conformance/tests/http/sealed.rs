//! Ceremonies in cookies: accepted once, by any node that has the key, and by no other browser.

use rp_conformance::authenticator::{Authenticator, Config};
use rp_conformance::http::{Fixture, HttpResponse, ORIGIN, Setup, Site, UserAgent, bare};
use rp_service::store::MemoryReplayCache;
use rp_service::{KeyRing, PasskeysBuilder, Policy, Secret};
use serde_json::{Value, json};

fn keys(seeds: &[u8]) -> KeyRing {
    KeyRing::new(seeds.iter().map(|seed| Secret::from([*seed; 32]))).unwrap()
}

/// A site whose ceremonies are sealed.
fn site(sealed: impl FnOnce(PasskeysBuilder) -> PasskeysBuilder + 'static) -> (Site, Fixture) {
    let fixture = Fixture::new(Setup { service: Box::new(sealed), ..Setup::default() });
    (bare(&fixture), fixture)
}

fn in_memory(seeds: &'static [u8]) -> (Site, Fixture) {
    site(|builder| builder.sealed_ceremonies(keys(seeds), MemoryReplayCache::new()))
}

/// The code of an error.
fn code(response: &HttpResponse) -> Value {
    serde_json::from_slice::<Value>(&response.body).unwrap().get("code").unwrap().clone()
}

async fn options(browser: &mut UserAgent) -> Value {
    browser.post("authentication/options", &json!({})).await.ok()
}

#[tokio::test]
async fn accounts_and_sign_ins_work_without_stored_ceremonies() {
    let (site, fixture) = in_memory(&[1]);
    let mut kim = UserAgent::new(&site, ORIGIN, "kim");
    kim.sign_up("kim").await;
    kim.post("sign-out", &Value::Null).await;
    assert_eq!(kim.sign_in().await["user"]["name"], "kim");
    assert!(kim.cookie("ceremony-0").is_some());
    drop(fixture);
}

#[tokio::test]
async fn a_sealed_ceremony_is_accepted_once() {
    let (site, _fixture) = in_memory(&[1]);
    let mut kim = UserAgent::new(&site, ORIGIN, "kim");
    kim.sign_up("kim").await;
    let options = options(&mut kim).await;
    let response = kim.assert_for(&options);
    let statuses = [
        kim.post("authentication/verify", &response).await.status,
        kim.post("authentication/verify", &response).await.status,
    ];
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn several_ceremonies_are_pending_in_one_browser() {
    let (site, _fixture) = in_memory(&[1]);
    let mut kim = UserAgent::new(&site, ORIGIN, "kim");
    kim.sign_up("kim").await;
    let mut pending = Vec::new();
    for _ in 0..4 {
        pending.push(options(&mut kim).await);
    }
    for options in pending {
        let response = kim.assert_for(&options);
        kim.post("authentication/verify", &response).await.ok();
    }
}

#[tokio::test]
async fn the_ceremony_of_another_browser_is_not_opened() {
    let (site, _fixture) = in_memory(&[1]);
    let (mut kim, mut thief) = (UserAgent::new(&site, ORIGIN, "kim"), UserAgent::new(&site, ORIGIN, "thief"));
    kim.sign_up("kim").await;
    options(&mut thief).await;
    let options = options(&mut kim).await;
    let response = kim.assert_for(&options);
    for slot in 0..4 {
        if let Some(sealed) = kim.cookie(&format!("ceremony-{slot}")) {
            thief.set_cookie(&format!("__Host-rp-ceremony-{slot}"), &sealed);
        }
    }
    let rejected = thief.post("authentication/verify", &response).await;
    assert_eq!((rejected.status, code(&rejected)), (409, "no-ceremony".into()));
}

#[tokio::test]
async fn an_expired_sealed_ceremony_is_reported_as_expired() {
    let (site, fixture) = in_memory(&[1]);
    let mut kim = UserAgent::new(&site, ORIGIN, "kim");
    kim.sign_up("kim").await;
    let options = options(&mut kim).await;
    let response = kim.assert_for(&options);
    fixture.wait(std::time::Duration::from_secs(3600));
    let rejected = kim.post("authentication/verify", &response).await;
    assert_eq!(code(&rejected), "ceremony-expired");
}

#[tokio::test]
async fn a_list_of_fifty_passkeys_fits_into_the_cookie() {
    let mut policy = Policy::default();
    policy.sign_up = true;
    policy.default.passkeys.most = 50;
    policy.limits.ceremonies_per_user.attempts = 1_000;
    let service = |builder: PasskeysBuilder| builder.sealed_ceremonies(keys(&[1]), MemoryReplayCache::new());
    let fixture = Fixture::new(Setup { policy, service: Box::new(service), ..Setup::default() });
    let site = bare(&fixture);
    let mut kim = UserAgent::new(&site, ORIGIN, "kim");
    kim.sign_up("kim").await;
    for number in 1..50 {
        kim.add_passkey(&mut Authenticator::new(&format!("key {number}"), Config::default())).await;
    }
    kim.sign_out().await;
    let options = kim.post("authentication/options", &json!({ "username": "kim" })).await.ok();
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 50);
    let response = kim.assert_for(&options);
    assert_eq!(kim.authenticate(&response).await.ok()["user"]["name"], "kim");
}
