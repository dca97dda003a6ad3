//! Events of a refresher.

use std::fmt;
use std::sync::Arc;

use rp_core::Timestamp;

use super::outcome::RefreshError;
use crate::cache::CacheError;
use crate::catalog::Catalog;
use crate::freshness::Freshness;
use crate::payload::RejectedEntry;
use crate::recheck::ModelChange;

/// An event that an operator may want to see.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A list was replaced.
    Updated {
        /// The source.
        source: Box<str>,
        /// The serial number.
        no: Option<u64>,
        /// The serial number of the previous list.
        before: Option<u64>,
        /// The number of entries.
        entries: usize,
        /// Entries that were rejected.
        rejected: Vec<RejectedEntry>,
        /// Whether the list comes from the cache, verified earlier or by another process.
        from_cache: bool,
    },
    /// The verdict on models has changed, by another catalog or because a report has come into force. With both catalogs
    /// and times, [`Policy::affected_between`](crate::Policy::affected_between) finds the stored credentials concerned.
    ModelsChanged {
        /// The models, with both verdicts.
        changes: Vec<ModelChange>,
        /// The previous catalog.
        before: Arc<Catalog>,
        /// When models were last judged by it.
        then: Timestamp,
        /// The current catalog; the same one if only the date has changed.
        after: Arc<Catalog>,
    },
    /// The source has nothing new.
    NotModified {
        /// The source.
        source: Box<str>,
    },
    /// The current list is no longer used, because a certificate of its signer turned out to be revoked.
    Withdrawn {
        /// The source.
        source: Box<str>,
        /// The serial number of the list.
        no: Option<u64>,
        /// The serial number of the previous list, which is used again; `None` if the source has no list now.
        after: Option<u64>,
        /// The error message.
        error: String,
    },
    /// Refreshing a source failed; the current list, if it was not withdrawn, is used further.
    Failed {
        /// The source.
        source: Box<str>,
        /// The error message.
        error: String,
        /// The next attempt, if it is scheduled.
        next: Option<Timestamp>,
    },
    /// The current list is stale or too old.
    Overdue {
        /// The source.
        source: Box<str>,
        /// Its freshness.
        freshness: Freshness,
    },
    /// The revocation status of the signer is unknown.
    RevocationUnknown {
        /// The source.
        source: Box<str>,
        /// The error message.
        error: String,
    },
    /// A verified list could not be written to the cache. It is used nevertheless.
    NotCached {
        /// The source.
        source: Box<str>,
        /// The error message.
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
                    tracing::warn!(%source, %rejected, "metadata entry rejected");
                }
            }
            Self::ModelsChanged { changes, .. } => {
                for change in changes {
                    let refused = change.is_now_refused();
                    tracing::warn!(model = %change.model, refused, after = %change.after, "verdict on model changed");
                }
            }
            Self::NotModified { source } => tracing::debug!(%source, "metadata not modified"),
            Self::Withdrawn { source, no, after, error } => {
                tracing::error!(%source, no, after, error, "metadata withdrawn");
            }
            Self::Failed { source, error, next } => {
                let next = next.map(Timestamp::as_unix_seconds);
                tracing::warn!(%source, error, next, "metadata not refreshed");
            }
            Self::Overdue { source, freshness } => tracing::warn!(%source, ?freshness, "metadata overdue"),
            Self::RevocationUnknown { source, error } => {
                tracing::warn!(%source, error, "revocation status of the metadata signer unknown");
            }
            Self::NotCached { source, error } => tracing::error!(%source, error, "metadata not cached"),
        }
    }
}

/// Where the events of one source go.
#[derive(Clone)]
pub(super) struct Emitter {
    pub(super) source: Box<str>,
    pub(super) sink: Arc<dyn Fn(&Event) + Send + Sync>,
}

impl Emitter {
    pub(super) fn emit(&self, event: &Event) {
        (self.sink)(event);
    }

    pub(super) fn failed(&self, error: &RefreshError, next: Option<Timestamp>) {
        self.emit(&Event::Failed { source: self.source.clone(), error: error.describe(), next });
    }

    pub(super) fn not_cached(&self, error: CacheError) {
        let error = RefreshError::from(error).describe();
        self.emit(&Event::NotCached { source: self.source.clone(), error });
    }
}

impl fmt::Debug for Emitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emitter").field("source", &self.source).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_output_of_an_emitter_names_its_source() {
        let emitter = Emitter { source: "fido".into(), sink: Arc::new(|_| {}) };
        assert_eq!(format!("{emitter:?}"), r#"Emitter { source: "fido", .. }"#);
    }
}
