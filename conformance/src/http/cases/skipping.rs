//! No second factor can be skipped: every route in every state of a session, for users with and without each factor.

use std::time::Duration;

use rp_service::http::Route;
use rp_service::{MaxAge, SecondFactorPolicy};
use serde_json::{Value, json};

use super::factors::{enrol_totp, recovery_codes, verify};
use super::first_factor::password;
use super::{NOT_RECENT, Server, Test, authenticator};
use crate::http::{HttpResponse, Setup, UserAgent};

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
    /// A password was verified, and a second factor has to be enrolled.
    MustEnrol,
    /// The sign-in is complete, and a factor has to be verified again because of its age.
    Aged,
}

const STATES: [State; 8] = [
    State::None,
    State::FirstFactor,
    State::Recovered,
    State::SignedIn,
    State::Stale,
    State::ByTotp,
    State::MustEnrol,
    State::Aged,
];

/// The factors of the user in addition to a password.
#[derive(Clone, Copy, Debug)]
struct Enrolled {
    passkey: bool,
    totp: bool,
    codes: bool,
}

impl Enrolled {
    /// Every combination.
    fn all() -> impl Iterator<Item = Self> {
        let has = |number: u8, bit: u8| number >> bit & 1 == 1;
        (0..8).map(move |number| Self {
            passkey: has(number, 0),
            totp: has(number, 1),
            codes: has(number, 2),
        })
    }

    /// Whether the user has a factor that completes a sign-in. Recovery codes only replace one.
    fn has_second(self) -> bool {
        self.passkey || self.totp
    }

    /// Whether a session of this user can be in this state.
    fn has(self, state: State) -> bool {
        match state {
            State::None | State::SignedIn | State::Stale | State::Aged => true,
            State::FirstFactor => self.has_second(),
            State::Recovered => self.has_second() && self.codes,
            State::ByTotp => self.passkey && self.totp,
            State::MustEnrol => !self.has_second(),
        }
    }
}

/// The response to a request; the code is empty if it is accepted.
type Expected = (u16, &'static str);

const ACCEPTED: Expected = (200, "");
const NO_SESSION: Expected = (401, "not-signed-in");
const INCOMPLETE: Expected = (401, "second-factor-required");
const STEP_UP: Expected = (403, "step-up-required");

/// The documented response. `factor` is the one in the path.
fn expected(route: Route, factor: &str, state: State, enrolled: Enrolled) -> Expected {
    let is_signed_in = matches!(state, State::SignedIn | State::Stale | State::ByTotp);
    let of_session = match state {
        State::None => NO_SESSION,
        State::FirstFactor | State::Recovered | State::MustEnrol => INCOMPLETE,
        State::SignedIn | State::Stale | State::ByTotp => ACCEPTED,
        State::Aged => STEP_UP,
    };
    let may_manage = state == State::SignedIn;
    // A password, or a recovery code, that opened an enrolment.
    let may_enrol = may_manage || matches!(state, State::Recovered | State::MustEnrol);
    let managing = if is_signed_in && !may_manage { STEP_UP } else { of_session };
    let is_recovery = factor == "recovery-codes";
    let is_enrolled = if is_recovery { enrolled.codes } else { enrolled.totp };
    let of_factor = |accepted| match state {
        State::None => NO_SESSION,
        // Codes complete no step-up, and nothing without the factor that they replace.
        State::SignedIn | State::Stale | State::ByTotp | State::Aged if is_recovery => {
            (400, "malformed-json")
        }
        _ if is_enrolled && (!is_recovery || enrolled.has_second()) => accepted,
        _ => (404, "factor-unknown"),
    };
    match route {
        Route::WellKnownWebauthn
        | Route::WellKnownPasskeyEndpoints
        | Route::BrowserModule
        | Route::GermanTexts
        | Route::TelemetryModule
        | Route::ProofOptions => ACCEPTED,
        // A page without parameters, no request that was shown, a page that asks for a token, and a part that is off.
        Route::Authorize => (400, ""),
        Route::ConfirmAuthorization if is_signed_in || state == State::Aged => (409, "no-ceremony"),
        Route::Token => (403, "cross-site-request"),
        Route::Telemetry => (404, ""),
        Route::RegistrationVerify | Route::AuthenticationVerify | Route::ProofVerify => {
            (400, "malformed-json")
        }
        Route::AuthenticationOptions if state == State::None => NO_SESSION,
        Route::AuthenticationOptions => ACCEPTED,
        Route::SignOut => (204, ""),
        Route::Session if state == State::None => NO_SESSION,
        Route::Session => ACCEPTED,
        Route::RegistrationOptions if may_enrol => ACCEPTED,
        Route::RegistrationOptions => managing,
        Route::EndOtherSessions if is_signed_in => (204, ""),
        Route::EndSession if is_signed_in => (404, "session-unknown"),
        Route::RenameCredential if is_signed_in => (404, "credential-unknown"),
        Route::DeleteCredential if may_manage => (404, "credential-unknown"),
        Route::DeleteCredential => managing,
        Route::EnrolFactor | Route::ConfirmFactor if may_enrol => {
            of_enrolment(route, is_recovery, state, enrolled)
        }
        Route::EnrolFactor | Route::ConfirmFactor => managing,
        // Also an enrolment that is not confirmed: the one that was started before.
        Route::DeleteFactor if may_manage => ACCEPTED,
        Route::DeleteFactor => managing,
        Route::FactorOptions => of_factor(ACCEPTED),
        Route::VerifyFactor => of_factor((401, "factor-invalid")),
        // Reading and changing the user's data.
        _ => of_session,
    }
}

/// The response to an enrolment that the session may begin.
fn of_enrolment(route: Route, is_recovery: bool, state: State, enrolled: Enrolled) -> Expected {
    match (route, is_recovery) {
        // A recovery code enrols what it replaces, and no other codes.
        (_, true) if state == State::Recovered => INCOMPLETE,
        (Route::EnrolFactor, true) => ACCEPTED,
        (_, true) => (409, "no-ceremony"),
        (_, false) if enrolled.totp => (409, "factor-exists"),
        (Route::EnrolFactor, false) => ACCEPTED,
        (_, false) => (401, "factor-invalid"),
    }
}

/// A request of the page, with a code that is wrong.
async fn send(browser: &mut UserAgent, route: Route, factor: &str, state: State) -> HttpResponse {
    let path = route.path().replace("{id}", "AAAAAAAAAAAAAAAAAAAAAA").replace("{name}", factor);
    let body = match route {
        Route::AuthenticationOptions => {
            let is_incomplete = matches!(state, State::FirstFactor | State::Recovered | State::MustEnrol);
            json!({"purpose": if is_incomplete { "second-factor" } else { "step-up" }})
        }
        Route::RenameCredential => json!({"nickname": "mine"}),
        Route::ChangeUser => json!({"displayName": "mine"}),
        Route::ConfirmFactor => json!({"codes": ["wrong", "wrong"]}),
        Route::VerifyFactor => json!({"code": "wrong"}),
        Route::ConfirmAuthorization => json!({"request": "wrong"}),
        _ if route.has_body() => json!({}),
        _ => Value::Null,
    };
    browser.call(route.method(), &path, &body).await
}

/// A new user, and a browser with a session in a state.
async fn prepare(server: &Server, state: State, enrolled: Enrolled) -> (Test, UserAgent) {
    let policy = |setup: &mut Setup| {
        setup.service = Box::new(|builder| builder.command_line("acme", "Acme"));
        match state {
            State::MustEnrol => setup.policy.default.second_factor = SecondFactorPolicy::Required,
            State::Aged => setup.policy.default.reauthenticate.after = MaxAge::After(MAX_AGE),
            _ => {}
        }
    };
    let test = server.start_with(policy).await;
    test.passkeys.create_user("kim", "Kim").await.expect("the user is created");
    let mut kim = test.browser("kim");
    password(&mut kim, "kim").await.text();
    // The passkey comes last: with it, the TOTP could not be enrolled by the password.
    let mut phone = None;
    let mut codes = Vec::new();
    if enrolled.codes {
        codes = recovery_codes(&mut kim).await;
    }
    if enrolled.totp {
        let enrolling = enrol_totp(&test, &mut kim).await;
        verify(&mut kim, "totp", &enrolling.code(&test, 0)).await.ok();
        test.wait(Duration::from_secs(30));
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
    let is_signed_in = !enrolled.has_second() && state != State::MustEnrol;
    assert_eq!(needs.ends_with("signed in"), is_signed_in, "{needs}");
    match state {
        State::None | State::FirstFactor | State::MustEnrol => {}
        State::Recovered => {
            verify(&mut kim, "recovery-codes", &codes[0]).await.ok();
        }
        State::SignedIn | State::Stale | State::Aged if enrolled.passkey => {
            kim.second_factor().await;
        }
        State::SignedIn | State::Stale | State::Aged | State::ByTotp => {
            if let Some(phone) = &phone {
                verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
            }
        }
    }
    match state {
        State::Stale => test.wait(NOT_RECENT),
        State::Aged => test.wait(MAX_AGE + Duration::from_secs(1)),
        _ => {}
    }
    (test, kim)
}

pub(super) async fn no_second_factor_can_be_skipped(server: Server) {
    for enrolled in Enrolled::all() {
        for state in STATES.into_iter().filter(|state| enrolled.has(*state)) {
            let (_test, mut kim) = prepare(&server, state, enrolled).await;
            // Guards and extractors of the application.
            for (path, needs_passkey) in [("/app/user", false), ("/app/passkey", true)] {
                let answer = kim.post(path, &Value::Null).await;
                let used_passkey = enrolled.passkey && state != State::ByTotp;
                let of_session = expected(Route::Credentials, "", state, enrolled);
                let is_missing = needs_passkey && !used_passkey && of_session == ACCEPTED;
                check(&answer, if is_missing { STEP_UP } else { of_session }, &(path, state, enrolled));
            }
            let is_last = |route: &Route| matches!(route, Route::DeleteFactor | Route::SignOut);
            let routes = Route::ALL.iter().copied().filter(|route| !is_last(route));
            for route in routes.chain([Route::DeleteFactor, Route::SignOut]) {
                let has_factor = route.path().contains("{name}");
                let factors: &[&str] = if has_factor { &["totp", "recovery-codes"] } else { &[""] };
                for factor in factors {
                    let answer = send(&mut kim, route, factor, state).await;
                    let expected = expected(route, factor, state, enrolled);
                    check(&answer, expected, &(route, factor, state, enrolled));
                }
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

/// The age at which a factor has to be verified again; longer than a verification is recent.
const MAX_AGE: Duration = Duration::from_mins(10);
