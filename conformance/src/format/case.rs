//! Cases and vector files.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapDeserializer;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

use super::{Authentication, Chain, Expect, Mds, Registration, Signature, VERSION};

/// A vector file.
#[derive(Clone, Debug, Serialize)]
pub struct File {
    format: u32,
    /// The source of the cases, in one line.
    pub source: String,
    /// The cases.
    pub cases: Vec<Case>,
}

impl File {
    /// A file of these cases.
    #[must_use]
    pub fn new(source: impl Into<String>, cases: Vec<Case>) -> Self {
        Self { format: VERSION, source: source.into(), cases }
    }

    /// The file's text, one member a line.
    ///
    /// # Errors
    /// When a time is outside the years that RFC 3339 can write.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}

/// One case: an input and the expected result.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// Unique: a path of kebab-case words.
    pub id: String,
    /// A description in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The input, by kind.
    #[serde(flatten)]
    pub body: Body,
}

/// The input of a case.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Body {
    /// A registration response.
    Registration(Registration),
    /// An authentication response.
    Authentication(Authentication),
    /// A certification path.
    Chain(Chain),
    /// A metadata BLOB.
    Mds(Mds),
    /// A signature.
    Signature(Signature),
}

/// The kinds of cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A registration response.
    Registration,
    /// An authentication response.
    Authentication,
    /// A certification path.
    Chain,
    /// A metadata BLOB.
    Mds,
    /// A signature.
    Signature,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Registration => "registration",
            Self::Authentication => "authentication",
            Self::Chain => "chain",
            Self::Mds => "mds",
            Self::Signature => "signature",
        })
    }
}

impl Case {
    /// The case's kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.body {
            Body::Registration(_) => Kind::Registration,
            Body::Authentication(_) => Kind::Authentication,
            Body::Chain(_) => Kind::Chain,
            Body::Mds(_) => Kind::Mds,
            Body::Signature(_) => Kind::Signature,
        }
    }

    /// Whether the case must be accepted.
    #[must_use]
    pub const fn must_be_accepted(&self) -> bool {
        match &self.body {
            Body::Registration(Registration { expect, .. })
            | Body::Authentication(Authentication { expect, .. }) => matches!(expect, Expect::Accept(_)),
            Body::Chain(Chain { expect, .. }) | Body::Signature(Signature { expect, .. }) => {
                matches!(expect, Expect::Accept(_))
            }
            Body::Mds(Mds { expect, .. }) => matches!(expect, Expect::Accept(_)),
        }
    }

    /// Reads one case.
    ///
    /// # Errors
    /// [`CaseError`] with the `id` of the case if it could be read.
    pub(super) fn from_raw(raw: &RawValue) -> Result<Self, CaseError> {
        let nameless = |error: serde_json::Error| CaseError { id: None, problem: error.to_string() };
        let Members(mut members) = serde_json::from_str(raw.get()).map_err(nameless)?;
        let mut take = |name: &str| members.remove(name);
        let id = take("id").ok_or_else(|| nameless(de::Error::missing_field("id")))?;
        let id: String = serde_json::from_str(id.get()).map_err(nameless)?;

        let named = |error: serde_json::Error| CaseError { id: Some(id.clone()), problem: error.to_string() };
        if !is_path_of_kebab_case_words(&id) {
            return Err(named(de::Error::custom("the id is not a path of kebab-case words")));
        }
        let note = take("note").map(|note| serde_json::from_str(note.get())).transpose().map_err(named)?;
        let kind = take("kind").ok_or_else(|| named(de::Error::missing_field("kind")))?;
        let body = match serde_json::from_str(kind.get()).map_err(named)? {
            Kind::Registration => Registration::deserialize(rest(&members)).map(Body::Registration),
            Kind::Authentication => Authentication::deserialize(rest(&members)).map(Body::Authentication),
            Kind::Chain => Chain::deserialize(rest(&members)).map(Body::Chain),
            Kind::Mds => Mds::deserialize(rest(&members)).map(Body::Mds),
            Kind::Signature => Signature::deserialize(rest(&members)).map(Body::Signature),
        }
        .map_err(named)?;
        Ok(Self { id, note, body })
    }
}

/// Why a case is malformed.
pub(super) struct CaseError {
    pub(super) id: Option<String>,
    pub(super) problem: String,
}

/// The members of a case, not yet parsed. A duplicate member is an error.
struct Members<'de>(BTreeMap<String, &'de RawValue>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a case")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if members.insert(name.clone(), value).is_some() {
                        return Err(de::Error::custom(format_args!("member {name:?} comes twice")));
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

/// The members that are not common to all kinds, for the parser of a kind.
fn rest<'a, 'de: 'a>(
    members: &'a BTreeMap<String, &'de RawValue>,
) -> MapDeserializer<'de, impl Iterator<Item = (&'a str, &'de RawValue)>, serde_json::Error> {
    MapDeserializer::new(members.iter().map(|(name, value)| (name.as_str(), *value)))
}

fn is_path_of_kebab_case_words(id: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    id.split('/').all(|word| word.split('-').all(is_part))
}
