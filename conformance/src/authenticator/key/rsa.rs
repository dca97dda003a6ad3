//! RSA: three fixed keys, for these tests only.

use ::rsa::pkcs1::DecodeRsaPrivateKey;
use ::rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use ::rsa::traits::PublicKeyParts;
use ::rsa::{PrivateKey, pkcs1v15, pss};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::PublicKey;
use crate::authenticator::algorithm::Algorithm;
use crate::authenticator::seed::Seed;

const A: &[u8] = include_bytes!("../../../testdata/rsa-2048-a.pkcs1");
const B: &[u8] = include_bytes!("../../../testdata/rsa-2048-b.pkcs1");
const SMALL: &[u8] = include_bytes!("../../../testdata/rsa-1024.pkcs1");

/// The suffix of a label that selects another key.
pub(super) const OTHER: &str = "/other";

/// The fixed key of a label.
pub(super) fn fixed(label: &str) -> PrivateKey {
    match (label.starts_with("credential"), label.ends_with(OTHER)) {
        (true, false) | (false, true) => parse(A),
        _ => parse(B),
    }
}

/// The modulus and exponent of a key that is too small.
pub(crate) fn small() -> PublicKey {
    public(&parse(SMALL))
}

#[expect(clippy::expect_used, reason = "three files of this crate, all of which are read in its tests")]
fn parse(pkcs1: &[u8]) -> PrivateKey {
    PrivateKey::from_pkcs1_der(pkcs1).expect("an RSA key of testdata")
}

/// A signature. The salt of PSS is derived from the seed and the message, and by default as long as the hash.
pub(super) fn sign(
    key: &PrivateKey,
    algorithm: Algorithm,
    message: &[u8],
    seed: &Seed,
    salt_len: Option<usize>,
) -> Vec<u8> {
    let key = key.clone();
    let mut salt = seed.stream(&format!("salt/{}", rp_core::base64url::encode(message)));
    let len = |own| salt_len.unwrap_or(own);
    match algorithm {
        Algorithm::Rs1 => pkcs1v15::SigningKey::<Sha1>::new(key).sign(message).to_vec(),
        Algorithm::Rs384 => pkcs1v15::SigningKey::<Sha384>::new(key).sign(message).to_vec(),
        Algorithm::Rs512 => pkcs1v15::SigningKey::<Sha512>::new(key).sign(message).to_vec(),
        Algorithm::Ps256 => pss::SigningKey::<Sha256>::new_with_salt_len(key, len(32))
            .sign_with_rng(&mut salt, message)
            .to_vec(),
        Algorithm::Ps384 => pss::SigningKey::<Sha384>::new_with_salt_len(key, len(48))
            .sign_with_rng(&mut salt, message)
            .to_vec(),
        Algorithm::Ps512 => pss::SigningKey::<Sha512>::new_with_salt_len(key, len(64))
            .sign_with_rng(&mut salt, message)
            .to_vec(),
        _ => pkcs1v15::SigningKey::<Sha256>::new(key).sign(message).to_vec(),
    }
}

/// The public key.
pub(super) fn public(key: &PrivateKey) -> PublicKey {
    PublicKey::Rsa { n: key.n_bytes().into(), e: key.e_bytes().into() }
}
