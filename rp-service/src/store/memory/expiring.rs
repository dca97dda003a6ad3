use std::collections::{BTreeSet, HashMap};

use rp_core::Timestamp;

use crate::store::SWEEP_LIMIT;

type Key = [u8; 32];

/// Byte strings that expire, bounded by `MemoryStore::MAX_CEREMONY_BYTES`.
pub(super) struct Expiring {
    entries: HashMap<Key, (Vec<u8>, Timestamp)>,
    /// The same entries, the next to expire first.
    by_end: BTreeSet<(Timestamp, Key)>,
    bytes: usize,
    budget: usize,
}

/// About what an entry takes in addition to its bytes: key and end, twice, and the overhead of the maps.
const OVERHEAD_BYTES: usize = 200;

impl Default for Expiring {
    fn default() -> Self {
        Self::with_budget(MAX_BYTES)
    }
}

impl Expiring {
    fn with_budget(budget: usize) -> Self {
        Self { entries: HashMap::new(), by_end: BTreeSet::new(), bytes: 0, budget }
    }

    /// Inserts or replaces an entry, then drops those that expire first until the rest is within the budget.
    pub(super) fn insert(&mut self, key: Key, data: Vec<u8>, end: Timestamp) {
        self.remove(&key);
        self.bytes = self.bytes.saturating_add(cost(&data));
        self.entries.insert(key, (data, end));
        self.by_end.insert((end, key));
        while self.bytes > self.budget
            && let Some(&(_, first)) = self.by_end.first()
        {
            self.remove(&first);
        }
    }

    /// Removes an entry, expired or not.
    pub(super) fn remove(&mut self, key: &Key) -> Option<(Vec<u8>, Timestamp)> {
        let (data, end) = self.entries.remove(key)?;
        self.by_end.remove(&(end, *key));
        self.bytes = self.bytes.saturating_sub(cost(&data));
        Some((data, end))
    }

    /// Drops entries that expired before a time, at most [`SWEEP_LIMIT`], and returns the number.
    pub(super) fn sweep(&mut self, before: Timestamp) -> u64 {
        let mut dropped = 0;
        while dropped < u64::from(SWEEP_LIMIT)
            && let Some(&(end, key)) = self.by_end.first()
            && end < before
        {
            self.remove(&key);
            dropped = dropped.saturating_add(1);
        }
        dropped
    }
}

fn cost(data: &[u8]) -> usize {
    data.len().saturating_add(OVERHEAD_BYTES)
}

/// `MemoryStore::MAX_CEREMONY_BYTES`.
pub(super) const MAX_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(0);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn above_the_budget_the_next_to_expire_are_dropped() {
        let mut entries = Expiring::with_budget(2 * (OVERHEAD_BYTES + 100));
        entries.insert([1; 32], vec![1; 100], at(30));
        entries.insert([2; 32], vec![2; 100], at(10));
        entries.insert([3; 32], vec![3; 100], at(20));
        let is_there = [1, 2, 3].map(|byte| entries.entries.contains_key(&[byte; 32]));
        assert_eq!(is_there, [true, false, true]);
    }

    #[test]
    fn bytes_of_removed_and_replaced_entries_are_free_again() {
        let mut entries = Expiring::default();
        entries.insert([1; 32], vec![1; 100], at(30));
        entries.insert([1; 32], vec![1; 7], at(40));
        assert_eq!((entries.bytes, entries.by_end.len()), (OVERHEAD_BYTES + 7, 1));
        entries.insert([2; 32], vec![], at(-1));
        assert_eq!(entries.sweep(NOW), 1);
        assert!(entries.remove(&[1; 32]).is_some());
        assert_eq!((entries.bytes, entries.by_end.len(), entries.entries.len()), (0, 0, 0));
    }
}
