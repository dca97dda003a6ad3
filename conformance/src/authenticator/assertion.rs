//! The assertion's signature, valid or with faults.

use sha2::{Digest, Sha256};

use super::algorithm::Algorithm;
use super::authority::flip_last_bit;
use super::der;
use super::fault::Fault;
use super::key::KeyPair;

/// A signature over authenticator data and the client data's hash.
pub(crate) fn sign(key: &KeyPair, auth_data: &[u8], client_data: &[u8], fault: Option<Fault>) -> Vec<u8> {
    let mut hash: [u8; 32] = Sha256::digest(client_data).into();
    if fault == Some(Fault::AssertionOverOther) {
        hash = hash.map(|byte| !byte);
    }
    let message = [auth_data, &hash].concat();
    let mut signature = match fault {
        Some(Fault::AssertionOfOtherKey) => key.other().sign(&message),
        Some(Fault::AssertionHashOther) => key.with_algorithm(of_other_hash(key.algorithm())).sign(&message),
        Some(Fault::AssertionSaltOther) => key.sign_with_salt_of(&message, 20),
        _ => key.sign(&message),
    };
    match fault {
        Some(Fault::AssertionFlipped) => flip_last_bit(&mut signature),
        Some(Fault::AssertionEmpty) => signature.clear(),
        Some(Fault::AssertionTruncated) => {
            signature.pop();
        }
        Some(Fault::AssertionTrailing) => signature.push(0),
        Some(Fault::AssertionRsaZero) => signature.fill(0),
        Some(Fault::AssertionZero) => signature = der::sequence([der::integer(0), der::integer(0)]),
        Some(Fault::AssertionPlusOrder) => add_order(&mut signature),
        Some(Fault::AssertionRaw) => signature = raw(&signature),
        Some(Fault::AssertionPaddedInteger) => signature = with_padded_integer(&signature),
        Some(Fault::AssertionLongLength) => signature = with_long_length(&signature),
        _ => {}
    }
    signature
}

/// The same padding with another hash.
const fn of_other_hash(algorithm: Algorithm) -> Algorithm {
    match algorithm {
        Algorithm::Rs256 => Algorithm::Rs384,
        Algorithm::Ps256 => Algorithm::Ps384,
        Algorithm::Ps384 | Algorithm::Ps512 => Algorithm::Ps256,
        _ => Algorithm::Rs256,
    }
}

/// The order of Ed25519's group, 2^252 + 27742317777372353535851937790883648493, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Adds the group's order to `s`, the second half: the same point, and another encoding of the signature.
fn add_order(signature: &mut [u8]) {
    let mut carry = 0_u16;
    for (byte, add) in signature.iter_mut().skip(32).zip(ORDER) {
        let sum = u16::from(*byte).wrapping_add(u16::from(add)).wrapping_add(carry);
        let [high, low] = sum.to_be_bytes();
        (*byte, carry) = (low, u16::from(high));
    }
}

/// `r` and `s`, each as long as the longer of them.
fn raw(signature: &[u8]) -> Vec<u8> {
    let numbers = der::integers_of(signature);
    let width = numbers.iter().map(|number| number.len()).max().unwrap_or_default();
    let mut out = Vec::new();
    for number in numbers {
        out.resize(out.len().saturating_add(width.saturating_sub(number.len())), 0);
        out.extend_from_slice(number);
    }
    out
}

/// The same numbers, `r` with two zero bytes before it.
fn with_padded_integer(signature: &[u8]) -> Vec<u8> {
    match der::integers_of(signature).as_slice() {
        [r, s] => der::sequence([der::tlv(0x02, [&[0, 0], *r].concat()), der::unsigned(s)]),
        _ => Vec::new(),
    }
}

/// The same sequence, with one more length byte than necessary.
fn with_long_length(signature: &[u8]) -> Vec<u8> {
    match signature {
        [0x30, 0x81, length, rest @ ..] => [&[0x30, 0x82, 0, *length], rest].concat(),
        [0x30, length, rest @ ..] => [&[0x30, 0x81, *length], rest].concat(),
        _ => Vec::new(),
    }
}
