//! The keys that are accepted at AAL3.

use serde::Deserialize;
use serde::de::{Deserializer, IntoDeserializer};

use super::rules::{Certification, Fips};

/// The passkeys that are accepted at AAL3 of NIST SP 800-63B-4, in addition to what section 2.3.2 requires in any case: a
/// trusted attestation proves a model with hardware key protection in its metadata, and the credential cannot be synced.
///
/// The defaults are those of the publication. A site that accepts other keys reports an AAL3 that is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Aal3Rules {
    /// The lowest overall level of FIPS 140, by metadata; `None` if it does not matter, which a file writes as `"any"`.
    #[serde(deserialize_with = "level_or_any")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::fips"))]
    pub fips: Option<Fips>,
    /// The lowest level of FIDO certification, by metadata; `None` if it does not matter, which a file writes as `"any"`.
    #[serde(deserialize_with = "level_or_any")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::certification"))]
    pub certification: Option<Certification>,
}

impl Default for Aal3Rules {
    /// FIPS 140 at level 1 (section 2.3.2), and any FIDO certification, which the publication does not mention.
    fn default() -> Self {
        Self { fips: Some(Fips::L1), certification: None }
    }
}

fn level_or_any<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    if text == "any" { Ok(None) } else { T::deserialize(text.into_deserializer()).map(Some) }
}

#[cfg(feature = "schema")]
mod schema {
    use schemars::{Schema, SchemaGenerator, json_schema};

    pub(super) fn fips(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ["any", "L1", "L2", "L3", "L4"] })
    }

    pub(super) fn certification(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ["any", "certified", "L1", "L1+", "L2", "L2+", "L3", "L3+"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_word_or_any() {
        let read = |json: &str| serde_json::from_str::<Aal3Rules>(json).map_err(|error| error.to_string());
        assert_eq!(read("{}"), Ok(Aal3Rules { fips: Some(Fips::L1), certification: None }));
        let rules = Aal3Rules { fips: None, certification: Some(Certification::L1Plus) };
        assert_eq!(read(r#"{"fips": "any", "certification": "L1+"}"#), Ok(rules));
        let error = read(r#"{"fips": "L5"}"#).unwrap_err();
        assert!(error.starts_with("unknown variant `L5`, expected one of `L1`, `L2`, `L3`, `L4`"), "{error}");
    }
}
