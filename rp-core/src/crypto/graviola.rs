//! Keys of `graviola`: P-256, P-384, Ed25519 and RSA.
//!
//! Signatures come here after their form was checked. RSASSA-PKCS1-v1_5 with SHA-1, and RSASSA-PSS with a salt that is
//! not as long as the hash, are left to the portable back end, as are RSA keys whose modulus is not a multiple of 64 bits.
//! An Ed25519 signature whose R is of small order, which graviola accepts, is rejected before.

use alloc::sync::Arc;

use ::graviola::hashing::{Sha256, Sha384, Sha512};
use ::graviola::signing::ecdsa;
#[cfg(feature = "eddsa")]
use ::graviola::signing::eddsa;
#[cfg(feature = "_rsa")]
use ::graviola::signing::rsa;

use super::backend::Backend;
use super::fast_key::{Fast, FastKey};
#[cfg(feature = "_rsa")]
use super::hash::Hash;
#[cfg(any(feature = "eddsa", feature = "_rsa"))]
use super::hash::contiguous;
use super::parameters::Curve;
#[cfg(feature = "_rsa")]
use super::parameters::rsa_pkcs1;
use super::scheme::Scheme;

/// An elliptic curve key from its uncompressed point, which the portable back end has accepted.
pub(super) fn ec(curve: Curve, sec1: &[u8]) -> Fast {
    match curve {
        Curve::P256 => Some(Arc::new(P256(ecdsa::VerifyingKey::from_x962_uncompressed(sec1).ok()?))),
        Curve::P384 => Some(Arc::new(P384(ecdsa::VerifyingKey::from_x962_uncompressed(sec1).ok()?))),
        Curve::P521 | Curve::Secp256k1 => None,
    }
}

/// An Ed25519 key from the canonical encoding of a point that is not of small order.
#[cfg(feature = "eddsa")]
pub(super) fn ed25519(x: &[u8]) -> Fast {
    let key = eddsa::Ed25519VerifyingKey::from_bytes(x).ok()?;
    Some(Arc::new(Ed25519(key)))
}

/// An RSA key from numbers without leading zeros whose size and parity were checked.
#[cfg(feature = "_rsa")]
pub(super) fn rsa(n: &[u8], e: &[u8]) -> Fast {
    // graviola 0.4.4 compares and pads in whole words. With another modulus it rejects every valid signature.
    if !n.len().is_multiple_of(WORD_BYTES) {
        return None;
    }
    let key = rsa::VerifyingKey::from_pkcs1_der(&rsa_pkcs1(n, e)?).ok()?;
    Some(Arc::new(Rsa(key)))
}

struct P256(ecdsa::VerifyingKey<ecdsa::P256>);
struct P384(ecdsa::VerifyingKey<ecdsa::P384>);
#[cfg(feature = "eddsa")]
struct Ed25519(eddsa::Ed25519VerifyingKey);
#[cfg(feature = "_rsa")]
struct Rsa(rsa::VerifyingKey);

/// `Debug` and [`FastKey`] for ECDSA on one curve.
macro_rules! ecdsa_key {
    ($key:ident) => {
        impl core::fmt::Debug for $key {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!("graviola::", stringify!($key)))
            }
        }

        impl FastKey for $key {
            fn backend(&self) -> Backend {
                Backend::Graviola
            }

            fn verify(&self, scheme: Scheme, message: &[&[u8]], _: &[u8], fixed: &[u8]) -> Option<bool> {
                let verdict = match scheme {
                    Scheme::EcdsaSha256 => self.0.verify::<Sha256>(message, fixed),
                    Scheme::EcdsaSha384 => self.0.verify::<Sha384>(message, fixed),
                    Scheme::EcdsaSha512 => self.0.verify::<Sha512>(message, fixed),
                    _ => return None,
                };
                Some(verdict.is_ok())
            }
        }
    };
}

ecdsa_key!(P256);
ecdsa_key!(P384);

#[cfg(feature = "eddsa")]
impl core::fmt::Debug for Ed25519 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("graviola::Ed25519")
    }
}

#[cfg(feature = "eddsa")]
impl FastKey for Ed25519 {
    fn backend(&self) -> Backend {
        Backend::Graviola
    }

    fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8], _: &[u8]) -> Option<bool> {
        let is_ed25519 = scheme == Scheme::Ed25519;
        is_ed25519.then(|| contiguous(message, |message| self.0.verify(signature, message).is_ok()))
    }
}

#[cfg(feature = "_rsa")]
impl core::fmt::Debug for Rsa {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("graviola::Rsa")
    }
}

#[cfg(feature = "_rsa")]
impl FastKey for Rsa {
    fn backend(&self) -> Backend {
        Backend::Graviola
    }

    fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8], _: &[u8]) -> Option<bool> {
        let Self(key) = self;
        contiguous(message, |message| {
            let verdict = match scheme {
                Scheme::RsaPkcs1Sha256 => key.verify_pkcs1_sha256(signature, message),
                Scheme::RsaPkcs1Sha384 => key.verify_pkcs1_sha384(signature, message),
                Scheme::RsaPkcs1Sha512 => key.verify_pkcs1_sha512(signature, message),
                Scheme::RsaPssSha256 | Scheme::RsaPss { hash: Hash::Sha256, salt_len: 32 } => {
                    key.verify_pss_sha256(signature, message)
                }
                Scheme::RsaPssSha384 | Scheme::RsaPss { hash: Hash::Sha384, salt_len: 48 } => {
                    key.verify_pss_sha384(signature, message)
                }
                Scheme::RsaPssSha512 | Scheme::RsaPss { hash: Hash::Sha512, salt_len: 64 } => {
                    key.verify_pss_sha512(signature, message)
                }
                _ => return None,
            };
            Some(verdict.is_ok())
        })
    }
}

/// The size of graviola's words of 64 bits.
#[cfg(feature = "_rsa")]
const WORD_BYTES: usize = 8;
