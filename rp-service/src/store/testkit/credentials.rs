//! The behaviour of a [`CredentialStore`]: which user has which passkeys.

use std::sync::Arc;

use rp_core::{AttestationType, Format, StoredAttestation, Timestamp};

use super::samples::{after, by_passkey, give, grant, handle, id, now, passkey, user};
use super::{count, race};
use crate::store::{AddPasskey, CredentialStore, DeletePasskey, Passkey, UserRecord};

/// A user who has the passkey of this number.
pub(super) async fn user_with_passkey(
    store: &impl CredentialStore,
    name: &str,
    byte: u8,
) -> (UserRecord, Passkey) {
    let user = user(name);
    let passkey = passkey(&user, byte);
    give(store, &passkey).await;
    (user, passkey)
}

/// Every member is returned, also by another opening.
pub async fn a_passkey_comes_back_as_it_was_stored([store, other]: [impl CredentialStore; 2]) {
    let (kim, one) = user_with_passkey(&store, "Kim", 1).await;
    assert_eq!(other.passkey(&id(1)).await.unwrap(), Some(one.clone()));
    assert_eq!(other.passkeys(&kim.handle).await.unwrap(), [one]);
}

/// Optional members may be missing, and a format may be unknown to this version.
pub async fn what_an_imported_record_lacks_stays_unknown([store, _]: [impl CredentialStore; 2]) {
    let mut sparse = passkey(&user("Kim"), 1);
    sparse.record.sign_count = u32::MAX;
    sparse.record.transports = Vec::new();
    sparse.record.backup_eligible = None;
    sparse.record.attestation_object = None;
    sparse.record.attestation_client_data_json = None;
    sparse.record.rp_id = None;
    sparse.record.attestation.format = Format::from("of-another-project");
    (sparse.nickname, sparse.last_used_at, sparse.user_verified) = (None, None, false);
    give(&store, &sparse).await;
    assert_eq!(store.passkey(&id(1)).await.unwrap(), Some(sparse));
}

/// An unknown ID or user is not an error.
pub async fn a_missing_passkey_is_not_found([store, _]: [impl CredentialStore; 2]) {
    let (kim, _) = user_with_passkey(&store, "Kim", 1).await;
    let sam = handle("Sam");
    assert_eq!(store.passkey(&id(2)).await.unwrap(), None);
    assert_eq!(store.passkeys(&sam).await.unwrap(), []);
    assert_eq!(store.descriptors(&sam).await.unwrap(), []);
    assert_eq!(store.delete_passkeys(&sam).await.unwrap(), 0);
    let deleted = store.delete_passkey(&kim.handle, &id(2), true, &by_passkey(1)).await.unwrap();
    assert_eq!(deleted, DeletePasskey::Missing);
}

/// Section 7.1, step 26: an ID that any user has is rejected.
pub async fn a_credential_id_is_unique_across_users([store, _]: [impl CredentialStore; 2]) {
    let (kim, one) = user_with_passkey(&store, "Kim", 1).await;
    let (sam, two) = user_with_passkey(&store, "Sam", 2).await;
    for (owner, authorising) in [(&sam, 2), (&kim, 1)] {
        let mut copy = passkey(owner, 1);
        copy.nickname = Some("copy".to_owned());
        let added = store.add_passkey(copy, None, &by_passkey(authorising)).await.unwrap();
        assert_eq!(added, AddPasskey::CredentialExists, "{}", owner.name);
    }
    assert_eq!(store.all_passkeys(None, 10).await.unwrap(), [one, two]);
}

/// In any order, and without those of other users.
pub async fn descriptors_are_the_ids_and_transports_of_the_user([store, _]: [impl CredentialStore; 2]) {
    let (kim, one) = user_with_passkey(&store, "Kim", 1).await;
    user_with_passkey(&store, "Sam", 2).await;
    let mut bare = passkey(&kim, 3);
    bare.record.transports.clear();
    give(&store, &bare).await;
    let mut descriptors = store.descriptors(&kim.handle).await.unwrap();
    descriptors.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(descriptors, [(&one.record).into(), (&bare.record).into()]);
}

/// Passkeys of the same second are listed in the order in which they were added.
pub async fn passkeys_are_listed_oldest_first([store, _]: [impl CredentialStore; 2]) {
    let (kim, five) = user_with_passkey(&store, "Kim", 5).await;
    let mut listed = vec![five];
    for (byte, created_at) in [(9, 3_000), (3, 1_000), (7, 3_000), (1, 3_000)] {
        let mut added = passkey(&kim, byte);
        added.created_at = Timestamp::from_unix_seconds(created_at);
        give(&store, &added).await;
        listed.push(added);
    }
    listed.sort_by_key(|passkey| passkey.created_at);
    assert_eq!(store.passkeys(&kim.handle).await.unwrap(), listed);
}

/// The passkey is returned as it is afterwards.
pub async fn a_passkey_is_named_and_unnamed([store, _]: [impl CredentialStore; 2]) {
    let (kim, mut one) = user_with_passkey(&store, "Kim", 1).await;
    for nickname in [Some("the blue one’s"), None] {
        one.nickname = nickname.map(str::to_owned);
        let renamed = store.rename_passkey(&kim.handle, &id(1), nickname).await.unwrap();
        assert_eq!(renamed, Some(one.clone()));
        assert_eq!(store.passkeys(&kim.handle).await.unwrap(), std::slice::from_ref(&one));
    }
}

/// Knowing the ID is not enough (GHSA-4vcf-q4xf-f48m).
pub async fn a_passkey_of_another_user_cannot_be_named([store, _]: [impl CredentialStore; 2]) {
    let (_, one) = user_with_passkey(&store, "Kim", 1).await;
    let (sam, _) = user_with_passkey(&store, "Sam", 2).await;
    for user in [&sam.handle, &handle("Lee")] {
        assert_eq!(store.rename_passkey(user, &id(1), Some("mine")).await.unwrap(), None);
    }
    assert_eq!(store.passkey(&id(1)).await.unwrap(), Some(one));
}

/// Deletion is reported once, and the ID can be registered again.
pub async fn a_deleted_passkey_is_gone_and_its_id_is_free([store, other]: [impl CredentialStore; 2]) {
    let (kim, one) = user_with_passkey(&store, "Kim", 1).await;
    let two = passkey(&kim, 2);
    give(&store, &two).await;
    for expected in [DeletePasskey::Done, DeletePasskey::Missing] {
        let deleted = store.delete_passkey(&kim.handle, &id(1), false, &by_passkey(2)).await.unwrap();
        assert_eq!(deleted, expected);
    }
    assert_eq!(other.passkey(&id(1)).await.unwrap(), None);
    assert_eq!(other.passkeys(&kim.handle).await.unwrap(), [two]);
    give(&store, &one).await;
}

/// Knowing the ID is not enough (GHSA-4vcf-q4xf-f48m).
pub async fn a_passkey_of_another_user_cannot_be_deleted([store, _]: [impl CredentialStore; 2]) {
    let (kim, one) = user_with_passkey(&store, "Kim", 1).await;
    let (sam, _) = user_with_passkey(&store, "Sam", 3).await;
    for allow_last in [true, false] {
        let deleted = store.delete_passkey(&sam.handle, &id(1), allow_last, &by_passkey(3)).await.unwrap();
        assert_eq!(deleted, DeletePasskey::Missing);
    }
    assert_eq!(store.passkeys(&kim.handle).await.unwrap(), [one]);
}

/// A passkey may authorise its own deletion.
pub async fn the_last_passkey_is_deleted_only_if_that_is_allowed([store, _]: [impl CredentialStore; 2]) {
    let (kim, one) = user_with_passkey(&store, "Kim", 1).await;
    let deleted = store.delete_passkey(&kim.handle, &id(1), false, &by_passkey(1)).await.unwrap();
    assert_eq!(deleted, DeletePasskey::Last);
    assert_eq!(store.passkeys(&kim.handle).await.unwrap(), [one]);
    let deleted = store.delete_passkey(&kim.handle, &id(1), true, &by_passkey(1)).await.unwrap();
    assert_eq!(deleted, DeletePasskey::Done);
    assert_eq!(store.passkeys(&kim.handle).await.unwrap(), []);
}

/// The number is checked in the transaction that deletes.
pub async fn of_parallel_deletions_one_passkey_is_left<S: CredentialStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let kim = user("Kim");
    for byte in 0..8 {
        give(&*stores[0], &passkey(&kim, byte)).await;
    }
    let results = race(&stores, 8, |store, at| {
        let (user, byte) = (kim.handle.clone(), u8::try_from(at).unwrap());
        async move { store.delete_passkey(&user, &id(byte), false, &by_passkey(byte)).await.unwrap() }
    });
    let results = results.await;
    assert_eq!((count(&results, &DeletePasskey::Done), count(&results, &DeletePasskey::Last)), (7, 1));
    assert_eq!(stores[1].passkeys(&kim.handle).await.unwrap().len(), 1);
}

/// `None` allows any number; the passkeys of other users do not count.
pub async fn a_passkey_above_the_maximum_is_rejected([store, _]: [impl CredentialStore; 2]) {
    let (kim, _) = user_with_passkey(&store, "Kim", 1).await;
    user_with_passkey(&store, "Sam", 9).await;
    let add = |byte, max| {
        let (store, passkey) = (&store, passkey(&kim, byte));
        async move { store.add_passkey(passkey, max, &by_passkey(1)).await.unwrap() }
    };
    assert_eq!(add(2, Some(2)).await, AddPasskey::Done);
    assert_eq!(add(3, Some(2)).await, AddPasskey::TooMany);
    assert_eq!(add(3, Some(0)).await, AddPasskey::TooMany);
    assert_eq!(store.passkey(&id(3)).await.unwrap(), None);
    assert_eq!(add(3, None).await, AddPasskey::Done);
}

/// The number is checked in the transaction that adds.
pub async fn parallel_adds_stop_at_the_maximum<S: CredentialStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let (kim, _) = user_with_passkey(&*stores[0], "Kim", 0).await;
    let results = race(&stores, 16, |store, at| {
        let added = passkey(&kim, u8::try_from(at + 1).unwrap());
        async move { store.add_passkey(added, Some(4), &by_passkey(0)).await.unwrap() }
    });
    let results = results.await;
    assert_eq!((count(&results, &AddPasskey::Done), count(&results, &AddPasskey::TooMany)), (3, 13));
    assert_eq!(stores[1].passkeys(&kim.handle).await.unwrap().len(), 4);
}

/// Those of other users stay.
pub async fn all_passkeys_and_grants_of_a_user_are_deleted([store, _]: [impl CredentialStore; 2]) {
    let (kim, _) = user_with_passkey(&store, "Kim", 1).await;
    give(&store, &passkey(&kim, 2)).await;
    let (sam, three) = user_with_passkey(&store, "Sam", 3).await;
    for (byte, user) in [(1, &kim), (2, &sam)] {
        store.put_grant(grant(byte), &user.handle, after(now(), 300)).await.unwrap();
    }
    assert_eq!(store.delete_passkeys(&kim.handle).await.unwrap(), 2);
    assert_eq!(store.delete_passkeys(&kim.handle).await.unwrap(), 0);
    assert_eq!(store.all_passkeys(None, 10).await.unwrap(), [three]);
    assert_eq!(store.grant_expiry(&kim.handle, now()).await.unwrap(), None);
    assert!(store.grant_expiry(&sam.handle, now()).await.unwrap().is_some());
}

/// Each passkey is on one page; the order is that of the bytes.
pub async fn passkeys_are_paged_in_the_order_of_their_ids([store, _]: [impl CredentialStore; 2]) {
    let ids: [&[u8]; 5] = [&[2], &[1, 9], &[0xff], &[1], &[1, 0, 0]];
    for (at, bytes) in ids.into_iter().enumerate() {
        let mut added = passkey(&user(&format!("user{}", at % 2)), 7);
        added.record.id = bytes.try_into().unwrap();
        give(&store, &added).await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.all_passkeys(after.as_ref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.record.id.clone());
        seen.extend(page.into_iter().map(|passkey| passkey.record.id.as_bytes().to_vec()));
    }
    assert_eq!(seen, [vec![1], vec![1, 0, 0], vec![1, 9], vec![2], vec![0xff]]);
    assert_eq!(store.all_passkeys(None, 0).await.unwrap(), []);
}

/// A later assessment does not change how the passkey was used.
pub async fn an_attestation_is_replaced_and_nothing_else([store, _]: [impl CredentialStore; 2]) {
    let (_, mut one) = user_with_passkey(&store, "Kim", 1).await;
    let attestation = StoredAttestation {
        format: Format::Tpm,
        r#type: AttestationType::Basic,
        ..StoredAttestation::UNKNOWN
    };
    one.record.attestation = attestation.clone();
    let changes = [(id(2), attestation.clone()), (id(1), attestation)];
    assert_eq!(store.set_attestations(&changes).await.unwrap(), [false, true]);
    assert_eq!(store.passkey(&id(1)).await.unwrap(), Some(one));
    assert!(store.set_attestations(&[]).await.unwrap().is_empty());
}

/// In the order of the handles, and of each user in the order of creation.
pub async fn passkeys_are_listed_by_a_range_of_users([store, other]: [impl CredentialStore; 2]) {
    let (_, two) = user_with_passkey(&store, "B", 2).await;
    let (_, three) = user_with_passkey(&store, "A", 3).await;
    let (b, c) = (user("B"), user("C"));
    let one = passkey(&b, 1);
    give(&store, &one).await;
    user_with_passkey(&store, "C", 4).await;
    let range = async |first: &UserRecord, last: &UserRecord| {
        other.passkeys_between(&first.handle, &last.handle).await.unwrap()
    };
    assert_eq!(range(&user("A"), &b).await, [three, one.clone(), two.clone()]);
    assert_eq!(range(&b, &b).await, [one, two]);
    assert_eq!(range(&c, &user("A")).await, []);
}
