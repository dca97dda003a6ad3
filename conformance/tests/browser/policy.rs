//! Policies of the site: how many passkeys, enrolment of a group, and changed contexts.

use std::time::{Duration, SystemTime};

use serde_json::json;
use time::{Date, OffsetDateTime};

use crate::folder::Folder;
use crate::page::Page;
use crate::site::Site;
use crate::webdriver::Abilities;
use crate::{for_both_sites, on_both_sites, photograph};

const PASSWORD: &str = "correct horse battery";

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

#[test]
fn enrolment_is_reminded_of_then_in_grace_and_then_required() {
    for_both_sites(|browser, kind| {
        let folder = Folder::new("policy");
        // From ten days after today, with two weeks of grace.
        let policy = format!(
            "sign_up = true\n[group.administrators]\nsecond_factor = 'required'\n\
             enrol = {{ from = {}, grace_days = 14, remind_days = 30 }}\n",
            today() + DAY * 10,
        );
        let file = folder.write("policy.toml", policy.as_bytes());
        let site = Site::start(kind, &["--policy", &file, "--administrator", "ada"]);
        let page = Page::open(browser, &site);
        page.sign_up_with_password("ada", PASSWORD);
        page.wait_signed_in(0);
        for days in [0, 11] {
            // Reminded before the day, and in the period of grace after it.
            enter(&page, &site, days);
            page.wait_signed_in(0);
            assert!(browser.text("#reminder").starts_with("Add a passkey by "), "{days}");
            photograph(browser, &site, &format!("reminder-{days}"));
        }
        enter(&page, &site, 26);
        page.wait_choice(&["add-passkey", "add-totp"]);
        photograph(browser, &site, "enrolment-required");
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        browser.click("#second-factor button[name=add-passkey]");
        page.wait_choice(&["passkey"]);
        browser.click("#second-factor button[name=passkey]");
        page.wait_signed_in(1);
        assert_eq!(browser.text("#reminder"), "");
    });
}

#[test]
fn users_outside_the_group_are_not_reminded() {
    for_both_sites(|browser, kind| {
        let folder = Folder::new("policy");
        let policy = format!(
            "sign_up = true\n[group.administrators]\nsecond_factor = 'required'\n\
             enrol = {{ from = {}, grace_days = 1 }}\n",
            today() - DAY * 10,
        );
        let file = folder.write("policy.toml", policy.as_bytes());
        let site = Site::start(kind, &["--policy", &file, "--administrator", "ada"]);
        let page = Page::open(browser, &site);
        page.sign_up_with_password("bob", PASSWORD);
        page.wait_signed_in(0);
        assert_eq!(browser.text("#reminder"), "");
    });
}

#[test]
fn a_changed_context_asks_for_the_passkey_again() {
    for_both_sites(|browser, kind| {
        let folder = Folder::new("policy");
        let policy = "sign_up = true\n[default]\nreauthenticate = { on_changed_context = true }\n";
        let file = folder.write("policy.toml", policy.as_bytes());
        let site = Site::start(kind, &["--policy", &file]);
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, &site);
        page.sign_up("ada");
        browser.devtools("Network.setUserAgentOverride", &json!({"userAgent": "Another/1.0"}));
        browser.run("window.answers = []", &[]).unwrap();
        page.rename(1, "Phone");
        page.wait_done("Renamed.");
        page.wait_signed_in(1);
        let answers = page.answers();
        let asked =
            answers.iter().any(|answer| answer.starts_with("PATCH ") && answer.contains("step-up-required"));
        assert!(asked, "{answers:?}");
        // Once is enough in this context.
        browser.run("window.answers = []", &[]).unwrap();
        page.rename(1, "Phone 2");
        page.wait_done("Renamed.");
        page.wait_signed_in(1);
        assert!(!page.answers().iter().any(|answer| answer.contains("step-up-required")));
    });
}

/// Signs in with the password, this many days after today.
fn enter(page: &Page<'_>, site: &Site, days: u32) {
    site.set_clock_ahead(DAY * days);
    page.reload(site);
    page.sign_out_if_signed_in();
    page.sign_in_with_password("ada", PASSWORD);
}

fn today() -> Date {
    OffsetDateTime::from(SystemTime::now()).date()
}

const DAY: Duration = Duration::from_secs(86_400);
