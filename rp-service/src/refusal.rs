use std::time::Duration;

use rp_core::{AuthenticationError, ClientDataError, Code, RegistrationError, ResponseError};

use crate::gate::Veto;
use crate::limiter::TooManyGuesses;
use crate::problem::Problem;
use crate::store::StoreError;
use crate::username::UsernameError;

/// Why the service did not do what it was asked to: everything that can go wrong, in one list.
///
/// [`Refusal::code`] is the truth, for events; [`Refusal::told`] is what the client may know.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The request comes from another site's page.
    #[error("a request that changes state came from {from}")]
    CrossSite {
        /// What tells: the header and its value.
        from: String,
    },
    /// The body is not `application/json`.
    #[error("the body is not application/json")]
    MediaType,
    /// The body is longer than what is read.
    #[error("the body is longer than {max} bytes", max = crate::http::MAX_BODY_BYTES)]
    BodyTooLarge,
    /// The body is not JSON of the form that is asked for.
    #[error("{detail}")]
    Body {
        /// What is wrong with it.
        detail: String,
    },
    /// The body's `username` is none.
    #[error(transparent)]
    Username(#[from] UsernameError),
    /// The body is not a response in its JSON form.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// Nobody is signed in, or no longer: the account is gone. A session that was there is to end then.
    #[error("nobody is signed in")]
    NotSignedIn,
    /// The last verification is not fresh enough.
    #[error("the last verification is too long ago")]
    StepUpRequired,
    /// The application asks for another passkey first.
    #[error("the application asks for another passkey: {reason}")]
    EnrolmentRequired {
        /// The gate's reason.
        reason: String,
    },
    /// Nobody may open an account.
    #[error("accounts cannot be opened here")]
    SignUpClosed,
    /// No ceremony waits for this response.
    #[error("no ceremony waits for this response: {0}")]
    NoCeremony(NoCeremony),
    /// The ceremony was there, and its time is up.
    #[error("the ceremony has expired")]
    CeremonyExpired,
    /// Client data from which no challenge can be read, so that no ceremony is found.
    #[error(transparent)]
    ClientData(#[from] ClientDataError),
    /// The registration does not verify.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// The authentication does not verify.
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    /// The response's credential is in nobody's account.
    #[error("no account has the credential")]
    CredentialUnknown,
    /// The response's credential is another account's than the one that began the ceremony.
    #[error("another account's credential than that of whom began")]
    CredentialOfAnotherAccount,
    /// The application refuses the account.
    #[error("the application refuses the account: {reason}")]
    Vetoed {
        /// The gate's reason.
        reason: String,
    },
    /// A sign-in that named a username did not verify, in a way that could tell whether there is such an
    /// account: the client learns `signature-invalid`, whatever it was.
    #[error(transparent)]
    Masked(Box<Refusal>),
    /// The signed-in account has no such credential, even if another account has.
    #[error("the account has no such credential")]
    NoSuchCredential,
    /// The credential is registered already.
    #[error("the credential is registered already")]
    CredentialExists,
    /// Another account has the name.
    #[error("another account has the name")]
    UsernameTaken,
    /// The account has as many passkeys as it may have.
    #[error("the account has as many passkeys as it may have")]
    TooManyCredentials,
    /// It is the account's last passkey.
    #[error("it is the account's last passkey")]
    LastCredential,
    /// Too many requests of this kind.
    #[error(transparent)]
    TooManyRequests(#[from] TooManyGuesses),
    /// The storage did not do its work; nothing was changed.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// The operating system gave no randomness; nothing was changed.
    #[error("no randomness: {0}")]
    Randomness(#[from] rp_core::RandomnessError),
    /// The application's gate could not be asked.
    #[error("the gate could not be asked: {reason}")]
    GateUnavailable {
        /// The gate's reason.
        reason: String,
    },
}

/// Why no ceremony was found for a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCeremony {
    /// The browser sent no ceremony cookie.
    #[error("the browser sent no ceremony cookie")]
    Cookie,
    /// There is none with this challenge in this browser, or it was used before.
    #[error("none with this challenge in this browser, or it was used before")]
    Missing,
    /// It is of the other kind: registration or authentication.
    #[error("it is of the other kind")]
    OtherKind,
    /// Another account began it.
    #[error("another account began it")]
    OtherAccount,
    /// Another release wrote it.
    #[error("another release wrote it")]
    Unreadable,
}

impl Refusal {
    /// Why, truly: a stable kebab-case word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CrossSite { .. } => "cross-site-request",
            Self::MediaType => "unsupported-media-type",
            Self::BodyTooLarge => "body-too-large",
            Self::Body { .. } | Self::Username(_) => Code::MalformedJson.as_str(),
            Self::Response(error) => error.code().as_str(),
            Self::NotSignedIn => "not-signed-in",
            Self::StepUpRequired => "step-up-required",
            Self::EnrolmentRequired { .. } => "enrolment-required",
            Self::SignUpClosed => "sign-up-closed",
            Self::NoCeremony(_) => "no-ceremony",
            Self::CeremonyExpired => "ceremony-expired",
            Self::ClientData(error) => error.code().as_str(),
            Self::Registration(error) => error.code().as_str(),
            Self::Authentication(error) => error.code().as_str(),
            Self::CredentialUnknown | Self::NoSuchCredential => "credential-unknown",
            Self::CredentialOfAnotherAccount | Self::Vetoed { .. } => Code::CredentialNotAllowed.as_str(),
            Self::Masked(truth) => truth.code(),
            Self::CredentialExists => Code::CredentialExists.as_str(),
            Self::UsernameTaken => "username-taken",
            Self::TooManyCredentials => "too-many-credentials",
            Self::LastCredential => "last-credential",
            Self::TooManyRequests(_) => "too-many-requests",
            Self::Storage(_) | Self::Randomness(_) | Self::GateUnavailable { .. } => "storage-unavailable",
        }
    }

    /// What the client is told: the code, unless that would tell which accounts exist.
    #[must_use]
    pub fn told(&self) -> &'static str {
        match self {
            Self::Masked(_) => Code::SignatureInvalid.as_str(),
            _ => self.code(),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        if let Self::NoSuchCredential = self {
            return 404;
        }
        match self.told() {
            "malformed-json" | "malformed-base64" => 400,
            "not-signed-in" => 401,
            "step-up-required" | "enrolment-required" | "sign-up-closed" | "cross-site-request" => 403,
            "no-ceremony"
            | "ceremony-expired"
            | "credential-exists"
            | "username-taken"
            | "too-many-credentials"
            | "last-credential" => 409,
            "body-too-large" => 413,
            "unsupported-media-type" => 415,
            "too-many-requests" => 429,
            "storage-unavailable" => 503,
            _ => 422,
        }
    }

    /// The step of section 7.1 or 7.2 that failed, where one did.
    #[must_use]
    pub fn step(&self) -> Option<u8> {
        match self {
            Self::Registration(error) => Some(error.step()),
            Self::Authentication(error) => Some(error.step()),
            Self::Masked(truth) => truth.step(),
            _ => None,
        }
    }

    /// What the client is told, as problem details.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let detail = match self {
            // What was wrong with a request helps whoever wrote the page, and tells of the request alone.
            Self::Body { .. } | Self::Username(_) | Self::Response(_) => Some(self.to_string()),
            _ => None,
        };
        let retry_after = match self {
            Self::TooManyRequests(TooManyGuesses { retry_after }) => Some(*retry_after),
            _ if self.status() == 503 => Some(STORAGE_RETRY_AFTER),
            _ => None,
        };
        Problem::new(self.status(), self.told(), detail, retry_after)
    }

    /// Hides the five answers that could tell whether a username exists (or what its passkeys are).
    pub(crate) fn masked(self) -> Self {
        const TELLING: [Code; 4] = [
            Code::CredentialNotAllowed,
            Code::UserHandleMismatch,
            Code::BackupEligibilityChanged,
            Code::SignatureInvalid,
        ];
        let code = self.code();
        if code == "credential-unknown" || TELLING.iter().any(|telling| telling.as_str() == code) {
            Self::Masked(Box::new(self))
        } else {
            self
        }
    }
}

impl From<Veto> for Refusal {
    fn from(veto: Veto) -> Self {
        match veto {
            Veto::Refused { reason } => Self::Vetoed { reason },
            Veto::EnrolmentRequired { reason } => Self::EnrolmentRequired { reason },
            Veto::Unavailable { reason } => Self::GateUnavailable { reason },
        }
    }
}

/// Storage that fails over, or is restarted, is mostly back by then.
const STORAGE_RETRY_AFTER: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_tell_of_an_account_goes_out_as_signature_invalid() {
        for telling in [
            Refusal::CredentialUnknown,
            Refusal::CredentialOfAnotherAccount,
            Refusal::Vetoed { reason: "locked".into() },
            Refusal::Authentication(AuthenticationError::CredentialNotAllowed),
            Refusal::Authentication(AuthenticationError::UserHandle),
            Refusal::Authentication(AuthenticationError::BackupEligibility { was: true }),
        ] {
            let truth = telling.code();
            let masked = telling.masked();
            assert_eq!((masked.code(), masked.told(), masked.status()), (truth, "signature-invalid", 422));
        }
    }

    #[test]
    fn what_tells_of_the_response_alone_is_not_masked() {
        let refusal = Refusal::Authentication(AuthenticationError::RpIdHash).masked();
        assert_eq!((refusal.code(), refusal.told()), ("rp-id-mismatch", "rp-id-mismatch"));
    }

    #[test]
    fn credential_unknown_is_404_under_credentials_and_422_in_a_ceremony() {
        assert_eq!(Refusal::NoSuchCredential.status(), 404);
        assert_eq!(Refusal::CredentialUnknown.status(), 422);
        assert_eq!(Refusal::NoSuchCredential.told(), Refusal::CredentialUnknown.told());
    }

    #[test]
    fn storage_that_fails_is_503_with_a_time_to_come_back() {
        let refusal = Refusal::Storage(StoreError::unavailable("the disk is full"));
        let problem = refusal.problem();
        assert_eq!((problem.status(), problem.code()), (503, "storage-unavailable"));
        assert_eq!(problem.retry_after(), Some(STORAGE_RETRY_AFTER));
    }
}
