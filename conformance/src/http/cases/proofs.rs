//! Attestation without an account.

use rp_core::base64url;
use serde_json::{Value, json};

use super::{Server, Test};
use crate::authenticator::{Backup, Config, Format};
use crate::http::{Setup, UserAgent, has_secret};

/// A browser whose authenticator has a statement of this format.
fn with_format(test: &Test, seed: &str, format: Format) -> UserAgent {
    let config = Config { format, backup: Backup::DeviceBound, ..Config::default() };
    test.browser_with(seed, config)
}

async fn respond(browser: &mut UserAgent) -> Value {
    let options = browser.post("proof/options", &json!({})).await.ok();
    assert_eq!(options["attestation"], "direct");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "discouraged");
    assert_eq!(options["excludeCredentials"], json!([]));
    browser.create_for(&options)
}

/// The forms in which bytes could be written.
fn forms(bytes: &[u8]) -> [String; 4] {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [
        base64url::encode(bytes),
        hex,
        format!("{bytes:?}").trim_matches(['[', ']']).to_owned(),
        String::from_utf8_lossy(bytes).into_owned(),
    ]
}

pub(super) async fn a_proof_is_made_with_a_sealed_ceremony(server: Server) {
    let sealed = |setup: &mut Setup| {
        setup.service = Box::new(|builder| {
            let keys = rp_service::KeyRing::new([[1; 32].into()]).expect("a key");
            builder.sealed_ceremonies(keys, rp_service::store::MemoryReplayCache::new())
        });
    };
    let test = server.start_with(sealed).await;
    let mut kim = with_format(&test, "one", Format::Packed);
    for path in ["proof/verify", "/app/proof"] {
        let response = respond(&mut kim).await;
        assert_eq!(kim.post(path, &response).await.status, 200, "{path}");
        assert_eq!(kim.post(path, &response).await.problem(), (409, "no-ceremony"), "{path}");
    }
}

pub(super) async fn a_genuine_authenticator_proves_that_and_no_more(server: Server) {
    let test = server.start().await;
    let mut kim = with_format(&test, "one", Format::Packed);
    // Even in the browser of a user.
    kim.sign_up("kim").await;
    let user = test.user("kim").await;
    let session = kim.get("sessions").await.ok()["sessions"][0]["id"].clone();
    let (_, _) = (test.events(), test.store.calls());
    let written = test.store.written().len();
    let mut bodies = String::new();
    let mut responses = Vec::new();
    for path in ["proof/verify", "/app/proof"] {
        let response = respond(&mut kim).await;
        let answer = kim.post(path, &response).await;
        assert_eq!(answer.status, 200, "{path}");
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(body, if path == "/app/proof" { "genuine" } else { r#"{"genuine":true}"# });
        assert_eq!(answer.header("set-cookie").next(), None);
        bodies.push_str(&body);
        responses.push(response);
    }
    // As a registration without its session, and nothing is stored.
    let calls = test.store.calls();
    assert_eq!(calls, ["put_ceremony", "take_ceremony", "put_ceremony", "take_ceremony"]);
    // Rejections reveal nothing either.
    responses.push(respond(&mut kim).await);
    responses[2]["response"]["attestationObject"] = responses[0]["response"]["attestationObject"].clone();
    let rejected = kim.post("proof/verify", &responses[2]).await;
    assert_eq!(rejected.problem(), (422, "attestation-invalid"));
    bodies.push_str(&String::from_utf8_lossy(&rejected.body));

    let events = test.events().concat();
    let kept = [&test.store.written()[written..], &events, &bodies].concat();
    let mut secrets = vec![user.to_string(), "192.0.2.7".to_owned()];
    secrets.extend(session.as_str().map(str::to_owned));
    secrets.extend(forms(&Config::default().aaguid));
    secrets.push(rp_core::Aaguid::new(Config::default().aaguid).to_string());
    let mut keys = 0;
    for response in &responses {
        let object = response["response"]["attestationObject"].as_str().unwrap_or_default();
        secrets.push(object.to_owned());
        let object = base64url::decode(object).expect("base64url");
        let id = base64url::decode(response["id"].as_str().unwrap_or_default()).expect("base64url");
        secrets.extend(forms(&id));
        // The key is behind the ID, at the end of the object; the third response has the object of the first one.
        if let Some(at) = object.windows(id.len()).position(|window| window == id) {
            let (_, key) = object.split_at(at + id.len());
            secrets.extend(forms(key));
            // The coordinate of the curve.
            secrets.extend(forms(&key[key.len() - 32..]));
            keys += 1;
        }
    }
    assert_eq!(keys, 2);
    for secret in secrets {
        assert!(!has_secret(&kept, &secret), "{secret} in {kept}");
    }
    assert_eq!(events.matches("proof ok").count(), 2, "{events}");
}

pub(super) async fn a_proof_requires_a_trusted_attestation(server: Server) {
    let test = server.start().await;
    for (seed, format) in [("one", Format::None), ("another maker", Format::Packed)] {
        let mut browser = with_format(&test, seed, format);
        let response = respond(&mut browser).await;
        let answer = browser.post("proof/verify", &response).await;
        assert_eq!(answer.problem(), (422, "attestation-untrusted"), "{seed}");
    }
    let mut kim = test.browser("kim");
    assert_eq!(kim.post("proof/verify", &json!({})).await.problem(), (400, "malformed-json"));
}

pub(super) async fn a_proof_is_used_once_and_for_nothing_else(server: Server) {
    let test = server.start().await;
    let mut kim = with_format(&test, "one", Format::Packed);
    let response = respond(&mut kim).await;
    assert_eq!(kim.register(&response).await.problem(), (409, "no-ceremony"));
    assert_eq!(kim.post("proof/verify", &response).await.problem(), (409, "no-ceremony"));
    let response = respond(&mut kim).await;
    kim.post("proof/verify", &response).await.ok();
    assert_eq!(kim.post("proof/verify", &response).await.problem(), (409, "no-ceremony"));
    let sign_up = kim.create(&json!({"username": "kim"})).await;
    assert_eq!(kim.post("proof/verify", &sign_up).await.problem(), (409, "no-ceremony"));
    let response = respond(&mut kim).await;
    let mut other = with_format(&test, "one", Format::Packed);
    assert_eq!(other.post("proof/verify", &response).await.problem(), (409, "no-ceremony"));
}
