//! Public keys whose private keys no one has.

use rp_core::Algorithm;
use rp_core::cose::PublicKey;
use rp_core::crypto::sha256;

/// A public key for each algorithm: a signature takes as long to verify as that of a real key.
#[derive(Clone)]
pub(super) struct DecoyKeys(Vec<(Algorithm, Vec<u8>)>);

impl DecoyKeys {
    /// The keys of every algorithm that this build supports.
    pub(super) fn new() -> Self {
        let key = |&algorithm: &Algorithm| (algorithm, encoded(algorithm));
        let is_valid = |(_, key): &(Algorithm, Vec<u8>)| PublicKey::from_cose(key).is_ok();
        Self(Algorithm::ALL.iter().map(key).filter(is_valid).collect())
    }

    /// The key of an algorithm; that of ES256 if this build does not support the algorithm.
    pub(super) fn of(&self, algorithm: Algorithm) -> Vec<u8> {
        let found = self.0.iter().find(|(other, _)| *other == algorithm);
        found.map_or_else(|| ec2(Algorithm::Es256, 1, &P256), |(_, key)| key.clone())
    }
}

/// The COSE_Key of an algorithm; empty for an algorithm that has none here.
fn encoded(algorithm: Algorithm) -> Vec<u8> {
    match algorithm {
        Algorithm::Es256 | Algorithm::Esp256 => ec2(algorithm, 1, &P256),
        Algorithm::Es384 | Algorithm::Esp384 => ec2(algorithm, 2, &P384),
        Algorithm::Es512 | Algorithm::Esp512 => ec2(algorithm, 3, &P521),
        Algorithm::Es256k => ec2(algorithm, 8, &SECP256K1),
        Algorithm::EdDsa | Algorithm::Ed25519 => okp(algorithm, 6, 32),
        Algorithm::Ed448 => okp(algorithm, 7, 57),
        Algorithm::Rs1
        | Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => rsa(algorithm),
        Algorithm::MlDsa44 => akp(algorithm, 1_312),
        Algorithm::MlDsa65 => akp(algorithm, 1_952),
        Algorithm::MlDsa87 => akp(algorithm, 2_592),
        _ => Vec::new(),
    }
}

/// A key of type EC2.
fn ec2<const N: usize>(algorithm: Algorithm, curve: u8, [x, y]: &[[u8; N]; 2]) -> Vec<u8> {
    let entries = [(-1, integer(i64::from(curve))), (-2, byte_string(x)), (-3, byte_string(y))];
    cose_key(2, algorithm, &entries)
}

/// A key of type OKP: the first of the hashes that is the encoding of a point. Half of the candidates are, so that none
/// is found only in theory.
fn okp(algorithm: Algorithm, curve: u8, len: usize) -> Vec<u8> {
    let keys = (0..=u8::MAX).map(|counter| {
        let mut x = hashes(&[b"rp decoy key okp".as_slice(), &[counter]].concat(), len);
        if let [.., last] = &mut x[..]
            && len == 57
        {
            // Ed448: the last byte has only the sign.
            *last = 0;
        }
        cose_key(1, algorithm, &[(-1, integer(i64::from(curve))), (-2, byte_string(&x))])
    });
    keys.into_iter().find(|key| PublicKey::from_cose(key).is_ok()).unwrap_or_default()
}

/// A modulus of 2048 bits, made odd. Its factors are unknown; knowing them would gain nothing, because a response that
/// verifies is rejected all the same.
fn rsa(algorithm: Algorithm) -> Vec<u8> {
    let mut modulus = hashes(b"rp decoy key rsa", 256);
    if let [first, .., last] = &mut modulus[..] {
        *first |= 0x80;
        *last |= 0x01;
    }
    cose_key(3, algorithm, &[(-1, byte_string(&modulus)), (-2, byte_string(&[1, 0, 1]))])
}

/// A key of ML-DSA: any bytes of the right length are one (FIPS 204, algorithm 23).
fn akp(algorithm: Algorithm, len: usize) -> Vec<u8> {
    cose_key(7, algorithm, &[(-1, byte_string(&hashes(b"rp decoy key ml-dsa", len)))])
}

/// A COSE_Key: kty, alg and the parameters of the type.
fn cose_key(key_type: u8, algorithm: Algorithm, parameters: &[(i64, Vec<u8>)]) -> Vec<u8> {
    let mut key = head(5, parameters.len().saturating_add(2));
    key.extend(integer(1));
    key.extend(integer(i64::from(key_type)));
    key.extend(integer(3));
    key.extend(integer(algorithm.id()));
    for (label, value) in parameters {
        key.extend(integer(*label));
        key.extend(value);
    }
    key
}

fn integer(value: i64) -> Vec<u8> {
    let is_negative = value < 0;
    // A negative integer n is encoded as -1 - n, which is its complement.
    let argument = if is_negative { !value } else { value };
    head(u8::from(is_negative), usize::try_from(argument).unwrap_or_default())
}

fn byte_string(bytes: &[u8]) -> Vec<u8> {
    [head(2, bytes.len()), bytes.to_vec()].concat()
}

/// The head of a CBOR item (RFC 8949, section 3): major type and argument. No argument here has more than two bytes.
fn head(major: u8, argument: usize) -> Vec<u8> {
    let argument = u16::try_from(argument).unwrap_or(u16::MAX);
    let [high, low] = argument.to_be_bytes();
    let major = major << 5;
    match argument {
        0..=23 => vec![major | low],
        24..=255 => vec![major | 24, low],
        _ => vec![major | 25, high, low],
    }
}

/// So many bytes of the SHA-256 hashes of a label and a counter.
fn hashes(label: &[u8], len: usize) -> Vec<u8> {
    (0..=u8::MAX).flat_map(|counter| sha256(&[label, &[counter]])).take(len).collect()
}

// Points of curves: x is a hash, the first of a sequence that is on the curve, and y is even. So no one has the private
// keys. For P-256 the hash is SHA-256 of `rp decoy key 2`. For the others it is the beginning of SHA-512 of
// `rp decoy key es384`, `… es512` or `… es256k` and a byte 0, for P-521 behind two zero bytes.

const P256: [[u8; 32]; 2] = [
    [
        0xbb, 0x2d, 0x3f, 0x27, 0x3d, 0xcc, 0xfe, 0x4f, 0x6e, 0xf4, 0xfc, 0xa0, 0x86, 0xb2, 0x7a, 0x21, 0xdc,
        0x2a, 0x18, 0x57, 0x3e, 0xb1, 0xbb, 0x8b, 0x4e, 0x07, 0xfc, 0xd6, 0xa2, 0xae, 0x27, 0x6d,
    ],
    [
        0x0a, 0xdc, 0x25, 0x4d, 0xf7, 0xe0, 0xb4, 0x7e, 0x2e, 0xac, 0x01, 0x3a, 0xe7, 0xd3, 0x73, 0xad, 0xd7,
        0x63, 0x78, 0x7c, 0x9c, 0xf4, 0xf9, 0x69, 0x7e, 0x67, 0x5c, 0x18, 0xa0, 0xa3, 0x88, 0x48,
    ],
];

const P384: [[u8; 48]; 2] = [
    [
        0x7f, 0x3b, 0x00, 0x86, 0x6b, 0x16, 0x7c, 0xb8, 0xae, 0x96, 0x6a, 0xd3, 0xcd, 0x66, 0xe2, 0x22, 0x45,
        0x83, 0xb5, 0x48, 0xab, 0x6d, 0xb0, 0x24, 0xf2, 0x52, 0xef, 0x22, 0x2a, 0x49, 0x6e, 0x8f, 0x85, 0x24,
        0xae, 0x09, 0x59, 0xe4, 0x4c, 0x4d, 0xfc, 0x7f, 0x4b, 0x43, 0x41, 0x4b, 0xfe, 0xb2,
    ],
    [
        0xd4, 0x46, 0x15, 0x13, 0x49, 0xd5, 0x90, 0xf0, 0x8e, 0x5d, 0x81, 0x87, 0x69, 0x70, 0x60, 0xd3, 0x1d,
        0xd7, 0xf8, 0x93, 0x7d, 0x12, 0x83, 0x9f, 0xa0, 0xad, 0x88, 0x12, 0x8d, 0x4f, 0x32, 0xaf, 0x5d, 0xcf,
        0x28, 0x19, 0x09, 0x44, 0xc8, 0x2b, 0x50, 0xea, 0x81, 0xe3, 0xd1, 0x97, 0x95, 0x38,
    ],
];

const P521: [[u8; 66]; 2] = [
    [
        0x00, 0x00, 0x9b, 0x6a, 0x26, 0x8a, 0xfa, 0xed, 0x58, 0xcb, 0x4f, 0xd2, 0x2a, 0x61, 0xd2, 0xdc, 0x1b,
        0xc2, 0x4e, 0x98, 0x33, 0xcd, 0x5f, 0x44, 0xff, 0x33, 0x4e, 0x65, 0x3b, 0x33, 0x44, 0xb3, 0xfe, 0x19,
        0x5b, 0xea, 0x20, 0x33, 0x4a, 0x2b, 0x2b, 0xd1, 0xc3, 0xc6, 0x64, 0xa9, 0xc7, 0x0f, 0xd4, 0x47, 0x0d,
        0x1c, 0xe3, 0xf6, 0x87, 0x01, 0x4e, 0x38, 0x28, 0x4a, 0x91, 0x6f, 0xbe, 0x8e, 0x67, 0x1f,
    ],
    [
        0x00, 0xf8, 0xae, 0xba, 0x1a, 0x3b, 0xcf, 0x4e, 0x2c, 0x76, 0xea, 0x34, 0x79, 0x53, 0xd3, 0xb9, 0x99,
        0x19, 0x2b, 0x4f, 0x93, 0x6a, 0x5f, 0x79, 0x42, 0x4b, 0x06, 0x67, 0xb0, 0xba, 0xdc, 0xca, 0xeb, 0x6f,
        0x10, 0xc6, 0x7b, 0x21, 0xf3, 0x6d, 0xda, 0x04, 0xce, 0xaa, 0xce, 0xcc, 0x07, 0x89, 0x1c, 0x0f, 0x29,
        0x7e, 0x41, 0xb5, 0xaf, 0x4b, 0x11, 0xda, 0x7d, 0xa4, 0x4c, 0xc0, 0x43, 0xa0, 0x2e, 0xd2,
    ],
];

const SECP256K1: [[u8; 32]; 2] = [
    [
        0xcf, 0x3f, 0x37, 0xb1, 0x14, 0x1d, 0x53, 0xfe, 0x3b, 0x91, 0x8c, 0x6a, 0x6f, 0xaa, 0x37, 0xaa, 0x1a,
        0x65, 0x81, 0x06, 0x8e, 0x01, 0x78, 0xc3, 0x66, 0x64, 0x76, 0x6d, 0xfd, 0x70, 0xbc, 0xa6,
    ],
    [
        0xeb, 0xf8, 0x83, 0x51, 0xe8, 0x26, 0x95, 0x93, 0x8e, 0x8d, 0x52, 0x1e, 0xbd, 0xf3, 0x1b, 0x5f, 0x54,
        0x9a, 0x2d, 0x2f, 0xd7, 0xad, 0xa5, 0xd0, 0x2c, 0x78, 0x83, 0xef, 0xd4, 0xf4, 0x73, 0x46,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_supported_algorithm_has_a_decoy_key() {
        let keys = DecoyKeys::new();
        for &algorithm in Algorithm::SUPPORTED {
            // Only the FIDO profile accepts RS1 for credentials.
            if algorithm != Algorithm::Rs1 {
                let key = keys.of(algorithm);
                assert_eq!(PublicKey::from_cose(&key).unwrap().algorithm(), algorithm, "{algorithm}");
            }
        }
    }

    #[test]
    fn the_x_coordinates_of_decoy_keys_are_hashes() {
        use sha2::{Digest, Sha512};

        let hash = |label: &str| Sha512::new().chain_update(label).chain_update([0]).finalize();
        assert_eq!(P256[0], sha256(&[b"rp decoy key 2"]));
        assert_eq!(P384[0], hash("rp decoy key es384")[..48]);
        assert_eq!(P521[0], [&[0, 0][..], &hash("rp decoy key es512")].concat()[..]);
        assert_eq!(SECP256K1[0], hash("rp decoy key es256k")[..32]);
    }
}
