//! Roots of the signer: a set, since they change.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rp_core::TrustAnchor;
use rp_core::crypto;
use rp_core::x509::CertificateError;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};

/// Roots of the FIDO Alliance's signers so far, by the SHA-256 hashes of their certificates.
///
/// The certificates come from the operator, or from the system's store: [`Roots::system`].
pub const KNOWN_ROOTS: [KnownRoot; 2] = [
    KnownRoot {
        name: "GlobalSign Root CA - R3",
        sha256: "cbb522d7b7f127ad6a0113865bdf1cd4102e7d0759af635a7cf4720dc963c53b",
    },
    KnownRoot {
        name: "GlobalSign Root R46",
        sha256: "4fa3126d8d3a11d1c4855a4f807cbad6cf919d3a5a88b03bea2c6372d93c40c9",
    },
];

/// A root by its fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownRoot {
    /// Its name.
    pub name: &'static str,
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub sha256: &'static str,
}

/// A set of roots that a signer's path may end in.
#[derive(Clone, Debug, Default)]
pub struct Roots(Vec<TrustAnchor>);

/// Why roots could not be loaded.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RootsError {
    /// A file could not be read.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        error: io::Error,
    },
    /// A certificate could not be parsed.
    #[error("certificate {index}: {error}")]
    Certificate {
        /// Its index.
        index: usize,
        /// The cause.
        #[source]
        error: CertificateError,
    },
    /// A PEM file could not be parsed.
    #[error("PEM: {0}")]
    Pem(#[source] pem::Error),
    /// The input contains no certificate.
    #[error("no certificate")]
    Empty,
    /// The system's store contains none of the known roots, or the system has no store.
    #[error("the system's certificate store contains none of the known roots of FIDO's signer")]
    NoneKnown,
}

/// Prints the message: programs that return the error from `main` show it by `Debug`.
impl fmt::Debug for RootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Roots {
    /// A set of these roots.
    #[must_use]
    pub fn new(anchors: Vec<TrustAnchor>) -> Self {
        Self(anchors)
    }

    /// The certificates of a file's content: one in DER, or any number in PEM.
    ///
    /// # Errors
    /// Returns [`RootsError`] if one cannot be parsed, or without any.
    pub fn from_certificates(bytes: &[u8]) -> Result<Self, RootsError> {
        let anchors = certificates(bytes)?.into_iter().enumerate().map(|(index, der)| {
            TrustAnchor::from_der(&der).map_err(|error| RootsError::Certificate { index, error })
        });
        anchors.collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// The certificates of a file: one in DER, or any number in PEM.
    ///
    /// # Errors
    /// Returns [`RootsError`] if the file cannot be read or parsed, or contains no certificate.
    pub fn read(path: &Path) -> Result<Self, RootsError> {
        let bytes = std::fs::read(path).map_err(|error| RootsError::Io { path: path.into(), error })?;
        Self::from_certificates(&bytes)
    }

    /// The [`KNOWN_ROOTS`] in the system's certificate store, which the environment variables `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` may replace.
    ///
    /// # Errors
    /// Returns [`RootsError::NoneKnown`] if the store contains none of them.
    pub fn system() -> Result<Self, RootsError> {
        // A file that cannot be read is not an error if another one contains a known root.
        Self::known_among(&system_store())
    }

    /// The known roots among certificates in DER; those that cannot be parsed are ignored.
    fn known_among(certificates: &[CertificateDer<'_>]) -> Result<Self, RootsError> {
        let is_known = |der: &&CertificateDer<'_>| {
            let fingerprint = hexadecimal(&crypto::sha256(&[der]));
            KNOWN_ROOTS.iter().any(|root| root.sha256 == fingerprint)
        };
        let known = certificates.iter().filter(is_known);
        let roots: Vec<_> = known.filter_map(|der| TrustAnchor::from_der(der).ok()).collect();
        if roots.is_empty() { Err(RootsError::NoneKnown) } else { Ok(Self::default().and(Self(roots))) }
    }

    /// The union of two sets.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for anchor in other.0 {
            if !self.0.contains(&anchor) {
                self.0.push(anchor);
            }
        }
        self
    }

    /// The roots.
    #[must_use]
    pub fn anchors(&self) -> &[TrustAnchor] {
        &self.0
    }
}

/// The certificates of the system's store.
#[cfg(not(target_family = "wasm"))]
fn system_store() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// WebAssembly has no certificate store.
#[cfg(target_family = "wasm")]
const fn system_store() -> Vec<CertificateDer<'static>> {
    Vec::new()
}

/// The certificates in DER of a file in DER or PEM.
fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'_>>, RootsError> {
    let is_pem = str::from_utf8(bytes).is_ok_and(|text| text.contains("-----BEGIN"));
    let certificates = match is_pem {
        true => CertificateDer::pem_slice_iter(bytes).collect::<Result<_, _>>().map_err(RootsError::Pem)?,
        false if bytes.is_empty() => Vec::new(),
        false => vec![CertificateDer::from(bytes)],
    };
    if certificates.is_empty() { Err(RootsError::Empty) } else { Ok(certificates) }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use rp_core::trust::roots::{GLOBALSIGN_R3, GLOBALSIGN_R46};

    use super::*;

    #[test]
    fn known_roots_are_selected_by_fingerprint() {
        let der = |der: &[u8]| CertificateDer::from(der.to_vec());
        let (r3, r46) = (der(GLOBALSIGN_R3.der()), der(GLOBALSIGN_R46.der()));
        let count = |store: &[CertificateDer<'_>]| Roots::known_among(store).map(|roots| roots.0.len());
        assert_eq!(count(&[r3.clone(), der(b"not a certificate")]).unwrap(), 1);
        assert_eq!(count(&[r3.clone(), r46, r3]).unwrap(), 2);
        assert!(matches!(count(&[]), Err(RootsError::NoneKnown)));
    }

    #[test]
    fn a_file_has_one_certificate_in_der_or_several_in_pem() {
        let pem = |der: &[u8]| {
            let body = rp_core::base64url::encode(der).replace('-', "+").replace('_', "/");
            let padding = "=".repeat(body.len().next_multiple_of(4) - body.len());
            format!("-----BEGIN CERTIFICATE-----\n{body}{padding}\n-----END CERTIFICATE-----\n")
        };
        let both = format!("GlobalSign\n{}{}", pem(GLOBALSIGN_R3.der()), pem(GLOBALSIGN_R46.der()));
        let count = |bytes: &[u8]| Roots::from_certificates(bytes).map(|roots| roots.0.len());
        assert_eq!(count(both.as_bytes()).unwrap(), 2);
        assert_eq!(count(GLOBALSIGN_R3.der()).unwrap(), 1);
        assert!(matches!(count(b""), Err(RootsError::Empty)));
        assert!(matches!(count(b"-----BEGIN CERTIFICATE-----\n*"), Err(RootsError::Pem(_))));
        assert!(matches!(count(b"text"), Err(RootsError::Certificate { index: 0, .. })));
    }
}
