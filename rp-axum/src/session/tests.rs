use rp_core::RelyingParty;
use rp_service::store::MemoryStore;
use tower_sessions::SessionStore as _;
use tower_sessions::session::{Id, Record};

use super::store::key;
use super::*;

fn store() -> Store<MemoryStore> {
    let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
    Store(Passkeys::builder(rp, MemoryStore::new(), [7; 32]).build().unwrap())
}

fn record(store: &Store<MemoryStore>) -> Record {
    let data = [("rp".to_owned(), "something".into())].into();
    Record { id: Id(i128::MAX / 3), data, expiry_date: store.expiry_date() }
}

#[tokio::test]
async fn what_is_stored_of_a_session_does_not_hold_its_identifier() {
    let store = store();
    let mut record = record(&store);
    store.create(&mut record).await.unwrap();
    let created = store.0.store().load(key(&record.id), store.0.now()).await.unwrap().unwrap();
    store.save(&record).await.unwrap();
    let saved = store.0.store().load(key(&record.id), store.0.now()).await.unwrap().unwrap();
    for stored in [created, saved] {
        assert_eq!(String::from_utf8(stored).unwrap(), r#"{"rp":"something"}"#);
    }
    let loaded = store.load(&record.id).await.unwrap().unwrap();
    assert_eq!((loaded.id, loaded.data), (record.id, record.data));
}

#[tokio::test]
async fn a_session_that_cannot_be_read_counts_as_none() {
    let store = store();
    let id = Id(7);
    assert!(store.0.store().create(key(&id), b"\xff", store.expires_at()).await.unwrap());
    assert_eq!(store.load(&id).await.unwrap(), None);
}
