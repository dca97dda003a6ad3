//! Cookies: their attributes, and how they are parsed.

use serde_json::{Value, json};

use super::Server;
use crate::http::{HttpResponse, LOCALHOST, UserAgent};

/// Sets and removes every cookie, and checks its attributes.
async fn assert_marked(browser: &mut UserAgent, prefix: &str, attributes: &str) {
    let options = browser.post("registration/options", &json!({"username": "kim"})).await;
    let response = browser.create_for(&options.ok());
    let verified = browser.register(&response).await;
    let response = browser.assert(&json!({"purpose": "step-up"})).await;
    let stepped_up = browser.authenticate(&response).await;
    let first = super::first_factor::password(browser, "kim").await;
    let signed_out = browser.post("sign-out", &Value::Null).await;
    browser.sign_in().await;
    let left = browser.post("/app/sign-out", &Value::Null).await;
    let cookie = |answer: &HttpResponse| {
        let cookies: Vec<_> = answer.header("set-cookie").collect();
        assert_eq!(cookies.len(), 1, "{answer:?}");
        cookies.concat()
    };
    for (answer, name) in
        [(&options, "ceremony"), (&verified, "session"), (&stepped_up, "session"), (&first, "session")]
    {
        let cookie = cookie(answer);
        let (pair, rest) = cookie.split_once(';').unwrap_or_default();
        let value = pair.strip_prefix(&format!("{prefix}rp-{name}="));
        // 32 bytes in base64url.
        assert_eq!(value.map(str::len), Some(43), "{cookie}");
        assert_eq!(rest, attributes, "{cookie}");
    }
    for answer in [&signed_out, &left] {
        let attributes = attributes.replace("; Path=/", "; Path=/; Max-Age=0");
        assert_eq!(cookie(answer), format!("{prefix}rp-session=;{attributes}"));
    }
}

pub(super) async fn cookies_follow_the_configured_origin(server: Server) {
    let test = server.start().await;
    let mut browser = test.browser("one");
    assert_marked(&mut browser, "__Host-", " HttpOnly; SameSite=Lax; Secure; Path=/").await;
    // Headers about the connection change nothing.
    let headers = [
        ("content-type", "application/json"),
        ("host", "localhost:8080"),
        ("forwarded", "proto=http;host=localhost"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "localhost"),
    ];
    let answer = test.browser("two").send("POST", "authentication/options", &headers, b"{}").await;
    let cookie = answer.header("set-cookie").collect::<String>();
    assert!(cookie.starts_with("__Host-rp-ceremony=") && cookie.contains("; Secure"), "{cookie}");
    // Once for a browser.
    let again = browser.post("authentication/options", &json!({})).await;
    assert_eq!(again.header("set-cookie").next(), None);
}

pub(super) async fn cookies_on_localhost_have_neither_secure_nor_prefix(server: Server) {
    let test = server.start_with(|setup| setup.origin = LOCALHOST).await;
    let mut browser = test.browser("one");
    assert_marked(&mut browser, "", " HttpOnly; SameSite=Lax; Path=/").await;
    let document = browser.get("/.well-known/webauthn").await.ok();
    assert_eq!(document, json!({"origins": [LOCALHOST]}));
}

pub(super) async fn cookies_in_frames_are_partitioned(server: Server) {
    let test = server
        .start_with(|setup| {
            setup.relying_party = |rp| rp.allow_cross_origin().top_origin("https://around.example");
        })
        .await;
    let mut browser = test.browser("one");
    let attributes = " HttpOnly; SameSite=None; Partitioned; Secure; Path=/";
    assert_marked(&mut browser, "__Host-", attributes).await;
}

pub(super) async fn a_foreign_cookie_locks_no_one_out(server: Server) {
    let test = server.start_with(|setup| setup.origin = LOCALHOST).await;
    for (at, foreign) in [
        &b"other=Jos\xe9"[..],
        b"\xff\xfe",
        b"=",
        b"a=b=c",
        b"\"",
        b"other=\"a; b\"",
        b"rp-session",
        b"rp-session=not-a-token",
        b"rp-ceremony=\xff",
        b"rp-session=Jos\xe9; rp-ceremony=Jos\xe9",
    ]
    .into_iter()
    .enumerate()
    {
        // In a separate header, and in the same header, before and after ours.
        for separate in [true, false] {
            let name = format!("user{at}{separate}");
            let mut kim = test.browser(&name);
            if separate {
                kim.headers = vec![("cookie", foreign.to_vec())];
            } else {
                // Sorted by name, before and after ours.
                kim.set_cookie("!before", &[b"x; ", foreign].concat());
                kim.set_cookie("~behind", &[b"x; ", foreign].concat());
            }
            kim.sign_up(&name).await;
            kim.step_up().await;
            assert_eq!(kim.get("/app/user").await.text(), name);
            kim.sign_out().await;
            assert_eq!(
                kim.get("session").await.problem(),
                (401, "not-signed-in"),
                "{}",
                foreign.escape_ascii()
            );
        }
    }
}

pub(super) async fn of_duplicate_cookies_the_first_well_formed_one_counts(server: Server) {
    let test = server.start_with(|setup| setup.origin = LOCALHOST).await;
    let (mut kim, mut eve) = (test.browser("kim"), test.browser("eve"));
    kim.sign_up("kim").await;
    eve.sign_up("eve").await;
    let (kims, eves) = (kim.cookie("session").unwrap_or_default(), eve.cookie("session").unwrap_or_default());
    let mut both = test.browser("both");
    let pair = |token: &[u8]| [b"rp-session=", token].concat();
    both.headers = vec![("cookie", [pair(b"x"), pair(&kims), pair(&eves)].join(&b"; "[..]))];
    assert_eq!(both.get("/app/user").await.text(), "kim");
    both.headers = vec![("cookie", pair(&eves)), ("cookie", pair(&kims))];
    assert_eq!(both.get("/app/user").await.text(), "eve");
    // A name that only ends or begins like ours is another cookie.
    both.headers = vec![("cookie", [b"xrp-session=", kims.as_slice(), b"; rp-session2=", &kims].concat())];
    assert_eq!(both.get("/app/user").await.problem(), (401, "not-signed-in"));
}
