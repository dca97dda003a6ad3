//! No second factor can be skipped: every route in every state of a session, for users with and without each factor.

use rp_service::http::Route;
use serde_json::{Value, json};

use super::factors::{enrol_totp, password_user, recovery_codes, verify};
use super::first_factor::password;
use super::{NOT_RECENT, Server, authenticator};
use crate::http::{Browser, HttpResponse};

/// The state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Without a session.
    None,
    /// A password was verified.
    FirstFactor,
    /// A password and a recovery code were verified.
    Recovered,
    /// The sign-in is complete, with a passkey if the user has one.
    SignedIn,
    /// The sign-in is complete, and the last verification is not recent.
    Stale,
    /// The sign-in was completed with a TOTP, although the user has a passkey.
    ByTotp,
}

const STATES: [State; 6] =
    [State::None, State::FirstFactor, State::Recovered, State::SignedIn, State::Stale, State::ByTotp];

/// The factors of the user in addition to a password.
#[derive(Clone, Copy, Debug)]
struct Enrolled {
    passkey: bool,
    totp: bool,
}

impl Enrolled {
    const ALL: [Self; 4] = [
        Self { passkey: false, totp: false },
        Self { passkey: true, totp: false },
        Self { passkey: false, totp: true },
        Self { passkey: true, totp: true },
    ];

    /// Whether a session of this user can be in this state.
    fn has(self, state: State) -> bool {
        match state {
            State::None | State::SignedIn | State::Stale => true,
            State::FirstFactor | State::Recovered => self.passkey || self.totp,
            State::ByTotp => self.passkey && self.totp,
        }
    }
}

/// The response to a request; the code is empty if it is accepted.
type Expected = (u16, &'static str);

const ACCEPTED: Expected = (200, "");
const NO_SESSION: Expected = (401, "not-signed-in");
const INCOMPLETE: Expected = (401, "second-factor-required");
const STEP_UP: Expected = (403, "step-up-required");

/// The documented response.
fn expected(route: Route, state: State, enrolled: Enrolled) -> Expected {
    let is_signed_in = matches!(state, State::SignedIn | State::Stale | State::ByTotp);
    let of_session = match state {
        State::None => NO_SESSION,
        State::FirstFactor | State::Recovered => INCOMPLETE,
        State::SignedIn | State::Stale | State::ByTotp => ACCEPTED,
    };
    let may_manage = state == State::SignedIn;
    let managing = if is_signed_in && !may_manage { STEP_UP } else { of_session };
    let of_totp = |accepted| match (state, enrolled.totp) {
        (State::None, _) => NO_SESSION,
        (_, true) => accepted,
        (_, false) => (404, "factor-unknown"),
    };
    match route {
        Route::WellKnownWebauthn
        | Route::WellKnownPasskeyEndpoints
        | Route::BrowserModule
        | Route::GermanTexts
        | Route::ProofOptions => ACCEPTED,
        Route::RegistrationVerify | Route::AuthenticationVerify | Route::ProofVerify => {
            (400, "malformed-json")
        }
        Route::AuthenticationOptions if state == State::None => NO_SESSION,
        Route::AuthenticationOptions => ACCEPTED,
        Route::SignOut => (204, ""),
        Route::Session if state == State::None => NO_SESSION,
        Route::Session => ACCEPTED,
        Route::RegistrationOptions if state == State::Recovered => ACCEPTED,
        Route::RegistrationOptions => managing,
        Route::EndOtherSessions if is_signed_in => (204, ""),
        Route::EndSession if is_signed_in => (404, "session-unknown"),
        Route::RenameCredential if is_signed_in => (404, "credential-unknown"),
        Route::DeleteCredential if may_manage => (404, "credential-unknown"),
        Route::DeleteCredential => managing,
        Route::EnrolFactor | Route::ConfirmFactor if may_manage || state == State::Recovered => {
            match (route, enrolled.totp) {
                (_, true) => (409, "factor-exists"),
                (Route::EnrolFactor, false) => ACCEPTED,
                (_, false) => (401, "factor-invalid"),
            }
        }
        Route::EnrolFactor | Route::ConfirmFactor => managing,
        // Also an enrolment that is not confirmed: the one that was started before.
        Route::DeleteFactor if may_manage => ACCEPTED,
        Route::DeleteFactor => managing,
        Route::FactorOptions => of_totp(ACCEPTED),
        Route::VerifyFactor => of_totp((401, "factor-invalid")),
        // Reading and changing the user's data.
        _ => of_session,
    }
}

/// A request of the page, with a code that is wrong.
async fn send(browser: &mut Browser, route: Route, state: State) -> HttpResponse {
    let path = route.path().replace("{id}", "AAAAAAAAAAAAAAAAAAAAAA").replace("{name}", "totp");
    let body = match route {
        Route::AuthenticationOptions => {
            let is_incomplete = matches!(state, State::FirstFactor | State::Recovered);
            json!({"purpose": if is_incomplete { "second-factor" } else { "step-up" }})
        }
        Route::RenameCredential => json!({"nickname": "mine"}),
        Route::ChangeUser => json!({"displayName": "mine"}),
        Route::ConfirmFactor => json!({"codes": ["wrong", "wrong"]}),
        Route::VerifyFactor => json!({"code": "wrong"}),
        _ if route.has_body() => json!({}),
        _ => Value::Null,
    };
    browser.call(route.method(), &path, &body).await
}

/// A new user, and a browser with a session in a state.
async fn prepare(server: &Server, state: State, enrolled: Enrolled) -> (super::Test, Browser) {
    let test = server.start().await;
    let mut kim = password_user(&test).await;
    // The passkey comes last: with it, the TOTP could not be enrolled by the password.
    let mut phone = None;
    let mut codes = Vec::new();
    if state == State::Recovered {
        codes = recovery_codes(&mut kim).await;
    }
    if enrolled.totp {
        let enrolling = enrol_totp(&test, &mut kim).await;
        verify(&mut kim, "totp", &enrolling.code(&test, 0)).await.ok();
        test.wait(std::time::Duration::from_secs(30));
        phone = Some(enrolling);
    }
    if enrolled.passkey {
        let mut key = authenticator("kim's key");
        kim.add_passkey(&mut key).await;
        kim.authenticator = key;
    }
    kim.sign_out().await;
    if state == State::None {
        return (test, kim);
    }
    let needs = password(&mut kim, "kim").await.text();
    assert_eq!(needs.ends_with("signed in"), !enrolled.passkey && !enrolled.totp, "{needs}");
    match state {
        State::None | State::FirstFactor => {}
        State::Recovered => {
            verify(&mut kim, "recovery-codes", &codes[0]).await.ok();
        }
        State::SignedIn | State::Stale if enrolled.passkey => {
            kim.second_factor().await;
        }
        State::SignedIn | State::Stale | State::ByTotp => {
            if let Some(phone) = &phone {
                verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
            }
        }
    }
    if state == State::Stale {
        test.wait(NOT_RECENT);
    }
    (test, kim)
}

pub(super) async fn no_second_factor_can_be_skipped(server: Server) {
    for enrolled in Enrolled::ALL {
        for state in STATES.into_iter().filter(|state| enrolled.has(*state)) {
            let (_test, mut kim) = prepare(&server, state, enrolled).await;
            let is_last = |route: &&Route| matches!(route, Route::DeleteFactor | Route::SignOut);
            let mut routes: Vec<_> = Route::ALL.iter().filter(|route| !is_last(route)).collect();
            // Guards and extractors of the application.
            for (path, needs_passkey) in [("/app/user", false), ("/app/passkey", true)] {
                let answer = kim.post(path, &Value::Null).await;
                let used_passkey = enrolled.passkey && state != State::ByTotp;
                let of_session = expected(Route::Credentials, state, enrolled);
                let is_missing = needs_passkey && !used_passkey && of_session == ACCEPTED;
                check(&answer, if is_missing { STEP_UP } else { of_session }, &(path, state, enrolled));
            }
            routes.extend([&Route::DeleteFactor, &Route::SignOut]);
            for &route in routes {
                let answer = send(&mut kim, route, state).await;
                check(&answer, expected(route, state, enrolled), &(route, state, enrolled));
            }
        }
    }
}

#[track_caller]
fn check(answer: &HttpResponse, (status, code): Expected, what: &dyn std::fmt::Debug) {
    if code.is_empty() {
        assert_eq!(answer.status, status, "{what:?} {}", String::from_utf8_lossy(&answer.body));
    } else {
        assert_eq!(answer.problem(), (status, code), "{what:?}");
    }
}
