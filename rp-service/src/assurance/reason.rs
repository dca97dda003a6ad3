//! The reasons of assurance values: data for programs, with a sentence for people.

use std::fmt;

use super::key::KeyObstacle;
use crate::policy::{Certification, Fips};

/// Why a session has its authentication assurance level, and not the next one (NIST SP 800-63B-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AalReason {
    /// No factor was verified. Recovery codes do not count: they authorise an enrolment.
    NoFactor,
    /// AAL1: the password was the only factor (section 2.2.1).
    PasswordAlone,
    /// AAL1: neither a password nor a passkey with user verification was used. Two factors of the kind "something you
    /// have" are one (section 2.2.1).
    PossessionAlone,
    /// AAL1: the passkey did not verify its user, and no password was used (appendix B, UV).
    UserNotVerified,
    /// AAL1: the authenticator reported user verification, but no other factor has authorised it for this passkey
    /// (`uvInitialized`).
    UserVerificationUnconfirmed,
    /// AAL2: no passkey was used (section 2.3.1).
    NoPasskey,
    /// AAL2: nothing shows that the user intended to authenticate (section 3.2.8).
    NoIntent,
    /// AAL2: the application reported the passkey, and nothing is known of its key.
    KeyUnknown,
    /// AAL2: the key does not meet the requirements of AAL3 (section 2.3.2).
    Key(KeyObstacle),
    /// AAL3: the key of a proven model is protected by hardware and cannot be synced (section 2.3).
    HardwareKey {
        /// The level of FIDO certification that was in force.
        certification: Option<Certification>,
        /// The level of FIPS 140 that was in force.
        fips: Option<Fips>,
    },
}

/// Why a session has its authentication context class, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AcrReason {
    /// No class: no passkey was used.
    NoPasskey,
    /// No class: the application reported the passkey, and nothing is known of its key.
    KeyUnknown,
    /// `phr`, and not `phrh`.
    Key(KeyObstacle),
    /// `phrh`: a trusted attestation proves a model with hardware key protection in its metadata.
    HardwareKey,
}

impl AalReason {
    /// The level.
    #[must_use]
    pub const fn aal(self) -> u8 {
        match self {
            Self::NoFactor => 0,
            Self::PasswordAlone
            | Self::PossessionAlone
            | Self::UserNotVerified
            | Self::UserVerificationUnconfirmed => 1,
            Self::NoPasskey | Self::NoIntent | Self::KeyUnknown | Self::Key(_) => 2,
            Self::HardwareKey { .. } => 3,
        }
    }
}

/// A sentence such as `AAL2, not AAL3: the credential is synced`.
impl fmt::Display for AalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.aal() {
            0 => f.write_str("AAL0, not AAL1: ")?,
            1 => f.write_str("AAL1, not AAL2: ")?,
            2 => f.write_str("AAL2, not AAL3: ")?,
            _ => f.write_str("AAL3: ")?,
        }
        match self {
            Self::NoFactor => f.write_str("no factor was verified"),
            Self::PasswordAlone => f.write_str("only a password was verified"),
            Self::PossessionAlone => f.write_str("no password and no user verification by a passkey"),
            Self::UserNotVerified => f.write_str("the passkey did not verify its user"),
            Self::UserVerificationUnconfirmed => {
                f.write_str("no other factor has authorised the user verification of the passkey")
            }
            Self::NoPasskey => f.write_str("no passkey was used"),
            Self::NoIntent => f.write_str("the user was not present"),
            Self::KeyUnknown => f.write_str("nothing is known of the passkey"),
            Self::Key(obstacle) => obstacle.fmt(f),
            Self::HardwareKey { certification, fips } => {
                f.write_str("hardware of a proven model protects the key")?;
                if let Some(certification) = certification {
                    write!(f, ", FIDO certification {certification}")?;
                }
                fips.map_or(Ok(()), |fips| write!(f, ", FIPS 140 level {fips}"))
            }
        }
    }
}

/// A sentence such as `phr, not phrh: no trusted attestation proves the model`.
impl fmt::Display for AcrReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPasskey => f.write_str("no acr: no passkey was used"),
            Self::KeyUnknown => f.write_str("no acr: nothing is known of the passkey"),
            Self::Key(obstacle) => write!(f, "phr, not phrh: {obstacle}"),
            Self::HardwareKey => f.write_str("phrh: hardware of a proven model protects the key"),
        }
    }
}
