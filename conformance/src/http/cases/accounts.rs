//! Creating accounts and signing in.

use std::collections::BTreeSet;
use std::time::Duration;

use rp_service::{AdmissionRequest, Denied, Purpose};
use serde_json::{Value, json};

use super::{Server, authenticator};
use crate::http::UserAgent;

pub(super) fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

pub(super) async fn an_account_is_created_and_signed_in(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let options =
        kim.post("registration/options", &json!({"username": "Kim", "displayName": "Kim K."})).await.ok();
    let expected = [
        "attestation",
        "authenticatorSelection",
        "challenge",
        "excludeCredentials",
        "extensions",
        "pubKeyCredParams",
        "rp",
        "timeout",
        "user",
    ];
    assert_eq!(members(&options), expected.into());
    assert_eq!(options["rp"], json!({"id": "example.org", "name": "Example"}));
    assert_eq!(
        (&options["user"]["name"], &options["user"]["displayName"]),
        (&json!("Kim"), &json!("Kim K."))
    );
    assert_eq!(options["excludeCredentials"], json!([]));
    assert_eq!(options["timeout"], 300_000);
    // 64 random bytes in base64url.
    assert_eq!(options["user"]["id"].as_str().map(str::len), Some(86));

    let mut response = kim.create_for(&options);
    response["nickname"] = json!(" my key ");
    let answer = kim.register(&response).await;
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.ok(),
        json!({
            "id": response["id"],
            "nickname": "my key",
            "aaguid": "a1a2a3a4-b1b2-4c3d-8e5f-010203040506",
            "transports": ["usb", "nfc"],
            "createdAt": "2026-06-01T00:00:00Z",
            "backupEligible": false,
            "backedUp": false,
            "userVerified": true,
            "attestation": {"format": "none", "type": "none", "trusted": false},
            "signal": {
                "allAcceptedCredentials": {
                    "rpId": "example.org",
                    "userId": options["user"]["id"],
                    "allAcceptedCredentialIds": [response["id"]],
                },
                "currentUserDetails": {
                    "rpId": "example.org", "userId": options["user"]["id"], "name": "Kim", "displayName": "Kim K.",
                },
            },
        })
    );
    assert_eq!(test.outcomes(), ["sign-up ok"]);
    assert_eq!(kim.get("session").await.ok()["user"], json!({"name": "Kim", "displayName": "Kim K."}));
}

pub(super) async fn an_empty_display_name_counts_as_missing(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    for body in [
        json!({"username": "kim"}),
        json!({"username": "kim", "displayName": ""}),
        json!({"username": "kim", "displayName": "  "}),
    ] {
        let options = kim.post("registration/options", &body).await.ok();
        assert_eq!(options["user"]["displayName"], "kim", "{body}");
    }
}

pub(super) async fn sign_up_must_be_enabled(server: Server) {
    let test = server.start_with(|setup| setup.policy.sign_up = false).await;
    let answer = test.browser("kim").post("registration/options", &json!({"username": "kim"})).await;
    assert_eq!(answer.problem(), (403, "sign-up-closed"));
}

pub(super) async fn a_name_taken_meanwhile_is_rejected(server: Server) {
    let test = server.start().await;
    let (mut slow, mut quick) = (test.browser("slow"), test.browser("quick"));
    let response = slow.create(&json!({"username": "kim"})).await;
    quick.sign_up("KIM").await;
    // The options reveal nothing: a fresh user handle, and no excluded credential.
    let one = slow.post("registration/options", &json!({"username": "kim"})).await.ok();
    let two = slow.post("registration/options", &json!({"username": "kim"})).await.ok();
    assert_ne!(one["user"]["id"], two["user"]["id"]);
    assert_eq!(one["excludeCredentials"], json!([]));
    assert_eq!(slow.register(&response).await.problem(), (409, "username-taken"));
    assert_eq!(slow.get("session").await.problem(), (401, "not-signed-in"));
    assert!(test.passkey(&response).await.is_none());
}

pub(super) async fn names_are_compared_by_rfc_8265_and_limited(server: Server) {
    let test = server.start().await;
    test.browser("one").sign_up("\u{ff2b}im").await;
    let mut browser = test.browser("two");
    for alike in ["Kim", "KIM", "\u{ff4b}\u{ff49}\u{ff4d}"] {
        let response = browser
            .with_authenticator(alike)
            .create_for(&browser.post("registration/options", &json!({"username": alike})).await.ok());
        assert_eq!(browser.register(&response).await.problem(), (409, "username-taken"), "{alike}");
    }
    for wrong in ["", " ", "two words", &"k".repeat(65), "a\u{7}b"] {
        let answer = browser.post("registration/options", &json!({"username": wrong})).await;
        assert_eq!(answer.problem(), (400, "username-invalid"), "{wrong:?}");
        // A sign-in does not reveal that.
        let options = browser.post("authentication/options", &json!({"username": wrong})).await.ok();
        assert_ne!(options["allowCredentials"], json!([]), "{wrong:?}");
    }
    for right in ["k", &"k".repeat(64), "\u{4f0a}"] {
        assert_eq!(browser.post("registration/options", &json!({"username": right})).await.status, 200);
    }
}

pub(super) async fn guesses_of_names_are_limited_with_retry_after(server: Server) {
    let test = server.start().await;
    test.browser("one").sign_up("kim").await;
    let mut browser = test.browser("two");
    let mut pending = Vec::new();
    for attempt in 0..11 {
        let options = browser.post("registration/options", &json!({"username": "kim"})).await.ok();
        pending.push(browser.with_authenticator(&attempt.to_string()).create_for(&options));
    }
    let last = pending.pop().unwrap_or_default();
    for response in pending {
        assert_eq!(browser.register(&response).await.problem(), (409, "username-taken"));
    }
    let options = browser.post("registration/options", &json!({"username": "alex"})).await;
    for answer in [options, browser.register(&last).await] {
        assert_eq!(answer.problem(), (429, "too-many-requests"));
        assert_eq!(answer.header("retry-after").collect::<Vec<_>>(), ["600"]);
    }
    test.wait(Duration::from_secs(600));
    browser.sign_up("alex").await;
}

pub(super) async fn one_client_does_not_shut_out_others_at_its_address(server: Server) {
    let test = server.start().await;
    test.browser("kim").sign_up("kim").await;
    let mut member = test.browser("member");
    let known = member.create(&json!({"username": "member"})).await;
    member.register(&known).await.ok();
    // A client exhausts what one browser may reveal; another browser at the address is not affected.
    let mut guesser = test.browser("guesser");
    while guess(&mut guesser, "kim").await == 409 {}
    assert_eq!(guess(&mut guesser, "alex").await, 429);
    test.browser("alex").sign_up("alex").await;
    // A client that pretends to be many browsers exhausts the address for sign-ups only.
    let mut browsers = 0;
    while guess(&mut test.browser(&browsers.to_string()), "kim").await == 409 {
        browsers += 1;
    }
    assert_eq!(browsers, 290);
    assert_eq!(guess(&mut test.browser("sam"), "sam").await, 429);
    member.add_passkey(&mut authenticator("second")).await;
    let visitor = test.browser("visitor").post("authentication/options", &json!({"username": "kim"})).await;
    assert_eq!(visitor.status, 200);
}

/// Tries to sign up. Returns the status.
async fn guess(browser: &mut UserAgent, username: &str) -> u16 {
    let options = browser.post("registration/options", &json!({ "username": username })).await;
    if options.status != 200 {
        return options.status;
    }
    let response = browser.create_for(&options.ok());
    browser.register(&response).await.status
}

pub(super) async fn a_user_signs_in_with_and_without_a_username(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let credential = kim.sign_up("kim").await;
    kim.sign_out().await;
    let options = kim.post("authentication/options", &json!({})).await.ok();
    let expected = ["allowCredentials", "challenge", "extensions", "rpId", "timeout", "userVerification"];
    assert!(members(&options).is_subset(&expected.into()), "{options}");
    assert_eq!((&options["rpId"], &options["timeout"]), (&json!("example.org"), &json!(300_000)));
    test.wait(Duration::from_secs(60));
    for body in [json!({}), json!({"username": "KIM"})] {
        let response = kim.assert(&body).await;
        let session = kim.authenticate(&response).await.ok();
        assert_eq!(
            members(&session),
            ["assurance", "authTime", "credential", "expiresAt", "state", "user"].into()
        );
        assert_eq!(session["state"], "signed-in");
        assert_eq!(session["user"], json!({"name": "kim", "displayName": "Kim"}));
        assert_eq!(session["credential"]["id"], credential["id"]);
        assert_eq!(session["credential"]["lastUsedAt"], "2026-06-01T00:01:00Z");
        assert_eq!(session["authTime"], "2026-06-01T00:01:00Z");
        assert_eq!(session["expiresAt"], "2026-06-01T01:01:00Z");
        assert_eq!(kim.get("session").await.ok(), session);
        kim.sign_out().await;
    }
}

pub(super) async fn the_admission_hook_rejects_after_verification(server: Server) {
    let hook = |request: &AdmissionRequest<'_>| match (request.purpose, request.user.name.as_str()) {
        (Purpose::SignIn, "blocked") | (Purpose::SignUp, "unwanted") => Err(Denied::access("not here")),
        (Purpose::SignIn, "weak") => {
            Err(Denied::EnrolmentRequired { reason: "a stronger passkey".into(), by: None })
        }
        _ => Ok(()),
    };
    let test =
        server.start_with(|setup| setup.service = Box::new(move |builder| builder.admission(hook))).await;
    let (mut blocked, mut weak) = (test.browser("blocked"), test.browser("weak"));
    for (browser, name) in [(&mut blocked, "blocked"), (&mut weak, "weak")] {
        browser.sign_up(name).await;
        browser.sign_out().await;
    }
    for (is_weak, body, expected, exact) in [
        (false, json!({}), (422, "credential-not-allowed"), "credential-not-allowed"),
        (false, json!({"username": "blocked"}), (422, "signature-invalid"), "credential-not-allowed"),
        (true, json!({}), (403, "enrolment-required"), "enrolment-required"),
    ] {
        let browser = if is_weak { &mut weak } else { &mut blocked };
        let response = browser.assert(&body).await;
        let _ = test.events();
        assert_eq!(browser.authenticate(&response).await.problem(), expected);
        assert_eq!(test.outcomes(), [format!("sign-in {exact}")]);
        assert_eq!(browser.get("session").await.problem(), (401, "not-signed-in"));
    }
    let mut unwanted = test.browser("unwanted");
    let response = unwanted.create(&json!({"username": "unwanted"})).await;
    assert_eq!(unwanted.register(&response).await.problem(), (422, "credential-not-allowed"));
    assert_eq!(unwanted.get("session").await.problem(), (401, "not-signed-in"));
    assert!(test.passkey(&response).await.is_none());
}
