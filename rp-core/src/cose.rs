//! COSE algorithms and the public keys of credentials.
//!
//! A [`PublicKey`] is a key with its algorithm, which fit each other: [section 5.8.5] ties each algorithm to one type
//! of key and, for ECDSA and EdDSA, to one curve.
//!
//! [section 5.8.5]: https://www.w3.org/TR/webauthn-3/#sctn-alg-identifier

mod algorithm;
mod encoded_key;
mod key_cache;
mod public_key;
#[cfg(test)]
mod tests;

pub use algorithm::{Algorithm, UnknownAlgorithmError, backends};
pub use encoded_key::{EncodedKey, PublicKeyError};
pub(crate) use key_cache::KeyCache;
pub use public_key::PublicKey;
