//! Our paths compared with the crate `rustls-webpki`, for chains with the fields of the input, which are then signed. The
//! cases in which the two may differ are named here.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::Arbitrary;
use rp_conformance::authenticator::{Algorithm, Certificate, Extension, KeyPair, Seed};
use rp_conformance::seeds::NOW;
use rp_core::crypto::{self, Curve, Key, Scheme};
use rp_core::x509::path::{self, PathOptions};
use rp_core::{Timestamp, TrustAnchor, x509};
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    TrustAnchor as TheirAnchor, UnixTime, alg_id,
};

/// The choices of the input: certificates from the leaf up to the anchor.
#[derive(Arbitrary, Debug)]
struct Chain {
    leaf: Input,
    above: Vec<Input>,
}

/// One certificate.
#[derive(Arbitrary, Debug)]
struct Input {
    /// The name; the issuer's is that of the next certificate.
    subject: u8,
    key: u8,
    /// The next certificate's key signs, or another.
    signed_by_another: bool,
    /// Days from now.
    validity: (i8, i8),
    ca: Option<(bool, Option<u8>)>,
    key_usage: Option<u8>,
    names: Vec<DnsName>,
    permitted: Vec<DnsName>,
    excluded: Vec<DnsName>,
    unknown_critical: bool,
}

/// `a.example`, `b.a.example`, …: few names, so that constraints match.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct DnsName {
    labels: u8,
    depth: u8,
}

impl DnsName {
    fn text(self) -> String {
        let labels = (0..self.depth % 3).map(|at| if self.labels >> at & 1 == 0 { "a." } else { "b." });
        labels.collect::<String>() + "example"
    }
}

libfuzzer_sys::fuzz_target!(|chain: Chain| {
    let mut inputs = vec![chain.leaf];
    inputs.extend(chain.above.into_iter().take(4));
    let Some((root, below)) = inputs.split_last() else { return };
    let signed: Vec<Vec<u8>> =
        below.iter().zip(&inputs[1..]).map(|(input, issuer)| sign(input, issuer)).collect();
    let Some((leaf, pool)) = signed.split_first() else { return };

    let anchor =
        TrustAnchor::new(x509::Name::from_der(&name(root.subject)).expect("a name"), &spki(root.key));
    let certificate = x509::Certificate::from_der(leaf).expect("a certificate");
    let options = PathOptions::default();
    let ours = path::search(&certificate, pool, &[anchor], NOW, &options);
    let theirs = webpki_verifies(leaf, pool, root);

    let is_ca = |input: &Input| matches!(input.ca, Some((true, _)));
    // They reject a CA as a leaf, count self-issued certificates in a path length, and take no leaf as its own anchor.
    let stricter = is_ca(&inputs[0])
        || below.iter().zip(&inputs[1..]).any(|(input, issuer)| input.subject % NAMES == issuer.subject % NAMES)
        || (inputs[0].subject % NAMES, inputs[0].key % KEYS) == (root.subject % NAMES, root.key % KEYS)
        // They reject constraints in a leaf and a key usage that is empty.
        || below.iter().any(|input| input.key_usage == Some(0));
    // They do not check keyCertSign, and read nothing of a certificate that is not on the path.
    let laxer = below[1..].iter().any(|input| input.key_usage.is_some_and(|usage| usage & 0x04 == 0))
        // They ignore name constraints in a leaf, where we reject them.
        || (!is_ca(&inputs[0]) && has_constraints(&inputs[0]));
    match (&ours, &theirs) {
        (Ok(_), Err(error)) => assert!(stricter, "only rustls-webpki rejects: {error:?}\n{inputs:?}"),
        (Err(error), Ok(())) => assert!(laxer, "only we reject: {error}\n{inputs:?}"),
        _ => {}
    }
});

fn webpki_verifies(leaf: &[u8], pool: &[Vec<u8>], root: &Input) -> Result<(), webpki::Error> {
    // A name and a key without the head of their SEQUENCE, whose length is in one byte.
    let content = |der: Vec<u8>| der[2..].to_vec();
    let anchor = TheirAnchor {
        subject: content(name(root.subject)).into(),
        subject_public_key_info: content(spki(root.key)).into(),
        name_constraints: None,
    };
    let leaf = CertificateDer::from(leaf);
    let pool: Vec<_> = pool.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let seconds = u64::try_from(NOW.as_unix_seconds()).expect("after 1970");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let usage = webpki::KeyUsage::required_if_present(&[0x2b]);
    webpki::EndEntityCert::try_from(&leaf)?
        .verify_for_usage(&[&EcdsaP256Sha256], &[anchor], &pool, now, usage, None, None)
        .map(|_| ())
}

/// The signatures of every certificate here.
#[derive(Debug)]
struct EcdsaP256Sha256;

impl SignatureVerificationAlgorithm for EcdsaP256Sha256 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let (x, y) = key[1..].split_at(32);
        let key = Key::ec(Curve::P256, x, y).map_err(|_| InvalidSignature)?;
        crypto::verify(&key, Scheme::EcdsaSha256, &[message], signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

const KEYS: u8 = 4;
const NAMES: u8 = 5;

static PAIRS: LazyLock<Vec<KeyPair>> = LazyLock::new(|| {
    let seed = Seed::new("path_webpki");
    (0..KEYS).map(|number| KeyPair::derive(Algorithm::Es256, &seed, &format!("key {number}"))).collect()
});

fn pair(key: u8) -> &'static KeyPair {
    &PAIRS[usize::from(key % KEYS)]
}

fn spki(key: u8) -> Vec<u8> {
    pair(key).public().spki()
}

fn has_constraints(input: &Input) -> bool {
    !input.permitted.is_empty() || !input.excluded.is_empty()
}

/// `CN=0` to `CN=4`.
fn name(subject: u8) -> Vec<u8> {
    let attribute =
        tlv(0x30, &[tlv(0x06, &[0x55, 0x04, 0x03]), tlv(0x0c, &[b'0' + subject % NAMES])].concat());
    tlv(0x30, &tlv(0x31, &attribute))
}

fn sign(input: &Input, issuer: &Input) -> Vec<u8> {
    let mut extensions = Vec::new();
    let mut push = |oid, critical, value| extensions.push(Extension { oid, critical, value });
    if let Some((ca, path_len)) = input.ca {
        let ca = if ca { tlv(0x01, &[0xff]) } else { vec![] };
        let path_len = path_len.map_or(vec![], |length| tlv(0x02, &[length % 4]));
        push(&[2, 5, 29, 19], true, tlv(0x30, &[ca, path_len].concat()));
    }
    if let Some(bits) = input.key_usage {
        push(&[2, 5, 29, 15], true, tlv(0x03, &[0, bits]));
    }
    let dns = |name: &DnsName| tlv(0x82, name.text().as_bytes());
    if !input.names.is_empty() {
        push(
            &[2, 5, 29, 17],
            false,
            tlv(0x30, &input.names.iter().take(4).flat_map(dns).collect::<Vec<_>>()),
        );
    }
    if has_constraints(input) {
        let subtrees = |tag: u8, bases: &[DnsName]| {
            let bases: Vec<u8> = bases.iter().take(4).flat_map(|base| tlv(0x30, &dns(base))).collect();
            if bases.is_empty() { vec![] } else { tlv(tag, &bases) }
        };
        let value = [subtrees(0xa0, &input.permitted), subtrees(0xa1, &input.excluded)].concat();
        push(&[2, 5, 29, 30], true, tlv(0x30, &value));
    }
    if input.unknown_critical {
        push(&[1, 3, 6, 1, 4, 1, 55738, 1], true, vec![]);
    }
    const DAY: i64 = 86_400;
    let day = |days: i8| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + i64::from(days) * DAY);
    Certificate {
        version: 3,
        serial: vec![1],
        issuer: name(issuer.subject),
        subject: name(input.subject),
        // The chain is valid unless the input tries hard.
        not_before: day(input.validity.0.saturating_sub(100)),
        not_after: day(input.validity.1.saturating_add(100)),
        spki: spki(input.key),
        extensions,
    }
    .sign(pair(if input.signed_by_another { issuer.key.wrapping_add(1) } else { issuer.key }))
}

/// A value of up to 65,535 bytes.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match u16::try_from(value.len()).expect("short").to_be_bytes() {
        [0, short @ 0..=0x7f] => der.push(short),
        [0, short] => der.extend([0x81, short]),
        [high, low] => der.extend([0x82, high, low]),
    }
    der.extend_from_slice(value);
    der
}
