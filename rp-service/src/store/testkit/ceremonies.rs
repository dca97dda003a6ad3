//! What a [`CeremonyStore`] must hold.

use super::samples::{after, now};
use super::{count, race};
use crate::store::{CeremonyKey, CeremonyStore, MAX_STATE_BYTES, SWEEP_LIMIT, StoreError, Taken};

const KEY: CeremonyKey = CeremonyKey([1; 32]);
const OTHER: CeremonyKey = CeremonyKey([2; 32]);

fn found(state: &[u8]) -> Taken {
    Taken::Found(state.to_vec())
}

/// A ceremony is good for one response (advisories on replays: CVE-2022-42731).
pub async fn a_ceremony_is_found_once(store: impl CeremonyStore) {
    let now = now();
    store.put(KEY, b"\0state\xff", after(now, 300)).await.unwrap();
    assert_eq!(store.take(KEY, now).await.unwrap(), found(b"\0state\xff"));
    assert_eq!(store.take(KEY, now).await.unwrap(), Taken::Missing);
}

/// However many responses arrive at once, one is accepted.
pub async fn of_64_parallel_takes_one_finds_the_ceremony<S>(store: S)
where
    S: CeremonyStore + Clone + 'static,
{
    let now = now();
    for round in 0..8 {
        store.put(KEY, &[round], after(now, 300)).await.unwrap();
        let results = race(64, |_| {
            let store = store.clone();
            async move { store.take(KEY, now).await.unwrap() }
        });
        let results = results.await;
        assert_eq!(count(&results, &found(&[round])), 1);
        assert_eq!(count(&results, &Taken::Missing), 63);
    }
}

/// The end is the last second in which the ceremony is good: it never ends sooner than the browser was told.
pub async fn a_ceremony_lives_through_its_last_second(store: impl CeremonyStore) {
    let end = after(now(), 300);
    store.put(KEY, b"state", end).await.unwrap();
    assert_eq!(store.take(KEY, end).await.unwrap(), found(b"state"));
}

/// A late response is told apart from one without a ceremony, once.
pub async fn a_ceremony_past_its_time_is_expired_then_gone(store: impl CeremonyStore) {
    let end = after(now(), 300);
    store.put(KEY, b"state", end).await.unwrap();
    assert_eq!(store.take(KEY, after(end, 1)).await.unwrap(), Taken::Expired);
    assert_eq!(store.take(KEY, end).await.unwrap(), Taken::Missing);
}

/// The later of two ceremonies under one key is the one that is found, with its own end.
pub async fn a_ceremony_put_again_is_replaced(store: impl CeremonyStore) {
    let now = now();
    store.put(KEY, b"first", after(now, 100)).await.unwrap();
    store.put(KEY, b"second", after(now, 300)).await.unwrap();
    assert_eq!(store.take(KEY, after(now, 200)).await.unwrap(), found(b"second"));
    assert_eq!(store.take(KEY, now).await.unwrap(), Taken::Missing);
}

/// Several ceremonies may be pending in one browser.
pub async fn one_ceremony_taken_leaves_the_others(store: impl CeremonyStore) {
    let now = now();
    store.put(KEY, b"one", after(now, 300)).await.unwrap();
    store.put(OTHER, b"other", after(now, 300)).await.unwrap();
    assert_eq!(store.take(KEY, now).await.unwrap(), found(b"one"));
    assert_eq!(store.take(OTHER, now).await.unwrap(), found(b"other"));
}

/// A sweep is bounded, and drops what ended before the time it is given.
pub async fn a_sweep_drops_what_has_ended_and_nothing_else(store: impl CeremonyStore) {
    let now = now();
    let many = u16::try_from(SWEEP_LIMIT + 3).unwrap();
    let key = |at: u16| {
        let mut key = [0xee; 32];
        key.iter_mut().zip(at.to_be_bytes()).for_each(|(to, from)| *to = from);
        CeremonyKey(key)
    };
    for at in 0..many {
        store.put(key(at), b"ended", after(now, 100)).await.unwrap();
    }
    store.put(KEY, b"ends now", after(now, 200)).await.unwrap();
    // A store that drops by itself what has ended may leave nothing to be swept
    loop {
        match store.sweep(after(now, 200)).await.unwrap() {
            0 => break,
            dropped => assert!(dropped <= u64::from(SWEEP_LIMIT), "{dropped} at once"),
        }
    }
    for at in 0..many {
        assert_ne!(store.take(key(at), now).await.unwrap(), Taken::Expired);
    }
    assert_eq!(store.take(KEY, after(now, 200)).await.unwrap(), found(b"ends now"));
}

/// A refused state leaves what was there.
pub async fn a_state_that_is_too_long_is_refused_and_replaces_nothing(store: impl CeremonyStore) {
    let now = now();
    store.put(KEY, b"state", after(now, 300)).await.unwrap();
    store.put(OTHER, &vec![0; MAX_STATE_BYTES], after(now, 300)).await.unwrap();
    let refused = store.put(KEY, &vec![0; MAX_STATE_BYTES + 1], after(now, 300)).await;
    assert!(matches!(refused, Err(StoreError::TooLong { got: 0x10_0001, max: MAX_STATE_BYTES })));
    assert_eq!(store.take(KEY, now).await.unwrap(), found(b"state"));
}
