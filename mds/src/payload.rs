//! `MetadataBLOBPayload`: the list, read in one pass.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::Retention;
use crate::date::Date;
use crate::entry::{Entry, EntryError, EntrySeed, ModelId, ReadEntry, Requirements, read_entries};
use crate::members::{ExtraMembers, Name, RawMember};

/// What a BLOB says, or an operator's list.
#[derive(Debug, Default)]
pub(crate) struct Payload {
    pub(crate) legal_header: Option<Box<str>>,
    pub(crate) no: Option<u64>,
    pub(crate) next_update: Option<Date>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) rejected: Vec<RejectedEntry>,
    pub(crate) other: ExtraMembers,
}

/// An entry that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entries[{index}]{}: {fault}", .models.first().map(|model| format!(" ({model})")).unwrap_or_default())]
#[non_exhaustive]
pub struct RejectedEntry {
    /// Its place in the list.
    pub index: usize,
    /// What names its model, as far as that could be read.
    pub models: Vec<ModelId>,
    /// What is wrong with it.
    #[source]
    pub fault: EntryError,
}

/// Why a payload cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// It is not UTF-8.
    #[error("payload: not UTF-8 at byte {at}")]
    Utf8 {
        /// Where it ceases to be.
        at: usize,
    },
    /// It is not JSON, or its outermost form is not that of a payload.
    #[error("payload: {0}")]
    Json(#[source] serde_json::Error),
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
        let (payload, seen_entries) = Self::read_with(bytes, retention, Requirements::Alliance)?;
        if payload.no.is_none() {
            return Err(PayloadError::NoNumber);
        }
        if !seen_entries {
            return Err(PayloadError::NoEntries);
        }
        Ok(payload)
    }

    /// Reads an operator's list: `{"entries": […]}`, or the list alone.
    pub(crate) fn read_own(bytes: &[u8], retention: Retention) -> Result<Self, PayloadError> {
        let (payload, seen_entries) = Self::read_with(bytes, retention, Requirements::Operator)?;
        if seen_entries { Ok(payload) } else { Err(PayloadError::NoEntries) }
    }

    fn read_with(
        bytes: &[u8],
        retention: Retention,
        requirements: Requirements,
    ) -> Result<(Self, bool), PayloadError> {
        let text =
            std::str::from_utf8(bytes).map_err(|error| PayloadError::Utf8 { at: error.valid_up_to() })?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let seed = PayloadSeed { entry: EntrySeed { retention, requirements } };
        let read = seed.deserialize(&mut deserializer).map_err(PayloadError::Json)?;
        deserializer.end().map_err(PayloadError::Json)?;
        Ok(read)
    }

    fn take(&mut self, index: usize, read: ReadEntry) {
        match read {
            Ok(entry) => self.entries.push(entry),
            Err((models, fault)) => self.rejected.push(RejectedEntry { index, models, fault }),
        }
    }
}

/// Reads a payload, and tells whether it had `entries`.
#[derive(Clone, Copy)]
struct PayloadSeed {
    entry: EntrySeed,
}

impl<'de> DeserializeSeed<'de> for PayloadSeed {
    type Value = (Payload, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(Payload, bool), D::Error> {
        match self.entry.requirements {
            Requirements::Alliance => deserializer.deserialize_map(self),
            Requirements::Operator => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for PayloadSeed {
    type Value = (Payload, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the payload of a BLOB")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(Payload, bool), A::Error> {
        let mut payload = Payload::default();
        let mut index = 0_usize;
        read_entries(list, self.entry, |entry| {
            payload.take(index, entry);
            index = index.saturating_add(1);
        })?;
        Ok((payload, true))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(Payload, bool), A::Error> {
        let mut payload = Payload::default();
        let mut entries = None;
        let mut other: Vec<RawMember<'de>> = Vec::new();
        let mut seen = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            let known = match &*name {
                "no" => "no",
                "nextUpdate" => "nextUpdate",
                "entries" => "entries",
                "legalHeader" => "legalHeader",
                _ => {
                    other.push((name, map.next_value()?));
                    continue;
                }
            };
            if seen.contains(&known) {
                return Err(A::Error::custom(format_args!("{known} twice")));
            }
            seen.push(known);
            match known {
                "no" => payload.no = Some(map.next_value()?),
                // A day that cannot be read is one that is not known: the list serves all the same.
                "nextUpdate" => payload.next_update = tolerant::<Date>(map.next_value()?),
                "legalHeader" => payload.legal_header = tolerant::<Box<str>>(map.next_value()?),
                _ => entries = Some(map.next_value_seed(self.entry_list())?),
            }
        }
        let seen_entries = entries.is_some();
        if let Some(read) = entries {
            payload.entries = read.entries;
            payload.rejected = read.rejected;
        }
        payload.other = ExtraMembers::from(other);
        Ok((payload, seen_entries))
    }
}

impl PayloadSeed {
    fn entry_list(self) -> EntryList {
        EntryList(self)
    }
}

/// The value of `entries`, which must be a list.
struct EntryList(PayloadSeed);

impl<'de> DeserializeSeed<'de> for EntryList {
    type Value = Payload;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Payload, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for EntryList {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Payload, A::Error> {
        self.0.visit_seq(list).map(|(payload, _)| payload)
    }
}

fn tolerant<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}
