//! Trust anchors: a name and a key (RFC 5280 section 6.1.1, input d).

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::certificate::{Certificate, CertificateError};
use super::name::Name;
use crate::crypto::{Key, SpkiError};
use crate::error::Code;

/// The end of a path: a name and a key, regardless of the certificate they were taken from.
///
/// Dates, extensions and signature of that certificate are not checked, so an anchor may be a root, an intermediate or
/// the attestation certificate itself. Cheap to clone; the key is read once.
#[derive(Clone)]
pub struct TrustAnchor(Arc<Parts>);

struct Parts {
    name: Name,
    spki: Box<[u8]>,
    key: Result<Key, SpkiError>,
    /// The certificate that name and key were taken from.
    certificate: Option<Certificate>,
}

/// Why a PEM file is not a trust anchor.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// A section has no end, or is not base64.
    #[error("not PEM: {detail}")]
    Syntax {
        /// The message of the PEM reader.
        detail: String,
    },
    /// The number of `CERTIFICATE` sections is not one.
    #[error("{got} PEM certificates instead of one{}", hint(*got))]
    Count {
        /// The number of sections.
        got: usize,
    },
    /// A certificate cannot be read.
    #[error("certificate {index}: {source}")]
    Certificate {
        /// The number of the section, from 0.
        index: usize,
        /// The reason.
        source: CertificateError,
    },
}

/// Prints the message: programs that return the error from `main` show it by `Debug`.
impl fmt::Debug for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn hint(got: usize) -> &'static str {
    if got == 0 { "; a DER file is read by `from_der`" } else { "; `all_from_pem` reads several" }
}

impl PemError {
    /// [`Code::MalformedCertificate`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::MalformedCertificate
    }
}

impl TrustAnchor {
    /// An anchor from a name and a `SubjectPublicKeyInfo`.
    ///
    /// A key that this build cannot verify with is not an error: the anchor still matches a leaf with this name and key.
    #[must_use]
    pub fn new(name: Name, spki: &[u8]) -> Self {
        Self::from_parts(name, spki, None)
    }

    fn from_parts(name: Name, spki: &[u8], certificate: Option<Certificate>) -> Self {
        Self(Arc::new(Parts { name, spki: spki.into(), key: Key::from_spki(spki), certificate }))
    }

    /// The name and key of a certificate.
    #[must_use]
    pub fn from_certificate(certificate: &Certificate) -> Self {
        Self::from_parts(certificate.subject().clone(), certificate.spki(), Some(certificate.clone()))
    }

    /// The name and key of a certificate in DER, read with [`Certificate::from_der_lenient`].
    ///
    /// # Errors
    /// [`CertificateError`] if the name or the key cannot be read.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        Certificate::from_der_lenient(der).map(|certificate| Self::from_certificate(&certificate))
    }

    /// The name and key of the certificate in a PEM file (RFC 7468), read with [`Certificate::from_der_lenient`].
    /// Text around it and sections of other kinds are ignored.
    ///
    /// # Errors
    /// [`PemError`] if there is not exactly one certificate, or if it cannot be read.
    ///
    /// # Examples
    /// ```
    /// use rp_core::TrustAnchor;
    ///
    /// let root = TrustAnchor::from_pem(include_bytes!("../../testdata/root.pem"))?;
    /// assert_eq!(root.name().to_string(), "O=Example, CN=Example Attestation Root");
    /// # Ok::<(), rp_core::x509::PemError>(())
    /// ```
    pub fn from_pem(pem: &[u8]) -> Result<Self, PemError> {
        let mut anchors = Self::all_from_pem(pem)?;
        match (anchors.pop(), anchors.len()) {
            (Some(anchor), 0) => Ok(anchor),
            (Some(_), others) => Err(PemError::Count { got: others.saturating_add(1) }),
            (None, _) => Err(PemError::Count { got: 0 }),
        }
    }

    /// The names and keys of all certificates in a PEM file, in its order; none if it has no certificate.
    ///
    /// # Errors
    /// [`PemError`] if one of them cannot be read.
    pub fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>, PemError> {
        let anchor = |(index, section): (usize, Result<CertificateDer<'_>, _>)| {
            let der = section.map_err(|error: rustls_pki_types::pem::Error| PemError::Syntax {
                detail: error.to_string(),
            })?;
            Self::from_der(&der).map_err(|source| PemError::Certificate { index, source })
        };
        CertificateDer::pem_slice_iter(pem).enumerate().map(anchor).collect()
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

    /// Whether the certificate has this name and this key, and is therefore the anchor.
    #[must_use]
    pub fn is(&self, certificate: &Certificate) -> bool {
        self.spki() == certificate.spki() && self.name() == certificate.subject()
    }

    /// Whether the anchor was taken from this very certificate, byte for byte.
    pub(super) fn is_exactly(&self, certificate: &Certificate) -> bool {
        self.0.certificate.as_ref().is_some_and(|own| own.der() == certificate.der())
    }

    pub(super) fn key(&self) -> Result<&Key, &SpkiError> {
        self.0.key.as_ref()
    }
}

impl From<&Certificate> for TrustAnchor {
    fn from(certificate: &Certificate) -> Self {
        Self::from_certificate(certificate)
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

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    const ROOT: &str = include_str!("../../testdata/root.pem");

    #[test]
    fn a_pem_file_has_one_certificate_or_all_are_asked_for() {
        let root = TrustAnchor::from_pem(ROOT.as_bytes()).unwrap();
        let two = [ROOT, "other text\n", ROOT].concat();
        assert_eq!(TrustAnchor::from_pem(two.as_bytes()), Err(PemError::Count { got: 2 }));
        assert_eq!(TrustAnchor::all_from_pem(two.as_bytes()), Ok([root.clone(), root].into()));
        assert_eq!(TrustAnchor::from_pem(b"no certificate"), Err(PemError::Count { got: 0 }));
        assert_eq!(TrustAnchor::all_from_pem(b""), Ok(Vec::new()));
        let message = |pem: &str| format!("{:?}", TrustAnchor::from_pem(pem.as_bytes()).unwrap_err());
        let hint = "; `all_from_pem` reads several";
        assert_eq!(message(&two), format!("2 PEM certificates instead of one{hint}"));
        let hint = "; a DER file is read by `from_der`";
        assert_eq!(message(""), format!("0 PEM certificates instead of one{hint}"));
    }

    #[test]
    fn anchors_are_equal_in_name_and_key_and_print_the_name() {
        let root = TrustAnchor::from_pem(ROOT.as_bytes()).unwrap();
        assert_eq!(format!("{root:?}"), "TrustAnchor(O=Example, CN=Example Attestation Root)");
        let name = Name::from_der(&[0x30, 0]).unwrap();
        assert_eq!(root, TrustAnchor::new(root.name().clone(), root.spki()));
        assert_ne!(root, TrustAnchor::new(name, root.spki()));
        assert_ne!(root, TrustAnchor::new(root.name().clone(), &[]));
    }

    #[test]
    fn a_pem_file_that_cannot_be_read_is_an_error() {
        let cut = ROOT.split("-----END").next().unwrap();
        assert!(matches!(TrustAnchor::from_pem(cut.as_bytes()), Err(PemError::Syntax { .. })));
        let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let error = TrustAnchor::from_pem([ROOT, other].concat().as_bytes()).unwrap_err();
        assert!(matches!(error, PemError::Certificate { index: 1, .. }), "{error}");
        let key = ROOT.replace("CERTIFICATE", "PUBLIC KEY");
        assert_eq!(TrustAnchor::from_pem(key.as_bytes()), Err(PemError::Count { got: 0 }));
    }
}
