//! Several relying parties in one process, for the tests of every adapter.

use rp_core::RelyingParty;
use rp_service::http::Tenants;
use rp_service::store::MemoryStore;
use rp_service::{Passkeys, Policy};
use serde_json::{Value, json};

use super::{HttpResponse, Site, UserAgent};

/// The hosts of the tenants.
const HOSTS: [&str; 2] = ["shop.example", "news.example"];

/// A relying party with a store of its own.
fn passkeys(host: &str) -> Passkeys {
    let rp = RelyingParty::builder(host).origin(&format!("https://{host}")).build().expect("a configuration");
    let mut policy = Policy::default();
    policy.sign_up = true;
    let builder = Passkeys::builder(rp).store(MemoryStore::new()).secret([7; 32]).policy(policy);
    builder.build().expect("a configuration")
}

/// Two tenants.
#[must_use]
pub fn tenants() -> Tenants {
    let tenants = Tenants::new();
    for host in HOSTS {
        tenants.insert(host, passkeys(host)).expect("the host is free");
    }
    tenants
}

/// A browser on a page of a host.
fn browser(site: &Site, host: &str) -> UserAgent {
    let mut browser = UserAgent::new(site, &format!("https://{host}"), "kim");
    browser.headers.push(("host", host.into()));
    browser
}

async fn options(browser: &mut UserAgent) -> HttpResponse {
    browser.post("authentication/options", &json!({})).await
}

/// The host selects one of the listed relying parties, and nothing in a request selects another RP ID.
///
/// # Panics
/// If it does not.
pub async fn no_header_chooses_an_rp_id(site: &Site) {
    let [shop, news] = HOSTS;
    for host in HOSTS {
        assert_eq!(options(&mut browser(site, host)).await.ok()["rpId"], host);
    }
    let forwarded = format!("host={news}");
    for (name, value) in [
        ("x-forwarded-host", news),
        ("x-forwarded-server", news),
        ("x-original-host", news),
        ("x-host", news),
        ("x-http-host-override", news),
        ("forwarded", &forwarded),
        ("rp-id", news),
    ] {
        let mut browser = browser(site, shop);
        browser.headers.push((name, value.into()));
        assert_eq!(options(&mut browser).await.ok()["rpId"], shop, "{name}");
    }
    // A page of another tenant is another site.
    let mut other_page = browser(site, shop);
    other_page.origin = Some(format!("https://{news}"));
    assert_eq!(options(&mut other_page).await.problem(), (403, "cross-site-request"));
    // A body does not choose it either.
    let body = json!({ "rpId": news, "rp": { "id": news } });
    let response = browser(site, shop).post("authentication/options", &body).await;
    assert_eq!(response.ok()["rpId"], shop);
    for hosts in
        [&["evil.example"][..], &["shop.example.evil.example"], &[shop, news], &["shop.example:8443"], &[]]
    {
        let mut browser = UserAgent::new(site, &format!("https://{shop}"), "kim");
        browser.headers.extend(hosts.iter().map(|host| ("host", host.as_bytes().to_vec())));
        for path in ["authentication/options", "/app"] {
            let response = browser.post(path, &json!({})).await;
            assert_eq!((response.status, response.body.len()), (421, 0), "{hosts:?} {path}");
        }
    }
}

/// Usernames, passkeys and sessions of one tenant are unknown to the other.
///
/// # Panics
/// If they are not.
pub async fn passkeys_and_sessions_of_tenants_are_separate(site: &Site) {
    let [mut shop, mut news] = HOSTS.map(|host| browser(site, host));
    let credential = shop.sign_up("kim").await;
    // The other tenant rejects the same token.
    let token = shop.cookie("session").expect("signed in");
    news.set_cookie("__Host-rp-session", &token);
    assert_eq!(news.get("session").await.problem(), (401, "not-signed-in"));
    assert_eq!(shop.get("session").await.ok()["user"]["name"], "kim");
    // A response of the shop's passkey to the challenge of the other tenant.
    let mut request = options(&mut news).await.ok();
    request["rpId"] = HOSTS[0].into();
    news.authenticator = shop.authenticator.clone();
    let response = news.assert_for(&request);
    assert_eq!(response["id"], credential["id"]);
    assert_eq!(news.authenticate(&response).await.problem(), (422, "credential-unknown"));
    // The name is free, and the new account has a passkey of its own.
    assert_ne!(news.sign_up("kim").await["id"], credential["id"]);
    shop.post("sign-out", &Value::Null).await;
    assert_eq!(news.get("session").await.ok()["user"]["name"], "kim");
    let listed = news.get("credentials").await.ok();
    assert_eq!(listed["credentials"].as_array().map(Vec::len), Some(1));
}

/// A tenant is served from the moment at which it is added, and no longer when it is removed.
///
/// # Panics
/// If it is not.
pub async fn tenants_are_added_and_removed_at_run_time(tenants: &Tenants, site: &Site) {
    let mut late = browser(site, "late.example");
    assert_eq!(options(&mut late).await.status, 421);
    tenants.insert("late.example", passkeys("late.example")).expect("the host is free");
    late.sign_up("kim").await;
    assert_eq!(late.get("session").await.ok()["user"]["name"], "kim");
    assert!(tenants.remove("late.example").is_some());
    assert_eq!(late.get("session").await.status, 421);
    assert_eq!(options(&mut browser(site, HOSTS[0])).await.status, 200);
}
