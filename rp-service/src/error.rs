use std::time::Duration;

use rp_core::{AuthenticationError, ClientDataError, Code, RegistrationError, ResponseError, Timestamp};

use crate::admission::Denied;
use crate::assurance::MissingAssurance;
use crate::authorization::AuthorizationError;
use crate::factor::FactorError;
use crate::policy::PasskeyRuleError;
use crate::problem::Problem;
use crate::rate_limiter::RateLimited;
use crate::store::StoreError;
use crate::username::UsernameError;

/// Why the service rejected a request.
///
/// [`ServiceError::code`] is the exact reason, for events; [`ServiceError::public_code`] is what the client receives.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The request was sent by a page of another site.
    #[error("cross-site request: {reason}; accepted origins: {}", accepted.join(" "))]
    CrossSite {
        /// The header that shows it, and its value.
        reason: String,
        /// The configured web origins.
        accepted: Vec<String>,
    },
    /// The media type is not `application/json`.
    #[error("the body is not application/json")]
    MediaType,
    /// The body is too long.
    #[error("the body is longer than {max} bytes", max = crate::http::request::MAX_BODY_BYTES)]
    BodyTooLarge,
    /// The body is not a JSON object with the expected members.
    #[error("{detail}")]
    Body {
        /// The problem.
        detail: String,
    },
    /// The username is not valid.
    #[error(transparent)]
    Username(#[from] UsernameError),
    /// The body is not a `RegistrationResponseJSON` or `AuthenticationResponseJSON`.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// No user is signed in: the session is missing or has ended, or its user is deleted.
    #[error("no user is signed in")]
    NotSignedIn,
    /// The session is in the state `first-factor`: another factor is required before the user is signed in.
    #[error("a second factor is required")]
    SecondFactorRequired,
    /// The session does not meet the requirement of the route.
    #[error("recent verification required: {required:?}")]
    StepUpRequired {
        /// The missing requirements.
        required: MissingAssurance,
    },
    /// The user must enrol another passkey first.
    #[error("enrolment required: {reason}")]
    EnrolmentRequired {
        /// The reason of the admission hook.
        reason: String,
        /// The time until which enrolment is possible.
        by: Option<Timestamp>,
    },
    /// Accounts cannot be created here.
    #[error("sign-up is closed")]
    SignUpClosed,
    /// No ceremony in progress matches the response.
    #[error("no ceremony matches the response: {0}")]
    NoCeremony(NoCeremony),
    /// The ceremony has expired.
    #[error("the ceremony has expired")]
    CeremonyExpired,
    /// The client data contain no challenge, so that no ceremony can be found.
    #[error(transparent)]
    ClientData(#[from] ClientDataError),
    /// The registration does not verify.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// The authentication does not verify.
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    /// The authenticator did not verify the user in a step-up, although it did so earlier with this passkey.
    #[error("the passkey verified its user earlier, but not now")]
    UserVerificationOmitted,
    /// No user has the credential of the response.
    #[error("no user has the credential")]
    CredentialUnknown,
    /// The credential belongs to a different user than the one that started the ceremony.
    #[error("the credential belongs to a different user than the one that started the ceremony")]
    ForeignCredential,
    /// A proof does not verify. Only the code is kept: the error itself may name a model or an issuer.
    #[error("the proof does not verify: {}", code.as_str())]
    ProofRejected {
        /// The code.
        code: Code,
        /// The step of section 7.1.
        step: u8,
    },
    /// The user is locked.
    #[error("the user is locked")]
    UserLocked,
    /// The admission hook denied access.
    #[error("the application denied access: {reason}")]
    Denied {
        /// The reason of the hook.
        reason: String,
    },
    /// An authentication with a username failed for a reason that would reveal whether the user exists. The client
    /// receives `signature-invalid`.
    #[error(transparent)]
    Redacted(Box<ServiceError>),
    /// The passkey does not meet the rules of its user.
    #[error(transparent)]
    PasskeyRule(#[from] PasskeyRuleError),
    /// The user has no such passkey, even if another user has it.
    #[error("the user has no such passkey")]
    NoSuchPasskey,
    /// The second factor does not verify the user.
    #[error("the second factor is invalid: {reason}")]
    FactorInvalid {
        /// The reason of the factor.
        reason: &'static str,
    },
    /// The user has no such second factor, or the service does not know it.
    #[error("the user has no such second factor")]
    NoSuchFactor,
    /// The user has the second factor already.
    #[error("the user has the second factor already")]
    FactorExists,
    /// A service on which a second factor depends failed; nothing was changed.
    #[error("the second factor is not available")]
    FactorUnavailable {
        /// The error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The user has no such session, even if another user has it.
    #[error("the user has no such session")]
    NoSuchSession,
    /// The user does not exist.
    #[error("the user does not exist")]
    NoSuchUser,
    /// The credential is registered already.
    #[error("the credential is registered already")]
    CredentialExists,
    /// Another user has the name.
    #[error("another user has the name")]
    UsernameTaken,
    /// The user has the maximum number of passkeys.
    #[error("the user has the maximum number of passkeys")]
    TooManyPasskeys,
    /// It is the user's last passkey.
    #[error("it is the user's last passkey")]
    LastPasskey,
    /// Too many attempts.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    /// The request of a command line was rejected.
    #[error(transparent)]
    Authorization(#[from] AuthorizationError),
    /// The storage failed; nothing was changed.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// The operating system returned no random bytes; nothing was changed.
    #[error("no random bytes: {0}")]
    Randomness(#[from] rp_core::RandomnessError),
    /// The admission hook failed.
    #[error("the admission hook failed: {reason}")]
    AdmissionUnavailable {
        /// The reason of the hook.
        reason: String,
    },
    /// A part of the set-up is missing, such as the layer of an adapter.
    #[error("misconfigured: {missing} is missing")]
    Misconfigured {
        /// The missing part.
        missing: &'static str,
    },
}

/// Why no ceremony matches a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCeremony {
    /// The browser sent no ceremony cookie.
    #[error("the browser sent no ceremony cookie")]
    Cookie,
    /// No ceremony in this browser has this challenge, or it was used before.
    #[error("none with this challenge in this browser, or it was used before")]
    Missing,
    /// The ceremony is a registration and the response an authentication, or the reverse.
    #[error("it is of the other kind")]
    OtherKind,
    /// Another user, or another session of the user, started it.
    #[error("another session started it")]
    OtherSession,
    /// A parallel request was faster and changed the second factor.
    #[error("a parallel request changed the second factor")]
    FactorChanged,
    /// A parallel response was faster and replaced the session.
    #[error("a parallel response replaced the session")]
    SessionReplaced,
    /// Another version of the service wrote it.
    #[error("another version wrote it")]
    Unreadable,
}

/// The party responsible for an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request is wrong, or a response does not verify.
    Client,
    /// The request is understood, and a policy or the application rejects it.
    Denied,
    /// The server failed.
    Server,
}

impl ServiceError {
    /// The exact reason: a stable kebab-case word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CrossSite { .. } => "cross-site-request",
            Self::MediaType => "unsupported-media-type",
            Self::BodyTooLarge => "body-too-large",
            Self::Body { .. } => Code::MalformedJson.as_str(),
            Self::Username(_) => "username-invalid",
            Self::Response(error) => error.code().as_str(),
            Self::NotSignedIn => "not-signed-in",
            Self::SecondFactorRequired => "second-factor-required",
            Self::StepUpRequired { .. } => "step-up-required",
            Self::EnrolmentRequired { .. } => "enrolment-required",
            Self::SignUpClosed => "sign-up-closed",
            Self::NoCeremony(_) => "no-ceremony",
            Self::CeremonyExpired => "ceremony-expired",
            Self::ClientData(error) => error.code().as_str(),
            Self::Registration(error) => error.code().as_str(),
            Self::Authentication(error) => error.code().as_str(),
            Self::ProofRejected { code, .. } => code.as_str(),
            Self::UserVerificationOmitted => Code::UserNotVerified.as_str(),
            Self::CredentialUnknown | Self::NoSuchPasskey => "credential-unknown",
            Self::FactorInvalid { .. } => "factor-invalid",
            Self::NoSuchFactor => "factor-unknown",
            Self::FactorExists => "factor-exists",
            Self::NoSuchSession => "session-unknown",
            Self::NoSuchUser => "user-unknown",
            Self::ForeignCredential | Self::Denied { .. } => Code::CredentialNotAllowed.as_str(),
            Self::PasskeyRule(error) => error.code().as_str(),
            Self::UserLocked => "user-locked",
            Self::Redacted(exact) => exact.code(),
            Self::CredentialExists => Code::CredentialExists.as_str(),
            Self::UsernameTaken => "username-taken",
            Self::TooManyPasskeys => "too-many-credentials",
            Self::LastPasskey => "last-credential",
            Self::RateLimited(_) => "too-many-requests",
            Self::Authorization(error) => error.code(),
            Self::Storage(_)
            | Self::Randomness(_)
            | Self::AdmissionUnavailable { .. }
            | Self::FactorUnavailable { .. } => "storage-unavailable",
            Self::Misconfigured { .. } => "misconfigured",
        }
    }

    /// The code that the client receives.
    #[must_use]
    pub fn public_code(&self) -> &'static str {
        match self {
            Self::Redacted(_) => Code::SignatureInvalid.as_str(),
            _ => self.code(),
        }
    }

    /// The party responsible for the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.status() {
            500.. => ErrorKind::Server,
            401 | 403 | 429 => ErrorKind::Denied,
            _ => match self {
                Self::Denied { .. } | Self::PasskeyRule(_) | Self::TooManyPasskeys | Self::LastPasskey => {
                    ErrorKind::Denied
                }
                Self::Redacted(exact) => exact.kind(),
                _ => ErrorKind::Client,
            },
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        if let Self::NoSuchPasskey = self {
            return 404;
        }
        match self.public_code() {
            "malformed-json"
            | "malformed-base64"
            | "username-invalid"
            | "invalid-request"
            | "invalid-client"
            | "invalid-grant"
            | "invalid-scope"
            | "unsupported-response-type"
            | "unsupported-grant-type" => 400,
            "not-signed-in" | "second-factor-required" | "factor-invalid" => 401,
            "step-up-required" | "enrolment-required" | "sign-up-closed" | "cross-site-request"
            | "user-locked" => 403,
            "session-unknown" | "user-unknown" | "factor-unknown" => 404,
            "no-ceremony"
            | "ceremony-expired"
            | "credential-exists"
            | "username-taken"
            | "too-many-credentials"
            | "last-credential"
            | "factor-exists" => 409,
            "body-too-large" => 413,
            "unsupported-media-type" => 415,
            "too-many-requests" => 429,
            "misconfigured" => 500,
            "storage-unavailable" => 503,
            _ => 422,
        }
    }

    /// The step of section 7.1 or 7.2 that failed, if one did.
    #[must_use]
    pub fn step(&self) -> Option<u8> {
        match self {
            Self::Registration(error) => Some(error.step()),
            Self::Authentication(error) => Some(error.step()),
            Self::ProofRejected { step, .. } => Some(*step),
            Self::Redacted(exact) => exact.step(),
            _ => None,
        }
    }

    /// The problem details that the client receives.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.status(), self.public_code());
        match self {
            // The text describes the request and nothing else, and helps the author of the page.
            Self::Body { .. } | Self::Username(_) | Self::Response(_) => {
                problem.detail = self.to_string().into()
            }
            Self::Authorization(error) => {
                problem.detail = self.to_string().into();
                problem.error = Some(error.oauth());
            }
            Self::StepUpRequired { required } => problem.required = Some(*required),
            Self::EnrolmentRequired { by, .. } => problem.by = *by,
            Self::RateLimited(RateLimited { retry_after }) => problem.retry_after = Some(*retry_after),
            _ if self.status() == 503 => problem.retry_after = Some(STORAGE_RETRY_AFTER),
            _ => {}
        }
        problem
    }

    /// Replaces the reasons that would reveal whether a username exists, or facts about its passkeys.
    pub(crate) fn redacted(self) -> Self {
        const REVEALING: [Code; 4] = [
            Code::CredentialNotAllowed,
            Code::UserHandleMismatch,
            Code::BackupEligibilityChanged,
            Code::SignatureInvalid,
        ];
        let code = self.code();
        if code == "credential-unknown" || REVEALING.iter().any(|revealing| revealing.as_str() == code) {
            Self::Redacted(Box::new(self))
        } else {
            self
        }
    }
}

impl From<FactorError> for ServiceError {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::Invalid { reason } => Self::FactorInvalid { reason },
            FactorError::Body { detail } => Self::Body { detail },
            FactorError::Unreadable => StoreError::Unreadable { what: "rp_factors.state" }.into(),
            FactorError::Unavailable { source } => Self::FactorUnavailable { source },
            FactorError::Randomness(error) => Self::Randomness(error),
        }
    }
}

impl From<Denied> for ServiceError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Access { reason } => Self::Denied { reason },
            Denied::EnrolmentRequired { reason, by } => Self::EnrolmentRequired { reason, by },
            Denied::Unavailable { reason } => Self::AdmissionUnavailable { reason },
        }
    }
}

/// A storage that fails over or restarts is usually available again by then.
const STORAGE_RETRY_AFTER: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_reveal_a_user_become_signature_invalid() {
        for revealing in [
            ServiceError::CredentialUnknown,
            ServiceError::ForeignCredential,
            ServiceError::Denied { reason: "closed".into() },
            ServiceError::Authentication(AuthenticationError::CredentialNotAllowed),
            ServiceError::Authentication(AuthenticationError::UserHandle),
            ServiceError::Authentication(AuthenticationError::BackupEligibility { was: true }),
        ] {
            let exact = revealing.code();
            let redacted = revealing.redacted();
            assert_eq!(
                (redacted.code(), redacted.public_code(), redacted.status()),
                (exact, "signature-invalid", 422)
            );
        }
    }

    #[test]
    fn reasons_that_concern_the_response_alone_stay() {
        let error = ServiceError::Authentication(AuthenticationError::RpIdHash).redacted();
        assert_eq!((error.code(), error.public_code()), ("rp-id-mismatch", "rp-id-mismatch"));
    }

    #[test]
    fn an_unknown_credential_is_404_or_422_by_route() {
        assert_eq!(ServiceError::NoSuchPasskey.status(), 404);
        assert_eq!(ServiceError::CredentialUnknown.status(), 422);
    }

    #[test]
    fn the_kind_says_who_is_responsible() {
        for (error, kind) in [
            (ServiceError::MediaType, ErrorKind::Client),
            (ServiceError::NotSignedIn, ErrorKind::Denied),
            (ServiceError::LastPasskey, ErrorKind::Denied),
            (ServiceError::Storage(StoreError::unavailable("full")), ErrorKind::Server),
            (ServiceError::Misconfigured { missing: "layer" }, ErrorKind::Server),
        ] {
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}
