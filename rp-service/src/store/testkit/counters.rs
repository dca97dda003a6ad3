//! The behaviour of a [`CredentialStore`]: what an authentication changes, also if several run in parallel.

use std::sync::Arc;

use rp_core::{Flags, UserHandle};

use super::samples::{after, by_passkey, give, id, now, passkey, update, user};
use super::{count, race};
use crate::store::{ApplyUpdate, CredentialStore, DeletePasskey, Passkey};

/// Gives the passkey 1 to a user after a change, and returns both.
async fn owned(store: &impl CredentialStore, change: impl FnOnce(&mut Passkey)) -> (UserHandle, Passkey) {
    let kim = user("Kim");
    let mut passkey = passkey(&kim, 1);
    change(&mut passkey);
    give(store, &passkey).await;
    (kim.handle, passkey)
}

async fn stored(store: &impl CredentialStore) -> Passkey {
    store.passkey(&id(1)).await.unwrap().unwrap()
}

/// Counter, backup state, use and verification are stored, and nothing else changes (CVE-2023-45669).
pub async fn an_update_is_stored([store, other]: [impl CredentialStore; 2]) {
    let (kim, mut passkey) = owned(&store, |passkey| passkey.user_verified = false).await;
    let used = now();
    let update =
        update(&passkey, u32::MAX, Flags::USER_VERIFIED | Flags::BACKUP_ELIGIBLE | Flags::BACKUP_STATE);
    assert_eq!(store.apply_update(&kim, &update, used).await.unwrap(), ApplyUpdate::Done);
    passkey.record.sign_count = u32::MAX;
    passkey.record.backup_state = true;
    passkey.last_used_at = Some(used);
    passkey.user_verified = true;
    assert_eq!(stored(&other).await, passkey);
}

/// An authentication that was verified with an older counter is rebased or rejected by the caller.
pub async fn an_update_of_another_counter_changes_nothing([store, _]: [impl CredentialStore; 2]) {
    let (kim, read) = owned(&store, |_| ()).await;
    let (first, second) =
        (update(&read, 9, 0), update(&read, 12, Flags::BACKUP_STATE | Flags::BACKUP_ELIGIBLE));
    assert_eq!(store.apply_update(&kim, &first, now()).await.unwrap(), ApplyUpdate::Done);
    let after_first = stored(&store).await;
    let moved = store.apply_update(&kim, &second, after(now(), 60)).await.unwrap();
    assert_eq!(moved, ApplyUpdate::CounterMoved);
    assert_eq!(stored(&store).await, after_first);
}

/// Of two authenticators with one key, the counter lets one through.
pub async fn of_parallel_updates_from_one_counter_one_is_done<S: CredentialStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let (kim, read) = owned(&*stores[0], |_| ()).await;
    let results = race(&stores, 32, |store, at| {
        let (kim, update) = (kim.clone(), update(&read, 6 + u32::try_from(at).unwrap(), 0));
        async move { store.apply_update(&kim, &update, now()).await.unwrap() }
    });
    let results = results.await;
    assert_eq!(count(&results, &ApplyUpdate::CounterMoved), 31);
    let winner = results.iter().position(|result| *result == ApplyUpdate::Done).unwrap();
    assert_eq!(stored(&*stores[1]).await.record.sign_count, 6 + u32::try_from(winner).unwrap());
}

/// Each contender reads again until its counter is stored or behind; none sees the counter decrease.
pub async fn a_counter_only_increases_under_parallel_updates<S: CredentialStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let (kim, _) = owned(&*stores[0], |_| ()).await;
    let seen = race(&stores, 16, |store, at| {
        let (kim, own) = (kim.clone(), 6 + u32::try_from(at).unwrap());
        async move {
            let mut seen = Vec::new();
            loop {
                let read = stored(&*store).await;
                seen.push(read.record.sign_count);
                if read.record.sign_count >= own {
                    return seen;
                }
                let result = store.apply_update(&kim, &update(&read, own, 0), now()).await.unwrap();
                assert_ne!(result, ApplyUpdate::Missing);
            }
        }
    });
    for seen in seen.await {
        assert!(seen.is_sorted(), "{seen:?}");
    }
    assert_eq!(stored(&*stores[1]).await.record.sign_count, 21);
}

/// Not even if an update contains a lower one.
pub async fn a_counter_never_decreases([store, _]: [impl CredentialStore; 2]) {
    let (kim, read) = owned(&store, |_| ()).await;
    let lower = update(&read, 3, 0);
    assert_eq!(store.apply_update(&kim, &lower, now()).await.unwrap(), ApplyUpdate::Done);
    assert_eq!(stored(&store).await.record.sign_count, 5);
}

/// Synced passkeys have no counter: parallel sign-ins with them all succeed.
pub async fn counters_that_stay_zero_never_conflict<S: CredentialStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let (kim, read) = owned(&*stores[0], |passkey| passkey.record.sign_count = 0).await;
    let results = race(&stores, 16, |store, _| {
        let (kim, update) = (kim.clone(), update(&read, 0, 0));
        async move { store.apply_update(&kim, &update, now()).await.unwrap() }
    });
    assert_eq!(count(&results.await, &ApplyUpdate::Done), 16);
}

/// An imported record learns it at the next authentication and keeps it.
pub async fn backup_eligibility_is_written_once([store, _]: [impl CredentialStore; 2]) {
    let (kim, read) = owned(&store, |passkey| passkey.record.backup_eligible = None).await;
    let (first, mut second) = (update(&read, 6, Flags::BACKUP_ELIGIBLE), update(&read, 7, 0));
    assert_eq!((first.backup_eligible, second.backup_eligible), (Some(true), Some(false)));
    second.previous_sign_count = 6;
    for update in [first, second] {
        assert_eq!(store.apply_update(&kim, &update, now()).await.unwrap(), ApplyUpdate::Done);
        assert_eq!(stored(&store).await.record.backup_eligible, Some(true));
    }
}

/// Section 7.2, step 24: UV alone does not set it, and nothing clears it.
pub async fn uv_initialized_is_set_only_with_consent([store, _]: [impl CredentialStore; 2]) {
    let (kim, read) = owned(&store, |_| ()).await;
    let without = update(&read, 6, Flags::USER_VERIFIED);
    assert_eq!(store.apply_update(&kim, &without, now()).await.unwrap(), ApplyUpdate::Done);
    let read = stored(&store).await;
    assert!(!read.record.uv_initialized);
    let with = update(&read, 7, Flags::USER_VERIFIED).initialize_user_verification();
    assert_eq!(store.apply_update(&kim, &with, now()).await.unwrap(), ApplyUpdate::Done);
    let read = stored(&store).await;
    assert!(read.record.uv_initialized);
    assert_eq!(store.apply_update(&kim, &update(&read, 8, 0), now()).await.unwrap(), ApplyUpdate::Done);
    let read = stored(&store).await;
    assert!(read.record.uv_initialized && !read.user_verified);
}

/// Of two requests, the one that began later may be stored first.
pub async fn the_time_of_use_never_decreases([store, _]: [impl CredentialStore; 2]) {
    let (kim, read) = owned(&store, |passkey| {
        passkey.record.sign_count = 0;
        passkey.last_used_at = None;
    })
    .await;
    let (late, update) = (now(), update(&read, 0, 0));
    for used_at in [late, after(late, -9)] {
        assert_eq!(store.apply_update(&kim, &update, used_at).await.unwrap(), ApplyUpdate::Done);
        assert_eq!(stored(&store).await.last_used_at, Some(late));
    }
}

/// Nor does one of a passkey that was deleted in the meantime.
pub async fn an_update_of_another_users_passkey_finds_nothing([store, _]: [impl CredentialStore; 2]) {
    let (kim, read) = owned(&store, |_| ()).await;
    let update = update(&read, 6, 0);
    let sam = user("Sam").handle;
    assert_eq!(store.apply_update(&sam, &update, now()).await.unwrap(), ApplyUpdate::Missing);
    assert_eq!(stored(&store).await, read);
    let deleted = store.delete_passkey(&kim, &id(1), true, &by_passkey(1)).await.unwrap();
    assert_eq!(deleted, DeletePasskey::Done);
    assert_eq!(store.apply_update(&kim, &update, now()).await.unwrap(), ApplyUpdate::Missing);
}
