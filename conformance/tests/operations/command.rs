//! The operator's command as an operator runs it.

use std::io::{self, Write};
use std::path::Path;

use clap::Parser;
use rp_core::{CredentialId, CredentialRecord, RelyingParty, Timestamp, UserHandle};
use rp_service::admin::{Command, execute};
use rp_service::store::{AddPasskey, Authorization, Conditions, CredentialStore as _, Passkey, SqliteStore};
use rp_service::{JsonLinesSink, Passkeys, Policy};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Runs a command and returns its output, or its error.
async fn run(passkeys: &Passkeys, arguments: &[&str]) -> String {
    let all = ["passkeys-admin"].iter().chain(arguments);
    let command = match Arguments::try_parse_from(all) {
        Ok(arguments) => arguments.command,
        Err(error) => return error.to_string(),
    };
    let mut out = Vec::new();
    match execute(passkeys, command, &mut out).await {
        Ok(()) => String::from_utf8(out).unwrap(),
        Err(error) => error.to_string(),
    }
}

async fn service(folder: &Path) -> Passkeys {
    let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
    let policy = "[default]\nsecond_factor = 'required'\nenrol = { from = 2026-06-10, grace_days = 14, remind_days = 30 }";
    Passkeys::builder(rp)
        .store(SqliteStore::connect(folder.join("site.db").to_str().unwrap()).await.unwrap())
        .secret([1; 32])
        .policy(Policy::from_toml(policy).unwrap())
        .events(JsonLinesSink::append(folder.join("events.jsonl")).unwrap())
        .clock(|| Timestamp::from_unix_seconds(1_780_272_000))
        .build()
        .unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn users_are_listed_locked_and_invited() {
    let folder = tempfile::tempdir().unwrap();
    let passkeys = service(folder.path()).await;
    let kim = passkeys.create_user("kim", "Kim\u{1b}[31m").await;
    assert!(kim.is_err(), "a display name has no control characters");
    let kim = passkeys.create_user("kim", "Kim").await.unwrap();
    let handle = kim.handle.to_string();
    let users = run(&passkeys, &["users"]).await;
    let line = format!("kim{:23}2026-06-01T00:00:00Z{:24}{handle}\n", "", "");
    assert!(users.ends_with(&line), "{users}");
    assert_eq!(run(&passkeys, &["lock", "kim", "--reason", "ticket 7"]).await, "locked\n");
    let shown = run(&passkeys, &["show", &format!("handle:{handle}")]).await;
    let expected = format!(
        "username      kim\ndisplay name  Kim\nhandle        {handle}\ncreated       2026-06-01T00:00:00Z\n\
         locked        2026-06-01T00:00:00Z\nstate         reminded: the user has no second factor\n\
         enrol by      2026-06-24T00:00:00Z\n"
    );
    assert_eq!(shown, expected);
    assert_eq!(run(&passkeys, &["unlock", "kim", "--reason", "ticket 7"]).await, "unlocked\n");
    assert_eq!(run(&passkeys, &["invite", "kim", "--reason", "ticket 8"]).await.trim().len(), 27);
    assert_eq!(run(&passkeys, &["end-sessions", "kim", "--reason", "ticket 8"]).await, "0 sessions ended\n");
    let reset = run(&passkeys, &["reset-factors", "kim", "--reason", "ticket 8"]).await;
    assert_eq!(reset, "0 second factors deleted\n");
    let log = folder.path().join("events.jsonl");
    let trail = run(&passkeys, &["events", "kim", "--log", log.to_str().unwrap()]).await;
    let actions: Vec<_> = trail.lines().skip(1).map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    let expected =
        ["create-user", "lock-user", "unlock-user", "create-grant", "end-sessions", "reset-factors"];
    assert_eq!(actions, expected);
    assert!(trail.contains("reason: ticket 7"), "{trail}");
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_wrong_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let passkeys = service(folder.path()).await;
    assert_eq!(run(&passkeys, &["show", "kim"]).await, "no user is called \"kim\"");
    assert!(run(&passkeys, &["lock", "kim"]).await.contains("--reason <TEXT>"));
    let empty = run(&passkeys, &["lock", "kim", "--reason", " "]).await;
    assert!(empty.contains("a reason is one line of 1 to 256 characters"), "{empty}");
    let unknown = run(&passkeys, &["revoke", "AQID", "--reason", "lost"]).await;
    assert_eq!(unknown, "the user has no such passkey");
    let missing = run(&passkeys, &["policy", "check", "--policy", "/does/not/exist"]).await;
    assert!(missing.starts_with("/does/not/exist: "), "{missing}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_dry_run_says_who_is_reminded_and_who_is_locked_out() {
    let folder = tempfile::tempdir().unwrap();
    let passkeys = service(folder.path()).await;
    let sam = passkeys.create_user("sam", "").await.unwrap();
    passkeys.create_user("kim", "").await.unwrap();
    passkeys.lock_user(&sam.handle).await.unwrap();
    let now = run(&passkeys, &["policy", "check"]).await;
    let expected = "state       by                    username                  passkeys  factors  reason\n\
                    reminded    2026-06-24T00:00:00Z  kim                       0         0        the user has no second factor\n\
                    2 users at 2026-06-01T00:00:00Z\n\
                    ready       0\nreminded    1\nmust-enrol  0\nlocked-out  0\nlocked      1\n";
    assert_eq!(now, expected);
    let later = run(&passkeys, &["policy", "check", "--summary", "--at", "2026-06-24"]).await;
    assert!(later.contains("must-enrol  1\nlocked-out  0\n"), "{later}");
    let passwordless = run(&passkeys, &["policy", "check", "--summary", "--passwordless"]).await;
    assert!(passwordless.contains("locked-out  1\n"), "{passwordless}");
    let other = folder.path().join("other.toml");
    std::fs::write(&other, "[default]\nsecond_factor = 'never'\n").unwrap();
    let other = run(&passkeys, &["policy", "check", "--summary", "--policy", other.to_str().unwrap()]).await;
    assert!(other.contains("ready       1\n"), "{other}");
    assert_eq!(passkeys.users(None, 10).await.unwrap().len(), 2, "nothing changed");
}

/// An output whose reader has closed it.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A passkey whose attestation was trusted, and does not verify any more.
fn no_longer_trusted(user: &UserHandle) -> Passkey {
    let id = CredentialId::try_from(&[1][..]).unwrap();
    let mut record = CredentialRecord {
        attestation_object: Some(vec![0].into()),
        attestation_client_data_json: Some(b"{}".to_vec().into()),
        ..CredentialRecord::imported(id, &crate::many::p256(), user.clone())
    };
    record.attestation.trusted = true;
    let (nickname, created_at) = (None, Timestamp::from_unix_seconds(1_780_272_000));
    Passkey { record, nickname, created_at, last_used_at: None, user_verified: true }
}

#[tokio::test(flavor = "current_thread")]
async fn a_closed_output_stops_no_stored_assessment() {
    let folder = tempfile::tempdir().unwrap();
    let passkeys = service(folder.path()).await;
    let passkey = no_longer_trusted(&passkeys.create_user("kim", "").await.unwrap().handle);
    let (authorization, now) = (Authorization::Operator, passkey.created_at);
    let conditions =
        Conditions { check_user: false, check_factors: false, session: None, authorization, now };
    let store = SqliteStore::connect(folder.path().join("site.db").to_str().unwrap()).await.unwrap();
    assert_eq!(store.add_passkey(passkey.clone(), None, &conditions).await.unwrap(), AddPasskey::Done);
    let is_trusted = async || {
        let stored = passkeys.all_passkeys(None, 10).await.unwrap();
        stored[0].record.attestation.trusted
    };
    for (arguments, expected) in
        [(&["rejudge", "--dry-run"][..], true), (&["rejudge", "--reason", "list 42"], false)]
    {
        let command = Arguments::try_parse_from(["passkeys-admin"].iter().chain(arguments)).unwrap().command;
        let error = execute(&passkeys, command, &mut Closed).await.unwrap_err();
        assert!(error.is_closed_output(), "{error}");
        assert_eq!(is_trusted().await, expected, "{arguments:?}");
    }
}
