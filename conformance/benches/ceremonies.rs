//! The cost of a ceremony in addition to its signature checks.
//!
//! `cargo bench -p rp-conformance --bench ceremonies` prints medians and allocations of each ceremony. At the end, each
//! ceremony alternates with its bare checks: the same signatures with prepared keys and prepared messages, hashes of
//! the messages included. The median of the differences is the work outside the checks: JSON, base64url, client data,
//! CBOR, certificates, keys, and every check of the specification.
//!
//! Each ceremony is measured with the relying party's caches, after they have its key or its intermediate certificate, and
//! without them. With them, one check less is made for `packed`: that of the intermediate's signature.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot be set up is not one"
)]

use std::hint::black_box;
use std::time::Instant;

use divan::{AllocProfiler, Bencher};
use rp_conformance::authenticator::{Algorithm, Authenticator, Config, Format, Page};
use rp_core::attestation::AttestationObject;
use rp_core::cose::PublicKey;
use rp_core::crypto::{self, Key, Scheme};
use rp_core::x509::Certificate;
use rp_core::{
    AllowedCredentials, AttestationPolicy, AuthenticationResponse, Challenge, CredentialRecord,
    PendingAuthentication, PendingRegistration, RegistrationResponse, RelyingParty, StaticAnchors, Timestamp,
    TrustAnchor, User, UserHandle,
};
use x509_cert::der::{Decode, Encode};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
    if std::env::args().all(|argument| argument == "--bench" || !argument.starts_with('-')) {
        compare();
    }
}

const ORIGIN: &str = "https://example.org";

/// A relying party and an authenticator, with certificates if the format has them.
struct Scene {
    rp: RelyingParty,
    user: User,
    authenticator: Authenticator,
    trust: StaticAnchors,
    anchors: Vec<Vec<u8>>,
    now: Timestamp,
    caches: Caches,
}

/// A response and what it is verified against.
struct Recorded {
    json: String,
    /// The signature checks of the ceremony.
    checks: Vec<Check>,
}

/// A signature, with a prepared key and a prepared message.
struct Check {
    key: Key,
    scheme: Scheme,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Check {
    fn run(&self) {
        crypto::verify(&self.key, self.scheme, &[black_box(&self.message)], &self.signature).unwrap();
    }
}

/// Whether the relying party has its caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caches {
    Used,
    Off,
}

impl Scene {
    fn new(format: Format, algorithm: Algorithm, caches: Caches) -> Self {
        let config = Config { format, algorithms: vec![algorithm], ..Config::default() };
        let now = config.now;
        let authenticator = Authenticator::new("bench", config);
        let anchors: Vec<_> = authenticator.anchors();
        let trusted = anchors.iter().map(|der| TrustAnchor::from_der(der).unwrap());
        let mut policy = AttestationPolicy::default();
        if format != Format::None {
            policy = policy.require_trusted();
        }
        let mut builder = RelyingParty::builder("example.org");
        if caches == Caches::Off {
            builder = builder.key_cache(0).certificate_cache(0);
        }
        let rp = builder
            .origin(ORIGIN)
            .attestation(rp_core::options::AttestationConveyancePreference::Direct)
            .attestation_policy(policy)
            .build()
            .unwrap();
        let handle = UserHandle::try_from(&[7; 64][..]).unwrap();
        let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
        let trust = StaticAnchors::new(trusted);
        Self { rp, user, authenticator, trust, anchors, now, caches }
    }

    fn start_registration(&self) -> (String, PendingRegistration) {
        let challenge = Challenge::recorded(&[1; 32]);
        let (options, pending) = self.rp.registration(&self.user).start_recorded(challenge, self.now);
        (serde_json::to_string(&options.public_key).unwrap(), pending)
    }

    fn finish_registration(&self, json: &str, pending: PendingRegistration) -> CredentialRecord {
        let response = RegistrationResponse::from_json(json.as_bytes()).unwrap();
        self.rp.finish_registration(pending, &response, &self.trust, self.now).unwrap().credential
    }

    fn register(&mut self) -> (Recorded, CredentialRecord) {
        let (options, pending) = self.start_registration();
        let json =
            self.authenticator.create(&serde_json::from_str(&options).unwrap(), Page::at(ORIGIN)).unwrap();
        let record = self.finish_registration(&json, pending);
        let checks = self.checks_of_registration(&json);
        (Recorded { json, checks }, record)
    }

    /// The signature of the statement by the leaf, and those of the certificates.
    fn checks_of_registration(&self, json: &str) -> Vec<Check> {
        let response = RegistrationResponse::from_json(json.as_bytes()).unwrap();
        let object = AttestationObject::parse(response.attestation_object()).unwrap();
        let statement = object.att_stmt.as_map().unwrap().fields("attStmt");
        let Ok(chain) = statement.byte_strings("x5c") else { return Vec::new() };
        let key = |der: &[u8]| Certificate::from_der(der).unwrap().public_key().unwrap();
        let hash = crypto::sha256(&[response.client_data().as_json()]);
        let mut checks = vec![Check {
            key: key(chain[0]),
            scheme: Scheme::EcdsaSha256,
            message: [object.auth_data.as_bytes(), &hash].concat(),
            signature: statement.bytes("sig").unwrap().to_vec(),
        }];
        let issuers = chain.iter().copied().skip(1).chain([&*self.anchors[0]]);
        for (certificate, issuer) in chain.iter().zip(issuers) {
            let certificate = x509_cert::Certificate::from_der(certificate).unwrap();
            checks.push(Check {
                key: key(issuer),
                scheme: Scheme::EcdsaSha256,
                message: certificate.tbs_certificate().to_der().unwrap(),
                signature: certificate.signature().raw_bytes().to_vec(),
            });
        }
        // The signature of an intermediate is not verified again
        checks.truncate(if self.caches == Caches::Used { 2 } else { checks.len() });
        checks
    }

    fn start_authentication(&self, record: &CredentialRecord) -> (String, PendingAuthentication) {
        let allow = AllowedCredentials::account(self.user.handle.clone(), std::slice::from_ref(record));
        let (options, pending) =
            self.rp.authentication(allow).start_recorded(Challenge::recorded(&[2; 32]), self.now);
        (serde_json::to_string(&options.public_key).unwrap(), pending)
    }

    fn authenticate(&mut self, record: &CredentialRecord) -> Recorded {
        let (options, _) = self.start_authentication(record);
        let json =
            self.authenticator.get(&serde_json::from_str(&options).unwrap(), Page::at(ORIGIN)).unwrap();
        let response = AuthenticationResponse::from_json(json.as_bytes()).unwrap();
        let key = PublicKey::from_cose(&record.public_key).unwrap();
        let hash = crypto::sha256(&[response.client_data().as_json()]);
        let checks = vec![Check {
            key: key.key().clone(),
            scheme: Scheme::for_algorithm(key.algorithm()),
            message: [response.authenticator_data(), &hash].concat(),
            signature: response.signature().to_vec(),
        }];
        Recorded { json, checks }
    }
}

/// Registration, from the JSON of the response to the credential record.
#[divan::bench(args = [(Format::None, Caches::Off), (Format::Packed, Caches::Off), (Format::Packed, Caches::Used)])]
fn registration(bencher: Bencher<'_, '_>, (format, caches): (Format, Caches)) {
    let mut scene = Scene::new(format, Algorithm::Es256, caches);
    let (Recorded { json, .. }, _) = scene.register();
    bencher
        .with_inputs(|| scene.start_registration().1)
        .bench_local_values(|pending| scene.finish_registration(&json, pending));
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

/// Authentication, from the JSON of the response to the update of the record, with the caches.
#[divan::bench(args = ALGORITHMS)]
fn authentication(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    bench_authentication(bencher, algorithm, Caches::Used);
}

/// The same without the caches.
#[divan::bench(args = ALGORITHMS)]
fn authentication_without_caches(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    bench_authentication(bencher, algorithm, Caches::Off);
}

fn bench_authentication(bencher: Bencher<'_, '_>, algorithm: Algorithm, caches: Caches) {
    let mut scene = Scene::new(Format::None, algorithm, caches);
    let (_, record) = scene.register();
    let Recorded { json, .. } = scene.authenticate(&record);
    bencher.with_inputs(|| scene.start_authentication(&record).1).bench_local_values(|pending| {
        let response = AuthenticationResponse::from_json(json.as_bytes()).unwrap();
        scene.rp.finish_authentication(pending, &response, &record, scene.now).unwrap()
    });
}

/// The signature check of the same assertion alone.
#[divan::bench(args = ALGORITHMS)]
fn bare(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let mut scene = Scene::new(Format::None, algorithm, Caches::Off);
    let (_, record) = scene.register();
    let Recorded { checks, .. } = scene.authenticate(&record);
    bencher.bench_local(|| checks.iter().for_each(Check::run));
}

/// Each ceremony and its bare checks by turns, so that other load of the machine affects both.
fn compare() {
    println!("\nback ends: {}", rp_core::cose::backends());
    println!("{ROUNDS} rounds by turns, in µs: median (quartiles), fastest");
    println!("{:<36} {:>32} {:>32} {:>30}", "", "ceremony", "bare checks", "outside the checks");
    for (format, caches) in
        [(Format::None, Caches::Off), (Format::Packed, Caches::Off), (Format::Packed, Caches::Used)]
    {
        let mut scene = Scene::new(format, Algorithm::Es256, caches);
        let (recorded, _) = scene.register();
        print_comparison(
            &format!("registration {format:?}, caches {caches:?}"),
            &recorded,
            || scene.start_registration().1,
            |pending| scene.finish_registration(&recorded.json, pending),
        );
    }
    for algorithm in ALGORITHMS {
        for caches in [Caches::Off, Caches::Used] {
            let mut scene = Scene::new(Format::None, algorithm, caches);
            let (_, record) = scene.register();
            let recorded = scene.authenticate(&record);
            print_comparison(
                &format!("authentication {algorithm:?}, caches {caches:?}"),
                &recorded,
                || scene.start_authentication(&record).1,
                |pending| {
                    let response = AuthenticationResponse::from_json(recorded.json.as_bytes()).unwrap();
                    scene.rp.finish_authentication(pending, &response, &record, scene.now).unwrap()
                },
            );
        }
    }
}

const ROUNDS: usize = 4001;

fn print_comparison<P, T>(name: &str, recorded: &Recorded, start: impl Fn() -> P, finish: impl Fn(P) -> T) {
    let (mut ceremony, mut bare, mut outside) = (Vec::new(), Vec::new(), Vec::new());
    // Keys are prepared, and entries are in the caches
    for _ in 0..10 {
        drop(black_box(finish(start())));
        recorded.checks.iter().for_each(Check::run);
    }
    for _ in 0..ROUNDS {
        let pending = start();
        let began = Instant::now();
        let kept = finish(pending);
        let whole = began.elapsed().as_secs_f64() * 1e6;
        drop(black_box(kept));
        let began = Instant::now();
        recorded.checks.iter().for_each(Check::run);
        let checks = began.elapsed().as_secs_f64() * 1e6;
        ceremony.push(whole);
        bare.push(checks);
        outside.push(whole - checks);
    }
    let fastest = |times: &[f64]| times.iter().copied().fold(f64::INFINITY, f64::min);
    let difference = fastest(&ceremony) - fastest(&bare);
    let [ceremony, bare] = [ceremony, bare].map(|times| {
        let fastest = fastest(&times);
        format!("{}, {fastest:.2}", quartiles(times))
    });
    println!(
        "{name:<36} {ceremony:>32} {bare:>32} {:>30}",
        format!("{}, {difference:.2}", quartiles(outside))
    );
}

fn quartiles(mut times: Vec<f64>) -> String {
    times.sort_unstable_by(f64::total_cmp);
    let [low, median, high] = [ROUNDS / 4, ROUNDS / 2, ROUNDS * 3 / 4].map(|at| times[at]);
    format!("{median:.2} ({low:.2} to {high:.2})")
}
