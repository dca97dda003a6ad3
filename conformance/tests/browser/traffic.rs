//! The secrets in the traffic of a page are known to the search of every test.

use serde_json::json;

use crate::page::Page;
use crate::webdriver::Abilities;
use crate::{on_both_sites, secrets};

#[test]
fn the_secrets_of_a_browser_are_kept() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open_for_a_script(browser, site);
        page.sign_up_with_password("cid", "correct horse battery");
        page.wait_signed_in(0);
        page.add();
        page.wait_signed_in(1);
        // A session in the cookie now, and texts that the page has sent.
        let cookies = browser.devtools("Network.getAllCookies", &json!({}));
        browser.keep_secrets();
        let session = cookies["cookies"].as_array().unwrap().iter();
        let session = session.filter(|cookie| cookie["name"].as_str().unwrap().contains("session"));
        for secret in
            session.map(|cookie| cookie["value"].as_str().unwrap()).chain(["cid", "correct horse battery"])
        {
            assert!(secrets::is_kept(secret), "{secret}");
        }
        // Challenges of a registration and of autofill, and the responses to them.
        assert!(secrets::count() >= 8, "{} secrets", secrets::count());
    });
}
