//! What an operator asks of a model: data, to be kept in a file.

use serde::{Deserialize, Serialize};

use crate::entry::ModelId;
use crate::freshness::Staleness;
use crate::status::{CertificationLevel, FipsLevel, Status};

/// What an operator asks of a model.
///
/// By default a model is refused that is revoked or compromised, and nothing more is asked.
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
    /// If there are any, models other than these are refused: AAGUIDs, key identifiers of U2F, AAIDs.
    #[serde(with = "models")]
    pub allow: Vec<ModelId>,
    /// Models that are refused, by whatever names them.
    #[serde(with = "models")]
    pub deny: Vec<ModelId>,
    /// What becomes of models that no list has.
    pub unlisted: Severity,
    /// The least level of the Alliance's certification.
    pub minimum_certification: Option<CertificationLevel>,
    /// The least level of FIPS 140.
    pub minimum_fips: Option<FipsLevel>,
    /// Statuses that refuse a model while they are in force, beside those that are bad; `RETIRED` may be one.
    pub refuse_statuses: Vec<Status>,
    /// Bad statuses that are taken note of and refuse nothing.
    pub overlook_statuses: Vec<Status>,
    /// What a status counts for that nobody here knows.
    pub unknown_status: UnknownStatus,
    /// Whether a certification of a later day lifts a revocation or a compromise.
    pub certification_lifts: bool,
    /// Whether an update of that day or a later one, to firmware that the statement has caught up with, lifts a
    /// compromise; never a revocation.
    pub update_lifts: bool,
    /// What becomes of an authenticator whose firmware is told and is older than an update.
    pub outdated_firmware: Severity,
    /// Words of `keyProtection`.
    pub key_protection: WordRequirement,
    /// Words of `matcherProtection`.
    pub matcher_protection: WordRequirement,
    /// Words of `attachmentHint`.
    pub attachment: WordRequirement,
    /// Methods of `userVerificationDetails`, whatever they are combined with.
    pub user_verification: WordRequirement,
    /// How long a list is served that is overdue.
    pub staleness: Staleness,
}

/// Whether something refuses a model or is only told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is told.
    #[default]
    Note,
    /// It refuses the model.
    Refuse,
}

/// What a status counts for that nobody here knows. It never counts as a certification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownStatus {
    /// It is told, and certifications that are not of a later day do not count.
    #[default]
    Distrust,
    /// It is told.
    Note,
    /// It refuses the model.
    Refuse,
}

/// What is asked of a set of words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WordRequirement {
    /// If there are any, one of these must be there.
    pub any: Vec<Box<str>>,
    /// All of these must be there.
    pub all: Vec<Box<str>>,
    /// None of these may be there.
    pub none: Vec<Box<str>>,
}

/// Models as texts, each by what names it.
mod models {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::entry::ModelId;

    pub(super) fn serialize<S: Serializer>(models: &[ModelId], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(models.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ModelId>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| text.parse().map_err(de::Error::custom)).collect()
    }
}

impl WordRequirement {
    /// Whether nothing is asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.any.is_empty() && self.all.is_empty() && self.none.is_empty()
    }

    /// Whether the words that are there will do.
    pub(crate) fn accept(&self, words: &[&str]) -> bool {
        let is_there = |word: &str| words.contains(&word);
        (self.any.is_empty() || self.any.iter().any(|word| is_there(word)))
            && self.all.iter().all(|word| is_there(word))
            && !self.none.iter().any(|word| is_there(word))
    }

    /// In words, as far as something is asked.
    pub(crate) fn asked(&self) -> String {
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
    fn words_are_asked_for_by_any_all_and_none() {
        let words: WordRequirement = serde_json::from_str(
            r#"{"any":["tee","secure_element"],"all":["hardware"],"none":["software"]}"#,
        )
        .unwrap();
        assert!(words.accept(&["hardware", "tee"]));
        for refused in [&["hardware"][..], &["tee"], &["hardware", "tee", "software"], &[]] {
            assert!(!words.accept(refused), "{refused:?}");
        }
        assert!(WordRequirement::default().accept(&[]));
        assert_eq!(words.asked(), "one of tee, secure_element; all of hardware; none of software");
    }

    #[test]
    fn a_policy_with_a_member_that_nobody_knows_is_refused() {
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
