//! The choice of a back end for a key: the first of [`Backend::ALL`] that is enabled and has it.
//!
//! `only` asks for one back end, for tests that compare them.

use super::backend::Backend;
use super::fast_key::Fast;
#[cfg(feature = "_fast")]
use super::parameters::Curve;

/// A way to make a key for a back end.
type Make<'a> = (Backend, &'a dyn Fn() -> Fast);

fn first(only: Option<Backend>, makes: &[Make<'_>]) -> Fast {
    let is_wanted = |backend: Backend| only.is_none_or(|only| only == backend) && backend.is_available();
    makes.iter().filter(|(backend, _)| is_wanted(*backend)).find_map(|(_, make)| make())
}

/// An elliptic curve key from its uncompressed point, which the portable back end has accepted.
#[cfg(feature = "_fast")]
pub(super) fn ec(curve: Curve, sec1: &[u8], only: Option<Backend>) -> Fast {
    let _ = (curve, sec1);
    first(
        only,
        &[
            #[cfg(feature = "aws-lc-rs")]
            (Backend::AwsLcRs, &|| super::aws_lc::ec(curve, sec1)),
            #[cfg(all(feature = "graviola", any(target_arch = "x86_64", target_arch = "aarch64")))]
            (Backend::Graviola, &|| super::graviola::ec(curve, sec1)),
        ],
    )
}

/// An Ed25519 key from the canonical encoding of a point that is not of small order.
#[cfg(feature = "eddsa")]
pub(super) fn ed25519(x: &[u8; 32], only: Option<Backend>) -> Fast {
    let _ = x;
    first(
        only,
        &[
            #[cfg(feature = "aws-lc-rs")]
            (Backend::AwsLcRs, &|| super::aws_lc::ed25519(x)),
            #[cfg(all(feature = "graviola", any(target_arch = "x86_64", target_arch = "aarch64")))]
            (Backend::Graviola, &|| super::graviola::ed25519(x)),
        ],
    )
}

/// An RSA key from numbers without leading zeros whose size and parity were checked.
#[cfg(feature = "_rsa")]
pub(super) fn rsa(n: &[u8], e: &[u8], only: Option<Backend>) -> Fast {
    // Back ends differ about a modulus that is not a whole number of bytes.
    let _ = n.first().filter(|first| **first & 0x80 != 0)?;
    let _ = e;
    first(
        only,
        &[
            #[cfg(feature = "aws-lc-rs")]
            (Backend::AwsLcRs, &|| super::aws_lc::rsa(&super::parameters::rsa_pkcs1(n, e)?)),
            #[cfg(all(feature = "graviola", any(target_arch = "x86_64", target_arch = "aarch64")))]
            (Backend::Graviola, &|| super::graviola::rsa(n, e)),
        ],
    )
}
