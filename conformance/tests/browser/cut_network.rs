//! The network is cut at each step of the module: the page shows a plain sentence, and the same step then succeeds.

use serde_json::json;

use crate::on_both_sites;
use crate::page::Page;
use crate::webdriver::Abilities;

const UNREACHABLE: &str = "The server cannot be reached. Check your connection and try again.";

#[test]
fn a_sign_up_recovers_from_a_cut_network_at_each_step() {
    on_both_sites(&[], |browser, site| {
        let authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        for (number, step) in ["options", "verify"].into_iter().enumerate() {
            page.cut_network_at(&format!("POST registration/{step}"));
            if number == 0 {
                page.ask_for_account("ada")
            } else {
                page.ask_again()
            }
            assert_eq!(page.wait_message("#sign-up", "network"), UNREACHABLE, "{step}");
            page.repair_network();
        }
        page.ask_again();
        page.wait_signed_in(1);
        // The second attempt sent the response of the first: there is no other passkey.
        assert_eq!(authenticator.credentials(), 1);
    });
}

#[test]
fn a_sign_in_recovers_from_a_cut_network_at_each_step() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        page.sign_out();
        page.wait_signed_out();
        for step in ["options", "verify"] {
            page.cut_network_at(&format!("POST authentication/{step}"));
            page.sign_in("ada");
            assert_eq!(page.wait_message("#sign-in", "network"), UNREACHABLE, "{step}");
            page.repair_network();
        }
        page.sign_in("ada");
        page.wait_signed_in(1);
    });
}

#[test]
fn the_account_recovers_from_a_cut_network() {
    on_both_sites(&[], |browser, site| {
        let first = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        first.pull_out();
        let _second = browser.plug_in(Abilities::SECURITY_KEY);
        for route in ["POST registration/options", "POST registration/verify"] {
            page.cut_network_at(route);
            page.add();
            assert_eq!(page.wait_message("#account", "network"), UNREACHABLE, "{route}");
            page.repair_network();
        }
        page.add();
        page.wait_signed_in(2);
        page.cut_network_at("POST /report");
        browser.click("#get-report");
        assert_eq!(page.wait_message("#account", "network"), UNREACHABLE);
        page.repair_network();
        browser.click("#get-report");
        let shown = "return document.querySelector('#report output').textContent.includes('ada')";
        browser.wait_until("the report", shown, &[]);
    });
}

#[test]
fn the_page_starts_again_after_a_cut_network() {
    on_both_sites(&[], |browser, site| {
        let cut = "{
            const fetch = window.fetch;
            window.fetch = (...request) => window.isBack ? fetch(...request) : Promise.reject(new TypeError());
        }";
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": cut}));
        browser.open(&site.origin());
        let wall = "return document.querySelector('#wall').checkVisibility()
            && document.querySelector('#wall p').textContent";
        assert_eq!(browser.wait_until("the message", wall, &[]), UNREACHABLE);
        browser.run("window.isBack = true", &[]).unwrap();
        browser.click("#wall button");
        browser.wait_until("the form", "return document.querySelector('#sign-in').checkVisibility()", &[]);
    });
}
