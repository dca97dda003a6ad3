//! Assurance levels: their reasons in events, the facts of a sign-in, guards, and timeouts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rp_core::options::AttestationConveyancePreference;
use rp_core::{Aaguid, Timestamp};
use rp_service::{
    AuthenticatorDirectory, AuthenticatorInfo, Certification, Fips, ModelFacts, SecondFactorPolicy,
    SessionPolicy,
};
use serde_json::{Value, json};

use super::factors::{enrol_totp, password_user, verify};
use super::first_factor::password;
use super::{NOT_RECENT, Server, Test};
use crate::authenticator::{Backup, Config, Format};
use crate::http::{Setup, UserAgent};

const MINUTE: Duration = Duration::from_secs(60);

/// A site that requests attestation.
fn attested(setup: &mut Setup) {
    setup.relying_party = |rp| rp.attestation(AttestationConveyancePreference::Direct);
}

/// A browser with the key whose attestation the fixture trusts.
fn trusted(test: &Test, backup: Backup) -> UserAgent {
    test.browser_with("one", Config { format: Format::Packed, backup, ..Config::default() })
}

/// Metadata that list a model until it is revoked.
struct Metadata(Arc<AtomicBool>);

impl AuthenticatorDirectory for Metadata {
    fn info(&self, _: &Aaguid) -> Option<AuthenticatorInfo> {
        None
    }

    fn facts(&self, _: &Aaguid, _: Timestamp) -> ModelFacts {
        let mut facts = ModelFacts::default();
        if !self.0.load(Ordering::SeqCst) {
            (facts.is_hardware, facts.fips) = (true, Some(Fips::L2));
        }
        facts
    }

    fn has_facts(&self) -> bool {
        true
    }
}

pub(super) async fn a_sign_in_is_recorded_with_its_assurance_and_reasons(server: Server) {
    let test = server.start_with(attested).await;
    let mut kim = trusted(&test, Backup::BackedUp);
    kim.sign_up("kim").await;
    let _ = test.events();
    kim.sign_in().await;
    let event = test.events().pop().unwrap_or_default();
    let expected = "Assurance { aal: 2, aal_reason: Key(Syncable { backed_up: true }), acr: Some(Phr), \
                    acr_reason: Key(Syncable { backed_up: true }), amr: [Pop, User, Mfa] }";
    assert!(event.starts_with("sign-in ok") && event.contains(expected), "{event}");
    test.wait(NOT_RECENT);
    kim.step_up().await;
    let event = test.events().pop().unwrap_or_default();
    assert!(event.starts_with("step-up ok") && event.contains(expected), "{event}");
    // A session that verified no factor has no assurance.
    kim.get("session").await.ok();
    kim.sign_out().await;
    assert!(test.events().iter().all(|event| !event.contains("Assurance")));
    password(&mut kim, "kim").await;
    let event = test.events().pop().unwrap_or_default();
    assert!(event.starts_with("first-factor ok") && event.contains("aal_reason: PasswordAlone"), "{event}");
}

pub(super) async fn a_session_keeps_the_facts_of_its_sign_in(server: Server) {
    let is_revoked = Arc::new(AtomicBool::new(false));
    let metadata = Metadata(Arc::clone(&is_revoked));
    let test = server
        .start_with(|setup| {
            attested(setup);
            setup.service = Box::new(|builder| builder.authenticators(metadata));
        })
        .await;
    let mut kim = trusted(&test, Backup::DeviceBound);
    kim.sign_up("kim").await;
    let aal3 = json!({"aal": 3, "acr": "phrh", "amr": ["hwk", "user", "mfa"]});
    assert_eq!(kim.sign_in().await["assurance"], aal3);
    is_revoked.store(true, Ordering::SeqCst);
    assert_eq!(kim.get("session").await.ok()["assurance"], aal3);
    assert_eq!(kim.post("/app/hardware", &Value::Null).await.text(), "kim");
    // The next verification has the facts of its own time.
    let aal2 = json!({"aal": 2, "acr": "phr", "amr": ["pop", "user", "mfa"]});
    assert_eq!(kim.step_up().await["assurance"], aal2);
    assert_eq!(kim.post("/app/hardware", &Value::Null).await.problem(), (403, "step-up-required"));
}

pub(super) async fn a_guard_may_require_a_level(server: Server) {
    let test =
        server.start_with(|setup| setup.policy.default.second_factor = SecondFactorPolicy::Optional).await;
    let mut kim = password_user(&test).await;
    let phone = enrol_totp(&test, &mut kim).await;
    kim.sign_out().await;
    assert_eq!(password(&mut kim, "kim").await.text(), "kim signed in, may use totp");
    let answer = kim.post("/app/level", &Value::Null).await;
    assert_eq!(answer.problem(), (403, "step-up-required"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    assert_eq!(body["required"], json!({}), "any second factor completes the password");
    verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
    assert_eq!(kim.post("/app/level", &Value::Null).await.text(), "kim");
    let mut key = test.browser("key");
    key.sign_up("key").await;
    assert_eq!(key.post("/app/level", &Value::Null).await.text(), "key");
}

pub(super) async fn a_session_ends_by_the_limits_of_its_level(server: Server) {
    let by_level = |setup: &mut Setup| {
        attested(setup);
        setup.policy.sessions = SessionPolicy::by_level();
    };
    // A password at AAL1, a synced passkey at AAL2, a hardware key at AAL3; minutes.
    for (backup, idle, overall) in [
        (None, 120 * 60, 30 * 24 * 60),
        (Some(Backup::BackedUp), 60, 24 * 60),
        (Some(Backup::DeviceBound), 15, 12 * 60),
    ] {
        let test = server.start_with(by_level).await;
        let mut kim = match backup {
            None => password_user(&test).await,
            Some(backup) => {
                let mut kim = trusted(&test, backup);
                kim.sign_up("kim").await;
                kim
            }
        };
        let lives = async |kim: &mut UserAgent, minutes: u32| {
            for _ in 0..minutes / idle {
                test.wait(idle * MINUTE);
                kim.get("session").await.ok();
            }
        };
        if backup.is_some() {
            // Verifying a factor again starts both limits of the level again.
            lives(&mut kim, overall / 2).await;
            kim.step_up().await;
        }
        lives(&mut kim, overall).await;
        test.wait(Duration::from_secs(1));
        assert_eq!(kim.get("session").await.problem(), (401, "not-signed-in"), "{backup:?}");
        if let Some(backup) = backup {
            let mut idler = trusted(&test, backup);
            idler.authenticator = kim.authenticator.clone();
            idler.sign_in().await;
            test.wait(idle * MINUTE + Duration::from_secs(1));
            assert_eq!(idler.get("session").await.problem(), (401, "not-signed-in"), "{backup:?}");
        }
    }
}

pub(super) async fn the_policy_decides_which_keys_reach_aal3(server: Server) {
    // The fixture lists certification and FIPS 140 at level 1.
    for (fips, certification, aal) in [
        (Some(Fips::L1), None, 3),
        (Some(Fips::L2), None, 2),
        (None, Some(Certification::L1), 3),
        (None, Some(Certification::L1Plus), 2),
    ] {
        let rules = |setup: &mut Setup| {
            attested(setup);
            (setup.policy.aal3.fips, setup.policy.aal3.certification) = (fips, certification);
        };
        let test = server.start_with(rules).await;
        let mut kim = trusted(&test, Backup::DeviceBound);
        kim.sign_up("kim").await;
        let assurance = kim.sign_in().await["assurance"].clone();
        assert_eq!((&assurance["aal"], &assurance["acr"]), (&json!(aal), &json!("phrh")), "{fips:?}");
    }
}
