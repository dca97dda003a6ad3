//! Keys of `graviola`: P-256, P-384, Ed25519 and RSA.
//!
//! Signatures come here after their form was checked: ECDSA signatures as two numbers of the curve's length, RSA
//! signatures as long as the modulus. Where graviola differs from the portable back end, the portable one decides:
//! - RSA keys whose modulus is not a whole number of bytes, RSASSA-PKCS1-v1_5 with SHA-1, and RSASSA-PSS with a salt
//!   that is not as long as the hash, are left to it.
//! - graviola accepts an Ed25519 signature whose R is of small order; such signatures are rejected before.

use alloc::sync::Arc;

use ::graviola::hashing::{Sha256, Sha384, Sha512};
use ::graviola::signing::ecdsa;
#[cfg(feature = "eddsa")]
use ::graviola::signing::eddsa;
#[cfg(feature = "_rsa")]
use ::graviola::signing::rsa;

use super::backend::{Backend, Fast, FastKey};
#[cfg(feature = "_rsa")]
use super::hash::Hash;
#[cfg(any(feature = "eddsa", feature = "_rsa"))]
use super::hash::contiguous;
use super::parameters::Curve;
use super::scheme::Scheme;

/// An elliptic curve key from its uncompressed point, which the portable back end has accepted.
pub(super) fn ec(curve: Curve, sec1: &[u8]) -> Fast {
    if !Backend::Graviola.is_available() {
        return None;
    }
    match curve {
        Curve::P256 => Some(Arc::new(P256(ecdsa::VerifyingKey::from_x962_uncompressed(sec1).ok()?))),
        Curve::P384 => Some(Arc::new(P384(ecdsa::VerifyingKey::from_x962_uncompressed(sec1).ok()?))),
        Curve::P521 | Curve::Secp256k1 => None,
    }
}

/// An Ed25519 key from the canonical encoding of a point that is not of small order.
#[cfg(feature = "eddsa")]
pub(super) fn ed25519(x: &[u8]) -> Fast {
    if !Backend::Graviola.is_available() {
        return None;
    }
    let key = eddsa::Ed25519VerifyingKey::from_bytes(x).ok()?;
    Some(Arc::new(Ed25519(key)))
}

/// An RSA key whose size and parity were checked, in the DER of PKCS #1.
#[cfg(feature = "_rsa")]
pub(super) fn rsa(n: &[u8], pkcs1: &[u8]) -> Fast {
    let is_whole_bytes = n.first().is_some_and(|first| first & 0x80 != 0);
    if !Backend::Graviola.is_available() || !is_whole_bytes {
        return None;
    }
    let key = rsa::VerifyingKey::from_pkcs1_der(pkcs1).ok()?;
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
            fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8]) -> Option<bool> {
                let verdict = match scheme {
                    Scheme::EcdsaSha256 => self.0.verify::<Sha256>(message, signature),
                    Scheme::EcdsaSha384 => self.0.verify::<Sha384>(message, signature),
                    Scheme::EcdsaSha512 => self.0.verify::<Sha512>(message, signature),
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
    fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8]) -> Option<bool> {
        let is_ed25519 = scheme == Scheme::Ed25519;
        is_ed25519.then(|| self.0.verify(signature, &contiguous(message)).is_ok())
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
    fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8]) -> Option<bool> {
        let message = &contiguous(message);
        let verdict = match scheme {
            Scheme::RsaPkcs1Sha256 => self.0.verify_pkcs1_sha256(signature, message),
            Scheme::RsaPkcs1Sha384 => self.0.verify_pkcs1_sha384(signature, message),
            Scheme::RsaPkcs1Sha512 => self.0.verify_pkcs1_sha512(signature, message),
            Scheme::RsaPssSha256 | Scheme::RsaPss { hash: Hash::Sha256, salt_len: 32 } => {
                self.0.verify_pss_sha256(signature, message)
            }
            Scheme::RsaPssSha384 | Scheme::RsaPss { hash: Hash::Sha384, salt_len: 48 } => {
                self.0.verify_pss_sha384(signature, message)
            }
            Scheme::RsaPssSha512 | Scheme::RsaPss { hash: Hash::Sha512, salt_len: 64 } => {
                self.0.verify_pss_sha512(signature, message)
            }
            _ => return None,
        };
        Some(verdict.is_ok())
    }
}
