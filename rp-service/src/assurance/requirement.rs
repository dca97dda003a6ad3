//! The requirements that guards check, and what a session lacks.

use std::time::Duration;

use rp_core::Timestamp;
use serde::Serialize;

use super::Assurance;
use crate::acr::Acr;
use crate::session::{Method, Session, UserVerification, VerifiedFactor};

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
    /// The lowest authentication assurance level ([`Assurance::aal`]); 0 requires none.
    pub aal: u8,
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

impl Requirement {
    /// A signed-in session, with no further requirement.
    pub fn signed_in() -> Self {
        Self::default()
    }

    /// An authentication assurance level of NIST SP 800-63B-4, or a higher one. No session reaches a level above 3.
    ///
    /// With a maximum age, the verifications within that age must reach the level by themselves.
    ///
    /// # Examples
    /// ```
    /// use rp_service::Requirement;
    ///
    /// // Reauthentication at AAL3 (section 2.3.3).
    /// let requirement = Requirement::aal(3).within_minutes(12 * 60);
    /// assert_eq!(requirement.aal, 3);
    /// ```
    pub fn aal(level: u8) -> Self {
        Self { aal: level, ..Self::default() }
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
        let mut counted =
            session.factors.iter().filter(|one| self.is_accepted(one) && self.is_recent(one, session, now));
        let is_level = self.aal == 0 || Assurance::of_factors(counted.clone()).aal >= self.aal;
        let is_met = if self.passkey || self.user_verification || self.hardware {
            counted.any(|one| one.method == Method::Passkey && self.is_met_by_passkey(one))
        } else {
            self.max_age.is_none() || counted.next().is_some()
        };
        if is_level && is_met {
            return Ok(());
        }
        let missing = self.missing(session);
        // A password that is too old is not a first factor next to a passkey.
        let is_password_old =
            session.factor(&Method::Password).is_some_and(|password| !self.is_recent(password, session, now));
        let user_verification = missing.user_verification || (self.aal > 1 && is_password_old);
        Err(MissingAssurance { user_verification, ..missing })
    }

    fn is_met_by_passkey(&self, passkey: &VerifiedFactor) -> bool {
        (!self.user_verification || passkey.user_verification.is_performed())
            && (!self.hardware || passkey.acr() == Some(Acr::Phrh))
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
        let acr = match (self.hardware || self.aal > 2, self.passkey) {
            (true, _) => Some(Acr::Phrh),
            (false, true) => Some(Acr::Phr),
            (false, false) => None,
        };
        // A password and any other factor are two; without a password, the passkey has to verify its user.
        let is_second_missing = self.aal > 1 && session.factor(&Method::Password).is_none();
        MissingAssurance {
            max_age: self.max_age.map(|age| age.as_secs()),
            acr,
            user_verification: self.user_verification || omitted || is_second_missing,
        }
    }
}
