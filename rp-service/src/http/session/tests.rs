use rp_core::{RelyingParty, UserHandle};
use serde_json::json;

use super::*;
use crate::passkeys::Passkeys;
use crate::session::{RequestSession, SessionData};
use crate::store::{MemoryStore, SessionKey, SessionStore};

const OLD: &[u8] = b"old";

const FORM: SessionForm =
    SessionForm { identifier: || Ok(b"new".to_vec()), entry: |data| Ok(json!(data.user_handle.to_string())) };

/// What the session crate writes of an account's sign-in, beside a note of the application's.
const NEW_STATE: &str = r#"{"note":1,"rp":"AQ"}"#;

fn data(user: u8) -> SessionData {
    let user_handle = UserHandle::try_from(&[user][..]).unwrap();
    SessionData::by_application(user_handle, rp_core::Timestamp::from_unix_seconds(0))
}

/// A store with one session in it, which holds a note.
async fn sessions() -> Sessions<MemoryStore> {
    let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
    let passkeys = Passkeys::builder(rp, MemoryStore::new(), [7; 32]).build().unwrap();
    let sessions = Sessions::new(&passkeys, FORM);
    let key = SessionKey::of(OLD);
    assert!(passkeys.store().create(key, br#"{"note":1}"#, sessions.expires_at()).await.unwrap());
    sessions
}

async fn kept(sessions: &Sessions<MemoryStore>, identifier: &[u8]) -> Option<String> {
    let passkeys = &sessions.passkeys;
    let state = passkeys.store().load(SessionKey::of(identifier), passkeys.now()).await.unwrap();
    state.map(|state| String::from_utf8(state).unwrap())
}

/// A request with the old session in which a ceremony opens a new one.
async fn open(sessions: &Sessions<MemoryStore>, held: Option<&SessionData>) {
    sessions.load(OLD).await.unwrap();
    Held { sessions, data: held }.open(&data(1)).await.unwrap();
}

#[tokio::test]
async fn what_was_opened_is_the_crates_next_session_and_the_old_one_ends() {
    let sessions = sessions().await;
    scope::around(async {
        open(&sessions, None).await;
        assert_eq!(kept(&sessions, b"new").await.as_deref(), Some(NEW_STATE));
        // The crate ends the old one first: that waits.
        sessions.end(OLD).await.unwrap();
        assert!(kept(&sessions, OLD).await.is_some());
        assert_eq!(sessions.create(NEW_STATE.as_bytes()).await.unwrap(), b"new");
        sessions.settle(false).await;
    })
    .await;
    assert_eq!(kept(&sessions, OLD).await, None);
    assert!(kept(&sessions, b"new").await.is_some());
}

#[tokio::test]
async fn what_an_application_added_since_is_saved_too() {
    let sessions = sessions().await;
    scope::around(async {
        open(&sessions, None).await;
        assert_eq!(sessions.create(br#"{"note":2,"rp":"AQ"}"#).await.unwrap(), b"new");
    })
    .await;
    assert_eq!(kept(&sessions, b"new").await.as_deref(), Some(r#"{"note":2,"rp":"AQ"}"#));
}

#[tokio::test]
async fn another_accounts_session_begins_empty() {
    let sessions = sessions().await;
    scope::around(open(&sessions, Some(&data(2)))).await;
    assert_eq!(kept(&sessions, b"new").await.as_deref(), Some(r#"{"rp":"AQ"}"#));
}

#[tokio::test]
async fn what_was_opened_for_a_refusal_is_dropped_and_the_old_session_stays() {
    let sessions = sessions().await;
    scope::around(async {
        open(&sessions, None).await;
        Held { sessions: &sessions, data: None }.abandon().await;
        sessions.settle(false).await;
    })
    .await;
    assert!(kept(&sessions, OLD).await.is_some());
    assert_eq!(kept(&sessions, b"new").await, None);
}

#[tokio::test]
async fn a_crate_that_keeps_the_new_session_to_itself_leaves_the_browser_the_old_one() {
    let sessions = sessions().await;
    scope::around(async {
        open(&sessions, None).await;
        sessions.settle(true).await;
    })
    .await;
    assert!(kept(&sessions, OLD).await.is_some());
    assert_eq!(kept(&sessions, b"new").await, None);
}

#[tokio::test]
async fn an_application_that_wants_no_session_after_a_sign_in_is_left_with_none() {
    let sessions = sessions().await;
    scope::around(async {
        open(&sessions, None).await;
        sessions.settle(false).await;
    })
    .await;
    assert_eq!((kept(&sessions, OLD).await, kept(&sessions, b"new").await), (None, None));
    scope::around(async {
        open(&sessions, None).await;
        sessions.create(br#"{"rp":"AQ"}"#).await.unwrap();
        sessions.end(b"new").await.unwrap();
        sessions.settle(false).await;
    })
    .await;
    assert_eq!(kept(&sessions, b"new").await, None);
}

#[tokio::test]
async fn outside_a_request_no_session_is_opened() {
    let sessions = sessions().await;
    let opened = Held { sessions: &sessions, data: None }.open(&data(1)).await;
    assert!(opened.is_err());
    assert_eq!(kept(&sessions, b"new").await, None);
}

#[tokio::test]
async fn what_cannot_be_saved_once_the_request_is_done_is_an_event_and_no_answer() {
    let sessions = sessions().await;
    let too_long = vec![b' '; crate::store::MAX_STATE_BYTES + 1];
    scope::around(async {
        sessions.save(OLD, &too_long).await.unwrap_err();
        assert_eq!(scope::failure().map(|answer| answer.status), Some(503));
        scope::done();
        sessions.save(OLD, &too_long).await.unwrap();
        assert_eq!(scope::failure(), None);
    })
    .await;
}

#[tokio::test]
async fn a_cookie_is_taken_away_only_where_its_session_was_ended() {
    let sessions = sessions().await;
    let cookie = sessions.passkeys.cookies().session().clone();
    let removal = format!("{}=; Path=/; Max-Age=0", cookie.name);
    scope::around(async {
        assert_eq!(cookie.outgoing(removal.as_bytes()), None);
        sessions.end(b"nobodys").await.unwrap();
        assert_eq!(cookie.outgoing(removal.as_bytes()), None);
        sessions.end(OLD).await.unwrap();
        assert_eq!(cookie.outgoing(removal.as_bytes()).as_deref(), Some(cookie.remove().as_bytes()));
        let others = b"theme=dark; Path=/";
        assert_eq!(cookie.outgoing(others).as_deref(), Some(&others[..]));
    })
    .await;
}
