//! Stricter rules for users who already have passkeys and factors: before their date, after it, and the way to meet them.

use std::time::Duration;

use serde_json::json;

use super::factors::{recovery_codes, verify};
use super::first_factor::password;
use super::policy::site;
use super::{Server, Test, authenticator};

/// The user `kim` joins the group `staff`, by a new name: from now on, its rules apply to `ada`.
async fn join(test: &Test) {
    test.passkeys.rename_user(&test.user("kim").await, "ada").await.expect("the user exists");
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
    assert_eq!(
        (&session["state"], &session["next"]["enrol"]["by"].is_string()),
        (&json!("first-factor"), &true)
    );
    let mut key = authenticator("another key");
    kim.add_passkey(&mut key).await;
    // After it, they open nothing.
    test.wait(Duration::from_hours(24 * 10));
    assert_eq!(password(&mut kim, "ada").await.text(), "ada needs passkey");
    let late = verify(&mut kim, "recovery-codes", &codes[1]).await;
    assert_eq!(late.problem(), (404, "factor-unknown"));
}
