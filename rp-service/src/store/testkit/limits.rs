//! What a [`CredentialStore`] must hold: how many passkeys an account has, also when requests race.

use super::samples::{account, id, passkey};
use super::{count, race};
use crate::store::{Added, CredentialStore, Deleted, Opened};

/// An account has at most `max`; the ID is looked at first.
pub async fn a_passkey_over_the_limit_is_refused(store: impl CredentialStore) {
    let kim = account("Kim");
    assert_eq!(store.open_account(kim.clone(), passkey(&kim, 1)).await.unwrap(), Opened::Done);
    assert_eq!(store.add(&kim.user_handle, passkey(&kim, 2), Some(2)).await.unwrap(), Added::Done);
    assert_eq!(store.add(&kim.user_handle, passkey(&kim, 3), Some(2)).await.unwrap(), Added::TooMany);
    let known = store.add(&kim.user_handle, passkey(&kim, 2), Some(2)).await.unwrap();
    assert_eq!(known, Added::CredentialExists);
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap().len(), 2);
    assert_eq!(store.passkey(&id(3)).await.unwrap(), None);
    assert_eq!(store.add(&kim.user_handle, passkey(&kim, 3), None).await.unwrap(), Added::Done);
}

/// The limit is looked at in the transaction that adds.
pub async fn of_parallel_adds_at_the_limit_one_is_done<S>(store: S)
where
    S: CredentialStore + Clone + 'static,
{
    let kim = account("Kim");
    assert_eq!(store.open_account(kim.clone(), passkey(&kim, 0)).await.unwrap(), Opened::Done);
    let results = race(16, |at| {
        let (store, kim) = (store.clone(), kim.clone());
        let added = passkey(&kim, u8::try_from(at + 1).unwrap());
        async move { store.add(&kim.user_handle, added, Some(2)).await.unwrap() }
    });
    let results = results.await;
    assert_eq!((count(&results, &Added::Done), count(&results, &Added::TooMany)), (1, 15));
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap().len(), 2);
}

/// No passkey is kept for nobody.
pub async fn a_passkey_needs_an_account(store: impl CredentialStore) {
    let kim = account("Kim");
    assert_eq!(store.add(&kim.user_handle, passkey(&kim, 1), None).await.unwrap(), Added::NoAccount);
    assert_eq!(store.passkey(&id(1)).await.unwrap(), None);
}

/// What is deleted is gone, once, and its ID may be registered again.
pub async fn a_passkey_is_deleted(store: impl CredentialStore) {
    let kim = account("Kim");
    assert_eq!(store.open_account(kim.clone(), passkey(&kim, 1)).await.unwrap(), Opened::Done);
    assert_eq!(store.add(&kim.user_handle, passkey(&kim, 2), None).await.unwrap(), Added::Done);
    assert_eq!(store.delete(&kim.user_handle, &id(1), false).await.unwrap(), Deleted::Done);
    assert_eq!(store.delete(&kim.user_handle, &id(1), false).await.unwrap(), Deleted::Missing);
    assert_eq!(store.passkey(&id(1)).await.unwrap(), None);
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap(), [passkey(&kim, 2)]);
    assert_eq!(store.add(&kim.user_handle, passkey(&kim, 1), None).await.unwrap(), Added::Done);
}

/// Whose it is counts, not who knows the ID (GHSA-4vcf-q4xf-f48m).
pub async fn anothers_passkey_cannot_be_deleted(store: impl CredentialStore) {
    let (kim, sam) = (account("Kim"), account("Sam"));
    assert_eq!(store.open_account(kim.clone(), passkey(&kim, 1)).await.unwrap(), Opened::Done);
    assert_eq!(store.add(&kim.user_handle, passkey(&kim, 2), None).await.unwrap(), Added::Done);
    assert_eq!(store.open_account(sam.clone(), passkey(&sam, 3)).await.unwrap(), Opened::Done);
    // Sam's only one does not make it Sam's last
    assert_eq!(store.delete(&sam.user_handle, &id(1), true).await.unwrap(), Deleted::Missing);
    assert_eq!(store.delete(&sam.user_handle, &id(1), false).await.unwrap(), Deleted::Missing);
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap().len(), 2);
}

/// An account without a passkey is one that nobody can sign in to.
pub async fn the_last_passkey_goes_only_where_that_is_allowed(store: impl CredentialStore) {
    let kim = account("Kim");
    assert_eq!(store.open_account(kim.clone(), passkey(&kim, 1)).await.unwrap(), Opened::Done);
    assert_eq!(store.delete(&kim.user_handle, &id(1), false).await.unwrap(), Deleted::Last);
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap(), [passkey(&kim, 1)]);
    assert_eq!(store.delete(&kim.user_handle, &id(1), true).await.unwrap(), Deleted::Done);
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap(), []);
    assert_eq!(store.account(&kim.user_handle).await.unwrap(), Some(kim));
}

/// Which passkey is the last is looked at in the transaction that deletes.
pub async fn of_parallel_deletions_one_passkey_is_left<S>(store: S)
where
    S: CredentialStore + Clone + 'static,
{
    let kim = account("Kim");
    assert_eq!(store.put_account(kim.clone()).await.unwrap(), crate::store::Put::Done);
    for byte in 0..8 {
        assert_eq!(store.add(&kim.user_handle, passkey(&kim, byte), None).await.unwrap(), Added::Done);
    }
    let results = race(8, |at| {
        let (store, owner) = (store.clone(), kim.user_handle.clone());
        let id = id(u8::try_from(at).unwrap());
        async move { store.delete(&owner, &id, false).await.unwrap() }
    });
    let results = results.await;
    assert_eq!((count(&results, &Deleted::Done), count(&results, &Deleted::Last)), (7, 1));
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap().len(), 1);
}
