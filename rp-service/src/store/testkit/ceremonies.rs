//! The behaviour of a [`CeremonyStore`].

use std::sync::Arc;

use super::samples::{after, now};
use super::{count, race};
use crate::store::{CeremonyKey, CeremonyStore, MAX_STATE_BYTES, SWEEP_LIMIT, StoreError, TakeCeremony};

const KEY: CeremonyKey = CeremonyKey([1; 32]);
const OTHER: CeremonyKey = CeremonyKey([2; 32]);

fn found(state: &[u8]) -> TakeCeremony {
    TakeCeremony::Found(state.to_vec())
}

/// A ceremony accepts one response (compare CVE-2022-42731), on whichever opening.
pub async fn a_ceremony_is_found_once([store, other]: [impl CeremonyStore; 2]) {
    let now = now();
    store.put_ceremony(KEY, b"\0state\xff", after(now, 300)).await.unwrap();
    assert_eq!(other.take_ceremony(KEY, now).await.unwrap(), found(b"\0state\xff"));
    for store in [store, other] {
        assert_eq!(store.take_ceremony(KEY, now).await.unwrap(), TakeCeremony::Missing);
    }
}

/// Of any number of responses that arrive at the same time, one is accepted.
pub async fn of_64_parallel_takes_one_finds_the_ceremony<S: CeremonyStore + 'static>(stores: [S; 2]) {
    let (stores, now) = (stores.map(Arc::new), now());
    for round in 0..8 {
        stores[0].put_ceremony(KEY, &[round], after(now, 300)).await.unwrap();
        let results =
            race(&stores, 64, |store, _| async move { store.take_ceremony(KEY, now).await.unwrap() });
        let results = results.await;
        assert_eq!((count(&results, &found(&[round])), count(&results, &TakeCeremony::Missing)), (1, 63));
    }
}

/// The time of expiry is the last second in which a response is accepted.
pub async fn a_ceremony_lives_through_its_last_second([store, _]: [impl CeremonyStore; 2]) {
    let end = after(now(), 300);
    store.put_ceremony(KEY, b"state", end).await.unwrap();
    assert_eq!(store.take_ceremony(KEY, end).await.unwrap(), found(b"state"));
}

/// A late response has another error than one without a ceremony; a clock that is set back does not revive it.
pub async fn an_expired_ceremony_is_reported_once([store, _]: [impl CeremonyStore; 2]) {
    let end = after(now(), 300);
    store.put_ceremony(KEY, b"state", end).await.unwrap();
    assert_eq!(store.take_ceremony(KEY, after(end, 1)).await.unwrap(), TakeCeremony::Expired);
    assert_eq!(store.take_ceremony(KEY, end).await.unwrap(), TakeCeremony::Missing);
}

/// The later one is found, with its own time of expiry.
pub async fn a_ceremony_with_the_same_key_is_replaced([store, _]: [impl CeremonyStore; 2]) {
    let now = now();
    store.put_ceremony(KEY, b"first", after(now, 100)).await.unwrap();
    store.put_ceremony(KEY, b"second", after(now, 300)).await.unwrap();
    assert_eq!(store.take_ceremony(KEY, after(now, 200)).await.unwrap(), found(b"second"));
    assert_eq!(store.take_ceremony(KEY, now).await.unwrap(), TakeCeremony::Missing);
}

/// A browser may have several ceremonies in progress.
pub async fn a_take_leaves_other_ceremonies([store, _]: [impl CeremonyStore; 2]) {
    let now = now();
    store.put_ceremony(KEY, b"one", after(now, 300)).await.unwrap();
    store.put_ceremony(OTHER, b"other", after(now, 300)).await.unwrap();
    assert_eq!(store.take_ceremony(KEY, now).await.unwrap(), found(b"one"));
    assert_eq!(store.take_ceremony(OTHER, now).await.unwrap(), found(b"other"));
}

/// A sweep deletes what had expired before the time, and no more than its limit.
pub async fn a_sweep_deletes_expired_ceremonies_and_nothing_else([store, _]: [impl CeremonyStore; 2]) {
    let now = now();
    let many = u16::try_from(SWEEP_LIMIT + 3).unwrap();
    let key = |at: u16| {
        let mut key = [0xee; 32];
        key.iter_mut().zip(at.to_be_bytes()).for_each(|(to, from)| *to = from);
        CeremonyKey(key)
    };
    for at in 0..many {
        store.put_ceremony(key(at), b"expired", after(now, 100)).await.unwrap();
    }
    store.put_ceremony(KEY, b"expires now", after(now, 200)).await.unwrap();
    // A store that deletes expired entries itself may leave nothing to sweep
    loop {
        match store.sweep_ceremonies(after(now, 200)).await.unwrap() {
            0 => break,
            deleted => assert!(deleted <= u64::from(SWEEP_LIMIT), "{deleted} at once"),
        }
    }
    for at in 0..many {
        assert_eq!(store.take_ceremony(key(at), now).await.unwrap(), TakeCeremony::Missing);
    }
    assert_eq!(store.take_ceremony(KEY, after(now, 200)).await.unwrap(), found(b"expires now"));
}

/// A rejected state leaves what was stored.
pub async fn a_state_that_is_too_long_is_rejected([store, _]: [impl CeremonyStore; 2]) {
    let now = now();
    store.put_ceremony(KEY, b"state", after(now, 300)).await.unwrap();
    store.put_ceremony(OTHER, &vec![7; MAX_STATE_BYTES], after(now, 300)).await.unwrap();
    let rejected = store.put_ceremony(KEY, &vec![7; MAX_STATE_BYTES + 1], after(now, 300)).await;
    assert!(matches!(rejected, Err(StoreError::TooLong { got: 0x10_0001, max: MAX_STATE_BYTES })));
    assert_eq!(store.take_ceremony(KEY, now).await.unwrap(), found(b"state"));
    assert_eq!(store.take_ceremony(OTHER, now).await.unwrap(), found(&vec![7; MAX_STATE_BYTES]));
}
