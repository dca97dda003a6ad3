//! What is read from this machine: the cache, and files.

use std::time::SystemTime;
use std::{fs, mem};

use rp_core::Timestamp;

use super::{Edition, Outcome, RefreshError, Refresher, Slot};
use crate::cache::{Cached, hash};
use crate::{Metadata, Verification};

impl Refresher {
    /// Reads what this machine has of a source, at the start.
    pub(super) fn load(&self, slot: &Slot, now: Timestamp) -> Result<(), RefreshError> {
        if slot.config.is_remote() {
            self.load_cached(slot, now).map(drop)
        } else {
            self.read_file(slot, now).map(drop)
        }
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
            let at = cached.verified_at.unwrap_or(now);
            match slot.config.verification(signed, at).verify(&cached.blob) {
                Ok(metadata) if best.as_ref().is_none_or(|(best, ..)| best.age() < metadata.age()) => {
                    best = Some((metadata, cached, at));
                }
                Ok(_) => {}
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        let Some((metadata, cached, at)) = best else {
            return refused.map_or(Ok(false), |error| Err(error.into()));
        };
        // What could not be written to the cache is held still, and the cache has what is older.
        if before.is_some_and(|before| metadata.age() <= before.age()) {
            return Ok(false);
        }
        {
            let mut held = slot.held();
            held.state.no = held.state.no.max(metadata.no());
            held.state.verified_at = held.state.verified_at.or(Some(at));
        }
        let etag = state.etag.filter(|_| state.sha256.as_ref() == Some(&cached.sha256));
        self.hold(slot, metadata, Edition { sha256: Some(cached.sha256), etag }, true);
        Ok(true)
    }

    /// Reads a file that has changed.
    pub(super) fn ask_local(&self, slot: &Slot, now: Timestamp) -> Outcome {
        match self.read_file(slot, now) {
            Ok(true) => {
                self.publish(now);
                Outcome::Updated
            }
            Ok(false) => Outcome::NotModified,
            Err(error) => Outcome::Failed(error),
        }
    }

    /// Whether there was anything new.
    fn read_file(&self, slot: &Slot, now: Timestamp) -> Result<bool, RefreshError> {
        let Some(path) = slot.config.path() else { return Ok(false) };
        let failed = |error| RefreshError::File { path: path.into(), error };
        let about = fs::metadata(path).map_err(failed)?;
        let seen = (about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len());
        if slot.held().seen == Some(seen) {
            return Ok(false);
        }
        let longest = slot.config.longest();
        if usize::try_from(about.len()).map_or(true, |len| len > longest) {
            let len = usize::try_from(about.len()).unwrap_or(usize::MAX);
            return Err(crate::BlobError::TooLong { len, max: longest }.into());
        }
        let bytes = fs::read(path).map_err(failed)?;
        let hash = hash(&bytes);
        let metadata = match slot.config.signed() {
            None => Metadata::from_own_entries(&bytes, slot.config.kept())?,
            Some(signed) => {
                let mut state = self.state_of(slot)?;
                // The same bytes were verified before: their signer is judged at that time.
                let before = state.verified_at.filter(|_| state.sha256.as_ref() == Some(&hash));
                let how = Verification {
                    previous_no: state.no,
                    ..slot.config.verification(signed, before.unwrap_or(now))
                };
                let metadata = how.verify(&bytes)?;
                state.no = metadata.no();
                state.sha256 = Some(hash.clone());
                state.verified_at = before.or(Some(now));
                self.remember(slot, state);
                metadata
            }
        };
        slot.held().seen = Some(seen);
        self.hold(slot, metadata, Edition { sha256: Some(hash), etag: None }, false);
        Ok(true)
    }
}
