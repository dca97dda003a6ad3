//! The admission hook: each operation is verified first, and changes nothing if the hook rejects it.

use rp_service::{AdmissionRequest, Denied, Purpose};
use serde_json::json;

use super::factors::{enrol_totp, recovery_codes, start_totp, verify};
use super::first_factor::password;
use super::{NOT_RECENT, Server, Test};
use crate::http::HttpResponse;

/// A site that rejects every operation with this purpose.
async fn rejecting(server: &Server, purpose: Purpose) -> Test {
    let hook = move |request: &AdmissionRequest<'_>| match request.purpose == purpose {
        true => Err(Denied::access("not here")),
        false => Ok(()),
    };
    server.start_with(|setup| setup.service = Box::new(move |builder| builder.admission(hook))).await
}

#[track_caller]
fn assert_rejected(answer: &HttpResponse) {
    assert_eq!(answer.problem(), (422, "credential-not-allowed"));
}

pub(super) async fn a_passkey_that_is_not_admitted_is_not_added(server: Server) {
    let test = rejecting(&server, Purpose::AddPasskey).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let mut other = kim.with_authenticator("other");
    let response = other.create(&json!({})).await;
    assert_rejected(&other.register(&response).await);
    assert!(test.passkey(&response).await.is_none());
}

pub(super) async fn a_factor_that_is_not_admitted_is_not_enrolled(server: Server) {
    let test = rejecting(&server, Purpose::EnrolFactor).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    assert_rejected(&kim.post("factors/recovery-codes/enrol", &json!({})).await);
    let phone = start_totp(&mut kim).await;
    let codes = json!({"codes": [phone.code(&test, -1), phone.code(&test, 0)]});
    assert_rejected(&kim.post("factors/totp/confirm", &codes).await);
    assert_eq!(kim.get("factors").await.ok()["enrolled"], json!([]));
}

pub(super) async fn a_second_factor_that_is_not_admitted_signs_no_one_in(server: Server) {
    let test = rejecting(&server, Purpose::SecondFactor).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let phone = enrol_totp(&test, &mut kim).await;
    kim.sign_out().await;
    assert_eq!(password(&mut kim, "kim").await.text(), "kim needs passkey or totp");
    let token = kim.cookie("session");
    let response = kim.assert(&json!({"purpose": "second-factor"})).await;
    assert_rejected(&kim.authenticate(&response).await);
    assert_rejected(&verify(&mut kim, "totp", &phone.code(&test, 0)).await);
    assert_eq!(kim.cookie("session"), token);
    assert_eq!(kim.get("/app/user").await.problem(), (401, "second-factor-required"));
}

pub(super) async fn a_step_up_that_is_not_admitted_verifies_nothing(server: Server) {
    let test = rejecting(&server, Purpose::StepUp).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    // Another one has a password and a TOTP, and no passkey.
    test.passkeys.create_user("eve", "Eve").await.expect("the user is created");
    let mut eve = test.browser("eve");
    password(&mut eve, "eve").await;
    let phone = enrol_totp(&test, &mut eve).await;
    test.wait(NOT_RECENT);
    let response = kim.assert(&json!({"purpose": "step-up"})).await;
    assert_rejected(&kim.authenticate(&response).await);
    assert_rejected(&verify(&mut eve, "totp", &phone.code(&test, 0)).await);
    for browser in [&mut kim, &mut eve] {
        let options = browser.post("registration/options", &json!({})).await;
        assert_eq!(options.problem(), (403, "step-up-required"));
    }
}

pub(super) async fn a_recovery_code_that_is_not_admitted_is_not_used(server: Server) {
    let test = rejecting(&server, Purpose::Recovery).await;
    let mut kim = test.browser("kim");
    kim.sign_up("kim").await;
    let codes = recovery_codes(&mut kim).await;
    let mut other = test.browser("other");
    assert_eq!(password(&mut other, "kim").await.text(), "kim needs passkey or recovery-codes");
    assert_rejected(&verify(&mut other, "recovery-codes", &codes[0]).await);
    let enrolment = other.post("registration/options", &json!({})).await;
    assert_eq!(enrolment.problem(), (401, "second-factor-required"));
    assert_eq!(kim.get("factors").await.ok()["enrolled"][0]["remaining"], 10);
}
