//! The network is cut at each step of the module: the page shows a plain sentence, and the same step then succeeds.

use std::time::Duration;

use serde_json::{Value, json};

use crate::factors::STEPS;
use crate::page::Page;
use crate::webdriver::{Abilities, Session};
use crate::{external, factors, on_both_sites};

const UNREACHABLE: &str = "The server cannot be reached. Try again.";
const PASSWORD: &str = "correct horse battery";

/// Cuts the network at a route: the action fails there, and `view` says so.
#[track_caller]
fn fails_at(page: &Page<'_>, route: &str, view: &str, action: impl Fn()) {
    page.cut_network_at(route);
    action();
    assert_eq!(page.wait_message(view, "network"), UNREACHABLE, "{route}");
    page.repair_network();
}

/// The action succeeds, and what it changed cannot be loaded: the page offers to load it again.
fn is_loaded_again(browser: &Session, page: &Page<'_>, route: &str, action: impl Fn()) {
    page.cut_network_at(route);
    action();
    assert_eq!(wait_wall(browser), UNREACHABLE, "{route}");
    page.repair_network();
    browser.click("#wall button");
}

/// Waits for what replaces the page while nothing on it can work.
fn wait_wall(browser: &Session) -> Value {
    let wall = "return document.querySelector('#wall').checkVisibility()
        && document.querySelector('#wall p').textContent";
    browser.wait_until("the message", wall, &[])
}

/// Cuts the network at a path in every page that is opened from now on. Returns what [`repair`] takes.
fn cut_new_pages_at(browser: &Session, path: &str) -> Value {
    let cut = format!(
        "{{ const fetch = window.fetch;
            window.fetch = (...request) => String(request[0].url ?? request[0]).endsWith('{path}')
                ? Promise.reject(new TypeError()) : fetch(...request); }}"
    );
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": cut}))
}

/// The network is back in every page that is opened from now on.
fn repair(browser: &Session, cut: &Value) {
    browser.devtools("Page.removeScriptToEvaluateOnNewDocument", cut);
}

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
        assert_eq!(wait_wall(browser), UNREACHABLE);
        browser.run("window.isBack = true", &[]).unwrap();
        browser.click("#wall button");
        browser.wait_until("the form", "return document.querySelector('#sign-in').checkVisibility()", &[]);
    });
}

#[test]
fn a_second_factor_recovers_from_a_cut_network_at_each_step() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        page.set_password(PASSWORD);
        page.sign_out();
        let enter = || page.sign_in_with_password("ada", PASSWORD);
        fails_at(&page, "POST /password/sign-in", "#sign-in", enter);
        enter();
        assert_eq!(page.wait_second_factor(), ["passkey"]);
        let confirm = || browser.click("#second-factor button[name=passkey]");
        for step in ["options", "verify"] {
            fails_at(&page, &format!("POST authentication/{step}"), "#second-factor", confirm);
        }
        // The factor was used, and what the account shows does not arrive: the page loads it again.
        is_loaded_again(browser, &page, "GET session", confirm);
        page.wait_signed_in(1);
    });
}

#[test]
fn an_authenticator_app_recovers_from_a_cut_network_at_each_step() {
    on_both_sites(&[], |browser, site| {
        let page = Page::open(browser, site);
        page.sign_up_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
        let open = || browser.click("#totp-row button");
        for step in ["POST factors/totp/enrol", "POST /qr"] {
            fails_at(&page, step, "#account", open);
        }
        open();
        let app = factors::scan(browser);
        let confirm = || browser.click("#new-totp button[type=submit]");
        fails_at(&page, "POST factors/totp/confirm", "#new-totp", confirm);
        confirm();
        page.wait_done("Your authenticator app is ready.");

        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        page.wait_second_factor();
        site.set_clock_ahead(STEPS);
        let enter = || page.use_factor("totp", &app.code(STEPS));
        fails_at(&page, "POST factors/totp/verify", "#second-factor", enter);
        enter();
        page.wait_signed_in(0);

        // The same factor confirms a change that requires a recent verification.
        let later = STEPS * 50;
        site.set_clock_ahead(later);
        browser.click("#totp-row button");
        browser.click("#confirm [value=delete]");
        browser.wait_until("the choice", "return document.querySelector('#verify form[name=totp]')", &[]);
        browser.fill("#verify form[name=totp] input", &app.code(later));
        let confirm = || browser.click("#verify form[name=totp] button");
        fails_at(&page, "POST factors/totp/verify", "#verify", confirm);
        confirm();
        page.wait_done("The authenticator app was removed.");
    });
}

#[test]
fn recovery_codes_recover_from_a_cut_network_at_each_step() {
    on_both_sites(&[], |browser, site| {
        let lost = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        page.set_password(PASSWORD);
        let make = || browser.click("#recovery-row button");
        fails_at(&page, "POST factors/recovery-codes/enrol", "#account", make);
        let codes = factors::make_codes(browser, &page);
        page.sign_out();
        lost.pull_out();
        let found = browser.plug_in(Abilities::PLATFORM);

        page.sign_in_with_password("ada", PASSWORD);
        page.wait_second_factor();
        let enter = || page.use_factor("recovery-codes", &codes[0]);
        fails_at(&page, "POST factors/recovery-codes/verify", "#second-factor", enter);
        enter();
        page.wait_choice(&["add-passkey", "add-totp"]);
        let add = || browser.click("#second-factor button[name=add-passkey]");
        for step in ["options", "verify"] {
            fails_at(&page, &format!("POST registration/{step}"), "#second-factor", add);
        }
        add();
        page.wait_choice(&["passkey", "recovery-codes"]);
        assert_eq!(found.credentials(), 1);
    });
}

#[test]
fn a_step_up_recovers_from_a_cut_network_at_each_step() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        site.set_clock_ahead(Duration::from_secs(130));
        let show = || browser.click("#get-report");
        for step in ["options", "verify"] {
            fails_at(&page, &format!("POST authentication/{step}"), "#account", show);
        }
        show();
        page.wait_answer("POST /report 200");
        let shown = "return document.querySelector('#report output').textContent.includes('ada')";
        browser.wait_until("the report", shown, &[]);
    });
}

#[test]
fn an_external_factor_recovers_from_a_cut_network_at_each_step() {
    on_both_sites(&["--approval"], |browser, site| {
        let page = Page::open(browser, site);
        page.sign_up_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
        let set_up = || browser.click("#other-ways .external button");
        fails_at(&page, "POST factors/approval/enrol", "#account", set_up);
        // The browser comes back with an answer that the page cannot send: the user begins again.
        let cut = cut_new_pages_at(browser, "/factors/approval/confirm");
        set_up();
        external::answer(browser, "approve");
        assert_eq!(page.wait_message("#account", "network"), UNREACHABLE);
        page.wait_signed_in(0);
        repair(browser, &cut);
        set_up();
        external::answer(browser, "approve");
        page.wait_done("“Approval at another service” is ready.");

        page.watch();
        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        assert_eq!(page.wait_second_factor(), ["approval"]);
        let approve = || browser.click("#second-factor button[name=approval]");
        fails_at(&page, "POST factors/approval/options", "#second-factor", approve);
        let cut = cut_new_pages_at(browser, "/factors/approval/verify");
        approve();
        external::answer(browser, "approve");
        assert_eq!(page.wait_message("#second-factor", "network"), UNREACHABLE);
        repair(browser, &cut);
        approve();
        external::answer(browser, "approve");
        page.wait_signed_in(0);
    });
}

#[test]
fn what_an_action_changed_is_loaded_again_after_a_cut_network() {
    on_both_sites(&[], |browser, site| {
        let first = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        // The account was created: asking for it again would find the username taken.
        is_loaded_again(browser, &page, "GET session", || page.ask_for_account("ada"));
        page.wait_signed_in(1);
        first.pull_out();
        let second = browser.plug_in(Abilities::SECURITY_KEY);
        is_loaded_again(browser, &page, "GET credentials", || page.add());
        page.wait_signed_in(2);
        assert_eq!(second.credentials(), 1);
        assert_eq!(browser.text("#account .message"), "");
        page.sign_out();
        is_loaded_again(browser, &page, "GET sessions", || page.sign_in("ada"));
        page.wait_signed_in(2);
    });
}

#[test]
fn changes_of_the_account_recover_from_a_cut_network() {
    on_both_sites(&[], |browser, site| {
        let first = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        first.pull_out();
        let _second = browser.plug_in(Abilities::SECURITY_KEY);
        page.add();
        page.wait_done("Your new passkey is ready");
        page.wait_signed_in(2);
        let id = "return document.querySelector('#passkeys > li:nth-child(2)').dataset.id";
        let id = browser.run(id, &[]).unwrap();
        let route = format!("PATCH credentials/{}", id.as_str().unwrap());
        let rename = || page.rename(2, "Kept in a drawer");
        fails_at(&page, &route, "#account", rename);
        rename();
        page.wait_done("Renamed.");
        let set = || browser.click("#new-password button[type=submit]");
        browser.click("#password-row button");
        browser.fill("#new-password-field", PASSWORD);
        fails_at(&page, "POST /password", "#new-password", set);
        set();
        page.wait_done("Your password was saved.");
        fails_at(&page, "POST sign-out", "#account", || page.ask_to_sign_out());
        page.sign_out();
    });
}
