//! The back ends of signatures compared with each other: for keys of the input, and for signatures of fixed keys with the
//! changes of the input. All must give the same verdict; a back end that does not have a key is not asked.
#![no_main]

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use rp_conformance::authenticator::{Algorithm, KeyPair, Seed};
use rp_core::crypto::{Backend, Curve, EdwardsCurve, Key, KeyParts, RsaLimits, Scheme, ecdsa_der, verify};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    key: KeyChoice<'a>,
    scheme: u8,
    /// The number of bytes of [`MESSAGE`] that are signed. Only hashes reach the back ends, so other messages add nothing.
    message: u8,
    signature: Signature<'a>,
}

#[derive(Arbitrary, Debug)]
enum KeyChoice<'a> {
    /// A key whose private key is known.
    Fixed(u8),
    /// A key that differs from a fixed one in a few bytes.
    Changed(u8, Vec<Change>),
    Spki(&'a [u8]),
    Ed25519([u8; 32]),
    /// The modulus of a fixed key, with this exponent.
    Exponent([u8; 4]),
}

#[derive(Arbitrary, Debug)]
enum Signature<'a> {
    /// A valid signature of the fixed key, with changes.
    Changed(Vec<Change>),
    /// r and s, or R and S.
    Numbers(Number, Number),
    Bytes(&'a [u8]),
}

/// One byte, at an offset modulo the length, or the length.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Change {
    Xor(u16, u8),
    Insert(u16, u8),
    Remove(u16),
}

/// A number near those at which implementations differ.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Number {
    Small(u8),
    /// The order of the group plus a small number.
    Order(i8),
    /// The prime of the field plus a small number.
    Prime(i8),
    /// The valid signature's number.
    Valid,
    /// The order minus the valid signature's number, or plus it.
    Negated,
    WithOrder,
    Any([u8; 32]),
}

libfuzzer_sys::fuzz_target!(init: LazyLock::force(&PAIRS), |input: Input<'_>| {
    let number = match input.key {
        KeyChoice::Fixed(number) | KeyChoice::Changed(number, _) => SHARES[usize::from(number) % SHARES.len()],
        KeyChoice::Ed25519(_) => 3,
        KeyChoice::Exponent(_) => 4,
        KeyChoice::Spki(bytes) => bytes.len() % PAIRS.len(),
    };
    let fixed = &PAIRS[number];
    let Some(key) = key(&input.key, fixed) else { return };
    let schemes = schemes(&key);
    let Some(scheme) = schemes.get(usize::from(input.scheme) % schemes.len().max(1)) else { return };
    let message = &MESSAGE[..usize::from(input.message)];
    let signature = signature(&input.signature, &key, fixed, *scheme, message);
    // The message in two parts, because some back ends take it in one.
    let (one, other) = message.split_at(message.len() / 2);
    let verdict = verify(&key, *scheme, &[one, other], &signature);
    for key in Backend::ALL.into_iter().filter_map(|backend| key.on(backend)) {
        let other = verify(&key, *scheme, &[message], &signature);
        assert_eq!(other, verdict, "{} {scheme:?} {input:?}", key.backend());
    }
    if let (KeyChoice::Fixed(_), Signature::Changed(changes)) = (&input.key, &input.signature)
        && changes.is_empty()
        && *scheme == schemes[0]
    {
        assert_eq!(verdict, Ok(()), "{scheme:?} {input:?}");
    }
});

const MESSAGE: [u8; 256] = [0x5a; 256];

/// Places in [`PAIRS`]: the larger curves are slow on the portable back end, and few back ends have them.
const SHARES: [usize; 32] =
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4];

/// A fixed key.
struct Fixed {
    pair: KeyPair,
    key: Key,
}

static PAIRS: LazyLock<Vec<Fixed>> = LazyLock::new(|| {
    let seed = Seed::new("signature_backends");
    [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa, Algorithm::Rs256]
        .into_iter()
        .map(|algorithm| {
            let pair = KeyPair::derive(algorithm, &seed, "key");
            let key = Key::from_spki(&pair.public().spki()).expect("a key");
            Fixed { pair, key }
        })
        .collect()
});

fn key(choice: &KeyChoice<'_>, fixed: &Fixed) -> Option<Key> {
    match choice {
        KeyChoice::Fixed(_) => Some(fixed.key.clone()),
        KeyChoice::Changed(_, changes) => {
            let mut spki = fixed.pair.public().spki();
            apply(&mut spki, changes);
            Key::from_spki(&spki).ok()
        }
        KeyChoice::Spki(spki) => Key::from_spki(spki).ok(),
        KeyChoice::Ed25519(x) => Key::okp(EdwardsCurve::Ed25519, x).ok(),
        KeyChoice::Exponent(e) => {
            let (n, _) = fixed.key.rsa_parts()?;
            Key::rsa(n, e, RsaLimits::DEFAULT).ok()
        }
    }
}

/// The schemes of a key; the first is that of the fixed key's algorithm.
fn schemes(key: &Key) -> &'static [Scheme] {
    match key.parts() {
        KeyParts::Ec { curve: Curve::P384, .. } => {
            &[Scheme::EcdsaSha384, Scheme::EcdsaSha256, Scheme::EcdsaSha512]
        }
        KeyParts::Ec { curve: Curve::P521, .. } => {
            &[Scheme::EcdsaSha512, Scheme::EcdsaSha256, Scheme::EcdsaSha384]
        }
        KeyParts::Ec { .. } => &[Scheme::EcdsaSha256, Scheme::EcdsaSha384, Scheme::EcdsaSha512],
        KeyParts::Okp { curve: EdwardsCurve::Ed25519, .. } => &[Scheme::Ed25519],
        KeyParts::Rsa { .. } => &[
            Scheme::RsaPkcs1Sha256,
            Scheme::RsaPkcs1Sha384,
            Scheme::RsaPkcs1Sha512,
            Scheme::RsaPkcs1Sha1,
            Scheme::RsaPssSha256,
            Scheme::RsaPssSha384,
            Scheme::RsaPssSha512,
        ],
        _ => &[],
    }
}

fn signature(choice: &Signature<'_>, key: &Key, fixed: &Fixed, scheme: Scheme, message: &[u8]) -> Vec<u8> {
    match choice {
        Signature::Bytes(bytes) => bytes.to_vec(),
        Signature::Changed(changes) => {
            let mut signature = sign(&signer(fixed, scheme), message);
            apply(&mut signature, changes);
            signature
        }
        Signature::Numbers(one, other) => {
            let valid = sign(&fixed.pair, message);
            match key.parts() {
                KeyParts::Ec { curve, .. } => {
                    let (order, prime) = constants(curve);
                    let [r, s] = numbers_of_der(&valid);
                    ecdsa_der(&one.bytes(order, prime, &r), &other.bytes(order, prime, &s))
                        .unwrap_or_default()
                }
                KeyParts::Okp { .. } => {
                    let (order, prime) = (unhex(ED25519_ORDER), unhex(ED25519_PRIME));
                    let halves = valid.split_at_checked(32).unwrap_or((&valid, &[]));
                    let number = |number: &Number, half: &[u8]| {
                        let mut big_endian = number.bytes(&order, &prime, &reversed(half));
                        big_endian.drain(..big_endian.len().saturating_sub(32));
                        let mut bytes = reversed(&big_endian);
                        bytes.resize(32, 0);
                        bytes
                    };
                    [number(one, halves.0), number(other, halves.1)].concat()
                }
                // The modulus, instead of the order.
                KeyParts::Rsa { n, .. } => {
                    let mut bytes = one.bytes(n, n, &valid);
                    bytes.drain(..bytes.len().saturating_sub(n.len()));
                    [vec![0; n.len().saturating_sub(bytes.len())], bytes].concat()
                }
                _ => valid,
            }
        }
    }
}

/// A valid signature. It is kept, because making one takes longer than most checks.
fn sign(pair: &KeyPair, message: &[u8]) -> Vec<u8> {
    thread_local! {
        static SIGNATURES: RefCell<HashMap<(Algorithm, usize), Vec<u8>>> = RefCell::default();
    }
    SIGNATURES.with_borrow_mut(|signatures| {
        signatures.entry((pair.algorithm(), message.len())).or_insert_with(|| pair.sign(message)).clone()
    })
}

/// The fixed key's pair under the algorithm of the scheme, for RSA.
fn signer(fixed: &Fixed, scheme: Scheme) -> KeyPair {
    let algorithm = match scheme {
        Scheme::RsaPkcs1Sha384 => Algorithm::Rs384,
        Scheme::RsaPkcs1Sha512 => Algorithm::Rs512,
        Scheme::RsaPkcs1Sha1 => Algorithm::Rs1,
        Scheme::RsaPssSha256 => Algorithm::Ps256,
        Scheme::RsaPssSha384 => Algorithm::Ps384,
        Scheme::RsaPssSha512 => Algorithm::Ps512,
        _ => return fixed.pair.clone(),
    };
    if fixed.pair.algorithm().is_rsa() { fixed.pair.with_algorithm(algorithm) } else { fixed.pair.clone() }
}

fn apply(bytes: &mut Vec<u8>, changes: &[Change]) {
    for change in changes {
        let at = |at: u16, len: usize| usize::from(at) % len.max(1);
        let len = bytes.len();
        match *change {
            Change::Xor(offset, mask) => {
                if let Some(byte) = bytes.get_mut(at(offset, len)) {
                    *byte ^= mask;
                }
            }
            Change::Insert(offset, byte) => bytes.insert(at(offset, len + 1), byte),
            Change::Remove(offset) if len > 0 => {
                bytes.remove(at(offset, len));
            }
            Change::Remove(_) => {}
        }
    }
}

impl Number {
    /// Big-endian.
    fn bytes(self, order: &[u8], prime: &[u8], valid: &[u8]) -> Vec<u8> {
        match self {
            Self::Small(number) => vec![number],
            Self::Order(more) => plus(order, more),
            Self::Prime(more) => plus(prime, more),
            Self::Valid => valid.to_vec(),
            Self::Negated => combined(order, valid, i16::wrapping_sub),
            Self::WithOrder => combined(order, valid, i16::wrapping_add),
            Self::Any(bytes) => bytes.to_vec(),
        }
    }
}

fn plus(number: &[u8], more: i8) -> Vec<u8> {
    let magnitude = [more.unsigned_abs()];
    if more < 0 {
        combined(number, &magnitude, i16::wrapping_sub)
    } else {
        combined(number, &magnitude, i16::wrapping_add)
    }
}

/// The sum or the difference of two big-endian numbers, modulo a power of 256 above both.
fn combined(one: &[u8], other: &[u8], combine: fn(i16, i16) -> i16) -> Vec<u8> {
    let len = one.len().max(other.len()) + 1;
    let digit = |number: &[u8], at: usize| number.iter().rev().nth(at).copied().map_or(0, i16::from);
    let mut carry = 0;
    let mut digits: Vec<u8> = (0..len)
        .map(|at| {
            let sum = combine(digit(one, at), digit(other, at)) + carry;
            carry = sum >> 8;
            (sum & 0xff) as u8
        })
        .collect();
    digits.reverse();
    digits
}

fn reversed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().rev().copied().collect()
}

/// r and s of a valid signature.
fn numbers_of_der(der: &[u8]) -> [Vec<u8>; 2] {
    let content = if der.get(1).is_some_and(|len| *len == 0x81) { &der[3..] } else { &der[2..] };
    let (r, rest) = content[2..].split_at(usize::from(content[1]));
    [r.to_vec(), rest[2..].to_vec()]
}

/// The order of the group, and the prime of the field.
fn constants(curve: Curve) -> (&'static [u8], &'static [u8]) {
    static P256: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [unhex(P256_ORDER), unhex(P256_PRIME)]);
    static P384: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [unhex(P384_ORDER), unhex(P384_PRIME)]);
    static P521: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [unhex(P521_ORDER), unhex(P521_PRIME)]);
    let [order, prime] = match curve {
        Curve::P384 => &*P384,
        Curve::P521 => &*P521,
        _ => &*P256,
    };
    (order, prime)
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.bytes().filter_map(|digit| char::from(digit).to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

const P256_ORDER: &str = "ffffffff00000000 ffffffffffffffff bce6faada7179e84 f3b9cac2fc632551";
const P256_PRIME: &str = "ffffffff00000001 0000000000000000 00000000ffffffff ffffffffffffffff";
const P384_ORDER: &str =
    "ffffffffffffffff ffffffffffffffff ffffffffffffffff c7634d81f4372ddf 581a0db248b0a77a ecec196accc52973";
const P384_PRIME: &str =
    "ffffffffffffffff ffffffffffffffff ffffffffffffffff fffffffffffffffe ffffffff00000000 00000000ffffffff";
const P521_ORDER: &str = "01ff ffffffffffffffff ffffffffffffffff ffffffffffffffff fffffffffffffffa 51868783bf2f966b 7fcc0148f709a5d0 3bb5c9b8899c47ae bb6fb71e91386409";
const P521_PRIME: &str = "01ff ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff";
const ED25519_ORDER: &str = "1000000000000000 0000000000000000 14def9dea2f79cd6 5812631a5cf5d3ed";
const ED25519_PRIME: &str = "7fffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffed";
