//! The behaviour of a [`SessionStore`].

use std::sync::Arc;

use super::samples::{after, handle, id, key, now, session, user};
use super::{count, race};
use crate::session::{Client, Session, SessionId, SessionKind, SessionState};
use crate::store::{SWEEP_LIMIT, SessionStore};

/// Stores a session of this user under the key of the same number.
async fn create(store: &impl SessionStore, name: &str, byte: u8) -> Session {
    let session = session(&user(name), byte);
    assert!(store.create_session(key(byte), &session).await.unwrap());
    session
}

/// Every member is returned, also by another opening, except the ID of the request.
pub async fn a_session_comes_back_as_it_was_stored([store, other]: [impl SessionStore; 2]) {
    let mut one = session(&user("Kim"), 1);
    (one.kind, one.user_verification_required) = (SessionKind::Bearer, true);
    let client = one.client.clone().with_request_id(Some("7"));
    let opened = Session { client, ..one.clone() };
    assert!(store.create_session(key(1), &opened).await.unwrap());
    assert_eq!(other.session(key(1), now()).await.unwrap(), Some(one.clone()));
    assert!(store.replace_session(key(1), key(2), &opened).await.unwrap());
    assert_eq!(other.session(key(2), now()).await.unwrap(), Some(one));
}

/// A first factor, without a passkey and without a known client.
pub async fn a_session_without_optional_members_comes_back([store, _]: [impl SessionStore; 2]) {
    let mut sparse = session(&user("Kim"), 1);
    (sparse.state, sparse.credential, sparse.client) = (SessionState::FirstFactor, None, Client::default());
    sparse.factors.clear();
    assert!(store.create_session(key(1), &sparse).await.unwrap());
    assert_eq!(store.session(key(1), now()).await.unwrap(), Some(sparse));
}

/// An unknown key is not an error.
pub async fn a_missing_session_is_not_found([store, _]: [impl SessionStore; 2]) {
    create(&store, "Kim", 1).await;
    assert_eq!(store.session(key(2), now()).await.unwrap(), None);
    assert!(!store.end_session(key(2)).await.unwrap());
    assert!(!store.require_user_verification(key(2)).await.unwrap());
    assert_eq!(store.sessions(&handle("Sam"), now()).await.unwrap(), []);
}

/// A new session replaces none.
pub async fn the_key_and_the_id_of_a_session_are_unique([store, _]: [impl SessionStore; 2]) {
    let one = create(&store, "Kim", 1).await;
    assert!(!store.create_session(key(1), &session(&user("Sam"), 2)).await.unwrap());
    assert!(!store.create_session(key(2), &session(&user("Sam"), 1)).await.unwrap());
    assert_eq!(store.session(key(1), now()).await.unwrap(), Some(one));
    assert_eq!(store.session(key(2), now()).await.unwrap(), None);
}

/// The time of expiry is the last second in which it is valid.
pub async fn a_session_lives_through_its_last_second([store, _]: [impl SessionStore; 2]) {
    let one = create(&store, "Kim", 1).await;
    assert_eq!(store.session(key(1), one.expires_at).await.unwrap(), Some(one.clone()));
    assert_eq!(store.sessions(&one.user, one.expires_at).await.unwrap(), std::slice::from_ref(&one));
    assert_eq!(store.sessions(&one.user, after(one.expires_at, 1)).await.unwrap(), []);
    assert_eq!(store.session(key(1), after(one.expires_at, 1)).await.unwrap(), None);
}

/// A session that was once seen expired is deleted.
pub async fn a_clock_that_goes_back_revives_no_expired_session([store, other]: [impl SessionStore; 2]) {
    let one = create(&store, "Kim", 1).await;
    assert_eq!(store.session(key(1), after(one.expires_at, 1)).await.unwrap(), None);
    assert_eq!(other.session(key(1), now()).await.unwrap(), None);
    assert_eq!(other.sessions(&one.user, now()).await.unwrap(), []);
    assert!(!store.end_session(key(1)).await.unwrap());
}

/// The time of last use counts if the clock is behind it.
pub async fn a_session_used_after_its_end_has_expired([store, _]: [impl SessionStore; 2]) {
    let mut one = session(&user("Kim"), 1);
    one.last_used_at = after(one.expires_at, 1);
    assert!(store.create_session(key(1), &one).await.unwrap());
    assert_eq!(store.sessions(&one.user, now()).await.unwrap(), []);
    assert_eq!(store.session(key(1), now()).await.unwrap(), None);
}

/// The ID may stay or change; the old key finds nothing.
pub async fn a_replaced_session_has_only_its_new_key([store, other]: [impl SessionStore; 2]) {
    let mut one = create(&store, "Kim", 1).await;
    (one.state, one.verified_at) = (SessionState::FirstFactor, now());
    for (old, new, id) in [(1, 2, 1), (2, 3, 9)] {
        one.id = SessionId::from_bytes([id; 16]);
        assert!(store.replace_session(key(old), key(new), &one).await.unwrap());
        assert_eq!(other.session(key(old), now()).await.unwrap(), None);
        assert_eq!(other.session(key(new), now()).await.unwrap(), Some(one.clone()));
    }
    assert_eq!(store.sessions(&one.user, now()).await.unwrap(), [one]);
}

/// Parallel step-ups leave one session.
pub async fn of_64_parallel_replacements_one_is_done<S: SessionStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let one = create(&*stores[0], "Kim", 200).await;
    let results = race(&stores, 64, |store, at| {
        let (new, one) = (key(u8::try_from(at).unwrap()), one.clone());
        async move { store.replace_session(key(200), new, &one).await.unwrap() }
    });
    let results = results.await;
    assert_eq!(count(&results, &true), 1);
    assert_eq!(stores[1].sessions(&one.user, now()).await.unwrap(), [one]);
    for (at, is_winner) in results.into_iter().enumerate() {
        let found = stores[1].session(key(u8::try_from(at).unwrap()), now()).await.unwrap();
        assert_eq!(found.is_some(), is_winner);
    }
}

/// Neither the key nor the ID, and the old session stays.
pub async fn a_replacement_takes_nothing_of_another_session([store, _]: [impl SessionStore; 2]) {
    let (one, two) = (create(&store, "Kim", 1).await, create(&store, "Sam", 2).await);
    assert!(!store.replace_session(key(1), key(2), &one).await.unwrap());
    assert!(!store.replace_session(key(1), key(3), &session(&user("Kim"), 2)).await.unwrap());
    assert_eq!(store.session(key(1), now()).await.unwrap(), Some(one));
    assert_eq!(store.session(key(2), now()).await.unwrap(), Some(two));
    assert_eq!(store.session(key(3), now()).await.unwrap(), None);
}

/// A step-up that finishes after the sign-out opens no session.
pub async fn an_ended_session_is_not_replaced([store, other]: [impl SessionStore; 2]) {
    let one = create(&store, "Kim", 1).await;
    assert!(other.end_session(key(1)).await.unwrap());
    assert!(!store.replace_session(key(1), key(2), &one).await.unwrap());
    assert_eq!(store.session(key(2), now()).await.unwrap(), None);
}

/// Nothing but the two times changes.
pub async fn a_touched_session_expires_later([store, other]: [impl SessionStore; 2]) {
    let mut one = create(&store, "Kim", 1).await;
    (one.last_used_at, one.expires_at) = (after(now(), 60), after(now(), 600));
    assert!(store.touch_session(key(1), one.last_used_at, one.expires_at).await.unwrap());
    assert_eq!(other.session(key(1), after(now(), 590)).await.unwrap(), Some(one));
}

/// An earlier use that is stored later, or a clock that is set back, changes nothing.
pub async fn the_time_of_last_use_never_decreases([store, _]: [impl SessionStore; 2]) {
    let mut one = create(&store, "Kim", 1).await;
    let now = now();
    (one.last_used_at, one.expires_at) = (after(now, 60), after(now, 600));
    assert!(store.touch_session(key(1), after(now, 60), after(now, 600)).await.unwrap());
    assert!(store.touch_session(key(1), after(now, 10), after(now, 550)).await.unwrap());
    assert_eq!(store.session(key(1), now).await.unwrap(), Some(one));
}

/// In whichever order they are stored.
pub async fn of_parallel_touches_the_latest_counts<S: SessionStore + 'static>(stores: [S; 2]) {
    let (stores, now) = (stores.map(Arc::new), now());
    let mut one = create(&*stores[0], "Kim", 1).await;
    let results = race(&stores, 16, |store, at| {
        let used_at = after(now, i64::try_from(at).unwrap());
        async move { store.touch_session(key(1), used_at, after(used_at, 300)).await.unwrap() }
    });
    assert_eq!(count(&results.await, &true), 16);
    (one.last_used_at, one.expires_at) = (after(now, 15), after(now, 315));
    assert_eq!(stores[1].session(key(1), now).await.unwrap(), Some(one));
}

/// A request that was in progress at the sign-out, or too long, revives nothing.
pub async fn neither_ended_nor_expired_sessions_are_touched([store, _]: [impl SessionStore; 2]) {
    let (one, two) = (create(&store, "Kim", 1).await, create(&store, "Kim", 2).await);
    assert!(store.end_session(key(1)).await.unwrap());
    assert!(!store.touch_session(key(1), now(), after(now(), 300)).await.unwrap());
    assert_eq!(store.session(key(1), now()).await.unwrap(), None);
    let late = after(two.expires_at, 1);
    assert!(!store.touch_session(key(2), late, after(late, 300)).await.unwrap());
    assert_eq!(store.session(key(2), late).await.unwrap(), None);
    assert_eq!(store.sessions(&one.user, now()).await.unwrap(), []);
}

/// Until the session is replaced.
pub async fn required_user_verification_stays_required([store, other]: [impl SessionStore; 2]) {
    let mut one = create(&store, "Kim", 1).await;
    let two = create(&store, "Kim", 2).await;
    one.user_verification_required = true;
    for _ in 0..2 {
        assert!(store.require_user_verification(key(1)).await.unwrap());
        assert_eq!(other.session(key(1), now()).await.unwrap(), Some(one.clone()));
    }
    assert_eq!(store.session(key(2), now()).await.unwrap(), Some(two));
    one.user_verification_required = false;
    assert!(store.replace_session(key(1), key(3), &one).await.unwrap());
    assert_eq!(store.session(key(3), now()).await.unwrap(), Some(one));
}

/// The end is reported once; its key and ID are free.
pub async fn an_ended_session_is_gone([store, other]: [impl SessionStore; 2]) {
    let two = create(&store, "Kim", 2).await;
    create(&store, "Kim", 1).await;
    assert!(store.end_session(key(1)).await.unwrap());
    assert!(!other.end_session(key(1)).await.unwrap());
    assert_eq!(other.session(key(1), now()).await.unwrap(), None);
    assert_eq!(other.sessions(&two.user, now()).await.unwrap(), [two]);
    create(&store, "Sam", 1).await;
}

/// Expired sessions and those of other users are not listed.
pub async fn sessions_are_listed_most_recently_used_first([store, _]: [impl SessionStore; 2]) {
    let kim = user("Kim");
    create(&store, "Sam", 9).await;
    for (byte, used, end) in [(1, -30, 300), (2, -10, 300), (3, -20, 300), (4, -40, -1)] {
        let mut session = session(&kim, byte);
        (session.last_used_at, session.expires_at) = (after(now(), used), after(now(), end));
        assert!(store.create_session(key(byte), &session).await.unwrap());
    }
    let listed = store.sessions(&kim.handle, now()).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|session| session.id.as_bytes()[0]).collect();
    assert_eq!(ids, [2, 3, 1]);
}

/// Sessions of other users, in another state and after their end do not count and stay; the opened one stays although it
/// was used before the others.
pub async fn the_least_recently_used_sessions_above_a_maximum_end([store, other]: [impl SessionStore; 2]) {
    let kim = user("Kim");
    let sam = create(&store, "Sam", 9).await;
    let states = [SessionState::SignedIn, SessionState::FirstFactor];
    for (byte, state, used, end) in [
        (1, states[0], -60, 300), // opened
        (2, states[0], -10, 300),
        (3, states[0], -40, 300),
        (4, states[0], -20, 300),
        (5, states[0], -30, 300),
        (6, states[1], -50, 300),
        (7, states[0], -5, -1),
    ] {
        let mut session = Session { state, ..session(&kim, byte) };
        (session.last_used_at, session.expires_at) = (after(now(), used), after(now(), end));
        assert!(store.create_session(key(byte), &session).await.unwrap());
    }
    let opened = store.session(key(1), now()).await.unwrap().unwrap();
    assert_eq!(store.end_oldest_sessions(&opened, 5, now()).await.unwrap(), 0);
    assert_eq!(other.end_oldest_sessions(&opened, 3, now()).await.unwrap(), 2);
    let left = store.sessions(&kim.handle, now()).await.unwrap();
    let left: Vec<_> = left.iter().map(|session| session.id.as_bytes()[0]).collect();
    assert_eq!(left, [2, 4, 6, 1]);
    assert_eq!(store.end_oldest_sessions(&opened, 1, now()).await.unwrap(), 2);
    assert_eq!(store.sessions(&sam.user, now()).await.unwrap(), std::slice::from_ref(&sam));
}

/// Knowing the ID is not enough.
pub async fn a_session_is_ended_by_its_id_for_its_user_alone([store, _]: [impl SessionStore; 2]) {
    let (one, two) = (create(&store, "Kim", 1).await, create(&store, "Kim", 2).await);
    assert!(!store.end_session_by_id(&handle("Sam"), &one.id).await.unwrap());
    assert_eq!(store.session(key(1), now()).await.unwrap(), Some(one.clone()));
    assert!(store.end_session_by_id(&one.user, &one.id).await.unwrap());
    assert!(!store.end_session_by_id(&one.user, &one.id).await.unwrap());
    assert_eq!(store.session(key(1), now()).await.unwrap(), None);
    assert_eq!(store.sessions(&two.user.clone(), now()).await.unwrap(), [two]);
}

/// Those of other users stay.
pub async fn all_sessions_of_a_user_end_except_the_kept_one([store, other]: [impl SessionStore; 2]) {
    let mut kept = create(&store, "Kim", 1).await;
    for byte in [2, 3] {
        create(&store, "Kim", byte).await;
    }
    let sam = create(&store, "Sam", 4).await;
    assert_eq!(store.end_sessions(&kept.user, Some(&kept.id)).await.unwrap(), 2);
    assert_eq!(other.session(key(1), now()).await.unwrap(), Some(kept.clone()));
    assert_eq!(other.session(key(2), now()).await.unwrap(), None);
    // The kept session keeps its ID when its key changes
    kept.verified_at = now();
    assert!(store.replace_session(key(1), key(5), &kept).await.unwrap());
    assert_eq!(store.end_sessions(&kept.user, Some(&kept.id)).await.unwrap(), 0);
    assert_eq!(store.end_sessions(&kept.user, None).await.unwrap(), 1);
    assert_eq!(other.session(key(5), now()).await.unwrap(), None);
    assert_eq!(other.session(key(4), now()).await.unwrap(), Some(sam));
}

/// Those of other passkeys and users, and those without a passkey, stay.
pub async fn sessions_of_a_passkey_end([store, other]: [impl SessionStore; 2]) {
    let one = create(&store, "Kim", 1).await;
    for (byte, credential) in [(2, Some(id(2))), (3, None)] {
        let mut session = session(&user("Kim"), byte);
        session.credential = credential;
        assert!(store.create_session(key(byte), &session).await.unwrap());
    }
    create(&store, "Sam", 4).await;
    assert_eq!(store.end_sessions_of_passkey(&one.user, &id(1)).await.unwrap(), 1);
    for (byte, is_left) in [(1, false), (2, true), (3, true), (4, true)] {
        assert_eq!(other.session(key(byte), now()).await.unwrap().is_some(), is_left, "{byte}");
    }
}

/// A sweep deletes what had expired before the time, and no more than its limit.
pub async fn a_sweep_deletes_expired_sessions_and_nothing_else([store, _]: [impl SessionStore; 2]) {
    let now = now();
    for (byte, seconds) in [(1, 100), (2, 199), (3, 200)] {
        let mut session = session(&user("Kim"), byte);
        session.expires_at = after(now, seconds);
        assert!(store.create_session(key(byte), &session).await.unwrap());
    }
    loop {
        match store.sweep_sessions(after(now, 200)).await.unwrap() {
            0 => break,
            deleted => assert!(deleted <= u64::from(SWEEP_LIMIT), "{deleted} at once"),
        }
    }
    for (byte, is_left) in [(1, false), (2, false), (3, true)] {
        assert_eq!(store.session(key(byte), now).await.unwrap().is_some(), is_left, "{byte}");
    }
}
