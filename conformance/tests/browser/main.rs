//! The example sites in headless Chromium, with virtual authenticators over WebDriver.
//!
//! Needs `chromium` and `chromedriver` on the `PATH`. If they are missing, the tests are skipped with a message; with
//! `CI` set, they fail. The example binaries are built by the first test.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a browser or a site does not do is a failed test"
)]
#![expect(clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests")]

mod administration;
#[path = "../shared/built.rs"]
mod built;
mod command_line;
mod crash;
mod cut_network;
mod external;
mod factors;
mod folder;
mod metadata;
mod module;
#[path = "../shared/network.rs"]
mod network;
mod operator;
mod page;
mod passwords;
mod policy;
mod process;
mod secrets;
mod simplewebauthn;
mod site;
#[path = "../../../rp-service/tests/shared/skip.rs"]
mod skip;
mod slow;
mod telemetry;
mod totp;
mod traffic;
mod webdriver;

use std::sync::{Condvar, Mutex, PoisonError};

use page::Page;
use serde_json::{Value, json};
use site::{Kind, Site};
use webdriver::{Abilities, Programs, Session};

/// Runs `scenario` on the site of each adapter, in a new browser.
fn on_both_sites(arguments: &[&str], scenario: impl Fn(&Session, &Site)) {
    for_both_sites(|browser, kind| scenario(browser, &Site::start(kind, arguments)));
}

/// Runs `scenario` for each adapter, in a new browser; the scenario starts the site.
fn for_both_sites(scenario: impl Fn(&Session, Kind)) {
    let Some(programs) = Programs::find() else {
        return skip("chromium and chromedriver are not both on the PATH");
    };
    for kind in Kind::BOTH {
        let _turn = Turn::take();
        let browser = Session::start(&programs);
        scenario(&browser, kind);
        browser.keep_secrets();
        assert_eq!(secrets::leak(), None);
    }
}

/// Reports why a test is skipped; in CI, fails.
fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}");
    skip::skip(why);
}

/// One of two browsers that may run at a time, with any number of test threads.
struct Turn;

static FREE: (Mutex<u8>, Condvar) = (Mutex::new(2), Condvar::new());

impl Turn {
    fn take() -> Self {
        let free = FREE.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = FREE.1.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *FREE.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        FREE.1.notify_one();
    }
}

#[test]
fn an_account_is_opened_through_the_form_and_shows_its_passkey() {
    on_both_sites(&[], |browser, site| {
        let authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        assert_eq!(authenticator.credentials(), 1);
        let cards = page.cards();
        assert!(cards[0].text.contains("Signed in with it"), "{cards:?}");
        assert!(cards[0].text.contains("Device-bound"), "{cards:?}");
        assert!(page.answers().contains(&"POST registration/verify 201".to_owned()), "{:?}", page.answers());
    });
}

#[test]
fn autofill_signs_in_without_a_button() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        // The form offers autofill as soon as it is shown, and the authenticator is touched at once.
        page.ask_to_sign_out();
        page.wait_answer("POST sign-out 204");
        page.wait_answer("POST authentication/verify 200");
        page.wait_signed_in(1);
    });
}

#[test]
fn a_username_signs_in_by_button() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        page.leave_autofill();
        page.sign_out();
        page.sign_in("Ada");
        page.wait_signed_in(1);
        assert!(
            page.answers().contains(&"POST authentication/verify 200".to_owned()),
            "{:?}",
            page.answers()
        );
    });
}

#[test]
fn a_second_passkey_is_added_renamed_and_outlives_the_first() {
    on_both_sites(&[], |browser, site| {
        let first = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        first.pull_out();
        let second = browser.plug_in(Abilities::SECURITY_KEY);
        page.add();
        page.wait_done("Your new passkey is ready");
        page.wait_signed_in(2);
        assert_eq!(second.credentials(), 1);

        page.rename(2, "Kept in a drawer");
        page.wait_done("Renamed");
        page.wait_signed_in(2);
        assert_eq!(page.cards()[1].title, "Kept in a drawer");

        page.delete(1);
        page.wait_signed_in(1);
        assert_eq!(page.cards()[0].title, "Kept in a drawer");
        assert!(
            page.answers().iter().any(|answer| answer.starts_with("DELETE ") && answer.ends_with(" 200"))
        );

        // The last passkey cannot be deleted.
        page.delete(1);
        let text = page.wait_message("#account", "last-credential");
        assert_eq!(text, "This is your only passkey. Add another one before you delete it.");
    });
}

#[test]
fn a_u2f_key_is_added_and_signs_in_by_username() {
    on_both_sites(&[], |browser, site| {
        let first = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        first.pull_out();
        let key = browser.plug_in(Abilities::U2F);
        page.add();
        page.wait_signed_in(2);
        assert_eq!(key.credentials(), 1);
        let card = &page.cards()[1];
        assert!(card.text.contains("Security key"), "{card:?}");
        assert!(card.text.contains("No, presence only"), "{card:?}");

        page.sign_out();
        page.sign_in("ada");
        page.wait_signed_in(2);
        assert!(page.cards()[1].text.contains("Signed in with it"), "{:?}", page.cards());
    });
}

#[test]
fn a_user_who_cancels_reads_so_and_nothing_is_registered() {
    on_both_sites(&[], |browser, site| {
        let authenticator = browser.plug_in(Abilities { consents: false, ..Abilities::PLATFORM });
        let page = Page::open(browser, site);
        page.shorten_prompts();
        page.ask_for_account("ada");
        let text = page.wait_message("#sign-up", "cancelled");
        assert_eq!(text, "The prompt was closed or timed out. Try again.");
        assert_eq!(authenticator.credentials(), 0);
        assert!(!page.answers().iter().any(|answer| answer.contains("verify")), "{:?}", page.answers());
    });
}

#[test]
fn registration_without_required_verification_is_rejected() {
    on_both_sites(&["--user-verification", "required"], |browser, site| {
        let _authenticator = browser.plug_in(Abilities { user_verification: false, ..Abilities::PLATFORM });
        let page = Page::open(browser, site);
        page.discourage_user_verification();
        page.ask_for_account("ada");
        let text = page.wait_message("#sign-up", "user-not-verified");
        assert_eq!(text, "You were not verified. Use your PIN, fingerprint or face, then try again.");
        page.wait_answer("POST registration/verify 422 user-not-verified");
    });
}

#[test]
fn sign_in_without_required_verification_is_rejected() {
    on_both_sites(&["--user-verification", "required"], |browser, site| {
        let authenticator = browser.plug_in(Abilities { resident_key: false, ..Abilities::PLATFORM });
        let page = Page::open(browser, site);
        page.sign_up("ada");
        page.sign_out();
        page.discourage_user_verification();
        page.end_autofill();
        authenticator.set_user_verified(false);
        page.sign_in("ada");
        page.wait_answer("POST authentication/verify 422 user-not-verified");
        // Autofill is offered again at once; the browser ends it, and the message stays.
        page.wait_autofill_ended();
        page.wait_message("#sign-in", "user-not-verified");
    });
}

#[test]
fn a_page_at_another_address_is_refused_and_leads_home() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open_at(browser, &site.other_name());
        page.ask_for_account("ada");
        let text = page.wait_message("#sign-up", "cross-site-request");
        assert!(text.starts_with("The request came from another site."), "{text}");
        page.wait_answer("POST registration/options 403 cross-site-request");
        let home = "return document.querySelector('#sign-up .message a')?.href";
        assert_eq!(browser.wait_until("the way home", home, &[]), json!(format!("{}/", site.origin())));
    });
}

#[test]
fn a_response_signed_at_another_origin_is_rejected() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities { resident_key: false, ..Abilities::PLATFORM });
        Page::open_for_a_script(browser, site).sign_up("ada");

        // Another port of the same host: the browser allows the RP ID, and the origin differs.
        let elsewhere = Site::start(Kind::Axum, &[]);
        browser.open(&elsewhere.origin());
        for (ceremony, request) in [
            ("registration", json!({"username": "bob", "displayName": "Bob"})),
            ("authentication", json!({"username": "ada"})),
        ] {
            let mut jar = Vec::new();
            let (status, options) = site.post(&format!("{ceremony}/options"), &request, &mut jar);
            assert_eq!(status, 200, "{options}");
            let response = browser.run(PERFORM, &[json!(ceremony), options]).unwrap();
            let (status, problem) = site.post(&format!("{ceremony}/verify"), &response, &mut jar);
            assert_eq!((status, &problem["code"]), (422, &json!("origin-mismatch")), "{ceremony}: {problem}");
        }
    });
}

/// Runs a ceremony with given options and returns the response as JSON.
const PERFORM: &str = "
    const [ceremony, options] = arguments;
    const credential = ceremony === 'registration'
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    return credential.toJSON();";

#[test]
fn simplewebauthn_posts_to_the_same_routes_unchanged() {
    let bundle = match simplewebauthn::bundle() {
        Ok(bundle) => bundle,
        Err(why) => return skip(&why),
    };
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities { resident_key: false, ..Abilities::PLATFORM });
        let page = Page::open_for_a_script(browser, site);
        browser.run(&bundle, &[]).unwrap();
        let perform =
            |ceremony, request| browser.run(simplewebauthn::PERFORM, &[json!(ceremony), request]).unwrap();

        let registered = perform("registration", json!({"username": "ada", "displayName": "Ada"}));
        assert_eq!(registered["status"], 201, "{registered}");
        let signed_in = perform("authentication", json!({"username": "ada"}));
        assert_eq!(signed_in["status"], 200, "{signed_in}");
        assert_eq!(signed_in["body"]["user"]["name"], "ada");
        assert_eq!(signed_in["body"]["credential"]["id"], registered["body"]["id"]);

        // The page shows the signed-in user.
        browser.open(&site.origin());
        page.wait_signed_in(1);
    });
}

#[test]
fn the_keyboard_alone_reaches_every_control() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.leave_autofill();
        assert_eq!(unreached(browser), json!([]), "sign-in");
        page.sign_up("ada");
        assert_eq!(unreached(browser), json!([]), "account");
        // The keys also work: a field and Enter, a button and the space bar.
        browser.run("document.querySelector('#password-row button').focus()", &[]).unwrap();
        browser.press(" ");
        browser.wait_until("the dialog", "return document.querySelector('#new-password').open", &[]);
        assert_eq!(unreached(browser), json!([]), "dialog");
        browser.fill("#new-password-field", "correct horse battery\u{e007}");
        page.wait_done("Your password was saved.");
    });
}

/// Presses Tab until the focus has been everywhere; returns the visible controls that it did not reach.
fn unreached(browser: &Session) -> Value {
    let controls = "const root = document.querySelector('dialog[open]') ?? document;
        window.unreached = [...root.querySelectorAll('a[href], button, input, textarea, summary')]
            .filter((control) => control.checkVisibility({ visibilityProperty: true }));
        document.addEventListener('focusin', ({ target }) =>
            window.unreached.splice(window.unreached.indexOf(target) >>> 0, 1));
        document.activeElement.blur();
        return window.unreached.length";
    let count = browser.run(controls, &[]).unwrap().as_u64().unwrap();
    for _ in 0..count + 4 {
        browser.press("\t");
    }
    browser.run("return window.unreached.map((control) => control.outerHTML)", &[]).unwrap()
}

#[test]
fn sessions_are_listed_and_the_others_end() {
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        page.wait_sessions(1);
        // A lost cookie leaves its session on the server; autofill opens another one.
        browser.devtools("Network.clearBrowserCookies", &json!({}));
        browser.open(&site.origin());
        page.wait_signed_in(1);
        page.wait_sessions(2);
        page.end_other_sessions();
        page.wait_done("You are signed in only here now.");
        page.wait_sessions(1);
    });
}

/// Writes screenshots of a phone and a laptop, in light and dark, to `target/screenshots`; the page must not be wider than
/// the window.
fn photograph(browser: &Session, site: &Site, view: &str) {
    for (device, width, height) in [("phone", 390, 844), ("laptop", 1366, 768)] {
        browser.resize(width, height);
        let wider = "const page = document.documentElement; return page.scrollWidth - page.clientWidth";
        assert_eq!(browser.run(wider, &[]).unwrap(), 0, "{view} is too wide for a {device}");
        for scheme in ["dark", "light"] {
            browser.prefer(scheme);
            site.keep_picture(&format!("{view}-{device}-{scheme}"), &browser.screenshot());
        }
    }
}

#[test]
fn the_page_fits_a_phone_and_a_laptop() {
    on_both_sites(&[], |browser, site| {
        let photograph = |view: &str| photograph(browser, site, view);
        let first = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        photograph("sign-in");
        page.sign_up("ada");
        photograph("one-passkey");
        first.pull_out();
        let second = browser.plug_in(Abilities::SECURITY_KEY);
        page.add();
        page.wait_done("Your new passkey is ready");
        page.wait_signed_in(2);
        photograph("naming");
        page.rename(2, "Kept in a drawer");
        page.wait_done("Renamed");
        photograph("two-passkeys");
        second.pull_out();
        page.sign_out();
        browser.open(&format!("{}/#create", site.origin()));
        browser.wait_until("the form", "return document.querySelector('#sign-up').checkVisibility()", &[]);
        photograph("create");
    });
}
