//! A second factor at another service: the browser leaves the page, and comes back with an answer.

use serde_json::json;

use crate::page::Page;
use crate::webdriver::Session;
use crate::{on_both_sites, photograph};

const PASSWORD: &str = "correct horse battery";

#[test]
fn after_the_password_an_approval_elsewhere_signs_in() {
    on_both_sites(&["--approval"], |browser, site| {
        let page = Page::open(browser, site);
        page.sign_up_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
        browser.click("#other-ways .external button");
        answer(browser, "approve");
        page.wait_done("“Approval at another service” is ready.");
        photograph(browser, site, "external-factor");

        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        assert_eq!(page.wait_second_factor(), ["approval"]);
        photograph(browser, site, "external-second-factor");
        // Coming back without an answer skips nothing.
        browser.click("#second-factor button[name=approval]");
        wait_service(browser);
        browser.open(&site.origin());
        assert_eq!(page.wait_second_factor(), ["approval"]);
        for (decision, signs_in) in [("deny", false), ("approve", true)] {
            browser.click("#second-factor button[name=approval]");
            answer(browser, decision);
            if signs_in {
                page.wait_signed_in(0);
            } else {
                let text = page.wait_message("#second-factor", "factor-invalid");
                assert!(text.ends_with('.'), "{text}");
            }
        }
        let assurance = "return (await (await fetch('/webauthn/session')).json()).assurance";
        assert_eq!(browser.run(assurance, &[]).unwrap(), json!({"aal": 2, "amr": ["pwd", "mfa"]}));
    });
}

#[test]
fn an_external_factor_is_removed_after_a_new_approval() {
    on_both_sites(&["--approval"], |browser, site| {
        let page = Page::open(browser, site);
        page.sign_up_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
        browser.click("#other-ways .external button");
        answer(browser, "approve");
        page.wait_done("“Approval at another service” is ready.");
        let remove = || {
            browser.click("#other-ways .external button");
            browser.click("#confirm [value=delete]");
        };
        // Setting it up does not count as verification: the factor itself has to confirm its removal.
        remove();
        browser.click("#verify button[name=approval]");
        answer(browser, "approve");
        page.wait_done("You have confirmed that it is you.");
        remove();
        page.wait_done("“Approval at another service” was removed.");
        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
    });
}

/// Waits for the page of the other service.
fn wait_service(browser: &Session) {
    browser.wait_title("Approve?");
}

/// Decides at the other service, which sends the browser back.
pub(crate) fn answer(browser: &Session, decision: &str) {
    wait_service(browser);
    browser.click(&format!("button[name={decision}]"));
}
