//! RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017).

use alloc::boxed::Box;

use ::rsa::traits::SignatureScheme;
use ::rsa::{BoxedUint, Pkcs1v15Sign, Pss, PublicKey};
use sha2::{Sha256, Sha384, Sha512};

use super::hash::Hash;
use super::parameters::{KeyError, RsaLimits};
use super::scheme::{Error, Scheme};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RsaKey {
    key: PublicKey,
    n: Box<[u8]>,
    e: Box<[u8]>,
}

impl RsaKey {
    /// A key from numbers without leading zeros whose size and parity were checked.
    pub(super) fn new(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let (modulus, exponent) = (BoxedUint::from_be_slice_vartime(n), BoxedUint::from_be_slice_vartime(e));
        let RsaLimits { max_bits, .. } = RsaLimits::DEFAULT;
        // The only error left is an exponent that is not less than the modulus.
        let key = PublicKey::new_with_size_limits(modulus, exponent, 0..=max_bits)
            .map_err(|_| KeyError::Exponent)?;
        Ok(Self { key, n: n.into(), e: e.into() })
    }

    pub(super) fn modulus(&self) -> &[u8] {
        &self.n
    }

    pub(super) fn exponent(&self) -> &[u8] {
        &self.e
    }

    pub(super) fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
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

    fn check(
        &self,
        scheme: Scheme,
        padding: impl SignatureScheme,
        hash: Hash,
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), Error> {
        // A signature is as long as the modulus and less than it.
        if signature.len() != self.n.len() || *signature >= *self.n {
            return Err(Error::Form { scheme });
        }
        self.key.verify(padding, &hash.digest(message), signature).map_err(|_| Error::Mismatch)
    }
}
