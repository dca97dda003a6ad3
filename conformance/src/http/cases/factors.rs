//! Second factors other than passkeys.

use std::time::Duration;

use rp_service::store::{FactorRecord, FactorStatus, FactorStore, PutFactor};
use rp_service::{Caller, FactorName, Method};
use serde_json::json;

use super::first_factor::{password, user_and_thief};
use super::{NOT_RECENT, Server, Test, authenticator};
use crate::http::parallel::all;
use crate::http::{HttpResponse, LocalFuture, UserAgent, has_secret};

/// An authenticator application.
pub(super) struct Phone {
    totp: totp_rs::Totp,
}

impl Phone {
    /// Scans the QR code that the page shows.
    fn scan(uri: &str) -> Self {
        Self { totp: totp_rs::Totp::from_url(uri).expect("an otpauth URI") }
    }

    /// The code at the time of the service, so many steps later.
    pub(super) fn code(&self, test: &Test, steps: i64) -> String {
        let time = test.passkeys.now().as_unix_seconds() + 30 * steps;
        self.totp.generate(u64::try_from(time).unwrap_or_default()).to_string()
    }
}

/// Starts to set up a TOTP.
pub(super) async fn start_totp(browser: &mut UserAgent) -> Phone {
    let enrolment = browser.post("factors/totp/enrol", &json!({})).await.ok();
    Phone::scan(enrolment["uri"].as_str().unwrap_or_default())
}

/// Sets up a TOTP.
pub(super) async fn enrol_totp(test: &Test, browser: &mut UserAgent) -> Phone {
    let phone = start_totp(browser).await;
    let codes = json!({"codes": [phone.code(test, -1), phone.code(test, 0)]});
    browser.post("factors/totp/confirm", &codes).await.ok();
    // The code that confirmed it is used.
    test.wait(Duration::from_secs(30));
    phone
}

/// Makes a set of recovery codes.
pub(super) async fn recovery_codes(browser: &mut UserAgent) -> Vec<String> {
    let set = browser.post("factors/recovery-codes/enrol", &json!({})).await.ok();
    let codes = set["codes"].as_array().into_iter().flatten();
    codes.map(|code| code.as_str().unwrap_or_default().to_owned()).collect()
}

pub(super) async fn verify(browser: &mut UserAgent, factor: &str, code: &str) -> HttpResponse {
    browser.post(&format!("factors/{factor}/verify"), &json!({ "code": code })).await
}

/// A user with a password and nothing else.
pub(super) async fn password_user(test: &Test) -> UserAgent {
    test.passkeys.create_user("kim", "Kim").await.expect("the user is created");
    let mut kim = test.browser("kim");
    assert_eq!(password(&mut kim, "kim").await.text(), "kim signed in");
    kim
}

pub(super) async fn a_totp_is_enrolled_with_two_consecutive_codes(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let factors = kim.get("factors").await.ok();
    assert_eq!(factors, json!({"enrolled": [], "available": ["totp", "recovery-codes"]}));
    let enrolment = kim.post("factors/totp/enrol", &json!({})).await.ok();
    let (uri, secret) = (&enrolment["uri"], &enrolment["secret"]);
    let expected =
        format!("otpauth://totp/Example:kim?secret={}&issuer=Example", secret.as_str().unwrap_or_default());
    assert_eq!(uri, &json!(expected));
    assert_eq!(secret.as_str().map(str::len), Some(32));
    // It is good for nothing yet.
    let phone = Phone::scan(uri.as_str().unwrap_or_default());
    assert_eq!(verify(&mut kim, "totp", &phone.code(&test, 0)).await.problem(), (404, "factor-unknown"));
    assert_eq!(kim.get("factors").await.ok()["enrolled"], json!([]));
    for wrong in [[-1, 1], [0, 0], [0, -1], [-3, -2]] {
        let codes = json!({"codes": wrong.map(|steps| phone.code(&test, steps))});
        let answer = kim.post("factors/totp/confirm", &codes).await;
        assert_eq!(answer.problem(), (401, "factor-invalid"), "{wrong:?}");
    }
    let codes = json!({"codes": [phone.code(&test, -1), phone.code(&test, 0)]});
    let enrolled = kim.post("factors/totp/confirm", &codes).await.ok();
    assert_eq!(enrolled, json!({"name": "totp", "createdAt": "2026-06-01T00:00:00Z"}));
    let factors = kim.get("factors").await.ok();
    assert_eq!(factors, json!({"enrolled": [enrolled], "available": ["recovery-codes"]}));
    for path in ["factors/totp/enrol", "factors/totp/confirm"] {
        // It now takes the TOTP itself to manage factors.
        assert_eq!(kim.post(path, &codes).await.problem(), (403, "step-up-required"), "{path}");
    }
    test.wait(Duration::from_secs(30));
    assert_eq!(verify(&mut kim, "totp", &phone.code(&test, 0)).await.status, 200);
    for path in ["factors/totp/enrol", "factors/totp/confirm"] {
        assert_eq!(kim.post(path, &codes).await.problem(), (409, "factor-exists"), "{path}");
    }
    let events = test.outcomes();
    assert_eq!(events.iter().filter(|event| *event == "enrol-factor ok").count(), 1, "{events:?}");
}

pub(super) async fn a_password_and_a_totp_sign_in(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let phone = enrol_totp(&test, &mut kim).await;
    kim.sign_out().await;
    assert_eq!(password(&mut kim, "kim").await.text(), "kim needs totp");
    assert_eq!(kim.get("session").await.ok()["next"], json!({"secondFactors": ["totp"]}));
    assert_eq!(kim.post("factors/totp/options", &json!({})).await.ok(), json!({}));
    let first = kim.cookie("session");
    for wrong in ["000000x", "", "12345", "1234567"] {
        assert_eq!(verify(&mut kim, "totp", wrong).await.problem(), (401, "factor-invalid"), "{wrong}");
    }
    assert_eq!(kim.get("/app/user").await.problem(), (401, "second-factor-required"));
    let session = verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
    assert_eq!((&session["state"], session.get("next")), (&json!("signed-in"), None));
    assert_eq!(session["assurance"], json!({"aal": 2, "amr": ["pwd", "otp", "mfa"]}));
    assert_eq!(kim.get("/app/user").await.text(), "kim");
    // A change of state changes the token.
    assert_ne!(kim.cookie("session"), first);
    let mut copy = test.browser("copy");
    copy.set_cookie("__Host-rp-session", &first.unwrap_or_default());
    assert_eq!(copy.get("session").await.problem(), (401, "not-signed-in"));
}

pub(super) async fn a_totp_verifies_the_user_again(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let phone = enrol_totp(&test, &mut kim).await;
    test.wait(NOT_RECENT);
    let before = kim.cookie("session");
    let late = kim.delete("factors/totp").await;
    assert_eq!(late.problem(), (403, "step-up-required"));
    let session = verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
    assert_eq!(session["authTime"], "2026-06-01T00:05:31Z");
    assert_ne!(kim.cookie("session"), before);
    assert_eq!(kim.add_passkey(&mut authenticator("first")).await["userVerified"], true);
    // With a passkey, it takes the passkey.
    assert_eq!(kim.delete("factors/totp").await.problem(), (403, "step-up-required"));
}

pub(super) async fn a_recovery_code_enrols_a_passkey_and_signs_no_one_in(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let codes = recovery_codes(&mut kim).await;
    assert_eq!(codes.len(), 10);
    let factors = kim.get("factors").await.ok();
    assert_eq!(factors["enrolled"][0]["remaining"], 10);
    kim.sign_out().await;

    // The passkey is lost.
    let mut kim = test.browser("new phone");
    assert_eq!(password(&mut kim, "kim").await.text(), "kim needs passkey or recovery-codes");
    let denied = kim.post("registration/options", &json!({})).await;
    assert_eq!(denied.problem(), (401, "second-factor-required"));
    let session = verify(&mut kim, "recovery-codes", &codes[0]).await.ok();
    assert_eq!(session["state"], "first-factor");
    assert_eq!(session["next"], json!({"enrol": {"by": "2026-06-01T00:10:00Z"}}));
    assert_eq!(kim.get("/app/user").await.problem(), (401, "second-factor-required"));
    assert_eq!(kim.get("factors").await.problem(), (401, "second-factor-required"));
    let more = kim.post("factors/recovery-codes/enrol", &json!({})).await;
    assert_eq!(more.problem(), (401, "second-factor-required"));
    let options = kim.post("registration/options", &json!({})).await.ok();
    let response = kim.create_for(&options);
    assert_eq!(kim.register(&response).await.status, 201);
    // One passkey, and no sign-in.
    assert_eq!(kim.get("/app/user").await.problem(), (401, "second-factor-required"));
    let again = kim.post("registration/options", &json!({})).await;
    assert_eq!(again.problem(), (401, "second-factor-required"));
    let next = kim.get("session").await.ok()["next"].clone();
    assert_eq!(next, json!({"secondFactors": ["passkey", "recovery-codes"]}));
    kim.second_factor().await;
    assert_eq!(kim.get("/app/user").await.text(), "kim");
    assert_eq!(kim.get("factors").await.ok()["enrolled"][0]["remaining"], 9);
}

pub(super) async fn a_recovery_code_enrols_a_totp(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let codes = recovery_codes(&mut kim).await;
    let mut kim = test.browser("new phone");
    password(&mut kim, "kim").await;
    verify(&mut kim, "recovery-codes", &codes[9]).await.ok();
    let phone = enrol_totp(&test, &mut kim).await;
    let next = kim.get("session").await.ok()["next"].clone();
    assert_eq!(next, json!({"secondFactors": ["passkey", "totp", "recovery-codes"]}));
    let denied = kim.post("registration/options", &json!({})).await;
    assert_eq!(denied.problem(), (401, "second-factor-required"));
    verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
    assert_eq!(kim.get("/app/user").await.text(), "kim");
}

pub(super) async fn a_code_is_used_once_also_in_parallel(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let codes = recovery_codes(&mut kim).await;
    let phone = enrol_totp(&test, &mut kim).await;
    // In one session, and in others.
    let mut browsers = Vec::new();
    for _ in 0..4 {
        let mut browser = test.browser("kim");
        password(&mut browser, "kim").await;
        browsers.extend([browser.clone(), browser]);
    }
    for factor in ["recovery-codes", "totp"] {
        let code = if factor == "totp" { phone.code(&test, 0) } else { codes[0].clone() };
        // Four wrong ones are within the limit of the user.
        let sends = browsers.iter().take(5).map(|browser| -> LocalFuture<_> {
            let (mut browser, code) = (browser.clone(), code.clone());
            Box::pin(async move {
                let answer = verify(&mut browser, factor, &code).await;
                (browser, answer)
            })
        });
        let answers = all(sends.collect()).await;
        let accepted = answers.iter().filter(|(_, answer)| answer.status == 200).count();
        assert_eq!(accepted, 1, "{factor}");
        for (_, answer) in answers.iter().filter(|(_, answer)| answer.status != 200) {
            // 409: in the same session, after the code was used.
            assert!(matches!(answer.status, 401 | 409), "{answer:?}");
        }
        test.wait(Duration::from_secs(300));
        for browser in &mut browsers {
            password(browser, "kim").await;
        }
        let again = verify(&mut browsers[0], factor, &code).await;
        assert_eq!(again.problem(), (401, "factor-invalid"), "{factor}");
        test.wait(Duration::from_secs(300));
    }
}

pub(super) async fn a_new_set_of_recovery_codes_replaces_the_old_one(server: Server) {
    let test = server.start().await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let (old, new) = (recovery_codes(&mut kim).await, recovery_codes(&mut kim).await);
    kim.sign_out().await;
    password(&mut kim, "kim").await;
    let answer = verify(&mut kim, "recovery-codes", &old[0]).await;
    assert_eq!(answer.problem(), (401, "factor-invalid"));
    // As people write them.
    let written = format!(" {} ", new[0].to_uppercase().replace('-', " "));
    verify(&mut kim, "recovery-codes", &written).await.ok();
    for code in &new[1..8] {
        verify(&mut kim, "recovery-codes", code).await.ok();
    }
    kim.second_factor().await;
    let factors = kim.get("factors").await.ok();
    assert_eq!(
        (&factors["enrolled"][0]["remaining"], &factors["enrolled"][0]["fewLeft"]),
        (&json!(2), &json!(true))
    );
    // A code is for a sign-in, and not for a signed-in user.
    let answer = verify(&mut kim, "recovery-codes", &new[9]).await;
    assert_eq!(answer.problem(), (400, "malformed-json"));
}

pub(super) async fn wrong_codes_are_limited_per_user_and_per_address(server: Server) {
    let per_address = |setup: &mut crate::http::Setup| setup.policy.limits.factors_per_address.attempts = 7;
    let test = server.start_with(per_address).await;
    let mut kim = password_user(&test).await;
    let phone = enrol_totp(&test, &mut kim).await;
    kim.sign_out().await;
    password(&mut kim, "kim").await;
    for _ in 0..5 {
        assert_eq!(verify(&mut kim, "totp", "000000x").await.problem(), (401, "factor-invalid"));
    }
    let limited = verify(&mut kim, "totp", &phone.code(&test, 0)).await;
    assert_eq!(limited.problem(), (429, "too-many-requests"));
    // The window began with the enrolment.
    assert_eq!(limited.header("retry-after").collect::<Vec<_>>(), ["270"]);
    // The user in every session, and then every user of the address.
    password(&mut kim, "kim").await;
    assert_eq!(verify(&mut kim, "totp", "000000x").await.problem(), (429, "too-many-requests"));
    test.wait(Duration::from_secs(300));
    password(&mut kim, "kim").await;
    for _ in 0..2 {
        assert_eq!(verify(&mut kim, "totp", "000000x").await.problem(), (401, "factor-invalid"));
    }
    assert_eq!(verify(&mut kim, "totp", "000000x").await.problem(), (429, "too-many-requests"));
    test.wait(Duration::from_secs(300));
    verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
    // A correct code is not counted.
    for _ in 0..8 {
        test.wait(Duration::from_secs(30));
        verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
    }
}

pub(super) async fn a_factor_of_another_user_is_unknown(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let phone = enrol_totp(&test, &mut kim).await;
    let codes = recovery_codes_after(&test, &mut kim, &phone).await;
    let mut eve = test.browser("eve");
    eve.sign_up("eve").await;
    assert_eq!(eve.get("factors").await.ok()["enrolled"], json!([]));
    assert_eq!(verify(&mut eve, "totp", &phone.code(&test, 1)).await.problem(), (404, "factor-unknown"));
    assert_eq!(eve.delete("factors/totp").await.problem(), (404, "factor-unknown"));
    for name in ["passkey", "other", "TOTP", "a%2Fb"] {
        let path = format!("factors/{name}");
        assert_eq!(eve.delete(&path).await.problem(), (404, "factor-unknown"), "{name}");
        let answer = eve.post(&format!("{path}/enrol"), &json!({})).await;
        assert_eq!(answer.problem(), (404, "factor-unknown"), "{name}");
    }
    let eve_codes = recovery_codes(&mut eve).await;
    eve.sign_out().await;
    password(&mut eve, "eve").await;
    let answer = verify(&mut eve, "recovery-codes", &codes[0]).await;
    assert_eq!(answer.problem(), (401, "factor-invalid"));
    verify(&mut eve, "recovery-codes", &eve_codes[0]).await.ok();
    // A state is encrypted for its user: a row that is copied to another user opens nothing.
    let (user, other) = (test.user("kim").await, test.user("eve").await);
    let mut row = test.store.inner().factor(&user, &FactorName::TOTP).await.expect("memory").expect("a row");
    row.user = other;
    let put = test.store.inner().put_factor(&row, None, None).await.expect("memory");
    assert_eq!(put, PutFactor::Done);
    let answer = verify(&mut eve, "totp", &phone.code(&test, 1)).await;
    assert_eq!(answer.problem(), (503, "storage-unavailable"));
}

/// Recovery codes of a user who has a TOTP.
async fn recovery_codes_after(test: &Test, browser: &mut UserAgent, phone: &Phone) -> Vec<String> {
    verify(browser, "totp", &phone.code(test, 0)).await.ok();
    recovery_codes(browser).await
}

pub(super) async fn a_factor_that_the_service_no_longer_has_is_ignored(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    enrol_totp(&test, &mut kim).await;
    let (store, user) = (test.store.inner(), test.user("kim").await);
    let row = store.factor(&user, &FactorName::TOTP).await.expect("memory").expect("a row");
    let removed = FactorRecord { name: FactorName::parse("removed").expect("a name"), ..row };
    store.delete_factors(&user).await.expect("memory");
    assert_eq!(store.put_factor(&removed, None, None).await.expect("memory"), PutFactor::Done);
    kim.sign_out().await;
    assert_eq!(password(&mut kim, "kim").await.text(), "kim signed in");
    kim.add_passkey(&mut authenticator("first")).await;
}

/// The application reports a first factor of its own, such as a federated sign-in.
pub(super) async fn a_first_factor_of_the_application_completes_nothing(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let phone = enrol_totp(&test, &mut kim).await;
    let codes = recovery_codes_after(&test, &mut kim, &phone).await;
    let user = test.user("kim").await;
    for (method, code) in ["sso", "Acme SSO"].into_iter().zip(&codes) {
        let method = Method::Other(method.into());
        let opened = test.passkeys.first_factor_verified(&Caller::default(), &user, method).await;
        let token = opened.expect("memory").session.token.expect("a token").expose();
        kim.set_cookie("__Host-rp-session", token.as_bytes());
        let session = verify(&mut kim, "recovery-codes", code).await.ok();
        assert_eq!(session["state"], "first-factor");
        assert!(session["next"]["enrol"].is_object(), "{session}");
        assert_eq!(kim.get("/app/user").await.problem(), (401, "second-factor-required"));
    }
}

pub(super) async fn a_deleted_factor_ends_the_other_sessions_that_used_it(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let phone = enrol_totp(&test, &mut kim).await;
    let mut thief = test.browser("thief");
    password(&mut thief, "kim").await;
    verify(&mut thief, "totp", &phone.code(&test, 0)).await.ok();
    test.wait(Duration::from_secs(30));
    verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
    let left = kim.delete("factors/totp").await.ok();
    assert_eq!(left, json!({"enrolled": [], "available": ["totp", "recovery-codes"]}));
    assert_eq!(thief.get("/app/user").await.problem(), (401, "not-signed-in"));
    assert_eq!(kim.get("/app/user").await.text(), "kim");
    // A verification in progress leaves no session either.
    let phone = enrol_totp(&test, &mut kim).await;
    let user = test.user("kim").await;
    password(&mut thief, "kim").await;
    test.store.before("replace_session", move |store| {
        let user = user.clone();
        async move {
            store.delete_factors(&user).await.expect("memory");
        }
    });
    let answer = verify(&mut thief, "totp", &phone.code(&test, 0)).await;
    assert_eq!(answer.problem(), (404, "factor-unknown"));
    test.store.undisturbed();
    assert_eq!(thief.get("session").await.problem(), (401, "not-signed-in"));
}

pub(super) async fn of_two_confirmations_of_a_factor_the_second_changes_nothing(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let user = test.user("kim").await;
    let enrolment = kim.post("factors/totp/enrol", &json!({})).await.ok();
    let phone = Phone::scan(enrolment["uri"].as_str().unwrap_or_default());
    let stored = async || {
        let factor = test.store.inner().factor(&user, &FactorName::TOTP).await.expect("memory");
        factor.expect("a factor")
    };
    let pending = stored().await;
    let codes = json!({"codes": [phone.code(&test, -1), phone.code(&test, 0)]});
    kim.post("factors/totp/confirm", &codes).await.ok();
    let confirmed = stored().await;
    // Another confirmation read the pending factor before the first one was stored.
    let late = FactorRecord { status: FactorStatus::SecondFactor, ..pending.clone() };
    let put = test.store.inner().put_factor(&late, Some(pending.version), None).await.expect("memory");
    assert_eq!(put, PutFactor::Changed);
    assert_eq!(stored().await, confirmed);
}

pub(super) async fn an_enrolment_expires_and_is_checked_again(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let answer = kim.post("factors/totp/confirm", &json!({"codes": ["1", "2"]})).await;
    assert_eq!(answer.problem(), (409, "no-ceremony"));
    let enrolment = kim.post("factors/totp/enrol", &json!({})).await.ok();
    let phone = Phone::scan(enrolment["uri"].as_str().unwrap_or_default());
    let codes = |steps: i64| json!({"codes": [phone.code(&test, steps - 1), phone.code(&test, steps)]});
    test.wait(NOT_RECENT);
    let answer = kim.post("factors/totp/confirm", &codes(0)).await;
    assert_eq!(answer.problem(), (403, "step-up-required"));
    test.wait(Duration::from_secs(600));
    password(&mut kim, "kim").await;
    let answer = kim.post("factors/totp/confirm", &codes(0)).await;
    assert_eq!(answer.problem(), (409, "ceremony-expired"));
    // The password no longer suffices if a passkey was added in the meantime.
    let enrolment = kim.post("factors/totp/enrol", &json!({})).await.ok();
    let phone = Phone::scan(enrolment["uri"].as_str().unwrap_or_default());
    let codes = json!({"codes": [phone.code(&test, -1), phone.code(&test, 0)]});
    kim.add_passkey(&mut authenticator("first")).await;
    let answer = kim.post("factors/totp/confirm", &codes).await;
    assert_eq!(answer.problem(), (403, "step-up-required"));
    assert_eq!(kim.get("factors").await.ok()["enrolled"], json!([]));
}

pub(super) async fn secrets_of_factors_are_neither_stored_nor_logged(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let enrolment = kim.post("factors/totp/enrol", &json!({})).await.ok();
    let secret = enrolment["secret"].as_str().unwrap_or_default().to_owned();
    let phone = Phone::scan(enrolment["uri"].as_str().unwrap_or_default());
    let confirmation = [phone.code(&test, -1), phone.code(&test, 0)];
    kim.post("factors/totp/confirm", &json!({"codes": confirmation})).await.ok();
    test.wait(Duration::from_secs(30));
    let code = phone.code(&test, 0);
    verify(&mut kim, "totp", &code).await.ok();
    let codes = recovery_codes(&mut kim).await;
    kim.sign_out().await;
    password(&mut kim, "kim").await;
    verify(&mut kim, "recovery-codes", &codes[0]).await.ok();
    verify(&mut kim, "recovery-codes", &codes[0]).await.problem();
    let bytes = phone.totp.secret().as_bytes().to_vec();
    let kept = [test.store.written(), test.events().concat()].concat();
    let mut forms = vec![secret, rp_core::base64url::encode(&bytes), format!("{bytes:?}"), code];
    forms.extend(confirmation);
    forms.extend(codes.iter().flat_map(|code| [code.clone(), code.replace('-', "")]));
    for form in forms {
        let as_bytes = format!("{:?}", form.as_bytes());
        for form in [form.as_str(), as_bytes.trim_matches(['[', ']'])] {
            assert!(!has_secret(&kept, form), "{form}");
        }
    }
}

pub(super) async fn a_factor_that_cannot_be_stored_changes_nothing(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    let phone = enrol_totp(&test, &mut kim).await;
    kim.sign_out().await;
    password(&mut kim, "kim").await;
    for call in ["factor", "factors", "put_factor"] {
        test.store.fail([call]);
        let answer = verify(&mut kim, "totp", &phone.code(&test, 0)).await;
        assert_eq!(answer.problem(), (503, "storage-unavailable"), "{call}");
        test.store.fail([]);
        assert_eq!(kim.get("session").await.ok()["state"], "first-factor", "{call}");
    }
    verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
    for call in ["factors", "delete_factor"] {
        test.store.fail([call]);
        assert_eq!(kim.delete("factors/totp").await.problem(), (503, "storage-unavailable"), "{call}");
        test.store.fail([]);
        assert_eq!(kim.get("factors").await.ok()["enrolled"][0]["name"], "totp", "{call}");
    }
}

pub(super) async fn options_of_other_factors_are_counted_apart_too(server: Server) {
    let four = |setup: &mut crate::http::Setup| setup.policy.limits.ceremonies_per_user.attempts = 4;
    let test = server.start_with(four).await;
    let (mut kim, mut thief, _) = user_and_thief(&test).await;
    enrol_totp(&test, &mut kim).await;
    password(&mut thief, "kim").await.text();
    for _ in 0..4 {
        assert_eq!(thief.post("factors/totp/options", &json!({})).await.status, 200);
    }
    let limited = thief.post("factors/totp/options", &json!({})).await;
    assert_eq!(limited.problem(), (429, "too-many-requests"));
    kim.step_up().await;
}
