//! `MetadataBLOBPayload`: the list of entries.

pub(crate) mod entry;

use serde::de::{self, IgnoredAny};

use self::entry::{EntryError, ReadEntry, Requirements, read_entry};
use crate::cursor::Cursor;
use crate::date::Date;
use crate::entry::Entry;
use crate::entry::statement::Retention;
use crate::members::{ExtraMembers, Members};
use crate::model_id::ModelId;

/// The payload of a BLOB, or an operator's list.
#[derive(Debug, Default)]
pub(crate) struct Payload {
    pub(crate) legal_header: Option<Box<str>>,
    pub(crate) no: Option<u64>,
    pub(crate) next_update: Option<Date>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) rejected: Vec<RejectedEntry>,
    pub(crate) other: ExtraMembers,
}

/// An entry that was rejected, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entries[{index}]{}: {error}", .models.first().map(|model| format!(" ({model})")).unwrap_or_default())]
#[non_exhaustive]
pub struct RejectedEntry {
    /// Its index in the list.
    pub index: usize,
    /// The identifiers of its model that could be read.
    pub models: Vec<ModelId>,
    /// The cause.
    #[source]
    pub error: EntryError,
}

/// Why a payload cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// It is not UTF-8.
    #[error("payload: not UTF-8 at byte {at}")]
    Utf8 {
        /// The offset of the first invalid byte.
        at: usize,
    },
    /// It is not JSON, or a member is of an unexpected type.
    #[error("payload: {0}")]
    Json(#[source] serde_json::Error),
    /// A member occurs twice.
    #[error("payload: {member} twice")]
    Duplicate {
        /// Its name.
        member: &'static str,
    },
    /// `no` is missing.
    #[error("payload: no serial number")]
    NoNumber,
    /// `entries` is missing.
    #[error("payload: no entries")]
    NoEntries,
}

impl Payload {
    /// Reads the payload of a BLOB.
    pub(crate) fn read(bytes: &[u8], retention: Retention) -> Result<Self, PayloadError> {
        let cursor = Cursor::new(utf8(bytes)?).map_err(PayloadError::Json)?;
        let (mut members, list) = split(cursor, retention, Requirements::Alliance)?;
        if let Some(member) = members.duplicate(&["no", "nextUpdate", "legalHeader"]) {
            return Err(PayloadError::Duplicate { member });
        }
        let no = members.take("no").ok_or(PayloadError::NoNumber)?;
        let no = serde_json::from_str(no).map_err(PayloadError::Json)?;
        let EntryList { entries, rejected } = list?;
        Ok(Self {
            no: Some(no),
            // A date that cannot be read is a missing one: the list is usable without it.
            next_update: members.optional("nextUpdate"),
            legal_header: members.optional("legalHeader"),
            entries,
            rejected,
            other: members.rest(),
        })
    }

    /// Reads an operator's list: `{"entries": […]}`, or the list alone.
    pub(crate) fn read_own(bytes: &[u8], retention: Retention) -> Result<Self, PayloadError> {
        let text = utf8(bytes)?;
        let mut cursor = Cursor::new(text).map_err(PayloadError::Json)?;
        if text.trim_start().starts_with('[') {
            let EntryList { entries, rejected } =
                EntryList::read(&mut cursor, retention, Requirements::Operator)?;
            return Ok(Self { entries, rejected, ..Self::default() });
        }
        let (members, list) = split(cursor, retention, Requirements::Operator)?;
        let EntryList { entries, rejected } = list?;
        Ok(Self { entries, rejected, other: members.rest(), ..Self::default() })
    }
}

/// The entries, which are read where they are, and the other members of a payload.
fn split(
    mut cursor: Cursor<'_>,
    retention: Retention,
    requirements: Requirements,
) -> Result<(Members<'_>, Result<EntryList, PayloadError>), PayloadError> {
    let (mut members, mut list) = (Members::default(), Err(PayloadError::NoEntries));
    let mut lists = 0_usize;
    let payload = cursor.object(|cursor, name| {
        if name == "entries" {
            lists = lists.saturating_add(1);
            list = EntryList::read(cursor, retention, requirements);
        } else {
            members.push(name, cursor.value());
        }
    });
    payload.map_err(|_| PayloadError::Json(de::Error::custom("not an object")))?;
    if lists > 1 {
        return Err(PayloadError::Duplicate { member: "entries" });
    }
    Ok((members, list))
}

/// The entries of a list, and those that were rejected.
#[derive(Default)]
struct EntryList {
    entries: Vec<Entry>,
    rejected: Vec<RejectedEntry>,
}

impl EntryList {
    fn read(
        cursor: &mut Cursor<'_>,
        retention: Retention,
        requirements: Requirements,
    ) -> Result<Self, PayloadError> {
        let mut list = Self::default();
        let mut index = 0_usize;
        let read = cursor.array(|cursor| {
            match read_entry(cursor, retention, requirements) {
                ReadEntry::Read(entry) => list.entries.push(entry),
                ReadEntry::Rejected { models, error } => {
                    list.rejected.push(RejectedEntry { index, models, error });
                }
            }
            index = index.saturating_add(1);
        });
        match read {
            Ok(_) => Ok(list),
            Err("null") => Err(PayloadError::NoEntries),
            Err(other) => {
                let error = serde_json::from_str::<Vec<IgnoredAny>>(other).err();
                Err(error.map_or(PayloadError::NoEntries, PayloadError::Json))
            }
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, PayloadError> {
    std::str::from_utf8(bytes).map_err(|error| PayloadError::Utf8 { at: error.valid_up_to() })
}
