//! Reports of the page about ceremonies.

use serde_json::{Value, json};

use crate::on_both_sites;
use crate::page::Page;
use crate::webdriver::{Abilities, Session};

/// Keeps every report that the page sends.
const KEEP: &str = "{
    window.reports = [];
    const fetch = window.fetch;
    window.fetch = (resource, init) => {
        if (String(resource).endsWith('/telemetry')) window.reports.push(JSON.parse(init.body));
        return fetch(resource, init);
    };
}";

fn reports(browser: &Session) -> Vec<Value> {
    browser.run("return window.reports", &[]).unwrap().as_array().cloned().unwrap()
}

#[test]
fn the_page_reports_how_ceremonies_end_where_it_is_on() {
    on_both_sites(&["--telemetry"], |browser, site| {
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": KEEP}));
        let authenticator = browser.plug_in(Abilities { consents: false, ..Abilities::PLATFORM });
        let page = Page::open(browser, site);
        let capable = "return window.reports.some(({ capabilities }) => capabilities?.includes('passkeys'))";
        browser.wait_until("the capabilities", capable, &[]);
        page.shorten_prompts();
        page.ask_for_account("ada");
        page.wait_message("#sign-up", "cancelled");
        let end =
            |outcome: &str, phase: &str| json!({"purpose": "sign-up", "phase": phase, "outcome": outcome});
        let mut cancelled = end("cancelled", "prompt");
        cancelled["error"] = json!("NotAllowedError");
        assert!(reports(browser).contains(&cancelled), "{:?}", reports(browser));

        authenticator.pull_out();
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        page.ask_again();
        page.wait_signed_in(1);
        assert!(reports(browser).contains(&end("succeeded", "done")), "{:?}", reports(browser));
        page.wait_answer("POST telemetry 204");
        let text = Value::from(reports(browser)).to_string();
        assert!(!text.contains("ada"), "{text}");
    });
}

#[test]
fn the_page_reports_nothing_where_it_is_off() {
    on_both_sites(&[], |browser, site| {
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": KEEP}));
        let _authenticator = browser.plug_in(Abilities::PLATFORM);
        let page = Page::open(browser, site);
        page.sign_up("ada");
        assert_eq!(reports(browser), [Value::Null; 0]);
    });
}
