//! Keys of `aws-lc-rs`: P-256, P-384, P-521, Ed25519 and RSA.
//!
//! Signatures come here after their form was checked. RSASSA-PKCS1-v1_5 with SHA-1, and RSASSA-PSS with a salt that is
//! not as long as the hash, are left to the portable back end. An Ed25519 signature whose R is of small order, which
//! AWS-LC accepts, is rejected before.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use std::sync::OnceLock;

use ::aws_lc_rs::signature::{self as algorithms, ParsedPublicKey, VerificationAlgorithm};

use super::backend::Backend;
use super::fast_key::{Fast, FastKey};
use super::hash::{Hash, contiguous};
use super::parameters::Curve;
use super::scheme::Scheme;

/// An elliptic curve key from its uncompressed point.
pub(super) fn ec(curve: Curve, sec1: &[u8]) -> Fast {
    match curve {
        Curve::P256 => AwsLcKey::with(Kind::P256, Scheme::EcdsaSha256, sec1),
        Curve::P384 => AwsLcKey::with(Kind::P384, Scheme::EcdsaSha384, sec1),
        Curve::P521 => AwsLcKey::with(Kind::P521, Scheme::EcdsaSha512, sec1),
        Curve::Secp256k1 => None,
    }
}

/// An Ed25519 key from its encoding. AWS-LC decodes the point only when it verifies, so that it is decoded here too: no
/// key is made of bytes that are not a point.
#[cfg(feature = "eddsa")]
pub(super) fn ed25519(x: &[u8; 32]) -> Fast {
    let _ = ed25519_dalek::VerifyingKey::from_bytes(x).ok()?;
    AwsLcKey::with(Kind::Ed25519, Scheme::Ed25519, x)
}

/// An RSA key whose size and parity were checked, in the DER of PKCS #1.
#[cfg(feature = "_rsa")]
pub(super) fn rsa(pkcs1: &[u8]) -> Fast {
    AwsLcKey::with(Kind::Rsa, Scheme::RsaPkcs1Sha256, pkcs1)
}

/// A key that is parsed once for each of its schemes, because AWS-LC's parsed key has one hash and padding.
struct AwsLcKey {
    kind: Kind,
    encoded: Box<[u8]>,
    /// In the order of [`Kind::algorithms`].
    parsed: [OnceLock<Option<ParsedPublicKey>>; 6],
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    P256,
    P384,
    P521,
    #[cfg(feature = "eddsa")]
    Ed25519,
    #[cfg(feature = "_rsa")]
    Rsa,
}

type Algorithms = &'static [(Scheme, &'static dyn VerificationAlgorithm)];

impl Kind {
    fn algorithms(self) -> Algorithms {
        match self {
            Self::P256 => &[
                (Scheme::EcdsaSha256, &algorithms::ECDSA_P256_SHA256_ASN1),
                (Scheme::EcdsaSha384, &algorithms::ECDSA_P256_SHA384_ASN1),
                (Scheme::EcdsaSha512, &algorithms::ECDSA_P256_SHA512_ASN1),
            ],
            Self::P384 => &[
                (Scheme::EcdsaSha256, &algorithms::ECDSA_P384_SHA256_ASN1),
                (Scheme::EcdsaSha384, &algorithms::ECDSA_P384_SHA384_ASN1),
                (Scheme::EcdsaSha512, &algorithms::ECDSA_P384_SHA512_ASN1),
            ],
            Self::P521 => &[
                (Scheme::EcdsaSha256, &algorithms::ECDSA_P521_SHA256_ASN1),
                (Scheme::EcdsaSha384, &algorithms::ECDSA_P521_SHA384_ASN1),
                (Scheme::EcdsaSha512, &algorithms::ECDSA_P521_SHA512_ASN1),
            ],
            #[cfg(feature = "eddsa")]
            Self::Ed25519 => &[(Scheme::Ed25519, &algorithms::ED25519)],
            #[cfg(feature = "_rsa")]
            Self::Rsa => &[
                (Scheme::RsaPkcs1Sha256, &algorithms::RSA_PKCS1_2048_8192_SHA256),
                (Scheme::RsaPkcs1Sha384, &algorithms::RSA_PKCS1_2048_8192_SHA384),
                (Scheme::RsaPkcs1Sha512, &algorithms::RSA_PKCS1_2048_8192_SHA512),
                (Scheme::RsaPssSha256, &algorithms::RSA_PSS_2048_8192_SHA256),
                (Scheme::RsaPssSha384, &algorithms::RSA_PSS_2048_8192_SHA384),
                (Scheme::RsaPssSha512, &algorithms::RSA_PSS_2048_8192_SHA512),
            ],
        }
    }
}

impl AwsLcKey {
    /// A key that AWS-LC can parse for this scheme.
    fn with(kind: Kind, scheme: Scheme, encoded: &[u8]) -> Fast {
        let key = Self { kind, encoded: encoded.into(), parsed: [const { OnceLock::new() }; 6] };
        key.parsed(scheme)?;
        Some(Arc::new(key))
    }

    fn parsed(&self, scheme: Scheme) -> Option<&ParsedPublicKey> {
        let (at, (_, algorithm)) =
            self.kind.algorithms().iter().enumerate().find(|(_, (of, _))| *of == scheme)?;
        let parse = || ParsedPublicKey::new(*algorithm, &self.encoded).ok();
        self.parsed.get(at)?.get_or_init(parse).as_ref()
    }
}

impl fmt::Debug for AwsLcKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "aws_lc_rs::{:?}", self.kind)
    }
}

impl FastKey for AwsLcKey {
    fn backend(&self) -> Backend {
        Backend::AwsLcRs
    }

    fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8], _: &[u8]) -> Option<bool> {
        let scheme = match scheme {
            Scheme::RsaPss { hash: Hash::Sha256, salt_len: 32 } => Scheme::RsaPssSha256,
            Scheme::RsaPss { hash: Hash::Sha384, salt_len: 48 } => Scheme::RsaPssSha384,
            Scheme::RsaPss { hash: Hash::Sha512, salt_len: 64 } => Scheme::RsaPssSha512,
            other => other,
        };
        let key = self.parsed(scheme)?;
        Some(contiguous(message, |message| key.verify_sig(message, signature).is_ok()))
    }
}
