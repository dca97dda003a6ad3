//! The time and memory to load a BLOB, compared with the minimum for the same bytes.
//!
//! `cargo bench -p rp-conformance --bench blob` reads the BLOB of 2021 from the folder in `RP_MDS`, by default
//! `../shared/mds` next to the checkout, and creates larger ones that repeat its entries, with its own signer. For each it prints the
//! time and the allocations; the memory that remains is `alloc` plus `grow` minus `dealloc` and `shrink`. At the end are
//! the ratio to the floor (base64, SHA-256, the signature check and minimal parsing of the same bytes), and the ratio of
//! each parser's times for an input and for one ten times as long.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot be set up is not one"
)]

use std::borrow::Cow;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use divan::{AllocProfiler, Bencher};
use rp_conformance::authenticator::Algorithm;
use rp_conformance::publisher::{Publisher, Signing};
use rp_core::crypto::{self, Key, Scheme};
use rp_core::x509::Certificate;
use rp_core::{Aaguid, Timestamp};
use rp_mds::{
    Catalog, Metadata, ModelId, ModelQuery, Policy, Retention, Roots, SharedCatalog, SignerHost, Verification,
};
use serde::Deserialize;
use serde_json::value::RawValue;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// The BLOB of 2021, and how many times the larger ones repeat its entries.
const TIMES: [usize; 4] = [0, 1, 5, 10];

fn main() {
    if sample(0).is_none() {
        println!(
            "no {}: set RP_MDS to the folder of the BLOB of 2021",
            folder().join("blob-2021.jwt").display()
        );
        return;
    }
    divan::main();
    if std::env::args().all(|argument| argument == "--bench" || !argument.starts_with('-')) {
        compare();
        growth();
    }
}

fn folder() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/mds");
    std::env::var_os("RP_MDS").map_or_else(beside, PathBuf::from)
}

/// A BLOB, and how it is verified.
struct Sample {
    blob: Vec<u8>,
    roots: Roots,
    at: Timestamp,
    key: Key,
    models: Vec<Aaguid>,
}

/// The BLOB of 2021 (0), or one that repeats its entries this number of times.
fn sample(times: usize) -> Option<&'static Sample> {
    static SAMPLES: LazyLock<Vec<Option<Sample>>> =
        LazyLock::new(|| TIMES.into_iter().map(Sample::new).collect());
    SAMPLES[TIMES.iter().position(|known| *known == times).unwrap()].as_ref()
}

/// The signer of generated BLOBs is not the FIDO Alliance.
fn verification(roots: &Roots, at: Timestamp) -> Verification<'_> {
    Verification { signer_host: SignerHost::Any, ..Verification::new(roots, at) }
}

impl Sample {
    fn new(times: usize) -> Option<Self> {
        let genuine = std::fs::read(folder().join("blob-2021.jwt")).ok()?;
        // October 2021
        let at = Timestamp::from_unix_seconds(1_633_046_400);
        if times == 0 {
            let root = std::fs::read(folder().join("globalsign-root-r3.der")).ok()?;
            return Some(Self::of(genuine, &root, at));
        }
        let publisher = Publisher::new("bench", at);
        let signing = Signing { algorithm: Algorithm::Rs256, ..Signing::default() };
        let blob = publisher.blob_of(many(&decoded(&genuine), times).as_bytes(), &signing);
        Some(Self::of(blob.into_bytes(), &publisher.root(), at))
    }

    fn of(blob: Vec<u8>, root: &[u8], at: Timestamp) -> Self {
        #[derive(Deserialize)]
        struct Header {
            x5c: Vec<String>,
        }
        let header = BASE64_URL_SAFE_NO_PAD.decode(blob.split(|byte| *byte == b'.').next().unwrap()).unwrap();
        let header: Header = serde_json::from_slice(&header).unwrap();
        let leaf = &header.x5c[0];
        let leaf = BASE64_STANDARD.decode(leaf).or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(leaf)).unwrap();
        let key = Certificate::from_der(&leaf).unwrap().public_key().unwrap();
        let roots = Roots::from_certificates(root).unwrap();
        let metadata = verification(&roots, at).verify(&blob).unwrap();
        let models = metadata.entries().iter().filter_map(rp_mds::Entry::aaguid).collect();
        Self { blob, roots, at, key, models }
    }

    fn load(&self, retention: Retention) -> Metadata {
        Verification { retention, ..verification(&self.roots, self.at) }.verify(&self.blob).unwrap()
    }

    /// The minimum of work for loading.
    fn floor(&self) -> usize {
        let blob = self.blob.trim_ascii_end();
        let first = blob.iter().position(|byte| *byte == b'.').unwrap();
        let last = blob.iter().rposition(|byte| *byte == b'.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(&blob[last + 1..]).unwrap();
        crypto::verify(&self.key, Scheme::RsaPkcs1Sha256, &[&blob[..last]], &signature).unwrap();
        let payload = BASE64_URL_SAFE_NO_PAD.decode(&blob[first + 1..last]).unwrap();
        let lean: Lean<'_> = serde_json::from_slice(&payload).unwrap();
        black_box(&lean).entries.len()
    }
}

/// The minimum of a BLOB that is useful, parsed by serde's derived code.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read and not used")]
struct Lean<'a> {
    no: u64,
    next_update: &'a str,
    #[serde(borrow)]
    entries: Vec<LeanEntry<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read and not used")]
struct LeanEntry<'a> {
    aaguid: Option<&'a str>,
    #[serde(borrow)]
    metadata_statement: LeanStatement<'a>,
    #[serde(borrow)]
    status_reports: Vec<LeanReport<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read and not used")]
struct LeanStatement<'a> {
    #[serde(borrow)]
    description: Cow<'a, str>,
    #[serde(borrow, default)]
    attestation_root_certificates: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read and not used")]
struct LeanReport<'a> {
    status: &'a str,
    effective_date: Option<&'a str>,
}

fn decoded(blob: &[u8]) -> Vec<u8> {
    let payload = blob.split(|byte| *byte == b'.').nth(1).unwrap();
    BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()
}

/// A payload with every entry repeated this number of times, each time for another model.
fn many(payload: &[u8], times: usize) -> String {
    #[derive(Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        entries: Vec<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Named {
        aaguid: Option<String>,
    }
    let payload: Payload<'_> = serde_json::from_slice(payload).unwrap();
    let mut entries = Vec::new();
    for time in 0..times {
        for entry in &payload.entries {
            let named: Named = serde_json::from_str(entry.get()).unwrap();
            entries.push(match named.aaguid {
                // A first group that no genuine AAGUID has.
                Some(aaguid) => {
                    entry.get().replace(&aaguid, &format!("{:04x}{}", 0xe000 + time, &aaguid[4..]))
                }
                None => entry.get().to_owned(),
            });
        }
    }
    format!(r#"{{"legalHeader":"","no":9,"nextUpdate":"2021-12-01","entries":[{}]}}"#, entries.join(","))
}

/// A BLOB verified, parsed and indexed, with all its members.
#[divan::bench(args = TIMES)]
fn load_all(bencher: Bencher<'_, '_>, times: usize) {
    bencher.bench_local(|| sample(times).unwrap().load(Retention::ALL));
}

/// The same without pictures and long texts.
#[divan::bench(args = TIMES)]
fn load_lean(bencher: Bencher<'_, '_>, times: usize) {
    bencher.bench_local(|| sample(times).unwrap().load(Retention::LEAN));
}

/// The minimum of work for the same bytes.
#[divan::bench(args = TIMES)]
fn floor(bencher: Bencher<'_, '_>, times: usize) {
    bencher.bench_local(|| sample(times).unwrap().floor());
}

/// Looks up a model by its AAGUID, for each model of the list in turn.
#[divan::bench(args = TIMES)]
fn look_up(bencher: Bencher<'_, '_>, times: usize) {
    let sample = sample(times).unwrap();
    let metadata = sample.load(Retention::LEAN);
    let mut models = sample.models.iter().cycle();
    bencher.bench_local(|| {
        metadata.by_aaguid(*black_box(models.next().unwrap())).map(|entry| entry.reports().len())
    });
}

/// Access to the current catalog, as each reader does it.
#[divan::bench]
fn current(bencher: Bencher<'_, '_>) {
    let current = SharedCatalog::new(Catalog::of("fido", sample(10).unwrap().load(Retention::LEAN)));
    bencher.bench_local(|| current.load().lists().len());
}

/// A verdict on a model whose statement was parsed before.
#[divan::bench]
fn judge(bencher: Bencher<'_, '_>) {
    let sample = sample(10).unwrap();
    let catalog = Catalog::default().and("fido", Arc::new(sample.load(Retention::LEAN)));
    let policy = Policy::default();
    let mut models = sample.models.iter().cycle();
    bencher.bench_local(|| {
        policy
            .judge(&catalog, &ModelQuery::new(ModelId::Aaguid(*models.next().unwrap()), sample.at))
            .is_accepted()
    });
}

/// Loading and the floor in alternation, so that other load of the machine affects both. On a busy machine, the
/// fastest rounds are more meaningful than the medians.
fn compare() {
    const ROUNDS: usize = 101;
    println!("\n{ROUNDS} rounds by turns, median and fastest, in µs");
    println!(
        "blob               bytes entries           all          lean         floor    all/floor   per entry"
    );
    for times in TIMES {
        let sample = sample(times).unwrap();
        let entries = sample.load(Retention::ALL).entries().len();
        let mut rounds = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            rounds[0].push(timed(|| sample.load(Retention::ALL)));
            rounds[1].push(timed(|| sample.load(Retention::LEAN)));
            rounds[2].push(timed(|| sample.floor()));
        }
        let [all, lean, floor] = rounds.map(|mut times| {
            times.sort_unstable();
            [ROUNDS / 2, 0].map(|at| times[at].as_secs_f64() * 1e6)
        });
        let name = if times == 0 { "of 2021".to_owned() } else { format!("made, {times} times") };
        let both = |[median, fastest]: [f64; 2]| format!("{median:>6.0} {fastest:>6.0}");
        let ratios = format!("{:.2} {:.2}", all[0] / floor[0], all[1] / floor[1]);
        let each = all[1] / entries as f64;
        println!(
            "{name:<14} {:>9} {entries:>7} {} {} {} {ratios:>12} {each:>11.1}",
            sample.blob.len(),
            both(all),
            both(lean),
            both(floor)
        );
    }
}

fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let began = Instant::now();
    let kept = run();
    let took = began.elapsed();
    drop(black_box(kept));
    took
}

/// The time of each parser for an input and for one ten times as long: near 10 if its work is linear.
fn growth() {
    println!("\ninput that grows by 10: median of 21 rounds by turns");
    let entries = |count: usize| {
        let entry = |index: usize| {
            format!(
                r#"{{"aaguid":"{index:08x}-0000-4000-8000-000000000001","statusReports":[{{"status":"FIDO_CERTIFIED"}}]}}"#
            )
        };
        format!("[{}]", (1..=count).map(entry).collect::<Vec<_>>().join(","))
    };
    let statement = |count: usize| {
        let members: Vec<_> = (0..count).map(|index| format!(r#""member{index}":[{index}]"#)).collect();
        let methods: Vec<_> =
            (0..count).map(|index| format!(r#"[{{"userVerificationMethod":"m{index}"}}]"#)).collect();
        format!(
            r#"[{{"aaguid":"00000001-0000-4000-8000-000000000001","metadataStatement":{{"userVerificationDetails":[{}],{}}}}}]"#,
            methods.join(","),
            members.join(",")
        )
    };
    let identifiers = |count: usize| {
        let list: Vec<_> = (0..count).map(|index| format!(r#""{index:040x}""#)).collect();
        format!(r#"[{{"attestationCertificateKeyIdentifiers":[{}]}}]"#, list.join(","))
    };
    let rejected = |count: usize| {
        let entry = |index: usize| {
            format!(r#"{{"aaguid":"{index:08x}-0000-4000-8000-000000000001","statusReports":7}}"#)
        };
        format!("[{}]", (1..=count).map(entry).collect::<Vec<_>>().join(","))
    };
    let names = |count: usize| {
        let entry =
            |index: usize| format!(r#""{index:08x}-0000-4000-8000-000000000001":{{"name":"n{index}"}}"#);
        format!("{{{}}}", (1..=count).map(entry).collect::<Vec<_>>().join(","))
    };
    let load = |text: &str| {
        let metadata = Metadata::from_own_entries(text.as_bytes(), Retention::ALL).unwrap();
        let catalog = Catalog::of("own", metadata);
        for model in catalog.models() {
            let found = catalog.find(&model).unwrap();
            let methods =
                found.entries[0].statement().map(|statement| statement.user_verification_methods().len());
            black_box((found.anchors().len(), methods));
        }
    };
    print_growth("entries", [entries(1_000), entries(10_000)], load);
    print_growth("rejected entries", [rejected(1_000), rejected(10_000)], load);
    print_growth("members of a statement", [statement(1_000), statement(10_000)], load);
    print_growth("key identifiers of an entry", [identifiers(1_000), identifiers(10_000)], load);
    print_growth("names", [names(1_000), names(10_000)], |text| {
        black_box(rp_mds::Names::from_json(text.as_bytes()).unwrap().len());
    });
}

fn print_growth(name: &str, inputs: [String; 2], parse: impl Fn(&str)) {
    const ROUNDS: usize = 21;
    let mut rounds = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (times, input) in rounds.iter_mut().zip(&inputs) {
            times.push(timed(|| parse(input)));
        }
    }
    let [one, ten] = rounds.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2].as_secs_f64()
    });
    println!("{name:<28} {:>6.1}", ten / one);
}
