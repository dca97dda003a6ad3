//! Policies of the site: how many passkeys.

use crate::on_both_sites;
use crate::page::Page;
use crate::webdriver::Abilities;

#[test]
fn eight_passkeys_are_added_and_a_ninth_is_rejected() {
    on_both_sites(&[], |browser, site| {
        let first = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        first.pull_out();
        for number in 2..=8 {
            // Any mix: keys with and without user verification.
            let kinds = [Abilities::PLATFORM, Abilities::SECURITY_KEY, Abilities::U2F];
            let key = browser.plug_in(kinds[number % 3]);
            page.add();
            page.wait_signed_in(number);
            key.pull_out();
        }
        let ninth = browser.plug_in(Abilities::SECURITY_KEY);
        page.add();
        let text = page.wait_message("#account", "too-many-credentials");
        assert_eq!(text, "The account is full. Remove a passkey before you add another.");
        assert_eq!(ninth.credentials(), 0);
        assert_eq!(page.cards().len(), 8);
    });
}
