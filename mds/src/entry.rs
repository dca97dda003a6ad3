//! `MetadataBLOBPayloadEntry`: one model.

mod anchors;
mod read;
mod statement;

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use rp_core::{Aaguid, TrustAnchor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::date::Date;
use crate::members::ExtraMembers;
use crate::status::{self, StatusReport};
pub use anchors::AnchorError;
use anchors::Anchors;
pub use read::EntryError;
pub(crate) use read::{EntrySeed, ReadEntry, Requirements, read_entries};
pub use statement::{GetInfo, MetadataStatement, UserVerification, Version};

/// What the Alliance, or the operator, says of one model.
///
/// What judging and looking up need was read when the BLOB was loaded; the statement, which is long, is read when it
/// is first asked for, and its certificates likewise.
pub struct Entry {
    aaguid: Option<Aaguid>,
    aaid: Option<Box<str>>,
    key_identifiers: Box<[KeyIdentifier]>,
    description: Box<str>,
    reports: Box<[StatusReport]>,
    time_of_last_status_change: Option<Date>,
    other: ExtraMembers,
    /// The statement as it was written, without what was dropped.
    text: Option<Box<str>>,
    statement: OnceLock<Box<MetadataStatement>>,
    anchors: OnceLock<Box<Anchors>>,
}

impl Entry {
    /// The model of a FIDO2 authenticator.
    #[must_use]
    pub fn aaguid(&self) -> Option<Aaguid> {
        self.aaguid
    }

    /// The model of a UAF authenticator.
    #[must_use]
    pub fn aaid(&self) -> Option<&str> {
        self.aaid.as_deref()
    }

    /// Of a U2F authenticator, the keys of its attestation certificates.
    #[must_use]
    pub fn key_identifiers(&self) -> &[KeyIdentifier] {
        &self.key_identifiers
    }

    /// The statement's description, without blanks around it; empty where there is none.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Every report, as they stand; their order means nothing.
    #[must_use]
    pub fn reports(&self) -> &[StatusReport] {
        &self.reports
    }

    /// The report with the greatest effective date; see [`status::newest`].
    #[must_use]
    pub fn newest_report(&self) -> Option<&StatusReport> {
        status::newest(&self.reports)
    }

    /// The report with the greatest effective date, of those that hold on a day.
    #[must_use]
    pub fn report_on(&self, day: Date) -> Option<&StatusReport> {
        status::newest(status::in_force(&self.reports, day))
    }

    /// When the reports were changed, by the Alliance's word; it need not be the date of any of them.
    #[must_use]
    pub fn time_of_last_status_change(&self) -> Option<Date> {
        self.time_of_last_status_change
    }

    /// Members of the entry that nothing here reads.
    #[must_use]
    pub fn other(&self) -> &ExtraMembers {
        &self.other
    }

    /// The metadata statement, `None` where the entry has none.
    #[must_use]
    pub fn statement(&self) -> Option<&MetadataStatement> {
        let text = self.text.as_deref()?;
        Some(self.statement.get_or_init(|| Box::new(MetadataStatement::read(text))))
    }

    /// What vouches for the model: roots, intermediates or attestation certificates themselves.
    #[must_use]
    pub fn anchors(&self) -> &[TrustAnchor] {
        &self.read_anchors().anchors
    }

    /// Certificates of the statement that cannot be read, and so vouch for nothing.
    #[must_use]
    pub fn anchor_errors(&self) -> &[AnchorError] {
        &self.read_anchors().faults
    }

    fn read_anchors(&self) -> &Anchors {
        self.anchors.get_or_init(|| Box::new(self.text.as_deref().map(Anchors::read).unwrap_or_default()))
    }

    /// What names the model: AAGUID, AAID or first key identifier.
    #[must_use]
    pub fn model(&self) -> ModelId {
        match (self.aaguid, &self.aaid, self.key_identifiers.first()) {
            (Some(aaguid), ..) => ModelId::Aaguid(aaguid),
            (None, Some(aaid), _) => ModelId::Aaid(aaid.clone()),
            (None, None, Some(identifier)) => ModelId::KeyIdentifier(*identifier),
            (None, None, None) => ModelId::Aaguid(Aaguid::ZERO),
        }
    }

    /// Whether a model is this entry's, by whichever of its names.
    #[must_use]
    pub fn is(&self, model: &ModelId) -> bool {
        match model {
            ModelId::Aaguid(aaguid) => self.aaguid == Some(*aaguid),
            ModelId::Aaid(aaid) => self.aaid.as_ref() == Some(aaid),
            ModelId::KeyIdentifier(identifier) => self.key_identifiers.contains(identifier),
        }
    }

    /// Whether the statement was read.
    #[cfg(test)]
    pub(crate) fn has_read_statement(&self) -> bool {
        self.statement.get().is_some()
    }

    /// The entry as JSON, with what was dropped left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// How many bytes are held of it, beside what was read on demand.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.text.as_deref().map_or(0, str::len).saturating_add(size_of::<Self>())
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(aaguid) = self.aaguid {
            map.serialize_entry("aaguid", &aaguid)?;
        }
        if let Some(aaid) = &self.aaid {
            map.serialize_entry("aaid", aaid)?;
        }
        if !self.key_identifiers.is_empty() {
            map.serialize_entry("attestationCertificateKeyIdentifiers", &self.key_identifiers)?;
        }
        if let Some(text) = &self.text {
            let statement: Value = serde_json::from_str(text).unwrap_or_default();
            map.serialize_entry("metadataStatement", &statement)?;
        }
        map.serialize_entry("statusReports", &self.reports)?;
        if let Some(day) = self.time_of_last_status_change {
            map.serialize_entry("timeOfLastStatusChange", &day)?;
        }
        for (name, value) in self.other.iter() {
            let value: Value = serde_json::from_str(value.get()).unwrap_or_default();
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({}, {})", self.model(), self.description)
    }
}

/// SHA-1 over the key of an attestation certificate (RFC 5280 section 4.2.1.2, first method).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyIdentifier([u8; 20]);

/// A text that is no key identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key identifier is 40 hexadecimal digits")]
pub struct KeyIdentifierError;

impl KeyIdentifier {
    /// The identifier of these bytes, as [`rp_core::x509::Certificate::key_identifier`] gives them.
    #[must_use]
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl FromStr for KeyIdentifier {
    type Err = KeyIdentifierError;

    fn from_str(text: &str) -> Result<Self, KeyIdentifierError> {
        let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(KeyIdentifierError) };
        if pairs.len() != 20 {
            return Err(KeyIdentifierError);
        }
        let mut bytes = [0; 20];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = (digit(high).ok_or(KeyIdentifierError)?, digit(low).ok_or(KeyIdentifierError)?);
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyIdentifier({self})")
    }
}

impl Serialize for KeyIdentifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyIdentifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What names a model: by which of the three it is looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ModelId {
    /// A FIDO2 authenticator's.
    Aaguid(Aaguid),
    /// The key of a U2F authenticator's attestation certificate.
    #[serde(rename = "attestationCertificateKeyIdentifier")]
    KeyIdentifier(KeyIdentifier),
    /// A UAF authenticator's.
    Aaid(Box<str>),
}

impl From<Aaguid> for ModelId {
    fn from(aaguid: Aaguid) -> Self {
        Self::Aaguid(aaguid)
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aaguid(aaguid) => aaguid.fmt(f),
            Self::KeyIdentifier(identifier) => identifier.fmt(f),
            Self::Aaid(aaid) => f.pad(aaid),
        }
    }
}

/// A text that names no model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an AAGUID, nor 40 hexadecimal digits of a key identifier, nor an AAID such as 1234#5678")]
pub struct ModelIdError;

impl FromStr for ModelId {
    type Err = ModelIdError;

    fn from_str(text: &str) -> Result<Self, ModelIdError> {
        if let Ok(aaguid) = text.parse() {
            return Ok(Self::Aaguid(aaguid));
        }
        if let Ok(identifier) = text.parse() {
            return Ok(Self::KeyIdentifier(identifier));
        }
        if is_aaid(text) { Ok(Self::Aaid(text.into())) } else { Err(ModelIdError) }
    }
}

/// `V#M`, four hexadecimal digits each.
fn is_aaid(text: &str) -> bool {
    matches!(text.split_once('#'), Some((vendor, model))
        if [vendor, model].iter().all(|part| part.len() == 4 && part.bytes().all(|digit| digit.is_ascii_hexdigit())))
}

#[cfg(test)]
mod tests;
