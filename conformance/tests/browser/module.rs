//! The browser module as the sites serve it: cut networks, integrity, and other servers.

use serde_json::{Value, json};

use crate::page::Page;
use crate::site::Site;
use crate::webdriver::{Abilities, Session};
use crate::{on_both_sites, simplewebauthn, skip};

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

#[test]
fn the_page_rejects_a_module_with_another_hash() {
    on_both_sites(&[], |browser, site| {
        let served = "const { connect } = await import('/webauthn/passkeys.js'); return typeof connect";
        browser.open(&format!("{}/.well-known/webauthn", site.origin()));
        assert_eq!(browser.run(served, &[]).unwrap(), "function");
        let wrong = "
            document.head.innerHTML = '';
            const link = document.createElement('link');
            Object.assign(link, { rel: 'modulepreload', href: '/webauthn/passkeys.js', integrity: 'sha384-' + 'A'.repeat(64) });
            await new Promise((ended) => {
                link.onload = link.onerror = ended;
                document.head.append(link);
            });
            return import('/webauthn/passkeys.js').then(() => 'loaded', () => 'rejected')";
        browser.open(&format!("{}/.well-known/webauthn?again", site.origin()));
        assert_eq!(browser.run(wrong, &[]).unwrap(), "rejected");
    });
}

#[test]
fn the_module_works_with_the_simplewebauthn_server() {
    let server = match simplewebauthn::Server::install() {
        Ok(server) => server,
        Err(why) => return skip(&why),
    };
    on_both_sites(&[], |browser, site| {
        let _authenticator = browser.plug_in(Abilities { resident_key: false, ..Abilities::PLATFORM });
        browser.open(&format!("{}/.well-known/webauthn", site.origin()));
        let registered = ceremony(browser, &server, site, "create", &Value::Null);
        let credential = &registered["registrationInfo"]["credential"];
        assert_eq!(registered["verified"], true, "{registered}");
        let signed_in = ceremony(browser, &server, site, "get", credential);
        assert_eq!(signed_in["verified"], true, "{signed_in}");
    });
}

/// One ceremony: options from the package, the response from the module, the verdict of the package.
fn ceremony(
    browser: &Session,
    server: &simplewebauthn::Server,
    site: &Site,
    method: &str,
    credential: &Value,
) -> Value {
    let request = json!({"method": method, "origin": site.origin(), "credential": credential});
    let options = server.run(&request);
    let perform = "const module = await import('/webauthn/passkeys.js');
        return module[arguments[0]](arguments[1])";
    let response = browser.run(perform, &[json!(method), options.clone()]).unwrap();
    let mut request = request;
    request["options"] = options;
    request["response"] = response;
    server.run(&request)
}
