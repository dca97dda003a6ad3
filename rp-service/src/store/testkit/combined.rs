//! The behaviour of one store for users, passkeys, second factors and sessions: what holds between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::samples::{after, by_passkey, factor, give, grant, id, key, now, passkey, session, user, version};
use super::sign_up::sign_up;
use super::{count, race};
use crate::session::Session;
use crate::store::{
    AddPasskey, Authorization, Conditions, CreateUser, DeleteFactor, DeletePasskey, FactorRecord,
    FactorStatus, FactorStore, PutFactor, SessionStore, SignUpStore, UserRecord,
};

/// The condition of a session, a user and a passkey that authorises the change.
fn in_session(session: u8, authorising: u8) -> Conditions {
    Conditions { check_user: true, session: Some(key(session)), ..by_passkey(authorising) }
}

/// A user with the passkey 1, and the session 1 that it opened.
async fn signed_in(store: &(impl SignUpStore + SessionStore)) -> UserRecord {
    let (kim, _) = sign_up(store, "Kim", 1).await;
    assert!(store.create_session(key(1), &session(&kim, 1)).await.unwrap());
    kim
}

/// Asserts that a session authorises nothing at this time.
async fn is_ended(store: &impl SignUpStore, kim: &UserRecord, conditions: &Conditions) {
    let added = store.add_passkey(passkey(kim, 9), None, conditions).await.unwrap();
    assert_eq!(added, AddPasskey::SessionEnded);
    assert_eq!(store.passkey(&id(9)).await.unwrap(), None);
    let deleted = store.delete_passkey(&kim.handle, &id(1), true, conditions).await.unwrap();
    assert_eq!(deleted, DeletePasskey::SessionEnded);
    assert!(store.passkey(&id(1)).await.unwrap().is_some());
}

/// The session is checked in the transaction that writes.
pub async fn an_ended_session_neither_adds_nor_deletes<S: SignUpStore + SessionStore>(
    [store, other]: [S; 2],
) {
    let kim = signed_in(&store).await;
    let added = store.add_passkey(passkey(&kim, 2), None, &in_session(1, 1)).await.unwrap();
    assert_eq!(added, AddPasskey::Done);
    assert!(other.end_session(key(1)).await.unwrap());
    is_ended(&store, &kim, &in_session(1, 1)).await;
}

/// Also if the clock is behind the time of last use.
pub async fn an_expired_session_neither_adds_nor_deletes<S: SignUpStore + SessionStore>([store, _]: [S; 2]) {
    let kim = signed_in(&store).await;
    let end = session(&kim, 1).expires_at;
    is_ended(&store, &kim, &Conditions { now: after(end, 60), ..in_session(1, 1) }).await;
    let mut two = session(&kim, 2);
    two.last_used_at = after(two.expires_at, 1);
    assert!(store.create_session(key(2), &two).await.unwrap());
    is_ended(&store, &kim, &in_session(2, 1)).await;
}

/// A session authorises changes of its own user only.
pub async fn a_session_of_another_user_neither_adds_nor_deletes<S: SignUpStore + SessionStore>(
    [store, _]: [S; 2],
) {
    let kim = signed_in(&store).await;
    assert!(store.create_session(key(2), &session(&user("Sam"), 2)).await.unwrap());
    is_ended(&store, &kim, &in_session(2, 1)).await;
}

/// An add that begins after the sign-out is rejected, on whichever opening.
pub async fn no_add_follows_the_end_of_its_session<S: SignUpStore + SessionStore + 'static>(stores: [S; 2]) {
    let stores = stores.map(Arc::new);
    let kim = signed_in(&*stores[0]).await;
    let has_ended = Arc::new(AtomicBool::new(false));
    let results = race(&stores, 16, |store, at| {
        let (kim, has_ended) = (kim.clone(), Arc::clone(&has_ended));
        async move {
            if at == 8 {
                assert!(store.end_session(key(1)).await.unwrap());
                has_ended.store(true, Ordering::SeqCst);
                return false;
            }
            let had_ended = has_ended.load(Ordering::SeqCst);
            let added = passkey(&kim, u8::try_from(at + 20).unwrap());
            match store.add_passkey(added, None, &in_session(1, 1)).await.unwrap() {
                AddPasskey::Done => assert!(!had_ended),
                rejected => assert_eq!(rejected, AddPasskey::SessionEnded),
            }
            true
        }
    });
    assert_eq!(count(&results.await, &true), 15);
    is_ended(&*stores[1], &kim, &in_session(1, 1)).await;
}

/// A request with the token from before a step-up changes nothing.
pub async fn of_a_replaced_session_the_old_key_adds_nothing<S: SignUpStore + SessionStore>(
    [store, other]: [S; 2],
) {
    let kim = signed_in(&store).await;
    assert!(store.replace_session(key(1), key(2), &session(&kim, 1)).await.unwrap());
    is_ended(&other, &kim, &in_session(1, 1)).await;
    let added = other.add_passkey(passkey(&kim, 9), None, &in_session(2, 1)).await.unwrap();
    assert_eq!(added, AddPasskey::Done);
}

/// User, session and authorisation.
pub async fn conditions_are_checked_in_the_documented_order<S: SignUpStore + SessionStore>(
    [store, _]: [S; 2],
) {
    let kim = signed_in(&store).await;
    for (lock, session, authorising, expected) in [
        (true, 9, 9, (AddPasskey::UserMissing, DeletePasskey::UserMissing)),
        (false, 9, 9, (AddPasskey::SessionEnded, DeletePasskey::SessionEnded)),
        (false, 1, 9, (AddPasskey::NotAuthorized, DeletePasskey::NotAuthorized)),
        (false, 1, 1, (AddPasskey::CredentialExists, DeletePasskey::Last)),
    ] {
        assert!(store.set_user_lock(&kim.handle, lock.then(now)).await.unwrap());
        let conditions = in_session(session, authorising);
        let added = store.add_passkey(passkey(&kim, 1), Some(1), &conditions).await.unwrap();
        let deleted = store.delete_passkey(&kim.handle, &id(1), false, &conditions).await.unwrap();
        assert_eq!((added, deleted), expected);
    }
}

/// Even the session of the request; those that another passkey verified last stay.
pub async fn a_deleted_passkey_ends_the_sessions_it_verified<S: SignUpStore + SessionStore>(
    [store, other]: [S; 2],
) {
    let kim = signed_in(&store).await;
    give(&store, &passkey(&kim, 2)).await;
    for (byte, credential) in [(2, Some(id(2))), (3, Some(id(1))), (4, None)] {
        let mut session = session(&kim, byte);
        session.credential = credential;
        assert!(store.create_session(key(byte), &session).await.unwrap());
    }
    let deleted = store.delete_passkey(&kim.handle, &id(1), false, &in_session(1, 1)).await.unwrap();
    assert_eq!(deleted, DeletePasskey::Done);
    for (byte, is_left) in [(1, false), (2, true), (3, false), (4, true)] {
        assert_eq!(other.session(key(byte), now()).await.unwrap().is_some(), is_left, "{byte}");
    }
}

/// For each reason of the rejection.
pub async fn a_rejected_deletion_ends_no_session<S: SignUpStore + SessionStore>([store, _]: [S; 2]) {
    let kim = signed_in(&store).await;
    let first_factor = Conditions { authorization: Authorization::FirstFactor, ..in_session(1, 1) };
    for (conditions, expected) in
        [(in_session(1, 1), DeletePasskey::Last), (first_factor, DeletePasskey::NotAuthorized)]
    {
        let deleted = store.delete_passkey(&kim.handle, &id(1), false, &conditions).await.unwrap();
        assert_eq!(deleted, expected);
        assert!(store.session(key(1), now()).await.unwrap().is_some());
    }
}

/// Those without a passkey stay.
pub async fn deleted_passkeys_end_the_sessions_they_verified<S: SignUpStore + SessionStore>(
    [store, _]: [S; 2],
) {
    let kim = signed_in(&store).await;
    let mut without = session(&kim, 2);
    without.credential = None;
    assert!(store.create_session(key(2), &without).await.unwrap());
    assert_eq!(store.delete_passkeys(&kim.handle).await.unwrap(), 1);
    assert_eq!(store.sessions(&kim.handle, now()).await.unwrap(), [without]);
}

/// Also those without a passkey; those of other users stay.
pub async fn a_deleted_user_leaves_no_session<S: SignUpStore + SessionStore>([store, other]: [S; 2]) {
    let kim = signed_in(&store).await;
    let mut without = session(&kim, 2);
    without.credential = None;
    assert!(store.create_session(key(2), &without).await.unwrap());
    assert!(store.create_session(key(3), &session(&user("Sam"), 3)).await.unwrap());
    assert!(store.delete_user(&kim.handle).await.unwrap());
    for (byte, is_left) in [(1, false), (2, false), (3, true)] {
        assert_eq!(other.session(key(byte), now()).await.unwrap().is_some(), is_left, "{byte}");
    }
}

/// A user without a passkey, and a session.
async fn without_passkey<S: SignUpStore + SessionStore>(store: &S) -> UserRecord {
    let kim = user("Kim");
    assert_eq!(store.create_user(kim.clone()).await.unwrap(), CreateUser::Done);
    let session = Session { credential: None, ..session(&kim, 1) };
    assert!(store.create_session(key(1), &session).await.unwrap());
    kim
}

fn authorized_by(authorization: Authorization) -> Conditions {
    Conditions { check_factors: true, authorization, ..in_session(1, 1) }
}

/// A password changes nothing of a user who has a second factor. A pending one and recovery codes do not count.
pub async fn a_second_factor_outranks_a_first_factor<S>([store, other]: [S; 2])
where
    S: SignUpStore + SessionStore + FactorStore,
{
    let kim = without_passkey(&store).await;
    let by_password = authorized_by(Authorization::FirstFactor);
    for (name, status) in [("codes", FactorStatus::Recovery), ("pending", FactorStatus::Pending)] {
        let record = FactorRecord { status, ..factor(&kim, name) };
        assert_eq!(store.put_factor(&record, None, Some(&by_password)).await.unwrap(), PutFactor::Done);
    }
    let totp = factor(&kim, "totp");
    assert_eq!(store.put_factor(&totp, None, Some(&by_password)).await.unwrap(), PutFactor::Done);
    let more = factor(&kim, "other");
    assert_eq!(other.put_factor(&more, None, Some(&by_password)).await.unwrap(), PutFactor::NotAuthorized);
    let deleted = other.delete_factor(&kim.handle, &totp.name, Some(&by_password)).await.unwrap();
    assert_eq!(deleted, DeleteFactor::NotAuthorized);
    let added = other.add_passkey(passkey(&kim, 1), None, &by_password).await.unwrap();
    assert_eq!(added, AddPasskey::NotAuthorized);
    // Where the factors are in another store, the service checks them.
    let unchecked = Conditions { check_factors: false, ..by_password };
    let added = other.add_passkey(passkey(&kim, 1), None, &unchecked).await.unwrap();
    assert_eq!(added, AddPasskey::Done);
}

/// And as long as the user has no passkey.
pub async fn a_second_factor_authorises_while_it_is_enrolled<S>([store, other]: [S; 2])
where
    S: SignUpStore + SessionStore + FactorStore,
{
    let kim = without_passkey(&store).await;
    let totp = factor(&kim, "totp");
    let by_totp = authorized_by(Authorization::SecondFactor(totp.name.clone()));
    let added = store.add_passkey(passkey(&kim, 1), None, &by_totp).await.unwrap();
    assert_eq!(added, AddPasskey::NotAuthorized);
    let pending = FactorRecord { status: FactorStatus::Pending, ..totp.clone() };
    assert_eq!(store.put_factor(&pending, None, None).await.unwrap(), PutFactor::Done);
    let added = store.add_passkey(passkey(&kim, 1), None, &by_totp).await.unwrap();
    assert_eq!(added, AddPasskey::NotAuthorized);
    assert_eq!(store.put_factor(&totp, Some(version(1)), None).await.unwrap(), PutFactor::Done);
    assert_eq!(other.add_passkey(passkey(&kim, 1), None, &by_totp).await.unwrap(), AddPasskey::Done);
    let deleted = other.delete_factor(&kim.handle, &totp.name, Some(&by_totp)).await.unwrap();
    assert_eq!(deleted, DeleteFactor::NotAuthorized);
    let by_passkey = Conditions { check_factors: true, ..in_session(1, 1) };
    let deleted = other.delete_factor(&kim.handle, &totp.name, Some(&by_passkey)).await.unwrap();
    assert_eq!(deleted, DeleteFactor::Done);
}

/// It is used up if the factor is written.
pub async fn a_grant_enrols_one_factor<S>([store, other]: [S; 2])
where
    S: SignUpStore + SessionStore + FactorStore,
{
    let kim = signed_in(&store).await;
    store.put_grant(grant(1), &kim.handle, after(now(), 300)).await.unwrap();
    let by_grant = authorized_by(Authorization::Grant(grant(1)));
    let totp = factor(&kim, "totp");
    let changed = store.put_factor(&totp, Some(version(9)), Some(&by_grant)).await.unwrap();
    assert_eq!(changed, PutFactor::Changed);
    assert_eq!(store.put_factor(&totp, None, Some(&by_grant)).await.unwrap(), PutFactor::Done);
    let more = factor(&kim, "other");
    assert_eq!(other.put_factor(&more, None, Some(&by_grant)).await.unwrap(), PutFactor::NotAuthorized);
    let added = other.add_passkey(passkey(&kim, 2), None, &by_grant).await.unwrap();
    assert_eq!(added, AddPasskey::NotAuthorized);
}

/// Not even the factor that it enrolled.
pub async fn a_grant_deletes_no_factor<S>([store, _]: [S; 2])
where
    S: SignUpStore + SessionStore + FactorStore,
{
    let kim = signed_in(&store).await;
    store.put_grant(grant(1), &kim.handle, after(now(), 300)).await.unwrap();
    let totp = factor(&kim, "totp");
    assert_eq!(store.put_factor(&totp, None, None).await.unwrap(), PutFactor::Done);
    let by_grant = authorized_by(Authorization::Grant(grant(1)));
    let deleted = store.delete_factor(&kim.handle, &totp.name, Some(&by_grant)).await.unwrap();
    assert_eq!(deleted, DeleteFactor::NotAuthorized);
    assert!(store.grant_expiry(&kim.handle, now()).await.unwrap().is_some());
}

/// User, session, authorisation, version.
pub async fn conditions_of_factors_are_checked_in_order<S>([store, _]: [S; 2])
where
    S: SignUpStore + SessionStore + FactorStore,
{
    let kim = signed_in(&store).await;
    let totp = factor(&kim, "totp");
    assert_eq!(store.put_factor(&totp, None, None).await.unwrap(), PutFactor::Done);
    let by_passkey = |passkey| Conditions { check_factors: true, ..in_session(1, passkey) };
    let both = async |conditions: &Conditions, put, delete| {
        let put_now = store.put_factor(&totp, Some(version(9)), Some(conditions)).await.unwrap();
        assert_eq!(put_now, put);
        if let Some(delete) = delete {
            let deleted = store.delete_factor(&kim.handle, &totp.name, Some(conditions)).await.unwrap();
            assert_eq!(deleted, delete);
        }
    };
    both(&by_passkey(1), PutFactor::Changed, None).await;
    both(&by_passkey(2), PutFactor::NotAuthorized, Some(DeleteFactor::NotAuthorized)).await;
    assert!(store.end_session(key(1)).await.unwrap());
    both(&by_passkey(2), PutFactor::SessionEnded, Some(DeleteFactor::SessionEnded)).await;
    assert!(store.set_user_lock(&kim.handle, Some(now())).await.unwrap());
    both(&by_passkey(2), PutFactor::UserMissing, Some(DeleteFactor::UserMissing)).await;
}

/// Those of other users stay.
pub async fn a_deleted_user_leaves_no_factor<S>([store, other]: [S; 2])
where
    S: SignUpStore + SessionStore + FactorStore,
{
    let kim = signed_in(&store).await;
    let kept = factor(&user("Sam"), "totp");
    for record in [&factor(&kim, "totp"), &kept] {
        assert_eq!(store.put_factor(record, None, None).await.unwrap(), PutFactor::Done);
    }
    assert!(store.delete_user(&kim.handle).await.unwrap());
    assert_eq!(other.factors(&kim.handle).await.unwrap(), []);
    assert_eq!(other.factors(&kept.user).await.unwrap(), [kept]);
}
