//! Ceremonies in a cookie of the browser: sealed, so that no node stores them.

use std::collections::{BTreeSet, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use rp_core::{Timestamp, base64url};

use super::{CeremonyKey, DynReplayCache, SWEEP_LIMIT, StoreError, TakeCeremony};
use crate::seal::KeyRing;

/// The ceremonies that were completed, so that a sealed one is completed once.
///
/// Every node must use the same cache. The stores of this crate implement it.
pub trait ReplayCache: Send + Sync {
    /// Records that a ceremony was used. Returns `false` if that is recorded already. This is atomic: of any number of
    /// parallel calls, on however many nodes, one returns `true`, and only after the record is durable. It is kept until
    /// `expires_at`, when the ceremony expires.
    ///
    /// # Errors
    /// [`StoreError`]; the ceremony must not be used then.
    fn record_use(
        &self,
        key: CeremonyKey,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Deletes records of ceremonies that had expired before `before`, at most [`SWEEP_LIMIT`], and returns the number.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sweep_uses(&self, before: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Whether all nodes share the records, and a restart keeps them. If not, the service warns when it is built.
    fn is_shared(&self) -> bool {
        true
    }
}

/// The completed ceremonies in this process's memory, for a single process.
///
/// With several nodes it does not protect: a response that one node accepted is accepted once more by each other node, and
/// again after a restart, until its ceremony expires. The service logs a warning when it is built with this cache.
#[derive(Debug, Default)]
pub struct MemoryReplayCache {
    uses: Mutex<Uses>,
}

#[derive(Debug, Default)]
struct Uses {
    keys: HashSet<[u8; 32]>,
    /// The same ceremonies, the next to expire first.
    by_end: BTreeSet<(Timestamp, [u8; 32])>,
}

impl MemoryReplayCache {
    /// The maximum number of records, about 20 megabytes. A ceremony that would exceed it is not completed: forgetting a
    /// record would let a response be accepted again.
    pub const MAX_RECORDS: usize = 131_072;

    /// A cache without records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl ReplayCache for MemoryReplayCache {
    async fn record_use(&self, key: CeremonyKey, expires_at: Timestamp) -> Result<bool, StoreError> {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if uses.keys.contains(&key.0) {
            return Ok(false);
        }
        if uses.keys.len() >= Self::MAX_RECORDS {
            return Err(StoreError::unavailable("the replay cache is full"));
        }
        uses.keys.insert(key.0);
        uses.by_end.insert((expires_at, key.0));
        Ok(true)
    }

    async fn sweep_uses(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        let mut swept = 0;
        while swept < u64::from(SWEEP_LIMIT)
            && let Some(&(end, key)) = uses.by_end.first()
            && end < before
        {
            uses.by_end.remove(&(end, key));
            uses.keys.remove(&key);
            swept = swept.saturating_add(1);
        }
        Ok(swept)
    }

    fn is_shared(&self) -> bool {
        false
    }
}

impl<C: ReplayCache> ReplayCache for Arc<C> {
    async fn record_use(&self, key: CeremonyKey, expires_at: Timestamp) -> Result<bool, StoreError> {
        C::record_use(self, key, expires_at).await
    }

    async fn sweep_uses(&self, before: Timestamp) -> Result<u64, StoreError> {
        C::sweep_uses(self, before).await
    }

    fn is_shared(&self) -> bool {
        C::is_shared(self)
    }
}

/// The maximum length of a sealed ceremony: browsers keep cookies of 4,096 bytes with name and attributes, and a request
/// may carry several.
pub(crate) const MAX_HANDLE_BYTES: usize = 2048;

/// Seals and opens ceremonies.
pub(crate) struct SealedCeremonies {
    keys: KeyRing,
    pub(crate) cache: Arc<dyn DynReplayCache>,
}

impl SealedCeremonies {
    pub(crate) fn new(keys: KeyRing, cache: impl ReplayCache + 'static) -> Self {
        Self { keys, cache: Arc::new(cache) }
    }

    /// The ceremony as the browser keeps it. Only a response with the same key opens it.
    pub(crate) fn seal(
        &self,
        key: CeremonyKey,
        state: &[u8],
        expires_at: Timestamp,
    ) -> Result<String, StoreError> {
        // The end of the ceremony (8 bytes, big-endian) and the state
        let plaintext = [&expires_at.as_unix_seconds().to_be_bytes(), state].concat();
        let sealed = self.keys.seal(PURPOSE, &[&key.0], &plaintext).map_err(StoreError::unavailable)?;
        let handle = base64url::encode(&sealed);
        match handle.len() {
            0..=MAX_HANDLE_BYTES => Ok(handle),
            got => Err(StoreError::TooLong { got, max: MAX_HANDLE_BYTES }),
        }
    }

    /// Opens the one of these ceremonies that has this key, and records its use.
    pub(crate) async fn take(
        &self,
        key: CeremonyKey,
        handles: &[String],
        now: Timestamp,
    ) -> Result<TakeCeremony, StoreError> {
        let open = |handle: &String| {
            let sealed = base64url::decode(handle).ok()?;
            self.keys.open(PURPOSE, &[&key.0], &sealed).ok()
        };
        let Some(opened) = handles.iter().find_map(open) else { return Ok(TakeCeremony::Missing) };
        let unreadable = StoreError::Unreadable { what: "ceremony" };
        let Some((end, state)) = opened.plaintext.split_first_chunk() else { return Err(unreadable) };
        let expires_at = Timestamp::from_unix_seconds(i64::from_be_bytes(*end));
        if now > expires_at {
            return Ok(TakeCeremony::Expired);
        }
        Ok(match self.cache.record_use(key, expires_at).await? {
            true => TakeCeremony::Found(state.to_vec()),
            false => TakeCeremony::Missing,
        })
    }
}

/// The purpose of sealed values, for [`KeyRing::seal`].
const PURPOSE: &str = "ceremony";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rp_core::Timestamp;

    use super::{MAX_HANDLE_BYTES, MemoryReplayCache, ReplayCache, SealedCeremonies};
    use crate::seal::KeyRing;
    use crate::secret::Secret;
    use crate::store::{CeremonyKey, TakeCeremony};

    const KEY: CeremonyKey = CeremonyKey([1; 32]);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    fn node(seeds: &[u8], cache: &Arc<MemoryReplayCache>) -> SealedCeremonies {
        let keys = KeyRing::new(seeds.iter().map(|seed| Secret::from([*seed; 32]))).unwrap();
        SealedCeremonies::new(keys, Arc::clone(cache))
    }

    #[tokio::test]
    async fn of_two_nodes_with_one_cache_one_accepts() {
        let cache = Arc::default();
        let (one, two) = (node(&[1], &cache), node(&[1], &cache));
        let handles = [one.seal(KEY, b"state", at(9)).unwrap()];
        assert_eq!(two.take(KEY, &handles, at(9)).await.unwrap(), TakeCeremony::Found(b"state".to_vec()));
        assert_eq!(one.take(KEY, &handles, at(9)).await.unwrap(), TakeCeremony::Missing);
    }

    #[tokio::test]
    async fn every_key_of_the_ring_opens_and_the_first_seals() {
        let cache = Arc::default();
        let (old, both, new) = (node(&[1], &cache), node(&[2, 1], &cache), node(&[2], &cache));
        let by_old = [old.seal(KEY, b"state", at(9)).unwrap()];
        let by_both = [both.seal(KEY, b"state", at(9)).unwrap()];
        assert_eq!(new.take(KEY, &by_old, at(1)).await.unwrap(), TakeCeremony::Missing);
        assert_eq!(old.take(KEY, &by_both, at(1)).await.unwrap(), TakeCeremony::Missing);
        assert_eq!(both.take(KEY, &by_old, at(1)).await.unwrap(), TakeCeremony::Found(b"state".to_vec()));
    }

    #[tokio::test]
    async fn a_ceremony_opens_with_its_own_key_until_it_expires() {
        let node = node(&[1], &Arc::default());
        let handles = [node.seal(KEY, b"state", at(9)).unwrap(), "AAAA".to_owned(), "!".to_owned()];
        let other = CeremonyKey([2; 32]);
        assert_eq!(node.take(other, &handles, at(1)).await.unwrap(), TakeCeremony::Missing);
        assert_eq!(node.take(KEY, &handles, at(10)).await.unwrap(), TakeCeremony::Expired);
        assert_eq!(node.take(KEY, &[], at(1)).await.unwrap(), TakeCeremony::Missing);
        assert_eq!(node.take(KEY, &handles, at(9)).await.unwrap(), TakeCeremony::Found(b"state".to_vec()));
    }

    #[test]
    fn a_sealed_ceremony_fits_into_a_cookie() {
        let node = node(&[1], &Arc::default());
        // Version, key ID, nonce, tag and end take 53 bytes; base64url makes 4 characters of 3 bytes
        assert_eq!(node.seal(KEY, &[0; 1483], at(9)).unwrap().len(), MAX_HANDLE_BYTES);
        let error = node.seal(KEY, &[0; 1484], at(9)).unwrap_err();
        assert_eq!(error.to_string(), "a state of 2050 bytes; the maximum is 2048");
    }

    #[tokio::test]
    async fn a_full_cache_in_memory_forgets_nothing() {
        let cache = MemoryReplayCache::new();
        let key = |at: usize| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&at.to_be_bytes());
            CeremonyKey(key)
        };
        for number in 0..MemoryReplayCache::MAX_RECORDS {
            assert!(cache.record_use(key(number), at(9)).await.unwrap());
        }
        assert!(cache.record_use(key(MemoryReplayCache::MAX_RECORDS), at(9)).await.is_err());
        assert!(!cache.record_use(key(0), at(9)).await.unwrap());
        assert_eq!(cache.sweep_uses(at(10)).await.unwrap(), 256);
        assert!(cache.record_use(key(MemoryReplayCache::MAX_RECORDS), at(9)).await.unwrap());
    }
}
