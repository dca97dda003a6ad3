//! Listing, naming and deleting passkeys.

use serde_json::{Value, json};

use super::accounts::members;
use super::{NOT_RECENT, Server, authenticator};
use crate::authenticator::{Authenticator, Config, Verification};

fn path(credential: &Value) -> String {
    format!("credentials/{}", credential["id"].as_str().unwrap_or_default())
}

pub(super) async fn passkeys_are_listed_and_named(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let mut credential = kim.sign_up("kim").await;
    credential.as_object_mut().map(|members| members.remove("signal"));
    assert_eq!(kim.get("credentials").await.ok(), json!({"credentials": [credential]}));
    let named = kim.call("PATCH", &path(&credential), &json!({"nickname": " Blue key "})).await.ok();
    assert_eq!((&named["id"], &named["nickname"]), (&credential["id"], &json!("Blue key")));
    assert_eq!(kim.get("credentials").await.ok()["credentials"][0]["nickname"], "Blue key");
    let unnamed = kim.call("PATCH", &path(&credential), &json!({"nickname": ""})).await.ok();
    assert_eq!(unnamed, credential);
    for wrong in [
        json!({"nickname": 7}),
        json!({}),
        json!({"nickname": "x".repeat(65)}),
        json!({"nickname": "a\u{7}"}),
    ] {
        let answer = kim.call("PATCH", &path(&credential), &wrong).await;
        assert_eq!(answer.problem(), (400, "malformed-json"), "{wrong}");
    }
    assert_eq!(test.outcomes().iter().filter(|line| *line == "rename-passkey ok").count(), 2);
}

pub(super) async fn a_credential_shows_what_is_known_of_it(server: Server) {
    let test = server.start().await;
    // A model whose name is known.
    let known =
        [0xfb, 0xfc, 0x30, 0x07, 0x15, 0x4e, 0x4e, 0xcc, 0x8c, 0x0b, 0x6e, 0x02, 0x05, 0x57, 0xd7, 0xbd];
    let mut kim = test.browser_with("kim", Config { aaguid: known, ..Config::default() });
    let credential = kim.sign_up("kim").await;
    assert!(credential["authenticator"]["name"].is_string(), "{credential}");
    kim.authenticator.config.verification = Verification::Never;
    test.wait(NOT_RECENT);
    let used = kim.sign_in().await["credential"].clone();
    let expected = members(&credential).into_iter().filter(|name| *name != "signal").chain(["lastUsedAt"]);
    assert_eq!(members(&used), expected.collect());
    assert_eq!(used["userVerified"], false, "that of the last ceremony");
    assert_eq!(
        (&used["createdAt"], &used["lastUsedAt"]),
        (&json!("2026-06-01T00:00:00Z"), &json!("2026-06-01T00:05:01Z"))
    );
}

pub(super) async fn deleting_requires_recent_verification_and_keeps_the_last(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let first = kim.sign_up("kim").await;
    let model = Config { aaguid: [2; 16], ..Config::default() };
    let second = kim.add_passkey(&mut Authenticator::new("second", model)).await;
    test.wait(NOT_RECENT);
    let answer = kim.delete(&path(&second)).await;
    assert_eq!(answer.problem(), (403, "step-up-required"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    assert_eq!(body["required"], json!({"maxAge": 300, "acr": "phr"}));
    kim.step_up().await;
    let answer = kim.delete(&path(&second)).await.ok();
    assert_eq!(members(&answer), ["signal"].into());
    assert_eq!(answer["signal"]["allAcceptedCredentials"]["allAcceptedCredentialIds"], json!([first["id"]]));
    assert_eq!(kim.delete(&path(&second)).await.problem(), (404, "credential-unknown"));
    assert_eq!(kim.delete(&path(&first)).await.problem(), (409, "last-credential"));
    assert_eq!(kim.get("credentials").await.ok()["credentials"].as_array().map(Vec::len), Some(1));
    let events = test.events();
    // The event names the model of the passkey that was deleted.
    let deleted = events.iter().find(|event| event.starts_with("delete-passkey ok"));
    let model = "aaguid: Some(Aaguid(02020202-0202-0202-0202-020202020202))";
    assert!(deleted.is_some_and(|event| event.contains(model)), "{events:?}");
}

pub(super) async fn the_last_passkey_is_deleted_if_the_policy_allows(server: Server) {
    let test = server.start_with(|setup| setup.policy.allow_deleting_last = true).await;
    let mut kim = test.browser("kim");
    let credential = kim.sign_up("kim").await;
    let answer = kim.delete(&path(&credential)).await.ok();
    assert_eq!(answer["signal"]["allAcceptedCredentials"]["allAcceptedCredentialIds"], json!([]));
    assert!(test.passkey(&credential).await.is_none());
}

pub(super) async fn another_users_passkey_is_unknown(server: Server) {
    let test = server.start().await;
    let (mut kim, mut eve) = (test.browser("kim"), test.browser("eve"));
    let credential = kim.sign_up("kim").await;
    eve.sign_up("eve").await;
    let mut bodies = Vec::new();
    for path in [path(&credential), "credentials/AAAA".into(), "credentials/not+base64url".into()] {
        for answer in [eve.call("PATCH", &path, &json!({"nickname": "mine"})).await, eve.delete(&path).await]
        {
            assert_eq!(answer.problem(), (404, "credential-unknown"), "{path}");
            bodies.push(answer.body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "nothing distinguishes another user's passkey from none");
    assert_eq!(kim.get("credentials").await.ok()["credentials"][0].get("nickname"), None);
}

pub(super) async fn signals_list_the_accepted_passkeys(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    let first = kim.sign_up("kim").await;
    let second = kim.add_passkey(&mut authenticator("second")).await;
    let signal = kim.get("credentials/signal").await.ok();
    assert_eq!(signal, second["signal"]);
    let accepted = &signal["allAcceptedCredentials"];
    assert_eq!(accepted["rpId"], "example.org");
    assert_eq!(accepted["allAcceptedCredentialIds"], json!([first["id"], second["id"]]));
    let details = &signal["currentUserDetails"];
    assert_eq!((&details["name"], &details["displayName"]), (&json!("kim"), &json!("Kim")));
    assert_eq!((&details["userId"], &details["rpId"]), (&accepted["userId"], &json!("example.org")));
}
