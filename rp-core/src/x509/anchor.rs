//! Trust anchors: a name and a key (RFC 5280 section 6.1.1, input d).

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use super::certificate::{Certificate, CertificateError};
use super::name::Name;
use crate::crypto::{Key, SpkiError};

/// What a path may end in: a name and a key, whatever certificate they were taken from.
///
/// Dates, extensions and signature of that certificate are not judged, so an anchor may be a root, an
/// intermediate or the attestation certificate itself. Cheap to clone; the key is read once.
#[derive(Clone)]
pub struct TrustAnchor(Arc<Parts>);

struct Parts {
    name: Name,
    spki: Box<[u8]>,
    key: Result<Key, SpkiError>,
}

impl TrustAnchor {
    /// An anchor from a name and a `SubjectPublicKeyInfo`.
    ///
    /// A key that this build cannot verify with is no error: the anchor still stands for a leaf that is it.
    #[must_use]
    pub fn new(name: Name, spki: &[u8]) -> Self {
        Self(Arc::new(Parts { name, spki: spki.into(), key: Key::from_spki(spki) }))
    }

    /// The name and key of a certificate.
    #[must_use]
    pub fn from_certificate(certificate: &Certificate) -> Self {
        Self::new(certificate.subject().clone(), certificate.spki())
    }

    /// The name and key of a certificate in DER, read as [`Certificate::from_der_lenient`] reads.
    ///
    /// # Errors
    /// [`CertificateError`] where there is no name or no key.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        Certificate::from_der_lenient(der).map(|certificate| Self::from_certificate(&certificate))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.0.name
    }

    /// The key, as `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// Whether the certificate has this name and this key, and so is the anchor.
    #[must_use]
    pub fn is(&self, certificate: &Certificate) -> bool {
        self.spki() == certificate.spki() && self.name() == certificate.subject()
    }

    pub(super) fn key(&self) -> Result<&Key, &SpkiError> {
        self.0.key.as_ref()
    }
}

impl PartialEq for TrustAnchor {
    fn eq(&self, other: &Self) -> bool {
        self.spki() == other.spki() && self.name() == other.name()
    }
}

impl Eq for TrustAnchor {}

impl fmt::Debug for TrustAnchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustAnchor({})", self.name())
    }
}
