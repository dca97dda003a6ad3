//! The acceptance policy for authenticator models: data, for a configuration file.

use serde::{Deserialize, Serialize};

use crate::freshness::Staleness;
use crate::model_id::ModelId;
use crate::status::{CertificationLevel, FipsLevel, Status};

/// The acceptance policy for authenticator models.
///
/// The default refuses models that are revoked or compromised, and requires nothing else.
///
/// # Examples
/// ```
/// use rp_mds::{CertificationLevel, Policy};
///
/// let policy: Policy = serde_json::from_str(r#"{
///     "minimum_certification": "L2",
///     "key_protection": {"any": ["secure_element", "tee"], "none": ["software"]},
///     "deny": ["a1000000-0000-4000-8000-000000000001"]
/// }"#)?;
/// assert_eq!(policy.minimum_certification, Some(CertificationLevel::L2));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// If not empty, all other models are refused: AAGUIDs, key identifiers, AAIDs.
    #[serde(with = "models")]
    pub allow: Vec<ModelId>,
    /// Models that are refused, by any of their identifiers.
    #[serde(with = "models")]
    pub deny: Vec<ModelId>,
    /// Whether models that no list contains are refused.
    pub unlisted: Severity,
    /// The lowest accepted level of FIDO certification.
    pub minimum_certification: Option<CertificationLevel>,
    /// The lowest accepted level of FIPS 140.
    pub minimum_fips: Option<FipsLevel>,
    /// Additional statuses for which a model is refused while they are in force, such as `RETIRED`.
    pub refuse_statuses: Vec<Status>,
    /// Bad statuses that are reported only.
    pub overlook_statuses: Vec<Status>,
    /// How unknown statuses are treated.
    pub unknown_status: UnknownStatus,
    /// Whether a certification of a later date lifts a revocation or a compromise.
    pub certification_lifts: bool,
    /// Whether `UPDATE_AVAILABLE` of the same or a later date lifts a compromise, if the statement describes the updated
    /// firmware. It never lifts a revocation.
    pub update_lifts: bool,
    /// Whether an authenticator is refused if its firmware is known to be older than an update.
    pub outdated_firmware: Severity,
    /// Required values of `keyProtection`.
    pub key_protection: WordRequirement,
    /// Required values of `matcherProtection`.
    pub matcher_protection: WordRequirement,
    /// Required values of `attachmentHint`.
    pub attachment: WordRequirement,
    /// Required methods of `userVerificationDetails`, regardless of their combinations.
    pub user_verification: WordRequirement,
    /// How long an overdue list is used.
    pub staleness: Staleness,
}

/// Whether a finding causes rejection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Reported only.
    #[default]
    Note,
    /// The model is refused.
    Refuse,
}

/// How unknown statuses are treated. They never count as a certification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownStatus {
    /// Reported; certifications that are not of a later date do not count.
    #[default]
    Distrust,
    /// Reported only.
    Note,
    /// The model is refused.
    Refuse,
}

/// A requirement on a set of values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WordRequirement {
    /// If not empty, at least one of these must be present.
    pub any: Vec<Box<str>>,
    /// All of these must be present.
    pub all: Vec<Box<str>>,
    /// None of these may be present.
    pub none: Vec<Box<str>>,
}

/// Models by their identifiers as text.
mod models {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::model_id::ModelId;

    pub(super) fn serialize<S: Serializer>(models: &[ModelId], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(models.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ModelId>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| text.parse().map_err(de::Error::custom)).collect()
    }
}

impl WordRequirement {
    /// Whether nothing is required.
    pub(crate) fn is_empty(&self) -> bool {
        self.any.is_empty() && self.all.is_empty() && self.none.is_empty()
    }

    /// Whether these values meet the requirement.
    pub(crate) fn accept(&self, words: &[&str]) -> bool {
        let has = |word: &str| words.contains(&word);
        (self.any.is_empty() || self.any.iter().any(|word| has(word)))
            && self.all.iter().all(|word| has(word))
            && !self.none.iter().any(|word| has(word))
    }

    /// The requirement as text.
    pub(crate) fn describe(&self) -> String {
        let part = |what: &str, words: &[Box<str>]| {
            (!words.is_empty()).then(|| format!("{what} {}", words.join(", ")))
        };
        let parts = [part("one of", &self.any), part("all of", &self.all), part("none of", &self.none)];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_required_by_any_all_and_none() {
        let words: WordRequirement = serde_json::from_str(
            r#"{"any":["tee","secure_element"],"all":["hardware"],"none":["software"]}"#,
        )
        .unwrap();
        assert!(words.accept(&["hardware", "tee"]));
        for refused in [&["hardware"][..], &["tee"], &["hardware", "tee", "software"], &[]] {
            assert!(!words.accept(refused), "{refused:?}");
        }
        assert!(WordRequirement::default().accept(&[]));
        assert_eq!(words.describe(), "one of tee, secure_element; all of hardware; none of software");
    }

    #[test]
    fn a_policy_with_an_unknown_member_is_rejected() {
        let error = serde_json::from_str::<Policy>(r#"{"minimum_certifcation":"L2"}"#).unwrap_err();
        assert!(error.to_string().starts_with("unknown field `minimum_certifcation`"), "{error}");
    }

    #[test]
    fn a_policy_is_written_as_it_is_read() {
        let policy = Policy {
            refuse_statuses: vec![Status::Retired],
            minimum_fips: Some(FipsLevel::L3),
            deny: vec!["4e4e#4005".parse().unwrap()],
            ..Policy::default()
        };
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    }
}
