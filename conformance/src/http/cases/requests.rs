//! Paths, methods, bodies and events.

use std::sync::{Arc, Mutex, PoisonError};

use rp_core::base64url;
use rp_service::http::Route;
use rp_service::{Event, PasskeyEndpoints};
use serde_json::{Value, json};

use super::Server;
use crate::http::{ADDRESS, ORIGIN};

pub(super) async fn the_well_known_documents_are_served(server: Server) {
    let test = server.start().await;
    let mut browser = test.browser("one");
    let document = browser.get("/.well-known/webauthn").await.ok();
    assert_eq!(document, json!({"origins": ["https://example.org", "https://example.com"]}));
    let endpoints = browser.get("/.well-known/passkey-endpoints").await.ok();
    let url = |path: &str| format!("{ORIGIN}/{path}");
    assert_eq!(
        endpoints,
        json!({"enroll": url("enroll"), "manage": url("manage"), "prfUsageDetails": url("prf")})
    );
}

pub(super) async fn passkey_endpoints_that_are_not_set_are_404(server: Server) {
    let none = |setup: &mut crate::http::Setup| {
        setup.service = Box::new(|builder| builder.passkey_endpoints(PasskeyEndpoints::default()));
    };
    let test = server.start_with(none).await;
    let answer = test.browser("one").get("/.well-known/passkey-endpoints").await;
    assert_eq!((answer.status, answer.body.len()), (404, 0));
}

pub(super) async fn other_methods_are_405_and_head_is_get(server: Server) {
    let test = server.start().await;
    let mut browser = test.browser("one");
    let answer = browser.call("HEAD", "/.well-known/webauthn", &Value::Null).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(browser.call("HEAD", "credentials", &Value::Null).await.status, 401);
    for (method, path, allowed) in [
        ("GET", "sign-out", "POST"),
        ("OPTIONS", "registration/options", "POST"),
        ("POST", "credentials", "GET,HEAD"),
        ("PUT", "credentials/AAAA", "PATCH,DELETE"),
        ("POST", "sessions", "GET,HEAD,DELETE"),
        ("GET", "user", "PATCH"),
        ("POST", "/.well-known/webauthn", "GET,HEAD"),
    ] {
        let answer = browser.call(method, path, &Value::Null).await;
        assert_eq!((answer.status, answer.body.len()), (405, 0), "{method} {path}");
        assert_eq!(answer.header("allow").collect::<Vec<_>>(), [allowed], "{method} {path}");
    }
}

pub(super) async fn client_data_are_limited_to_4_kib(server: Server) {
    let test = server.start().await;
    for (length, expected) in [(4_096, 201), (4_097, 400)] {
        let mut kim = test.browser("kim");
        let mut response = kim.create(&json!({"username": format!("kim{length}")})).await;
        let data = response["response"]["clientDataJSON"].as_str().unwrap_or_default();
        let mut data = base64url::decode(data).expect("base64url");
        // Unknown members are allowed; without attestation, client data are not signed.
        let end = data.pop();
        assert_eq!(end, Some(b'}'));
        let padding = length - data.len() - r#","x":""}"#.len();
        data.extend(format!(r#","x":"{}"}}"#, "x".repeat(padding)).into_bytes());
        assert_eq!(data.len(), length);
        response["response"]["clientDataJSON"] = json!(base64url::encode(&data));
        assert_eq!(kim.register(&response).await.status, expected, "{length}");
    }
}

pub(super) async fn events_name_session_address_and_request(server: Server) {
    let seen = Arc::<Mutex<Vec<_>>>::default();
    let sink = Arc::clone(&seen);
    let record = move |event: &Event<'_>| {
        let client = event.client.cloned().unwrap_or_default();
        let session = event.session.map(|session| session.to_string()).unwrap_or_default();
        let line = (event.action.as_str(), session, client.address, client.request_id);
        sink.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    };
    let test = server
        .start_with(|setup| {
            setup.service =
                Box::new(|builder| builder.events(record).command_line("acme", "Acme").browser_telemetry())
        })
        .await;
    let mut kim = test.browser("kim");
    kim.headers.push(("x-request-id", b"req-7".to_vec()));
    kim.sign_up("kim").await;
    let first = kim.get("sessions").await.ok()["sessions"][0]["id"].clone();
    kim.sign_in().await;
    let second = kim.get("sessions").await.ok()["sessions"][0]["id"].clone();
    kim.post("registration/options", &json!({"username": 7})).await.problem();
    kim.sec_fetch_site = Some("cross-site");
    kim.post("sign-out", &Value::Null).await.problem();
    kim.sec_fetch_site = Some("same-origin");
    kim.sign_out().await;
    // Routes without a session.
    for path in ["token", "telemetry"] {
        for (media_type, body) in [("text/plain", "{}"), ("application/json", "{\"code\":7}")] {
            kim.send("POST", path, &[("content-type", media_type)], body.as_bytes()).await.problem();
        }
    }

    // A request of another site is rejected before its session is read.
    let expected = [
        ("sign-up", &first),
        ("sign-in", &second),
        ("request", &second),
        ("request", &json!("")),
        ("sign-out", &second),
        ("request", &json!("")),
        ("request", &json!("")),
        ("request", &json!("")),
        ("request", &json!("")),
    ];
    let expected = expected.map(|(action, session)| {
        let session = session.as_str().unwrap_or_default().to_owned();
        (action, session, Some(ADDRESS.to_owned()), Some("req-7".to_owned()))
    });
    assert_eq!(*seen.lock().unwrap_or_else(PoisonError::into_inner), expected);
}

pub(super) async fn bodies_are_json_of_limited_length(server: Server) {
    const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
    let test = server.start().await;
    let mut browser = test.browser("one");
    for (path, body) in [
        ("registration/options", ""),
        ("registration/options", "{"),
        ("registration/options", "[]"),
        ("registration/options", r#"{"username":7}"#),
        ("registration/options", r#"{"displayName":"Kim"}"#),
        ("registration/options", r#"{"username":"a","username":"b"}"#),
        ("authentication/options", r#"{"purpose":"sign-in"}"#),
        ("authentication/options", r#"{"username":"a","purpose":"step-up"}"#),
        ("authentication/options", r#"{"username":"a","purpose":"second-factor"}"#),
        ("authentication/options", "\u{feff}{}"),
        ("registration/verify", "{}"),
        ("authentication/verify", "{}"),
    ] {
        let answer = browser.send("POST", path, &JSON, body.as_bytes()).await;
        assert_eq!(answer.problem(), (400, "malformed-json"), "{path} {body}");
    }
    let response = browser.create(&json!({"username": "kim"})).await.to_string();
    let padded = response.replacen(r#""attestationObject":""#, r#""attestationObject":"="#, 1);
    let answer = browser.send("POST", "registration/verify", &JSON, padded.as_bytes()).await;
    assert_eq!(answer.problem(), (400, "malformed-base64"));

    for headers in [&[("content-type", "text/plain")][..], &[]] {
        let answer = browser.send("POST", "authentication/options", headers, b"{}").await;
        assert_eq!(answer.problem(), (415, "unsupported-media-type"));
    }
    let mut large = b"{}".to_vec();
    large.resize(rp_service::http::MAX_BODY_BYTES, b' ');
    assert_eq!(browser.send("POST", "authentication/options", &JSON, &large).await.status, 200);
    large.push(b' ');
    let answer = browser.send("POST", "authentication/options", &JSON, &large).await;
    assert_eq!(answer.problem(), (413, "body-too-large"));
}

pub(super) async fn every_route_of_the_user_requires_a_session(server: Server) {
    let test = server.start().await;
    let mut browser = test.browser("one");
    for cookie in [None, Some(&b"AAAAAAAAAAAAAAAAAAAAAA"[..]), Some(&[b'A'; 43])] {
        if let Some(cookie) = cookie {
            browser.set_cookie("__Host-rp-session", cookie);
        }
        for &route in Route::ALL {
            let path = route.path().replace("{id}", "AAAA").replace("{name}", "totp");
            let body = match route {
                Route::EnrolFactor | Route::ConfirmFactor | Route::FactorOptions | Route::VerifyFactor => {
                    json!({})
                }
                Route::RenameCredential => json!({"nickname": "a"}),
                Route::ChangeUser => json!({"displayName": "a"}),
                Route::RegistrationOptions | Route::ProofOptions => json!({}),
                Route::AuthenticationOptions => json!({"purpose": "step-up"}),
                _ => Value::Null,
            };
            let answer = browser.call(route.method(), &path, &body).await;
            match route {
                Route::RegistrationVerify | Route::AuthenticationVerify | Route::ProofVerify => {
                    assert_eq!(answer.status, 415);
                }
                Route::ProofOptions => assert_eq!(answer.status, 200),
                Route::SignOut => assert_eq!(answer.status, 204),
                Route::BrowserModule
                | Route::GermanTexts
                | Route::TelemetryModule
                | Route::WellKnownWebauthn
                | Route::WellKnownPasskeyEndpoints => assert_eq!(answer.status, 200),
                // Not switched on.
                Route::Authorize | Route::ConfirmAuthorization | Route::Token | Route::Telemetry => {
                    assert_eq!(answer.status, 404, "{route:?}");
                }
                _ => assert_eq!(answer.problem(), (401, "not-signed-in"), "{route:?}"),
            }
        }
    }
}

pub(super) async fn routes_are_under_the_chosen_prefix(server: Server) {
    let test = server.start_with(|setup| setup.prefix = "/auth/passkeys").await;
    let mut kim = test.browser("kim");
    let credential = kim.sign_up("kim").await;
    kim.step_up().await;
    let path = format!("credentials/{}", credential["id"].as_str().unwrap_or_default());
    kim.call("PATCH", &path, &json!({"nickname": "mine"})).await.ok();
    kim.get("credentials/signal").await.ok();
    kim.get("/.well-known/webauthn").await.ok();
    for path in ["/webauthn/credentials", "/credentials", "/auth/credentials", "/auth/passkeys"] {
        assert_eq!(kim.get(path).await.status, 404, "{path}");
    }
}

pub(super) async fn a_prefix_may_have_parameters_of_its_own(server: Server) {
    let test = server.start_with(|setup| setup.prefix = "/{lang}/{a}/{b}/auth").await;
    let mut kim = test.browser("kim");
    kim.prefix = "/en/1/2/auth".into();
    let credential = kim.sign_up("kim").await;
    let path = format!("credentials/{}", credential["id"].as_str().unwrap_or_default());
    kim.call("PATCH", &path, &json!({"nickname": "mine"})).await.ok();
    kim.get("credentials/signal").await.ok();
    let session = kim.get("sessions").await.ok()["sessions"][0]["id"].clone();
    let path = format!("sessions/{}", session.as_str().unwrap_or_default());
    assert_eq!(kim.call("DELETE", &path, &Value::Null).await.status, 204);
    // A handler of the application.
    let answer = kim.get("/en/1/2/auth/other").await;
    assert_eq!(answer.header("cache-control").collect::<Vec<_>>(), ["no-store"]);
    for path in ["/en/1/2/auth", "/en/1/auth/other", "//1/2/auth/other"] {
        assert_eq!(kim.get(path).await.header("cache-control").next(), None, "{path}");
    }
}

pub(super) async fn only_the_named_routes_are_mounted(server: Server) {
    let mounted = [Route::AuthenticationOptions, Route::SignOut];
    let test = server.start_with(|setup| setup.routes = mounted.into()).await;
    let mut browser = test.browser("one");
    browser.post("authentication/options", &json!({})).await.ok();
    browser.sign_out().await;
    for &route in Route::ALL.iter().filter(|route| !mounted.contains(route)) {
        let path = route.path().replace("{id}", "AAAA");
        assert_eq!(browser.call(route.method(), &path, &json!({})).await.status, 404, "{route:?}");
    }
}

pub(super) async fn the_browser_module_is_cached_by_its_hash(server: Server) {
    let test = server.start().await;
    let mut browser = test.browser("one");
    for path in ["/webauthn/passkeys.js", "/webauthn/passkeys.de.js", "/webauthn/telemetry.js"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let etag = answer.header("etag").next().unwrap_or_default().to_owned();
        let again = browser.send("GET", path, &[("if-none-match", &etag)], b"").await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
}
