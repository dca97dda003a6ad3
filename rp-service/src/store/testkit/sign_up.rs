//! The behaviour of a [`SignUpStore`]: what holds between users and passkeys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::samples::{after, by_grant, by_passkey, give, grant, handle, id, now, passkey, user};
use super::{count, race};
use crate::store::{
    AddPasskey, Authorization, Conditions, CreateUser, DeletePasskey, Passkey, SignUp, SignUpStore,
    StoreError, UserRecord,
};

/// Creates a user with the passkey of this number.
pub(super) async fn sign_up(store: &impl SignUpStore, name: &str, byte: u8) -> (UserRecord, Passkey) {
    let user = user(name);
    let passkey = passkey(&user, byte);
    let created = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap();
    assert_eq!(created, SignUp::Done);
    (user, passkey)
}

/// The condition that the user exists, with a passkey that authorises the change.
fn of_user(byte: u8) -> Conditions {
    Conditions { check_user: true, ..by_passkey(byte) }
}

/// Both are returned as they were stored, also by another opening.
pub async fn a_user_and_the_first_passkey_are_created_together([store, other]: [impl SignUpStore; 2]) {
    let (kim, one) = sign_up(&store, "Kim", 1).await;
    assert_eq!(other.user_by_name("kim").await.unwrap(), Some(kim.clone()));
    assert_eq!(other.passkeys(&kim.handle).await.unwrap(), [one]);
}

/// A name never gives access to an existing user.
pub async fn a_taken_name_leaves_no_passkey([store, _]: [impl SignUpStore; 2]) {
    let (kim, one) = sign_up(&store, "Kim", 1).await;
    let second = UserRecord { handle: handle("second"), ..kim.clone() };
    let created = store.create_user_with_passkey(second.clone(), passkey(&second, 2), false).await.unwrap();
    assert_eq!(created, SignUp::NameTaken);
    assert_eq!(store.user(&second.handle).await.unwrap(), None);
    assert_eq!(store.passkey(&id(2)).await.unwrap(), None);
    assert_eq!(store.passkeys(&kim.handle).await.unwrap(), [one]);
}

/// Neither does a handle.
pub async fn a_taken_handle_leaves_no_passkey([store, _]: [impl SignUpStore; 2]) {
    let (kim, one) = sign_up(&store, "Kim", 1).await;
    let second = UserRecord { handle: kim.handle.clone(), ..user("Sam") };
    let created = store.create_user_with_passkey(second.clone(), passkey(&second, 2), false).await.unwrap();
    assert_eq!(created, SignUp::HandleTaken);
    assert_eq!(store.user_by_name("sam").await.unwrap(), None);
    assert_eq!(store.user(&kim.handle).await.unwrap(), Some(kim.clone()));
    assert_eq!(store.passkeys(&kim.handle).await.unwrap(), [one]);
}

/// The outcome is that for a known credential.
pub async fn a_reserved_credential_leaves_no_user([store, _]: [impl SignUpStore; 2]) {
    let kim = user("Kim");
    let created = store.create_user_with_passkey(kim.clone(), passkey(&kim, 1), true).await.unwrap();
    assert_eq!(created, SignUp::CredentialExists);
    assert_eq!(store.user(&kim.handle).await.unwrap(), None);
    assert_eq!(store.passkey(&id(1)).await.unwrap(), None);
    sign_up(&store, "Kim", 1).await;
    let second = UserRecord { handle: handle("second"), ..kim };
    let created = store.create_user_with_passkey(second.clone(), passkey(&second, 2), true).await.unwrap();
    assert_eq!(created, SignUp::NameTaken);
}

/// The name is free afterwards.
pub async fn a_known_credential_leaves_no_user([store, _]: [impl SignUpStore; 2]) {
    let (_, one) = sign_up(&store, "Kim", 1).await;
    let sam = user("Sam");
    let created = store.create_user_with_passkey(sam.clone(), passkey(&sam, 1), false).await.unwrap();
    assert_eq!(created, SignUp::CredentialExists);
    assert_eq!(store.user(&sam.handle).await.unwrap(), None);
    assert_eq!(store.passkey(&id(1)).await.unwrap(), Some(one));
    sign_up(&store, "Sam", 2).await;
}

/// A ceremony of one user never ends in the account of another.
pub async fn a_passkey_of_another_user_creates_no_user([store, _]: [impl SignUpStore; 2]) {
    let (kim, sam) = (user("Kim"), user("Sam"));
    let created = store.create_user_with_passkey(sam.clone(), passkey(&kim, 2), false).await;
    assert!(matches!(created, Err(StoreError::ForeignRecord)), "{created:?}");
    assert_eq!(store.passkey(&id(2)).await.unwrap(), None);
    assert_eq!(store.user(&sam.handle).await.unwrap(), None);
}

/// The name is checked in the transaction that writes.
pub async fn of_parallel_sign_ups_with_one_name_one_is_done<S: SignUpStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let results = race(&stores, 16, |store, at| {
        let kim = UserRecord { handle: handle(&format!("kim {at}")), ..user("Kim") };
        let passkey = passkey(&kim, u8::try_from(at).unwrap());
        async move { store.create_user_with_passkey(kim, passkey, false).await.unwrap() }
    });
    let results = results.await;
    assert_eq!((count(&results, &SignUp::Done), count(&results, &SignUp::NameTaken)), (1, 15));
    assert_eq!(stores[1].all_passkeys(None, 100).await.unwrap().len(), 1);
}

/// No user without a passkey is left of the others.
pub async fn of_parallel_sign_ups_with_one_credential_one_is_done<S: SignUpStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let results = race(&stores, 16, |store, at| {
        let user = user(&format!("user{at}"));
        let passkey = passkey(&user, 1);
        async move { store.create_user_with_passkey(user, passkey, false).await.unwrap() }
    });
    let results = results.await;
    assert_eq!((count(&results, &SignUp::Done), count(&results, &SignUp::CredentialExists)), (1, 15));
    assert_eq!(stores[1].users(None, 100).await.unwrap().len(), 1);
}

/// Unless the caller says that the users are in another store.
pub async fn a_passkey_needs_a_user([store, _]: [impl SignUpStore; 2]) {
    let kim = user("Kim");
    store.put_grant(grant(1), &kim.handle, after(now(), 300)).await.unwrap();
    let conditions = Conditions { check_user: true, ..by_grant(1) };
    let added = store.add_passkey(passkey(&kim, 1), None, &conditions).await.unwrap();
    assert_eq!(added, AddPasskey::UserMissing);
    assert_eq!(store.passkey(&id(1)).await.unwrap(), None);
    let added = store.add_passkey(passkey(&kim, 1), None, &by_grant(1)).await.unwrap();
    assert_eq!(added, AddPasskey::Done);
    let deleted = store.delete_passkey(&kim.handle, &id(1), true, &of_user(1)).await.unwrap();
    assert_eq!(deleted, DeletePasskey::UserMissing);
}

/// The lock is checked in the transaction that writes.
pub async fn a_locked_user_neither_adds_nor_deletes_a_passkey([store, other]: [impl SignUpStore; 2]) {
    let (kim, _) = sign_up(&store, "Kim", 1).await;
    assert!(store.set_user_lock(&kim.handle, Some(now())).await.unwrap());
    let added = other.add_passkey(passkey(&kim, 2), None, &of_user(1)).await.unwrap();
    assert_eq!(added, AddPasskey::UserMissing);
    let deleted = other.delete_passkey(&kim.handle, &id(1), true, &of_user(1)).await.unwrap();
    assert_eq!(deleted, DeletePasskey::UserMissing);
    assert_eq!(store.passkeys(&kim.handle).await.unwrap().len(), 1);

    assert!(store.set_user_lock(&kim.handle, None).await.unwrap());
    let added = store.add_passkey(passkey(&kim, 2), None, &of_user(1)).await.unwrap();
    assert_eq!(added, AddPasskey::Done);
}

/// An add that begins after the lock is rejected, on whichever opening.
pub async fn no_add_follows_the_lock_of_its_user<S: SignUpStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let (kim, _) = sign_up(&*stores[0], "Kim", 1).await;
    let is_locked = Arc::new(AtomicBool::new(false));
    let results = race(&stores, 16, |store, at| {
        let (kim, is_locked) = (kim.clone(), Arc::clone(&is_locked));
        async move {
            if at == 8 {
                assert!(store.set_user_lock(&kim.handle, Some(now())).await.unwrap());
                is_locked.store(true, Ordering::SeqCst);
                return false;
            }
            let was_locked = is_locked.load(Ordering::SeqCst);
            let added = passkey(&kim, u8::try_from(at + 2).unwrap());
            match store.add_passkey(added, None, &of_user(1)).await.unwrap() {
                AddPasskey::Done => assert!(!was_locked),
                rejected => assert_eq!(rejected, AddPasskey::UserMissing),
            }
            true
        }
    });
    assert_eq!(count(&results.await, &true), 15);
    let late = stores[1].add_passkey(passkey(&kim, 200), None, &of_user(1)).await.unwrap();
    assert_eq!(late, AddPasskey::UserMissing);
}

/// Passkeys and grants of other users stay.
pub async fn a_deleted_user_leaves_no_passkey_and_no_grant([store, _]: [impl SignUpStore; 2]) {
    let (kim, _) = sign_up(&store, "Kim", 1).await;
    give(&store, &passkey(&kim, 2)).await;
    let (sam, three) = sign_up(&store, "Sam", 3).await;
    for (byte, user) in [(1, &kim), (2, &sam)] {
        store.put_grant(grant(byte), &user.handle, after(now(), 300)).await.unwrap();
    }
    assert!(store.delete_user(&kim.handle).await.unwrap());
    assert_eq!(store.all_passkeys(None, 10).await.unwrap(), [three]);
    assert_eq!(store.grant_expiry(&kim.handle, now()).await.unwrap(), None);
    assert!(store.grant_expiry(&sam.handle, now()).await.unwrap().is_some());

    // The same handle again: the old grant authorises nothing
    assert_eq!(store.create_user(kim.clone()).await.unwrap(), CreateUser::Done);
    let conditions = Conditions { authorization: Authorization::Grant(grant(1)), ..of_user(1) };
    let added = store.add_passkey(passkey(&kim, 1), None, &conditions).await.unwrap();
    assert_eq!(added, AddPasskey::NotAuthorized);
}
