//! Reading one entry, so that a malformed one is reported and the others are used.

use std::borrow::Cow;

use rp_core::Aaguid;
use serde_json::value::RawValue;

use crate::cursor::Cursor;
use crate::date::Date;
use crate::entry::statement::Retention;
use crate::entry::{Entry, EntryParts};
use crate::members::{ExtraMembers, Members, RawMember, text};
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
    [AAGUID, AAID, KEY_IDENTIFIERS, STATEMENT, "statusReports", "timeOfLastStatusChange"];
/// A hundred times the number in production: reports are compared with each other.
const MAX_REPORTS: usize = 1_000;
const STATEMENT: &str = "metadataStatement";
const AAGUID: &str = "aaguid";
const AAID: &str = "aaid";
const KEY_IDENTIFIERS: &str = "attestationCertificateKeyIdentifiers";

/// Reads the next entry of a list.
pub(crate) fn read_entry(
    cursor: &mut Cursor<'_>,
    retention: Retention,
    requirements: Requirements,
) -> ReadEntry {
    let (mut members, mut statements) = (Members::default(), Vec::new());
    let entry = cursor.object(|cursor, name| {
        if name == STATEMENT {
            statements.push(Statement::read(cursor, retention));
        } else {
            members.push(name, cursor.value());
        }
    });
    if entry.is_err() {
        return ReadEntry::Rejected { models: Vec::new(), error: EntryError::NotAnObject };
    }
    match identify(&members, statements, requirements) {
        Ok(parts) => ReadEntry::Read(EntryParts { other: members.rest_without(&SINGLE), ..parts }.into()),
        Err(error) => ReadEntry::Rejected { models: models(&members), error },
    }
}

/// The parts of an entry, except the members that this crate does not read.
fn identify(
    members: &Members<'_>,
    mut statements: Vec<Result<Statement, EntryError>>,
    requirements: Requirements,
) -> Result<EntryParts, EntryError> {
    if let Some(member) = members.duplicate(&SINGLE) {
        return Err(EntryError::Duplicate { member });
    }
    if statements.len() > 1 {
        return Err(EntryError::Duplicate { member: STATEMENT });
    }
    let aaguid = members.get(AAGUID).map(aaguid).transpose()?;
    let aaid = members.get(AAID).map(aaid).transpose()?;
    let key_identifiers = members.get(KEY_IDENTIFIERS).map(key_identifiers).transpose()?.unwrap_or_default();
    if aaguid.is_none() && aaid.is_none() && key_identifiers.is_empty() {
        return Err(EntryError::NoModel);
    }
    let reports = reports(members.get("statusReports"), requirements)?;
    let Statement { text, description } = statements.pop().transpose()?.unwrap_or_default();
    Ok(EntryParts {
        aaguid,
        aaid,
        key_identifiers,
        description,
        reports,
        time_of_last_status_change: members.get("timeOfLastStatusChange").and_then(date),
        other: ExtraMembers::default(),
        statement: text,
    })
}

/// All identifiers of a rejected entry, those of duplicate members included.
fn models(members: &Members<'_>) -> Vec<ModelId> {
    let mut models = Vec::new();
    for (name, raw) in members.iter() {
        match &**name {
            AAGUID => models.extend(aaguid(raw).map(ModelId::Aaguid)),
            AAID => models.extend(aaid(raw).map(ModelId::Aaid)),
            KEY_IDENTIFIERS => {
                let list: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
                let identifiers = list.into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok());
                models.extend(identifiers.map(ModelId::KeyIdentifier));
            }
            _ => {}
        }
    }
    models
}

fn aaguid(raw: &str) -> Result<Aaguid, EntryError> {
    let aaguid = text(raw).and_then(|text| text.parse::<Aaguid>().ok()).filter(|aaguid| !aaguid.is_zero());
    aaguid.ok_or_else(|| EntryError::Aaguid { value: shortened(raw) })
}

fn aaid(raw: &str) -> Result<Box<str>, EntryError> {
    let aaid = text(raw).filter(|text| is_aaid(text)).map(Box::from);
    aaid.ok_or_else(|| EntryError::Aaid { value: shortened(raw) })
}

fn key_identifiers(raw: &str) -> Result<Box<[KeyIdentifier]>, EntryError> {
    serde_json::from_str(raw).map_err(|_| EntryError::KeyIdentifiers { value: shortened(raw) })
}

fn reports(raw: Option<&str>, requirements: Requirements) -> Result<Box<[StatusReport]>, EntryError> {
    let Some(raw) = raw else {
        return match requirements {
            Requirements::Operator => Ok(Box::default()),
            Requirements::Alliance => Err(EntryError::NoReports),
        };
    };
    let mut list = Vec::new();
    Cursor::of_valid(raw).array(|cursor| list.push(cursor.value())).map_err(|_| EntryError::NoReports)?;
    if list.is_empty() && requirements == Requirements::Alliance {
        return Err(EntryError::NoReports);
    }
    if list.len() > MAX_REPORTS {
        return Err(EntryError::TooManyReports { got: list.len(), max: MAX_REPORTS });
    }
    let read = |(index, raw)| StatusReport::read(raw).map_err(|error| EntryError::Report { index, error });
    list.into_iter().enumerate().map(read).collect()
}

/// A statement that is retained; its text is missing if the entry has none.
#[derive(Default)]
struct Statement {
    /// The object as it was written, without the members that are not retained.
    text: Option<Box<str>>,
    description: Box<str>,
}

impl Statement {
    /// Reads a statement, or `null`.
    fn read(cursor: &mut Cursor<'_>, retention: Retention) -> Result<Self, EntryError> {
        let (mut retained, mut drops, mut description) = (Vec::new(), false, None);
        let statement = cursor.object(|cursor, name| {
            let value = cursor.value();
            if retention.drops(&name) {
                drops = true;
                return;
            }
            if name == "description" && description.is_none() {
                description = Some(value);
            }
            retained.push((name, value));
        });
        let whole = match statement {
            Ok(whole) => whole,
            Err("null") => return Ok(Self::default()),
            Err(_) => return Err(EntryError::Statement),
        };
        let description = description.and_then(text).map(|text| text.trim().into()).unwrap_or_default();
        let text = if drops { object(&retained) } else { whole.into() };
        Ok(Self { text: Some(text.into()), description })
    }
}

/// The object of these members.
fn object(members: &[RawMember<'_>]) -> String {
    let member = |(name, raw): &RawMember<'_>| name.len().saturating_add(raw.len()).saturating_add(4);
    let len = members.iter().map(member).fold(2, usize::saturating_add);
    let mut text = String::with_capacity(len);
    text.push('{');
    for (at, (name, raw)) in members.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        match name {
            // It was written without escapes, so it needs none
            Cow::Borrowed(name) => ["\"", name, "\""].iter().for_each(|part| text.push_str(part)),
            Cow::Owned(name) => text.push_str(&serde_json::Value::from(&**name).to_string()),
        }
        text.push(':');
        text.push_str(raw);
    }
    text.push('}');
    text
}

fn date(raw: &str) -> Option<Date> {
    text(raw)?.parse().ok()
}

/// The beginning of a value, for a message.
fn shortened(raw: &str) -> String {
    raw.chars().take(60).collect()
}
