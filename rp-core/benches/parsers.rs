//! How the time of each parser grows with its input.
//!
//! `cargo bench -p rp-core --bench parsers` measures each parser with an input and with ten times that input, and prints
//! the medians with their ratio: 10 is linear, 100 quadratic. Inputs are hostile where one can be: keys in reverse order,
//! names and constraints that almost match, entries that are unknown. The two sizes take turns, so that a change of the
//! machine's speed affects both. A ratio well below 10 shows a part that does not grow: a signature to verify, or a string
//! that is not copied.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot be set up is none"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use rp_core::x509::path::{PathOptions, validate_der};
use rp_core::x509::{Certificate, Crl, Name};
use rp_core::{
    AttestationPolicy, AuthenticatorData, Challenge, CollectedClientData, RegistrationResponse, RelyingParty,
    StaticAnchors, Timestamp, TrustAnchor, User, UserHandle, base64url, cbor, crypto,
};

/// 2025-06-01T12:00:00Z.
const NOW: Timestamp = Timestamp::from_unix_seconds(1_748_779_200);
const ROUNDS: usize = 15;
const FACTOR: usize = 10;

/// Creates an input of about this number of elements, and the function to measure.
type Make = fn(usize) -> (usize, Box<dyn Fn()>);

const PARSERS: &[(&str, usize, Make)] = &[
    ("base64url", 5_000, base64url_text),
    ("CBOR: byte string", 100_000, |n| {
        cbor_input([&[0x5a][..], &(n as u32).to_be_bytes(), &vec![7; n]].concat())
    }),
    ("CBOR: array", 2_000, |n| cbor_input([head(4, n), vec![0x01; n]].concat())),
    ("CBOR: map in canonical order", 2_000, |n| cbor_input(cbor_map((0..n).collect()))),
    ("CBOR: map in reverse order", 2_000, |n| cbor_input(cbor_map((0..n).rev().collect()))),
    ("CBOR: texts that differ at the end", 500, cbor_texts),
    ("CBOR: nested maps in reverse order", 500, cbor_nested),
    ("CBOR: array in nested maps, reversed", 2_000, cbor_array_in_maps),
    ("client data: unknown members", 500, client_data),
    ("authenticator data: extensions", 2_000, authenticator_data),
    ("certificate: extensions", 200, certificate_extensions),
    ("certificate: attributes of a name", 200, name_attributes),
    ("certificate: alternative names", 200, alternative_names),
    ("CRL: entries in reverse order", 2_000, crl_entries),
    ("path: policies", 200, policies),
    ("path: policy mappings", 200, policy_mappings),
    ("path: names below constraints", 200, constrained_names),
    ("path: one long name below constraints", 200, long_constrained_name),
    ("path: CRLs of one issuer", 20, crls_of_one_issuer),
    ("android-key: authorization list", 1_000, authorization_list),
];

fn main() {
    // `cargo test --benches` only checks that it runs.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { ROUNDS } else { 1 };
    println!(
        "{:<38} {:>10} {:>12} {:>10} {:>12} {:>6}",
        "parser", "bytes", "median", "bytes", "median", "ratio"
    );
    for (parser, elements, make) in PARSERS {
        let (small, run_small) = make(*elements);
        let (large, run_large) = make(elements * FACTOR);
        // One measurement of the small input repeats it, so that both take about as long.
        let (mut of_small, mut of_large) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            of_small.push(time(|| (0..FACTOR).for_each(|_| run_small())) / FACTOR as u32);
            of_large.push(time(&run_large));
        }
        let (small_median, large_median) = (median(of_small), median(of_large));
        let ratio = large_median.as_secs_f64() / small_median.as_secs_f64();
        // The inputs have a fixed part, so the ratio is that of time for each byte.
        let growth = large as f64 / small as f64;
        println!(
            "{parser:<38} {small:>10} {small_median:>12.1?} {large:>10} {large_median:>12.1?} {:>6.1}",
            ratio * FACTOR as f64 / growth
        );
    }
}

fn time(run: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    run();
    begin.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn base64url_text(n: usize) -> (usize, Box<dyn Fn()>) {
    let text = base64url::encode(&vec![0xa5; n]);
    (text.len(), Box::new(move || drop(black_box(base64url::decode(&text).unwrap()))))
}

fn cbor_input(input: Vec<u8>) -> (usize, Box<dyn Fn()>) {
    (input.len(), Box::new(move || drop(black_box(cbor::parse(&input).unwrap()))))
}

/// The head of an item with an argument in four bytes.
fn head(major: u8, argument: usize) -> Vec<u8> {
    [&[major << 5 | 26][..], &(argument as u32).to_be_bytes()].concat()
}

fn cbor_map(keys: Vec<usize>) -> Vec<u8> {
    let mut map = head(5, keys.len());
    for key in keys {
        map.extend(head(0, key));
        map.push(0x01);
    }
    map
}

fn cbor_texts(n: usize) -> (usize, Box<dyn Fn()>) {
    let mut map = head(5, n);
    for key in (0..n).rev() {
        map.extend(head(3, 64));
        map.extend(format!("{key:064}").bytes());
        map.push(0x01);
    }
    cbor_input(map)
}

fn cbor_nested(n: usize) -> (usize, Box<dyn Fn()>) {
    let mut inner = vec![0x01];
    for _ in 0..8 {
        let mut map = head(5, n / 8);
        for key in (0..n / 8).rev() {
            map.extend(head(0, key));
            map.extend(if key == 0 { std::mem::take(&mut inner) } else { vec![0x01] });
        }
        inner = map;
    }
    cbor_input(inner)
}

/// An array in 15 maps, as many as are allowed around it, whose keys are 1 and 0.
fn cbor_array_in_maps(n: usize) -> (usize, Box<dyn Fn()>) {
    let around = |inner: Vec<u8>, _| [&[0xa2, 0x01][..], &inner, &[0x00, 0x00]].concat();
    cbor_input((1..cbor::MAX_DEPTH).fold([head(4, n), vec![0x01; n]].concat(), around))
}

fn client_data(n: usize) -> (usize, Box<dyn Fn()>) {
    let members: String = (0..n).map(|at| format!(r#","member{at}":{{"a":[1,"x"]}}"#)).collect();
    let json =
        format!(r#"{{"type":"webauthn.create","challenge":"AQ","origin":"https://example.org"{members}}}"#);
    (json.len(), Box::new(move || drop(black_box(CollectedClientData::parse(json.as_bytes()).unwrap()))))
}

fn authenticator_data(n: usize) -> (usize, Box<dyn Fn()>) {
    let data = [&[0; 32][..], &[0x81, 0, 0, 0, 1], &cbor_map((0..n).rev().collect())].concat();
    (data.len(), Box::new(move || drop(black_box(AuthenticatorData::parse(&data).unwrap()))))
}

fn certificate_extensions(n: usize) -> (usize, Box<dyn Fn()>) {
    let extensions: Vec<_> =
        (0..n).rev().map(|at| extension(&[&UNKNOWN[..], &arcs(at)].concat(), &[0x05, 0])).collect();
    parse_certificate(certificate(&name("Leaf"), &name("Root"), &extensions))
}

fn name_attributes(n: usize) -> (usize, Box<dyn Fn()>) {
    let attributes: Vec<_> = (0..n).rev().map(|at| attribute(&format!("{at:06}"))).collect();
    // Half of them in one RDN, whose attributes are sorted.
    let (one, others) = attributes.split_at(n / 2);
    let rdns: Vec<u8> = others.iter().flat_map(|attribute| tlv(0x31, attribute)).collect();
    let subject = tlv(0x30, &[tlv(0x31, &one.concat()), rdns].concat());
    parse_certificate(certificate(&subject, &name("Root"), &[]))
}

fn parse_certificate(der: Vec<u8>) -> (usize, Box<dyn Fn()>) {
    (der.len(), Box::new(move || drop(black_box(Certificate::from_der(&der).unwrap()))))
}

fn alternative_names(n: usize) -> (usize, Box<dyn Fn()>) {
    let names: Vec<u8> =
        (0..n).flat_map(|at| tlv(0x82, format!("host{at}.example.org").as_bytes())).collect();
    let der = certificate(&name("Leaf"), &name("Root"), &[extension(SUBJECT_ALT_NAME, &tlv(0x30, &names))]);
    let certificate = Certificate::from_der(&der).unwrap();
    (der.len(), Box::new(move || drop(black_box(certificate.subject_alt_name().unwrap()))))
}

fn crl_entries(n: usize) -> (usize, Box<dyn Fn()>) {
    let der = crl("Root", (1..=n).rev());
    (der.len(), Box::new(move || drop(black_box(Crl::from_der(&der).unwrap()))))
}

fn policies(n: usize) -> (usize, Box<dyn Fn()>) {
    let policies: Vec<u8> = (0..n).rev().flat_map(|at| tlv(0x30, &policy(at))).collect();
    let extension = extension(CERTIFICATE_POLICIES, &tlv(0x30, &policies));
    below_ca(std::slice::from_ref(&extension), std::slice::from_ref(&extension))
}

fn policy_mappings(n: usize) -> (usize, Box<dyn Fn()>) {
    let policies: Vec<u8> = (0..n).rev().flat_map(|at| tlv(0x30, &policy(at))).collect();
    let pairs: Vec<u8> =
        (0..n).rev().flat_map(|at| tlv(0x30, &[policy(at), policy(at / 2)].concat())).collect();
    let policies = extension(CERTIFICATE_POLICIES, &tlv(0x30, &policies));
    let mappings = extension(POLICY_MAPPINGS, &tlv(0x30, &pairs));
    below_ca(&[policies.clone(), mappings], std::slice::from_ref(&policies))
}

/// As many names as constraints allow within the budget of comparisons, and three constraints.
fn constrained_names(n: usize) -> (usize, Box<dyn Fn()>) {
    let names: Vec<u8> =
        (0..n).flat_map(|at| tlv(0x86, format!("https://host{at}.example.org/").as_bytes())).collect();
    let bases: Vec<u8> = ["a.org", "b.org", ".example.org"].iter().flat_map(|base| subtree(base)).collect();
    let constraints = extension(NAME_CONSTRAINTS, &tlv(0x30, &tlv(0xa0, &bases)));
    below_ca(&[constraints], &[extension(SUBJECT_ALT_NAME, &tlv(0x30, &names))])
}

/// A URI as long as all constraints together: the longest host that is one, and a path.
fn long_constrained_name(n: usize) -> (usize, Box<dyn Fn()>) {
    let uri = format!("https://{}example.org/{}", "label.".repeat(40), "path/".repeat(4 * n));
    let bases: Vec<u8> = (0..n).flat_map(|at| subtree(&format!("host{at}.org"))).collect();
    let constraints = extension(NAME_CONSTRAINTS, &tlv(0x30, &tlv(0xa1, &bases)));
    below_ca(&[constraints], &[extension(SUBJECT_ALT_NAME, &tlv(0x30, &tlv(0x86, uri.as_bytes())))])
}

fn crls_of_one_issuer(n: usize) -> (usize, Box<dyn Fn()>) {
    let leaf = certificate(&name("Leaf"), &name("Root"), &[]);
    // Out of date, so that each of them is checked.
    let crls: Vec<_> = (0..n).map(|at| Crl::from_der(&crl("Root", at + 2..at + 100)).unwrap()).collect();
    let len = crls.iter().map(|crl| crl.der().len()).sum();
    let anchors = [anchor()];
    let validate = move || {
        let revocation = rp_core::x509::Revocation { crls: &crls, required: false };
        let options = PathOptions { revocation, ..PathOptions::default() };
        drop(black_box(validate_der(&[&leaf], &anchors, NOW, &options).unwrap()));
    };
    (len, Box::new(validate))
}

/// Validates a leaf below a CA, both with these extensions.
fn below_ca(ca: &[Vec<u8>], leaf: &[Vec<u8>]) -> (usize, Box<dyn Fn()>) {
    let is_ca = extension(BASIC_CONSTRAINTS, &tlv(0x30, &[0x01, 0x01, 0xff]));
    let chain = [
        certificate(&name("Leaf"), &name("CA"), leaf),
        certificate(&name("CA"), &name("Root"), &[std::slice::from_ref(&is_ca), ca].concat()),
    ];
    let anchors = [anchor()];
    let validate =
        move || drop(black_box(validate_der(&chain, &anchors, NOW, &PathOptions::default()).unwrap()));
    (ca.concat().len() + leaf.concat().len(), Box::new(validate))
}

/// A registration with an `android-key` statement, whose list of authorizations has unknown entries.
fn authorization_list(n: usize) -> (usize, Box<dyn Fn()>) {
    let json =
        br#"{"type":"webauthn.create","challenge":"AQEBAQEBAQEBAQEBAQEBAQ","origin":"https://example.org"}"#;
    let hash = crypto::sha256(&[json]);
    let explicit = |number: usize, value: &[u8]| {
        let low = tlv(number as u8 & 0x7f, value);
        let high = [0xbf, 0x80 | (number >> 14) as u8, 0x80 | (number >> 7) as u8];
        [&high[..if number < 1 << 14 { 1 } else { 2 }], &high[2..], &low].concat()
    };
    let purpose = tlv(0xa1, &tlv(0x31, &[0x02, 0x01, 0x02]));
    let unknown: Vec<u8> =
        (1_000..1_000 + n).rev().flat_map(|number| explicit(number, &[0x05, 0x00])).collect();
    let tee = tlv(0x30, &[purpose, explicit(702, &[0x02, 0x01, 0x00]), unknown].concat());
    let level = [&[0x02, 0x01, 100][..], &[0x0a, 0x01, 0x01]].concat();
    let description =
        tlv(0x30, &[&level[..], &level, &tlv(0x04, &hash), &[0x04, 0x00], &[0x30, 0x00], &tee].concat());
    let certificate = certificate(&name("Leaf"), &name("Root"), &[extension(KEY_DESCRIPTION, &description)]);

    let point = key().verifying_key().to_sec1_point(false);
    let cose = [
        &[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20][..],
        &point.as_bytes()[1..33],
        &[0x22, 0x58, 0x20],
        &point.as_bytes()[33..],
    ]
    .concat();
    let data =
        [&crypto::sha256(&[b"example.org"])[..], &[0x45, 0, 0, 0, 0], &[0; 16], &[0, 1, 9], &cose].concat();
    let signature: Signature = key().sign(&[&data[..], &hash].concat());
    let text = |text: &str| [&[0x60 | text.len() as u8][..], text.as_bytes()].concat();
    let bytes = |bytes: &[u8]| [head(2, bytes.len()), bytes.to_vec()].concat();
    let statement = [
        vec![0xa3],
        [text("alg"), vec![0x26]].concat(),
        [text("sig"), bytes(signature.to_der().as_bytes())].concat(),
        [text("x5c"), vec![0x81], bytes(&certificate)].concat(),
    ];
    let object = [
        &[0xa3][..],
        &text("fmt"),
        &text("android-key"),
        &text("attStmt"),
        &statement.concat(),
        &text("authData"),
        &bytes(&data),
    ]
    .concat();
    let response = format!(
        r#"{{"id":"CQ","rawId":"CQ","type":"public-key","clientExtensionResults":{{}},"response":{{"clientDataJSON":"{}","attestationObject":"{}"}}}}"#,
        base64url::encode(json),
        base64url::encode(&object)
    );
    let rp = RelyingParty::builder("example.org")
        .origin("https://example.org")
        .algorithms([rp_core::Algorithm::Es256])
        .attestation_policy(AttestationPolicy::default())
        .build()
        .unwrap();
    let user = User {
        handle: UserHandle::try_from(&[7][..]).unwrap(),
        name: "kim".into(),
        display_name: "Kim".into(),
    };
    let trust = StaticAnchors::new(vec![]);
    let register = move || {
        let (_, pending) = rp.registration(&user).start_recorded(Challenge::recorded(&[1; 16]), NOW);
        let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
        drop(black_box(rp.finish_registration(pending, &response, &trust, NOW).unwrap()));
    };
    (object.len(), Box::new(register))
}

const UNKNOWN: [u8; 8] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xb3, 0x3a];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 0x21];
const KEY_DESCRIPTION: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x01, 0x11];
const ECDSA_WITH_SHA256: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = (value.len() as u32).to_be_bytes();
    let length = match length {
        [0, 0, 0, short @ 0..=0x7f] => vec![short],
        [0, 0, 0, one] => vec![0x81, one],
        [0, 0, one, two] => vec![0x82, one, two],
        [0, one, two, three] => vec![0x83, one, two, three],
        [one, two, three, four] => vec![0x84, one, two, three, four],
    };
    [&[tag][..], &length, value].concat()
}

/// Three arcs below 128.
fn arcs(at: usize) -> Vec<u8> {
    vec![(at >> 14) as u8 & 0x7f, (at >> 7) as u8 & 0x7f, at as u8 & 0x7f]
}

fn policy(at: usize) -> Vec<u8> {
    tlv(0x06, &[&UNKNOWN[..], &arcs(at)].concat())
}

fn subtree(base: &str) -> Vec<u8> {
    tlv(0x30, &tlv(0x86, base.as_bytes()))
}

fn attribute(text: &str) -> Vec<u8> {
    tlv(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x03][..], &tlv(0x0c, text.as_bytes())].concat())
}

fn name(common_name: &str) -> Vec<u8> {
    tlv(0x30, &tlv(0x31, &attribute(common_name)))
}

fn extension(oid: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(0x06, oid), tlv(0x04, value)].concat())
}

/// The key of every certificate.
fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn spki() -> Vec<u8> {
    let algorithm = tlv(
        0x30,
        &[
            &tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01])[..],
            &tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
        ]
        .concat(),
    );
    let point = key().verifying_key().to_sec1_point(false);
    tlv(0x30, &[algorithm, tlv(0x03, &[&[0], point.as_bytes()].concat())].concat())
}

fn anchor() -> TrustAnchor {
    TrustAnchor::new(Name::from_der(&name("Root")).unwrap(), &spki())
}

fn sign(tbs: &[u8]) -> Vec<u8> {
    let signature: Signature = key().sign(tbs);
    tlv(0x30, &[tbs, ECDSA_WITH_SHA256, &tlv(0x03, &[&[0], signature.to_der().as_bytes()].concat())].concat())
}

fn certificate(subject: &[u8], issuer: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let validity = tlv(0x30, &[tlv(0x17, b"200101000000Z"), tlv(0x17, b"300101000000Z")].concat());
    let extensions = match extensions {
        [] => vec![],
        extensions => tlv(0xa3, &tlv(0x30, &extensions.concat())),
    };
    let version_and_serial = [0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01];
    sign(&tlv(
        0x30,
        &[&version_and_serial, ECDSA_WITH_SHA256, issuer, &validity, subject, &spki(), &extensions].concat(),
    ))
}

/// A CRL of 2020 with these serial numbers, out of date since.
fn crl(issuer: &str, serials: impl Iterator<Item = usize>) -> Vec<u8> {
    let time = tlv(0x17, b"200101000000Z");
    let entry = |serial: usize| {
        let serial = tlv(0x02, &[&[0x01][..], &(serial as u32).to_be_bytes()].concat());
        tlv(0x30, &[serial, time.clone()].concat())
    };
    let entries: Vec<u8> = serials.flat_map(entry).collect();
    sign(&tlv(
        0x30,
        &[&[0x02, 0x01, 0x01][..], ECDSA_WITH_SHA256, &name(issuer), &time, &time, &tlv(0x30, &entries)]
            .concat(),
    ))
}
