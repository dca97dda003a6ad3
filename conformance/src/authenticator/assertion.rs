//! The assertion's signature, right and wrong.

use sha2::{Digest, Sha256};

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
        Some(Fault::AssertionRaw) => signature = raw(&signature),
        Some(Fault::AssertionPaddedInteger) => signature = with_padded_integer(&signature),
        Some(Fault::AssertionLongLength) => signature = with_long_length(&signature),
        _ => {}
    }
    signature
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

/// The same sequence, its length in one byte more than it takes.
fn with_long_length(signature: &[u8]) -> Vec<u8> {
    match signature {
        [0x30, 0x81, length, rest @ ..] => [&[0x30, 0x82, 0, *length], rest].concat(),
        [0x30, length, rest @ ..] => [&[0x30, 0x81, *length], rest].concat(),
        _ => Vec::new(),
    }
}
