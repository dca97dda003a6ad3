//! A bounded map of recently used values. It only saves work: each value is a function of its key.

use core::borrow::Borrow;
use core::fmt;
use core::hash::Hash;
#[cfg(not(feature = "std"))]
use core::marker::PhantomData;
#[cfg(feature = "std")]
use std::collections::HashMap;
#[cfg(feature = "std")]
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A map that forgets what was not used for a while. Without the feature `std`, which has locks, it is always empty.
///
/// Entries are in two generations. When the young one has reached half of the capacity, it becomes the old one, and the
/// entries of the previous old one are dropped; an old entry that is used becomes young again.
pub(crate) struct Cache<K, V> {
    /// Half of the capacity.
    generation: usize,
    #[cfg(feature = "std")]
    entries: Mutex<Entries<K, V>>,
    #[cfg(not(feature = "std"))]
    entries: PhantomData<fn() -> (K, V)>,
}

#[cfg(feature = "std")]
struct Entries<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// A cache of at most this many entries, rounded up to an even number; with 0 it is always empty.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            generation: capacity.div_ceil(2),
            #[cfg(feature = "std")]
            entries: Mutex::new(Entries { young: HashMap::new(), old: HashMap::new() }),
            #[cfg(not(feature = "std"))]
            entries: PhantomData,
        }
    }

    /// Whether nothing is ever kept.
    pub(crate) fn is_off(&self) -> bool {
        cfg!(not(feature = "std")) || self.generation == 0
    }

    /// The value of this key, if it is kept.
    #[cfg_attr(not(feature = "std"), expect(unused_variables, reason = "always empty"))]
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        #[cfg(feature = "std")]
        if !self.is_off() {
            let mut entries = self.lock();
            if let Some(value) = entries.young.get(key) {
                return Some(value.clone());
            }
            let (key, value) = entries.old.remove_entry(key)?;
            entries.insert(key, value.clone(), self.generation);
            return Some(value);
        }
        None
    }

    /// Keeps a value.
    #[cfg_attr(not(feature = "std"), expect(unused_variables, reason = "always empty"))]
    pub(crate) fn insert(&self, key: K, value: V) {
        #[cfg(feature = "std")]
        if !self.is_off() {
            self.lock().insert(key, value, self.generation);
        }
    }

    /// No entry is left incomplete by a thread that panics, so that the entries stay usable.
    #[cfg(feature = "std")]
    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "std")]
impl<K: Eq + Hash, V> Entries<K, V> {
    fn insert(&mut self, key: K, value: V, generation: usize) {
        if self.young.len() >= generation && !self.young.contains_key(&key) {
            self.old = core::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }
}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("generation", &self.generation).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::*;

    fn kept(cache: &Cache<u32, u32>, keys: core::ops::Range<u32>) -> usize {
        let entries = cache.lock();
        keys.filter(|key| entries.young.contains_key(key) || entries.old.contains_key(key)).count()
    }

    #[test]
    fn a_cache_never_has_more_than_its_capacity() {
        for capacity in [1_u32, 2, 3, 8] {
            let cache = Cache::new(usize::try_from(capacity).unwrap());
            for key in 0..100 {
                cache.insert(key, key);
                cache.insert(key, key);
                assert_eq!(cache.get(&key), Some(key), "the newest entry is there");
                let entries = kept(&cache, 0..100);
                assert!(entries <= usize::try_from(capacity.next_multiple_of(2)).unwrap(), "{entries}");
            }
        }
    }

    #[test]
    fn a_used_entry_stays_and_an_unused_one_is_dropped() {
        let cache = Cache::new(8);
        cache.insert(1_000, 7);
        cache.insert(1_001, 7);
        for key in 0..100 {
            cache.insert(key, key);
            assert_eq!(cache.get(&1_000), Some(7), "{key}");
        }
        assert_eq!(cache.get(&1_001), None);
    }

    #[test]
    fn a_cache_without_capacity_is_off() {
        let cache = Cache::new(0);
        cache.insert(1, 1);
        assert!(cache.is_off() && cache.get(&1).is_none());
    }
}
