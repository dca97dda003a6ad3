//! The browser module as the sites serve it: integrity, and other servers.

use serde_json::{Value, json};

use crate::site::Site;
use crate::webdriver::{Abilities, Session};
use crate::{on_both_sites, simplewebauthn, skip};

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
