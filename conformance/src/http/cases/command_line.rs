//! Sign-in of command lines: the session, the page, and the confirmation.

use std::time::Duration;

use rp_core::base64url;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::first_factor::password;
use super::{Server, Test};
use crate::http::{HttpResponse, Setup, UserAgent, has_secret};

pub(super) const CLIENT: &str = "acme-cli";
pub(super) const REDIRECT: &str = "http://127.0.0.1:49152/callback";
pub(super) const VERIFIER: &str = "the-secret-of-this-sign-in-has-43-characters";

pub(super) fn allowed(setup: &mut Setup) {
    setup.service = Box::new(|builder| {
        builder.command_line(CLIENT, "Acme’s <command line>").command_line("other-cli", "Other")
    });
}

/// The parameters of a request.
fn parameters() -> Vec<(&'static str, String)> {
    vec![
        ("response_type", "code".into()),
        ("client_id", CLIENT.into()),
        ("redirect_uri", REDIRECT.into()),
        ("code_challenge", base64url::encode(&Sha256::digest(VERIFIER))),
        ("code_challenge_method", "S256".into()),
        ("state", "a state".into()),
    ]
}

/// The parameters with one changed or, if it is `None`, removed.
fn parameters_with(name: &str, value: Option<&str>) -> Vec<(&'static str, String)> {
    let mut all = parameters();
    match value {
        Some(value) => {
            all.iter_mut().filter(|(other, _)| *other == name).for_each(|one| one.1 = value.into())
        }
        None => all.retain(|(other, _)| *other != name),
    }
    all
}

fn encode(pairs: &[(&'static str, String)]) -> String {
    let octet = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let pair =
        |(name, value): &(&str, String)| format!("{name}={}", value.bytes().map(octet).collect::<String>());
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

async fn open(browser: &mut UserAgent, parameters: &[(&'static str, String)]) -> HttpResponse {
    browser.get(&format!("authorize?{}", encode(parameters))).await
}

/// The sealed request in a page.
#[track_caller]
fn sealed(page: &HttpResponse) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("data-request=\"").expect("the page has a request");
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// Opens the page; returns the sealed request.
pub(super) async fn shown(browser: &mut UserAgent) -> String {
    sealed(&open(browser, &parameters()).await)
}

async fn confirm(browser: &mut UserAgent, request: &str) -> HttpResponse {
    browser.post("authorize", &json!({ "request": request })).await
}

/// Opens the page, uses the passkey, and confirms; returns the code.
pub(super) async fn code(browser: &mut UserAgent) -> String {
    let request = shown(browser).await;
    browser.step_up().await;
    let location = confirm(browser, &request).await.ok()["location"].as_str().unwrap_or_default().to_owned();
    let rest = location.strip_prefix(&format!("{REDIRECT}?code=")).expect("a code");
    rest.strip_suffix("&state=a+state&iss=https%3A%2F%2Fexample.org").expect("state and issuer").to_owned()
}

/// The members of a request for a token.
pub(super) fn form(code: &str) -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "authorization_code".into()),
        ("client_id", CLIENT.into()),
        ("code", code.into()),
        ("redirect_uri", REDIRECT.into()),
        ("code_verifier", VERIFIER.into()),
    ]
}

/// The command line: a client without cookies, `Origin` and `Sec-Fetch-Site`.
pub(super) fn program(test: &Test) -> UserAgent {
    let headers = vec![("user-agent", b"acme-cli/1.0".to_vec())];
    UserAgent { origin: None, sec_fetch_site: None, headers, ..test.browser("program") }
}

pub(super) async fn redeem(program: &mut UserAgent, form: &[(&'static str, String)]) -> HttpResponse {
    let media_type = [("content-type", "application/x-www-form-urlencoded")];
    program.send("POST", "token", &media_type, encode(form).as_bytes()).await
}

/// Presents a token from now on.
pub(super) fn present(program: &mut UserAgent, session: &Value) {
    let token = session["token"].as_str().unwrap_or_default();
    program.headers.retain(|(name, _)| *name != "authorization");
    program.headers.push(("authorization", format!("Bearer {token}").into_bytes()));
}

/// The `code`, `error` and `detail` of a rejection.
#[track_caller]
pub(super) fn rejection(answer: &HttpResponse) -> (String, String, String) {
    let problem = answer.problem();
    assert_eq!(problem.status, 400, "{problem:?}");
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
    (text("code"), text("error"), text("detail"))
}

#[track_caller]
pub(super) fn assert_invalid_grant(answer: &HttpResponse, detail: &str) {
    assert_eq!(rejection(answer), ("invalid-grant".into(), "invalid_grant".into(), detail.into()));
}

pub(super) async fn signed_up(test: &Test) -> UserAgent {
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    kim
}

pub(super) async fn command_lines_are_off_by_default(server: Server) {
    let test = server.start().await;
    let mut kim = signed_up(&test).await;
    assert_eq!(open(&mut kim, &parameters()).await.status, 404);
    assert_eq!(confirm(&mut kim, "AAAA").await.status, 404);
    assert_eq!(redeem(&mut program(&test), &form("AAAA")).await.status, 404);
}

pub(super) async fn a_command_line_receives_a_bearer_session(server: Server) {
    let test = server.start_with(allowed).await;
    let mut kim = signed_up(&test).await;
    let browser = kim.get("session").await.ok();
    for with_form in [true, false] {
        let mut program = program(&test);
        let code = code(&mut kim).await;
        let session = if with_form {
            redeem(&mut program, &form(&code)).await
        } else {
            let members = form(&code).into_iter().map(|(name, value)| (name.to_owned(), value.into()));
            program.post("token", &Value::Object(members.collect())).await
        };
        let session = session.ok();
        assert_eq!(session["state"], "signed-in");
        assert_eq!(
            (&session["user"], &session["credential"]["id"]),
            (&browser["user"], &browser["credential"]["id"])
        );
        assert_eq!(session["assurance"], json!({"aal": 2, "acr": "phr", "amr": ["pop", "user", "mfa"]}));
        assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(3600)));
        assert_eq!(session["access_token"], session["token"]);
        assert_eq!(program.cookie("session"), None);
        present(&mut program, &session);
        assert_eq!(program.get("/app/user").await.text(), "kim");
        assert_eq!(program.post("/app/recent", &Value::Null).await.text(), "kim");
        let shown = program.get("session").await.ok();
        for member in ["state", "user", "credential", "assurance", "authTime", "expiresAt"] {
            assert_eq!(shown[member], session[member], "{member}");
        }
        // Nothing that issues tokens is switched on besides.
        let mut native = UserAgent { authenticator: kim.authenticator.clone(), ..program.clone() };
        native.headers.clear();
        native.sec_fetch_site = Some("none");
        assert_eq!(native.sign_in().await.get("token"), None);
        kim.authenticator = native.authenticator;
    }
}

pub(super) async fn a_bearer_session_ages_is_listed_and_ends(server: Server) {
    let test = server.start_with(allowed).await;
    let (mut kim, mut program) = (signed_up(&test).await, program(&test));
    let code = code(&mut kim).await;
    let session = redeem(&mut program, &form(&code)).await.ok();
    present(&mut program, &session);
    assert_eq!(program.post("/app/recent", &Value::Null).await.text(), "kim");
    test.wait(Duration::from_secs(121));
    let answer = program.post("/app/recent", &Value::Null).await;
    assert_eq!(answer.problem(), (403, "step-up-required"));
    assert_eq!(program.get("/app/user").await.text(), "kim");

    test.wait(Duration::from_secs(61));
    let listed = kim.get("sessions").await.ok()["sessions"].clone();
    let listed: Vec<_> =
        listed.as_array().into_iter().flatten().filter(|one| one["kind"] == "bearer").collect();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["userAgent"], &listed[0]["current"]), (&json!("acme-cli/1.0"), &json!(false)));
    let path = format!("sessions/{}", listed[0]["id"].as_str().unwrap_or_default());
    assert_eq!(kim.delete(&path).await.status, 204);
    assert_eq!(program.get("/app/user").await.problem(), (401, "not-signed-in"));
    assert_eq!(program.get("session").await.problem(), (401, "not-signed-in"));
}

pub(super) async fn a_bearer_session_lives_a_working_day(server: Server) {
    let test = server.start_with(allowed).await;
    let (mut kim, mut program) = (signed_up(&test).await, program(&test));
    let code = code(&mut kim).await;
    let session = redeem(&mut program, &form(&code)).await.ok();
    present(&mut program, &session);
    for _ in 0..16 {
        test.wait(Duration::from_secs(30 * 60));
        assert_eq!(program.get("/app/user").await.text(), "kim");
    }
    test.wait(Duration::from_secs(1));
    assert_eq!(program.get("/app/user").await.problem(), (401, "not-signed-in"));
}

pub(super) async fn the_page_shows_who_asks_and_is_never_framed(server: Server) {
    let test = server.start_with(allowed).await;
    let mut kim = test.browser("kim");
    let page = open(&mut kim, &parameters()).await;
    let text = page.text();
    for part in ["Sign in to Acme’s &lt;command line&gt;?", "<strong>example.org</strong>", "port 49152"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let cancel = format!(
        "href=\"{REDIRECT}?error=access_denied&amp;state=a+state&amp;iss=https%3A%2F%2Fexample.org\""
    );
    assert!(text.contains(&cancel), "{text}");
    assert!(text.contains("<dd id=\"account\">that of the passkey you use</dd>"), "{text}");
    assert!(!has_secret(&text, VERIFIER), "{text}");
    kim.sign_up("kim").await;
    assert!(open(&mut kim, &parameters()).await.text().contains("<dd id=\"account\">kim</dd>"));
    let rejected = open(&mut kim, &parameters_with("client_id", Some("evil"))).await;
    for page in [page, rejected] {
        let header = |name| page.header(name).collect::<Vec<_>>().join("|");
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'sha256-"), "{policy}");
        assert!(policy.ends_with("base-uri 'none'; form-action 'none'; frame-ancestors 'none'"), "{policy}");
    }
}

pub(super) async fn an_unknown_client_or_redirect_is_not_redirected(server: Server) {
    let test = server.start_with(allowed).await;
    let mut kim = signed_up(&test).await;
    let redirect = "the redirect_uri is not http://127.0.0.1:PORT/… or http://[::1]:PORT/…";
    for (parameter, value, detail) in [
        ("client_id", Some("evil"), "no client has this client_id"),
        ("client_id", None, "client_id is missing"),
        ("redirect_uri", None, "redirect_uri is missing"),
        ("redirect_uri", Some("https://example.org/callback"), redirect),
        ("redirect_uri", Some("http://localhost:49152/callback"), redirect),
        ("redirect_uri", Some("http://127.0.0.1.evil.example:80/"), redirect),
        ("redirect_uri", Some("http://127.0.0.1:80@evil.example/"), redirect),
        ("redirect_uri", Some("http://192.0.2.1:49152/callback"), redirect),
    ] {
        let _ = test.events();
        let answer = open(&mut kim, &parameters_with(parameter, value)).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!((answer.status, answer.header("location").next()), (400, None), "{value:?}");
        assert!(text.contains(&format!("<p>{detail}</p>")), "{detail} in {text}");
        let code = if detail.contains("no client") { "invalid-client" } else { "invalid-request" };
        assert_eq!(test.outcomes(), [format!("authorize {code}")]);
    }
}

pub(super) async fn other_errors_of_a_request_go_to_the_client(server: Server) {
    let test = server.start_with(allowed).await;
    let mut kim = signed_up(&test).await;
    for (parameter, value, error) in [
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", None, "invalid_request"),
    ] {
        let _ = test.events();
        let answer = open(&mut kim, &parameters_with(parameter, value)).await;
        assert_eq!(answer.status, 303, "{parameter} {value:?}");
        let location = format!("{REDIRECT}?error={error}&state=a+state&iss=https%3A%2F%2Fexample.org");
        assert_eq!(
            answer.header("location").collect::<Vec<_>>(),
            [location.as_str()],
            "{parameter} {value:?}"
        );
        assert_eq!(test.outcomes(), [format!("authorize {}", error.replace('_', "-"))]);
    }
    let mut with_scope = parameters();
    with_scope.push(("scope", "all".into()));
    let location = open(&mut kim, &with_scope).await.header("location").next().map(str::to_owned);
    assert!(location.is_some_and(|location| location.contains("?error=invalid_scope&")));
}

pub(super) async fn confirming_takes_a_passkey_since_the_page_was_shown(server: Server) {
    let test = server.start_with(allowed).await;
    let mut kim = test.browser("kim");
    let request = shown(&mut kim).await;
    assert_eq!(confirm(&mut kim, &request).await.problem(), (401, "not-signed-in"));
    // A sign-in after the page was shown is the use of the passkey.
    kim.sign_up("kim").await;
    confirm(&mut kim, &request).await.ok();
    // An earlier one is not.
    test.wait(Duration::from_secs(5));
    let request = shown(&mut kim).await;
    test.wait(Duration::from_secs(2));
    let answer = confirm(&mut kim, &request).await;
    assert_eq!(answer.problem(), (403, "step-up-required"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    assert_eq!(body["required"], json!({"maxAge": 2, "acr": "phr"}));
    kim.step_up().await;
    confirm(&mut kim, &request).await.ok();
    // Neither is a password, with a second factor missing or not enrolled.
    kim.sign_out().await;
    let request = shown(&mut kim).await;
    password(&mut kim, "kim").await.text();
    assert_eq!(confirm(&mut kim, &request).await.problem(), (401, "second-factor-required"));
    test.passkeys.create_user("sam", "Sam").await.expect("memory");
    let mut sam = test.browser("sam");
    let request = shown(&mut sam).await;
    assert_eq!(password(&mut sam, "sam").await.text(), "sam signed in");
    assert_eq!(confirm(&mut sam, &request).await.problem(), (403, "step-up-required"));
}

pub(super) async fn another_user_can_replace_a_first_factor(server: Server) {
    let test = server.start_with(allowed).await;
    let mut kim = signed_up(&test).await;
    kim.sign_out().await;
    password(&mut kim, "kim").await.text();
    let page = open(&mut kim, &parameters()).await.text();
    assert!(page.contains("<dd id=\"account\">kim</dd>") && page.contains("class=\"link\">"), "{page}");
    // "Use another account", by sam.
    kim.sign_out().await;
    let page = open(&mut kim, &parameters()).await;
    assert!(page.text().contains("class=\"link\" hidden>"));
    kim.sign_up("sam").await;
    confirm(&mut kim, &sealed(&page)).await.ok();
}

pub(super) async fn a_session_that_has_to_verify_again_may_confirm(server: Server) {
    let aged = |setup: &mut Setup| {
        allowed(setup);
        setup.policy.default.reauthenticate.after = rp_service::MaxAge::After(Duration::from_secs(600));
    };
    let test = server.start_with(aged).await;
    let mut kim = signed_up(&test).await;
    test.wait(Duration::from_secs(601));
    assert_eq!(kim.get("/app/user").await.problem(), (403, "step-up-required"));
    let page = open(&mut kim, &parameters()).await;
    assert!(page.text().contains("<dd id=\"account\">kim</dd>"));
    assert_eq!(confirm(&mut kim, &sealed(&page)).await.problem(), (403, "step-up-required"));
    kim.step_up().await;
    confirm(&mut kim, &sealed(&page)).await.ok();
}

pub(super) async fn a_confirmation_belongs_to_the_page_that_was_shown(server: Server) {
    let test = server.start_with(allowed).await;
    let mut kim = signed_up(&test).await;
    let request = shown(&mut kim).await;
    kim.step_up().await;
    // Another browser of the same user, an altered request, and another site.
    let mut other = UserAgent { authenticator: kim.authenticator.clone(), ..test.browser("other") };
    other.sign_in().await;
    kim.authenticator = other.authenticator.clone();
    assert_eq!(confirm(&mut other, &request).await.problem(), (409, "no-ceremony"));
    for wrong in ["", "AAAA", &request[1..], &format!("{request}A"), &request.replace('A', "B")] {
        assert_eq!(confirm(&mut kim, wrong).await.problem(), (409, "no-ceremony"), "{wrong}");
    }
    let mut evil = kim.clone();
    evil.origin = Some("https://evil.example".into());
    evil.sec_fetch_site = Some("cross-site");
    assert_eq!(confirm(&mut evil, &request).await.problem(), (403, "cross-site-request"));
    let body = json!({ "request": request }).to_string();
    let answer = kim.send("POST", "authorize", &[("content-type", "text/plain")], body.as_bytes()).await;
    assert_eq!(answer.problem(), (415, "unsupported-media-type"));
    confirm(&mut kim, &request).await.ok();
    // Ten minutes later the page is too old, also with a passkey that was just used.
    test.wait(Duration::from_secs(601));
    kim.step_up().await;
    assert_eq!(confirm(&mut kim, &request).await.problem(), (409, "ceremony-expired"));
}
