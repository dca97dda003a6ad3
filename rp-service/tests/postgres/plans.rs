use rp_core::{CredentialUpdate, Flags, StoredAttestation};
use rp_service::store::{
    Authorization, CeremonyKey, CeremonyStore, Conditions, CredentialStore, FactorStore, GrantKey,
    PostgresStore, SessionKey, SessionStore, SignUp, SignUpStore, UserChange, UserStore,
};
use rp_service::{Limit, RateLimiter};
use sqlx::{Connection, PgConnection};
use std::time::Duration;

use crate::fixtures::{LATER, NOW, by_passkey, kim, session};
use crate::postgres_server::fresh_schema;

/// The number of scans of whole tables of rp, of connections that are closed.
async fn table_scans(url: &str) -> Vec<(String, i64)> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let scans = "SELECT relname::text, seq_scan FROM pg_stat_user_tables
        WHERE schemaname = current_schema() AND relname <> 'rp_migrations' ORDER BY relname";
    sqlx::query_as(scans).fetch_all(&mut connection).await.unwrap()
}

/// The planner scans small tables unless `enable_seqscan` is off; without an index it has to scan.
#[tokio::test]
async fn no_statement_of_the_store_scans_a_table() {
    let Some(url) = fresh_schema().await else { return };
    PostgresStore::connect(&url).await.unwrap().close().await;
    let before = table_scans(&url).await;

    let store = PostgresStore::connect(&format!("{url}&options[enable_seqscan]=off")).await.unwrap();
    let (user, passkey) = kim();
    let (handle, id) = (&user.handle, &passkey.record.id);
    let created = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap();
    assert_eq!(created, SignUp::Done);
    assert!(store.user_by_name("kim").await.unwrap().is_some());
    assert_eq!(store.users(None, 10).await.unwrap().len(), 1);
    let change = UserChange { name: Some(("Lee".to_owned(), "lee".to_owned())), display_name: None };
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
    assert_eq!(store.end_sessions(handle, Some(&session(&passkey).id)).await.unwrap(), 0);
    assert_eq!(store.sweep_sessions(NOW).await.unwrap(), 0);

    assert!(store.passkey(id).await.unwrap().is_some());
    assert_eq!(store.passkeys(handle).await.unwrap().len(), 1);
    assert_eq!(store.descriptors(handle).await.unwrap().len(), 1);
    assert_eq!(store.all_passkeys(None, 10).await.unwrap().len(), 1);
    let update = CredentialUpdate::new(&passkey.record, 6, Flags::new(Flags::USER_PRESENT));
    let _ = store.apply_update(handle, &update, NOW).await.unwrap();
    assert!(store.rename_passkey(handle, id, Some("key")).await.unwrap().is_some());
    assert_eq!(store.set_attestations(&[(id.clone(), StoredAttestation::UNKNOWN)]).await.unwrap(), [true]);
    store.put_grant(GrantKey([1; 32]), handle, LATER).await.unwrap();
    assert_eq!(store.grant_expiry(handle, NOW).await.unwrap(), Some(LATER));
    assert_eq!(store.sweep_grants(NOW).await.unwrap(), 0);
    let by_grant =
        Conditions { authorization: Authorization::Grant(GrantKey([1; 32])), ..by_passkey(&passkey) };
    let _ = store.add_passkey(passkey.clone(), Some(9), &by_grant).await.unwrap();
    let in_session = Conditions { session: Some(SessionKey([4; 32])), ..by_passkey(&passkey) };
    let _ = store.delete_passkey(handle, id, true, &in_session).await.unwrap();
    assert_eq!(store.factors(handle).await.unwrap(), []);
    assert_eq!(store.delete_factors(handle).await.unwrap(), 0);
    assert_eq!(store.delete_passkeys(handle).await.unwrap(), 0);
    assert!(store.delete_user(handle).await.unwrap());

    store.put_ceremony(CeremonyKey([1; 32]), b"state", LATER).await.unwrap();
    let _ = store.take_ceremony(CeremonyKey([1; 32]), NOW).await.unwrap();
    assert_eq!(store.sweep_ceremonies(NOW).await.unwrap(), 0);
    let limit = Limit::new("test", 1, Duration::from_secs(60));
    for _ in 0..2 {
        let _ = store.count(limit, "subject", NOW).await.unwrap();
    }
    store.forgive(limit, "subject", NOW).await.unwrap();
    assert_eq!(store.sweep(NOW).await.unwrap(), 0);
    store.close().await;

    assert_eq!(table_scans(&url).await, before);
}
