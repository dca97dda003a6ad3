//! Authenticator apps and recovery codes, enrolled and used on the page.

use std::time::Duration;

use serde_json::json;

use crate::folder::Folder;
use crate::page::Page;
use crate::totp::App;
use crate::webdriver::{Abilities, Session};
use crate::{on_both_sites, photograph};

const PASSWORD: &str = "correct horse battery";

/// Later by two time steps: the codes before were used, or are too old.
pub(crate) const STEPS: Duration = Duration::from_secs(60);

#[test]
fn after_the_password_a_code_of_the_app_signs_in() {
    on_both_sites(&[], |browser, site| {
        let page = Page::open(browser, site);
        page.sign_up_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
        let app = set_up(browser, &page);
        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        assert_eq!(page.wait_second_factor(), ["totp"]);

        page.use_factor("totp", "000000");
        let text = page.wait_message("#second-factor", "factor-invalid");
        assert!(text.ends_with('.'), "{text}");
        site.set_clock_ahead(STEPS);
        let code = app.code(STEPS);
        page.use_factor("totp", &code);
        page.wait_signed_in(0);

        // A code works once.
        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        page.wait_second_factor();
        page.use_factor("totp", &code);
        page.wait_message("#second-factor", "factor-invalid");
    });
}

#[test]
fn a_passkey_or_the_app_confirms_a_password() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        page.set_password(PASSWORD);
        let app = set_up(browser, &page);
        for (factor, time) in [("totp", STEPS), ("passkey", STEPS)] {
            page.sign_out();
            page.sign_in_with_password("ada", PASSWORD);
            assert_eq!(page.wait_second_factor(), ["passkey", "totp"]);
            site.set_clock_ahead(time);
            match factor {
                "totp" => page.use_factor("totp", &app.code(time)),
                _ => browser.click("#second-factor button[name=passkey]"),
            }
            page.wait_signed_in(1);
        }
    });
}

#[test]
fn a_recovery_code_leads_to_a_new_passkey_and_nothing_else() {
    on_both_sites(&[], |browser, site| {
        let lost = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        page.set_password(PASSWORD);
        let codes = make_codes(browser, &page);
        assert_eq!(codes.len(), 10);
        page.sign_out();
        lost.pull_out();
        let found = browser.plug_in(Abilities::PLATFORM);

        page.sign_in_with_password("ada", PASSWORD);
        assert_eq!(page.wait_second_factor(), ["passkey", "recovery-codes"]);
        page.use_factor("recovery-codes", "AAAA-AAAA-AAAA-AAAA");
        page.wait_message("#second-factor", "factor-invalid");
        page.use_factor("recovery-codes", &codes[0]);
        page.wait_choice(&["add-passkey", "add-totp"]);
        browser.click("#second-factor button[name=add-passkey]");
        // The new passkey completes the sign-in.
        page.wait_choice(&["passkey", "recovery-codes"]);
        assert_eq!(found.credentials(), 1);
        browser.click("#second-factor button[name=passkey]");
        page.wait_signed_in(2);
        let state = browser.text("#recovery-row .state");
        assert_eq!(state, "9 codes are left", "{state}");
    });
}

#[test]
fn recovery_codes_are_downloaded_and_shown_once() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        let folder = Folder::new("download");
        let allow = json!({"behavior": "allow", "downloadPath": folder.path()});
        browser.devtools("Browser.setDownloadBehavior", &allow);
        browser.click("#recovery-row button");
        let codes = wait_codes(browser);
        browser.click("#codes a[download]");
        let file = folder.wait_for("recovery-codes.txt");
        assert!(codes.iter().all(|code| file.lines().any(|line| line == code)), "{file}");

        browser.click("#codes [value=saved]");
        page.wait_done("Your recovery codes are ready.");
        let left = "return [document.querySelector('#codes ol').childElementCount,
            document.querySelector('#codes a').hasAttribute('href')]";
        assert_eq!(browser.run(left, &[]).unwrap(), json!([0, false]));
    });
}

#[test]
fn a_new_set_of_recovery_codes_replaces_the_old_one() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        page.set_password(PASSWORD);
        let old = make_codes(browser, &page);
        browser.click("#recovery-row button");
        browser.click("#confirm [value=delete]");
        let new = wait_codes(browser);
        browser.click("#codes [value=saved]");
        page.wait_done("Your recovery codes are ready.");
        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        page.wait_second_factor();
        page.use_factor("recovery-codes", &old[0]);
        page.wait_message("#second-factor", "factor-invalid");
        page.use_factor("recovery-codes", &new[0]);
        page.wait_choice(&["add-passkey", "add-totp"]);
    });
}

#[test]
fn a_removed_app_is_asked_for_no_more() {
    on_both_sites(&[], |browser, site| {
        let page = Page::open(browser, site);
        page.sign_up_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
        let app = set_up(browser, &page);
        // The app is the only factor, so removing it needs a code.
        let later = Duration::from_secs(3_000);
        site.set_clock_ahead(later);
        browser.click("#totp-row button");
        browser.click("#confirm [value=delete]");
        browser.wait_until("the choice", "return document.querySelector('#verify form[name=totp]')", &[]);
        browser.fill("#verify form[name=totp] input", &app.code(later));
        browser.click("#verify form[name=totp] button");
        page.wait_done("The authenticator app was removed.");
        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
    });
}

#[test]
fn second_factors_fit_a_phone_and_a_laptop() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        page.sign_up("ada");
        page.set_password(PASSWORD);
        browser.click("#totp-row button");
        let shown = "return document.querySelector('#new-totp img').naturalWidth > 0";
        browser.wait_until("the QR code", shown, &[]);
        photograph(browser, site, "authenticator-app");
        browser.click("#new-totp [name=cancel]");
        page.wait_signed_in(1);
        set_up(browser, &page);
        browser.click("#recovery-row button");
        wait_codes(browser);
        photograph(browser, site, "recovery-codes");
        browser.click("#codes [value=saved]");
        page.wait_done("Your recovery codes are ready.");
        photograph(browser, site, "factors");
        page.sign_out();
        page.sign_in_with_password("ada", PASSWORD);
        assert_eq!(page.wait_second_factor(), ["passkey", "totp", "recovery-codes"]);
        photograph(browser, site, "second-factor");
    });
}

/// Sets up an authenticator app with the secret that the page shows.
fn set_up(browser: &Session, page: &Page<'_>) -> App {
    browser.click("#totp-row button");
    let app = scan(browser);
    browser.click("#new-totp button[type=submit]");
    page.wait_done("Your authenticator app is ready.");
    app
}

/// Reads the secret that the page shows, and enters two codes.
pub(crate) fn scan(browser: &Session) -> App {
    let shown = "const image = document.querySelector('#new-totp img');
        return image.complete && image.naturalWidth > 0 && document.querySelector('#new-totp code').textContent";
    let secret = browser.wait_until("the QR code", shown, &[]);
    let app = App::new(secret.as_str().unwrap());
    // Two consecutive codes; the clocks of both may differ by one step.
    let [first, second] = app.consecutive_codes();
    browser.fill("#first-code", &first);
    browser.fill("#second-code", &second);
    app
}

/// Makes recovery codes and returns them.
pub(crate) fn make_codes(browser: &Session, page: &Page<'_>) -> Vec<String> {
    browser.click("#recovery-row button");
    let codes = wait_codes(browser);
    browser.click("#codes [value=saved]");
    page.wait_done("Your recovery codes are ready.");
    codes
}

fn wait_codes(browser: &Session) -> Vec<String> {
    let shown = "const codes = [...document.querySelectorAll('#codes li')].map((code) => code.textContent);
        return codes.length > 0 && codes";
    let codes = browser.wait_until("the codes", shown, &[]);
    codes.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}
