//! Whole flows, as a page runs them over the interface.

use crate::support::{Browser, ORIGIN, Site, trust};
use rp_conformance::authenticator::{Authenticator, Backup, Config, Format, Verification};
use rp_core::options::AttestationConveyancePreference;
use rp_core::{RelyingParty, UserHandle};
use rp_service::http::{Body, Request, Route};
use rp_service::{Entry, PasskeyEndpoints, Policy, SessionChange, SessionData, Veto};
use serde_json::json;

#[tokio::test]
async fn an_account_is_opened_and_signed_in() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let options = kim
        .post(&site, Route::RegistrationOptions, json!({"username": "Kim", "displayName": "Kim K."}))
        .await;
    assert_eq!(options.status, 200);
    assert_eq!(options.body["user"]["name"], "Kim");
    assert_eq!(options.body["user"]["displayName"], "Kim K.");
    assert_eq!(options.body["excludeCredentials"], json!([]));
    let response = kim.authenticator.create(&options.body, ORIGIN).unwrap();
    let mut response: serde_json::Value = serde_json::from_str(&response).unwrap();
    response["nickname"] = json!(" my key ");
    let answer = kim.register(&site, &response.to_string()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.body,
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
        }),
        "what is not set is left out"
    );
    assert!(kim.session.is_some());
    assert_eq!(site.events(), ["open-account ok"]);
}

#[tokio::test]
async fn a_user_signs_in_by_autofill_and_by_name() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let credential = kim.sign_up(&site, "kim").await;
    kim.sign_out(&site).await;
    assert!(kim.session.is_none());
    site.wait(60);
    for body in [json!({}), json!({"username": "KIM"})] {
        let answer = kim.sign_in(&site, body).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["user"], json!({"name": "kim", "displayName": "kim"}));
        assert_eq!(answer.body["credential"]["id"], credential["id"]);
        assert_eq!(answer.body["credential"]["lastUsedAt"], "2026-06-01T00:01:00Z");
        assert_eq!(answer.body["acr"], "phr");
        assert_eq!(answer.body["authTime"], "2026-06-01T00:01:00Z");
        assert!(kim.session.is_some());
        kim.sign_out(&site).await;
    }
    assert_eq!(kim.renewals, 6, "a new identifier at every sign-in and sign-out");
}

#[tokio::test]
async fn a_second_passkey_is_added_named_and_deleted() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let first = kim.sign_up(&site, "kim").await;
    let mut phone = Authenticator::new("phone", Config { backup: Backup::BackedUp, ..Config::default() });
    let second = kim.add(&site, &mut phone).await.ok();
    assert_eq!((&second["backupEligible"], &second["backedUp"]), (&json!(true), &json!(true)));
    assert_eq!(kim.renewals, 1, "adding changes nothing about the session");

    let id = second["id"].as_str().unwrap();
    let named = kim.send(&site, Route::RenameCredential, Some(id), r#"{"nickname":"phone"}"#).await.ok();
    assert_eq!(named["nickname"], "phone");
    let named = kim.send(&site, Route::RenameCredential, Some(id), r#"{"nickname":""}"#).await.ok();
    assert_eq!(named.get("nickname"), None);
    assert_eq!(kim.list(&site).await.len(), 2);

    let signal = kim.send(&site, Route::Signal, None, "").await.ok();
    assert_eq!(
        signal["allAcceptedCredentials"]["allAcceptedCredentialIds"],
        json!([first["id"], second["id"]])
    );
    assert_eq!(signal["allAcceptedCredentials"]["rpId"], "example.org");
    assert_eq!(signal["currentUserDetails"]["name"], "kim");
    assert_eq!(signal["currentUserDetails"]["userId"], signal["allAcceptedCredentials"]["userId"]);

    assert_eq!(kim.send(&site, Route::DeleteCredential, Some(id), "").await.status, 204);
    let last = first["id"].as_str().unwrap();
    let kept = kim.send(&site, Route::DeleteCredential, Some(last), "").await;
    assert_eq!(kept.refusal(), (409, "last-credential"));
    assert_eq!(
        site.events(),
        [
            "open-account ok",
            "add-credential ok",
            "rename-credential ok",
            "rename-credential ok",
            "delete-credential ok",
            "delete-credential last-credential",
        ]
    );
}

#[tokio::test]
async fn the_authenticator_that_is_registered_is_excluded() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let first = kim.sign_up(&site, "kim").await;
    let options = kim.post(&site, Route::RegistrationOptions, json!({})).await.ok();
    assert_eq!(options["excludeCredentials"][0]["id"], first["id"]);
    assert_eq!(options["user"]["name"], "kim");
}

#[tokio::test]
async fn adding_and_deleting_ask_for_a_fresh_verification() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let first = kim.sign_up(&site, "kim").await;
    let id = first["id"].as_str().unwrap();
    site.wait(301);
    let refused = kim.post(&site, Route::RegistrationOptions, json!({})).await;
    assert_eq!(refused.refusal(), (403, "step-up-required"));
    let refused = kim.send(&site, Route::DeleteCredential, Some(id), "").await;
    assert_eq!(refused.refusal(), (403, "step-up-required"));

    kim.step_up(&site).await.ok();
    kim.add(&site, &mut Authenticator::new("other", Config::default())).await.ok();
    site.wait(300);
    assert_eq!(kim.send(&site, Route::DeleteCredential, Some(id), "").await.status, 204);
}

#[tokio::test]
async fn adding_does_not_count_as_a_verification() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    kim.sign_up(&site, "kim").await;
    site.wait(200);
    kim.add(&site, &mut Authenticator::new("one", Config::default())).await.ok();
    site.wait(101);
    let refused = kim.post(&site, Route::RegistrationOptions, json!({})).await;
    assert_eq!(refused.refusal(), (403, "step-up-required"));
}

#[tokio::test]
async fn nothing_of_an_account_is_told_to_nobody() {
    let (site, mut nobody) = (Site::open(), Browser::new("nobody"));
    let id = Some("AAAA");
    for (route, body) in [
        (Route::RegistrationOptions, "{}"),
        (Route::AuthenticationOptions, r#"{"purpose":"step-up"}"#),
        (Route::Credentials, ""),
        (Route::Signal, ""),
        (Route::RenameCredential, r#"{"nickname":"a"}"#),
        (Route::DeleteCredential, ""),
    ] {
        assert_eq!(nobody.send(&site, route, id, body).await.refusal(), (401, "not-signed-in"), "{route:?}");
    }
    nobody.sign_out(&site).await;
}

#[tokio::test]
async fn a_session_whose_account_is_gone_is_none() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let gone = UserHandle::try_from(&[1; 64][..]).unwrap();
    let gone = || Some(SessionData::by_application(gone.clone(), site.passkeys.now()));
    kim.session = gone();
    assert_eq!(kim.send(&site, Route::Credentials, None, "").await.refusal(), (401, "not-signed-in"));
    assert_eq!(kim.session, None, "it ends");
    kim.session = gone();
    assert_eq!(
        kim.post(&site, Route::RegistrationOptions, json!({})).await.refusal(),
        (401, "not-signed-in")
    );
    assert_eq!(kim.session, None);
}

#[tokio::test]
async fn a_session_whose_account_is_gone_locks_nobody_out() {
    for body in [json!({}), json!({"username": "kim"})] {
        let (site, mut kim) = (Site::open(), Browser::new("kim"));
        kim.sign_up(&site, "kim").await;
        let gone = UserHandle::try_from(&[1; 64][..]).unwrap();
        kim.session = Some(SessionData::by_application(gone.clone(), site.passkeys.now()));
        assert_eq!(kim.sign_in(&site, body.clone()).await.refusal(), (401, "not-signed-in"));
        assert_eq!(kim.session, None, "it ends");
        assert_eq!(kim.sign_in(&site, body).await.status, 200);

        let mut new = Browser::new("new");
        new.session = Some(SessionData::by_application(gone, site.passkeys.now()));
        let response = new.create(&site, json!({"username": "new"})).await;
        assert_eq!(new.register(&site, &response).await.refusal(), (401, "not-signed-in"));
        new.sign_up(&site, "new").await;
    }
}

#[tokio::test]
async fn a_session_whose_passkey_was_deleted_is_not_fresh() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let first = kim.sign_up(&site, "kim").await;
    let mut second = Authenticator::new("second", Config::default());
    let added = kim.add(&site, &mut second).await.ok();
    let mut thief = kim.clone_without_session();
    thief.sign_in(&site, json!({})).await.ok();
    let deleted = kim.send(&site, Route::DeleteCredential, first["id"].as_str(), "").await;
    assert_eq!(deleted.status, 204);
    for browser in [&mut thief, &mut kim] {
        let refused = browser.post(&site, Route::RegistrationOptions, json!({})).await;
        assert_eq!(refused.refusal(), (403, "step-up-required"));
        let refused = browser.send(&site, Route::DeleteCredential, added["id"].as_str(), "").await;
        assert_eq!(refused.refusal(), (403, "step-up-required"));
    }
    assert_eq!(kim.list(&site).await.len(), 1);
    kim.authenticator = second;
    assert!(site.passkeys.fresh_user(kim.session.as_ref()).await.is_err());
    kim.step_up(&site).await.ok();
    assert!(site.passkeys.fresh_user(kim.session.as_ref()).await.is_ok());
    kim.add(&site, &mut Authenticator::new("third", Config::default())).await.ok();
}

#[test]
fn the_origins_of_related_sites_are_never_an_empty_list() {
    let origins = |builder: rp_core::RelyingPartyBuilder| {
        let site = Site::of(builder.build().unwrap(), |builder| builder);
        serde_json::to_value(site.passkeys.well_known_webauthn()).unwrap()["origins"].take()
    };
    let rp = || RelyingParty::builder("example.org");
    let native = "android:apk-key-hash:AAAA";
    assert_eq!(origins(rp().native_origin(native)), json!([ORIGIN]));
    let related = "https://example.com";
    assert_eq!(origins(rp().native_origin(native).related_origin(related)), json!([ORIGIN, related]));
    let login = "https://login.example.org:8443";
    assert_eq!(origins(rp().origin(login).related_origin(related)), json!([login, related]));
    let localhost = "http://localhost:8080";
    assert_eq!(origins(RelyingParty::builder("localhost").origin(localhost)), json!([localhost]));
}

#[tokio::test]
async fn sign_up_is_closed_unless_it_was_opened() {
    let site = Site::with(|builder| builder.policy(Policy::default()));
    let refused =
        Browser::new("kim").post(&site, Route::RegistrationOptions, json!({"username": "kim"})).await;
    assert_eq!(refused.refusal(), (403, "sign-up-closed"));
}

#[tokio::test]
async fn names_that_accounts_cannot_have_are_refused_at_sign_up_alone() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    for name in ["", "two words", &"a".repeat(65)] {
        let refused = kim.post(&site, Route::RegistrationOptions, json!({"username": name})).await;
        assert_eq!(refused.refusal(), (400, "malformed-json"), "{name:?}");
        let options = kim.post(&site, Route::AuthenticationOptions, json!({"username": name})).await.ok();
        assert!(!options["allowCredentials"].as_array().unwrap().is_empty(), "{name:?}");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_when_it_counts_and_guesses_are_bounded() {
    let (site, mut kim, mut eve) = (Site::open(), Browser::new("kim"), Browser::new("eve"));
    let handle = |options: &serde_json::Value| options["user"]["id"].clone();
    kim.sign_up(&site, "kim").await;
    let one = eve.post(&site, Route::RegistrationOptions, json!({"username": "KIM"})).await.ok();
    let two = eve.post(&site, Route::RegistrationOptions, json!({"username": "KIM"})).await.ok();
    assert_ne!(handle(&one), handle(&two), "a fresh handle, whatever the name");
    assert_eq!(one["excludeCredentials"], json!([]));
    for _ in 0..10 {
        let response = eve.create(&site, json!({"username": "KIM"})).await;
        assert_eq!(eve.register(&site, &response).await.refusal(), (409, "username-taken"));
        assert!(eve.session.is_none());
    }
    let bounded = eve.post(&site, Route::RegistrationOptions, json!({"username": "other"})).await;
    assert_eq!(bounded.refusal(), (429, "too-many-requests"));
    assert!(bounded.headers.contains(&("retry-after", "600".into())));
    site.wait(600);
    eve.sign_up(&site, "other").await;
}

#[tokio::test]
async fn an_account_holds_no_more_than_its_limit_even_when_added_at_once() {
    let policy = Policy { sign_up: true, max_credentials: Some(2), ..Policy::default() };
    let (site, mut kim) = (Site::with(|builder| builder.policy(policy)), Browser::new("kim"));
    kim.sign_up(&site, "kim").await;
    let options = kim.post(&site, Route::RegistrationOptions, json!({})).await.ok();
    let late = Authenticator::new("late", Config::default()).create(&options, ORIGIN).unwrap();
    kim.add(&site, &mut Authenticator::new("second", Config::default())).await.ok();
    assert_eq!(kim.register(&site, &late).await.refusal(), (409, "too-many-credentials"));
    let refused = kim.post(&site, Route::RegistrationOptions, json!({})).await;
    assert_eq!(refused.refusal(), (409, "too-many-credentials"));
}

#[tokio::test]
async fn the_last_passkey_goes_where_the_application_lets_it() {
    let policy = Policy { sign_up: true, allow_deleting_last: true, ..Policy::default() };
    let (site, mut kim) = (Site::with(|builder| builder.policy(policy)), Browser::new("kim"));
    let only = kim.sign_up(&site, "kim").await;
    let deleted = kim.send(&site, Route::DeleteCredential, only["id"].as_str(), "").await;
    assert_eq!(deleted.status, 204);
}

#[tokio::test]
async fn conditional_create_works_where_it_is_allowed_and_lets_up_and_uv_be_0() {
    let policy = Policy { sign_up: true, conditional_create: true, ..Policy::default() };
    let (site, mut kim) = (Site::with(|builder| builder.policy(policy)), Browser::new("kim"));
    kim.sign_up(&site, "kim").await;
    let silent = Config { presence: false, verification: Verification::Never, ..Config::default() };
    let options = kim.post(&site, Route::RegistrationOptions, json!({"mediation": "conditional"})).await.ok();
    assert_eq!(options.get("mediation"), None, "it stands beside the options");
    let response = Authenticator::new("silent", silent.clone()).create(&options, ORIGIN).unwrap();
    let credential = kim.register(&site, &response).await.ok();
    assert_eq!(credential["userVerified"], false);

    let options = kim.post(&site, Route::RegistrationOptions, json!({})).await.ok();
    let response = Authenticator::new("silent 2", silent).create(&options, ORIGIN).unwrap();
    assert_eq!(kim.register(&site, &response).await.refusal(), (422, "user-not-present"));
}

#[tokio::test]
async fn conditional_create_is_refused_where_it_is_not_allowed_or_opens_an_account() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let both = json!({"username": "kim", "mediation": "conditional"});
    assert_eq!(kim.post(&site, Route::RegistrationOptions, both).await.refusal(), (400, "malformed-json"));
    kim.sign_up(&site, "kim").await;
    let refused = kim.post(&site, Route::RegistrationOptions, json!({"mediation": "conditional"})).await;
    assert_eq!(refused.refusal(), (400, "malformed-json"));
}

#[tokio::test]
async fn no_member_of_a_start_request_loosens_anything() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let plain = kim.post(&site, Route::RegistrationOptions, json!({"username": "kim"})).await.ok();
    let members = json!({
        "username": "kim", "userVerification": "discouraged", "attestation": "none", "timeout": 1,
        "authenticatorSelection": {"userVerification": "discouraged"}, "pubKeyCredParams": [], "extensions": {},
    });
    let mut asked = kim.post(&site, Route::RegistrationOptions, members).await.ok();
    for member in ["challenge", "user"] {
        asked[member] = plain[member].clone();
    }
    assert_eq!(asked, plain);
}

#[tokio::test]
async fn a_trusted_attestation_of_a_key_that_stays_shows_hardware() {
    let config = |backup| Config { format: Format::Packed, backup, ..Config::default() };
    for (backup, acr) in [(Backup::DeviceBound, "phrh"), (Backup::Eligible, "phr")] {
        let mut kim = Browser::with("kim", config(backup));
        let rp = RelyingParty::builder("example.org").origin(ORIGIN);
        let rp = rp.attestation(AttestationConveyancePreference::Direct).build().unwrap();
        let trust = trust(&kim.authenticator);
        let site = Site::of(rp, |builder| builder.trust(trust));
        let credential = kim.sign_up(&site, "kim").await;
        assert_eq!(credential["attestation"], json!({"format": "packed", "type": "basic", "trusted": true}));
        assert_eq!(credential["aaguid"], "a1a2a3a4-b1b2-4c3d-8e5f-010203040506");
        assert_eq!(kim.sign_in(&site, json!({})).await.ok()["acr"], acr);
    }
}

#[tokio::test]
async fn the_gate_refuses_after_verification_and_before_the_session() {
    let gate = |entry: &Entry<'_>| match entry.account.name.as_str() {
        "locked" if entry.purpose == rp_service::Purpose::SignIn => {
            Err(Veto::refused("the account is locked"))
        }
        "unwanted" => Err(Veto::refused("not here")),
        _ => Ok(()),
    };
    let site = Site::with(|builder| builder.gate(gate));
    let mut locked = Browser::new("locked");
    locked.sign_up(&site, "locked").await;
    locked.sign_out(&site).await;
    site.events();
    for body in [json!({}), json!({"username": "locked"})] {
        let told = if body == json!({}) { "credential-not-allowed" } else { "signature-invalid" };
        assert_eq!(locked.sign_in(&site, body).await.refusal(), (422, told));
        assert!(locked.session.is_none());
        assert_eq!(site.events(), ["sign-in credential-not-allowed"]);
    }
    let mut unwanted = Browser::new("unwanted");
    let response = unwanted.create(&site, json!({"username": "unwanted"})).await;
    assert_eq!(unwanted.register(&site, &response).await.refusal(), (422, "credential-not-allowed"));
    assert!(unwanted.session.is_none());
}

#[tokio::test]
async fn the_well_known_documents_name_origins_and_pages() {
    let rp = RelyingParty::builder("example.org")
        .origin(ORIGIN)
        .related_origin("https://example.com")
        .native_origin("android:apk-key-hash:AAAA");
    let endpoints = PasskeyEndpoints { enroll: Some("https://example.org/passkeys".into()), manage: None };
    let site = Site::of(rp.build().unwrap(), |builder| builder.passkey_endpoints(endpoints));
    let mut anyone = Browser::new("anyone");
    let answer = anyone.send(&site, Route::WellKnownWebauthn, None, "").await;
    assert_eq!(answer.body, json!({"origins": ["https://example.org", "https://example.com"]}));
    assert_eq!(answer.headers, [("content-type", "application/json".to_owned())]);
    let answer = anyone.send(&site, Route::WellKnownPasskeyEndpoints, None, "").await;
    assert_eq!(answer.body, json!({"enroll": "https://example.org/passkeys"}));
    assert_eq!(anyone.send(&Site::open(), Route::WellKnownPasskeyEndpoints, None, "").await.status, 404);
}

#[tokio::test]
async fn answers_under_the_prefix_are_kept_by_no_cache_and_have_no_cors_headers() {
    let (site, mut anyone) = (Site::open(), Browser::new("anyone"));
    for route in Route::ALL.into_iter().filter(|route| route.is_under_prefix()) {
        let answer = anyone.send(&site, route, Some("AAAA"), "{}").await;
        assert!(answer.headers.contains(&("cache-control", "no-store".into())), "{route:?}");
        assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control")));
    }
}

#[tokio::test]
async fn the_ceremony_cookie_is_set_once_for_a_browser() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    fn set<'a>(headers: &'a [(&'static str, String)]) -> Option<&'a str> {
        headers.iter().find(|(name, _)| *name == "set-cookie").map(|(_, value)| value.as_str())
    }
    let first = kim.post(&site, Route::AuthenticationOptions, json!({})).await;
    let cookie = set(&first.headers).unwrap();
    assert!(cookie.starts_with("__Host-rp-ceremony="));
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/; Secure"), "{cookie}");
    let second = kim.post(&site, Route::AuthenticationOptions, json!({})).await;
    assert_eq!(set(&second.headers), None);
}

#[tokio::test]
async fn a_request_from_another_site_is_refused_before_it_is_read() {
    let site = Site::open();
    for route in Route::ALL.into_iter().filter(|route| route.method() != "GET") {
        let headers = vec![("origin", &b"https://evil.example"[..])];
        let request = Request { headers, body: Body::TooLarge, ..Request::default() };
        let answer = site.passkeys.handle(route, &request, &site.held(None)).await;
        assert_eq!(answer.status, 403, "{route:?}");
        assert_eq!(answer.session, SessionChange::Keep);
        assert_eq!(site.events(), ["request cross-site-request"]);
    }
}

#[tokio::test]
async fn a_step_up_takes_no_username_and_a_display_name_no_account() {
    let (site, mut kim) = (Site::open(), Browser::new("kim"));
    let both = json!({"username": "kim", "purpose": "step-up"});
    assert_eq!(kim.post(&site, Route::AuthenticationOptions, both).await.refusal(), (400, "malformed-json"));
    let name_alone = json!({"displayName": "Kim"});
    assert_eq!(
        kim.post(&site, Route::RegistrationOptions, name_alone).await.refusal(),
        (400, "malformed-json")
    );
}
