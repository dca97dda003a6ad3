//! What a [`CredentialStore`] must hold: accounts, and whose passkeys are whose.

use rp_core::{Format, Timestamp};

use super::samples::{account, handle, id, passkey};
use super::{count, race};
use crate::store::{Account, Added, CredentialStore, Opened, Passkey, Put, StoreError};

/// Opens an account with the passkey of this number.
async fn open(store: &impl CredentialStore, name: &str, byte: u8) -> (Account, Passkey) {
    let account = account(name);
    let passkey = passkey(&account, byte);
    assert_eq!(store.open_account(account.clone(), passkey.clone()).await.unwrap(), Opened::Done);
    (account, passkey)
}

/// Every item of the record, and of what is kept beside it.
pub async fn an_account_and_its_passkey_come_back_as_they_were(store: impl CredentialStore) {
    let (kim, one) = open(&store, "Kim", 1).await;
    assert_eq!(store.account_by_name("kim").await.unwrap(), Some(kim.clone()));
    assert_eq!(store.account(&kim.user_handle).await.unwrap(), Some(kim.clone()));
    assert_eq!(store.passkey(&id(1)).await.unwrap(), Some((kim.clone(), one.clone())));
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap(), [one]);
}

/// What may be absent comes back absent, and an attestation format from elsewhere comes back too.
pub async fn what_an_imported_record_never_knew_comes_back_unknown(store: impl CredentialStore) {
    let kim = account("Kim");
    let mut sparse = passkey(&kim, 1);
    sparse.record.sign_count = u32::MAX;
    sparse.record.transports = Vec::new();
    sparse.record.backup_eligible = None;
    sparse.record.attestation_object = None;
    sparse.record.attestation_client_data_json = None;
    sparse.record.rp_id = None;
    sparse.record.attestation.format = Format::from("of-somebody");
    (sparse.nickname, sparse.last_used_at, sparse.user_verified) = (None, None, false);
    assert_eq!(store.open_account(kim.clone(), sparse.clone()).await.unwrap(), Opened::Done);
    assert_eq!(store.passkey(&id(1)).await.unwrap(), Some((kim, sparse)));
}

/// Names are compared by their key alone, and whole.
pub async fn what_is_not_there_is_not_found(store: impl CredentialStore) {
    open(&store, "Kim", 1).await;
    for name in ["Kim", "ki", "kimm", "", "%"] {
        assert_eq!(store.account_by_name(name).await.unwrap(), None, "{name}");
    }
    assert_eq!(store.account(&handle("Sam")).await.unwrap(), None);
    assert_eq!(store.passkey(&id(2)).await.unwrap(), None);
    assert_eq!(store.passkeys(&handle("Sam")).await.unwrap(), []);
    assert!(!store.delete_account(&handle("Sam")).await.unwrap());
}

/// A name alone never reaches an existing account.
pub async fn an_account_whose_name_is_taken_is_not_opened(store: impl CredentialStore) {
    let (kim, one) = open(&store, "Kim", 1).await;
    let second = Account { user_handle: handle("second"), ..kim.clone() };
    let opened = store.open_account(second.clone(), passkey(&second, 2)).await.unwrap();
    assert_eq!(opened, Opened::NameTaken);
    assert_eq!(store.account(&second.user_handle).await.unwrap(), None);
    assert_eq!(store.passkey(&id(2)).await.unwrap(), None);
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap(), [one]);
}

/// Opening never writes over an account.
pub async fn an_account_whose_handle_is_taken_is_not_opened(store: impl CredentialStore) {
    let (kim, one) = open(&store, "Kim", 1).await;
    let second = Account { user_handle: kim.user_handle.clone(), ..account("Sam") };
    let opened = store.open_account(second.clone(), passkey(&second, 2)).await.unwrap();
    assert_eq!(opened, Opened::HandleTaken);
    assert_eq!(store.account_by_name("sam").await.unwrap(), None);
    assert_eq!(store.account(&kim.user_handle).await.unwrap(), Some(kim.clone()));
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap(), [one]);
}

/// Account and passkey are written together or not at all: the name is free afterwards.
pub async fn an_account_whose_credential_exists_is_not_left_behind(store: impl CredentialStore) {
    let (kim, one) = open(&store, "Kim", 1).await;
    let sam = account("Sam");
    let opened = store.open_account(sam.clone(), passkey(&sam, 1)).await.unwrap();
    assert_eq!(opened, Opened::CredentialExists);
    assert_eq!(store.account(&sam.user_handle).await.unwrap(), None);
    assert_eq!(store.passkey(&id(1)).await.unwrap(), Some((kim, one)));
    open(&store, "Sam", 2).await;
}

/// Two tabs, or two people.
pub async fn of_parallel_openings_with_one_name_one_is_done<S>(store: S)
where
    S: CredentialStore + Clone + 'static,
{
    let results = race(16, |at| {
        let (store, byte) = (store.clone(), u8::try_from(at).unwrap());
        let kim = Account { user_handle: handle(&format!("kim {at}")), ..account("Kim") };
        async move { store.open_account(kim.clone(), passkey(&kim, byte)).await.unwrap() }
    });
    let results = results.await;
    assert_eq!((count(&results, &Opened::Done), count(&results, &Opened::NameTaken)), (1, 15));
    let kim = store.account_by_name("kim").await.unwrap().unwrap();
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap().len(), 1);
}

/// The accounts that came too late are not there.
pub async fn of_parallel_openings_with_one_credential_one_account_is_there<S>(store: S)
where
    S: CredentialStore + Clone + 'static,
{
    let results = race(16, |at| {
        let (store, account) = (store.clone(), account(&format!("user {at}")));
        async move { store.open_account(account.clone(), passkey(&account, 1)).await.unwrap() }
    });
    let results = results.await;
    assert_eq!((count(&results, &Opened::Done), count(&results, &Opened::CredentialExists)), (1, 15));
    let mut there = 0;
    for at in 0..16 {
        there += usize::from(store.account(&handle(&format!("user {at}"))).await.unwrap().is_some());
    }
    assert_eq!(there, 1);
}

/// Section 7.1, step 26: an ID that any account has is refused.
pub async fn a_credential_id_is_unique_over_all_accounts(store: impl CredentialStore) {
    let (kim, one) = open(&store, "Kim", 1).await;
    let (sam, _) = open(&store, "Sam", 2).await;
    for (owner, byte) in [(&sam, 1), (&kim, 1)] {
        let added = store.add(&owner.user_handle, passkey(owner, byte), None).await.unwrap();
        assert_eq!(added, Added::CredentialExists, "{}", owner.name);
    }
    assert_eq!(store.passkey(&id(1)).await.unwrap(), Some((kim, one)));
    assert_eq!(store.passkeys(&sam.user_handle).await.unwrap().len(), 1);
}

/// A ceremony that one account began never ends in another.
pub async fn a_record_of_another_account_is_refused(store: impl CredentialStore) {
    let (kim, _) = open(&store, "Kim", 1).await;
    let sam = account("Sam");
    let added = store.add(&kim.user_handle, passkey(&sam, 2), None).await;
    assert!(matches!(added, Err(StoreError::RecordOfAnotherAccount)));
    let opened = store.open_account(sam.clone(), passkey(&kim, 2)).await;
    assert!(matches!(opened, Err(StoreError::RecordOfAnotherAccount)));
    assert_eq!(store.passkey(&id(2)).await.unwrap(), None);
    assert_eq!(store.account(&sam.user_handle).await.unwrap(), None);
}

/// Each ID with its transports, and no other account's.
pub async fn passkeys_are_named_in_options_as_they_are(store: impl CredentialStore) {
    let (kim, one) = open(&store, "Kim", 1).await;
    open(&store, "Sam", 2).await;
    let mut bare = passkey(&kim, 3);
    bare.record.transports.clear();
    assert_eq!(store.add(&kim.user_handle, bare.clone(), None).await.unwrap(), Added::Done);
    let mut descriptors = store.descriptors(&kim.user_handle).await.unwrap();
    descriptors.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(descriptors, [(&one.record).into(), (&bare.record).into()]);
    assert_eq!(store.descriptors(&handle("nobody")).await.unwrap(), []);
}

/// By when they were made, and in order of arrival where that is the same second.
pub async fn passkeys_are_listed_oldest_first(store: impl CredentialStore) {
    let (kim, five) = open(&store, "Kim", 5).await;
    let mut listed = vec![five];
    for (byte, created_at) in [(9, 3_000), (3, 1_000), (7, 3_000), (1, 3_000)] {
        let mut added = passkey(&kim, byte);
        added.created_at = Timestamp::from_unix_seconds(created_at);
        assert_eq!(store.add(&kim.user_handle, added.clone(), None).await.unwrap(), Added::Done);
        listed.push(added);
    }
    listed.sort_by_key(|passkey| passkey.created_at);
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap(), listed);
}

/// The passkey comes back as it is afterwards.
pub async fn a_passkey_is_named_and_loses_its_name(store: impl CredentialStore) {
    let (kim, mut one) = open(&store, "Kim", 1).await;
    for nickname in [Some("the blue one’s"), None] {
        one.nickname = nickname.map(str::to_owned);
        let renamed = store.rename(&kim.user_handle, &id(1), nickname).await.unwrap();
        assert_eq!(renamed, Some(one.clone()));
        assert_eq!(store.passkeys(&kim.user_handle).await.unwrap(), std::slice::from_ref(&one));
    }
}

/// Whose it is counts, not who knows the ID (GHSA-4vcf-q4xf-f48m).
pub async fn anothers_passkey_cannot_be_named(store: impl CredentialStore) {
    let (_, one) = open(&store, "Kim", 1).await;
    let (sam, _) = open(&store, "Sam", 2).await;
    assert_eq!(store.rename(&sam.user_handle, &id(1), Some("mine")).await.unwrap(), None);
    assert_eq!(store.rename(&handle("nobody"), &id(1), Some("mine")).await.unwrap(), None);
    assert_eq!(store.passkey(&id(1)).await.unwrap().unwrap().1, one);
}

/// An application with users of its own brings them before they have a passkey.
pub async fn an_account_is_kept_without_a_passkey(store: impl CredentialStore) {
    let kim = account("Kim");
    assert_eq!(store.put_account(kim.clone()).await.unwrap(), Put::Done);
    assert_eq!(store.account_by_name("kim").await.unwrap(), Some(kim.clone()));
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap(), []);
    assert_eq!(store.add(&kim.user_handle, passkey(&kim, 1), Some(1)).await.unwrap(), Added::Done);
}

/// Passkeys stay, the day of opening stays, and the old name is free.
pub async fn an_account_put_again_changes_its_names_alone(store: impl CredentialStore) {
    let (kim, one) = open(&store, "Kim", 1).await;
    let renamed = Account {
        user_handle: kim.user_handle.clone(),
        created_at: Timestamp::from_unix_seconds(1_800_000_000),
        ..account("Kim-Lee")
    };
    assert_eq!(store.put_account(renamed.clone()).await.unwrap(), Put::Done);
    let kept = Account { created_at: kim.created_at, ..renamed };
    assert_eq!(store.passkey(&id(1)).await.unwrap(), Some((kept.clone(), one)));
    assert_eq!(store.account_by_name("kim-lee").await.unwrap(), Some(kept.clone()));
    assert_eq!(store.account_by_name("kim").await.unwrap(), None);
    assert_eq!(store.put_account(kept.clone()).await.unwrap(), Put::Done);
    assert_eq!(store.account_by_name("kim-lee").await.unwrap(), Some(kept));
}

/// A name that another account has stays its.
pub async fn an_account_put_under_anothers_name_is_refused(store: impl CredentialStore) {
    let (kim, _) = open(&store, "Kim", 1).await;
    let (sam, _) = open(&store, "Sam", 2).await;
    for user_handle in [sam.user_handle.clone(), handle("new")] {
        let taken = Account { user_handle, ..kim.clone() };
        assert_eq!(store.put_account(taken).await.unwrap(), Put::NameTaken);
    }
    assert_eq!(store.account(&sam.user_handle).await.unwrap(), Some(sam));
    assert_eq!(store.account_by_name("kim").await.unwrap(), Some(kim));
    assert_eq!(store.account(&handle("new")).await.unwrap(), None);
}

/// Nothing of it is left, and its name and credential IDs are free; other accounts keep theirs.
pub async fn an_account_is_deleted_with_its_passkeys(store: impl CredentialStore) {
    let (kim, _) = open(&store, "Kim", 1).await;
    assert_eq!(store.add(&kim.user_handle, passkey(&kim, 2), None).await.unwrap(), Added::Done);
    let (sam, three) = open(&store, "Sam", 3).await;
    assert!(store.delete_account(&kim.user_handle).await.unwrap());
    assert!(!store.delete_account(&kim.user_handle).await.unwrap());
    assert_eq!(store.account_by_name("kim").await.unwrap(), None);
    assert_eq!(store.passkeys(&kim.user_handle).await.unwrap(), []);
    assert_eq!(store.passkey(&id(2)).await.unwrap(), None);
    assert_eq!(store.passkey(&id(3)).await.unwrap(), Some((sam, three)));
    open(&store, "Kim", 2).await;
}
