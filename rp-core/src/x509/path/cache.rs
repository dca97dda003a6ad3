//! Intermediate certificates whose signatures were verified before.

use alloc::sync::Arc;

use crate::cache::Cache;
use crate::x509::certificate::Certificate;

/// Intermediate certificates of valid paths, each with the key that verified its signature.
///
/// Models share a few intermediates, so that most paths need one signature check less. An entry says only that this key
/// verified the signature of this certificate, byte for byte. Names, validity, constraints, policies and revocation are
/// checked for each path. Leaves are not kept: many are used for one registration.
///
/// Without the feature `std` it is always empty.
#[derive(Debug)]
pub struct CertificateCache(Cache<Tail, Verified>);

/// The last bytes of a certificate, which belong to its signature: entries are found by them and compared as a whole.
type Tail = [u8; 32];

#[derive(Clone)]
pub(super) struct Verified {
    pub(super) certificate: Certificate,
    /// The SubjectPublicKeyInfo of the key that verified the signature.
    pub(super) issuer: Arc<[u8]>,
}

impl CertificateCache {
    /// The default capacity. FIDO's metadata list some 300 anchors, with fewer intermediates; an entry has some 4 KB.
    pub const CAPACITY: usize = 256;

    /// A cache of at most this many certificates, rounded up to an even number; with 0 it is always empty.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// The certificate of this DER, if its signature was verified before.
    pub(super) fn get(&self, der: &[u8]) -> Option<Verified> {
        self.0.get(der.last_chunk::<32>()?).filter(|verified| verified.certificate.der() == der)
    }

    /// Keeps a certificate whose signature the key of `issuer`, a SubjectPublicKeyInfo, has verified.
    pub(super) fn keep(&self, certificate: &Certificate, issuer: &[u8]) {
        if let Some(tail) = certificate.der().last_chunk()
            && !self.0.is_off()
        {
            self.0.insert(*tail, Verified { certificate: certificate.clone(), issuer: issuer.into() });
        }
    }
}
