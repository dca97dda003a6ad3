//! What an operator may want to hear.

use std::sync::Arc;

use rp_core::Timestamp;

use crate::{Catalog, Freshness, ModelChange, RejectedEntry};

/// Something that an operator may want to hear of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Another list is held.
    Updated {
        /// The source.
        source: Box<str>,
        /// Its serial number.
        no: Option<u64>,
        /// The serial number of the list that was held before.
        before: Option<u64>,
        /// How many entries it has.
        entries: usize,
        /// Entries that could not be read, and so are left out.
        rejected: Vec<RejectedEntry>,
        /// Whether it comes from the cache, verified at an earlier time or by another process.
        from_cache: bool,
    },
    /// Models are judged otherwise than before, by another catalog or since a report has come into force; with both
    /// catalogs and times, [`Policy::affected_between`](crate::Policy::affected_between) tells which stored credentials
    /// are concerned.
    ModelsChanged {
        /// The models, and both verdicts on each.
        changes: Vec<ModelChange>,
        /// The catalog that was there.
        before: Arc<Catalog>,
        /// When models were judged by it last.
        then: Timestamp,
        /// The catalog that is there now; the same one, where it is the day that has changed.
        after: Arc<Catalog>,
    },
    /// The source has nothing new.
    NotModified {
        /// The source.
        source: Box<str>,
    },
    /// Nothing came of asking a source; what was held is held still.
    Failed {
        /// The source.
        source: Box<str>,
        /// Why, in words.
        error: String,
        /// When it is asked again, if it is asked by the clock.
        next: Option<Timestamp>,
    },
    /// The list that is held is stale, or too old.
    Overdue {
        /// The source.
        source: Box<str>,
        /// How it stands.
        freshness: Freshness,
    },
    /// Whether the signer is revoked is not known.
    RevocationUnknown {
        /// The source.
        source: Box<str>,
        /// Why, in words.
        error: String,
    },
    /// What was verified could not be written to the cache; it is held all the same.
    NotCached {
        /// The source.
        source: Box<str>,
        /// Why, in words.
        error: String,
    },
}

impl Event {
    /// Sends the event to `tracing`.
    pub fn trace(&self) {
        match self {
            Self::Updated { source, no, before, entries, rejected, from_cache } => {
                tracing::info!(%source, no, before, entries, from_cache, "metadata updated");
                for rejected in rejected {
                    tracing::warn!(%source, %rejected, "metadata entry left out");
                }
            }
            Self::ModelsChanged { changes, .. } => {
                for change in changes {
                    let refused = change.is_now_refused();
                    tracing::warn!(model = %change.model, refused, after = %change.after, "model judged otherwise");
                }
            }
            Self::NotModified { source } => tracing::debug!(%source, "metadata not modified"),
            Self::Failed { source, error, next } => {
                let next = next.map(Timestamp::as_unix_seconds);
                tracing::warn!(%source, error, next, "metadata not refreshed");
            }
            Self::Overdue { source, freshness } => tracing::warn!(%source, ?freshness, "metadata overdue"),
            Self::RevocationUnknown { source, error } => {
                tracing::warn!(%source, error, "revocation of the metadata signer is not known");
            }
            Self::NotCached { source, error } => tracing::error!(%source, error, "metadata not cached"),
        }
    }
}
