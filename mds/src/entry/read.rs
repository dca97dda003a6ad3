//! Reading entries in one pass over the payload, so that a bad one is reported and the rest serve.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use rp_core::Aaguid;
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Entry, KeyIdentifier, ModelId, is_aaid};
use crate::Retention;
use crate::date::Date;
use crate::members::{ExtraMembers, Name, RawMember, passes_over_what_is_no_object};
use crate::status::{ReportError, StatusReport};

/// Why an entry was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The entry is no object.
    #[error("not an object")]
    NotAnObject,
    /// A member that decides stands there twice.
    #[error("{member} twice")]
    Duplicate {
        /// Its name.
        member: &'static str,
    },
    /// It names no model.
    #[error("neither aaguid, nor aaid, nor attestationCertificateKeyIdentifiers")]
    NoModel,
    /// `aaguid` is no AAGUID, or the one that stands for none.
    #[error("aaguid: {value} names no model")]
    Aaguid {
        /// What stands there.
        value: String,
    },
    /// `aaid` is no AAID.
    #[error("aaid: {value} is not of the form 1234#5678")]
    Aaid {
        /// What stands there.
        value: String,
    },
    /// `attestationCertificateKeyIdentifiers` is no list of key identifiers.
    #[error("attestationCertificateKeyIdentifiers: {value} is not a list of 40 hexadecimal digits each")]
    KeyIdentifiers {
        /// What stands there.
        value: String,
    },
    /// `metadataStatement` is no object.
    #[error("metadataStatement: not an object")]
    Statement,
    /// `statusReports` is missing, empty or no list: nobody can tell whether the model is revoked.
    #[error("statusReports: not a list with a report in it")]
    NoReports,
    /// A report cannot be read, and might be a revocation.
    #[error("statusReports[{index}]: {what}")]
    Report {
        /// Its place.
        index: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// What an entry must have beside a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requirements {
    /// What the Alliance publishes: a list of reports.
    Alliance,
    /// What an operator writes: no reports are needed.
    Operator,
}

/// An entry, or what names its model as far as that could be read, and why it was left out.
pub(crate) type ReadEntry = Result<Entry, (Vec<ModelId>, EntryError)>;

/// Reads a list of entries.
pub(crate) fn read_entries<'de, A: SeqAccess<'de>>(
    mut list: A,
    seed: EntrySeed,
    mut each: impl FnMut(ReadEntry),
) -> Result<(), A::Error> {
    while let Some(entry) = list.next_element_seed(seed)? {
        each(entry);
    }
    Ok(())
}

/// Reads one entry; only JSON that is not well-formed is an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntrySeed {
    pub(crate) retention: Retention,
    pub(crate) requirements: Requirements,
}

impl<'de> DeserializeSeed<'de> for EntrySeed {
    type Value = ReadEntry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ReadEntry, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed {
    type Value = ReadEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry")
    }

    passes_over_what_is_no_object!(
        ReadEntry,
        Err((Vec::new(), EntryError::NotAnObject)),
        null: Err((Vec::new(), EntryError::NotAnObject))
    );

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ReadEntry, A::Error> {
        let mut parts = Parts::default();
        while let Some(Name(name)) = map.next_key()? {
            let raw = match &*name {
                "aaguid" => (&mut parts.aaguid, "aaguid"),
                "aaid" => (&mut parts.aaid, "aaid"),
                "attestationCertificateKeyIdentifiers" => {
                    (&mut parts.key_identifiers, "attestationCertificateKeyIdentifiers")
                }
                "statusReports" => (&mut parts.reports, "statusReports"),
                "timeOfLastStatusChange" => (&mut parts.changed, "timeOfLastStatusChange"),
                "metadataStatement" => {
                    let statement = map.next_value_seed(StatementSeed { retention: self.retention })?;
                    if parts.statement.replace(statement).is_some() {
                        parts.duplicate = Some("metadataStatement");
                    }
                    continue;
                }
                _ => {
                    parts.other.push((name, map.next_value()?));
                    continue;
                }
            };
            if let Some(before) = raw.0.replace(map.next_value()?) {
                parts.duplicate = Some(raw.1);
                parts.replaced.push((raw.1, before));
            }
        }
        Ok(parts.read(self.requirements))
    }
}

/// What was seen of an entry.
#[derive(Default)]
struct Parts<'a> {
    aaguid: Option<&'a RawValue>,
    aaid: Option<&'a RawValue>,
    key_identifiers: Option<&'a RawValue>,
    reports: Option<&'a RawValue>,
    changed: Option<&'a RawValue>,
    statement: Option<StatementParts<'a>>,
    other: Vec<RawMember<'a>>,
    duplicate: Option<&'static str>,
    /// What stood in the place of a member that stands there twice.
    replaced: Vec<(&'static str, &'a RawValue)>,
}

impl Parts<'_> {
    fn read(self, requirements: Requirements) -> ReadEntry {
        let (mut aaguids, mut aaids) = (Vec::from_iter(self.aaguid), Vec::from_iter(self.aaid));
        let mut key_identifiers = Vec::from_iter(self.key_identifiers);
        for (member, raw) in &self.replaced {
            match *member {
                "aaguid" => aaguids.push(raw),
                "aaid" => aaids.push(raw),
                "attestationCertificateKeyIdentifiers" => key_identifiers.push(raw),
                _ => {}
            }
        }
        self.read_whole(requirements).map_err(|fault| (models(&aaguids, &aaids, &key_identifiers), fault))
    }

    fn read_whole(self, requirements: Requirements) -> Result<Entry, EntryError> {
        let aaguid = present(self.aaguid).map(aaguid).transpose()?;
        if let Some(member) = self.duplicate {
            return Err(EntryError::Duplicate { member });
        }
        let aaid = present(self.aaid).map(aaid).transpose()?;
        let key_identifiers =
            present(self.key_identifiers).map(key_identifiers).transpose()?.unwrap_or_default();
        if aaguid.is_none() && aaid.is_none() && key_identifiers.is_empty() {
            return Err(EntryError::NoModel);
        }
        let reports = reports(present(self.reports), requirements)?;
        let (text, description) = match self.statement {
            Some(StatementParts::Members(members)) => {
                (Some(object(&members).into_boxed_str()), description(&members))
            }
            Some(StatementParts::Null) | None => (None, Box::default()),
            Some(StatementParts::Other) => return Err(EntryError::Statement),
        };
        Ok(Entry {
            aaguid,
            aaid,
            key_identifiers,
            description,
            reports,
            time_of_last_status_change: self.changed.and_then(day),
            other: ExtraMembers::from(self.other),
            text,
            statement: OnceLock::new(),
            anchors: OnceLock::new(),
        })
    }
}

/// Whatever names a model, of an entry that is left out: nobody else is to speak for it.
fn models(aaguids: &[&RawValue], aaids: &[&RawValue], key_identifiers: &[&RawValue]) -> Vec<ModelId> {
    let aaguids = aaguids.iter().filter_map(|raw| aaguid(raw).ok()).map(ModelId::Aaguid);
    let aaids = aaids.iter().filter_map(|raw| aaid(raw).ok()).map(ModelId::Aaid);
    let lists =
        key_identifiers.iter().filter_map(|raw| serde_json::from_str::<Vec<&RawValue>>(raw.get()).ok());
    let identifiers = lists.flatten().filter_map(|raw| serde_json::from_str(raw.get()).ok());
    aaguids.chain(aaids).chain(identifiers.map(ModelId::KeyIdentifier)).collect()
}

fn present(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| raw.get() != "null")
}

fn aaguid(raw: &RawValue) -> Result<Aaguid, EntryError> {
    let aaguid = text(raw).and_then(|text| text.parse::<Aaguid>().ok()).filter(|aaguid| !aaguid.is_zero());
    aaguid.ok_or_else(|| EntryError::Aaguid { value: shortened(raw) })
}

fn aaid(raw: &RawValue) -> Result<Box<str>, EntryError> {
    let aaid = text(raw).filter(|text| is_aaid(text)).map(Box::from);
    aaid.ok_or_else(|| EntryError::Aaid { value: shortened(raw) })
}

fn key_identifiers(raw: &RawValue) -> Result<Box<[KeyIdentifier]>, EntryError> {
    serde_json::from_str(raw.get()).map_err(|_| EntryError::KeyIdentifiers { value: shortened(raw) })
}

fn reports(raw: Option<&RawValue>, requirements: Requirements) -> Result<Box<[StatusReport]>, EntryError> {
    let list: Vec<&RawValue> = match raw.map(|raw| serde_json::from_str(raw.get())) {
        Some(Ok(list)) => list,
        None if requirements == Requirements::Operator => return Ok(Box::default()),
        _ => return Err(EntryError::NoReports),
    };
    if list.is_empty() && requirements == Requirements::Alliance {
        return Err(EntryError::NoReports);
    }
    let read = |(index, raw)| {
        StatusReport::read(raw).map_err(|fault| EntryError::Report {
            index,
            what: match fault {
                ReportError::NotAnObject => "not an object",
                ReportError::Status => "no status that can be read",
                ReportError::Duplicate => "status, effectiveDate or sunsetDate twice",
            },
        })
    };
    list.into_iter().enumerate().map(read).collect()
}

fn day(raw: &RawValue) -> Option<Date> {
    text(raw)?.parse().ok()
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Name<'_>>(raw.get()).ok().map(|Name(text)| text)
}

/// Enough of a value to be found again.
fn shortened(raw: &RawValue) -> String {
    raw.get().chars().take(60).collect()
}

fn description(members: &[RawMember<'_>]) -> Box<str> {
    let raw = members.iter().find(|(name, _)| name == "description").map(|(_, raw)| *raw);
    raw.and_then(text).map(|text| text.trim().into()).unwrap_or_default()
}

/// The object of these members, as it would be written.
fn object(members: &[RawMember<'_>]) -> String {
    let length =
        members.iter().map(|(name, raw)| name.len().saturating_add(raw.get().len()).saturating_add(4));
    // To the byte, unless a name has escapes: two braces, and a comma fewer than members.
    let mut text = String::with_capacity(length.fold(1, usize::saturating_add).max(2));
    text.push('{');
    for (at, (name, raw)) in members.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        match name {
            // As it stood in the text, without escapes.
            Cow::Borrowed(name) => {
                text.push('"');
                text.push_str(name);
                text.push('"');
            }
            Cow::Owned(name) => text.push_str(&serde_json::Value::from(name.as_str()).to_string()),
        }
        text.push(':');
        text.push_str(raw.get());
    }
    text.push('}');
    text
}

/// What was seen of a statement.
enum StatementParts<'a> {
    Members(Vec<RawMember<'a>>),
    Null,
    Other,
}

/// Reads the members of a statement, without those that are dropped.
struct StatementSeed {
    retention: Retention,
}

impl<'de> DeserializeSeed<'de> for StatementSeed {
    type Value = StatementParts<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<StatementParts<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StatementSeed {
    type Value = StatementParts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a metadata statement")
    }

    passes_over_what_is_no_object!(StatementParts<'de>, StatementParts::Other, null: StatementParts::Null);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StatementParts<'de>, A::Error> {
        // Statements have some thirty members.
        let mut members = Vec::with_capacity(32);
        while let Some(Name(name)) = map.next_key()? {
            if self.retention.drops(&name) {
                map.next_value::<IgnoredAny>()?;
            } else {
                members.push((name, map.next_value()?));
            }
        }
        Ok(StatementParts::Members(members))
    }
}
