//! `MetadataBLOBPayloadEntry`: one model.

pub(crate) mod anchors;
pub(crate) mod statement;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::OnceLock;

use rp_core::{Aaguid, TrustAnchor};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use self::anchors::{AnchorError, Anchors};
use self::statement::MetadataStatement;
use crate::date::Date;
use crate::members::ExtraMembers;
use crate::model_id::{KeyIdentifier, ModelId};
use crate::status::report::{StatusReport, in_force, newest};

/// An entry of a list: one model.
///
/// Identifiers and reports are parsed when the list is loaded. The statement, which is long, is parsed when it is first
/// used, and so are its certificates.
pub struct Entry {
    parts: EntryParts,
    statement: OnceLock<Box<MetadataStatement>>,
    anchors: OnceLock<Box<Anchors>>,
}

/// The parts of an entry that are parsed when it is loaded.
pub(crate) struct EntryParts {
    pub(crate) aaguid: Option<Aaguid>,
    pub(crate) aaid: Option<Box<str>>,
    pub(crate) key_identifiers: Box<[KeyIdentifier]>,
    pub(crate) description: Box<str>,
    pub(crate) reports: Box<[StatusReport]>,
    pub(crate) time_of_last_status_change: Option<Date>,
    pub(crate) other: ExtraMembers,
    /// The statement as it was written, without the members that are not retained.
    pub(crate) statement: Option<Box<str>>,
}

impl From<EntryParts> for Entry {
    fn from(parts: EntryParts) -> Self {
        Self { parts, statement: OnceLock::new(), anchors: OnceLock::new() }
    }
}

impl Entry {
    /// The AAGUID of a FIDO2 authenticator.
    #[must_use]
    pub fn aaguid(&self) -> Option<Aaguid> {
        self.parts.aaguid
    }

    /// The AAID of a UAF authenticator.
    #[must_use]
    pub fn aaid(&self) -> Option<&str> {
        self.parts.aaid.as_deref()
    }

    /// The key identifiers of a U2F authenticator's attestation certificates.
    #[must_use]
    pub fn key_identifiers(&self) -> &[KeyIdentifier] {
        &self.parts.key_identifiers
    }

    /// The statement's description, without white space around it; empty if it is missing.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.parts.description
    }

    /// All status reports in the order of the list, which has no meaning.
    #[must_use]
    pub fn reports(&self) -> &[StatusReport] {
        &self.parts.reports
    }

    /// The report with the latest effective date.
    #[must_use]
    pub fn newest_report(&self) -> Option<&StatusReport> {
        newest(self.reports())
    }

    /// The report with the latest effective date of those in force on a date.
    #[must_use]
    pub fn report_on(&self, date: Date) -> Option<&StatusReport> {
        newest(in_force(self.reports(), date))
    }

    /// The date on which the reports were changed, which need not be the effective date of any of them.
    #[must_use]
    pub fn time_of_last_status_change(&self) -> Option<Date> {
        self.parts.time_of_last_status_change
    }

    /// Members of the entry that this crate does not read.
    #[must_use]
    pub fn other(&self) -> &ExtraMembers {
        &self.parts.other
    }

    /// The metadata statement, `None` if the entry has none.
    #[must_use]
    pub fn statement(&self) -> Option<&MetadataStatement> {
        let text = self.parts.statement.as_deref()?;
        Some(self.statement.get_or_init(|| Box::new(MetadataStatement::read(text))))
    }

    /// The trust anchors of the model: roots, intermediates or attestation certificates, each once.
    #[must_use]
    pub fn anchors(&self) -> &[TrustAnchor] {
        &self.read_anchors().anchors
    }

    /// Certificates of the statement that cannot be parsed, and so are not anchors.
    #[must_use]
    pub fn anchor_errors(&self) -> &[AnchorError] {
        &self.read_anchors().errors
    }

    /// As [`Entry::anchors`], without keeping them.
    pub(crate) fn parse_anchors(&self) -> Box<[TrustAnchor]> {
        self.parts.statement.as_deref().map(|text| Anchors::read(text).anchors).unwrap_or_default()
    }

    fn read_anchors(&self) -> &Anchors {
        let read = || Box::new(self.parts.statement.as_deref().map(Anchors::read).unwrap_or_default());
        self.anchors.get_or_init(read)
    }

    /// The identifier of the model: its AAGUID, else its AAID, else its first key identifier.
    #[must_use]
    pub fn model(&self) -> ModelId {
        match (self.parts.aaguid, &self.parts.aaid, self.parts.key_identifiers.first()) {
            (Some(aaguid), ..) => ModelId::Aaguid(aaguid),
            (None, Some(aaid), _) => ModelId::Aaid(aaid.clone()),
            (None, None, Some(identifier)) => ModelId::KeyIdentifier(*identifier),
            (None, None, None) => ModelId::Aaguid(Aaguid::ZERO),
        }
    }

    /// Whether one of the entry's identifiers is this one.
    #[must_use]
    pub fn is(&self, model: &ModelId) -> bool {
        match model {
            ModelId::Aaguid(aaguid) => self.parts.aaguid == Some(*aaguid),
            ModelId::Aaid(aaid) => self.parts.aaid.as_ref() == Some(aaid),
            ModelId::KeyIdentifier(identifier) => self.parts.key_identifiers.contains(identifier),
        }
    }

    /// Whether the statement has been parsed.
    #[cfg(test)]
    pub(crate) fn has_read_statement(&self) -> bool {
        self.statement.get().is_some()
    }

    /// The entry as JSON, without the members that are not retained.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The bytes that the entry occupies, without what is parsed on first use.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.parts.statement.as_deref().map_or(0, str::len).saturating_add(size_of::<Self>())
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let EntryParts { aaguid, aaid, key_identifiers, reports, other, statement, .. } = &self.parts;
        let mut map = serializer.serialize_map(None)?;
        if let Some(aaguid) = aaguid {
            map.serialize_entry("aaguid", &aaguid)?;
        }
        if let Some(aaid) = aaid {
            map.serialize_entry("aaid", aaid)?;
        }
        if !key_identifiers.is_empty() {
            map.serialize_entry("attestationCertificateKeyIdentifiers", key_identifiers)?;
        }
        if let Some(text) = statement {
            let statement: Value = serde_json::from_str(text).unwrap_or_default();
            map.serialize_entry("metadataStatement", &statement)?;
        }
        map.serialize_entry("statusReports", reports)?;
        if let Some(date) = self.parts.time_of_last_status_change {
            map.serialize_entry("timeOfLastStatusChange", &date)?;
        }
        for (name, value) in other.iter() {
            let value: Value = serde_json::from_str(value.get()).unwrap_or_default();
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({}, {})", self.model(), self.description())
    }
}
