//! What is read from this machine: the cache, and files.

use std::sync::Arc;
use std::time::SystemTime;
use std::{fs, mem};

use rp_core::Timestamp;
use rp_core::x509::PathError;

use super::revocation::{Lists, needs_revocation_check};
use super::source::Signed;
use super::{Edition, Outcome, RefreshError, Shared, Slot};
use crate::cache::{Cached, State, hash};
use crate::{BlobError, Metadata, Verification};

/// A list that was read from a file, and is not held yet.
struct Read {
    metadata: Metadata,
    sha256: String,
    /// Of the file, when it was read.
    seen: (SystemTime, u64),
    /// Of one that is signed, what is remembered of it from now on.
    state: Option<State>,
}

impl Shared {
    /// Reads what this machine has of a source, at the start.
    pub(super) fn load(&self, slot: &Slot, now: Timestamp) -> Result<(), RefreshError> {
        if slot.config.is_remote() {
            return self.load_cached(slot, now).map(drop);
        }
        let Some(mut read) = self.read_file(slot, now)? else { return Ok(()) };
        let seen = read.seen;
        // Nothing is fetched at the start: whose revocation is open is asked for when the file is read again.
        let open = read.needs_revocation_check(slot);
        if let Some(signed) = slot.config.signed().filter(|_| open) {
            let lists = self.kept_lists(slot, signed, &read.metadata, read.at(now));
            read = read.judged(slot, signed, &lists, now)?;
        }
        let open = read.needs_revocation_check(slot);
        self.hold_file(slot, read);
        slot.held().seen = (!open).then_some(seen);
        Ok(())
    }

    /// Takes from the cache what another process, or an earlier one, verified; whether there was anything new.
    ///
    /// The signer is judged at the time at which the BLOB was verified, so that it serves though the signer has expired
    /// since.
    pub(super) fn load_cached(&self, slot: &Slot, now: Timestamp) -> Result<bool, RefreshError> {
        let Some(cache) = &self.cache else { return Ok(false) };
        let state = cache.state(slot.config.name())?;
        let before = {
            let mut held = slot.held();
            let is_held = held.metadata.is_some() && held.edition.sha256 == state.sha256;
            held.state = state.clone().or_later(mem::take(&mut held.state));
            if is_held {
                return Ok(false);
            }
            held.metadata.clone()
        };
        let Some(signed) = slot.config.signed() else { return Ok(false) };
        let mut refused = None;
        let mut best: Option<(Metadata, Cached, Timestamp)> = None;
        for cached in cache.load(slot.config.name())? {
            if slot.held().has_seen(&cached.sha256) {
                continue;
            }
            let at = cached.verified_at.unwrap_or(now);
            match self.verify_cached(slot, signed, &cached, &state, at) {
                Ok(metadata) if best.as_ref().is_none_or(|(best, ..)| best.age() < metadata.age()) => {
                    best = Some((metadata, cached, at));
                }
                Ok(_) => {}
                Err(error) => {
                    if !may_pass_later(&error) {
                        slot.held().note(&cached.sha256);
                    }
                    refused = refused.or(Some(error));
                }
            }
        }
        let Some((metadata, cached, at)) = best else {
            return refused.map_or(Ok(false), |error| Err(error.into()));
        };
        // What could not be written to the cache is held still, and the cache has what is older. Of two of one age the
        // cache has the one that was fetched last.
        let is_named = state.sha256.as_ref() == Some(&cached.sha256);
        let is_older = |before: Arc<Metadata>| match is_named {
            true => metadata.age() < before.age(),
            false => metadata.age() <= before.age(),
        };
        if before.is_some_and(is_older) {
            slot.held().note(&cached.sha256);
            return Ok(false);
        }
        {
            let mut held = slot.held();
            held.state.no = held.state.no.max(metadata.no());
        }
        let etag = state.etag.filter(|_| is_named);
        let edition = Edition { sha256: Some(cached.sha256), etag, verified_at: Some(at) };
        self.hold(slot, metadata, edition, true);
        Ok(true)
    }

    /// Verifies a BLOB of the cache. What was known of its signer's revocation when it was verified is known still;
    /// where nothing was, lists that are kept are asked.
    fn verify_cached(
        &self,
        slot: &Slot,
        signed: &Signed,
        cached: &Cached,
        state: &State,
        at: Timestamp,
    ) -> Result<Metadata, BlobError> {
        let metadata = slot.config.verification(signed, at).verify(&cached.blob)?;
        let was_known = cached.verified_at.is_some() && state.known_not_revoked;
        if was_known || !needs_revocation_check(signed, &metadata) {
            return Ok(metadata);
        }
        let lists = self.kept_lists(slot, signed, &metadata, at);
        lists.judge(slot, signed, metadata, at)
    }

    /// Reads a file that has changed.
    pub(super) async fn ask_local(self: &Arc<Self>, slot: &Arc<Slot>, now: Timestamp) -> Outcome {
        match self.read_local(slot, now).await {
            Ok(true) => Outcome::Updated,
            Ok(false) => Outcome::NotModified,
            Err(error) => Outcome::Failed(error),
        }
    }

    async fn read_local(self: &Arc<Self>, slot: &Arc<Slot>, now: Timestamp) -> Result<bool, RefreshError> {
        let read = self.apart(slot, move |shared, slot| shared.read_file(slot, now)).await?;
        let Some(mut read) = read else { return Ok(false) };
        if let Some(signed) = slot.config.signed().filter(|_| read.needs_revocation_check(slot)) {
            let at = read.at(now);
            let lists = self.lists(slot, signed, &read.metadata, at).await;
            read = read.judged(slot, signed, &lists, now)?;
            self.tell_unknown(slot, signed, &read.metadata, &lists);
        }
        self.apart(slot, move |shared, slot| {
            let seen = read.seen;
            let is_new = shared.hold_file(slot, read);
            slot.held().seen = Some(seen);
            if is_new {
                shared.publish(now);
            }
            Ok(is_new)
        })
        .await
    }

    /// Reads a file, if it is another than it was.
    fn read_file(&self, slot: &Slot, now: Timestamp) -> Result<Option<Read>, RefreshError> {
        let Some(path) = slot.config.path() else { return Ok(None) };
        let failed = |error| RefreshError::File { path: path.into(), error };
        let about = fs::metadata(path).map_err(failed)?;
        let seen = (about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len());
        if slot.held().seen == Some(seen) {
            return Ok(None);
        }
        let longest = slot.config.longest();
        if usize::try_from(about.len()).map_or(true, |len| len > longest) {
            let len = usize::try_from(about.len()).unwrap_or(usize::MAX);
            return Err(BlobError::TooLong { len, max: longest }.into());
        }
        let bytes = fs::read(path).map_err(failed)?;
        let sha256 = hash(&bytes);
        let Some(signed) = slot.config.signed() else {
            let metadata = Metadata::from_own_entries(&bytes, slot.config.kept())?;
            return Ok(Some(Read { metadata, sha256, seen, state: None }));
        };
        let state = self.state_of(slot);
        // The same bytes were verified before: their signer is judged at that time, and what was known of it is known.
        let is_same = state.sha256.as_ref() == Some(&sha256);
        let at = state.verified_at.filter(|_| is_same).unwrap_or(now);
        let how = Verification { previous_no: state.no, ..slot.config.verification(signed, at) };
        let metadata = how.verify(&bytes)?;
        if let Some(held) = &slot.held().metadata
            && held.no() == metadata.no()
            && metadata.age() < held.age()
        {
            return Err(RefreshError::Earlier { no: metadata.no().unwrap_or(0) });
        }
        let state = State {
            no: metadata.no(),
            sha256: Some(sha256.clone()),
            verified_at: Some(at),
            known_not_revoked: is_same && state.known_not_revoked,
            ..state
        };
        Ok(Some(Read { metadata, sha256, seen, state: Some(state) }))
    }

    /// Holds what was read; whether it is another list.
    fn hold_file(&self, slot: &Slot, read: Read) -> bool {
        let Read { metadata, sha256, state, .. } = read;
        let verified_at = state.as_ref().and_then(|state| state.verified_at);
        if let Some(mut state) = state {
            state.known_not_revoked |= metadata.signer().is_some_and(crate::Signer::is_known_not_revoked);
            self.remember(slot, state);
        }
        {
            let mut held = slot.held();
            if held.metadata.is_some() && held.edition.sha256.as_ref() == Some(&sha256) {
                held.metadata = Some(Arc::new(metadata));
                return false;
            }
        }
        self.hold(slot, metadata, Edition { sha256: Some(sha256), etag: None, verified_at }, false);
        true
    }
}

impl Read {
    /// When the signer is judged.
    fn at(&self, now: Timestamp) -> Timestamp {
        self.state.as_ref().and_then(|state| state.verified_at).unwrap_or(now)
    }

    /// Whether it is still to be learnt that the signer is not revoked.
    fn needs_revocation_check(&self, slot: &Slot) -> bool {
        let was_known = self.state.as_ref().is_none_or(|state| state.known_not_revoked);
        !was_known
            && slot.config.signed().is_some_and(|signed| needs_revocation_check(signed, &self.metadata))
    }

    fn judged(
        self,
        slot: &Slot,
        signed: &Signed,
        lists: &Lists,
        now: Timestamp,
    ) -> Result<Self, RefreshError> {
        let at = self.at(now);
        let metadata = lists.judge(slot, signed, self.metadata, at)?;
        Ok(Self { metadata, ..self })
    }
}

/// Whether a BLOB that is refused now may pass by another clock, or with lists that are fetched later.
const fn may_pass_later(error: &BlobError) -> bool {
    matches!(
        error,
        BlobError::Path { source: PathError::NotYetValid { .. } | PathError::RevocationUnknown { .. } }
    )
}
