//! The state of one source: the current list, and its record. It is changed in this file only.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rp_core::Timestamp;

use super::event::{Emitter, Event};
use super::health::Health;
use super::outcome::RefreshError;
use super::schedule::Schedule;
use crate::blob::BlobError;
use crate::cache::{BlobRecord, Cache, CacheError, SourceRecord};
use crate::freshness::{Freshness, Staleness};
use crate::metadata::Metadata;
use crate::signer::Signer;

/// The state of one source.
#[derive(Debug)]
pub(super) struct State {
    cache: Option<Cache>,
    emitter: Emitter,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    current: Option<CurrentList>,
    /// The list before, while the revocation status of the current one's signer is unknown.
    previous: Option<CurrentList>,
    /// Whether `current` has changed since the catalog was published.
    is_changed: bool,
    record: SourceRecord,
    stamp: Option<FileStamp>,
    /// The freshness in the last event.
    reported: Option<Freshness>,
    /// Hashes of lists that were current, or rejected from the cache for good; the newest last.
    seen: VecDeque<String>,
}

/// The list that is in use.
#[derive(Clone, Debug)]
pub(super) struct CurrentList {
    pub(super) metadata: Arc<Metadata>,
    pub(super) confirmed_at: Option<Timestamp>,
    /// Whether its signer was known not to be revoked when it was verified.
    pub(super) known_not_revoked: bool,
    sha256: String,
    etag: Option<String>,
}

/// Modification time and length of a file.
pub(super) type FileStamp = (SystemTime, u64);

/// A list that was read and verified, and may replace the current one.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) metadata: Metadata,
    pub(super) sha256: String,
    pub(super) origin: Origin,
}

/// Where a candidate comes from.
#[derive(Debug)]
pub(super) enum Origin {
    /// The cache, with the record if it describes these bytes.
    Cache { record: Option<BlobRecord> },
    /// The network.
    Network { bytes: Vec<u8>, etag: Option<String> },
    /// A signed file. Without a stamp the file is read again by the next refresh.
    File { stamp: Option<FileStamp>, known_not_revoked: bool },
    /// An operator's file.
    Static { stamp: FileStamp },
}

/// The next step for a source.
#[derive(Debug)]
pub(super) enum Plan {
    /// The source is not due.
    Wait { next: Timestamp },
    /// Send a request.
    Request(Conditions),
}

/// The conditions of a request.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    /// The serial number of the current list.
    pub(super) no: Option<u64>,
    /// The `ETag` of the current list.
    pub(super) etag: Option<String>,
    /// The highest serial number that was verified.
    pub(super) previous_no: Option<u64>,
}

/// More BLOBs than a cache has of one source, and than a server has of one serial number.
const MAX_SEEN: usize = 16;

impl State {
    pub(super) fn new(cache: Option<Cache>, emitter: Emitter) -> Self {
        Self { cache, emitter, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No panic leaves it half changed.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn emitter(&self) -> &Emitter {
        &self.emitter
    }

    pub(super) fn current(&self) -> Option<CurrentList> {
        self.lock().current.clone()
    }

    /// Whether the file has this stamp since it was read.
    pub(super) fn is_read(&self, stamp: FileStamp) -> bool {
        self.lock().stamp == Some(stamp)
    }

    /// Whether the list with this hash was current, or was rejected from the cache for good.
    pub(super) fn has_seen(&self, sha256: &str) -> bool {
        self.lock().seen.iter().any(|seen| seen == sha256)
    }

    /// Ignores the list with this hash in the cache from now on.
    pub(super) fn ignore(&self, sha256: &str) {
        self.lock().note(sha256);
    }

    /// Whether the current list has changed since the last call.
    pub(super) fn take_changed(&self) -> bool {
        mem::take(&mut self.lock().is_changed)
    }

    /// Reads what other processes have recorded. Returns the merged record.
    pub(super) fn sync(&self) -> Result<SourceRecord, CacheError> {
        let cached = self.cache.as_ref().map(|cache| cache.record(&self.emitter.source)).transpose()?;
        let mut inner = self.lock();
        if let Some(cached) = cached {
            inner.record = cached.merged(&inner.record);
        }
        let record = inner.record.clone();
        if let Some(blob) = &record.blob {
            inner.confirm(&blob.sha256, blob.confirmed_at);
        }
        Ok(record)
    }

    /// Decides whether a request is due, and records the attempt.
    pub(super) fn plan(&self, schedule: &Schedule, now: Timestamp, force: bool) -> Plan {
        let next = self.due(schedule, now);
        let (current, record) = {
            let inner = self.lock();
            (inner.current.clone(), inner.record.clone())
        };
        let retry_after_pending = record.not_before.is_some_and(|not_before| not_before > now);
        if now < next && (!force || retry_after_pending) {
            return Plan::Wait { next };
        }
        // Recorded beforehand, so that a program that crashes and restarts does not send a request each time.
        self.update(|record| {
            record.last_attempt = Some(now);
            record.failures = record.failures.saturating_add(1);
        });
        let no = current.as_ref().and_then(|current| current.metadata.no());
        Plan::Request(Conditions {
            no,
            etag: current.and_then(|current| current.etag),
            previous_no: record.no,
        })
    }

    /// Replaces the current list by a candidate, unless the current one is later. Returns whether the content is new.
    pub(super) fn install(&self, candidate: Candidate, now: Timestamp) -> Result<bool, RefreshError> {
        let Candidate { metadata, sha256, origin } = candidate;
        if !self.lock().check_supersedes(&metadata, &sha256, &origin)? {
            self.ignore(&sha256);
            return Ok(false);
        }
        let no = metadata.no();
        let verified_at = metadata.verified_at().unwrap_or(now);
        let mut known_not_revoked = metadata.signer().is_some_and(Signer::is_known_not_revoked);
        let from_cache = matches!(origin, Origin::Cache { .. });
        let (mut stamp, mut etag) = (None, None);
        let record = match origin {
            Origin::Cache { record } => {
                self.lock().record.verified(no, verified_at);
                etag = record.as_ref().and_then(|record| record.etag.clone());
                known_not_revoked |= record.as_ref().is_some_and(|record| record.known_not_revoked);
                record
            }
            Origin::Network { bytes, etag: tag } => {
                etag = tag;
                let etag = etag.clone();
                let blob = BlobRecord {
                    sha256: sha256.clone(),
                    verified_at,
                    confirmed_at: now,
                    known_not_revoked,
                    etag,
                };
                self.record_response(no, &bytes, &blob, now)?;
                Some(blob)
            }
            Origin::File { stamp: read, known_not_revoked: was_known } => {
                stamp = read;
                known_not_revoked |= was_known;
                self.record_file(no, &sha256, verified_at, known_not_revoked)?
            }
            Origin::Static { stamp: read } => {
                stamp = Some(read);
                None
            }
        };
        let confirmed_at = record.map(|record| record.confirmed_at).or(metadata.verified_at());
        let metadata = Arc::new(metadata);
        let current = CurrentList { metadata, confirmed_at, known_not_revoked, sha256, etag };
        Ok(self.replace(current, stamp, from_cache))
    }

    /// Records that the publisher has nothing new.
    pub(super) fn unchanged(&self, now: Timestamp, confirmed: bool, not_before: Option<Timestamp>) {
        let current = self.current();
        let no = current.as_ref().and_then(|current| current.metadata.no());
        let sha256 = current.map(|current| current.sha256).filter(|_| confirmed);
        self.update(|record| {
            let failures = record.failures;
            succeeded(record, now);
            if no < record.no {
                // A later list was verified: the next attempts are further and further apart.
                record.failures = failures;
            }
            record.not_before = not_before;
            let blob = record.blob.as_mut().filter(|blob| sha256.as_ref() == Some(&blob.sha256));
            if let Some(blob) = blob {
                blob.confirmed_at = now;
            }
        });
        if let Some(sha256) = sha256 {
            self.lock().confirm(&sha256, now);
        }
    }

    /// Records that the refresh failed.
    pub(super) fn failed(&self, error: &RefreshError) {
        self.update(|record| {
            record.last_error = Some(error.describe());
            record.not_before = match error {
                RefreshError::Fetch(error) => error.not_before(),
                _ => None,
            };
        });
    }

    /// When the source is due. The record may be that of a process that could not store the latest list.
    pub(super) fn due(&self, schedule: &Schedule, now: Timestamp) -> Timestamp {
        let inner = self.lock();
        match &inner.current {
            Some(current) if current.metadata.no() >= inner.record.no => schedule.next(&inner.record, now),
            _ => schedule.next_without_latest(&inner.record, now),
        }
    }

    /// Emits an event once when the current list becomes stale, and once when it becomes too old.
    pub(super) fn report_age(&self, staleness: &Staleness, now: Timestamp) {
        let freshness = {
            let mut inner = self.lock();
            let Some(freshness) = inner.current.as_ref().map(|current| current.freshness(staleness, now))
            else {
                return;
            };
            let before = inner.reported.replace(freshness);
            Some(freshness).filter(|_| before != Some(freshness) && freshness != Freshness::Fresh)
        };
        if let Some(freshness) = freshness {
            self.emitter.emit(&Event::Overdue { source: self.emitter.source.clone(), freshness });
        }
    }

    /// The health of the source; `next_attempt` is for the caller to add.
    pub(super) fn health(&self, staleness: &Staleness, now: Timestamp) -> Health {
        let inner = self.lock();
        let (current, record) = (inner.current.as_ref(), &inner.record);
        let metadata = current.map(|current| &*current.metadata);
        Health {
            source: self.emitter.source.clone(),
            held: current.is_some(),
            no: metadata.and_then(Metadata::no),
            entries: metadata.map_or(0, |metadata| metadata.entries().len()),
            rejected: metadata.map_or(0, |metadata| metadata.rejected().len()),
            next_update: current
                .and_then(|current| staleness.due(current.metadata.next_update(), current.confirmed_at)),
            freshness: current.map_or(Freshness::Fresh, |current| current.freshness(staleness, now)),
            verified_at: metadata.and_then(Metadata::verified_at),
            confirmed_at: current.and_then(|current| current.confirmed_at),
            signer_until: metadata.and_then(|metadata| metadata.signer()?.not_after()),
            last_attempt: record.last_attempt,
            last_success: record.last_success,
            failures: record.failures,
            last_error: record.last_error.clone(),
            next_attempt: None,
        }
    }

    /// Stores a BLOB that was downloaded. If it cannot be stored, the record describes the previous one further.
    fn record_response(
        &self,
        no: Option<u64>,
        bytes: &[u8],
        blob: &BlobRecord,
        now: Timestamp,
    ) -> Result<(), RefreshError> {
        let verified = |record: &mut SourceRecord| {
            record.verified(no, now);
            record.not_before = None;
            succeeded(record, now);
        };
        let mut rollback = None;
        if let Some(cache) = &self.cache {
            let ours = self.lock().record.clone();
            let stored = cache.store_blob(&self.emitter.source, bytes, |record| {
                *record = mem::take(record).merged(&ours);
                match record.no.filter(|previous| Some(*previous) > no) {
                    // Another process has verified a later one.
                    Some(previous) => rollback = Some(previous),
                    None => {
                        verified(record);
                        record.blob = Some(blob.clone());
                    }
                }
            });
            match stored {
                Ok(record) => {
                    self.lock().record = record;
                    return rejected_rollback(no, rollback);
                }
                Err(error) => self.emitter.not_cached(error),
            }
        }
        self.update(verified);
        Ok(())
    }

    /// Records that the content of a signed file was verified.
    fn record_file(
        &self,
        no: Option<u64>,
        sha256: &str,
        verified_at: Timestamp,
        known_not_revoked: bool,
    ) -> Result<Option<BlobRecord>, RefreshError> {
        let mut rollback = None;
        let record = self.update(|record| {
            rollback = record.no.filter(|previous| Some(*previous) > no);
            if rollback.is_some() {
                return;
            }
            record.verified(no, verified_at);
            record.last_error = None;
            record.blob = Some(BlobRecord {
                sha256: sha256.to_owned(),
                verified_at,
                confirmed_at: record.no_since.unwrap_or(verified_at),
                known_not_revoked,
                etag: None,
            });
        });
        rejected_rollback(no, rollback).map(|()| record.blob)
    }

    /// Changes the record in the cache and in memory; in memory only if the cache fails.
    fn update(&self, mut change: impl FnMut(&mut SourceRecord)) -> SourceRecord {
        let ours = self.lock().record.clone();
        let stored = self.cache.as_ref().map(|cache| {
            cache.update(&self.emitter.source, |record| {
                *record = mem::take(record).merged(&ours);
                change(record);
            })
        });
        let record = match stored {
            Some(Ok(record)) => record,
            failed => {
                if let Some(Err(error)) = failed {
                    self.emitter.not_cached(error);
                }
                let mut record = ours.clone();
                change(&mut record);
                record
            }
        };
        self.lock().record = record.clone();
        record
    }

    /// Stops using the current list if its signer is revoked. The list before is used again if its signer was known not to
    /// be revoked.
    pub(super) fn withdraw(&self, error: &RefreshError, is_revoked: impl Fn(&CurrentList) -> bool) {
        let Some(withdrawn) = self.current().filter(is_revoked) else { return };
        let after = {
            let mut inner = self.lock();
            if !inner.current.as_ref().is_some_and(|current| current.is(&withdrawn.sha256)) {
                return;
            }
            inner.stamp = None;
            inner.reported = None;
            inner.is_changed = true;
            inner.current = inner.previous.take();
            inner.current.as_ref().and_then(|current| current.metadata.no())
        };
        self.forget(&withdrawn.sha256);
        let (source, no) = (self.emitter.source.clone(), withdrawn.metadata.no());
        self.emitter.emit(&Event::Withdrawn { source, no, after, error: error.describe() });
    }

    /// Removes the list with this hash from the cache and the record. The highest serial number remains.
    pub(super) fn forget(&self, sha256: &str) {
        let describes =
            |record: &SourceRecord| record.blob.as_ref().is_some_and(|blob| blob.sha256 == sha256);
        self.update(|record| {
            if describes(record) {
                record.blob = None;
            }
        });
        if let Some(cache) = &self.cache {
            cache.remove_blob(&self.emitter.source, sha256);
        }
    }

    fn replace(&self, current: CurrentList, stamp: Option<FileStamp>, from_cache: bool) -> bool {
        let event = {
            let mut inner = self.lock();
            inner.stamp = stamp;
            inner.note(&current.sha256);
            inner.is_changed = true;
            let before = inner.current.replace(current.clone());
            if current.known_not_revoked {
                inner.previous = None;
            }
            if before.as_ref().is_some_and(|before| before.sha256 == current.sha256) {
                return false;
            }
            if !current.known_not_revoked && before.as_ref().is_some_and(|before| before.known_not_revoked) {
                inner.previous.clone_from(&before);
            }
            Event::Updated {
                source: self.emitter.source.clone(),
                no: current.metadata.no(),
                before: before.and_then(|before| before.metadata.no()),
                entries: current.metadata.entries().len(),
                rejected: current.metadata.rejected().to_vec(),
                from_cache,
            }
        };
        self.emitter.emit(&event);
        true
    }
}

impl Inner {
    /// Whether a candidate may replace the current list: `Ok(false)` ignores it silently.
    fn check_supersedes(
        &self,
        metadata: &Metadata,
        sha256: &str,
        origin: &Origin,
    ) -> Result<bool, RefreshError> {
        let Some(current) = &self.current else { return Ok(true) };
        let (ours, theirs) = (current.metadata.edition(), metadata.edition());
        let is_same_no = current.metadata.no() == metadata.no() && current.sha256 != sha256;
        let no = metadata.no().unwrap_or(0);
        match origin {
            // A list that could not be written to the cache is still current. Of two lists of one edition the record
            // describes the one that was downloaded last.
            Origin::Cache { record: Some(_) } => Ok(theirs >= ours),
            Origin::Cache { record: None } => Ok(theirs > ours),
            Origin::Network { .. } | Origin::File { .. } if is_same_no && theirs < ours => {
                Err(RefreshError::Earlier { no })
            }
            Origin::Network { .. }
                if is_same_no && theirs == ours && self.seen.iter().any(|one| one == sha256) =>
            {
                Err(RefreshError::Replaced { no })
            }
            Origin::Network { .. } | Origin::File { .. } | Origin::Static { .. } => Ok(true),
        }
    }

    fn note(&mut self, sha256: &str) {
        if !self.seen.iter().any(|seen| seen == sha256) {
            self.seen.push_back(sha256.to_owned());
        }
        if self.seen.len() > MAX_SEEN {
            self.seen.pop_front();
        }
    }

    fn confirm(&mut self, sha256: &str, at: Timestamp) {
        if let Some(current) = self.current.as_mut().filter(|current| current.sha256 == sha256)
            && current.confirmed_at < Some(at)
        {
            current.confirmed_at = Some(at);
            self.is_changed = true;
        }
    }
}

impl CurrentList {
    fn freshness(&self, staleness: &Staleness, at: Timestamp) -> Freshness {
        staleness.freshness(staleness.due(self.metadata.next_update(), self.confirmed_at), at)
    }

    /// Whether the list has this hash.
    pub(super) fn is(&self, sha256: &str) -> bool {
        self.sha256 == sha256
    }
}

fn succeeded(record: &mut SourceRecord, now: Timestamp) {
    record.failures = 0;
    record.last_success = Some(now);
    record.last_error = None;
}

fn rejected_rollback(no: Option<u64>, previous: Option<u64>) -> Result<(), RefreshError> {
    match previous {
        Some(previous) => Err(BlobError::Rollback { no: no.unwrap_or(0), previous }.into()),
        None => Ok(()),
    }
}
