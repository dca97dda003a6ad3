//! Second factors other than passkeys.

use serde_json::json;

use super::first_factor::password;
use super::{NOT_RECENT, Server, Test, authenticator};
use crate::http::{Browser, HttpResponse};

/// An authenticator application.
struct Phone {
    totp: totp_rs::Totp,
}

impl Phone {
    /// Scans the QR code that the page shows.
    fn scan(uri: &str) -> Self {
        Self { totp: totp_rs::Totp::from_url(uri).expect("an otpauth URI") }
    }

    /// The code at the time of the service, so many steps later.
    fn code(&self, test: &Test, steps: i64) -> String {
        let time = test.passkeys.now().as_unix_seconds() + 30 * steps;
        self.totp.generate(u64::try_from(time).unwrap_or_default()).to_string()
    }
}

/// Sets up a TOTP.
async fn enrol_totp(test: &Test, browser: &mut Browser) -> Phone {
    let enrolment = browser.post("factors/totp/enrol", &json!({})).await.ok();
    let phone = Phone::scan(enrolment["uri"].as_str().unwrap_or_default());
    let codes = json!({"codes": [phone.code(test, -1), phone.code(test, 0)]});
    browser.post("factors/totp/confirm", &codes).await.ok();
    // The code that confirmed it is used.
    test.wait(std::time::Duration::from_secs(30));
    phone
}

/// Makes a set of recovery codes.
async fn recovery_codes(browser: &mut Browser) -> Vec<String> {
    let set = browser.post("factors/recovery-codes/enrol", &json!({})).await.ok();
    let codes = set["codes"].as_array().into_iter().flatten();
    codes.map(|code| code.as_str().unwrap_or_default().to_owned()).collect()
}

async fn verify(browser: &mut Browser, factor: &str, code: &str) -> HttpResponse {
    browser.post(&format!("factors/{factor}/verify"), &json!({ "code": code })).await
}

/// A user with a password and nothing else.
async fn with_password(test: &Test) -> Browser {
    test.passkeys.create_user("kim", "Kim").await.expect("the user is created");
    let mut kim = test.browser("kim");
    assert_eq!(password(&mut kim, "kim").await.text(), "kim signed in");
    kim
}

pub(super) async fn a_totp_is_enrolled_with_two_consecutive_codes(server: Server) {
    let test = server.start().await;
    let mut kim = with_password(&test).await;
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
    test.wait(std::time::Duration::from_secs(30));
    assert_eq!(verify(&mut kim, "totp", &phone.code(&test, 0)).await.status, 200);
    for path in ["factors/totp/enrol", "factors/totp/confirm"] {
        assert_eq!(kim.post(path, &codes).await.problem(), (409, "factor-exists"), "{path}");
    }
    let events = test.outcomes();
    assert_eq!(events.iter().filter(|event| *event == "enrol-factor ok").count(), 1, "{events:?}");
}

pub(super) async fn a_password_and_a_totp_sign_in(server: Server) {
    let test = server.start().await;
    let mut kim = with_password(&test).await;
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
    let mut kim = with_password(&test).await;
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
