//! The assurance of a session, and the requirements that guards check.

use std::time::Duration;

use rp_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acr::Acr;
use crate::session::{Method, Session, UserVerification, VerifiedFactor};

/// An authentication method (RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Amr {
    /// A password.
    Pwd,
    /// Proof of possession of a key.
    Pop,
    /// Proof of possession of a hardware-protected key.
    Hwk,
    /// A one-time password.
    Otp,
    /// The user was present.
    User,
    /// More than one factor.
    Mfa,
}

/// How well the user of a session was authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Assurance {
    /// The authentication assurance level of NIST SP 800-63B-4: 1 to 3; 0 if no method that the level knows was used.
    pub aal: u8,
    /// The authentication context class, if a passkey was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    /// The authentication methods.
    pub amr: Vec<Amr>,
}

/// The requirements of a guard on a session. The response lists the missing ones, so that the page can request them.
///
/// # Examples
/// ```
/// use rp_service::Requirement;
///
/// let requirement = Requirement::passkey().within_minutes(2).user_verified();
/// assert_eq!(requirement.max_age.unwrap().as_secs(), 120);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Requirement {
    /// A passkey was used in the session.
    pub passkey: bool,
    /// The authenticator verified the user. Implies `passkey`.
    pub user_verification: bool,
    /// The key is protected by hardware, as a trusted attestation proves. Implies `passkey`.
    pub hardware: bool,
    /// The maximum age of the verification.
    pub max_age: Option<Duration>,
    /// Whether a use of a passkey without user verification counts although the passkey verified its user earlier.
    pub(crate) allow_omitted_user_verification: bool,
}

/// A requirement as a type, for extractors.
///
/// # Examples
/// ```
/// use rp_service::{Guard, Requirement};
///
/// struct Administrator;
///
/// impl Guard for Administrator {
///     fn requirement() -> Requirement {
///         Requirement::passkey().user_verified().within_minutes(2)
///     }
/// }
/// ```
pub trait Guard {
    /// The requirement.
    fn requirement() -> Requirement;
}

/// A passkey that was used at most `SECONDS` ago.
#[derive(Clone, Copy, Debug)]
pub struct Fresh<const SECONDS: u64>;

impl<const SECONDS: u64> Guard for Fresh<SECONDS> {
    fn requirement() -> Requirement {
        Requirement::passkey().within(Duration::from_secs(SECONDS))
    }
}

/// The requirements that a session does not meet: the members of `required` in the response, modelled on RFC 9470.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingAssurance {
    /// The maximum age of the verification, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// The authentication context class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    /// Whether user verification is required.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub user_verification: bool,
}

impl Assurance {
    /// The assurance of a session.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let passkey = session.factor(&Method::Passkey);
        // A recovery code authorises an enrolment and is not a factor of the sign-in.
        let is_other =
            |factor: &&VerifiedFactor| !matches!(factor.method, Method::Passkey | Method::RecoveryCode);
        let others = session.factors.iter().filter(is_other).count();
        let other = others > 0;
        let verified = passkey.is_some_and(|key| key.user_verification == UserVerification::Performed);
        let acr = passkey.and_then(|key| key.acr);
        let mfa = (passkey.is_some() && (verified || other)) || others > 1;
        let aal = match (passkey.is_some() || other, mfa, acr) {
            (true, true, Some(Acr::Phrh)) => 3,
            (true, true, _) => 2,
            (true, false, _) => 1,
            (false, ..) => 0,
        };
        let key = match acr {
            Some(Acr::Phrh) => Some(Amr::Hwk),
            Some(Acr::Phr) => Some(Amr::Pop),
            None => None,
        };
        let password = session.factor(&Method::Password).map(|_| Amr::Pwd);
        let otp = session.factor(&Method::Totp).map(|_| Amr::Otp);
        let user = passkey.filter(|key| key.user_present).map(|_| Amr::User);
        let amr = [password, otp, key, user, mfa.then_some(Amr::Mfa)].into_iter().flatten().collect();
        Self { aal, acr, amr }
    }
}

impl Requirement {
    /// A signed-in session, with no further requirement.
    pub fn signed_in() -> Self {
        Self::default()
    }

    /// A passkey.
    pub fn passkey() -> Self {
        Self { passkey: true, ..Self::default() }
    }

    /// A verification that is at most so old.
    pub fn within(self, max_age: Duration) -> Self {
        Self { max_age: Some(max_age), ..self }
    }

    /// A verification that is at most so many minutes old.
    pub fn within_minutes(self, minutes: u64) -> Self {
        self.within(Duration::from_secs(minutes.saturating_mul(60)))
    }

    /// User verification by the authenticator.
    pub fn user_verified(self) -> Self {
        Self { passkey: true, user_verification: true, ..self }
    }

    /// A key that hardware protects.
    pub fn hardware(self) -> Self {
        Self { passkey: true, hardware: true, ..self }
    }

    /// Checks a signed-in session.
    ///
    /// A use of a passkey without user verification does not count if the passkey verified its user earlier.
    ///
    /// # Errors
    /// [`MissingAssurance`].
    pub fn check(&self, session: &Session, now: Timestamp) -> Result<(), MissingAssurance> {
        let is_met = if self.passkey || self.user_verification || self.hardware {
            session.factor(&Method::Passkey).is_some_and(|key| self.is_met_by_passkey(key, session, now))
        } else {
            self.max_age.is_none()
                || session
                    .factors
                    .iter()
                    .any(|factor| self.is_accepted(factor) && self.is_recent(factor, session, now))
        };
        if is_met { Ok(()) } else { Err(self.missing(session)) }
    }

    fn is_met_by_passkey(&self, key: &VerifiedFactor, session: &Session, now: Timestamp) -> bool {
        let verified = !self.user_verification || key.user_verification.is_performed();
        verified
            && self.is_accepted(key)
            && (!self.hardware || key.acr == Some(Acr::Phrh))
            && self.is_recent(key, session, now)
    }

    /// User verification never becomes weaker silently: a use of a passkey without it does not count if the passkey is
    /// capable of it.
    fn is_accepted(&self, factor: &VerifiedFactor) -> bool {
        self.allow_omitted_user_verification || factor.user_verification != UserVerification::Omitted
    }

    fn is_recent(&self, factor: &VerifiedFactor, session: &Session, now: Timestamp) -> bool {
        let age = session.effective_time(now).saturating_since(factor.at);
        self.max_age.is_none_or(|max_age| age <= max_age)
    }

    pub(crate) fn missing(&self, session: &Session) -> MissingAssurance {
        let omitted = session
            .factor(&Method::Passkey)
            .is_some_and(|key| key.user_verification == UserVerification::Omitted);
        let acr = match (self.hardware, self.passkey) {
            (true, _) => Some(Acr::Phrh),
            (false, true) => Some(Acr::Phr),
            (false, false) => None,
        };
        MissingAssurance {
            max_age: self.max_age.map(|age| age.as_secs()),
            acr,
            user_verification: self.user_verification || omitted,
        }
    }
}
