use serde_json::{Value, json};

use crate::authenticator::{Backup, Config, Format, Verification};
use crate::http::browser::{Browser, ok, problem, told};
use crate::http::fixture::STALE;
use crate::http::{Fixture, Site, Transcript};

/// Adds a passkey to the signed-in account.
pub(super) async fn add<S: Site>(browser: &mut Browser<'_, S>) -> Value {
    let options = ok(&browser.post("registration/options", json!({})).await);
    let mut response = Browser::<S>::create_elsewhere(&options);
    response["nickname"] = json!("Spare");
    let answer = browser.post("registration/verify", response).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    ok(&answer)
}

pub(super) async fn adding<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    let first = browser.sign_up("kim").await;
    // An account that was opened a moment ago is fresh.
    let answer = browser.post("registration/options", json!({})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    fixture.wait(STALE);
    let answer = browser.post("registration/options", json!({})).await;
    assert_eq!(problem(&answer), (403, "step-up-required".into()));
    browser.step_up().await;
    let options = ok(&browser.post("registration/options", json!({})).await);
    assert_eq!(options["excludeCredentials"][0]["id"], first["id"]);
    assert_eq!(options["user"]["name"], "kim");
    let second = add(&mut browser).await;
    assert_eq!(second["nickname"], "Spare");
    // Adding is no fresh verification.
    fixture.wait(STALE);
    let answer = browser.post("registration/options", json!({})).await;
    assert_eq!(problem(&answer), (403, "step-up-required".into()));
    told([browser])
}

pub(super) async fn loosening_nothing<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let loose = json!({
        "userVerification": "discouraged", "attestation": "none", "timeout": 1, "extensions": {},
        "authenticatorSelection": { "userVerification": "discouraged" }, "pubKeyCredParams": [], "rpId": "org",
        "allowCredentials": [], "excludeCredentials": [],
    });
    for (path, plain) in [
        ("registration/options", json!({ "username": "alex" })),
        ("registration/options", json!({})),
        ("authentication/options", json!({})),
        ("authentication/options", json!({ "username": "kim" })),
        ("authentication/options", json!({ "purpose": "step-up" })),
    ] {
        let mut asked = loose.clone();
        for (name, value) in plain.as_object().into_iter().flatten() {
            asked[name] = value.clone();
        }
        let plain = ok(&browser.post(path, plain).await);
        let mut asked = ok(&browser.post(path, asked).await);
        asked["challenge"] = plain["challenge"].clone();
        if let Some(id) = plain.pointer("/user/id") {
            asked["user"]["id"] = id.clone();
        }
        assert_eq!(asked, plain, "{path}");
    }
    let answer = browser.post("registration/options", json!({ "mediation": "conditional" })).await;
    assert_eq!(problem(&answer), (400, "malformed-json".into()));
    told([browser])
}

pub(super) async fn conditional<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    let absent = || Config { presence: false, verification: Verification::Never, ..Config::default() };
    // Without mediation, a user has to be there.
    let mut spare = Browser::with(site, fixture, "absent", absent());
    let options = ok(&browser.post("registration/options", json!({})).await);
    let answer = browser.post("registration/verify", spare.create(&options)).await;
    assert_eq!(problem(&answer), (422, "user-not-present".into()));

    let options = ok(&browser.post("registration/options", json!({ "mediation": "conditional" })).await);
    assert_eq!(options.get("mediation"), None, "mediation stands beside options, and not in them");
    let mut spare = Browser::with(site, fixture, "unasked", absent());
    let added = ok(&browser.post("registration/verify", spare.create(&options)).await);
    assert_eq!(added["userVerified"], false);
    // It is for the signed-in account, and never for a new one.
    let body = json!({ "username": "alex", "mediation": "conditional" });
    assert_eq!(problem(&browser.post("registration/options", body).await), (400, "malformed-json".into()));
    told([browser])
}

pub(super) async fn credential_exists<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut first = Browser::new(site, fixture, "same");
    let credential = first.sign_up("kim").await;
    // An authenticator that makes the same IDs.
    let mut browser = Browser::new(site, fixture, "same");
    let response = browser.new_account("alex").await;
    assert_eq!(response["id"], credential["id"]);
    let answer = browser.post("registration/verify", response).await;
    assert_eq!(problem(&answer), (409, "credential-exists".into()));
    assert_eq!(problem(&browser.call("GET", "credentials", None).await), (401, "not-signed-in".into()));
    told([first, browser])
}

pub(super) async fn too_many<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    let mut browser = Browser::new(site, fixture, "one");
    browser.sign_up("kim").await;
    browser.step_up().await;
    add(&mut browser).await;
    add(&mut browser).await;
    let answer = browser.post("registration/options", json!({})).await;
    assert_eq!(problem(&answer), (409, "too-many-credentials".into()));
    told([browser])
}

pub(super) async fn trusted_attestation<S: Site>(site: &S, fixture: &Fixture) -> Transcript {
    // The fixture trusts what this seed attests.
    let config = |backup| Config { format: Format::Packed, backup, ..Config::default() };
    let mut bound = Browser::with(site, fixture, "one", config(Backup::DeviceBound));
    let credential = bound.sign_up("kim").await;
    let expected = json!({ "format": "packed", "type": "basic", "trusted": true });
    assert_eq!(credential["attestation"], expected);
    assert_eq!(bound.sign_in().await["acr"], "phrh");
    let mut synced = Browser::with(site, fixture, "one", config(Backup::BackedUp));
    synced.authenticator.config.id_len = 48;
    let credential = synced.sign_up("alex").await;
    assert_eq!((&credential["backupEligible"], &credential["backedUp"]), (&json!(true), &json!(true)));
    assert_eq!(synced.sign_in().await["acr"], "phr", "a key that may leave its device shows no hardware");
    told([bound, synced])
}
