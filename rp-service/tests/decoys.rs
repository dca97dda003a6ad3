//! The credentials in options for unknown usernames cannot be distinguished from those of a mixed population by their
//! number, transports and ID lengths.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests")]

use std::collections::BTreeMap;
use std::time::Duration;

use rp_core::{CredentialId, CredentialRecord, RelyingParty, Timestamp, UserHandle};
use rp_service::store::{
    AddPasskey, Authorization, Conditions, MemoryStore, Passkey, SignUp, SignUpStore, UserRecord,
};
use rp_service::{Caller, DecoyProfile, DecoySurvey, Limit, Passkeys, Policy};

/// The number of accounts, and of decoys.
const ACCOUNTS: usize = 3_000;

/// ID length and transports of the authenticators in the population, with their frequency. The rare ones are unusual.
const KINDS: [(u64, usize, &[&str]); 12] = [
    (40, 20, &["internal", "hybrid"]),
    (40, 16, &["hybrid", "internal"]),
    (20, 32, &["internal"]),
    (10, 48, &["usb", "nfc"]),
    (8, 64, &["usb"]),
    (6, 64, &[]),
    (3, 243, &["usb", "nfc", "ble"]),
    (3, 17, &["smart-card"]),
    (2, 1023, &["usb"]),
    (2, 70, &["telepathy", "ble"]),
    (2, 96, &["nfc"]),
    (1, 33, &["cable", "hybrid"]),
];

/// Pseudorandom numbers (SplitMix64), so that every run is the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn kind(&mut self) -> usize {
        let mut rest = self.below(KINDS.iter().map(|kind| kind.0).sum());
        KINDS
            .iter()
            .position(|kind| {
                let is_it = rest < kind.0;
                rest = rest.wrapping_sub(kind.0);
                is_it
            })
            .unwrap()
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}

/// Adds accounts with 1, 2, 4 or 20 passkeys. Most users have a favourite kind of authenticator.
async fn grow(store: &impl SignUpStore, names: std::ops::Range<usize>, seed: u64) {
    let mut random = Random(seed);
    let now = Timestamp::now();
    for name in names {
        let count = match random.below(100) {
            0..=59 => 1,
            60..=79 => 2,
            80..=91 => 4,
            _ => 20,
        };
        let favourite = random.kind();
        let handle = UserHandle::try_from(random.bytes(32).as_slice()).unwrap();
        let mut first = None;
        for _ in 0..count {
            let kind = if random.below(10) < 7 { favourite } else { random.kind() };
            let (_, id_len, transports) = KINDS[kind];
            let id = CredentialId::try_from(random.bytes(id_len).as_slice()).unwrap();
            let mut record = CredentialRecord::imported(id.clone(), b"a key", handle.clone());
            record.transports = transports.iter().map(|&transport| transport.to_owned()).collect();
            let passkey =
                Passkey { record, nickname: None, created_at: now, last_used_at: None, user_verified: true };
            if let Some(first) = &first {
                let conditions = Conditions {
                    check_user: true,
                    check_factors: true,
                    session: None,
                    authorization: Authorization::Passkey(CredentialId::clone(first)),
                    now,
                };
                let added = store.add_passkey(passkey, None, &conditions).await.unwrap();
                assert_eq!(added, AddPasskey::Done);
            } else {
                let user = UserRecord {
                    handle: handle.clone(),
                    name: format!("user{name}"),
                    name_key: format!("user{name}"),
                    display_name: String::new(),
                    created_at: now,
                    locked_at: None,
                };
                assert_eq!(store.create_user_with_passkey(user, passkey, false).await.unwrap(), SignUp::Done);
                first = Some(id);
            }
        }
    }
}

/// The visible shape of each credential in options for a username, in order.
type Shapes = Vec<(usize, Vec<String>)>;

async fn shapes(passkeys: &Passkeys, names: impl Iterator<Item = String>) -> Vec<Shapes> {
    let caller = Caller::new_browser().unwrap();
    let mut all = Vec::new();
    for name in names {
        let options = passkeys.start_sign_in(&caller, Some(&name)).await.unwrap().public_key;
        let shape = |descriptor: rp_core::options::PublicKeyCredentialDescriptorJson| {
            (descriptor.id.as_bytes().len(), descriptor.transports)
        };
        let mut shapes: Shapes = options.allow_credentials.into_iter().map(shape).collect();
        shapes.sort();
        all.push(shapes);
    }
    all
}

/// The features of a classifier.
const FEATURES: [fn(&Shapes) -> Vec<String>; 7] = [
    |account| vec![account.len().to_string()],
    |account| vec![format!("{account:?}")],
    |account| vec![format!("{} {}", account.len(), distinct(account))],
    |account| vec![format!("{:?}", account.iter().map(|shape| shape.0).collect::<Vec<_>>())],
    |account| vec![format!("{:?}", account.iter().map(|shape| &shape.1).collect::<Vec<_>>())],
    |account| account.iter().map(|shape| format!("{shape:?}")).collect(),
    |account| {
        let each = account.iter().map(|shape| format!("{} {shape:?}", account.len()));
        each.chain([format!("{} {}", account.len(), distinct(account))]).collect()
    },
];

fn distinct(account: &Shapes) -> usize {
    account.iter().collect::<std::collections::BTreeSet<_>>().len()
}

/// The best AUC of naive Bayes classifiers, each trained on one half of the accounts and tested on the other.
fn best_auc(real: &[Shapes], decoys: &[Shapes]) -> f64 {
    let odd = |all: &[Shapes]| all.iter().skip(1).step_by(2).cloned().collect::<Vec<_>>();
    let even = |all: &[Shapes]| all.iter().step_by(2).cloned().collect::<Vec<_>>();
    let mut best = 0.5;
    for features in FEATURES {
        let mut counts: BTreeMap<String, [f64; 2]> = BTreeMap::new();
        for (class, accounts) in [even(real), even(decoys)].iter().enumerate() {
            let weight = 1.0 / f64::from(u32::try_from(accounts.len()).unwrap());
            for feature in accounts.iter().flat_map(features) {
                counts.entry(feature).or_default()[class] += weight;
            }
        }
        let score = |account: &Shapes| -> f64 {
            let evidence = |feature: String| {
                let [real, decoy] = counts.get(&feature).copied().unwrap_or_default();
                ((real + 1e-3) / (decoy + 1e-3)).ln()
            };
            features(account).into_iter().map(evidence).sum()
        };
        let scores = [odd(real), odd(decoys)].map(|all| all.iter().map(score).collect::<Vec<_>>());
        best = f64::max(best, auc(&scores[0], &scores[1]));
    }
    best
}

/// The probability that a value of `high` exceeds one of `low`; equal values count half.
fn auc(high: &[f64], low: &[f64]) -> f64 {
    let mut low = low.to_vec();
    low.sort_by(f64::total_cmp);
    let rank = |value: &f64| {
        let (below, not_above) =
            (low.partition_point(|one| one < value), low.partition_point(|one| one <= value));
        f64::from(u32::try_from(below + not_above).unwrap()) / 2.0
    };
    let pairs = f64::from(u32::try_from(high.len() * low.len()).unwrap());
    high.iter().map(rank).sum::<f64>() / pairs
}

fn service(store: &MemoryStore, profile: DecoyProfile) -> Passkeys {
    let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
    let mut policy = Policy::default();
    policy.default.passkeys.most = 20;
    policy.limits.ceremonies_per_address = Limit::new("ceremonies", u32::MAX, Duration::from_hours(1));
    let builder = Passkeys::builder(rp).store(store.clone()).secret([7; 32]).policy(policy);
    builder.decoy_profile(profile).build().unwrap()
}

#[tokio::test]
async fn decoys_cannot_be_told_from_a_mixed_population() {
    let store = MemoryStore::new();
    grow(&store, 0..ACCOUNTS, 1).await;
    let survey = DecoySurvey::of_store(&store).await.unwrap();
    assert_eq!(survey.accounts(), ACCOUNTS);
    let passkeys = service(&store, survey.profile().unwrap());
    let nobody = || (0..ACCOUNTS).map(|name| format!("nobody{name}"));
    let users = |names: std::ops::Range<usize>| names.map(|name| format!("user{name}"));
    let decoys = shapes(&passkeys, nobody()).await;
    let real = shapes(&passkeys, users(0..ACCOUNTS)).await;
    let first = best_auc(&real, &decoys);
    assert!(first <= 0.55, "{first}");

    // The population doubles with the same mix: the decoys stay the same, and the new accounts look like them too.
    grow(&store, ACCOUNTS..2 * ACCOUNTS, 2).await;
    assert_eq!(shapes(&passkeys, nobody()).await, decoys);
    let later = shapes(&passkeys, users(ACCOUNTS..2 * ACCOUNTS)).await;
    let second = best_auc(&later, &decoys);
    assert!(second <= 0.55, "{second}");
    println!("AUC {first:.3}, and {second:.3} after the population has doubled");
    // The classifiers find a difference if there is one.
    let default = shapes(&service(&store, DecoyProfile::default()), nobody()).await;
    assert!(best_auc(&real, &default) > 0.6);
}

#[cfg(feature = "cli")]
#[tokio::test]
async fn the_command_writes_a_profile_once() {
    let folder = tempfile::tempdir().unwrap();
    let [database, file] = ["passkeys.db", "profile.json"].map(|name| folder.path().join(name));
    let run = || {
        let command = std::process::Command::new(env!("CARGO_BIN_EXE_rp-decoy-profile"));
        let output = { command }.arg(&database).arg(&file).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap().replace(folder.path().to_str().unwrap(), "DIR");
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let missing = "rp-decoy-profile: DIR/passkeys.db: there is no such database\n";
    assert_eq!(run(), (false, String::new(), missing.to_owned()));
    let store = rp_service::store::SqliteStore::connect(database.to_str().unwrap()).await.unwrap();
    assert!(run().2.ends_with("there are no accounts\n"));
    grow(&store, 0..200, 1).await;
    assert_eq!(run(), (true, "200 accounts, written to DIR/profile.json\n".to_owned(), String::new()));
    let profile = DecoySurvey::of_store(&store).await.unwrap().profile().unwrap();
    assert_eq!(DecoyProfile::from_json(&std::fs::read(&file).unwrap()), Ok(profile));
    let exists =
        "rp-decoy-profile: DIR/profile.json exists; a profile must not change while decoys follow it\n";
    assert_eq!(run(), (false, String::new(), exists.to_owned()));
}
