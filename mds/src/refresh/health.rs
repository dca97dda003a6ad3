//! How the lists stand.

use std::sync::Arc;

use rp_core::Timestamp;
use serde::Serialize;

use super::Refresher;
use crate::Freshness;
use crate::date::Date;

/// How the list of one source stands. Times are seconds since 1970.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// The source.
    pub source: Box<str>,
    /// Whether a list is held.
    pub held: bool,
    /// Its serial number.
    pub no: Option<u64>,
    /// How many entries it has.
    pub entries: usize,
    /// How many of its entries could not be read.
    pub rejected: usize,
    /// The day by which the next is due.
    pub next_update: Option<Date>,
    /// How it stands to that day.
    pub freshness: Freshness,
    /// When it was verified.
    pub verified_at: Option<Timestamp>,
    /// Until when its signer's path is valid.
    pub signer_until: Option<Timestamp>,
    /// When the source was asked last.
    pub last_attempt: Option<Timestamp>,
    /// When it answered last.
    pub last_success: Option<Timestamp>,
    /// How many attempts have failed since.
    pub failures: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// When it is asked next, if it is asked by the clock.
    pub next_attempt: Option<Timestamp>,
}

impl Refresher {
    /// How every list stands, in the order of the sources.
    #[must_use]
    pub fn health(&self, now: Timestamp) -> Vec<Health> {
        let health = |slot: &Arc<super::Slot>| {
            let next = slot.config.is_remote().then(|| self.0.due(slot, now));
            let held = slot.held();
            let metadata = held.metadata.as_deref();
            let next_update = metadata.and_then(crate::Metadata::next_update);
            Health {
                source: slot.config.name().into(),
                held: metadata.is_some(),
                no: metadata.and_then(crate::Metadata::no),
                entries: metadata.map_or(0, |metadata| metadata.entries().len()),
                rejected: metadata.map_or(0, |metadata| metadata.rejected().len()),
                next_update,
                freshness: Freshness::of(next_update, now, self.0.policy.staleness),
                verified_at: held.edition.verified_at,
                signer_until: metadata.and_then(|metadata| metadata.signer()?.not_after()),
                last_attempt: held.state.last_attempt,
                last_success: held.state.last_success,
                failures: held.state.failures,
                last_error: held.state.last_error.clone(),
                next_attempt: next,
            }
        };
        self.0.slots.iter().map(health).collect()
    }
}
