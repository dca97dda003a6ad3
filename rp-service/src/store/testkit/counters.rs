//! What a [`CredentialStore`] must hold: what an authentication changes, also when several race.

use rp_core::Flags;

use super::samples::{account, after, id, now, passkey, update};
use super::{count, race};
use crate::store::{Account, Applied, CredentialStore, Opened, Passkey};

/// Opens an account with the passkey 1, changed as told.
async fn opened(store: &impl CredentialStore, change: impl FnOnce(&mut Passkey)) -> (Account, Passkey) {
    let kim = account("Kim");
    let mut passkey = passkey(&kim, 1);
    change(&mut passkey);
    assert_eq!(store.open_account(kim.clone(), passkey.clone()).await.unwrap(), Opened::Done);
    (kim, passkey)
}

async fn stored(store: &impl CredentialStore) -> Passkey {
    store.passkey(&id(1)).await.unwrap().unwrap().1
}

/// Counter, backup state, use and verification come back, and nothing else moves (CVE-2023-45669).
pub async fn an_update_is_stored(store: impl CredentialStore) {
    let (kim, mut passkey) = opened(&store, |passkey| passkey.user_verified = false).await;
    let used = now();
    let update = update(&passkey, u32::MAX, Flags::USER_VERIFIED | 0x08 | Flags::BACKUP_STATE);
    assert_eq!(store.apply(&kim.user_handle, &update, used).await.unwrap(), Applied::Done);
    passkey.record.sign_count = u32::MAX;
    passkey.record.backup_state = true;
    passkey.last_used_at = Some(used);
    passkey.user_verified = true;
    assert_eq!(stored(&store).await, passkey);
}

/// Who was judged against an older counter is told the one that is stored.
pub async fn an_update_judged_on_another_count_changes_nothing(store: impl CredentialStore) {
    let (kim, read) = opened(&store, |_| ()).await;
    let (first, second) = (update(&read, 9, 0), update(&read, 12, Flags::BACKUP_STATE | 0x08));
    assert_eq!(store.apply(&kim.user_handle, &first, now()).await.unwrap(), Applied::Done);
    let after_first = stored(&store).await;
    let moved = store.apply(&kim.user_handle, &second, after(now(), 60)).await.unwrap();
    assert_eq!(moved, Applied::CounterMoved { current: 9 });
    assert_eq!(stored(&store).await, after_first);
}

/// Two authenticators with one key, at once: the counter lets one through.
pub async fn of_parallel_updates_from_one_count_one_is_done<S>(store: S)
where
    S: CredentialStore + Clone + 'static,
{
    let (kim, read) = opened(&store, |_| ()).await;
    let results = race(32, |at| {
        let (store, owner) = (store.clone(), kim.user_handle.clone());
        let update = update(&read, 6 + u32::try_from(at).unwrap(), 0);
        async move { (store.apply(&owner, &update, now()).await.unwrap(), update.sign_count) }
    });
    let results = results.await;
    let current = stored(&store).await.record.sign_count;
    for (result, sign_count) in results {
        match result {
            Applied::Done => assert_eq!(sign_count, current),
            other => assert_eq!(other, Applied::CounterMoved { current }),
        }
    }
    assert!(current > 5);
}

/// Who lost reads again, and is done or behind; whoever watches sees the counter grow.
pub async fn a_counter_only_grows_under_parallel_authentications<S>(store: S)
where
    S: CredentialStore + Clone + 'static,
{
    let (kim, _) = opened(&store, |_| ()).await;
    let seen = race(16, |at| {
        let (store, owner) = (store.clone(), kim.user_handle.clone());
        let mine = 6 + u32::try_from(at).unwrap();
        async move {
            let mut seen = Vec::new();
            loop {
                let read = stored(&store).await;
                seen.push(read.record.sign_count);
                if read.record.sign_count >= mine {
                    return seen;
                }
                let result = store.apply(&owner, &update(&read, mine, 0), now()).await.unwrap();
                if let Applied::CounterMoved { current } = result {
                    seen.push(current);
                }
            }
        }
    });
    for seen in seen.await {
        assert!(seen.is_sorted(), "{seen:?}");
    }
    assert_eq!(stored(&store).await.record.sign_count, 21);
}

/// Not even where an update says so.
pub async fn a_counter_never_goes_back(store: impl CredentialStore) {
    let (kim, read) = opened(&store, |_| ()).await;
    let lower = update(&read, 3, 0);
    assert_eq!(store.apply(&kim.user_handle, &lower, now()).await.unwrap(), Applied::Done);
    assert_eq!(stored(&store).await.record.sign_count, 5);
}

/// Synced passkeys keep no counter: none of their sign-ins stands in another's way.
pub async fn counters_that_stay_zero_never_conflict<S>(store: S)
where
    S: CredentialStore + Clone + 'static,
{
    let (kim, read) = opened(&store, |passkey| passkey.record.sign_count = 0).await;
    let results = race(16, |_| {
        let (store, owner, update) = (store.clone(), kim.user_handle.clone(), update(&read, 0, 0));
        async move { store.apply(&owner, &update, now()).await.unwrap() }
    });
    assert_eq!(count(&results.await, &Applied::Done), 16);
}

/// An imported record learns it at the next authentication, and keeps it.
pub async fn backup_eligibility_is_filled_in_once(store: impl CredentialStore) {
    let (kim, read) = opened(&store, |passkey| passkey.record.backup_eligible = None).await;
    let (learns, other) = (update(&read, 6, Flags::BACKUP_ELIGIBLE), update(&read, 7, 0));
    assert_eq!((learns.backup_eligible, other.backup_eligible), (Some(true), Some(false)));
    assert_eq!(store.apply(&kim.user_handle, &learns, now()).await.unwrap(), Applied::Done);
    assert_eq!(stored(&store).await.record.backup_eligible, Some(true));
    let mut late = other;
    late.previous_sign_count = 6;
    assert_eq!(store.apply(&kim.user_handle, &late, now()).await.unwrap(), Applied::Done);
    assert_eq!(stored(&store).await.record.backup_eligible, Some(true));
}

/// Section 7.2, step 24: UV alone does not raise it, and nothing lowers it.
pub async fn uv_initialized_rises_on_the_callers_word_alone(store: impl CredentialStore) {
    let (kim, read) = opened(&store, |_| ()).await;
    let silent = update(&read, 6, Flags::USER_VERIFIED);
    assert_eq!(store.apply(&kim.user_handle, &silent, now()).await.unwrap(), Applied::Done);
    let read = stored(&store).await;
    assert!(!read.record.uv_initialized);
    let vouched = update(&read, 7, Flags::USER_VERIFIED).initialize_user_verification();
    assert_eq!(store.apply(&kim.user_handle, &vouched, now()).await.unwrap(), Applied::Done);
    let read = stored(&store).await;
    assert!(read.record.uv_initialized);
    assert_eq!(store.apply(&kim.user_handle, &update(&read, 8, 0), now()).await.unwrap(), Applied::Done);
    let read = stored(&store).await;
    assert!(read.record.uv_initialized && !read.user_verified);
}

/// Of two requests, the one that began later may be written first.
pub async fn the_time_of_use_never_goes_back(store: impl CredentialStore) {
    let (kim, read) = opened(&store, |passkey| {
        passkey.record.sign_count = 0;
        passkey.last_used_at = None;
    })
    .await;
    let (late, update) = (now(), update(&read, 0, 0));
    assert_eq!(store.apply(&kim.user_handle, &update, late).await.unwrap(), Applied::Done);
    assert_eq!(store.apply(&kim.user_handle, &update, after(late, -9)).await.unwrap(), Applied::Done);
    assert_eq!(stored(&store).await.last_used_at, Some(late));
}

/// Another account's passkey, or one that was deleted meanwhile.
pub async fn an_update_of_anothers_passkey_finds_nothing(store: impl CredentialStore) {
    let (kim, read) = opened(&store, |_| ()).await;
    let sam = account("Sam");
    assert_eq!(store.open_account(sam.clone(), passkey(&sam, 2)).await.unwrap(), Opened::Done);
    let update = update(&read, 6, 0);
    assert_eq!(store.apply(&sam.user_handle, &update, now()).await.unwrap(), Applied::Gone);
    assert_eq!(stored(&store).await, read);
    assert!(store.delete_account(&kim.user_handle).await.unwrap());
    assert_eq!(store.apply(&kim.user_handle, &update, now()).await.unwrap(), Applied::Gone);
}
