//! The sessions that could not be ended at once.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::session::SessionKey;

/// Sessions that were ended while the store failed: this process rejects their tokens, and deletes the rows as soon as the
/// store works. A restart before that revives them until they expire.
#[derive(Debug, Default)]
pub(super) struct RevokedSessions(Mutex<HashSet<SessionKey>>);

impl RevokedSessions {
    /// About ten megabytes.
    const MAX: usize = 65_536;

    fn lock(&self) -> MutexGuard<'_, HashSet<SessionKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a session. Returns `false` if the list is full.
    pub(super) fn insert(&self, key: SessionKey) -> bool {
        let mut keys = self.lock();
        keys.len() < Self::MAX && {
            keys.insert(key);
            true
        }
    }

    pub(super) fn contains(&self, key: &SessionKey) -> bool {
        self.lock().contains(key)
    }

    pub(super) fn all(&self) -> Vec<SessionKey> {
        self.lock().iter().copied().collect()
    }

    pub(super) fn remove(&self, key: &SessionKey) {
        self.lock().remove(key);
    }
}
