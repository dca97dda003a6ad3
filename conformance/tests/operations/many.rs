//! Operations on many users: a thousand, or as many as `RP_ADMIN_USERS` says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rp_conformance::authenticator::{Authenticator, Config, Format, Page};
use rp_core::options::AttestationConveyancePreference;
use rp_core::{
    Aaguid, RegistrationResponse, RelyingParty, StoredAttestation, Timestamp, UserHandle, base64url,
};
use rp_mds::{Catalog, Metadata, MetadataTrust, Retention, SharedCatalog};
use rp_service::admin::Operator;
use rp_service::store::{
    AddPasskey, Authorization, Conditions, CreateUser, CredentialStore, FactorRecord, FactorStatus,
    FactorStore, FactorVersion, Passkey, PutFactor, SqliteStore, UserRecord, UserStore,
};
use rp_service::{
    Access, FactorName, Groups, GroupsFuture, Membership, MetadataDirectory, PasskeyFacts, Passkeys, Policy,
    RecentEvents, RecoveryCodes, SessionFacts, Standing, Subject, Totp, Verified, VerifiedMethod,
};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000); // 2026-06-01
const ORIGIN: &str = "https://example.org";

fn number() -> u64 {
    std::env::var("RP_ADMIN_USERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000)
}

/// The memory of this process, in megabytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

fn user(number: u64) -> UserRecord {
    let mut handle = rp_core::crypto::sha256(&[&number.to_be_bytes()]).to_vec();
    handle.truncate(16);
    let name = format!("user-{number}");
    UserRecord {
        handle: UserHandle::try_from(handle.as_slice()).unwrap(),
        name_key: name.clone(),
        display_name: name.clone(),
        name,
        created_at: Timestamp::from_unix_seconds(
            NOW.as_unix_seconds() - 86_400 * i64::try_from(number % 60).unwrap(),
        ),
        locked_at: None,
    }
}

fn conditions() -> Conditions {
    let authorization = Authorization::Operator;
    Conditions { check_user: false, check_factors: false, session: None, authorization, now: NOW }
}

/// Every fifth user is in one group, every seventh in another.
struct ByNumber;

fn groups(user: &UserRecord) -> Vec<Membership> {
    let number: u64 = user.name["user-".len()..].parse().unwrap();
    let group = |name: &str| Membership { group: name.to_owned(), since: Some(user.created_at) };
    let mut groups = Vec::new();
    if number.is_multiple_of(5) {
        groups.push(group("administrators"));
    }
    if number.is_multiple_of(7) {
        groups.push(group("staff"));
    }
    groups
}

impl Groups for ByNumber {
    fn groups<'a>(&'a self, user: &'a UserRecord) -> GroupsFuture<'a> {
        let groups = groups(user);
        Box::pin(async move { Ok(groups) })
    }
}

fn policy() -> Policy {
    Policy::from_toml(
        "[default]\nsecond_factor = 'where-enrolled'\n\
         [group.administrators]\nsecond_factor = 'required'\nfactors = 'passkey'\npasskeys = { device_bound = true }\n\
         [group.staff]\nsecond_factor = 'required'\nenrol = { from = 2026-05-20, grace_days = 30, remind_days = 14 }\n",
    )
    .unwrap()
}

/// A user has up to two passkeys, some of which never verified their user, and one in three has a TOTP or recovery codes.
async fn fill(path: &str) {
    let store = SqliteStore::connect(path).await.unwrap();
    for at in 0..number() {
        let user = user(at);
        assert_eq!(store.create_user(user.clone()).await.unwrap(), CreateUser::Done);
        for key in 0..at % 3 {
            let id = rp_core::crypto::sha256(&[&at.to_be_bytes(), &key.to_be_bytes()]);
            let id = rp_core::CredentialId::try_from(&id[..]).unwrap();
            let mut record = rp_core::CredentialRecord::imported(id, &p256(), user.handle.clone());
            record.uv_initialized = !at.is_multiple_of(4);
            record.backup_eligible = Some(key == 1);
            let (nickname, last_used_at) = (None, None);
            let passkey = Passkey { record, nickname, created_at: NOW, last_used_at, user_verified: false };
            let added = store.add_passkey(passkey, None, &conditions()).await.unwrap();
            assert_eq!(added, AddPasskey::Done);
        }
        let (name, status) = match at % 9 {
            0 => (FactorName::TOTP, FactorStatus::SecondFactor),
            3 => (FactorName::TOTP, FactorStatus::Pending),
            6 => (FactorName::RECOVERY_CODES, FactorStatus::Recovery),
            _ => continue,
        };
        let factor = FactorRecord {
            user: user.handle,
            name,
            status,
            state: vec![1],
            created_at: NOW,
            last_used_at: None,
            version: FactorVersion([1; 16]),
        };
        assert_eq!(store.put_factor(&factor, None, None).await.unwrap(), PutFactor::Done);
    }
    store.close().await;
}

/// The base point of P-256 as a COSE key.
pub(super) fn p256() -> Vec<u8> {
    let decode = |text| base64url::decode(text).unwrap();
    let mut key = vec![0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20];
    key.extend(decode("axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY"));
    key.extend([0x22, 0x58, 0x20]);
    key.extend(decode("T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"));
    key
}

/// The decisions of the policy about each sign-in that a user can make: a passkey, or a password alone or with each factor.
fn decisions(policy: &Policy, subject: &Subject) -> Vec<rp_service::Decision> {
    let passkey = |facts: &PasskeyFacts| VerifiedMethod::Passkey {
        passkey: *facts,
        user_verified: facts.uv_initialized,
    };
    let mut sign_ins = vec![vec![VerifiedMethod::Password]];
    for facts in &subject.passkeys {
        sign_ins.push(vec![passkey(facts)]);
        sign_ins.push(vec![VerifiedMethod::Password, passkey(facts)]);
    }
    for factor in &subject.factors {
        let method = match factor.as_str() {
            "recovery-codes" => VerifiedMethod::RecoveryCode,
            _ => VerifiedMethod::Other(factor.clone()),
        };
        sign_ins.push(vec![VerifiedMethod::Password, method]);
    }
    let decide = |methods: Vec<VerifiedMethod>| {
        let mut session = SessionFacts::default();
        session.verified = methods.into_iter().map(|factor| Verified { factor, at: NOW }).collect();
        policy.decide(subject, &session, NOW)
    };
    sign_ins.into_iter().map(decide).collect()
}

fn rank(decision: &rp_service::Decision) -> Standing {
    match (&decision.access, &decision.reminder) {
        (Access::SignedIn { .. }, None) => Standing::Ready,
        (Access::SignedIn { .. }, Some(_)) => Standing::Reminded,
        (Access::Enrol, _) => Standing::MustEnrol,
        _ => Standing::LockedOut,
    }
}

/// The facts of a user, by the rule that made the user.
fn subject(user: &UserRecord) -> Subject {
    let number: u64 = user.name["user-".len()..].parse().unwrap();
    let mut subject = Subject::default();
    subject.created_at = Some(user.created_at);
    subject.groups = groups(user);
    for key in 0..number % 3 {
        let mut facts = PasskeyFacts::default();
        facts.backup_eligible = Some(key == 1);
        facts.uv_initialized = !number.is_multiple_of(4);
        facts.algorithm = Some(rp_core::Algorithm::Es256);
        subject.passkeys.push(facts);
    }
    match number % 9 {
        0 => drop(subject.factors.insert(FactorName::TOTP)),
        6 => drop(subject.factors.insert(FactorName::RECOVERY_CODES)),
        _ => {}
    }
    subject
}

#[tokio::test(flavor = "current_thread")]
async fn a_dry_run_says_of_each_user_what_decide_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.db");
    let path = path.to_str().unwrap();
    fill(path).await;
    let rp = RelyingParty::builder("example.org").origin(ORIGIN).build().unwrap();
    let passkeys = Passkeys::builder(rp)
        .store(SqliteStore::connect(path).await.unwrap())
        .secret([1; 32])
        .second_factor(Totp::new())
        .second_factor(RecoveryCodes::new())
        .groups(ByNumber)
        .policy(policy())
        .build()
        .unwrap();
    let (before, began) = (memory(), Instant::now());
    let mut standings: BTreeMap<Standing, u64> = BTreeMap::new();
    let (mut users, mut spent) = (0, Duration::ZERO);
    let mut after = None;
    loop {
        let began = Instant::now();
        let page = passkeys.check_policy(passkeys.policy(), true, NOW, after.as_ref(), 1_000).await.unwrap();
        spent += began.elapsed();
        let Some(last) = page.last() else { break };
        after = Some(last.user.handle.clone());
        for checked in page {
            users += 1;
            let decisions = decisions(passkeys.policy(), &subject(&checked.user));
            let best = decisions.iter().map(rank).min().unwrap();
            assert_eq!(checked.outlook.standing, best, "{}", checked.user.name);
            assert!(decisions.contains(&checked.outlook.decision), "{}", checked.user.name);
            *standings.entry(best).or_default() += 1;
        }
    }
    assert_eq!(users, number());
    assert_eq!(standings.len(), 3, "{standings:?}");
    println!(
        "policy check: {users} users in {:.1} s of {:.1} s, memory {before} MB before and {} MB after, {standings:?}",
        spent.as_secs_f32(),
        began.elapsed().as_secs_f32(),
        memory()
    );
}

/// The authenticators of a vendor, of one model.
fn model(byte: u8) -> Authenticator {
    let config = Config { format: Format::Packed, aaguid: [byte; 16], ..Config::default() };
    Authenticator::new(&format!("vendor {byte}"), config)
}

/// A list of both models; the second one may be compromised.
fn catalog(is_compromised: bool) -> Catalog {
    let entry = |byte: u8, reports: Value| {
        let roots: Vec<_> = model(byte).anchors().iter().map(|der| base64url::encode(der)).collect();
        json!({
            "aaguid": Aaguid::new([byte; 16]),
            "metadataStatement": {"description": format!("Model {byte}"), "attestationRootCertificates": roots},
            "statusReports": reports,
        })
    };
    let status = json!([{"status": "ATTESTATION_KEY_COMPROMISE", "effectiveDate": "2026-05-01"}]);
    let entries = json!([entry(1, json!([])), entry(2, if is_compromised { status } else { json!([]) })]);
    Catalog::of("FIDO", Metadata::from_own_entries(entries.to_string().as_bytes(), Retention::LEAN).unwrap())
}

#[tokio::test(flavor = "current_thread")]
async fn new_metadata_change_exactly_the_passkeys_of_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.db");
    let path = path.to_str().unwrap();
    let current = Arc::new(SharedCatalog::new(catalog(false)));
    let trust = Arc::new(MetadataTrust::new(Arc::clone(&current), rp_mds::Policy::default()));
    let rp = || {
        let builder = RelyingParty::builder("example.org").name("Example").origin(ORIGIN);
        builder.attestation(AttestationConveyancePreference::Direct).build().unwrap()
    };
    let store = SqliteStore::connect(path).await.unwrap();
    let (mut one, mut two) = (model(1), model(2));
    let relying_party = rp();
    for at in 0..number() {
        // Every third key is of the second model.
        let authenticator = if at % 3 == 0 { &mut two } else { &mut one };
        let user = user(at);
        let entity = rp_core::User { handle: user.handle, name: user.name, display_name: String::new() };
        let (options, pending) = relying_party.start_registration(&entity, &[], NOW).unwrap();
        let options = serde_json::to_value(&options.public_key).unwrap();
        let response = authenticator.create(&options, Page::at(ORIGIN)).unwrap();
        let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
        let registered = relying_party.finish_registration(pending, &response, trust.as_ref(), NOW).unwrap();
        authenticator.forget(registered.credential.id.as_bytes());
        assert!(registered.credential.attestation.trusted);
        let (nickname, last_used_at) = (None, None);
        let record = registered.credential;
        let passkey = Passkey { record, nickname, created_at: NOW, last_used_at, user_verified: true };
        assert_eq!(store.add_passkey(passkey, None, &conditions()).await.unwrap(), AddPasskey::Done);
    }
    store.close().await;

    let events = RecentEvents::new(usize::try_from(number()).unwrap() + 1);
    let passkeys = Passkeys::builder(rp())
        .store(SqliteStore::connect(path).await.unwrap())
        .secret([1; 32])
        .trust(trust)
        .authenticators(MetadataDirectory::new(Arc::clone(&current)))
        .events(events.clone())
        .clock(|| NOW)
        .build()
        .unwrap();
    let admin = passkeys.admin(Operator::new("list 42").unwrap());
    assert_eq!(rejudge(&passkeys, &admin, false).await.1, 0, "nothing changed yet");
    current.store(catalog(true));
    let of_two = number().div_ceil(3);
    assert_eq!(rejudge(&passkeys, &admin, false).await, (number(), of_two));
    assert!(events.newest(1).is_empty(), "a dry run has no events");
    let began = Instant::now();
    assert_eq!(rejudge(&passkeys, &admin, true).await, (number(), of_two));
    println!("rejudge: {} passkeys in {:.1} s, {of_two} changed", number(), began.elapsed().as_secs_f32());
    // Each has one event.
    let events = events.newest(usize::MAX);
    let ids: std::collections::BTreeSet<_> =
        events.iter().map(|event| event.credential.clone().unwrap()).collect();
    assert_eq!((events.len() as u64, ids.len() as u64), (of_two, of_two));
    for event in &events {
        assert_eq!((event.action, event.attestation_trusted), (rp_service::Action::Rejudge, Some(false)));
        assert_eq!((event.model.as_deref(), event.reason.as_deref()), (Some("Model 2"), Some("list 42")));
        assert!(event.distrust.is_some());
    }
    // The results are stored, and those of the other model are as they were.
    let mut after = None;
    loop {
        let page = passkeys.all_passkeys(after.as_ref(), 1_000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.record.id.clone());
        for passkey in page {
            let StoredAttestation { trusted, model, .. } = passkey.record.attestation;
            let is_two = passkey.record.aaguid == Aaguid::new([2; 16]);
            assert_eq!((trusted, model.is_some()), (!is_two, !is_two));
        }
    }
    assert_eq!(rejudge(&passkeys, &admin, true).await.1, 0, "a second time nothing changes");
}

/// The number of passkeys, and of those that change.
async fn rejudge(passkeys: &Passkeys, admin: &rp_service::admin::Admin, writes: bool) -> (u64, u64) {
    let (mut count, mut changes) = (0, 0);
    let mut after = None;
    loop {
        let page = passkeys.reassess(after.as_ref(), 1_000).await.unwrap();
        if page.passkeys == 0 {
            return (count, changes);
        }
        count += page.passkeys as u64;
        changes +=
            if writes { admin.apply_reassessment(&page).await.unwrap() } else { page.changes.len() } as u64;
        after = page.last;
    }
}
