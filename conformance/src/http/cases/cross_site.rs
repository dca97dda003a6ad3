//! Requests from other sites, and front ends on other hosts of the same site.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Server, Test};
use crate::http::{HttpResponse, LOCALHOST, ORIGIN, Setup, UserAgent};

const STATE_CHANGING: [(&str, &str); 12] = [
    ("POST", "registration/options"),
    ("POST", "registration/verify"),
    ("POST", "authentication/options"),
    ("POST", "authentication/verify"),
    ("PATCH", "credentials/AAAA"),
    ("DELETE", "credentials/AAAA"),
    ("PATCH", "user"),
    ("DELETE", "sessions"),
    ("DELETE", "sessions/AAAA"),
    ("POST", "sign-out"),
    ("POST", "/app/user"),
    ("DELETE", "/app/maybe"),
];

const OF_THE_APPLICATION: [&str; 4] =
    ["/app/registration", "/app/authentication", "/app/passkey", "/app/sign-out"];

async fn signed_in(test: &Test) -> UserAgent {
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim
}

fn from(browser: &mut UserAgent, origin: Option<&str>, site: Option<&'static str>) {
    (browser.origin, browser.sec_fetch_site) = (origin.map(str::to_owned), site);
}

async fn assert_rejected(browser: &mut UserAgent) {
    let (origin, site) = (browser.origin.clone(), browser.sec_fetch_site);
    for (method, path) in
        STATE_CHANGING.into_iter().chain(OF_THE_APPLICATION.into_iter().map(|path| ("POST", path)))
    {
        let answer = browser.call(method, path, &json!({})).await;
        assert_eq!(answer.problem(), (403, "cross-site-request"), "{method} {path} {origin:?} {site:?}");
    }
}

pub(super) async fn requests_from_other_sites_are_rejected(server: Server) {
    let test = server.start().await;
    let mut kim = signed_in(&test).await;
    for (origin, site) in [
        (Some("https://evil.example"), None),
        (Some("http://example.org"), Some("same-origin")),
        (Some("https://example.org:8443"), None),
        (Some("https://login.example.org"), Some("same-site")),
        (Some("null"), None),
        (Some("android:apk-key-hash:AAAA"), None),
        (Some("https://example.org"), Some("cross-site")),
        (Some("https://example.org"), Some("same-site")),
        (None, Some("cross-site")),
        (None, Some("same-site")),
        // A cookie without either: browsers can be made to send such requests.
        (None, None),
    ] {
        from(&mut kim, origin, site);
        assert_rejected(&mut kim).await;
    }
    let events = test.events();
    assert!(
        events.iter().any(|event| event.contains("accepted: [\\\"https://example.org\\\"")
            || event.contains("accepted: [\"https://example.org\"")),
        "{events:?}"
    );
    // Reading changes nothing.
    assert_eq!(kim.get("/app/user").await.text(), "kim");
    kim.get("session").await.ok();
}

pub(super) async fn websockets_of_other_sites_are_rejected(server: Server) {
    let test = server.start().await;
    let mut kim = signed_in(&test).await;
    for (origin, site, is_rejected) in [
        (Some("https://evil.example"), Some("cross-site"), true),
        (Some("https://old.example.org"), Some("same-site"), true),
        (Some("https://old.example.org"), None, true),
        (None, None, true),
        (Some("https://example.org"), Some("same-origin"), false),
        (Some("https://example.org"), None, false),
    ] {
        from(&mut kim, origin, site);
        for upgrade in ["websocket", "WebSocket", "h2c, websocket"] {
            let headers = [("connection", "Upgrade"), ("upgrade", upgrade)];
            for path in ["/app/user", "/app/maybe"] {
                let answer = kim.send("GET", path, &headers, &[]).await;
                if is_rejected {
                    assert_eq!(answer.problem(), (403, "cross-site-request"), "{path} {origin:?} {upgrade}");
                } else {
                    assert_eq!(answer.text(), "kim", "{path} {origin:?} {upgrade}");
                }
            }
        }
    }
    from(&mut kim, Some("https://evil.example"), Some("cross-site"));
    assert_eq!(kim.send("GET", "/app/user", &[("upgrade", "h2c")], &[]).await.text(), "kim");
}

pub(super) async fn configured_origins_and_native_clients_pass(server: Server) {
    let test = server.start().await;
    for (origin, site) in [
        (Some("https://example.org"), Some("same-origin")),
        (Some("https://example.org"), None),
        (Some("https://example.com"), None),
        (None, Some("same-origin")),
        (None, Some("none")),
    ] {
        let mut kim = test.browser("kim");
        // With the ceremony cookie.
        kim.post("authentication/options", &json!({})).await.ok();
        from(&mut kim, origin, site);
        assert_eq!(kim.post("authentication/options", &json!({})).await.status, 200, "{origin:?} {site:?}");
    }
    let mut native = test.browser("native");
    from(&mut native, None, None);
    native.post("authentication/options", &json!({})).await.ok();
}

pub(super) async fn an_origin_of_a_switch_passes_only_as_same_origin(server: Server) {
    let switch = |setup: &mut Setup| setup.relying_party = |rp| rp.allow_subdomains();
    let test = server.start_with(switch).await;
    let mut kim = signed_in(&test).await;
    let origin = Some("https://login.example.org");
    for site in [None, Some("none"), Some("same-site"), Some("cross-site")] {
        from(&mut kim, origin, site);
        assert_rejected(&mut kim).await;
    }
    from(&mut kim, origin, Some("same-origin"));
    kim.post("authentication/options", &json!({})).await.ok();
    from(&mut kim, Some("https://login.example.com"), Some("same-origin"));
    assert_rejected(&mut kim).await;
}

const FRONT_END: &str = "https://app.example.org";

fn front_end(setup: &mut Setup) {
    setup.relying_party = |rp| rp.related_origin(FRONT_END);
    setup.service = Box::new(|builder| builder.front_end(FRONT_END));
}

fn cors(answer: &HttpResponse) -> Vec<(&str, &str)> {
    let is_cors = |name: &str| name.starts_with("access-control-") || name == "vary";
    let headers = answer.headers.iter().filter(|(name, _)| is_cors(name));
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    headers.sort_unstable();
    headers
}

pub(super) async fn a_front_end_on_another_host_works(server: Server) {
    // The front end is an origin of the relying party by name, or by a switch.
    let by_switch = |setup: &mut Setup| {
        setup.relying_party = |rp| rp.allow_subdomains();
        setup.service = Box::new(|builder| builder.front_end(FRONT_END));
    };
    for setup in [front_end as fn(&mut Setup), by_switch] {
        let test = server.start_with(setup).await;
        let mut kim = test.browser("kim");
        kim.page = FRONT_END.into();
        from(&mut kim, Some(FRONT_END), Some("same-site"));
        kim.sign_up("kim").await;
        from(&mut kim, Some("https://other.example.org"), Some("same-site"));
        assert_rejected(&mut kim).await;
    }
    let test = server.start_with(front_end).await;
    let mut kim = test.browser("kim");
    kim.page = FRONT_END.into();
    from(&mut kim, Some(FRONT_END), Some("same-site"));
    kim.sign_up("kim").await;
    kim.sign_in().await;
    let allowed = [
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-origin", FRONT_END),
        ("access-control-expose-headers", "retry-after"),
        ("vary", "Origin"),
    ];
    for (method, path) in [
        ("GET", "session"),
        ("GET", "credentials"),
        ("POST", "registration/options"),
        ("DELETE", "credentials/AAAA"),
    ] {
        let answer = kim.call(method, path, &json!({})).await;
        assert_eq!(cors(&answer), allowed, "{method} {path}");
    }
    let preflight =
        [("access-control-request-method", "PATCH"), ("access-control-request-headers", "content-type")];
    let answer = kim.send("OPTIONS", "credentials/AAAA", &preflight, &[]).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(
        cors(&answer),
        [
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-headers", "content-type, authorization"),
            ("access-control-allow-methods", "PATCH,DELETE"),
            ("access-control-allow-origin", FRONT_END),
            ("access-control-expose-headers", "retry-after"),
            ("access-control-max-age", "600"),
            ("vary", "Origin"),
        ]
    );
    from(&mut kim, Some(FRONT_END), Some("cross-site"));
    assert_rejected(&mut kim).await;
}

pub(super) async fn rejections_have_the_headers_of_every_response(server: Server) {
    let setup = |setup: &mut Setup| {
        setup.relying_party = |rp| rp.related_origin(FRONT_END);
        setup.service = Box::new(|builder| builder.front_end(FRONT_END).hsts(Duration::from_secs(86_400)));
    };
    let test = server.start_with(setup).await;
    let mut kim = test.browser("kim");
    // A route, extractors and a guard.
    for path in ["session", "/app/user", "/app/passkey", "/app/recent", "/app/authentication"] {
        from(&mut kim, Some(FRONT_END), Some("same-site"));
        let answer = kim.post(path, &json!({})).await;
        let is_route = path == "session";
        assert_eq!(
            answer.status,
            if is_route {
                405
            } else if path.ends_with("authentication") {
                400
            } else {
                401
            }
        );
        assert_eq!(answer.header("x-content-type-options").collect::<Vec<_>>(), ["nosniff"], "{path}");
        assert_eq!(
            answer.header("strict-transport-security").collect::<Vec<_>>(),
            ["max-age=86400"],
            "{path}"
        );
        let allowed = [
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-origin", FRONT_END),
            ("access-control-expose-headers", "retry-after"),
            ("vary", "Origin"),
        ];
        assert_eq!(cors(&answer), allowed, "{path}");
        from(&mut kim, Some("https://example.org"), None);
        assert_eq!(cors(&kim.post(path, &json!({})).await), [("vary", "Origin")], "{path}");
    }
}

pub(super) async fn hsts_is_never_sent_for_localhost(server: Server) {
    for (origin, expected) in [(ORIGIN, &["max-age=86400"][..]), (LOCALHOST, &[][..])] {
        let setup = |setup: &mut Setup| {
            setup.origin = origin;
            setup.service = Box::new(|builder| builder.hsts(Duration::from_secs(86_400)));
        };
        let test = server.start_with(setup).await;
        for path in ["session", "/app/user"] {
            let answer = test.browser("kim").get(path).await;
            let sent: Vec<_> = answer.header("strict-transport-security").collect();
            assert_eq!(sent, expected, "{origin} {path}");
        }
    }
}

pub(super) async fn no_other_origin_receives_cors_headers(server: Server) {
    for has_front_end in [false, true] {
        let test = server
            .start_with(|setup| {
                if has_front_end {
                    front_end(setup)
                }
            })
            .await;
        let vary = if has_front_end { &[("vary", "Origin")][..] } else { &[] };
        for origin in [
            None,
            Some("https://example.org"),
            Some("https://example.com"),
            Some("https://app.example.org.evil.example"),
            Some("https://evil.example"),
            Some("null"),
        ] {
            let mut browser = test.browser("kim");
            from(&mut browser, origin, None);
            for (method, path, status) in [("GET", "session", 401), ("OPTIONS", "registration/options", 405)]
            {
                let answer = browser.call(method, path, &Value::Null).await;
                assert_eq!(
                    (answer.status, cors(&answer).as_slice()),
                    (status, vary),
                    "{origin:?} {method} {path}"
                );
            }
        }
    }
}

pub(super) async fn the_appid_is_omitted_on_pages_of_other_domains(server: Server) {
    const APPID: &str = "https://www.example.org/app-id.json";
    let test = server.start_with(|setup| setup.relying_party = |rp| rp.appid(APPID)).await;
    let mut kim = signed_in(&test).await;
    for (origin, expected) in [(ORIGIN, json!(APPID)), ("https://example.com", Value::Null)] {
        from(&mut kim, Some(origin), None);
        for body in [json!({}), json!({"username": "kim"}), json!({"purpose": "step-up"})] {
            let options = kim.post("authentication/options", &body).await.ok();
            assert_eq!(options["extensions"]["appid"], expected, "{origin} {body}");
        }
        for body in [json!({}), json!({"username": "lee"})] {
            let mut browser = if body == json!({}) { kim.clone() } else { test.browser("lee") };
            from(&mut browser, Some(origin), None);
            let options = browser.post("registration/options", &body).await.ok();
            assert_eq!(options["extensions"]["appidExclude"], expected, "{origin} {body}");
        }
    }
}
