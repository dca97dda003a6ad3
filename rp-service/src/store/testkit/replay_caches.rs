//! The behaviour of a [`ReplayCache`].

use std::sync::Arc;

use super::samples::{after, now};
use super::{count, race};
use crate::store::{CeremonyKey, ReplayCache};

const KEY: CeremonyKey = CeremonyKey([1; 32]);

/// On whichever opening.
pub async fn a_use_is_recorded_once([cache, other]: [impl ReplayCache; 2]) {
    let end = after(now(), 300);
    assert!(cache.record_use(KEY, end).await.unwrap());
    for cache in [&cache, &other] {
        assert!(!cache.record_use(KEY, end).await.unwrap());
    }
    assert!(other.record_use(CeremonyKey([2; 32]), end).await.unwrap());
}

/// Of any number of copies of a response, one is accepted.
pub async fn of_64_parallel_uses_one_is_recorded<C: ReplayCache + 'static>(caches: [C; 2]) {
    let (caches, end) = (caches.map(Arc::new), after(now(), 300));
    for round in 0..8 {
        let key = CeremonyKey([round; 32]);
        let results = race(&caches, 64, |cache, _| async move { cache.record_use(key, end).await.unwrap() });
        assert_eq!(count(&results.await, &true), 1);
    }
}

/// A record lives as long as its ceremony.
pub async fn a_sweep_leaves_uses_of_valid_ceremonies([cache, _]: [impl ReplayCache; 2]) {
    let end = after(now(), 300);
    assert!(cache.record_use(KEY, end).await.unwrap());
    let _ = cache.sweep_uses(end).await.unwrap();
    assert!(!cache.record_use(KEY, end).await.unwrap());
}
