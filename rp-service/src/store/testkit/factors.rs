//! The behaviour of a [`FactorStore`].

use std::sync::Arc;

use super::samples::{factor, handle, user, version};
use super::{count, race};
use crate::factor_name::FactorName;
use crate::store::{DeleteFactor, FactorRecord, FactorStatus, FactorStore, PutFactor};

/// Stores a factor of this user.
async fn put(store: &impl FactorStore, name: &str, factor_name: &str) -> FactorRecord {
    let record = factor(&user(name), factor_name);
    assert_eq!(store.put_factor(&record, None, None).await.unwrap(), PutFactor::Done);
    record
}

/// Every member is returned, also by another opening.
pub async fn a_factor_comes_back_as_it_was_stored([store, other]: [impl FactorStore; 2]) {
    let mut record = put(&store, "Kim", "totp").await;
    assert_eq!(other.factor(&record.user, &record.name).await.unwrap(), Some(record.clone()));
    for (byte, status) in [(2, FactorStatus::Pending), (3, FactorStatus::Recovery)] {
        let expected = record.version;
        (record.status, record.last_used_at, record.state) = (status, None, Vec::new());
        record.version = version(byte);
        assert_eq!(store.put_factor(&record, Some(expected), None).await.unwrap(), PutFactor::Done);
        assert_eq!(other.factor(&record.user, &record.name).await.unwrap(), Some(record.clone()));
    }
}

/// Neither an unknown name nor an unknown user is an error.
pub async fn a_missing_factor_is_not_found([store, _]: [impl FactorStore; 2]) {
    let record = put(&store, "Kim", "totp").await;
    let other = FactorName::parse("other").unwrap();
    assert_eq!(store.factor(&record.user, &other).await.unwrap(), None);
    assert_eq!(store.factor(&handle("Sam"), &record.name).await.unwrap(), None);
    assert_eq!(store.factors(&handle("Sam")).await.unwrap(), []);
    let deleted = store.delete_factor(&record.user, &other, None).await.unwrap();
    assert_eq!(deleted, DeleteFactor::Missing);
    let deleted = store.delete_factor(&handle("Sam"), &record.name, None).await.unwrap();
    assert_eq!(deleted, DeleteFactor::Missing);
    assert_eq!(store.factor(&record.user, &record.name).await.unwrap(), Some(record));
}

/// A second enrolment does not replace the first one.
pub async fn a_user_has_one_factor_of_each_name([store, other]: [impl FactorStore; 2]) {
    let record = put(&store, "Kim", "totp").await;
    let second = FactorRecord { version: version(2), state: vec![9], ..record.clone() };
    assert_eq!(other.put_factor(&second, None, None).await.unwrap(), PutFactor::Changed);
    assert_eq!(store.factor(&record.user, &record.name).await.unwrap(), Some(record));
    put(&store, "Kim", "other").await;
    put(&store, "Sam", "totp").await;
}

/// In the order of handles and names.
pub async fn factors_are_listed_by_a_range_of_users([store, other]: [impl FactorStore; 2]) {
    let b = [put(&store, "B", "other").await, put(&store, "B", "totp").await];
    let a = put(&store, "A", "totp").await;
    put(&store, "C", "totp").await;
    let range = async |first, last| other.factors_between(&handle(first), &handle(last)).await.unwrap();
    let [one, two] = b.clone();
    assert_eq!(range("A", "B").await, [a, one, two]);
    assert_eq!(range("B", "B").await, b);
    assert_eq!(range("C", "A").await, []);
}

/// Compare-and-set: what another request has read in the meantime does not count.
pub async fn a_factor_of_another_version_is_not_written([store, other]: [impl FactorStore; 2]) {
    let record = put(&store, "Kim", "totp").await;
    let next = FactorRecord { version: version(2), state: vec![9], ..record.clone() };
    assert_eq!(store.put_factor(&next, Some(version(3)), None).await.unwrap(), PutFactor::Changed);
    assert_eq!(store.put_factor(&next, Some(version(1)), None).await.unwrap(), PutFactor::Done);
    assert_eq!(other.put_factor(&record, Some(version(1)), None).await.unwrap(), PutFactor::Changed);
    assert_eq!(other.factor(&next.user, &next.name).await.unwrap(), Some(next));
}

/// A code is used once.
pub async fn of_64_parallel_writes_one_is_done<S: FactorStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let record = FactorRecord { version: version(200), ..factor(&user("Kim"), "totp") };
    assert_eq!(stores[0].put_factor(&record, None, None).await.unwrap(), PutFactor::Done);
    let results = race(&stores, 64, |store, at| {
        let next = FactorRecord { version: version(u8::try_from(at).unwrap()), ..record.clone() };
        async move { store.put_factor(&next, Some(version(200)), None).await.unwrap() }
    });
    let results = results.await;
    assert_eq!(count(&results, &PutFactor::Done), 1);
    assert_eq!(count(&results, &PutFactor::Changed), 63);
    let winner = results.iter().position(|result| *result == PutFactor::Done).unwrap();
    let stored = stores[1].factor(&record.user, &record.name).await.unwrap().unwrap();
    assert_eq!(stored.version, version(u8::try_from(winner).unwrap()));
}

/// And can be enrolled again.
pub async fn a_deleted_factor_is_gone([store, other]: [impl FactorStore; 2]) {
    let record = put(&store, "Kim", "totp").await;
    let kept = put(&store, "Sam", "totp").await;
    let deleted = store.delete_factor(&record.user, &record.name, None).await.unwrap();
    assert_eq!(deleted, DeleteFactor::Done);
    assert_eq!(other.factor(&record.user, &record.name).await.unwrap(), None);
    let again = store.delete_factor(&record.user, &record.name, None).await.unwrap();
    assert_eq!(again, DeleteFactor::Missing);
    assert_eq!(other.factor(&kept.user, &kept.name).await.unwrap(), Some(kept));
    put(&store, "Kim", "totp").await;
}

/// A verification in progress does not undo a deletion.
pub async fn a_deleted_factor_is_not_written_back([store, other]: [impl FactorStore; 2]) {
    let record = put(&store, "Kim", "totp").await;
    let deleted = store.delete_factor(&record.user, &record.name, None).await.unwrap();
    assert_eq!(deleted, DeleteFactor::Done);
    let next = FactorRecord { version: version(2), ..record.clone() };
    assert_eq!(other.put_factor(&next, Some(version(1)), None).await.unwrap(), PutFactor::Changed);
    assert_eq!(other.factor(&record.user, &record.name).await.unwrap(), None);
}

/// And none of another user.
pub async fn factors_are_listed_by_name_for_their_user([store, other]: [impl FactorStore; 2]) {
    let totp = put(&store, "Kim", "totp").await;
    let codes = put(&store, "Kim", "recovery-codes").await;
    put(&store, "Kin", "totp").await;
    put(&store, "Kil", "totp").await;
    assert_eq!(other.factors(&totp.user).await.unwrap(), [codes, totp]);
}

/// Those of other users stay.
pub async fn all_factors_of_a_user_are_deleted([store, other]: [impl FactorStore; 2]) {
    let totp = put(&store, "Kim", "totp").await;
    put(&store, "Kim", "recovery-codes").await;
    let kept = put(&store, "Sam", "totp").await;
    assert_eq!(store.delete_factors(&totp.user).await.unwrap(), 2);
    assert_eq!(store.delete_factors(&totp.user).await.unwrap(), 0);
    assert_eq!(other.factors(&totp.user).await.unwrap(), []);
    assert_eq!(other.factors(&kept.user).await.unwrap(), [kept]);
}
