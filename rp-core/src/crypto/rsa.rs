//! RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017).

use alloc::boxed::Box;
use alloc::sync::Arc;

use ::rsa::traits::SignatureScheme;
use ::rsa::{BoxedUint, Pkcs1v15Sign, Pss, PublicKey};
use sha2::{Sha256, Sha384, Sha512};

use super::backend::Backend;
use super::fast;
use super::fast_key::FastKey;
use super::hash::Hash;
use super::parameters::{KeyError, RsaLimits};
use super::scheme::{Error, Scheme};

#[derive(Clone, Debug)]
pub(super) struct RsaKey {
    n: Box<[u8]>,
    e: Box<[u8]>,
    numbers: Numbers,
}

/// Modulus and exponent in the form for the arithmetic.
#[derive(Clone, Debug)]
enum Numbers {
    Portable(PublicKey),
    Fast(Arc<dyn FastKey>),
}

impl PartialEq for RsaKey {
    fn eq(&self, other: &Self) -> bool {
        self.n == other.n && self.e == other.e
    }
}

impl Eq for RsaKey {}

impl RsaKey {
    /// A key from numbers without leading zeros whose size and parity were checked.
    pub(super) fn new(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let numbers = match fast::rsa(n, e, None) {
            Some(key) => Numbers::Fast(key),
            None => Numbers::Portable(portable(n, e)?),
        };
        Ok(Self { n: n.into(), e: e.into(), numbers })
    }

    /// The same key for one back end, if it has such keys.
    pub(super) fn on(&self, backend: Backend) -> Option<Self> {
        let numbers = match backend {
            Backend::RustCrypto => Numbers::Portable(portable(&self.n, &self.e).ok()?),
            _ => Numbers::Fast(fast::rsa(&self.n, &self.e, Some(backend))?),
        };
        Some(Self { numbers, ..self.clone() })
    }

    pub(super) fn backend(&self) -> Backend {
        match self.numbers {
            Numbers::Portable(_) => Backend::RustCrypto,
            Numbers::Fast(ref key) => key.backend(),
        }
    }

    pub(super) fn modulus(&self) -> &[u8] {
        &self.n
    }

    pub(super) fn exponent(&self) -> &[u8] {
        &self.e
    }

    pub(super) fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
        if let Numbers::Fast(ref key) = self.numbers
            && self.has_form(signature)
            && let Some(is_valid) = key.verify(scheme, message, signature, signature)
        {
            return if is_valid { Ok(()) } else { Err(Error::Mismatch) };
        }
        match scheme {
            #[cfg(feature = "rs1")]
            Scheme::RsaPkcs1Sha1 => {
                self.check(scheme, Pkcs1v15Sign::new::<sha1::Sha1>(), Hash::Sha1, message, signature)
            }
            #[cfg(not(feature = "rs1"))]
            Scheme::RsaPkcs1Sha1 => Err(Error::NotBuilt { scheme }),
            Scheme::RsaPkcs1Sha256 => {
                self.check(scheme, Pkcs1v15Sign::new::<Sha256>(), Hash::Sha256, message, signature)
            }
            Scheme::RsaPkcs1Sha384 => {
                self.check(scheme, Pkcs1v15Sign::new::<Sha384>(), Hash::Sha384, message, signature)
            }
            Scheme::RsaPkcs1Sha512 => {
                self.check(scheme, Pkcs1v15Sign::new::<Sha512>(), Hash::Sha512, message, signature)
            }
            // `Pss::new` accepts a salt as long as the hash, and no other.
            Scheme::RsaPssSha256 => {
                self.check(scheme, Pss::<Sha256>::new(), Hash::Sha256, message, signature)
            }
            Scheme::RsaPssSha384 => {
                self.check(scheme, Pss::<Sha384>::new(), Hash::Sha384, message, signature)
            }
            Scheme::RsaPssSha512 => {
                self.check(scheme, Pss::<Sha512>::new(), Hash::Sha512, message, signature)
            }
            Scheme::RsaPss { hash, salt_len } => {
                let salt_len = usize::from(salt_len);
                match hash {
                    Hash::Sha1 => Err(Error::NotBuilt { scheme }),
                    Hash::Sha256 => {
                        self.check(scheme, Pss::<Sha256>::new_with_salt(salt_len), hash, message, signature)
                    }
                    Hash::Sha384 => {
                        self.check(scheme, Pss::<Sha384>::new_with_salt(salt_len), hash, message, signature)
                    }
                    Hash::Sha512 => {
                        self.check(scheme, Pss::<Sha512>::new_with_salt(salt_len), hash, message, signature)
                    }
                }
            }
            _ => Err(Error::KeyMismatch { scheme, key: "an RSA key" }),
        }
    }

    /// A signature is as long as the modulus and less than it.
    fn has_form(&self, signature: &[u8]) -> bool {
        signature.len() == self.n.len() && *signature < *self.n
    }

    fn check(
        &self,
        scheme: Scheme,
        padding: impl SignatureScheme,
        hash: Hash,
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), Error> {
        if !self.has_form(signature) {
            return Err(Error::Form { scheme });
        }
        let hash = hash.digest(message);
        let verdict = match self.numbers {
            Numbers::Portable(ref key) => key.verify(padding, &hash, signature),
            // The faster back end does not have the scheme. The numbers were accepted, so that this does not fail.
            Numbers::Fast(_) => match portable(&self.n, &self.e) {
                Ok(key) => key.verify(padding, &hash, signature),
                Err(_) => return Err(Error::Mismatch),
            },
        };
        verdict.map_err(|_| Error::Mismatch)
    }
}

/// The key for the portable back end.
fn portable(n: &[u8], e: &[u8]) -> Result<PublicKey, KeyError> {
    let (modulus, exponent) = (BoxedUint::from_be_slice_vartime(n), BoxedUint::from_be_slice_vartime(e));
    let RsaLimits { max_bits, .. } = RsaLimits::DEFAULT;
    // The only error left is an exponent that is not less than the modulus.
    PublicKey::new_with_size_limits(modulus, exponent, 0..=max_bits).map_err(|_| KeyError::Exponent)
}
