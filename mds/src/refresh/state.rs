//! The state of one source: the current list, and its record. It is changed in this file only.

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
        let known_not_revoked = metadata.signer().is_some_and(Signer::is_known_not_revoked);
        let from_cache = matches!(origin, Origin::Cache { .. });
        let (mut stamp, mut etag) = (None, None);
        let record = match origin {
            Origin::Cache { record } => {
                self.lock().record.verified(no, verified_at);
                etag = record.as_ref().and_then(|record| record.etag.clone());
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
                self.record_file(no, &sha256, verified_at, was_known || known_not_revoked)?
            }
            Origin::Static { stamp: read } => {
                stamp = Some(read);
                None
            }
        };
        let confirmed_at = record.map(|record| record.confirmed_at).or(metadata.verified_at());
        let current = CurrentList { metadata: Arc::new(metadata), confirmed_at, sha256, etag };
        Ok(self.replace(current, stamp, from_cache))
    }

    /// Records that the publisher has nothing new.
    pub(super) fn unchanged(&self, now: Timestamp, confirmed: bool, not_before: Option<Timestamp>) {
        let sha256 = self.current().map(|current| current.sha256).filter(|_| confirmed);
        self.update(|record| {
            succeeded(record, now);
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

    /// When the source is due.
    pub(super) fn due(&self, schedule: &Schedule, now: Timestamp) -> Timestamp {
        let inner = self.lock();
        match inner.current {
            Some(_) => schedule.next(&inner.record, now),
            None => schedule.next_without_list(&inner.record, now),
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

    fn replace(&self, current: CurrentList, stamp: Option<FileStamp>, from_cache: bool) -> bool {
        let event = {
            let mut inner = self.lock();
            inner.stamp = stamp;
            inner.note(&current.sha256);
            inner.is_changed = true;
            let before = inner.current.replace(current.clone());
            if before.as_ref().is_some_and(|before| before.sha256 == current.sha256) {
                return false;
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn list(no: u64, next_update: &str) -> Metadata {
        Metadata::unsigned(&format!(r#"{{"no": {no}, "nextUpdate": "{next_update}", "entries": []}}"#))
    }

    /// The state with a current list of this hash.
    fn with_current(metadata: Metadata, sha256: &str) -> Inner {
        let mut inner = Inner::default();
        inner.note(sha256);
        let metadata = Arc::new(metadata);
        let current = CurrentList { metadata, confirmed_at: None, sha256: sha256.to_owned(), etag: None };
        Inner { current: Some(current), ..inner }
    }

    fn blob_record(sha256: &str) -> BlobRecord {
        BlobRecord {
            sha256: sha256.to_owned(),
            verified_at: NOW,
            confirmed_at: NOW,
            known_not_revoked: false,
            etag: None,
        }
    }

    fn from_network() -> Origin {
        Origin::Network { bytes: Vec::new(), etag: None }
    }

    /// The decision about a candidate, in a word.
    fn decision(inner: &Inner, candidate: &Metadata, sha256: &str, origin: &Origin) -> &'static str {
        match inner.check_supersedes(candidate, sha256, origin) {
            Ok(true) => "replaces",
            Ok(false) => "ignored",
            Err(RefreshError::Earlier { no: 15 }) => "earlier",
            Err(RefreshError::Replaced { no: 15 }) => "replaced",
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_list_replaces_the_current_one_by_origin_and_edition() {
        let mut inner = with_current(list(15, "2026-02-01"), "current");
        inner.note("seen");
        let candidates = [
            list(14, "2026-03-01"),
            list(15, "2026-01-01"),
            list(15, "2026-02-01"),
            list(15, "2026-03-01"),
            list(16, "2026-01-01"),
        ];
        let decisions = |origin: Origin, sha256: &str| {
            candidates.each_ref().map(|candidate| decision(&inner, candidate, sha256, &origin))
        };
        // The record describes the list that was downloaded last: it decides between lists of one edition.
        let recorded = Origin::Cache { record: Some(blob_record("other")) };
        assert_eq!(decisions(recorded, "other"), ["ignored", "ignored", "replaces", "replaces", "replaces"]);
        let unrecorded = Origin::Cache { record: None };
        assert_eq!(decisions(unrecorded, "other"), ["ignored", "ignored", "ignored", "replaces", "replaces"]);
        // A lower serial number is rejected by the record, which may be lost. Servers that disagree must not alternate.
        let new = decisions(from_network(), "other");
        assert_eq!(new, ["replaces", "earlier", "replaces", "replaces", "replaces"]);
        let again = decisions(from_network(), "seen");
        assert_eq!(again, ["replaces", "earlier", "replaced", "replaces", "replaces"]);
        // The operator may put an earlier file back.
        let file = || Origin::File { stamp: None, known_not_revoked: false };
        for sha256 in ["other", "seen"] {
            let file = decisions(file(), sha256);
            assert_eq!(file, ["replaces", "earlier", "replaces", "replaces", "replaces"], "{sha256}");
        }
        let own = decisions(Origin::Static { stamp: (SystemTime::UNIX_EPOCH, 0) }, "seen");
        assert_eq!(own, ["replaces"; 5]);
    }

    #[test]
    fn the_current_list_is_not_earlier_than_itself() {
        let current = || list(15, "2026-02-01");
        let inner = with_current(current(), "current");
        assert_eq!(decision(&inner, &current(), "current", &from_network()), "replaces");
    }

    #[test]
    fn any_list_replaces_none() {
        for origin in [Origin::Cache { record: None }, from_network()] {
            assert_eq!(decision(&Inner::default(), &list(1, "2020-01-01"), "first", &origin), "replaces");
        }
    }

    #[test]
    fn the_newest_hashes_are_remembered_once_each() {
        let mut inner = Inner::default();
        let hashes = |numbers: std::ops::Range<usize>| numbers.map(|number| number.to_string());
        for hash in hashes(0..MAX_SEEN).chain(hashes(0..MAX_SEEN)) {
            inner.note(&hash);
        }
        assert!(inner.seen.iter().cloned().eq(hashes(0..MAX_SEEN)), "{:?}", inner.seen);
        inner.note("one more");
        let newest = hashes(1..MAX_SEEN).chain(["one more".to_owned()]);
        assert!(inner.seen.iter().cloned().eq(newest), "{:?}", inner.seen);
    }

    #[test]
    fn a_confirmation_counts_for_its_list_and_if_it_is_later() {
        let second = |seconds: i64| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + seconds);
        let mut inner = with_current(list(15, "2026-02-01"), "current");
        let mut confirm = |sha256: &str, at: Timestamp| {
            inner.is_changed = false;
            inner.confirm(sha256, at);
            (inner.current.as_ref().and_then(|current| current.confirmed_at), inner.is_changed)
        };
        assert_eq!(confirm("other", NOW), (None, false));
        assert_eq!(confirm("current", NOW), (Some(NOW), true));
        assert_eq!(confirm("current", NOW), (Some(NOW), false), "nothing to publish");
        assert_eq!(confirm("current", second(-1)), (Some(NOW), false));
        assert_eq!(confirm("current", second(1)), (Some(second(1)), true));
    }
    /// The plan of a source with a current list that was last requested at [`NOW`] and is due a day later.
    fn plan(not_before: Option<i64>, second: i64, force: bool) -> (Option<i64>, SourceRecord) {
        let at = |second: i64| Timestamp::from_unix_seconds(NOW.as_unix_seconds().saturating_add(second));
        let state = State::new(None, Emitter { source: "fido".into(), sink: Arc::new(|_| {}) });
        let record = SourceRecord {
            no: Some(16),
            last_attempt: Some(NOW),
            not_before: not_before.map(at),
            ..SourceRecord::default()
        };
        *state.lock() = Inner { record, ..with_current(list(15, "2026-02-01"), "current") };
        let schedule = Schedule { jitter: std::time::Duration::ZERO, ..Schedule::default() };
        let wait = match state.plan(&schedule, at(second), force) {
            Plan::Wait { next } => Some(next.as_unix_seconds().saturating_sub(NOW.as_unix_seconds())),
            Plan::Request(Conditions { no: Some(15), etag: None, previous_no: Some(16) }) => None,
            Plan::Request(conditions) => panic!("{conditions:?}"),
        };
        (wait, state.sync().unwrap())
    }

    #[test]
    fn only_force_precedes_the_interval_and_not_retry_after() {
        const DAY: i64 = 86_400;
        for (not_before, second, force, expected) in [
            (None, DAY - 1, false, Some(DAY)),
            (None, DAY, false, None),
            (None, 1, true, None),
            // With `Retry-After`: a second before, and when it has passed.
            (Some(100), 99, true, Some(DAY)),
            (Some(100), 100, true, None),
            (Some(100), 100, false, Some(DAY)),
            (Some(2 * DAY), 2 * DAY - 1, false, Some(2 * DAY)),
            (Some(2 * DAY), 2 * DAY, false, None),
        ] {
            let (wait, _) = plan(not_before, second, force);
            assert_eq!(wait, expected, "{not_before:?} {second} {force}");
        }
    }

    #[test]
    fn an_attempt_is_recorded_before_the_request() {
        let (_, waited) = plan(None, 1, false);
        assert_eq!((waited.last_attempt, waited.failures), (Some(NOW), 0));
        let (_, requested) = plan(None, 1, true);
        let at = Timestamp::from_unix_seconds(NOW.as_unix_seconds() + 1);
        assert_eq!(
            (requested.last_attempt, requested.failures),
            (Some(at), 1),
            "a crash counts as a failure"
        );
    }
}
