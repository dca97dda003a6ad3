//! `MetadataBLOBPayload`: the list of entries.

pub(crate) mod entry;

use serde_json::value::RawValue;

use self::entry::{EntryError, ReadEntry, Requirements, read_entry};
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
        let mut members: Members<'_> = serde_json::from_str(utf8(bytes)?).map_err(PayloadError::Json)?;
        if let Some(member) = members.duplicate(&["no", "nextUpdate", "entries", "legalHeader"]) {
            return Err(PayloadError::Duplicate { member });
        }
        let no = members.raw("no").ok_or(PayloadError::NoNumber)?;
        let no = serde_json::from_str(no.get()).map_err(PayloadError::Json)?;
        let list = members.raw("entries").ok_or(PayloadError::NoEntries)?;
        let mut payload = Self {
            no: Some(no),
            // A date that cannot be read is a missing one: the list is usable without it.
            next_update: members.optional("nextUpdate"),
            legal_header: members.optional("legalHeader"),
            other: members.rest(),
            ..Self::default()
        };
        payload.read_entries(list.get(), retention, Requirements::Alliance)?;
        Ok(payload)
    }

    /// Reads an operator's list: `{"entries": […]}`, or the list alone.
    pub(crate) fn read_own(bytes: &[u8], retention: Retention) -> Result<Self, PayloadError> {
        let text = utf8(bytes)?;
        let mut payload = Self::default();
        if text.trim_start().starts_with('[') {
            payload.read_entries(text, retention, Requirements::Operator)?;
            return Ok(payload);
        }
        let mut members: Members<'_> = serde_json::from_str(text).map_err(PayloadError::Json)?;
        if let Some(member) = members.duplicate(&["entries"]) {
            return Err(PayloadError::Duplicate { member });
        }
        let list = members.raw("entries").ok_or(PayloadError::NoEntries)?;
        payload.read_entries(list.get(), retention, Requirements::Operator)?;
        payload.other = members.rest();
        Ok(payload)
    }

    fn read_entries(
        &mut self,
        list: &str,
        retention: Retention,
        requirements: Requirements,
    ) -> Result<(), PayloadError> {
        let list: Vec<&RawValue> = serde_json::from_str(list).map_err(PayloadError::Json)?;
        for (index, raw) in list.into_iter().enumerate() {
            match read_entry(raw, retention, requirements) {
                ReadEntry::Read(entry) => self.entries.push(entry),
                ReadEntry::Rejected { models, error } => {
                    self.rejected.push(RejectedEntry { index, models, error });
                }
            }
        }
        Ok(())
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, PayloadError> {
    std::str::from_utf8(bytes).map_err(|error| PayloadError::Utf8 { at: error.valid_up_to() })
}
