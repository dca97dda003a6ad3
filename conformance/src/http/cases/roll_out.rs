//! Stricter rules for users who already have passkeys and factors: before their date, after it, and the way to meet them.

use std::sync::Arc;
use std::time::Duration;

use rp_core::StaticAnchors;
use rp_core::options::AttestationConveyancePreference;
use rp_service::store::{SignUp, SignUpStore as _, UserStore as _};
use rp_service::{Outlook, Policy, Standing};
use serde_json::{Value, json};

use super::factors::{enrol_totp, recovery_codes, verify};
use super::first_factor::password;
use super::policy::{Staff, site, synced, user};
use super::{NOT_RECENT, Server, Test, authenticator};
use crate::authenticator::{Authenticator, Config, Format, Verification};
use crate::http::UserAgent;

/// The user `kim` joins the group `staff`, by a new name: from now on, its rules apply to `ada`.
async fn join(test: &Test) {
    test.passkeys.rename_user(&test.user("kim").await, "ada").await.expect("the user exists");
}

/// The state of the session, and the next step.
async fn next(browser: &mut UserAgent) -> (Value, Value) {
    let session = browser.get("session").await.ok();
    (session["state"].clone(), session["next"].clone())
}

/// The session may enrol a factor, and do nothing else.
#[track_caller]
fn assert_enrols(session: &Value) {
    assert_eq!(session["state"], "first-factor", "{session}");
    assert!(session["next"]["enrol"]["by"].is_string(), "{session}");
}

/// The state of `ada` under the policy, as an operator sees it.
async fn outlook(test: &Test) -> Outlook {
    let (user, now) = (test.user("ada").await, test.passkeys.now());
    test.passkeys.user_state(&user, true, now).await.expect("memory").expect("the user exists").outlook
}

pub(super) async fn recovery_codes_are_accepted_until_the_date(server: Server) {
    let file =
        "[group.staff]\nsecond_factor = 'required'\nfactors = 'passkey'\nenrol = { from = 2026-06-11 }";
    let test = site(&server, file).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let codes = recovery_codes(&mut kim).await;
    join(&test).await;
    kim.sign_out().await;
    assert_eq!(password(&mut kim, "ada").await.text(), "ada needs passkey or recovery-codes");
    assert_eq!(kim.post("factors/recovery-codes/options", &json!({})).await.status, 200);
    let session = verify(&mut kim, "recovery-codes", &codes[0]).await.ok();
    assert_enrols(&session);
    let mut key = authenticator("another key");
    kim.add_passkey(&mut key).await;
    // After it, they open nothing.
    test.wait(Duration::from_hours(24 * 10));
    assert_eq!(password(&mut kim, "ada").await.text(), "ada needs passkey");
    let late = verify(&mut kim, "recovery-codes", &codes[1]).await;
    assert_eq!(late.problem(), (404, "factor-unknown"));
}

pub(super) async fn a_key_without_uv_is_accepted_until_the_date(server: Server) {
    let file = "[group.staff]\npasskeys.user_verification = 'required'\n\
                enrol = { from = 2026-06-11, remind_days = 30 }";
    let test = site(&server, file).await;
    let config = Config { verification: Verification::Never, ..Config::default() };
    let mut kim = test.browser_with("kim", config);
    kim.sign_up("kim").await;
    join(&test).await;
    kim.sign_out().await;
    let second_factor = json!({"purpose": "second-factor"});
    assert_eq!(password(&mut kim, "ada").await.text(), "ada needs passkey");
    let options = kim.post("authentication/options", &second_factor).await.ok();
    assert_eq!(options["userVerification"], "preferred");
    let reminded = json!({"enrol": {"by": "2026-06-11T00:00:00Z"}});
    let session = kim.second_factor().await;
    assert_eq!((&session["state"], &session["next"]), (&json!("signed-in"), &reminded));
    assert_eq!(kim.step_up().await["state"], "signed-in");
    assert_eq!(outlook(&test).await.standing, Standing::Reminded);
    // After it, the key only enrols one that verifies its user.
    test.wait(Duration::from_hours(24 * 10));
    assert_eq!(outlook(&test).await.standing, Standing::MustEnrol);
    assert_eq!(password(&mut kim, "ada").await.text(), "ada needs passkey");
    let session = kim.second_factor().await;
    assert_enrols(&session);
    let mut key = authenticator("key with a PIN");
    kim.add_passkey(&mut key).await;
    assert_eq!(next(&mut kim).await, (json!("first-factor"), json!({"secondFactors": ["passkey"]})));
    let mut options = kim.post("authentication/options", &second_factor).await.ok();
    assert_eq!(options["userVerification"], "required");
    // A page that ignores it.
    options["userVerification"] = json!("discouraged");
    let response = kim.assert_for(&options);
    assert_eq!(kim.authenticate(&response).await.problem(), (422, "user-not-verified"));
    kim.authenticator = key;
    assert_eq!(kim.second_factor().await["state"], "signed-in");
    assert_eq!(outlook(&test).await.standing, Standing::Ready);
}

pub(super) async fn an_accepted_factor_is_asked_for_once_it_is_there(server: Server) {
    let test = site(&server, "[group.staff]\nsecond_factor = 'required'\nfactors = 'passkey'").await;
    let mut kim = user(&test, "kim").await;
    password(&mut kim, "kim").await;
    let phone = enrol_totp(&test, &mut kim).await;
    join(&test).await;
    kim.sign_out().await;
    assert_eq!(password(&mut kim, "ada").await.text(), "ada needs totp");
    let session = verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
    assert_enrols(&session);
    let mut key = authenticator("key");
    kim.add_passkey(&mut key).await;
    assert_eq!(next(&mut kim).await, (json!("first-factor"), json!({"secondFactors": ["passkey"]})));
    let another = kim.post("registration/options", &json!({})).await;
    assert_eq!(another.problem(), (401, "second-factor-required"));
    kim.authenticator = key;
    assert_eq!(kim.second_factor().await["state"], "signed-in");
}

pub(super) async fn an_enrolment_ends_when_its_verification_is_old(server: Server) {
    let test = site(&server, "[default]\nsecond_factor = 'required'").await;
    let mut kim = user(&test, "kim").await;
    assert_eq!(password(&mut kim, "kim").await.text(), "kim enrols");
    let by = json!({"enrol": {"by": "2026-06-01T00:05:00Z"}});
    assert_eq!(next(&mut kim).await, (json!("first-factor"), by));
    test.wait(Duration::from_mins(5));
    assert_eq!(kim.post("registration/options", &json!({})).await.status, 200);
    // The session lives longer, and cannot step up: the user signs in again.
    test.wait(NOT_RECENT.saturating_sub(Duration::from_mins(5)));
    for path in ["registration/options", "factors/totp/enrol", "factors/recovery-codes/enrol"] {
        assert_eq!(kim.post(path, &json!({})).await.problem(), (401, "not-signed-in"), "{path}");
    }
}

pub(super) async fn a_key_is_registered_again_to_meet_stricter_rules(server: Server) {
    let file = "[group.staff]\npasskeys = { attestation = 'trusted', certification = 'L1' }\n\
                enrol = { from = 2026-06-11 }";
    let test = site(&server, file).await;
    let config = Config { format: Format::Packed, ..Config::default() };
    let mut kim = test.browser_with("one", config);
    let old = kim.sign_up("kim").await;
    let phone = kim.add_passkey(&mut Authenticator::new("phone", synced())).await;
    assert!(test.passkey(&old).await.is_some_and(|passkey| !passkey.record.attestation.trusted));
    join(&test).await;
    let options = kim.post("registration/options", &json!({})).await.ok();
    // A new passkey of the phone would have no attestation, and would take the place of the old one.
    let excluded = json!([{"type": "public-key", "id": phone["id"], "transports": ["usb", "nfc"]}]);
    assert_eq!(options["excludeCredentials"], excluded);
    let response = kim.create_for(&options);
    kim.register(&response).await.ok();
    assert!(test.passkey(&response).await.is_some_and(|passkey| passkey.record.attestation.trusted));
    let options = kim.post("registration/options", &json!({})).await.ok();
    let excluded = options["excludeCredentials"].as_array().cloned().unwrap_or_default();
    assert!(excluded.iter().any(|one| one["id"] == response["id"]), "it meets the rules: {excluded:?}");
    test.wait(Duration::from_hours(24 * 10));
    let mut options = kim.post("authentication/options", &json!({})).await.ok();
    options["allowCredentials"] = json!([{"type": "public-key", "id": response["id"]}]);
    let response = kim.assert_for(&options);
    assert_eq!(kim.authenticate(&response).await.ok()["state"], "signed-in");
}

pub(super) async fn a_key_that_was_not_trusted_is_not_registered_again(server: Server) {
    let policy =
        Policy::from_toml("[group.staff]\npasskeys.attestation = 'trusted'\nenrol = { from = 2026-06-11 }");
    let test = server
        .start_with(|setup| {
            setup.policy = policy.expect("a policy");
            setup.policy.sign_up = true;
            setup.relying_party = |rp| rp.attestation(AttestationConveyancePreference::Direct);
            setup.service = Box::new(|builder| builder.groups(Staff).trust(Arc::new(StaticAnchors::none())));
        })
        .await;
    let mut kim = test.browser_with("one", Config { format: Format::Packed, ..Config::default() });
    let old = kim.sign_up("kim").await;
    join(&test).await;
    // A new statement would not be trusted either, and the new passkey would take the place of the old one.
    let options = kim.post("registration/options", &json!({})).await.ok();
    assert_eq!(options["excludeCredentials"][0]["id"], old["id"]);
}

pub(super) async fn an_enrolment_after_a_use_without_uv_asks_for_it(server: Server) {
    let test = site(&server, "[group.staff]\npasskeys.device_bound = true").await;
    let mut kim = test.browser_with("phone", synced());
    kim.sign_up("kim").await;
    join(&test).await;
    kim.sign_out().await;
    let verification = std::mem::replace(&mut kim.authenticator.config.verification, Verification::Never);
    assert_eq!(kim.sign_in().await["state"], "first-factor");
    let rejected = kim.post("registration/options", &json!({})).await;
    assert_eq!(rejected.problem(), (401, "second-factor-required"));
    kim.authenticator.config.verification = verification;
    assert_eq!(kim.second_factor().await["state"], "first-factor");
    let mut key = authenticator("key");
    kim.add_passkey(&mut key).await;
}

pub(super) async fn a_step_up_requires_uv_where_the_rules_do(server: Server) {
    let test = site(&server, "[group.staff]\npasskeys.user_verification = 'required'").await;
    let mut kim = test.browser_with("kim", Config { verification: Verification::Never, ..Config::default() });
    kim.sign_up("kim").await;
    let phone = enrol_totp(&test, &mut kim).await;
    join(&test).await;
    kim.sign_out().await;
    password(&mut kim, "ada").await;
    assert_eq!(verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok()["state"], "signed-in");
    let options = kim.post("authentication/options", &json!({"purpose": "step-up"})).await.ok();
    assert_eq!(options["userVerification"], "required");
}

pub(super) async fn an_imported_passkey_is_judged_by_its_first_use(server: Server) {
    let test = site(&server, "[group.staff]\npasskeys.device_bound = true").await;
    let mut kim = test.browser("kim");
    let credential = kim.sign_up("kim").await;
    join(&test).await;
    // The record as an import leaves it: its backup eligibility is not known.
    let mut passkey = test.passkey(&credential).await.expect("the passkey exists");
    passkey.record.backup_eligible = None;
    let (store, handle) = (test.store.inner(), test.user("ada").await);
    let account = store.user(&handle).await.expect("memory").expect("the user exists");
    assert!(store.delete_user(&handle).await.expect("memory"));
    let created = store.create_user_with_passkey(account, passkey, false).await.expect("memory");
    assert_eq!(created, SignUp::Done);
    let session = kim.sign_in().await;
    assert_eq!((&session["state"], session.get("next")), (&json!("signed-in"), None));
    assert_eq!(next(&mut kim).await, (json!("signed-in"), Value::Null));
    assert!(test.passkey(&credential).await.is_some_and(|one| one.record.backup_eligible == Some(false)));
}

pub(super) async fn a_sign_up_before_the_date_signs_in(server: Server) {
    let file = "[default]\nsecond_factor = 'required'\nenrol = { from = 2026-06-11 }";
    let test = site(&server, file).await;
    let config = Config { verification: Verification::Never, ..Config::default() };
    let mut kim = test.browser_with("kim", config.clone());
    kim.sign_up("kim").await;
    assert_eq!(next(&mut kim).await, (json!("signed-in"), Value::Null));
    test.wait(Duration::from_hours(24 * 10));
    let mut lee = test.browser_with("lee", config);
    lee.sign_up("lee").await;
    assert_eq!(lee.get("session").await.ok()["state"], "first-factor");
}
