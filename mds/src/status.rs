//! `AuthenticatorStatus` and certification levels ([Metadata Service 3.1, sections 3.1.3 and 3.1.4]).
//!
//! [Metadata Service 3.1, sections 3.1.3 and 3.1.4]: https://fidoalliance.org/specs/mds/fido-metadata-service-v3.1-ps-20250521.html

pub mod report;

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `AuthenticatorStatus`: the status of a model in one report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The model is not certified.
    NotFidoCertified,
    /// The vendor submitted a self-assertion; the model was not tested.
    SelfAssertionSubmitted,
    /// The model is certified by the FIDO Alliance.
    FidoCertified(CertificationLevel),
    /// The model is certified by FIPS 140, with its overall level.
    Fips140Certified(FipsLevel),
    /// The vendor no longer supports the model.
    Retired,
    /// A firmware update is available.
    UpdateAvailable,
    /// Malware on the client can bypass user verification.
    UserVerificationBypass,
    /// An attestation key is compromised.
    AttestationKeyCompromise,
    /// User keys can be extracted remotely.
    UserKeyRemoteCompromise,
    /// User keys can be extracted by an attacker with physical access.
    UserKeyPhysicalCompromise,
    /// The FIDO Alliance has revoked the model: it must not be trusted.
    Revoked,
    /// A status of a later edition; it never counts as a good one.
    Unknown(Box<str>),
}

/// A level of FIDO authenticator certification, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CertificationLevel {
    /// Functional certification, the older scheme without levels.
    #[serde(rename = "certified")]
    Functional,
    /// Level 1.
    L1,
    /// Level 1+.
    #[serde(rename = "L1plus", alias = "L1+")]
    L1Plus,
    /// Level 2.
    L2,
    /// Level 2+.
    #[serde(rename = "L2plus", alias = "L2+")]
    L2Plus,
    /// Level 3.
    L3,
    /// Level 3+.
    #[serde(rename = "L3plus", alias = "L3+")]
    L3Plus,
}

/// An overall level of FIPS 140, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FipsLevel {
    /// Level 1.
    L1,
    /// Level 2.
    L2,
    /// Level 3.
    L3,
    /// Level 4.
    L4,
}

impl Status {
    /// All statuses of the specification.
    pub const KNOWN: [Self; 20] = [
        Self::NotFidoCertified,
        Self::SelfAssertionSubmitted,
        Self::FidoCertified(CertificationLevel::Functional),
        Self::FidoCertified(CertificationLevel::L1),
        Self::FidoCertified(CertificationLevel::L1Plus),
        Self::FidoCertified(CertificationLevel::L2),
        Self::FidoCertified(CertificationLevel::L2Plus),
        Self::FidoCertified(CertificationLevel::L3),
        Self::FidoCertified(CertificationLevel::L3Plus),
        Self::Fips140Certified(FipsLevel::L1),
        Self::Fips140Certified(FipsLevel::L2),
        Self::Fips140Certified(FipsLevel::L3),
        Self::Fips140Certified(FipsLevel::L4),
        Self::Retired,
        Self::UpdateAvailable,
        Self::UserVerificationBypass,
        Self::AttestationKeyCompromise,
        Self::UserKeyRemoteCompromise,
        Self::UserKeyPhysicalCompromise,
        Self::Revoked,
    ];

    /// The name in the specification.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotFidoCertified => "NOT_FIDO_CERTIFIED",
            Self::SelfAssertionSubmitted => "SELF_ASSERTION_SUBMITTED",
            Self::FidoCertified(level) => match level {
                CertificationLevel::Functional => "FIDO_CERTIFIED",
                CertificationLevel::L1 => "FIDO_CERTIFIED_L1",
                CertificationLevel::L1Plus => "FIDO_CERTIFIED_L1plus",
                CertificationLevel::L2 => "FIDO_CERTIFIED_L2",
                CertificationLevel::L2Plus => "FIDO_CERTIFIED_L2plus",
                CertificationLevel::L3 => "FIDO_CERTIFIED_L3",
                CertificationLevel::L3Plus => "FIDO_CERTIFIED_L3plus",
            },
            Self::Fips140Certified(level) => match level {
                FipsLevel::L1 => "FIPS140_CERTIFIED_L1",
                FipsLevel::L2 => "FIPS140_CERTIFIED_L2",
                FipsLevel::L3 => "FIPS140_CERTIFIED_L3",
                FipsLevel::L4 => "FIPS140_CERTIFIED_L4",
            },
            Self::Retired => "RETIRED",
            Self::UpdateAvailable => "UPDATE_AVAILABLE",
            Self::UserVerificationBypass => "USER_VERIFICATION_BYPASS",
            Self::AttestationKeyCompromise => "ATTESTATION_KEY_COMPROMISE",
            Self::UserKeyRemoteCompromise => "USER_KEY_REMOTE_COMPROMISE",
            Self::UserKeyPhysicalCompromise => "USER_KEY_PHYSICAL_COMPROMISE",
            Self::Revoked => "REVOKED",
            Self::Unknown(word) => word,
        }
    }

    /// Whether the status is a compromise, which may concern one batch or firmware version.
    #[must_use]
    pub const fn is_compromise(&self) -> bool {
        matches!(
            self,
            Self::UserVerificationBypass
                | Self::AttestationKeyCompromise
                | Self::UserKeyRemoteCompromise
                | Self::UserKeyPhysicalCompromise
        )
    }

    /// Whether the model is revoked or compromised.
    #[must_use]
    pub const fn is_bad(&self) -> bool {
        matches!(self, Self::Revoked) || self.is_compromise()
    }

    /// The certification level, if the status is a certification.
    #[must_use]
    pub const fn certification(&self) -> Option<CertificationLevel> {
        match self {
            Self::FidoCertified(level) => Some(*level),
            _ => None,
        }
    }

    /// The FIPS 140 level, if the status is such a certification.
    #[must_use]
    pub const fn fips(&self) -> Option<FipsLevel> {
        match self {
            Self::Fips140Certified(level) => Some(*level),
            _ => None,
        }
    }

    /// The order of reports of one date: a bad status wins, then the higher level, FIDO before FIPS.
    fn rank(&self) -> (u8, u8) {
        match self {
            Self::Revoked => (9, 1),
            Self::UserVerificationBypass
            | Self::AttestationKeyCompromise
            | Self::UserKeyRemoteCompromise
            | Self::UserKeyPhysicalCompromise => (9, 0),
            Self::FidoCertified(level) => (8, *level as u8),
            Self::Fips140Certified(level) => (7, *level as u8),
            Self::Unknown(_) => (6, 0),
            Self::UpdateAvailable => (5, 0),
            Self::Retired => (4, 0),
            Self::SelfAssertionSubmitted => (3, 0),
            Self::NotFidoCertified => (2, 0),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<&str> for Status {
    fn from(word: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|status| status.as_str() == word);
        known.unwrap_or_else(|| Self::Unknown(word.into()))
    }
}

impl FromStr for Status {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Infallible> {
        Ok(word.into())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?.as_str().into())
    }
}

impl fmt::Display for CertificationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Functional => "certified without a level",
            Self::L1 => "L1",
            Self::L1Plus => "L1+",
            Self::L2 => "L2",
            Self::L2Plus => "L2+",
            Self::L3 => "L3",
            Self::L3Plus => "L3+",
        })
    }
}

/// A text that is not a certification level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a certification level: certified, L1, L1+, L2, L2+, L3 or L3+")]
pub struct CertificationLevelError;

impl FromStr for CertificationLevel {
    type Err = CertificationLevelError;

    fn from_str(word: &str) -> Result<Self, CertificationLevelError> {
        Ok(match word.to_ascii_lowercase().replace("plus", "+").as_str() {
            "certified" => Self::Functional,
            "l1" => Self::L1,
            "l1+" => Self::L1Plus,
            "l2" => Self::L2,
            "l2+" => Self::L2Plus,
            "l3" => Self::L3,
            "l3+" => Self::L3Plus,
            _ => return Err(CertificationLevelError),
        })
    }
}

impl fmt::Display for FipsLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::L1 => "1",
            Self::L2 => "2",
            Self::L3 => "3",
            Self::L4 => "4",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_read_as_it_is_written() {
        for status in Status::KNOWN {
            assert_eq!(Status::from(status.as_str()), status);
        }
        let later = Status::from("QUANTUM_CERTIFIED_L9");
        assert_eq!(later, Status::Unknown("QUANTUM_CERTIFIED_L9".into()));
        assert!(!later.is_bad() && later.certification().is_none() && later.fips().is_none());
        assert_eq!(Status::from("FIDO_CERTIFIED_L3PLUS"), Status::Unknown("FIDO_CERTIFIED_L3PLUS".into()));
    }

    #[test]
    fn statuses_of_one_date_have_an_order() {
        let words = [
            "NOT_FIDO_CERTIFIED",
            "SELF_ASSERTION_SUBMITTED",
            "RETIRED",
            "UPDATE_AVAILABLE",
            "LATER_STATUS",
            "FIPS140_CERTIFIED_L1",
            "FIPS140_CERTIFIED_L2",
            "FIPS140_CERTIFIED_L3",
            "FIPS140_CERTIFIED_L4",
            "FIDO_CERTIFIED",
            "FIDO_CERTIFIED_L1",
            "FIDO_CERTIFIED_L1plus",
            "FIDO_CERTIFIED_L2",
            "FIDO_CERTIFIED_L2plus",
            "FIDO_CERTIFIED_L3",
            "FIDO_CERTIFIED_L3plus",
            "USER_VERIFICATION_BYPASS",
            "REVOKED",
        ];
        let ranks = words.map(|word| Status::from(word).rank());
        assert!(ranks.is_sorted_by(|lower, higher| lower < higher), "{ranks:?}");
        let compromises = Status::KNOWN.into_iter().filter(Status::is_compromise);
        assert_eq!(compromises.map(|status| status.rank()).collect::<Vec<_>>(), [(9, 0); 4]);
    }

    #[test]
    fn words_say_what_a_status_means() {
        let bad: Vec<_> = Status::KNOWN.into_iter().filter(Status::is_bad).collect();
        assert_eq!(bad.len(), 5);
        assert!(bad.contains(&Status::Revoked) && !Status::Revoked.is_compromise());
        assert_eq!(Status::from("FIDO_CERTIFIED_L2").certification(), Some(CertificationLevel::L2));
        assert_eq!(Status::from("FIPS140_CERTIFIED_L3").fips(), Some(FipsLevel::L3));
        assert_eq!(FipsLevel::L3.to_string(), "3");
        assert_eq!(CertificationLevel::Functional.to_string(), "certified without a level");
        assert_eq!(CertificationLevel::L2Plus.to_string(), "L2+");
    }

    #[test]
    fn levels_can_be_compared() {
        use CertificationLevel::{Functional, L1, L1Plus, L2, L2Plus, L3, L3Plus};
        assert!([Functional, L1, L1Plus, L2, L2Plus, L3, L3Plus].is_sorted());
        for (words, level) in [
            (["certified", "CERTIFIED", "Certified"], Functional),
            (["L1", "l1", "L1"], L1),
            (["L1+", "L1plus", "l1PLUS"], L1Plus),
            (["L2", "l2", "L2"], L2),
            (["L2+", "L2plus", "l2+"], L2Plus),
            (["L3", "l3", "L3"], L3),
            (["L3+", "L3plus", "l3+"], L3Plus),
        ] {
            assert!(words.iter().all(|word| word.parse() == Ok(level)), "{words:?}");
        }
        for word in ["", "L4", "L", "1", "functional", "L1++"] {
            assert_eq!(word.parse::<CertificationLevel>(), Err(CertificationLevelError), "{word}");
        }
        assert_eq!(serde_json::to_string(&L3Plus).unwrap(), "\"L3plus\"");
    }
}
