//! Asking a source over the network.

use std::sync::Arc;

use rp_core::Timestamp;

use super::revocation::needs_revocation_check;
use super::{Edition, Event, Outcome, RefreshError, Shared, Slot, describe};
use crate::cache::{CacheLock, State, hash};
use crate::fetch::{Fetched, Request};
use crate::{BlobError, Metadata, Signer, Verification};

/// What came over the network and was verified.
struct Arrived {
    metadata: Metadata,
    blob: Vec<u8>,
    etag: Option<String>,
}

/// A source that is to be asked.
struct Begun {
    /// Held until there is an answer.
    _lock: Lock,
    state: State,
    /// Whether the cache had another list.
    is_new: bool,
}

/// The right to fetch, which one process has for all that share the cache.
enum Lock {
    Taken(#[expect(dead_code, reason = "held until it is dropped")] CacheLock),
    /// There is no cache to share, or none that can be locked: fetching is better than going without.
    Unshared,
    /// Another process has it.
    Busy,
}

impl Shared {
    /// Asks a source if it is due.
    pub(super) async fn ask_remote(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        now: Timestamp,
        force: bool,
    ) -> Outcome {
        let begun = self.apart(slot, move |shared, slot| shared.begin(slot, now, force)).await;
        let Begun { _lock, mut state, is_new } = match begun {
            Ok(begun) => begun,
            Err(outcome) => return outcome,
        };
        let fetched = self.fetch(slot, &mut state, now).await;
        self.apart(slot, move |shared, slot| {
            let taken = match fetched {
                Ok(Some(arrived)) => shared.take(slot, arrived, &mut state, now),
                Ok(None) => Ok(false),
                Err(error) => Err(error),
            };
            match &taken {
                Ok(_) => {
                    state.failures = 0;
                    state.last_success = Some(now);
                    state.last_error = None;
                }
                Err(error) => {
                    state.last_error = Some(describe(error));
                    if let RefreshError::Fetch(error) = error {
                        state.not_before = error.not_before();
                    }
                }
            }
            shared.remember(slot, state);
            match taken {
                Ok(true) => {
                    shared.publish(now);
                    Outcome::Updated
                }
                Ok(false) if is_new => Outcome::Updated,
                Ok(false) => Outcome::NotModified,
                Err(error) => Outcome::Failed(error),
            }
        })
        .await
    }

    /// Looks whether there is anything to ask; an outcome where there is not.
    fn begin(&self, slot: &Slot, now: Timestamp, force: bool) -> Result<Begun, Outcome> {
        let lock = self.lock(slot);
        let is_new = match self.load_cached(slot, now) {
            Ok(is_new) => is_new,
            Err(error) if matches!(lock, Lock::Busy) => return Err(Outcome::Failed(error)),
            Err(error @ RefreshError::Cache(_)) => {
                self.not_cached(slot, &error);
                false
            }
            Err(error) => {
                let source = slot.config.name().into();
                self.tell(&Event::Failed { source, error: describe(&error), next: None });
                false
            }
        };
        if is_new {
            self.publish(now);
        }
        match lock {
            Lock::Busy if is_new => return Err(Outcome::Updated),
            Lock::Busy => return Err(Outcome::Busy),
            // Another process was faster.
            _ if is_new && !force => return Err(Outcome::Updated),
            _ => {}
        }
        let mut state = slot.held().state.clone();
        let next = self.due(slot, now);
        let retry_after_pending = state.not_before.is_some_and(|not_before| not_before > now);
        if now < next && (!force || retry_after_pending) {
            return Err(if is_new { Outcome::Updated } else { Outcome::NotDue { next } });
        }
        // Taken down beforehand, so that a program that dies of it, and is started again, does not ask each time.
        state.last_attempt = Some(now);
        state.failures = state.failures.saturating_add(1);
        self.remember(slot, state.clone());
        Ok(Begun { _lock: lock, state, is_new })
    }

    /// Fetches a BLOB and verifies it; nothing where what is held is what there is.
    async fn fetch(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        state: &mut State,
        now: Timestamp,
    ) -> Result<Option<Arrived>, RefreshError> {
        // What is asked is whether there is something else than what is held, whatever the cache has.
        let (no, known) = {
            let held = slot.held();
            (held.metadata.as_ref().and_then(|held| held.no()), held.edition.etag.clone())
        };
        let Some((url, hosts)) = slot.config.address(no) else { return Ok(None) };
        let Some(signed) = slot.config.signed() else { return Err(BlobError::NoCertificate.into()) };
        let max_len = slot.config.longest();
        let request = Request { url, hosts, etag: known.as_deref(), no, max_len, now };
        let (blob, etag) = match self.client.fetch(&request).await? {
            Fetched::NotModified { not_before } => {
                state.not_before = not_before;
                return Ok(None);
            }
            Fetched::Body { bytes, etag } => (bytes, etag),
        };
        state.not_before = None;
        let previous_no = state.no;
        // Addresses of revocation lists are read from a path that was verified, and not before.
        let verify = move |_: &Self, slot: &Slot| {
            let Some(signed) = slot.config.signed() else { return Err(BlobError::NoCertificate) };
            let how = Verification { previous_no, ..slot.config.verification(signed, now) };
            how.verify(&blob).map(|metadata| (metadata, blob))
        };
        let (mut metadata, blob) = self.apart(slot, verify).await?;
        if needs_revocation_check(signed, &metadata) {
            let lists = self.lists(slot, signed, &metadata, now).await;
            metadata = lists.judge(slot, signed, metadata, now)?;
            self.tell_unknown(slot, signed, &metadata, &lists);
        }
        Ok(Some(Arrived { metadata, blob, etag }))
    }

    /// Keeps what arrived and holds it; whether it is another list than the one that is held.
    fn take(
        &self,
        slot: &Slot,
        arrived: Arrived,
        state: &mut State,
        now: Timestamp,
    ) -> Result<bool, RefreshError> {
        let Arrived { metadata, blob, etag } = arrived;
        let sha256 = hash(&blob);
        check_supersedes(slot, &metadata, &sha256)?;
        state.no = metadata.no();
        // The state tells of a BLOB that is kept, or of the one before, and of no other.
        let mut kept = State {
            sha256: Some(sha256.clone()),
            verified_at: Some(now),
            known_not_revoked: metadata.signer().is_some_and(Signer::is_known_not_revoked),
            etag: etag.clone(),
            ..state.clone()
        };
        let stored = match &self.cache {
            Some(cache) => cache.store_blob(slot.config.name(), &blob, &mut kept),
            None => Ok(()),
        };
        match stored {
            Ok(()) => *state = kept,
            Err(error) => self.not_cached(slot, &error.into()),
        }
        let edition = Edition { sha256: Some(sha256), etag, verified_at: Some(now) };
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

    /// When a source is due.
    pub(super) fn due(&self, slot: &Slot, now: Timestamp) -> Timestamp {
        let held = slot.held();
        match held.metadata {
            Some(_) => self.schedule.next(&held.state, now),
            None => self.schedule.next_of_nothing(&held.state, now),
        }
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

    /// What is remembered of a source; nothing, where the cache cannot be read.
    pub(super) fn state_of(&self, slot: &Slot) -> State {
        let in_memory = slot.held().state.clone();
        let Some(cache) = self.cache.as_ref().filter(|_| in_memory == State::default()) else {
            return in_memory;
        };
        cache.state(slot.config.name()).unwrap_or_else(|error| {
            self.not_cached(slot, &error.into());
            in_memory
        })
    }

    pub(super) fn not_cached(&self, slot: &Slot, error: &RefreshError) {
        let source = slot.config.name().into();
        self.tell(&Event::NotCached { source, error: describe(error) });
    }

    fn lock(&self, slot: &Slot) -> Lock {
        let Some(cache) = &self.cache else { return Lock::Unshared };
        match cache.try_lock() {
            Ok(Some(lock)) => Lock::Taken(lock),
            Ok(None) => Lock::Busy,
            Err(error) => {
                self.not_cached(slot, &error.into());
                Lock::Unshared
            }
        }
    }
}

/// Whether a list may take the place of the one that is held: of one serial number, only a list that is no older, and
/// none that another has replaced before.
fn check_supersedes(slot: &Slot, metadata: &Metadata, sha256: &str) -> Result<(), RefreshError> {
    let held = slot.held();
    let Some(before) = &held.metadata else { return Ok(()) };
    let no = metadata.no().unwrap_or(0);
    if before.no() != metadata.no() || held.edition.sha256.as_deref() == Some(sha256) {
        return Ok(());
    }
    if metadata.age() < before.age() {
        return Err(RefreshError::Earlier { no });
    }
    if metadata.age() == before.age() && held.has_seen(sha256) {
        return Err(RefreshError::Replaced { no });
    }
    Ok(())
}
