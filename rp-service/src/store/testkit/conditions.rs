//! The behaviour of a [`CredentialStore`]: what authorises adding and deleting a passkey. Conditions of users are in
//! [`sign_up`](super::sign_up), those of sessions in [`combined`](super::combined).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::credentials::user_with_passkey;
use super::samples::{after, by, by_grant, by_passkey, give, grant, id, now, passkey, user};
use super::{count, race};
use crate::store::{
    AddPasskey, Authorization, Conditions, CredentialStore, DeletePasskey, SWEEP_LIMIT, UserRecord,
};

/// The key of a passkey that the user does not have authorises nothing, nor does one that was deleted.
pub async fn an_authorising_passkey_must_be_the_users([store, other]: [impl CredentialStore; 2]) {
    let (kim, _) = user_with_passkey(&store, "Kim", 1).await;
    give(&store, &passkey(&kim, 2)).await;
    user_with_passkey(&store, "Sam", 3).await;
    let is_rejected = async |authorising| {
        let conditions = by_passkey(authorising);
        let added = store.add_passkey(passkey(&kim, 9), None, &conditions).await.unwrap();
        assert_eq!(added, AddPasskey::NotAuthorized, "{authorising}");
        let deleted = store.delete_passkey(&kim.handle, &id(2), true, &conditions).await.unwrap();
        assert_eq!(deleted, DeletePasskey::NotAuthorized, "{authorising}");
    };
    is_rejected(3).await;
    is_rejected(4).await;
    let deleted = other.delete_passkey(&kim.handle, &id(1), false, &by_passkey(2)).await.unwrap();
    assert_eq!(deleted, DeletePasskey::Done);
    is_rejected(1).await;
    assert_eq!(store.passkey(&id(9)).await.unwrap(), None);
    assert!(store.passkey(&id(2)).await.unwrap().is_some());
}

/// The operator of a site deletes lost keys, also the last one of a user, and imports passkeys.
pub async fn an_operator_needs_no_verification([store, _]: [impl CredentialStore; 2]) {
    let (kim, _) = user_with_passkey(&store, "Kim", 1).await;
    let conditions = by(Authorization::Operator);
    let added = store.add_passkey(passkey(&kim, 2), None, &conditions).await.unwrap();
    assert_eq!(added, AddPasskey::Done);
    for byte in [1, 2] {
        let deleted = store.delete_passkey(&kim.handle, &id(byte), true, &conditions).await.unwrap();
        assert_eq!(deleted, DeletePasskey::Done);
    }
}

/// A password never changes the passkeys of a user who has one.
pub async fn another_factor_adds_only_the_first_passkey([store, _]: [impl CredentialStore; 2]) {
    let kim = user("Kim");
    user_with_passkey(&store, "Sam", 3).await;
    for (byte, expected) in [(1, AddPasskey::Done), (2, AddPasskey::NotAuthorized)] {
        let conditions = by(Authorization::FirstFactor);
        assert_eq!(store.add_passkey(passkey(&kim, byte), None, &conditions).await.unwrap(), expected);
    }
    assert_eq!(store.passkey(&id(2)).await.unwrap(), None);
}

/// For a change in another store.
pub async fn a_grant_is_taken_once_for_its_user([store, other]: [impl CredentialStore; 2]) {
    let (kim, sam) = (user("Kim").handle, user("Sam").handle);
    let end = after(now(), 300);
    store.put_grant(grant(1), &kim, end).await.unwrap();
    assert!(!other.take_grant(grant(2), &kim, now()).await.unwrap());
    assert!(!other.take_grant(grant(1), &sam, now()).await.unwrap());
    assert!(!other.take_grant(grant(1), &kim, after(end, 1)).await.unwrap());
    assert!(other.take_grant(grant(1), &kim, end).await.unwrap());
    assert!(!store.take_grant(grant(1), &kim, end).await.unwrap());
}

/// Not even with permission to delete the last passkey.
pub async fn another_factor_deletes_nothing([store, _]: [impl CredentialStore; 2]) {
    let (kim, one) = user_with_passkey(&store, "Kim", 1).await;
    let conditions = by(Authorization::FirstFactor);
    let deleted = store.delete_passkey(&kim.handle, &id(1), true, &conditions).await.unwrap();
    assert_eq!(deleted, DeletePasskey::NotAuthorized);
    assert_eq!(store.passkeys(&kim.handle).await.unwrap(), [one]);
}

/// The passkey uses it up, whether or not the user had one before.
pub async fn a_grant_adds_one_passkey([store, other]: [impl CredentialStore; 2]) {
    let kim = user("Kim");
    for key in [1, 2] {
        store.put_grant(grant(key), &kim.handle, after(now(), 300)).await.unwrap();
        let added = other.add_passkey(passkey(&kim, key), None, &by_grant(key)).await.unwrap();
        assert_eq!(added, AddPasskey::Done);
        let again = store.add_passkey(passkey(&kim, 9), None, &by_grant(key)).await.unwrap();
        assert_eq!(again, AddPasskey::NotAuthorized);
    }
    assert_eq!(store.passkeys(&kim.handle).await.unwrap().len(), 2);
    assert_eq!(store.grant_expiry(&kim.handle, now()).await.unwrap(), None);
}

/// Another user can neither use it nor use it up.
pub async fn a_grant_is_for_one_user([store, _]: [impl CredentialStore; 2]) {
    let (kim, sam) = (user("Kim"), user("Sam"));
    store.put_grant(grant(1), &kim.handle, after(now(), 300)).await.unwrap();
    let added = store.add_passkey(passkey(&sam, 1), None, &by_grant(1)).await.unwrap();
    assert_eq!(added, AddPasskey::NotAuthorized);
    let added = store.add_passkey(passkey(&kim, 1), None, &by_grant(1)).await.unwrap();
    assert_eq!(added, AddPasskey::Done);
}

/// The time of expiry is the last second in which it is valid.
pub async fn a_grant_expires_after_its_last_second([store, _]: [impl CredentialStore; 2]) {
    let (kim, end) = (user("Kim"), after(now(), 300));
    for (byte, time, expected) in [(1, after(end, 1), AddPasskey::NotAuthorized), (2, end, AddPasskey::Done)]
    {
        store.put_grant(grant(byte), &kim.handle, end).await.unwrap();
        let conditions = Conditions { now: time, ..by_grant(byte) };
        assert_eq!(store.add_passkey(passkey(&kim, byte), None, &conditions).await.unwrap(), expected);
    }
}

/// It is used up by the passkey, not by the attempt.
pub async fn a_rejected_add_leaves_the_grant([store, _]: [impl CredentialStore; 2]) {
    let (kim, _) = user_with_passkey(&store, "Kim", 1).await;
    store.put_grant(grant(1), &kim.handle, after(now(), 300)).await.unwrap();
    for (byte, max, expected) in [
        (1, None, AddPasskey::CredentialExists),
        (2, Some(1), AddPasskey::TooMany),
        (2, Some(2), AddPasskey::Done),
    ] {
        assert_eq!(store.add_passkey(passkey(&kim, byte), max, &by_grant(1)).await.unwrap(), expected);
    }
}

/// It authorises adding a passkey and nothing else.
pub async fn a_grant_deletes_nothing([store, _]: [impl CredentialStore; 2]) {
    let (kim, _) = user_with_passkey(&store, "Kim", 1).await;
    store.put_grant(grant(1), &kim.handle, after(now(), 300)).await.unwrap();
    let deleted = store.delete_passkey(&kim.handle, &id(1), true, &by_grant(1)).await.unwrap();
    assert_eq!(deleted, DeletePasskey::NotAuthorized);
    let added = store.add_passkey(passkey(&kim, 2), None, &by_grant(1)).await.unwrap();
    assert_eq!(added, AddPasskey::Done);
}

/// The key is compared as a whole.
pub async fn a_missing_grant_authorises_nothing([store, _]: [impl CredentialStore; 2]) {
    let kim = user("Kim");
    store.put_grant(grant(1), &kim.handle, after(now(), 300)).await.unwrap();
    let added = store.add_passkey(passkey(&kim, 1), None, &by_grant(2)).await.unwrap();
    assert_eq!(added, AddPasskey::NotAuthorized);
}

/// The grant is checked and used up in the transaction that adds.
pub async fn of_parallel_adds_with_one_grant_one_is_done<S: CredentialStore + 'static>(stores: [S; 2]) {
    let kim = user("Kim");
    stores[0].put_grant(grant(1), &kim.handle, after(now(), 300)).await.unwrap();
    one_add_is_done(stores, &kim, &by_grant(1)).await;
}

/// After the first passkey, the other factor is not enough.
pub async fn of_parallel_adds_by_another_factor_one_is_done<S: CredentialStore + 'static>(stores: [S; 2]) {
    one_add_is_done(stores, &user("Kim"), &by(Authorization::FirstFactor)).await;
}

async fn one_add_is_done<S: CredentialStore + 'static>(
    stores: [S; 2],
    kim: &UserRecord,
    conditions: &Conditions,
) {
    let stores = stores.map(Arc::new);
    let results = race(&stores, 16, |store, at| {
        let (added, conditions) = (passkey(kim, u8::try_from(at).unwrap()), conditions.clone());
        async move { store.add_passkey(added, None, &conditions).await.unwrap() }
    });
    let results = results.await;
    assert_eq!((count(&results, &AddPasskey::Done), count(&results, &AddPasskey::NotAuthorized)), (1, 15));
    assert_eq!(stores[1].passkeys(&kim.handle).await.unwrap().len(), 1);
}

/// The owner deletes a lost key; an add that its finder has started does not come after that.
pub async fn no_add_follows_the_end_of_its_authorising_passkey<S: CredentialStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let (kim, _) = user_with_passkey(&*stores[0], "Kim", 1).await;
    give(&*stores[0], &passkey(&kim, 2)).await;
    let is_deleted = Arc::new(AtomicBool::new(false));
    let results = race(&stores, 16, |store, at| {
        let (kim, is_deleted) = (kim.clone(), Arc::clone(&is_deleted));
        async move {
            if at == 8 {
                let deleted = store.delete_passkey(&kim.handle, &id(1), false, &by_passkey(2)).await.unwrap();
                assert_eq!(deleted, DeletePasskey::Done);
                is_deleted.store(true, Ordering::SeqCst);
                return None;
            }
            let was_deleted = is_deleted.load(Ordering::SeqCst);
            let added = passkey(&kim, u8::try_from(at + 3).unwrap());
            let result = store.add_passkey(added, None, &by_passkey(1)).await.unwrap();
            assert!(!(was_deleted && result == AddPasskey::Done));
            Some(result)
        }
    });
    let results = results.await;
    let done = count(&results, &Some(AddPasskey::Done));
    assert_eq!(done + count(&results, &Some(AddPasskey::NotAuthorized)), 15);
    assert_eq!(stores[1].passkeys(&kim.handle).await.unwrap().len(), 1 + done);
    let late = stores[1].add_passkey(passkey(&kim, 200), None, &by_passkey(1)).await.unwrap();
    assert_eq!(late, AddPasskey::NotAuthorized);
}

/// Without authorisation, a caller learns nothing of IDs and numbers.
pub async fn authorisation_is_checked_before_id_and_maximum([store, _]: [impl CredentialStore; 2]) {
    let (kim, _) = user_with_passkey(&store, "Kim", 1).await;
    for (authorising, byte, expected) in
        [(9, 1, AddPasskey::NotAuthorized), (1, 1, AddPasskey::CredentialExists), (1, 2, AddPasskey::TooMany)]
    {
        let conditions = by_passkey(authorising);
        let added = store.add_passkey(passkey(&kim, byte), Some(1), &conditions).await.unwrap();
        assert_eq!(added, expected);
    }
    for (authorising, byte, expected) in
        [(9, 9, DeletePasskey::NotAuthorized), (1, 9, DeletePasskey::Missing), (1, 1, DeletePasskey::Last)]
    {
        let conditions = by_passkey(authorising);
        let deleted = store.delete_passkey(&kim.handle, &id(byte), false, &conditions).await.unwrap();
        assert_eq!(deleted, expected);
    }
}

/// Expired grants and those of other users do not count.
pub async fn the_last_expiry_of_the_users_grants_is_returned([store, other]: [impl CredentialStore; 2]) {
    let (kim, now) = (user("Kim"), now());
    assert_eq!(store.grant_expiry(&kim.handle, now).await.unwrap(), None);
    for (byte, user, seconds) in [(1, &kim, 300), (2, &kim, 600), (3, &kim, 100), (4, &user("Sam"), 900)] {
        store.put_grant(grant(byte), &user.handle, after(now, seconds)).await.unwrap();
    }
    for time in [now, after(now, 600)] {
        assert_eq!(other.grant_expiry(&kim.handle, time).await.unwrap(), Some(after(now, 600)));
    }
    assert_eq!(other.grant_expiry(&kim.handle, after(now, 601)).await.unwrap(), None);
}

/// A sweep deletes what had expired before the time, and no more than its limit.
pub async fn a_sweep_deletes_expired_grants_and_nothing_else([store, _]: [impl CredentialStore; 2]) {
    let (kim, now) = (user("Kim"), now());
    for (byte, seconds) in [(1, 100), (2, 199), (3, 200)] {
        store.put_grant(grant(byte), &kim.handle, after(now, seconds)).await.unwrap();
    }
    loop {
        match store.sweep_grants(after(now, 200)).await.unwrap() {
            0 => break,
            deleted => assert!(deleted <= u64::from(SWEEP_LIMIT), "{deleted} at once"),
        }
    }
    for (byte, expected) in [(2, AddPasskey::NotAuthorized), (3, AddPasskey::Done)] {
        let conditions = Conditions { now, ..by_grant(byte) };
        assert_eq!(store.add_passkey(passkey(&kim, byte), None, &conditions).await.unwrap(), expected);
    }
}
