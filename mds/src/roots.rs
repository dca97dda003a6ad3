//! Roots of the signer: a set, since they change.

use std::io;
use std::path::{Path, PathBuf};

use rp_core::TrustAnchor;
use rp_core::crypto;
use rp_core::x509::CertificateError;

use crate::base64;

/// Roots that the Alliance's signer has been seen under, by the SHA-256 of their certificates.
///
/// The certificates themselves come from the operator, or from the system's store: [`Roots::of_the_system`].
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

/// A root that is known by its fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownRoot {
    /// What it is called.
    pub name: &'static str,
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub sha256: &'static str,
}

/// What a signer's path may end in.
#[derive(Clone, Debug, Default)]
pub struct Roots(Vec<TrustAnchor>);

/// Why roots could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RootsError {
    /// A file could not be read.
    #[error("{path}: {error}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A certificate could not be read.
    #[error("certificate {index}: {error}")]
    Certificate {
        /// Its place, counted from 0.
        index: usize,
        /// Why.
        #[source]
        error: CertificateError,
    },
    /// A part of a PEM file is not base64.
    #[error("certificate {index}: not base64")]
    Base64 {
        /// Its place, counted from 0.
        index: usize,
    },
    /// There is no certificate.
    #[error("no certificate")]
    Empty,
    /// The system's store has none of the known roots, or there is no store.
    #[error("the system's store has none of the roots that FIDO's signer is known under")]
    NoneKnown,
}

impl Roots {
    /// These roots.
    #[must_use]
    pub fn new(anchors: Vec<TrustAnchor>) -> Self {
        Self(anchors)
    }

    /// The certificates of a file: one in DER, or any number in PEM.
    ///
    /// # Errors
    /// [`RootsError`] where one cannot be read, or there is none.
    pub fn from_certificates(bytes: &[u8]) -> Result<Self, RootsError> {
        let ders = certificates(bytes)?;
        let anchors = ders.iter().enumerate().map(|(index, der)| {
            TrustAnchor::from_der(der).map_err(|error| RootsError::Certificate { index, error })
        });
        anchors.collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// The certificates of a file: one in DER, or any number in PEM.
    ///
    /// # Errors
    /// [`RootsError`] where it cannot be read, or has none.
    pub fn read(path: &Path) -> Result<Self, RootsError> {
        let bytes = std::fs::read(path).map_err(|error| RootsError::Io { path: path.into(), error })?;
        Self::from_certificates(&bytes)
    }

    /// Those of a PEM bundle whose fingerprints are among these; certificates that cannot be read are passed over.
    ///
    /// # Errors
    /// [`RootsError::NoneKnown`] where there is none of them.
    pub fn known_among(bundle: &[u8], known: &[KnownRoot]) -> Result<Self, RootsError> {
        let ders = certificates(bundle).unwrap_or_default();
        let wanted = |der: &&Vec<u8>| {
            let fingerprint = hexadecimal(&crypto::sha256(&[der]));
            known.iter().any(|root| root.sha256.eq_ignore_ascii_case(&fingerprint))
        };
        let anchors: Vec<_> =
            ders.iter().filter(wanted).filter_map(|der| TrustAnchor::from_der(der).ok()).collect();
        if anchors.is_empty() { Err(RootsError::NoneKnown) } else { Ok(Self(anchors)) }
    }

    /// Those of [`KNOWN_ROOTS`] that the system's store has.
    ///
    /// Bundles are looked for in `SSL_CERT_FILE` and where Linux distributions, BSDs and Homebrew keep it.
    ///
    /// # Errors
    /// [`RootsError::NoneKnown`] where none is found.
    pub fn of_the_system() -> Result<Self, RootsError> {
        let from_environment = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
        Self::known_in_any(from_environment.into_iter().chain(BUNDLES.iter().map(PathBuf::from)))
    }

    /// Those of every bundle that is there: one may have the older of two roots, and another the newer.
    fn known_in_any(bundles: impl IntoIterator<Item = PathBuf>) -> Result<Self, RootsError> {
        let bundles = bundles.into_iter().filter_map(|path| std::fs::read(path).ok());
        let known = bundles.filter_map(|bundle| Self::known_among(&bundle, &KNOWN_ROOTS).ok());
        let roots = known.fold(Self::default(), Self::and);
        if roots.0.is_empty() { Err(RootsError::NoneKnown) } else { Ok(roots) }
    }

    /// These and those of another set, each once.
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

/// Where systems keep a bundle of roots in PEM.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/homebrew/etc/ca-certificates/cert.pem",
];

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates in DER of a file in DER or PEM.
fn certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>, RootsError> {
    let pem = std::str::from_utf8(bytes).ok().filter(|text| text.contains(BEGIN));
    let Some(pem) = pem else {
        return if bytes.is_empty() { Err(RootsError::Empty) } else { Ok(vec![bytes.to_vec()]) };
    };
    let bodies = pem.split(BEGIN).skip(1).filter_map(|part| part.split_once(END)).map(|(body, _)| body);
    let ders = bodies
        .enumerate()
        .map(|(index, body)| base64::certificate(body).ok_or(RootsError::Base64 { index }))
        .collect::<Result<Vec<_>, _>>()?;
    if ders.is_empty() { Err(RootsError::Empty) } else { Ok(ders) }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use rp_core::trust::roots::{GLOBALSIGN_R3, GLOBALSIGN_R46};

    use super::*;

    #[test]
    fn known_roots_are_gathered_from_every_bundle() {
        let directory = std::env::temp_dir().join(format!("rp-mds-{}-bundles", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let bundle = |name: &str, der: &[u8]| {
            let path = directory.join(name);
            std::fs::write(&path, der).unwrap();
            path
        };
        let (r3, r46) = (bundle("r3", GLOBALSIGN_R3.der()), bundle("r46", GLOBALSIGN_R46.der()));
        let count = |bundles: &[&PathBuf]| {
            Roots::known_in_any(bundles.iter().map(|path| (*path).clone())).map(|roots| roots.anchors().len())
        };
        assert_eq!(count(&[&r3]).unwrap(), 1);
        assert_eq!(count(&[&r3, &directory.join("none"), &r46, &r3]).unwrap(), 2);
        assert!(matches!(count(&[]), Err(RootsError::NoneKnown)));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
