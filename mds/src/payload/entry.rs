//! Reading one entry, so that a malformed one is reported and the others are used.

use rp_core::Aaguid;
use serde_json::value::RawValue;

use crate::date::Date;
use crate::entry::statement::Retention;
use crate::entry::{Entry, EntryParts};
use crate::members::{Members, RawMember, text};
use crate::model_id::{KeyIdentifier, ModelId, is_aaid};
use crate::status::report::{ReportError, StatusReport};

/// Why an entry was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The entry is not an object.
    #[error("not an object")]
    NotAnObject,
    /// A member that affects decisions occurs twice.
    #[error("{member} twice")]
    Duplicate {
        /// Its name.
        member: &'static str,
    },
    /// No model is named.
    #[error("neither aaguid, nor aaid, nor attestationCertificateKeyIdentifiers")]
    NoModel,
    /// `aaguid` is not an AAGUID, or all zeros.
    #[error("aaguid: {value} does not identify a model")]
    Aaguid {
        /// The value.
        value: String,
    },
    /// `aaid` is not an AAID.
    #[error("aaid: {value} is not of the form 1234#5678")]
    Aaid {
        /// The value.
        value: String,
    },
    /// `attestationCertificateKeyIdentifiers` is not a list of key identifiers.
    #[error("attestationCertificateKeyIdentifiers: {value} is not a list of 40 hexadecimal digits each")]
    KeyIdentifiers {
        /// The value.
        value: String,
    },
    /// `metadataStatement` is not an object.
    #[error("metadataStatement: not an object")]
    Statement,
    /// `statusReports` is missing, empty or not a list, so the model might be revoked.
    #[error("statusReports: not a list with at least one report")]
    NoReports,
    /// There are too many reports.
    #[error("statusReports: {got} reports, more than {max}")]
    TooManyReports {
        /// Their number.
        got: usize,
        /// The maximum.
        max: usize,
    },
    /// A report cannot be read, and might be a revocation.
    #[error("statusReports[{index}]: {error}")]
    Report {
        /// Its index.
        index: usize,
        /// The cause.
        #[source]
        error: ReportError,
    },
}

/// Which members an entry must have besides an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requirements {
    /// An entry of the FIDO Alliance has a list of reports.
    Alliance,
    /// An operator's entry needs no reports.
    Operator,
}

/// The result of reading an entry.
#[derive(Debug)]
pub(crate) enum ReadEntry {
    Read(Entry),
    /// The identifiers that could be read: no other list may decide about these models.
    Rejected {
        models: Vec<ModelId>,
        error: EntryError,
    },
}

/// The members that affect decisions, none of which may occur twice.
const SINGLE: [&str; 6] =
    [AAGUID, AAID, KEY_IDENTIFIERS, "metadataStatement", "statusReports", "timeOfLastStatusChange"];
/// A hundred times the number in production: reports are compared with each other.
const MAX_REPORTS: usize = 1_000;
const AAGUID: &str = "aaguid";
const AAID: &str = "aaid";
const KEY_IDENTIFIERS: &str = "attestationCertificateKeyIdentifiers";

pub(crate) fn read_entry(raw: &RawValue, retention: Retention, requirements: Requirements) -> ReadEntry {
    let Ok(members) = Members::read(raw) else {
        return ReadEntry::Rejected { models: Vec::new(), error: EntryError::NotAnObject };
    };
    match read_members(members, retention, requirements) {
        Ok(parts) => ReadEntry::Read(parts.into()),
        Err(error) => ReadEntry::Rejected { models: models(raw), error },
    }
}

fn read_members(
    mut members: Members<'_>,
    retention: Retention,
    requirements: Requirements,
) -> Result<EntryParts, EntryError> {
    if let Some(member) = members.duplicate(&SINGLE) {
        return Err(EntryError::Duplicate { member });
    }
    let aaguid = members.raw(AAGUID).map(aaguid).transpose()?;
    let aaid = members.raw(AAID).map(aaid).transpose()?;
    let key_identifiers = members.raw(KEY_IDENTIFIERS).map(key_identifiers).transpose()?.unwrap_or_default();
    if aaguid.is_none() && aaid.is_none() && key_identifiers.is_empty() {
        return Err(EntryError::NoModel);
    }
    let reports = reports(members.raw("statusReports"), requirements)?;
    let statement = members.raw("metadataStatement").map(|raw| statement(raw, retention)).transpose()?;
    let (statement, description) = statement.map_or_else(Default::default, |(text, it)| (Some(text), it));
    Ok(EntryParts {
        aaguid,
        aaid,
        key_identifiers,
        description,
        reports,
        time_of_last_status_change: members.raw("timeOfLastStatusChange").and_then(date),
        other: members.rest(),
        statement,
    })
}

/// All identifiers of a rejected entry, those of duplicate members included.
fn models(raw: &RawValue) -> Vec<ModelId> {
    let mut models = Vec::new();
    let Ok(members) = Members::read(raw) else { return models };
    for (name, raw) in members.iter() {
        match &**name {
            AAGUID => models.extend(aaguid(raw).map(ModelId::Aaguid)),
            AAID => models.extend(aaid(raw).map(ModelId::Aaid)),
            KEY_IDENTIFIERS => {
                let list: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
                let identifiers = list.into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok());
                models.extend(identifiers.map(ModelId::KeyIdentifier));
            }
            _ => {}
        }
    }
    models
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
    if list.len() > MAX_REPORTS {
        return Err(EntryError::TooManyReports { got: list.len(), max: MAX_REPORTS });
    }
    let read = |(index, raw)| StatusReport::read(raw).map_err(|error| EntryError::Report { index, error });
    list.into_iter().enumerate().map(read).collect()
}

/// The text of a statement without the members that are not retained, and its description.
fn statement(raw: &RawValue, retention: Retention) -> Result<(Box<str>, Box<str>), EntryError> {
    let mut members = Members::read(raw).map_err(|_| EntryError::Statement)?;
    let description = members.iter().find(|(name, _)| name == "description").and_then(|(_, raw)| text(raw));
    let description = description.map(|text| text.trim().into()).unwrap_or_default();
    if members.iter().all(|(name, _)| !retention.drops(name)) {
        return Ok((raw.get().into(), description));
    }
    members.drop_if(|name| retention.drops(name));
    Ok((object(&members).into(), description))
}

/// The object of these members.
fn object(members: &Members<'_>) -> String {
    let member = |(name, raw): &RawMember<'_>| name.len().saturating_add(raw.get().len()).saturating_add(4);
    let len = members.iter().map(member).fold(2, usize::saturating_add);
    let mut text = String::with_capacity(len);
    text.push('{');
    for (at, (name, raw)) in members.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::from(&**name).to_string());
        text.push(':');
        text.push_str(raw.get());
    }
    text.push('}');
    text
}

fn date(raw: &RawValue) -> Option<Date> {
    text(raw)?.parse().ok()
}

/// The beginning of a value, for a message.
fn shortened(raw: &RawValue) -> String {
    raw.get().chars().take(60).collect()
}
