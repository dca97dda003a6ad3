//! The assurance of a session, with its reasons.

mod key;
mod reason;
mod requirement;
#[cfg(test)]
mod tests;

use std::fmt;

use rp_core::Timestamp;
use serde::ser::{SerializeStruct as _, Serializer};
use serde::{Deserialize, Serialize};

pub use key::{KeyFacts, KeyObstacle};
pub use reason::{AalReason, AcrReason};
pub use requirement::{Fresh, Guard, MissingAssurance, Requirement};

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

/// How well the user of a session was authenticated, and why it is not better.
///
/// The factors of the session decide, with the facts that each had when it was verified. Serialised as responses show it:
/// `{"aal", "acr", "amr"}`, without the reasons. Displayed as the sentences of the reasons.
///
/// # Examples
/// ```
/// use rp_service::{AalReason, Assurance, Session};
///
/// fn explain(session: &Session) -> String {
///     let assurance = Assurance::of(session);
///     if let AalReason::Key(obstacle) = assurance.aal_reason {
///         println!("another key would reach AAL3: {obstacle}");
///     }
///     // For example "AAL2, not AAL3: the credential is synced; phr, not phrh: …"
///     assurance.to_string()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assurance {
    /// The authentication assurance level of NIST SP 800-63B-4: 1 to 3; 0 if no method that the level knows was used.
    pub aal: u8,
    /// Why the level is this one.
    pub aal_reason: AalReason,
    /// The authentication context class, if a passkey was used.
    pub acr: Option<Acr>,
    /// Why the class is this one.
    pub acr_reason: AcrReason,
    /// The authentication methods. The reason of each is [`Amr::reason`].
    pub amr: Vec<Amr>,
}

impl Amr {
    /// The value as responses show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pwd => "pwd",
            Self::Pop => "pop",
            Self::Hwk => "hwk",
            Self::Otp => "otp",
            Self::User => "user",
            Self::Mfa => "mfa",
        }
    }

    /// Why a session has the method.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Pwd => "a password was verified",
            Self::Pop => "a passkey was used, and hardware protection of its key is not proven",
            Self::Hwk => {
                "a passkey was used whose key is protected by hardware, as a trusted attestation proves"
            }
            Self::Otp => "a time-based one-time password was verified",
            Self::User => "the user was present when the passkey was used",
            Self::Mfa => "factors of two kinds were verified",
        }
    }
}

impl Assurance {
    /// The assurance of a session.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self::of_factors(session.factors.iter())
    }

    fn of_factors<'a>(factors: impl Iterator<Item = &'a VerifiedFactor>) -> Self {
        let verified = Verified::new(factors);
        let (aal_reason, acr_reason) = (verified.aal_reason(), verified.acr_reason());
        let aal = aal_reason.aal();
        let acr = match acr_reason {
            AcrReason::NoPasskey | AcrReason::KeyUnknown => None,
            AcrReason::Key(_) => Some(Acr::Phr),
            AcrReason::HardwareKey => Some(Acr::Phrh),
        };
        let key = acr.map(|acr| if acr == Acr::Phrh { Amr::Hwk } else { Amr::Pop });
        let user = verified.passkey.filter(|passkey| passkey.user_present).map(|_| Amr::User);
        let password = verified.has_password.then_some(Amr::Pwd);
        let otp = verified.has_totp.then_some(Amr::Otp);
        let amr = [password, otp, key, user, (aal > 1).then_some(Amr::Mfa)].into_iter().flatten().collect();
        Self { aal, aal_reason, acr, acr_reason, amr }
    }

    /// The time from which the factors of a session reach a level: the latest verifications that do so together.
    pub(crate) fn reached_at(session: &Session, aal: u8) -> Timestamp {
        let mut factors: Vec<_> = session.factors.iter().collect();
        factors.sort_by_key(|factor| std::cmp::Reverse(factor.at));
        let reaches = |count: &usize| Self::of_factors(factors.iter().copied().take(*count)).aal >= aal;
        let needed = (1..=factors.len()).find(reaches).and_then(|count| factors.get(count.saturating_sub(1)));
        needed.map_or(session.created_at, |factor| factor.at.max(session.created_at))
    }
}

/// The factors of a sign-in. A recovery code authorises an enrolment and is not one.
struct Verified<'a> {
    passkey: Option<&'a VerifiedFactor>,
    has_password: bool,
    has_totp: bool,
    /// A method of the application, or an external second factor. Its kind is not known, so it completes a password and
    /// nothing else.
    has_other: bool,
}

impl<'a> Verified<'a> {
    fn new(factors: impl Iterator<Item = &'a VerifiedFactor>) -> Self {
        let mut verified = Self { passkey: None, has_password: false, has_totp: false, has_other: false };
        for factor in factors {
            match &factor.method {
                Method::Passkey => verified.passkey = Some(factor),
                Method::Password => verified.has_password = true,
                Method::Totp => verified.has_totp = true,
                Method::RecoveryCode => {}
                Method::Other(_) => verified.has_other = true,
            }
        }
        verified
    }

    fn aal_reason(&self) -> AalReason {
        let Some(passkey) = self.passkey else {
            return match (self.has_password, self.has_totp || self.has_other) {
                (true, true) => AalReason::NoPasskey,
                (true, false) => AalReason::PasswordAlone,
                (false, true) => AalReason::PossessionAlone,
                (false, false) => AalReason::NoFactor,
            };
        };
        match passkey.user_verification {
            UserVerification::Performed => {}
            // 2.3.1: a single-factor cryptographic authenticator in conjunction with a password
            _ if self.has_password => {}
            UserVerification::Unconfirmed => return AalReason::UserVerificationUnconfirmed,
            UserVerification::NotPerformed | UserVerification::Omitted => return AalReason::UserNotVerified,
        }
        match &passkey.key {
            _ if !passkey.user_present && !passkey.user_verification.is_performed() => AalReason::NoIntent,
            None => AalReason::KeyUnknown,
            Some(KeyFacts { below_aal3: Some(obstacle), .. }) => AalReason::Key(*obstacle),
            Some(KeyFacts { listed, below_aal3: None, .. }) => {
                AalReason::HardwareKey { certification: listed.certification, fips: listed.fips }
            }
        }
    }

    fn acr_reason(&self) -> AcrReason {
        let Some(passkey) = self.passkey else { return AcrReason::NoPasskey };
        let Some(key) = &passkey.key else { return AcrReason::KeyUnknown };
        key.below_phrh().map_or(AcrReason::HardwareKey, AcrReason::Key)
    }
}

impl Serialize for Assurance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("Assurance", 3)?;
        members.serialize_field("aal", &self.aal)?;
        match self.acr {
            Some(acr) => members.serialize_field("acr", &acr)?,
            None => members.skip_field("acr")?,
        }
        members.serialize_field("amr", &self.amr)?;
        members.end()
    }
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.aal_reason, self.acr_reason)?;
        self.amr.iter().try_for_each(|amr| write!(f, "; {}: {}", amr.as_str(), amr.reason()))
    }
}
