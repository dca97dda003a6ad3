//! The health of a source.

use rp_core::Timestamp;
use serde::Serialize;

use crate::date::Date;
use crate::freshness::Freshness;

/// The health of one source. Times are seconds since 1970.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// The source.
    pub source: Box<str>,
    /// Whether there is a current list.
    pub held: bool,
    /// Its serial number.
    pub no: Option<u64>,
    /// The number of entries.
    pub entries: usize,
    /// The number of rejected entries.
    pub rejected: usize,
    /// The date on which the next list is due: `nextUpdate`, or an assumed date if the list has none.
    pub next_update: Option<Date>,
    /// Freshness relative to that date.
    pub freshness: Freshness,
    /// When the list was verified.
    pub verified_at: Option<Timestamp>,
    /// When the publisher last confirmed the list: see [`NamedList::confirmed_at`](crate::NamedList::confirmed_at).
    pub confirmed_at: Option<Timestamp>,
    /// Until when the signer's path is valid.
    pub signer_until: Option<Timestamp>,
    /// When the source was last requested.
    pub last_attempt: Option<Timestamp>,
    /// When a request last succeeded.
    pub last_success: Option<Timestamp>,
    /// The number of failed attempts since.
    pub failures: u32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// The next attempt, if it is scheduled.
    pub next_attempt: Option<Timestamp>,
}
