use std::str::FromStr;
use std::time::Duration;

use rp_core::{CredentialId, CredentialUpdate, Flags};
use rp_service::store::{
    AddPasskey, ApplyUpdate, CeremonyKey, CeremonyStore, CredentialStore, GrantKey, PostgresStore,
    SessionKey, SessionStore, SignUp, SignUpStore, TakeCeremony, UserStore,
};
use rp_service::{Limit, RateLimiter, Session};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection};

use crate::fixtures::{LATER, NOW, by_passkey, is_unavailable, kim, messages, session};
use crate::fresh;
use crate::postgres_server::{execute, fresh_schema, url};
use crate::proxy::{Network, Proxy};

const KEY: CeremonyKey = CeremonyKey([1; 32]);

/// Ends the connections of the store, as a failover or an administrator does.
async fn terminate_backends(connection: &mut PgConnection) {
    let terminate = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND application_name = current_schema()";
    execute(connection, terminate.to_owned()).await;
}

/// A store whose connections have the name of its schema, and a connection to the schema.
async fn named() -> Option<(PostgresStore, PgConnection)> {
    let options = PgConnectOptions::from_str(&fresh_schema().await?).unwrap();
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let schema: String =
        sqlx::query_scalar("SELECT current_schema()::text").fetch_one(&mut connection).await.unwrap();
    let pool = PgPoolOptions::new().test_before_acquire(false).max_connections(4);
    let pool = pool.connect_lazy_with(options.application_name(&schema));
    Some((PostgresStore::from_pool(pool).await.unwrap(), connection))
}

/// Waits until a statement of the store waits for a lock.
async fn until_a_call_waits(connection: &mut PgConnection) {
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity
        WHERE application_name = current_schema() AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut *connection).await.unwrap() {
        // Within a transaction, PostgreSQL keeps the list of connections until it is cleared
        execute(connection, "SELECT pg_stat_clear_snapshot()".to_owned()).await;
    }
}

#[tokio::test]
async fn after_lost_connections_everything_acknowledged_is_there() {
    let Some((store, mut connection)) = named().await else { return };
    let (user, passkey) = kim();
    let created = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap();
    assert_eq!(created, SignUp::Done);
    for round in 0..8 {
        store.put_ceremony(KEY, &[round], LATER).await.unwrap();
        terminate_backends(&mut connection).await;
        // One call fails for each connection that was lost
        let mut failures = 0;
        let taken = loop {
            match store.take_ceremony(KEY, NOW).await {
                Ok(taken) => break taken,
                Err(error) => assert!(is_unavailable::<()>(Err(error))),
            }
            failures += 1;
            assert!(failures <= 4);
        };
        assert_eq!(taken, TakeCeremony::Found(vec![round]));
        assert_eq!(store.take_ceremony(KEY, NOW).await.unwrap(), TakeCeremony::Missing);
    }
    assert_eq!(store.user(&user.handle).await.unwrap(), Some(user));
    assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), Some(passkey.clone()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_in_a_transaction_leaves_nothing() {
    let Some((store, mut connection)) = named().await else { return };
    let (user, passkey) = kim();
    let created = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap();
    assert_eq!(created, SignUp::Done);
    // The transaction of the store waits for this one behind its first writes
    let mut blocker = connection.begin().await.unwrap();
    execute(&mut blocker, "LOCK TABLE rp_sessions IN ACCESS EXCLUSIVE MODE".to_owned()).await;
    let deletion = {
        let (store, user, passkey) = (store.clone(), user.clone(), passkey.clone());
        tokio::spawn(async move {
            let conditions = by_passkey(&passkey);
            store.delete_passkey(&user.handle, &passkey.record.id, true, &conditions).await
        })
    };
    until_a_call_waits(&mut blocker).await;
    terminate_backends(&mut blocker).await;
    assert!(is_unavailable(deletion.await.unwrap()));
    blocker.rollback().await.unwrap();
    let found = loop {
        if let Ok(found) = store.passkey(&passkey.record.id).await {
            break found;
        }
    };
    assert_eq!(found, Some(passkey.clone()));
    let update = CredentialUpdate::new(&passkey.record, 6, Flags::new(Flags::USER_PRESENT));
    assert_eq!(store.apply_update(&user.handle, &update, NOW).await.unwrap(), ApplyUpdate::Done);
}

/// A sweep finds an expired row, waits for a transaction that renews it, and then has to check the row again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_leaves_a_row_that_was_renewed_meanwhile() {
    let Some((store, mut connection)) = named().await else { return };
    let (user, passkey) = kim();
    let created = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap();
    assert_eq!(created, SignUp::Done);
    store.put_ceremony(KEY, b"state", NOW).await.unwrap();
    store.put_grant(GrantKey([1; 32]), &user.handle, NOW).await.unwrap();
    let expired = Session { expires_at: NOW, ..session(&passkey) };
    assert!(store.create_session(SessionKey([3; 32]), &expired).await.unwrap());
    let limit = Limit::new("test", 1, Duration::from_secs(1));
    let _ = store.count(limit, "subject", NOW).await.unwrap();

    let mut swept = Vec::new();
    for table in ["rp_ceremonies", "rp_grants", "rp_sessions", "rp_rate_limits"] {
        let mut renewal = connection.begin().await.unwrap();
        let end = LATER.as_unix_seconds();
        execute(&mut renewal, format!("UPDATE {table} SET expires_at = {end}")).await;
        let sweep = {
            let (store, before) = (store.clone(), NOW.saturating_add(Duration::from_secs(5)));
            tokio::spawn(async move {
                match table {
                    "rp_ceremonies" => store.sweep_ceremonies(before).await,
                    "rp_grants" => store.sweep_grants(before).await,
                    "rp_sessions" => store.sweep_sessions(before).await,
                    _ => store.sweep(before).await,
                }
            })
        };
        until_a_call_waits(&mut renewal).await;
        renewal.commit().await.unwrap();
        swept.push(sweep.await.unwrap().unwrap());
    }
    assert_eq!(swept, [0; 4]);
}

#[tokio::test]
async fn a_call_to_a_server_that_does_not_respond_fails_in_time() {
    let Some(url) = url() else { return };
    let server = PgConnectOptions::from_str(&url).unwrap();
    let proxy = Proxy::start(format!("{}:{}", server.get_host(), server.get_port())).await;
    let options = PgConnectOptions::from_str(&fresh_schema().await.unwrap()).unwrap();
    let pool = PgPoolOptions::new().max_connections(2);
    let pool = pool.connect_lazy_with(options.host("127.0.0.1").port(proxy.port));
    let store = PostgresStore::from_pool(pool).await.unwrap();
    store.put_ceremony(KEY, b"state", LATER).await.unwrap();

    proxy.set(Network::Silent);
    let impatient = store.clone().with_time_limit(Duration::from_millis(100));
    let limit = "no response within 100ms";
    for _ in 0..4 {
        let error = impatient.take_ceremony(KEY, NOW).await.unwrap_err();
        assert!(messages(&error)[1].ends_with(limit), "{error:?}");
    }
    let (user, passkey) = kim();
    assert!(is_unavailable(impatient.create_user_with_passkey(user, passkey, false).await));

    proxy.set(Network::Closed);
    assert!(is_unavailable(store.take_ceremony(KEY, NOW).await));

    proxy.set(Network::Up);
    let taken = loop {
        if let Ok(taken) = store.take_ceremony(KEY, NOW).await {
            break taken;
        }
    };
    assert_eq!(taken, TakeCeremony::Found(b"state".to_vec()));
}

#[tokio::test]
async fn a_rejected_change_leaves_its_connection_usable() {
    let Some(url) = fresh_schema().await else { return };
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy(&url).unwrap();
    let store = PostgresStore::from_pool(pool).await.unwrap();
    let (user, passkey) = kim();
    for expected in [SignUp::Done, SignUp::HandleTaken, SignUp::HandleTaken] {
        let created = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap();
        assert_eq!(created, expected);
    }
    let mut second = passkey.clone();
    second.record.id = CredentialId::try_from([2; 16].as_slice()).unwrap();
    let added = store.add_passkey(second.clone(), Some(1), &by_passkey(&passkey)).await.unwrap();
    assert_eq!(added, AddPasskey::TooMany);
    let added = store.add_passkey(second, None, &by_passkey(&passkey)).await.unwrap();
    assert_eq!(added, AddPasskey::Done);
}

#[tokio::test]
async fn a_failed_write_leaves_neither_user_nor_passkey() {
    let Some((store, mut connection)) = fresh().await else { return };
    for table in ["rp_users", "rp_passkeys"] {
        let trigger = format!(
            "CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$;
            CREATE TRIGGER disk_full AFTER INSERT ON {table} EXECUTE FUNCTION disk_full()"
        );
        execute(&mut connection, trigger).await;
        let (user, passkey) = kim();
        let error = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap_err();
        assert!(messages(&error)[1].contains("error returned from database: disk full"), "{error:?}");
        assert_eq!(store.user(&user.handle).await.unwrap(), None, "{table}");
        assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), None, "{table}");
        execute(&mut connection, format!("DROP TRIGGER disk_full ON {table}")).await;
    }
    let (user, passkey) = kim();
    assert_eq!(store.create_user_with_passkey(user, passkey, false).await.unwrap(), SignUp::Done);
}

#[tokio::test]
async fn an_unreadable_value_is_an_error_that_names_the_column() {
    let Some((store, mut connection)) = fresh().await else { return };
    let (user, passkey) = kim();
    let (id, session) = (passkey.record.id.clone(), session(&passkey));
    assert!(store.create_session(SessionKey([3; 32]), &session).await.unwrap());
    assert_eq!(store.create_user_with_passkey(user, passkey, false).await.unwrap(), SignUp::Done);
    let change = "UPDATE rp_passkeys SET attestation_type = 'ecdaa'; UPDATE rp_sessions SET state = 'x'";
    execute(&mut connection, change.to_owned()).await;
    let error = store.passkey(&id).await.unwrap_err();
    assert_eq!(error.to_string(), "stored rp_passkeys.attestation_type is unreadable");
    let error = store.session(SessionKey([3; 32]), NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "stored rp_sessions.state is unreadable");
}

#[tokio::test]
async fn an_error_names_the_server_and_no_password() {
    let url = "postgres://rp:secret-password@127.0.0.1:1/passkeys";
    let error = PostgresStore::connect(url).await.unwrap_err();
    let messages = messages(&error);
    assert!(messages[1].starts_with("postgres://127.0.0.1:1/passkeys: "), "{messages:?}");
    assert!(!format!("{error:?} {messages:?}").contains("secret-password"));
    let error = PostgresStore::connect("postgres://rp:secret-password@[/x").await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("secret-password"));
}
