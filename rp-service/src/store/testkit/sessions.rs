//! What a [`SessionStore`] must hold.

use super::samples::{after, now};
use crate::store::{MAX_STATE_BYTES, SWEEP_LIMIT, SessionKey, SessionStore, StoreError};

const KEY: SessionKey = SessionKey([1; 32]);
const OTHER: SessionKey = SessionKey([2; 32]);

/// The life of a session.
pub async fn a_session_is_created_loaded_saved_and_ended(store: impl SessionStore) {
    let now = now();
    assert_eq!(store.load(KEY, now).await.unwrap(), None);
    assert!(store.create(KEY, b"one\0", after(now, 300)).await.unwrap());
    assert_eq!(store.load(KEY, now).await.unwrap().unwrap(), b"one\0");
    assert_eq!(store.load(OTHER, now).await.unwrap(), None);
    assert!(store.save(KEY, b"two", after(now, 600)).await.unwrap());
    assert_eq!(store.load(KEY, after(now, 600)).await.unwrap().unwrap(), b"two");
    assert!(store.end(KEY).await.unwrap());
    assert!(!store.end(KEY).await.unwrap());
    assert_eq!(store.load(KEY, now).await.unwrap(), None);
}

/// Two sessions never share a key.
pub async fn a_session_is_not_created_over_another(store: impl SessionStore) {
    let now = now();
    assert!(store.create(KEY, b"first", after(now, 300)).await.unwrap());
    assert!(!store.create(KEY, b"second", after(now, 300)).await.unwrap());
    assert_eq!(store.load(KEY, now).await.unwrap().unwrap(), b"first");
}

/// A request that was under way at sign-out saves its session too late.
pub async fn a_session_that_ended_is_not_brought_back(store: impl SessionStore) {
    let now = now();
    assert!(store.create(KEY, b"signed in", after(now, 300)).await.unwrap());
    assert!(store.end(KEY).await.unwrap());
    assert!(!store.save(KEY, b"signed in", after(now, 300)).await.unwrap());
    assert!(!store.touch(KEY, after(now, 300)).await.unwrap());
    assert_eq!(store.load(KEY, now).await.unwrap(), None);
}

/// The end is the last second in which the session is there, swept or not.
pub async fn a_session_past_its_time_is_not_loaded(store: impl SessionStore) {
    let end = after(now(), 300);
    assert!(store.create(KEY, b"data", end).await.unwrap());
    assert_eq!(store.load(KEY, end).await.unwrap().unwrap(), b"data");
    assert_eq!(store.load(KEY, after(end, 1)).await.unwrap(), None);
}

/// Another end leaves the data.
pub async fn a_session_is_prolonged(store: impl SessionStore) {
    let now = now();
    assert!(store.create(KEY, b"data", after(now, 300)).await.unwrap());
    assert!(store.touch(KEY, after(now, 600)).await.unwrap());
    assert_eq!(store.load(KEY, after(now, 600)).await.unwrap().unwrap(), b"data");
}

/// A sweep is bounded, and drops what ended before the time it is given.
pub async fn a_sweep_drops_sessions_that_have_ended_and_nothing_else(store: impl SessionStore) {
    let now = now();
    assert!(store.create(KEY, b"ended", after(now, 100)).await.unwrap());
    assert!(store.create(OTHER, b"ends now", after(now, 200)).await.unwrap());
    loop {
        match store.sweep_sessions(after(now, 200)).await.unwrap() {
            0 => break,
            dropped => assert!(dropped <= u64::from(SWEEP_LIMIT), "{dropped} at once"),
        }
    }
    assert_eq!(store.load(KEY, now).await.unwrap(), None);
    assert_eq!(store.load(OTHER, after(now, 200)).await.unwrap().unwrap(), b"ends now");
}

/// Refused data leave what was there.
pub async fn session_data_that_are_too_long_are_refused_and_change_nothing(store: impl SessionStore) {
    let now = now();
    let long = vec![0; MAX_STATE_BYTES + 1];
    let refused = store.create(OTHER, &long, after(now, 300)).await;
    assert!(matches!(refused, Err(StoreError::TooLong { got: 0x10_0001, max: MAX_STATE_BYTES })));
    assert_eq!(store.load(OTHER, now).await.unwrap(), None);
    assert!(store.create(KEY, b"data", after(now, 300)).await.unwrap());
    let refused = store.save(KEY, &long, after(now, 600)).await;
    assert!(matches!(refused, Err(StoreError::TooLong { got: 0x10_0001, max: MAX_STATE_BYTES })));
    assert_eq!(store.load(KEY, now).await.unwrap().unwrap(), b"data");
}
