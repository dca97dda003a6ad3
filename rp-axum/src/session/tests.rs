use rp_core::RelyingParty;
use rp_service::store::{MemoryStore, SessionKey};
use tower_sessions::SessionStore as _;
use tower_sessions::session::{Id, Record};

use super::*;

fn passkeys() -> Passkeys<MemoryStore> {
    let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
    Passkeys::builder(rp, MemoryStore::new(), [7; 32]).build().unwrap()
}

async fn kept(passkeys: &Passkeys<MemoryStore>, id: Id) -> String {
    let key = SessionKey::of(&id.0.to_be_bytes());
    String::from_utf8(passkeys.store().load(key, passkeys.now()).await.unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_stored_of_a_session_does_not_hold_its_identifier() {
    let passkeys = passkeys();
    let store = Store(Sessions::new(&passkeys, FORM));
    let data = [("rp".to_owned(), "something".into())].into();
    let mut record = Record { id: Id(7), data, expiry_date: store.expiry_date() };
    store.create(&mut record).await.unwrap();
    assert_ne!(record.id, Id(7), "the service chooses identifiers");
    assert_eq!(kept(&passkeys, record.id).await, r#"{"rp":"something"}"#);
    store.save(&record).await.unwrap();
    assert_eq!(kept(&passkeys, record.id).await, r#"{"rp":"something"}"#);
    let loaded = store.load(&record.id).await.unwrap().unwrap();
    assert_eq!((loaded.id, loaded.data), (record.id, record.data));
}

#[tokio::test]
async fn a_session_that_cannot_be_read_counts_as_none() {
    let passkeys = passkeys();
    let store = Store(Sessions::new(&passkeys, FORM));
    let key = SessionKey::of(&7_i128.to_be_bytes());
    assert!(passkeys.store().create(key, b"\xff", store.0.expires_at()).await.unwrap());
    assert_eq!(store.load(&Id(7)).await.unwrap(), None);
}
