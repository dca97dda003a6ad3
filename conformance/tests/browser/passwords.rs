//! Passwords as the first factor, and what must follow them.

use std::time::Duration;

use crate::on_both_sites;
use crate::page::Page;
use crate::webdriver::Abilities;

const PASSWORD: &str = "correct horse battery";

#[test]
fn after_the_password_the_passkey_completes_the_sign_in() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        page.set_password(PASSWORD);
        page.sign_out();
        page.sign_in_with_password("ada", "wrong horse");
        assert_eq!(page.wait_message("#sign-in", "password-wrong"), "The username or the password is wrong.");
        page.sign_in_with_password("ada", PASSWORD);
        assert_eq!(page.wait_second_factor(), ["passkey"]);

        // Reloading the page skips nothing.
        browser.open(&site.origin());
        assert_eq!(page.wait_second_factor(), ["passkey"]);
        browser.click("#second-factor button[name=passkey]");
        page.wait_signed_in(1);
    });
}

#[test]
fn a_password_account_adds_its_first_passkey() {
    on_both_sites(&[], |browser, site| {
        let page = Page::open(browser, site);
        page.sign_up_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        page.add();
        page.wait_signed_in(1);
        page.leave_autofill();
        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        assert_eq!(page.wait_second_factor(), ["passkey"]);
    });
}

#[test]
fn the_second_factor_can_be_cancelled() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        page.set_password(PASSWORD);
        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        page.wait_second_factor();
        browser.click("#second-factor [name=cancel]");
        page.wait_signed_out();
        page.wait_answer("POST sign-out 204");
        browser.open(&site.origin());
        page.wait_signed_out();
    });
}

#[test]
fn a_guarded_request_is_repeated_after_the_step_up() {
    on_both_sites(&[], |browser, site| {
        let page = Page::open(browser, site);
        page.sign_up_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        page.add();
        page.wait_signed_in(1);
        // Adding a passkey is not a verification: the report asks for one.
        browser.click("#get-report");
        let shown = "return document.querySelector('#report output').textContent.includes('ada')";
        browser.wait_until("the report", shown, &[]);
        let answers: Vec<String> =
            page.answers().into_iter().filter(|answer| answer.starts_with("POST /report")).collect();
        assert_eq!(answers, ["POST /report 403 step-up-required", "POST /report 200"]);
    });
}

#[test]
fn a_step_up_is_asked_for_by_age() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        for (seconds, asks) in [(100, false), (130, true), (200, false), (400, true)] {
            site.set_clock_ahead(Duration::from_secs(seconds));
            browser.run("window.answers = []", &[]).unwrap();
            browser.click("#get-report");
            page.wait_answer("POST /report 200");
            page.wait_signed_in(1);
            let asked = page.answers().contains(&"POST /report 403 step-up-required".to_owned());
            assert_eq!(asked, asks, "{seconds}");
        }
    });
}
