//! The behaviour of a [`UserStore`] that supports all operations.

use std::sync::Arc;

use super::samples::{after, handle, now, user};
use super::{count, race};
use crate::store::{CreateUser, UpdateUser, UserChange, UserRecord, UserStore};

async fn create(store: &impl UserStore, name: &str) -> UserRecord {
    let user = user(name);
    assert_eq!(store.create_user(user.clone()).await.unwrap(), CreateUser::Done);
    user
}

fn rename(name: &str) -> UserChange {
    UserChange { name: Some((name.to_owned(), name.to_lowercase())), display_name: None }
}

/// Every member is returned, also by another opening.
pub async fn a_user_is_found_by_handle_and_name([store, other]: [impl UserStore; 2]) {
    let kim = create(&store, "Kim").await;
    create(&store, "Sam").await;
    assert_eq!(other.user(&kim.handle).await.unwrap(), Some(kim.clone()));
    assert_eq!(other.user_by_name("kim").await.unwrap(), Some(kim));
    assert_eq!(store.user(&handle("Lee")).await.unwrap(), None);
}

/// The caller computes the key; the store compares it as a whole.
pub async fn a_name_is_compared_by_its_key_alone([store, _]: [impl UserStore; 2]) {
    create(&store, "Kim").await;
    for name in ["Kim", "ki", "kimm", "", "%", "k_m", "kim\0", "\0"] {
        assert_eq!(store.user_by_name(name).await.unwrap(), None, "{name}");
    }
}

/// A user with another handle cannot take a name.
pub async fn a_name_belongs_to_one_user([store, _]: [impl UserStore; 2]) {
    let kim = create(&store, "Kim").await;
    let second = UserRecord { handle: handle("second"), ..kim.clone() };
    assert_eq!(store.create_user(second).await.unwrap(), CreateUser::NameTaken);
    assert_eq!(store.user(&handle("second")).await.unwrap(), None);
    assert_eq!(store.user_by_name("kim").await.unwrap(), Some(kim));
}

/// Creating a user never changes an existing one.
pub async fn a_handle_belongs_to_one_user([store, _]: [impl UserStore; 2]) {
    let kim = create(&store, "Kim").await;
    let second = UserRecord { handle: kim.handle.clone(), ..user("Sam") };
    assert_eq!(store.create_user(second).await.unwrap(), CreateUser::HandleTaken);
    assert_eq!(store.user_by_name("sam").await.unwrap(), None);
    assert_eq!(store.user(&kim.handle).await.unwrap(), Some(kim));
}

/// The name is checked in the transaction that writes.
pub async fn of_parallel_users_with_one_name_one_is_created<S: UserStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let results = race(&stores, 16, |store, at| {
        let kim = UserRecord { handle: handle(&format!("kim {at}")), ..user("Kim") };
        async move { store.create_user(kim).await.unwrap() }
    });
    let results = results.await;
    assert_eq!((count(&results, &CreateUser::Done), count(&results, &CreateUser::NameTaken)), (1, 15));
}

/// Both names change together or apart; handle and creation stay.
pub async fn a_renamed_user_has_a_new_name_and_the_old_is_free([store, other]: [impl UserStore; 2]) {
    let mut kim = create(&store, "Kim").await;
    let change = UserChange { display_name: Some("Kim Lee".to_owned()), ..rename("Kim-Lee") };
    (kim.name, kim.name_key) = ("Kim-Lee".to_owned(), "kim-lee".to_owned());
    kim.display_name = "Kim Lee".to_owned();
    assert_eq!(store.update_user(&kim.handle, change).await.unwrap(), UpdateUser::Done(kim.clone()));
    assert_eq!(other.user_by_name("kim").await.unwrap(), None);
    assert_eq!(other.user_by_name("kim-lee").await.unwrap(), Some(kim.clone()));

    let change = UserChange { name: None, display_name: Some("K".to_owned()) };
    kim.display_name = "K".to_owned();
    assert_eq!(store.update_user(&kim.handle, change).await.unwrap(), UpdateUser::Done(kim.clone()));
    // Another spelling of the same name
    kim.name = "KIM-LEE".to_owned();
    assert_eq!(store.update_user(&kim.handle, rename("KIM-LEE")).await.unwrap(), UpdateUser::Done(kim));

    let second = UserRecord { handle: handle("second"), ..user("Kim") };
    assert_eq!(store.create_user(second).await.unwrap(), CreateUser::Done);
}

/// Nothing of the change is stored, not even the display name.
pub async fn a_rename_does_not_take_the_name_of_another([store, _]: [impl UserStore; 2]) {
    let (kim, sam) = (create(&store, "Kim").await, create(&store, "Sam").await);
    let change = UserChange { display_name: Some("Sam".to_owned()), ..rename("SAM") };
    assert_eq!(store.update_user(&kim.handle, change).await.unwrap(), UpdateUser::NameTaken);
    assert_eq!(store.user(&kim.handle).await.unwrap(), Some(kim));
    assert_eq!(store.user_by_name("sam").await.unwrap(), Some(sam));
}

/// The name is checked in the transaction that writes.
pub async fn of_parallel_renames_to_one_name_one_is_done<S: UserStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    for at in 0..8 {
        create(&*stores[0], &format!("user{at}")).await;
    }
    let results = race(&stores, 8, |store, at| async move {
        let user = handle(&format!("user{at}"));
        store.update_user(&user, rename("Kim")).await.unwrap()
    });
    assert_eq!(count(&results.await, &UpdateUser::NameTaken), 7);
    assert!(stores[0].user_by_name("kim").await.unwrap().is_some());
}

/// The user as it is.
pub async fn an_empty_change_returns_the_user([store, _]: [impl UserStore; 2]) {
    let kim = create(&store, "Kim").await;
    let changed = store.update_user(&kim.handle, UserChange::default()).await.unwrap();
    assert_eq!(changed, UpdateUser::Done(kim));
}

/// No operation creates a user on the way.
pub async fn a_missing_user_is_neither_changed_nor_locked([store, _]: [impl UserStore; 2]) {
    let kim = handle("Kim");
    assert_eq!(store.update_user(&kim, rename("Kim")).await.unwrap(), UpdateUser::Missing);
    assert!(!store.set_user_lock(&kim, Some(now())).await.unwrap());
    assert!(!store.set_user_lock(&kim, None).await.unwrap());
    assert!(!store.delete_user(&kim).await.unwrap());
    assert_eq!(store.user(&kim).await.unwrap(), None);
}

/// A second lock does not change the time; other users are not affected.
pub async fn a_lock_keeps_its_first_time_until_it_is_removed([store, other]: [impl UserStore; 2]) {
    let (kim, sam) = (create(&store, "Kim").await, create(&store, "Sam").await);
    let first = now();
    let locked = UserRecord { locked_at: Some(first), ..kim.clone() };
    for time in [first, after(first, 60)] {
        assert!(store.set_user_lock(&kim.handle, Some(time)).await.unwrap());
        assert_eq!(other.user(&kim.handle).await.unwrap(), Some(locked.clone()));
    }
    assert_eq!(store.user_by_name("kim").await.unwrap(), Some(locked.clone()));
    assert_eq!(store.users(None, 10).await.unwrap(), [locked, sam]);
    assert!(store.set_user_lock(&kim.handle, None).await.unwrap());
    assert_eq!(other.user(&kim.handle).await.unwrap(), Some(kim));
}

/// An imported user may be locked.
pub async fn a_locked_user_can_be_created([store, _]: [impl UserStore; 2]) {
    let kim = UserRecord { locked_at: Some(now()), ..user("Kim") };
    assert_eq!(store.create_user(kim.clone()).await.unwrap(), CreateUser::Done);
    assert_eq!(store.user(&kim.handle).await.unwrap(), Some(kim));
}

/// Deletion is reported once; other users stay.
pub async fn a_deleted_user_is_gone_and_the_name_is_free([store, other]: [impl UserStore; 2]) {
    let (kim, sam) = (create(&store, "Kim").await, create(&store, "Sam").await);
    assert!(store.delete_user(&kim.handle).await.unwrap());
    assert!(!store.delete_user(&kim.handle).await.unwrap());
    assert_eq!(other.user(&kim.handle).await.unwrap(), None);
    assert_eq!(other.user_by_name("kim").await.unwrap(), None);
    assert_eq!(other.user(&sam.handle).await.unwrap(), Some(sam));
    create(&store, "Kim").await;
}

/// The lock is deleted with the user.
pub async fn a_new_user_does_not_inherit_a_lock([store, _]: [impl UserStore; 2]) {
    let kim = create(&store, "Kim").await;
    assert!(store.set_user_lock(&kim.handle, Some(now())).await.unwrap());
    assert!(store.delete_user(&kim.handle).await.unwrap());
    create(&store, "Kim").await;
    assert_eq!(store.user(&kim.handle).await.unwrap(), Some(kim));
}

/// Each user is on one page; the order is that of the bytes.
pub async fn users_are_paged_in_the_order_of_their_handles([store, _]: [impl UserStore; 2]) {
    for name in ["b98", "aa97", "c99", "B66", "a97"] {
        create(&store, name).await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.users(after.as_ref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.handle.clone());
        seen.extend(page.into_iter().map(|user| user.name));
    }
    assert_eq!(seen, ["B66", "a97", "aa97", "b98", "c99"]);
    assert_eq!(store.users(None, 0).await.unwrap(), []);
}
