//! No second factor can be skipped: every route in every state of a session, for users with and without each factor.

use std::fmt::Debug;
use std::time::Duration;

use rp_service::http::Route;
use rp_service::store::UserStore as _;
use rp_service::{AfterRecovery, MaxAge, SecondFactorPolicy};
use serde_json::{Value, json};

use super::factors::{Phone, enrol_totp, recovery_codes, verify};
use super::first_factor::password;
use super::{NOT_RECENT, Server, Test, authenticator};
use crate::http::{HttpResponse, Setup, UserAgent};

/// Declares the states, so that none is left out of the matrix.
macro_rules! states {
    ($($(#[$doc:meta])* $name:ident)+) => {
        /// The state of a session.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum State {
            $($(#[$doc])* $name,)+
        }

        const STATES: &[State] = &[$(State::$name),+];
    };
}

states! {
    /// Without a session.
    None
    /// With the cookie of a session that was ended elsewhere.
    Ended
    /// A password was verified.
    FirstFactor
    /// A password was verified, and an operator has granted an enrolment.
    Granted
    /// A password and a recovery code were verified.
    Recovered
    /// A password and a recovery code were verified, and the policy signs in after a recovery.
    SignedInByRecovery
    /// The sign-in is complete, with a passkey if the user has one.
    SignedIn
    /// The sign-in is complete, and the last verification is not recent.
    Stale
    /// The sign-in was completed with a TOTP, although the user has a passkey.
    ByTotp
    /// The sign-in was completed with a password, because the policy lets the user skip the second factor.
    Skipped
    /// A password was verified, and a second factor has to be enrolled.
    MustEnrol
    /// The same, and the cookie is used by another browser.
    MustEnrolElsewhere
    /// The sign-in is complete, and a factor has to be verified again because of its age.
    Aged
    /// The sign-in is complete, and the cookie is used by another browser.
    ChangedContext
    /// The sign-in is complete, and the user was locked in the table of the application.
    Locked
    /// A client that is not a browser has signed in with a passkey.
    Bearer
    /// The same, and the last verification is not recent.
    StaleBearer
}

impl State {
    /// Whether the sign-in is not complete.
    fn is_incomplete(self) -> bool {
        let incomplete =
            [Self::FirstFactor, Self::Granted, Self::Recovered, Self::MustEnrol, Self::MustEnrolElsewhere];
        incomplete.contains(&self)
    }
}

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
            State::None
            | State::Ended
            | State::SignedIn
            | State::Stale
            | State::Aged
            | State::ChangedContext
            | State::Locked => true,
            State::FirstFactor | State::Granted | State::Skipped => self.has_second(),
            State::Recovered | State::SignedInByRecovery => self.has_second() && self.codes,
            State::ByTotp => self.passkey && self.totp,
            State::MustEnrol | State::MustEnrolElsewhere => !self.has_second(),
            State::Bearer | State::StaleBearer => self.passkey,
        }
    }
}

/// The response to a request; the code is empty if it is accepted.
type Expected = (u16, &'static str);

const ACCEPTED: Expected = (200, "");
const NO_SESSION: Expected = (401, "not-signed-in");
const INCOMPLETE: Expected = (401, "second-factor-required");
const STEP_UP: Expected = (403, "step-up-required");

const LOCKED: Expected = (403, "user-locked");

/// The documented response. `factor` is the one in the path.
///
/// # Panics
/// If a new route is not classified here.
fn expected(route: Route, factor: &str, state: State, enrolled: Enrolled) -> Expected {
    let of_session = match state {
        State::None | State::Ended => NO_SESSION,
        State::FirstFactor
        | State::Granted
        | State::Recovered
        | State::MustEnrol
        | State::MustEnrolElsewhere => INCOMPLETE,
        State::Aged | State::ChangedContext => STEP_UP,
        State::Locked => LOCKED,
        State::SignedInByRecovery
        | State::SignedIn
        | State::Stale
        | State::ByTotp
        | State::Skipped
        | State::Bearer
        | State::StaleBearer => ACCEPTED,
    };
    let is_signed_in = of_session == ACCEPTED;
    let may_manage = matches!(state, State::SignedIn | State::Bearer);
    // A password, or a recovery code, that opened an enrolment.
    let is_recovered = matches!(state, State::Recovered | State::SignedInByRecovery);
    let may_enrol = may_manage || is_recovered || state == State::MustEnrol;
    let managing = match of_session {
        ACCEPTED if !may_manage => STEP_UP,
        // The cookie may be stolen: the password has to be verified again.
        _ if state == State::MustEnrolElsewhere && route.method() != "DELETE" => NO_SESSION,
        _ => of_session,
    };
    let is_recovery = factor == "recovery-codes";
    let is_enrolled = if is_recovery { enrolled.codes } else { enrolled.totp };
    let of_factor = |accepted| match of_session {
        NO_SESSION | LOCKED => of_session,
        // Codes complete no step-up, and nothing without the factor that they replace.
        ACCEPTED | STEP_UP if is_recovery => (400, "malformed-json"),
        _ if is_enrolled && (!is_recovery || enrolled.has_second()) => accepted,
        _ => (404, "factor-unknown"),
    };
    let is_bearer = matches!(state, State::Bearer | State::StaleBearer);
    match route {
        // For everyone.
        Route::WellKnownWebauthn
        | Route::WellKnownPasskeyEndpoints
        | Route::BrowserModule
        | Route::GermanTexts
        | Route::TelemetryModule
        | Route::ProofOptions => ACCEPTED,
        Route::RegistrationVerify | Route::AuthenticationVerify | Route::ProofVerify => {
            (400, "malformed-json")
        }
        Route::Telemetry => (204, ""),
        // A page without parameters, and a request that was not shown.
        Route::Authorize => (400, ""),
        Route::ConfirmAuthorization if matches!(of_session, ACCEPTED | STEP_UP | LOCKED) => {
            (409, "no-ceremony")
        }
        Route::ConfirmAuthorization => of_session,
        // Not for pages.
        Route::Token if is_bearer => (400, ""),
        Route::Token => (403, "cross-site-request"),
        Route::AuthenticationOptions | Route::Session => match of_session {
            NO_SESSION | LOCKED => of_session,
            _ => ACCEPTED,
        },
        Route::SignOut => (204, ""),
        // The user's data.
        Route::Sessions | Route::Credentials | Route::Signal | Route::ChangeUser | Route::Factors => {
            of_session
        }
        Route::EndOtherSessions if is_signed_in => (204, ""),
        Route::EndSession if is_signed_in => (404, "session-unknown"),
        Route::RenameCredential if is_signed_in => (404, "credential-unknown"),
        Route::EndOtherSessions | Route::EndSession | Route::RenameCredential => of_session,
        // The user's passkeys and factors.
        Route::RegistrationOptions if may_enrol || state == State::Granted => ACCEPTED,
        Route::RegistrationOptions => managing,
        Route::DeleteCredential if may_manage => (404, "credential-unknown"),
        Route::EnrolFactor | Route::ConfirmFactor if may_enrol => {
            of_enrolment(route, is_recovery, state, enrolled)
        }
        // Also an enrolment that is not confirmed: the one that was started before.
        Route::DeleteFactor if may_manage => ACCEPTED,
        Route::DeleteCredential | Route::EnrolFactor | Route::ConfirmFactor | Route::DeleteFactor => managing,
        Route::FactorOptions => of_factor(ACCEPTED),
        Route::VerifyFactor => of_factor((401, "factor-invalid")),
        route => panic!("{route:?} is not classified"),
    }
}

/// The response to an enrolment that the session may begin.
fn of_enrolment(route: Route, is_recovery: bool, state: State, enrolled: Enrolled) -> Expected {
    match (route, is_recovery) {
        // A recovery code enrols what it replaces, and no other codes.
        (_, true) if state == State::Recovered => INCOMPLETE,
        (_, true) if state == State::SignedInByRecovery => STEP_UP,
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
            json!({"purpose": if state.is_incomplete() { "second-factor" } else { "step-up" }})
        }
        Route::RenameCredential => json!({"nickname": "mine"}),
        Route::ChangeUser => json!({"displayName": "mine"}),
        Route::ConfirmFactor => json!({"codes": ["wrong", "wrong"]}),
        Route::VerifyFactor => json!({"code": "wrong"}),
        Route::ConfirmAuthorization => json!({"request": "wrong"}),
        Route::Telemetry => json!({"capabilities": ["conditionalGet"]}),
        _ if route.has_body() => json!({}),
        _ => Value::Null,
    };
    browser.call(route.method(), &path, &body).await
}

/// A site on which a session can be in this state.
async fn site(server: &Server, state: State) -> Test {
    let setup = |setup: &mut Setup| {
        setup.service = Box::new(|builder| builder.command_line("acme", "Acme").browser_telemetry());
        let rules = &mut setup.policy.default;
        match state {
            State::MustEnrol => rules.second_factor = SecondFactorPolicy::Required,
            State::MustEnrolElsewhere => {
                rules.second_factor = SecondFactorPolicy::Required;
                rules.reauthenticate.on_changed_context = true;
            }
            State::Skipped => rules.second_factor = SecondFactorPolicy::Optional,
            State::SignedInByRecovery => rules.after_recovery = AfterRecovery::SignIn,
            State::Aged => rules.reauthenticate.after = MaxAge::After(MAX_AGE),
            State::ChangedContext => rules.reauthenticate.on_changed_context = true,
            State::Bearer | State::StaleBearer => setup.policy.bearer_tokens = true,
            _ => {}
        }
    };
    server.start_with(setup).await
}

/// A new user with these factors, in a browser that is signed out. Returns an authenticator app and recovery codes.
async fn enrol(test: &Test, enrolled: Enrolled) -> (UserAgent, Option<Phone>, Vec<String>) {
    test.passkeys.create_user("kim", "Kim").await.expect("the user is created");
    let mut kim = test.browser("kim");
    kim.headers = user_agent("Firefox/150.0");
    password(&mut kim, "kim").await.text();
    // The passkey comes last: with it, the TOTP could not be enrolled by the password.
    let mut phone = None;
    let mut codes = Vec::new();
    if enrolled.codes {
        codes = recovery_codes(&mut kim).await;
    }
    if enrolled.totp {
        let enrolling = enrol_totp(test, &mut kim).await;
        verify(&mut kim, "totp", &enrolling.code(test, 0)).await.ok();
        test.wait(Duration::from_secs(30));
        phone = Some(enrolling);
    }
    if enrolled.passkey {
        let mut key = authenticator("kim's key");
        kim.add_passkey(&mut key).await;
        kim.authenticator = key;
    }
    kim.sign_out().await;
    (kim, phone, codes)
}

fn user_agent(name: &str) -> Vec<(&'static str, Vec<u8>)> {
    vec![("user-agent", name.into())]
}

/// A new user, and a browser with a session in a state.
async fn prepare(server: &Server, state: State, enrolled: Enrolled) -> (Test, UserAgent) {
    let test = site(server, state).await;
    let (mut kim, phone, codes) = enrol(&test, enrolled).await;
    match state {
        State::None => return (test, kim),
        State::Bearer | State::StaleBearer => {
            sign_in_as_client(&mut kim).await;
        }
        _ => {
            let needs = password(&mut kim, "kim").await.text();
            let must_enrol = matches!(state, State::MustEnrol | State::MustEnrolElsewhere);
            let is_complete = state == State::Skipped || !enrolled.has_second() && !must_enrol;
            assert_eq!(needs.starts_with("kim signed in"), is_complete, "{needs}");
        }
    }
    match state {
        State::Granted => {
            let user = test.user("kim").await;
            test.passkeys.create_grant(&user, MAX_AGE).await.expect("memory");
        }
        State::Recovered | State::SignedInByRecovery => {
            verify(&mut kim, "recovery-codes", &codes[0]).await.ok();
        }
        State::SignedIn
        | State::Stale
        | State::Aged
        | State::ChangedContext
        | State::Locked
        | State::Ended
        | State::ByTotp => {
            if enrolled.passkey && state != State::ByTotp {
                kim.second_factor().await;
            } else if let Some(phone) = &phone {
                verify(&mut kim, "totp", &phone.code(&test, 0)).await.ok();
            }
        }
        State::None
        | State::FirstFactor
        | State::MustEnrol
        | State::MustEnrolElsewhere
        | State::Skipped
        | State::Bearer
        | State::StaleBearer => {}
    }
    match state {
        State::Stale | State::StaleBearer => test.wait(NOT_RECENT),
        State::Aged => test.wait(MAX_AGE + Duration::from_secs(1)),
        State::ChangedContext | State::MustEnrolElsewhere => kim.headers = user_agent("Chrome/150.0"),
        State::Ended => kim.clone().sign_out().await,
        State::Locked => {
            let (user, now) = (test.user("kim").await, test.passkeys.now());
            test.store.inner().set_user_lock(&user, Some(now)).await.expect("memory");
        }
        _ => {}
    }
    (test, kim)
}

/// Signs in as a client without `Origin`, which presents its token as a header.
async fn sign_in_as_client(kim: &mut UserAgent) {
    kim.origin = None;
    kim.sec_fetch_site = Some("none");
    let session = kim.sign_in().await;
    let token = session["token"].as_str().unwrap_or_default();
    kim.headers.push(("authorization", format!("Bearer {token}").into_bytes()));
    kim.sec_fetch_site = None;
}

/// A client that sends neither `Origin` nor `Sec-Fetch-Site` has no cookie, not even for a ceremony.
fn forget_ceremony(kim: &mut UserAgent) {
    if kim.origin.is_none() {
        kim.remove_cookie("ceremony");
    }
}

pub(super) async fn no_second_factor_can_be_skipped(server: Server) {
    let mut wrong = Vec::new();
    for enrolled in Enrolled::all() {
        for &state in STATES.iter().filter(|state| enrolled.has(**state)) {
            let (_test, mut kim) = prepare(&server, state, enrolled).await;
            forget_ceremony(&mut kim);
            // Guards and extractors of the application.
            for (path, needs_passkey) in [("/app/user", false), ("/app/passkey", true)] {
                let answer = kim.post(path, &Value::Null).await;
                let by_another = [State::ByTotp, State::Skipped, State::SignedInByRecovery];
                let used_passkey = enrolled.passkey && !by_another.contains(&state);
                let of_session = expected(Route::Credentials, "", state, enrolled);
                let is_missing = needs_passkey && !used_passkey && of_session == ACCEPTED;
                let expected = if is_missing { STEP_UP } else { of_session };
                wrong.extend(difference(&answer, expected, &(path, state, enrolled)));
            }
            let is_last = |route: &Route| matches!(route, Route::DeleteFactor | Route::SignOut);
            let routes = Route::ALL.iter().copied().filter(|route| !is_last(route));
            for route in routes.chain([Route::DeleteFactor, Route::SignOut]) {
                let has_factor = route.path().contains("{name}");
                let factors: &[&str] = if has_factor { &["totp", "recovery-codes"] } else { &[""] };
                for factor in factors {
                    forget_ceremony(&mut kim);
                    let answer = send(&mut kim, route, factor, state).await;
                    let expected = expected(route, factor, state, enrolled);
                    wrong.extend(difference(&answer, expected, &(route, factor, state, enrolled)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong responses:\n{}", wrong.len(), wrong.join("\n"));
}

/// A line about a response that is not the expected one.
fn difference(answer: &HttpResponse, expected: Expected, what: &dyn Debug) -> Option<String> {
    let (status, code) = expected;
    let body = String::from_utf8_lossy(&answer.body);
    let is_expected = answer.status == status && (code.is_empty() || answer.problem().code == code);
    (!is_expected).then(|| format!("{what:?}: expected {expected:?}, got {} {body}", answer.status))
}

/// The age at which a factor has to be verified again; longer than a verification is recent.
const MAX_AGE: Duration = Duration::from_mins(10);
