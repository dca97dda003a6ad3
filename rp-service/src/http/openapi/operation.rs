//! Parameters, bodies and responses of each route. A new route needs a row here.

use super::super::route::Route;

/// A route in the document. Errors that follow from its form (a body, a change of state, a session) are added.
pub(super) struct Operation {
    pub(super) summary: &'static str,
    /// The schema of the body.
    pub(super) request: Option<&'static str>,
    pub(super) success: Vec<Outcome>,
    /// The statuses of problem details.
    pub(super) problems: &'static [u16],
}

/// A response other than problem details.
pub(super) enum Outcome {
    /// JSON with this schema.
    Json(u16, &'static str),
    /// JavaScript.
    Script(u16),
    /// A page for a person.
    Html(u16),
    /// Without content.
    Empty(u16),
}

use Outcome::{Empty, Html, Json, Script};

impl Operation {
    pub(super) fn of(route: Route) -> Self {
        let (summary, request, success, problems): (_, _, _, &[u16]) = match route {
            Route::RegistrationOptions => (
                "Options for a new account, or for another passkey of the signed-in user",
                Some("RegistrationOptionsRequest"),
                vec![Json(200, "CreationOptions")],
                &[401, 409, 429],
            ),
            Route::RegistrationVerify => (
                "Completes a registration",
                Some("RegistrationResponse"),
                vec![Json(201, "Registration")],
                &[401, 409, 422, 429],
            ),
            Route::AuthenticationOptions => (
                "Options for signing in, for a step-up, or for the second factor",
                Some("AuthenticationOptionsRequest"),
                vec![Json(200, "RequestOptions")],
                &[401, 429],
            ),
            Route::AuthenticationVerify => (
                "Completes an authentication",
                Some("AuthenticationResponse"),
                vec![Json(200, "Session")],
                &[401, 409, 422, 429],
            ),
            Route::ProofOptions => (
                "Options for a proof without an account",
                Some("EmptyRequest"),
                vec![Json(200, "CreationOptions"), Empty(404)],
                &[429, 503],
            ),
            Route::ProofVerify => (
                "Verifies that a genuine authenticator is present",
                Some("RegistrationResponse"),
                vec![Json(200, "Proof"), Empty(404)],
                &[409, 422, 503],
            ),
            Route::Session => ("The session", None, vec![Json(200, "Session")], &[401, 422]),
            Route::SignOut => ("Ends the session", None, vec![Empty(204)], &[]),
            Route::Sessions => ("The user's sessions", None, vec![Json(200, "Sessions")], &[401]),
            Route::EndOtherSessions => {
                ("Ends all sessions except the current one", None, vec![Empty(204)], &[401])
            }
            Route::EndSession => ("Ends a session", None, vec![Empty(204)], &[401, 404]),
            Route::Credentials => ("The user's passkeys", None, vec![Json(200, "Credentials")], &[401]),
            Route::Signal => ("Arguments of the Signal methods", None, vec![Json(200, "Signal")], &[401]),
            Route::RenameCredential => (
                "Names a passkey",
                Some("RenameCredentialRequest"),
                vec![Json(200, "Credential")],
                &[401, 404],
            ),
            Route::DeleteCredential => {
                ("Deletes a passkey", None, vec![Json(200, "Deletion")], &[401, 404, 409])
            }
            Route::ChangeUser => {
                ("Changes the display name", Some("ChangeUserRequest"), vec![Json(200, "UserChange")], &[401])
            }
            Route::Factors => ("The user's second factors", None, vec![Json(200, "Factors")], &[401]),
            Route::EnrolFactor => (
                "Starts the enrolment of a second factor",
                Some("FactorRequest"),
                vec![Json(200, "FactorResponse")],
                &[401, 404, 409, 422, 429],
            ),
            Route::ConfirmFactor => (
                "Completes the enrolment of a second factor",
                Some("FactorRequest"),
                vec![Json(200, "EnrolledFactor")],
                &[401, 404, 409, 422, 429],
            ),
            Route::FactorOptions => (
                "What a page needs before it verifies a second factor",
                Some("FactorRequest"),
                vec![Json(200, "FactorResponse")],
                &[401, 404, 409, 429],
            ),
            Route::VerifyFactor => (
                "Verifies a second factor",
                Some("FactorRequest"),
                vec![Json(200, "Session")],
                &[401, 404, 409, 422, 429],
            ),
            Route::DeleteFactor => {
                ("Deletes a second factor", None, vec![Json(200, "Factors")], &[401, 404, 409])
            }
            // A person reads the errors too.
            Route::Authorize => (
                "The page on which the user confirms the sign-in of a command line",
                None,
                [200, 400, 403, 429, 500, 503].map(Html).into_iter().chain([303, 404].map(Empty)).collect(),
                &[],
            ),
            Route::ConfirmAuthorization => (
                "Confirms the sign-in of a command line",
                Some("ConfirmAuthorizationRequest"),
                vec![Json(200, "Location"), Empty(404)],
                &[401, 409, 429],
            ),
            Route::Token => (
                "Exchanges the code of a command line for a session",
                Some("TokenRequest"),
                vec![Json(200, "TokenSession"), Empty(404)],
                &[401, 429, 500, 503],
            ),
            Route::Telemetry => {
                ("Counts a report of a browser", Some("BrowserReport"), vec![Empty(204), Empty(404)], &[])
            }
            Route::TelemetryModule => {
                ("Reports of the browser module", None, vec![Script(200), Empty(304)], &[])
            }
            Route::BrowserModule => ("The browser module", None, vec![Script(200), Empty(304)], &[]),
            Route::GermanTexts => {
                ("German texts of the browser module", None, vec![Script(200), Empty(304)], &[])
            }
            Route::WellKnownWebauthn => ("Related origins", None, vec![Json(200, "Origins")], &[]),
            Route::WellKnownPasskeyEndpoints => (
                "Where passkeys are added and managed",
                None,
                vec![Json(200, "PasskeyEndpoints"), Empty(404)],
                &[],
            ),
        };
        Self { summary, request, success, problems }
    }
}
