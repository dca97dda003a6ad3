//! The administrator's page: users, a dry run of a policy, and one user.

use std::time::Duration;

use serde_json::json;

use crate::page::Page;
use crate::site::Site;
use crate::webdriver::{Abilities, Session};
use crate::{on_both_sites, photograph, unreached};

const PASSWORD: &str = "correct horse battery";

#[test]
fn an_administrator_sees_users_and_revokes_with_a_reason() {
    on_both_sites(&["--administrator", "ada"], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = sign_up_two(browser, site);
        page.sign_out();
        page.sign_up("bob");
        browser.open(&format!("{}/admin", site.origin()));
        let text = page.wait_message("main", "not-an-administrator");
        assert!(text.starts_with("This account is not an administrator's."), "{text}");
        page.reload(site);
        page.wait_signed_in(1);
        page.sign_out();
        page.sign_in("ada");
        page.wait_signed_in(1);

        browser.click("#to-admin");
        wait_users(browser, 3);
        assert_eq!(unreached(browser), json!([]), "users");
        photograph(browser, site, "admin-users");

        // Only the user without a second factor is affected.
        browser.fill("#policy", "[default]\nsecond_factor = 'required'");
        browser.click("#check [type=submit]");
        browser.wait_until("the dry run", "return !document.querySelector('#outcome').hidden", &[]);
        assert_eq!(browser.text("#outcome h3"), "3 users checked, 1 affected");
        let changes = browser.text("#changes tbody");
        assert!(changes.contains("cid") && changes.contains("Has to add a factor first"), "{changes}");
        photograph(browser, site, "admin-check");
        browser.fill("#policy", "nonsense");
        browser.click("#check [type=submit]");
        let text = page.wait_message("#check", "policy-invalid");
        assert!(text.starts_with("This is not a policy. ") && text.contains("line 1"), "{text}");

        show(browser, "bob");
        assert!(browser.text("#trail tbody").contains("Created the account"));
        assert_eq!(unreached(browser), json!([]), "user");
        photograph(browser, site, "admin-user");
        browser.click("#keys button");
        browser.click("#ask [type=submit]");
        page.wait_message("#ask", "reason-missing");
        assert_eq!(unreached(browser), json!([]), "dialog");
        photograph(browser, site, "admin-reason");

        // Reading needs a passkey within 15 minutes, and changing something within 2.
        site.set_clock_ahead(Duration::from_secs(180));
        page.watch();
        browser.fill("#reason", "ticket 4711");
        browser.click("#ask [type=submit]");
        wait_text(browser, "#keys tbody", "No passkeys.");
        page.wait_answer("POST authentication/verify 200");
        let trail = browser.text("#trail tbody");
        assert!(trail.contains("Passkey revoked by an administrator"), "{trail}");
        assert!(trail.contains("Reason: ticket 4711"), "{trail}");

        // Not to the own account.
        open_users(browser, site, 3);
        show(browser, "ada");
        act(browser, "lock");
        page.wait_message("#ask", "own-account");
    });
}

#[test]
fn an_administrator_locks_and_unlocks_a_user() {
    on_both_sites(&["--administrator", "ada"], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        sign_up_two(browser, site);
        open_users(browser, site, 2);
        show(browser, "cid");
        act(browser, "lock");
        wait_text(browser, "#user .facts", "Locked by an administrator");
        act(browser, "unlock");
        wait_text(browser, "#user .facts", "Can sign in");
    });
}

/// Signs up cid, who has a password only, and ada, the administrator, who stays signed in.
fn sign_up_two<'a>(browser: &'a Session, site: &Site) -> Page<'a> {
    let page = Page::open_for_a_script(browser, site);
    page.sign_up_with_password("cid", PASSWORD);
    page.wait_signed_in(0);
    page.sign_out();
    page.sign_up("ada");
    page
}

fn open_users(browser: &Session, site: &Site, users: usize) {
    browser.open(&format!("{}/admin", site.origin()));
    wait_users(browser, users);
}

fn wait_users(browser: &Session, users: usize) {
    let listed = "return document.querySelector('#users')?.checkVisibility()
        && document.querySelectorAll('#users tbody a').length === arguments[0]";
    browser.wait_until("the users", listed, &[json!(users)]);
}

/// Opens the user with this name.
fn show(browser: &Session, name: &str) {
    let open = "[...document.querySelectorAll('#users tbody a')]
        .find((link) => link.textContent === arguments[0]).click()";
    browser.run(open, &[json!(name)]).unwrap();
    wait_text(browser, "#user .facts", name);
}

/// Does something to the user that is shown, with a reason.
fn act(browser: &Session, act: &str) {
    browser.click(&format!("#acts [data-act={act}]"));
    browser.fill("#reason", "ticket 4711");
    browser.click("#ask [type=submit]");
}

fn wait_text(browser: &Session, selector: &str, text: &str) {
    let shown = "return document.querySelector(arguments[0]).innerText.includes(arguments[1])";
    browser.wait_until(text, shown, &[json!(selector), json!(text)]);
}
