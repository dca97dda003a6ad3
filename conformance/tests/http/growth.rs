//! The data that one address can store in an hour, with every limit used up. The numbers are those of the book
//! (`deployment/service.md`).

use std::path::Path;
use std::time::Duration;

use rp_conformance::authenticator::{Authenticator, Config, Format};
use rp_conformance::http::{Fixture, ORIGIN, Setup, UserAgent, bare};
use rp_core::options::AttestationConveyancePreference;
use rp_service::store::SqliteStore;
use serde_json::json;

const ACCOUNTS: i64 = 60;
const PASSKEYS: i64 = 480;
const SESSIONS: i64 = 3_000;
const CEREMONIES: i64 = 27_000;
const BYTES: u64 = 100 << 20;

/// The numbers of rows of the database.
async fn rows(file: &str) -> [i64; 4] {
    let pool = sqlx::SqlitePool::connect(file).await.unwrap();
    let mut rows = [0; 4];
    for (count, table) in rows.iter_mut().zip(["rp_users", "rp_passkeys", "rp_sessions", "rp_ceremonies"]) {
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        *count = sqlx::query_scalar(query).fetch_one(&pool).await.unwrap();
    }
    pool.close().await;
    rows
}

fn bytes(folder: &Path) -> u64 {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

/// An authenticator with long IDs, whose attestation is stored.
fn authenticator(seed: &str) -> Authenticator {
    Authenticator::new(seed, Config { format: Format::Packed, id_len: 243, ..Config::default() })
}

/// Starts ceremonies until the limit is reached. Returns their number.
async fn start_all(browser: &mut UserAgent, body: &serde_json::Value) -> i64 {
    let mut started = 0;
    while browser.post("authentication/options", body).await.status == 200 {
        started += 1;
    }
    started
}

#[tokio::test]
async fn one_address_stores_no_more_than_documented_in_an_hour() {
    // Without a disk, a commit waits for nothing.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let file = folder.path().join("passkeys.db");
    let file = file.to_str().unwrap();
    let store = SqliteStore::connect(file).await.unwrap();
    let fixture = Fixture::new(Setup {
        relying_party: |rp| rp.attestation(AttestationConveyancePreference::Direct),
        service: Box::new(move |builder| builder.store(store)),
        ..Setup::default()
    });
    let site = bare(&fixture);
    let mut accounts = Vec::new();
    let mut ceremonies = 0;
    for tenth in 0..6 {
        // As many accounts as possible, and eight passkeys for each.
        loop {
            let name = format!("user{}", accounts.len());
            let mut browser = UserAgent::new(&site, ORIGIN, &name);
            browser.authenticator = authenticator(&name);
            let options = browser.post("registration/options", &json!({ "username": name })).await;
            if options.status == 429 {
                break;
            }
            let response = browser.create_for(&options.ok());
            browser.register(&response).await.ok();
            for number in 1..8 {
                browser.add_passkey(&mut authenticator(&format!("{name} {number}"))).await;
            }
            let options = browser.post("registration/options", &json!({})).await;
            assert_eq!(options.problem(), (409, "too-many-credentials"));
            accounts.push(browser);
        }
        // One user signs in again and again.
        let user = accounts.first_mut().unwrap();
        for _ in 0..20 {
            user.remove_cookie("session");
            user.sign_in().await;
        }
        ceremonies += start_all(&mut UserAgent::new(&site, ORIGIN, "visitor"), &json!({})).await;
        if tenth == 0 {
            // Lists of long IDs count once: a ceremony stores a digest of each.
            assert!(start_all(&mut accounts[1], &json!({"purpose": "step-up"})).await > 80);
        }
        fixture.passkeys.maintain().await;
        let stored = rows(file).await;
        let bounds = [ACCOUNTS, PASSKEYS, SESSIONS, CEREMONIES];
        assert!(stored.iter().zip(bounds).all(|(stored, bound)| *stored <= bound), "{stored:?}");
        assert!(bytes(folder.path()) <= BYTES, "{}", bytes(folder.path()));
        fixture.wait(Duration::from_mins(10));
    }
    assert_eq!(accounts.len(), usize::try_from(ACCOUNTS).unwrap());
    let [users, passkeys, sessions, _] = rows(file).await;
    // Every other account has the session of its sign-up.
    assert_eq!((users, passkeys, sessions <= ACCOUNTS - 1 + 50), (ACCOUNTS, PASSKEYS, true));
    // Each window allows 3,000, of which the sign-ups and sign-ins have taken some.
    assert!(ceremonies > 5 * 2_900, "{ceremonies}");
}
