use rp_service::store::CredentialStore;

use crate::http::browser::{Browser, ok, problem, told};
use crate::http::{Fixture, Site, Transcript};

pub(super) async fn identifiers<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let mut seen = vec![browser.cookie("session").map(str::to_owned)];
    browser.step_up().await;
    seen.push(browser.cookie("session").map(str::to_owned));
    browser.sign_in().await;
    seen.push(browser.cookie("session").map(str::to_owned));
    let last = seen.len().saturating_sub(1);
    for (at, identifier) in seen.iter().enumerate() {
        assert!(identifier.is_some());
        assert_eq!(seen.iter().filter(|other| *other == identifier).count(), 1, "an identifier came twice");
        browser.set_cookie("session", identifier.as_deref());
        let expected = if at == last { 200 } else { 401 };
        assert_eq!(browser.call("GET", "credentials", None).await.status, expected, "identifier {at}");
        browser.set_cookie("session", seen[last].as_deref());
    }
    told([browser])
}

pub(super) async fn old_cookie<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let old = browser.cookie("session").map(str::to_owned);
    browser.step_up().await;
    let new = browser.cookie("session").map(str::to_owned);
    // A request that was under way with the old cookie is answered after the new one was set.
    for identifier in [old.as_deref(), Some("not-an-identifier")] {
        browser.set_cookie("session", identifier);
        let answer = browser.call("GET", "credentials", None).await;
        assert_eq!(problem(&answer), (401, "not-signed-in".into()));
        assert_eq!(answer.header("set-cookie").next(), None);
    }
    browser.set_cookie("session", new.as_deref());
    ok(&browser.call("GET", "credentials", None).await);
    told([browser])
}

pub(super) async fn account_gone<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let credential = browser.sign_up("kim").await;
    if let Some((account, _)) = fixture.stored(&credential["id"]).await {
        assert!(fixture.passkeys.store().delete_account(&account.user_handle).await.unwrap_or_default());
    }
    let answer = browser.call("GET", "credentials", None).await;
    assert_eq!(problem(&answer), (401, "not-signed-in".into()));
    assert_eq!(browser.cookie("session"), None);
    told([browser])
}
