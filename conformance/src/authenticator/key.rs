//! Key pairs derived from a seed. They sign in the encodings of WebAuthn and return their public key.

mod public;
mod rsa;

use ecdsa::signature::Signer;

pub use public::PublicKey;
pub(crate) use rsa::small as small_rsa;

use super::algorithm::Algorithm;
use super::seed::Seed;

/// A key pair of an algorithm.
#[derive(Clone, Debug)]
pub struct KeyPair {
    algorithm: Algorithm,
    secret: Secret,
    seed: Seed,
    label: String,
}

/// The private part of a key. RSA keys are fixed, because generating one takes seconds.
#[derive(Clone, Debug)]
enum Secret {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    K256(k256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    Ed448([u8; 57]),
    Rsa(Box<::rsa::PrivateKey>),
    MlDsa([u8; 32]),
}

impl KeyPair {
    /// The key pair of an algorithm, derived from a seed and a label. There are two RSA keys: one for labels that begin
    /// with `credential`, one for the others.
    #[must_use]
    pub fn derive(algorithm: Algorithm, seed: &Seed, label: &str) -> Self {
        let secret = match algorithm {
            Algorithm::Es256 | Algorithm::Esp256 => Secret::P256(scalar(seed, label, |bytes: &[u8; 32]| {
                p256::ecdsa::SigningKey::from_slice(bytes)
            })),
            Algorithm::Es384 | Algorithm::Esp384 => Secret::P384(scalar(seed, label, |bytes: &[u8; 48]| {
                p384::ecdsa::SigningKey::from_slice(bytes)
            })),
            Algorithm::Es512 | Algorithm::Esp512 => Secret::P521(scalar(seed, label, |bytes: &[u8; 66]| {
                // P-521's order begins with 0x01ff: a number that begins with 0x00 is below it.
                let mut bytes = *bytes;
                if let Some(first) = bytes.first_mut() {
                    *first = 0;
                }
                p521::ecdsa::SigningKey::from_slice(&bytes)
            })),
            Algorithm::Es256k => Secret::K256(scalar(seed, label, |bytes: &[u8; 32]| {
                k256::ecdsa::SigningKey::from_slice(bytes)
            })),
            Algorithm::EdDsa | Algorithm::Ed25519 => {
                Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed.bytes(label)))
            }
            Algorithm::Ed448 => Secret::Ed448(seed.bytes(label)),
            Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => Secret::MlDsa(seed.bytes(label)),
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Rs1
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => Secret::Rsa(Box::new(rsa::fixed(label))),
        };
        Self { algorithm, secret, seed: seed.clone(), label: label.into() }
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The same key under another algorithm of its kind.
    #[must_use]
    pub fn with_algorithm(&self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self.clone() }
    }

    /// Another key of the same algorithm.
    #[must_use]
    pub fn other(&self) -> Self {
        Self::derive(self.algorithm, &self.seed, &format!("{}{}", self.label, rsa::OTHER))
    }

    /// A signature over a message in WebAuthn's encoding: DER for ECDSA.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match (&self.secret, self.algorithm) {
            (Secret::P256(key), _) => {
                ecdsa_der::<p256::ecdsa::Signature>(key, message).to_der().as_bytes().into()
            }
            (Secret::P384(key), _) => {
                ecdsa_der::<p384::ecdsa::Signature>(key, message).to_der().as_bytes().into()
            }
            (Secret::P521(key), _) => {
                ecdsa_der::<p521::ecdsa::Signature>(key, message).to_der().as_bytes().into()
            }
            (Secret::K256(key), _) => {
                ecdsa_der::<k256::ecdsa::Signature>(key, message).to_der().as_bytes().into()
            }
            (Secret::Ed25519(key), _) => key.sign(message).to_bytes().into(),
            (Secret::Ed448(key), _) => ed448(key).sign(message).to_bytes().to_vec(),
            (Secret::Rsa(key), algorithm) => rsa::sign(key, algorithm, message, &self.seed, None),
            (Secret::MlDsa(seed), Algorithm::MlDsa44) => {
                ml_dsa::<ml_dsa::MlDsa44>(seed).sign(message).encode().to_vec()
            }
            (Secret::MlDsa(seed), Algorithm::MlDsa65) => {
                ml_dsa::<ml_dsa::MlDsa65>(seed).sign(message).encode().to_vec()
            }
            (Secret::MlDsa(seed), _) => ml_dsa::<ml_dsa::MlDsa87>(seed).sign(message).encode().to_vec(),
        }
    }

    /// A signature with a salt of this length if the algorithm is PSS; otherwise like [`KeyPair::sign`].
    #[must_use]
    pub fn sign_with_salt_of(&self, message: &[u8], salt_len: usize) -> Vec<u8> {
        match &self.secret {
            Secret::Rsa(key) => rsa::sign(key, self.algorithm, message, &self.seed, Some(salt_len)),
            _ => self.sign(message),
        }
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match (&self.secret, self.algorithm) {
            (Secret::P256(key), _) => public::ec(1, key.verifying_key().to_sec1_point(false).as_bytes()),
            (Secret::P384(key), _) => public::ec(2, key.verifying_key().to_sec1_point(false).as_bytes()),
            (Secret::P521(key), _) => public::ec(3, key.verifying_key().to_sec1_point(false).as_bytes()),
            (Secret::K256(key), _) => public::ec(8, key.verifying_key().to_sec1_point(false).as_bytes()),
            (Secret::Ed25519(key), _) => PublicKey::Okp { crv: 6, x: key.verifying_key().to_bytes().into() },
            (Secret::Ed448(key), _) => {
                PublicKey::Okp { crv: 7, x: ed448(key).verifying_key().to_bytes().to_vec() }
            }
            (Secret::Rsa(key), _) => rsa::public(key),
            (Secret::MlDsa(seed), Algorithm::MlDsa44) => akp::<ml_dsa::MlDsa44>(17, seed),
            (Secret::MlDsa(seed), Algorithm::MlDsa65) => akp::<ml_dsa::MlDsa65>(18, seed),
            (Secret::MlDsa(seed), _) => akp::<ml_dsa::MlDsa87>(19, seed),
        }
    }
}

/// The first number derived from a label that is a scalar of the curve; this is nearly always the first one.
fn scalar<const N: usize, K, E>(seed: &Seed, label: &str, make: impl Fn(&[u8; N]) -> Result<K, E>) -> K {
    let mut attempt = 0_u64;
    loop {
        if let Ok(key) = make(&seed.bytes(&format!("{label}/{attempt}"))) {
            return key;
        }
        attempt = attempt.wrapping_add(1);
    }
}

fn ecdsa_der<S>(key: &impl Signer<S>, message: &[u8]) -> S {
    key.sign(message)
}

fn ed448(secret: &[u8; 57]) -> ed448_goldilocks::SigningKey {
    ed448_goldilocks::SigningKey::from(ed448_goldilocks::EdwardsScalarBytes::from(*secret))
}

fn ml_dsa<P: ml_dsa::MlDsaParams>(seed: &[u8; 32]) -> ml_dsa::SigningKey<P> {
    ml_dsa::SigningKey::from_seed(&ml_dsa::Seed::from(*seed))
}

fn akp<P: ml_dsa::MlDsaParams>(arc: u32, seed: &[u8; 32]) -> PublicKey {
    let key = ml_dsa::<P>(seed);
    PublicKey::Akp { arc, public: key.expanded_key().verifying_key().encode().to_vec() }
}

#[cfg(test)]
mod tests;
