//! Operations of an operator in another process, and their effect on a page that is open.

use rp_core::RelyingParty;
use rp_service::store::SqliteStore;
use rp_service::{Passkeys, Secret};

use crate::on_both_sites;
use crate::page::Page;
use crate::site::Site;
use crate::webdriver::Abilities;

#[test]
fn a_locked_user_is_removed_from_an_open_session() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        lock(site, "ada");

        // The next action of the page that is open.
        browser.click("#get-report");
        page.wait_signed_out();
        let text = page.wait_message("#sign-in", "not-signed-in");
        assert_eq!(text, "You are not signed in. Sign in first.");
        page.sign_in("ada");
        let text = page.wait_message("#sign-in", "user-locked");
        assert_eq!(text, "This account is locked. Contact the operator of this site.");
    });
}

/// Locks a user in the database of the site, as a program of the operator does.
fn lock(site: &Site, username: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::connect(&site.database()).await.unwrap();
        let rp = RelyingParty::builder("localhost").origin(&site.origin()).build().unwrap();
        let passkeys = Passkeys::builder(rp).store(store).secret(Secret::random().unwrap()).build().unwrap();
        let user = passkeys.user_by_name(username).await.unwrap().unwrap();
        passkeys.lock_user(&user.handle).await.unwrap();
    });
}
