//! ML-DSA (FIPS 204), with an empty context and without prehash, as RFC 9964 uses it in COSE.

use alloc::boxed::Box;

use ::ml_dsa::{MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Signature, VerifyingKey};

use super::parameters::MlDsaSet;
use super::scheme::{Error, Scheme};

/// A key in its encoding. Its expanded form, tens of kilobytes, is computed for each verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MlDsaKey {
    set: MlDsaSet,
    public: Box<[u8]>,
}

impl MlDsaKey {
    /// A key whose length has been checked.
    pub(super) fn new(set: MlDsaSet, public: &[u8]) -> Self {
        Self { set, public: public.into() }
    }

    pub(super) fn set(&self) -> MlDsaSet {
        self.set
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.public
    }

    pub(super) fn verify(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match (self.set, scheme) {
            (MlDsaSet::MlDsa44, Scheme::MlDsa44) => self.check::<MlDsa44>(scheme, message, signature),
            (MlDsaSet::MlDsa65, Scheme::MlDsa65) => self.check::<MlDsa65>(scheme, message, signature),
            (MlDsaSet::MlDsa87, Scheme::MlDsa87) => self.check::<MlDsa87>(scheme, message, signature),
            (MlDsaSet::MlDsa44, _) => Err(Error::KeyMismatch { scheme, key: "an ML-DSA-44 key" }),
            (MlDsaSet::MlDsa65, _) => Err(Error::KeyMismatch { scheme, key: "an ML-DSA-65 key" }),
            (MlDsaSet::MlDsa87, _) => Err(Error::KeyMismatch { scheme, key: "an ML-DSA-87 key" }),
        }
    }

    fn check<P: MlDsaParams>(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let signature = Signature::<P>::try_from(signature).map_err(|_| Error::Form { scheme })?;
        // The length was checked when the key was made.
        let encoded = (&*self.public).try_into().map_err(|_| Error::NotBuilt { scheme })?;
        let key = VerifyingKey::<P>::decode(encoded);
        if key.verify_with_context(message, &[], &signature) { Ok(()) } else { Err(Error::Mismatch) }
    }
}
