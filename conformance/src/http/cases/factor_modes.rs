//! Every second factor in every mode that asks for one, and wrong codes in parallel.

use std::time::Duration;

use rp_service::{
    Enrolment, FactorError, FactorFuture, FactorName, FactorOutcome, FactorRequest, Method, SecondFactor,
};
use serde_json::{Value, json};

use super::factors::{Phone, enrol_totp, password_user, verify};
use super::first_factor::password;
use super::{NOT_RECENT, Server, Test, authenticator};
use crate::http::LocalFuture;
use crate::http::UserAgent;
use crate::http::parallel::all;

/// A factor of the application: a word that the user chose.
struct Word;

#[derive(serde::Deserialize)]
struct Body {
    code: String,
}

impl SecondFactor for Word {
    fn name(&self) -> FactorName {
        FactorName::parse("word").expect("a name")
    }

    fn enrol<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, Enrolment> {
        Box::pin(async move {
            let Body { code } = request.parse()?;
            Ok(Enrolment::complete(code.into_bytes(), json!({})))
        })
    }

    fn verify<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOutcome> {
        Box::pin(async move {
            let Body { code } = request.parse()?;
            if request.state != code.as_bytes() {
                return Err(FactorError::Invalid { reason: "another word" });
            }
            Ok(FactorOutcome::new(request.state.to_vec()))
        })
    }
}

/// Uses a factor of the user.
async fn use_factor(test: &Test, browser: &mut UserAgent, factor: &str, phone: &Phone) -> Value {
    match factor {
        "passkey" => {
            let is_signed_in = browser.get("session").await.ok()["state"] == "signed-in";
            if is_signed_in { browser.step_up().await } else { browser.second_factor().await }
        }
        "totp" => {
            test.wait(Duration::from_secs(30));
            verify(browser, "totp", &phone.code(test, 0)).await.ok()
        }
        _ => verify(browser, "word", "open sesame").await.ok(),
    }
}

pub(super) async fn every_factor_works_in_every_mode(server: Server) {
    for has_passkey in [false, true] {
        let with_word = |setup: &mut crate::http::Setup| {
            setup.service = Box::new(|builder| builder.second_factor(Word));
        };
        let test = server.start_with(with_word).await;
        let mut kim = password_user(&test).await;
        let phone = enrol_totp(&test, &mut kim).await;
        verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
        kim.post("factors/word/enrol", &json!({"code": "open sesame"})).await.ok();
        let mut factors = vec!["totp", "word"];
        if has_passkey {
            let mut key = authenticator("kim's key");
            kim.add_passkey(&mut key).await;
            kim.authenticator = key;
            factors.insert(0, "passkey");
        }
        for &factor in &factors {
            // To complete a sign-in.
            kim.sign_out().await;
            let needs = password(&mut kim, "kim").await.text();
            assert_eq!(needs, format!("kim needs {}", factors.join(" or ")));
            let session = use_factor(&test, &mut kim, factor, &phone).await;
            assert_eq!(
                (&session["state"], &session["assurance"]["aal"]),
                (&json!("signed-in"), &json!(2)),
                "{factor}"
            );
            // To verify the user again.
            test.wait(NOT_RECENT);
            let before = kim.get("session").await.ok()["authTime"].clone();
            let session = use_factor(&test, &mut kim, factor, &phone).await;
            assert_ne!(session["authTime"], before, "{factor}");
            // To manage factors: a passkey if the user has one.
            let answer = kim.post("factors/totp/enrol", &json!({})).await;
            if has_passkey && factor != "passkey" {
                assert_eq!(answer.problem(), (403, "step-up-required"), "{factor}");
            } else {
                assert_eq!(answer.problem(), (409, "factor-exists"), "{factor}");
            }
        }
    }
}

pub(super) async fn the_application_reports_no_factor_of_the_service(server: Server) {
    let with_word = |setup: &mut crate::http::Setup| {
        setup.service = Box::new(|builder| builder.second_factor(Word));
    };
    let test = server.start_with(with_word).await;
    let user = test.passkeys.create_user("kim", "Kim").await.expect("the user is created");
    let caller = rp_service::Caller::new_browser().expect("randomness");
    let word = Method::Other("word".into());
    for method in [Method::Passkey, Method::Totp, Method::RecoveryCode, word] {
        let error = test.passkeys.first_factor_verified(&caller, &user.handle, method).await.err();
        assert_eq!(error.map(|error| error.code()), Some("misconfigured"));
    }
}

/// The store is slow: each attempt is made while the others wait.
pub(super) async fn of_parallel_wrong_codes_no_more_than_five_are_tried(server: Server) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    enrol_totp(&test, &mut kim).await;
    kim.sign_out().await;
    password(&mut kim, "kim").await;
    test.store.before("factor", |_| tokio::task::yield_now());
    let attempts = (0..8).map(|_| -> LocalFuture<_> {
        let mut browser = kim.clone();
        Box::pin(async move { verify(&mut browser, "totp", "000000x").await.problem() })
    });
    let answers = all(attempts.collect()).await;
    let (tried, limited): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| *answer == (401, "factor-invalid"));
    assert_eq!(tried.len(), 5);
    assert_eq!(limited, [(429, "too-many-requests"); 3]);
}
