use std::time::Duration;

use rp_core::{CredentialId, CredentialUpdate, Flags, StoredAttestation, UserHandle};
use rp_service::store::{
    AddPasskey, Authorization, CeremonyKey, CeremonyStore, Conditions, CreateUser, CredentialStore,
    DeleteFactor, DeletePasskey, FactorRecord, FactorStatus, FactorStore, FactorVersion, GrantKey,
    PostgresStore, PutFactor, ReplayCache, SessionKey, SessionStore, SignUp, SignUpStore, UserChange,
    UserRecord, UserStore,
};
use rp_service::{FactorName, Limit, RateLimiter, Session, SessionId};
use sqlx::{Connection, PgConnection};

use crate::fixtures::{LATER, NOW, by_passkey, kim, session};
use crate::postgres_server::{execute, fresh_schema};

/// The URL of a connection that [`table_scans`] waits for.
fn counted(url: &str) -> String {
    let (_, schema) = url.rsplit_once('=').unwrap();
    format!("{url}&application_name={schema}")
}

/// The number of scans of each table of rp, after the end of all counted connections: a connection adds its own at its end.
async fn table_scans(url: &str) -> Vec<(String, i64)> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let is_open = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = current_schema())";
    while sqlx::query_scalar::<_, bool>(is_open).fetch_one(&mut connection).await.unwrap() {}
    let scans = "SELECT relname::text, seq_scan FROM pg_stat_user_tables
        WHERE schemaname = current_schema() AND relname <> 'rp_migrations' ORDER BY relname";
    sqlx::query_as(scans).fetch_all(&mut connection).await.unwrap()
}

/// The planner scans small tables unless `enable_seqscan` is off; without an index it has to scan.
#[tokio::test]
async fn no_statement_of_the_store_scans_a_table() {
    let Some(url) = fresh_schema().await else { return };
    PostgresStore::connect(&counted(&url)).await.unwrap().close().await;
    let before = table_scans(&url).await;

    let store = counted(&url) + "&options[enable_seqscan]=off";
    let store = PostgresStore::connect(&store).await.unwrap();
    let (user, passkey) = kim();
    let (handle, id) = (&user.handle, &passkey.record.id);
    let created = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap();
    assert_eq!(created, SignUp::Done);
    let other = UserRecord {
        handle: UserHandle::try_from([8; 64].as_slice()).unwrap(),
        name: "Ada".to_owned(),
        name_key: "ada".to_owned(),
        ..user.clone()
    };
    assert_eq!(store.create_user(other.clone()).await.unwrap(), CreateUser::Done);
    assert!(store.delete_user(&other.handle).await.unwrap());
    assert!(store.user(handle).await.unwrap().is_some());
    assert!(store.user_by_name("kim").await.unwrap().is_some());
    assert_eq!(store.users(None, 10).await.unwrap().len(), 1);
    assert_eq!(store.users(Some(handle), 10).await.unwrap(), []);
    let name = Some(("Lee".to_owned(), "lee".to_owned()));
    let change = UserChange { name, display_name: Some("Lee".to_owned()) };
    let _ = store.update_user(handle, change).await.unwrap();
    assert!(store.set_user_lock(handle, Some(NOW)).await.unwrap());
    assert!(store.set_user_lock(handle, None).await.unwrap());

    assert!(store.create_session(SessionKey([3; 32]), &session(&passkey)).await.unwrap());
    assert!(store.session(SessionKey([3; 32]), NOW).await.unwrap().is_some());
    assert!(store.touch_session(SessionKey([3; 32]), NOW, LATER).await.unwrap());
    assert!(store.require_user_verification(SessionKey([3; 32])).await.unwrap());
    assert!(
        store.replace_session(SessionKey([3; 32]), SessionKey([4; 32]), &session(&passkey)).await.unwrap()
    );
    assert_eq!(store.sessions(handle, NOW).await.unwrap().len(), 1);
    let newer = Session { id: SessionId::from_bytes([5; 16]), ..session(&passkey) };
    assert!(store.create_session(SessionKey([5; 32]), &newer).await.unwrap());
    assert_eq!(store.end_oldest_sessions(&newer, 1, NOW).await.unwrap(), 1);
    assert!(!store.end_session_by_id(handle, &session(&passkey).id).await.unwrap());
    assert!(store.session(SessionKey([5; 32]), LATER.saturating_add(AN_HOUR)).await.unwrap().is_none());
    assert!(!store.end_session(SessionKey([5; 32])).await.unwrap());
    assert!(store.create_session(SessionKey([4; 32]), &session(&passkey)).await.unwrap());
    assert_eq!(store.end_sessions(handle, Some(&session(&passkey).id)).await.unwrap(), 0);
    assert_eq!(store.sweep_sessions(NOW).await.unwrap(), 0);

    assert!(store.passkey(id).await.unwrap().is_some());
    assert_eq!(store.passkeys(handle).await.unwrap().len(), 1);
    assert_eq!(store.descriptors(handle).await.unwrap().len(), 1);
    assert_eq!(store.all_passkeys(None, 10).await.unwrap().len(), 1);
    assert_eq!(store.all_passkeys(Some(id), 10).await.unwrap(), []);
    assert_eq!(store.passkeys_between(handle, handle).await.unwrap().len(), 1);
    let update = CredentialUpdate::new(&passkey.record, 6, Flags::new(Flags::USER_PRESENT));
    let _ = store.apply_update(handle, &update, NOW).await.unwrap();
    assert!(store.rename_passkey(handle, id, Some("key")).await.unwrap().is_some());
    assert_eq!(store.set_attestations(&[(id.clone(), StoredAttestation::UNKNOWN)]).await.unwrap(), [true]);

    let factor = |name| FactorRecord {
        user: handle.clone(),
        name,
        status: FactorStatus::SecondFactor,
        state: Vec::new(),
        created_at: NOW,
        last_used_at: None,
        version: FactorVersion([1; 16]),
    };
    let (totp, codes) = (factor(FactorName::TOTP), factor(FactorName::RECOVERY_CODES));
    assert_eq!(store.put_factor(&totp, None, Some(&by_passkey(&passkey))).await.unwrap(), PutFactor::Done);
    assert_eq!(store.put_factor(&codes, None, None).await.unwrap(), PutFactor::Done);
    assert!(store.factor(handle, &totp.name).await.unwrap().is_some());
    assert_eq!(store.factors(handle).await.unwrap().len(), 2);
    assert_eq!(store.factors_between(handle, handle).await.unwrap().len(), 2);
    let deleted = store.delete_factor(handle, &codes.name, Some(&by_passkey(&passkey))).await.unwrap();
    assert_eq!(deleted, DeleteFactor::Done);

    // Every authorization, and a session that must not have ended.
    let grant = GrantKey([1; 32]);
    for authorization in [
        Authorization::Grant(grant),
        Authorization::SecondFactor(totp.name.clone()),
        Authorization::FirstFactor,
        Authorization::Operator,
    ] {
        store.put_grant(grant, handle, LATER).await.unwrap();
        assert_eq!(store.grant_expiry(handle, NOW).await.unwrap(), Some(LATER));
        assert_eq!(store.sweep_grants(NOW).await.unwrap(), 0);
        let session = Some(SessionKey([4; 32]));
        let conditions = Conditions { authorization, session, ..by_passkey(&passkey) };
        let version = Some(totp.version);
        let _ = store.put_factor(&totp, version, Some(&conditions)).await.unwrap();
        let _ = store.add_passkey(passkey.clone(), Some(9), &conditions).await.unwrap();
    }
    assert!(store.take_grant(grant, handle, NOW).await.unwrap());
    let in_session = Conditions { session: Some(SessionKey([4; 32])), ..by_passkey(&passkey) };
    assert_eq!(store.delete_passkey(handle, id, true, &in_session).await.unwrap(), DeletePasskey::Done);
    let operator = Conditions { authorization: Authorization::Operator, ..by_passkey(&passkey) };
    let mut second = passkey.clone();
    second.record.id = CredentialId::try_from([2; 16].as_slice()).unwrap();
    assert_eq!(store.add_passkey(second, Some(9), &operator).await.unwrap(), AddPasskey::Done);
    assert_eq!(store.end_sessions_of_passkey(handle, id).await.unwrap(), 0);
    assert_eq!(store.delete_factors(handle).await.unwrap(), 1);
    assert_eq!(store.delete_passkeys(handle).await.unwrap(), 1);
    assert!(store.delete_user(handle).await.unwrap());

    store.put_ceremony(CeremonyKey([1; 32]), b"state", LATER).await.unwrap();
    let _ = store.take_ceremony(CeremonyKey([1; 32]), NOW).await.unwrap();
    assert_eq!(store.sweep_ceremonies(NOW).await.unwrap(), 0);
    let limit = Limit::new("test", 1, Duration::from_secs(60));
    for _ in 0..2 {
        let _ = store.count(limit, "subject", NOW).await.unwrap();
    }
    let _ = store.check(limit, "subject", NOW).await.unwrap();
    store.forgive(limit, "subject", NOW).await.unwrap();
    assert_eq!(store.sweep(NOW).await.unwrap(), 0);
    assert!(store.record_use(CeremonyKey([2; 32]), LATER).await.unwrap());
    assert_eq!(store.sweep_uses(NOW).await.unwrap(), 0);
    store.close().await;
    assert_eq!(table_scans(&url).await, before);

    // A scan is counted.
    let mut connection = PgConnection::connect(&counted(&url)).await.unwrap();
    for (table, _) in &before {
        execute(&mut connection, format!("SELECT * FROM {table}")).await;
    }
    connection.close().await.unwrap();
    let after_scans: Vec<_> = before.into_iter().map(|(table, scans)| (table, scans + 1)).collect();
    assert_eq!(table_scans(&url).await, after_scans);
}

#[test]
fn every_method_of_a_store_is_called_for_its_plan() {
    let methods = include_str!("../../src/store/dynamic.rs").lines();
    let methods = methods.filter_map(|line| line.strip_prefix("    fn ")?.split_once('('));
    let methods: Vec<_> = methods.map(|(name, _)| name).collect();
    let calls = include_str!("plans.rs");
    let missing: Vec<_> = methods.iter().filter(|name| !calls.contains(&format!("store.{name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(methods.contains(&"user") && methods.contains(&"sweep_uses"), "{methods:?}");
}

const AN_HOUR: Duration = Duration::from_secs(3_600);
