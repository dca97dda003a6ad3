//! The facts of a passkey's private key, as they were when the passkey was used.

use std::fmt;

use rp_core::Aaguid;
use serde::{Deserialize, Serialize};

use crate::acr::Acr;
use crate::policy::{Aal3Rules, Certification, Fips, ModelFacts};

/// The facts of a passkey on which assurance depends, as they were when the passkey was used. A session keeps them: a
/// later change of metadata or of the policy does not change what the sign-in proved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KeyFacts {
    /// Whether the credential can be synced (BE); `None` if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_eligible: Option<bool>,
    /// Whether the credential was backed up (BS).
    #[serde(default)]
    pub backed_up: bool,
    /// The model, if a trusted attestation proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Aaguid>,
    /// The listed facts of that model.
    #[serde(default)]
    pub listed: ModelFacts,
    /// Why the key was not accepted at AAL3 by the rules of the site at that time; `None` if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below_aal3: Option<KeyObstacle>,
}

/// Why a key does not reach AAL3 or `phrh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeyObstacle {
    /// The credential can be synced, so its key can be exported (NIST SP 800-63B-4, section 2.3.2 and appendix B).
    Syncable {
        /// Whether it was backed up.
        backed_up: bool,
    },
    /// It is not known whether the credential can be synced.
    BackupUnknown,
    /// No trusted attestation proves the model (section 3.2.4).
    Unproven,
    /// Metadata do not list hardware key protection (section 2.3.2).
    NotHardware,
    /// The model has no certification, or a lower one than the site requires ([`Aal3Rules::certification`]).
    Certification {
        /// The required level.
        required: Certification,
        /// The level in force.
        listed: Option<Certification>,
    },
    /// The model is not validated by FIPS 140, or at a lower level than the site requires ([`Aal3Rules::fips`]).
    Fips {
        /// The required level.
        required: Fips,
        /// The level in force.
        listed: Option<Fips>,
    },
}

impl KeyFacts {
    /// The facts, judged by the rules of the site for AAL3.
    pub(crate) fn new(
        backup_eligible: Option<bool>,
        backed_up: bool,
        model: Option<(Aaguid, ModelFacts)>,
        rules: &Aal3Rules,
    ) -> Self {
        let listed = model.map(|(_, listed)| listed).unwrap_or_default();
        let model = model.map(|(model, _)| model);
        let mut facts = Self { backup_eligible, backed_up, model, listed, below_aal3: None };
        let by_rules = || match (rules.certification, rules.fips) {
            (Some(required), _) if listed.certification < Some(required) => {
                Some(KeyObstacle::Certification { required, listed: listed.certification })
            }
            (_, Some(required)) if listed.fips < Some(required) => {
                Some(KeyObstacle::Fips { required, listed: listed.fips })
            }
            _ => None,
        };
        facts.below_aal3 = facts.exportable().or_else(|| facts.unprotected()).or_else(by_rules);
        facts
    }

    /// The authentication context class.
    #[must_use]
    pub fn acr(&self) -> Acr {
        if self.below_phrh().is_none() { Acr::Phrh } else { Acr::Phr }
    }

    /// Why the key is not `phrh`; `None` if it is.
    #[must_use]
    pub fn below_phrh(&self) -> Option<KeyObstacle> {
        self.unprotected().or_else(|| self.exportable())
    }

    fn exportable(&self) -> Option<KeyObstacle> {
        match self.backup_eligible {
            Some(false) => None,
            Some(true) => Some(KeyObstacle::Syncable { backed_up: self.backed_up }),
            None => Some(KeyObstacle::BackupUnknown),
        }
    }

    fn unprotected(&self) -> Option<KeyObstacle> {
        match self.model {
            None => Some(KeyObstacle::Unproven),
            Some(_) if !self.listed.is_hardware => Some(KeyObstacle::NotHardware),
            Some(_) => None,
        }
    }
}

impl fmt::Display for KeyObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syncable { backed_up: true } => f.write_str("the credential is synced"),
            Self::Syncable { backed_up: false } => f.write_str("the credential can be synced"),
            Self::BackupUnknown => f.write_str("it is not known whether the credential can be synced"),
            Self::Unproven => f.write_str("no trusted attestation proves the model"),
            Self::NotHardware => f.write_str("metadata do not list hardware key protection"),
            Self::Certification { required, listed: Some(listed) } => {
                write!(f, "the model has FIDO certification {listed}, and the site requires {required}")
            }
            Self::Certification { required, listed: None } => {
                write!(f, "the model has no FIDO certification, and the site requires {required}")
            }
            Self::Fips { required, listed: Some(listed) } => {
                write!(f, "the model has FIPS 140 level {listed}, and the site requires {required}")
            }
            Self::Fips { required, listed: None } => {
                write!(
                    f,
                    "metadata do not list a FIPS 140 validation of the model, and the site requires {required}"
                )
            }
        }
    }
}
