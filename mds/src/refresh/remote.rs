//! Asking a source over the network.

use rp_core::Timestamp;

use super::{Edition, Event, Outcome, RefreshError, Refresher, Slot};
use crate::cache::{CacheLock, State, hash};
use crate::fetch::{Fetched, Request};
use crate::{Metadata, Verification};

impl Refresher {
    /// Asks a source if it is due.
    pub(super) async fn ask_remote(&self, slot: &Slot, now: Timestamp, force: bool) -> Outcome {
        // One process fetches for all that share the cache.
        let _lock = match self.lock() {
            Ok(Lock::Taken(lock)) => lock,
            Ok(Lock::Busy) => {
                return match self.load_cached(slot, now) {
                    Ok(true) => self.updated(now),
                    Ok(false) => Outcome::Busy,
                    Err(error) => Outcome::Failed(error),
                };
            }
            Err(error) => {
                // Without a lock, and perhaps without a cache, fetching is better than going without.
                self.not_cached(slot, &error);
                Lock::none()
            }
        };
        match self.load_cached(slot, now) {
            // Another process was faster.
            Ok(true) if !force => return self.updated(now),
            Ok(_) => {}
            Err(error) => self.not_cached(slot, &error),
        }
        let mut state = slot.held().state.clone();
        let next = self.schedule.next(&state, now);
        let wants_peace = state.not_before.is_some_and(|not_before| not_before > now);
        if now < next && (!force || wants_peace) {
            return Outcome::NotDue { next };
        }
        // Taken down beforehand, so that a program that dies of it, and is started again, does not ask each time.
        let failures = state.failures;
        state.last_attempt = Some(now);
        state.failures = failures.saturating_add(1);
        self.remember(slot, state.clone());
        match self.fetch(slot, &mut state, now).await {
            Ok(updated) => {
                state.failures = 0;
                state.last_success = Some(now);
                state.last_error = None;
                state.not_before = None;
                self.remember(slot, state);
                if updated { self.updated(now) } else { Outcome::NotModified }
            }
            Err(error) => {
                state.last_error = Some(error.to_string());
                if let RefreshError::Fetch(error) = &error {
                    state.not_before = error.not_before();
                }
                self.remember(slot, state);
                Outcome::Failed(error)
            }
        }
    }

    /// Fetches a BLOB, verifies it and holds it; whether it is another than the one that is held.
    async fn fetch(&self, slot: &Slot, state: &mut State, now: Timestamp) -> Result<bool, RefreshError> {
        // What is asked is whether there is something else than what is held, whatever the cache has.
        let (held, known) = {
            let held = slot.held();
            (held.metadata.clone(), held.edition.etag.clone())
        };
        let no = held.as_ref().and_then(|held| held.no());
        let Some((url, hosts)) = slot.config.address(no) else { return Ok(false) };
        let max_len = slot.config.longest();
        let request = Request { url, hosts, etag: known.as_deref(), no, max_len, now };
        let (blob, etag) = match self.client.fetch(&request).await? {
            Fetched::NotModified => return Ok(false),
            Fetched::Body { bytes, etag } => (bytes, etag),
        };
        let metadata = self.verify(slot, &blob, state, now).await?;
        if let Some(held) = &held
            && held.no() == metadata.no()
            && metadata.age() < held.age()
        {
            return Err(RefreshError::Earlier { no: metadata.no().unwrap_or(0) });
        }
        state.no = metadata.no();
        state.verified_at = Some(now);
        state.etag = etag.clone();
        self.keep_blob(slot, &blob, state);
        let edition = Edition { sha256: Some(hash(&blob)), etag };
        {
            let mut held = slot.held();
            if held.metadata.is_some() && held.edition.sha256 == edition.sha256 {
                held.edition = edition;
                return Ok(false);
            }
        }
        self.hold(slot, metadata, edition, false);
        Ok(true)
    }

    async fn verify(
        &self,
        slot: &Slot,
        blob: &[u8],
        state: &State,
        now: Timestamp,
    ) -> Result<Metadata, RefreshError> {
        let Some(signed) = slot.config.signed() else { return Err(crate::BlobError::NoCertificate.into()) };
        let how = Verification { previous_no: state.no, ..slot.config.verification(signed, now) };
        // Addresses of revocation lists are read from a path that was verified, and not before.
        let metadata = how.verify(blob)?;
        self.check_revocation(slot, signed, &how, blob, metadata).await
    }

    fn keep_blob(&self, slot: &Slot, blob: &[u8], state: &mut State) {
        let Some(cache) = &self.cache else { return };
        if let Err(error) = cache.store_blob(slot.config.name(), blob, state) {
            self.not_cached(slot, &error.into());
        }
    }

    fn updated(&self, now: Timestamp) -> Outcome {
        self.publish(now);
        Outcome::Updated
    }

    /// Remembers a state, in the cache if there is one.
    pub(super) fn remember(&self, slot: &Slot, state: State) {
        if let Some(cache) = &self.cache
            && let Err(error) = cache.store_state(slot.config.name(), &state)
        {
            self.not_cached(slot, &error.into());
        }
        slot.held().state = state;
    }

    /// What is remembered of a source.
    pub(super) fn state_of(&self, slot: &Slot) -> Result<State, RefreshError> {
        let in_memory = slot.held().state.clone();
        match &self.cache {
            Some(cache) if in_memory == State::default() => Ok(cache.state(slot.config.name())?),
            _ => Ok(in_memory),
        }
    }

    pub(super) fn not_cached(&self, slot: &Slot, error: &RefreshError) {
        let source = slot.config.name().into();
        self.tell(&Event::NotCached { source, error: error.to_string() });
    }

    fn lock(&self) -> Result<Lock, RefreshError> {
        let Some(cache) = &self.cache else { return Ok(Lock::Taken(None)) };
        Ok(cache.try_lock()?.map_or(Lock::Busy, |lock| Lock::Taken(Some(lock))))
    }
}

/// The right to fetch.
enum Lock {
    /// This process has it, or there is no cache to share.
    Taken(Option<CacheLock>),
    /// Another has it.
    Busy,
}

impl Lock {
    const fn none() -> Option<CacheLock> {
        None
    }
}
