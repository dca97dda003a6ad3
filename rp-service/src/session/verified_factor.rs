//! A verified factor, with the facts on which assurance depends.

use rp_core::{Flags, Timestamp};
use serde::{Deserialize, Serialize};

use crate::acr::Acr;
use crate::assurance::KeyFacts;

/// A factor that was verified in a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedFactor {
    /// The method.
    pub method: Method,
    /// The time.
    pub at: Timestamp,
    /// The user verification by the authenticator, for passkeys.
    #[serde(default)]
    pub user_verification: UserVerification,
    /// Whether the user was present (UP), for passkeys.
    #[serde(default)]
    pub user_present: bool,
    /// The facts of the passkey's key at that time; `None` for a passkey that the application reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyFacts>,
}

/// A method by which a user is verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Method {
    /// A password.
    Password,
    /// A passkey.
    Passkey,
    /// A time-based one-time password.
    Totp,
    /// A recovery code, which authorises the enrolment of another factor and signs no one in.
    RecoveryCode,
    /// Another method of the application, under its own name, such as `federated` or `sms`, or an external second factor.
    Other(String),
}

impl Method {
    /// The method as it appears in events.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery-code",
            Self::Other(name) => name,
        }
    }
}

/// The result of user verification in one use of a passkey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UserVerification {
    /// The authenticator verified the user.
    Performed,
    /// The authenticator reported user verification for a passkey whose `uvInitialized` is not set yet, so it does not
    /// count as a second factor: anyone who finds a security key without a PIN can set one.
    Unconfirmed,
    /// The authenticator did not verify the user and never did with this passkey.
    #[default]
    NotPerformed,
    /// The authenticator did not verify the user, although it did so earlier with this passkey (`uvInitialized`).
    Omitted,
}

impl VerifiedFactor {
    /// A factor of the application.
    #[must_use]
    pub fn new(method: Method, at: Timestamp) -> Self {
        Self { method, at, user_verification: UserVerification::NotPerformed, user_present: false, key: None }
    }

    /// A passkey. `uv_initialized` is that of the record after the use: whether another factor has authorised user
    /// verification.
    pub(crate) fn passkey(key: KeyFacts, flags: Flags, uv_initialized: bool, at: Timestamp) -> Self {
        let user_verification = match (flags.user_verified(), uv_initialized) {
            (true, true) => UserVerification::Performed,
            (true, false) => UserVerification::Unconfirmed,
            (false, false) => UserVerification::NotPerformed,
            (false, true) => UserVerification::Omitted,
        };
        Self {
            method: Method::Passkey,
            at,
            user_verification,
            user_present: flags.user_present(),
            key: Some(key),
        }
    }

    /// The authentication context class of the passkey.
    #[must_use]
    pub fn acr(&self) -> Option<Acr> {
        self.key.as_ref().map(KeyFacts::acr)
    }
}

impl UserVerification {
    /// Whether the use of the passkey counts as user verification.
    #[must_use]
    pub fn is_performed(self) -> bool {
        self == Self::Performed
    }
}
