//! Roots that vendors publish, as data: nothing is trusted until you pass it to a trust source.
//!
//! An anchor is a name and a key, so certificates of one key are one anchor, and their dates do not matter.
//! [`FormatAnchors`](super::FormatAnchors) binds each root to its format.

use alloc::vec::Vec;

use crate::x509::TrustAnchor;

/// A published root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The name of the root.
    pub name: &'static str,
    der: &'static [u8],
}

impl Root {
    /// The certificate, DER.
    #[must_use]
    pub const fn der(&self) -> &'static [u8] {
        self.der
    }

    /// The anchor: name and key.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "committed data; a test parses each root"
    )]
    pub fn anchor(&self) -> TrustAnchor {
        TrustAnchor::from_der(self.der).expect("a certificate")
    }
}

/// A root and its file under `rp-core/roots`.
macro_rules! root {
    ($name:literal, $file:literal) => {
        Root { name: $name, der: include_bytes!(concat!("../../roots/", $file)) }
    };
}

/// Apple WebAuthn Root CA, for `apple`.
pub const APPLE_WEBAUTHN: Root = root!("Apple WebAuthn Root CA", "apple-webauthn-root.der");

/// Google's hardware attestation roots, for `android-key`: four certificates of one RSA key, and the EC root that
/// devices use from 2026 on.
pub const GOOGLE_HARDWARE_ATTESTATION: [Root; 5] = [
    root!("Google hardware attestation, RSA, until 2026", "google-hardware-attestation-2026.der"),
    root!("Google hardware attestation, RSA, until 2034", "google-hardware-attestation-2034.der"),
    root!("Google hardware attestation, RSA, until 2036", "google-hardware-attestation-2036.der"),
    root!("Google hardware attestation, RSA, until 2042", "google-hardware-attestation-2042.der"),
    root!("Google Key Attestation CA1", "google-key-attestation-ca1.der"),
];

/// GlobalSign Root CA (R1), the root of SafetyNet's certificates. It issues certificates for any web site, so trust it
/// only for `android-safetynet`, where the host name is checked.
pub const GLOBALSIGN_R1: Root = root!("GlobalSign Root CA", "globalsign-root-r1.der");

/// GlobalSign Root CA - R3, the root of the signer of FIDO metadata.
pub const GLOBALSIGN_R3: Root = root!("GlobalSign Root CA - R3", "globalsign-root-r3.der");

/// GlobalSign Root R46, the root of the signer of FIDO metadata from August 2026 on.
pub const GLOBALSIGN_R46: Root = root!("GlobalSign Root R46", "globalsign-root-r46.der");

/// The anchor of [`APPLE_WEBAUTHN`].
#[must_use]
pub fn apple_webauthn() -> TrustAnchor {
    APPLE_WEBAUTHN.anchor()
}

/// The anchors of [`GOOGLE_HARDWARE_ATTESTATION`], each key once.
#[must_use]
pub fn google_hardware_attestation() -> Vec<TrustAnchor> {
    let mut anchors = Vec::new();
    for anchor in GOOGLE_HARDWARE_ATTESTATION.iter().map(Root::anchor) {
        if !anchors.contains(&anchor) {
            anchors.push(anchor);
        }
    }
    anchors
}

/// The anchor of [`GLOBALSIGN_R1`].
#[must_use]
pub fn globalsign_r1() -> TrustAnchor {
    GLOBALSIGN_R1.anchor()
}

/// The anchor of [`GLOBALSIGN_R3`].
#[must_use]
pub fn globalsign_r3() -> TrustAnchor {
    GLOBALSIGN_R3.anchor()
}

/// The anchor of [`GLOBALSIGN_R46`].
#[must_use]
pub fn globalsign_r46() -> TrustAnchor {
    GLOBALSIGN_R46.anchor()
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use super::*;
    use crate::crypto::sha256;
    use crate::x509::Certificate;

    const README: &str = include_str!("../../roots/README.md");

    /// The file and fingerprint of each row.
    fn rows() -> Vec<(&'static str, &'static str)> {
        let rows = README.lines().filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let fingerprint = cells.get(5)?.trim_matches('`');
            (fingerprint.len() == 64).then(|| (cells[1], fingerprint))
        });
        rows.collect()
    }

    fn fingerprint(root: &Root) -> String {
        sha256(&[root.der()]).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn each_root_has_its_documented_fingerprint() {
        let [g0, g1, g2, g3, g4] = GOOGLE_HARDWARE_ATTESTATION;
        let roots = [APPLE_WEBAUTHN, GLOBALSIGN_R1, GLOBALSIGN_R3, GLOBALSIGN_R46, g0, g1, g2, g3, g4];
        let rows = rows();
        assert_eq!(rows.len(), roots.len());
        for ((file, expected), root) in rows.iter().zip(&roots) {
            assert_eq!(fingerprint(root), *expected, "{file}");
        }
    }

    #[test]
    fn each_root_is_a_self_issued_ca_certificate() {
        let vendors = [APPLE_WEBAUTHN, GLOBALSIGN_R1, GLOBALSIGN_R3, GLOBALSIGN_R46];
        for root in vendors.iter().chain(&GOOGLE_HARDWARE_ATTESTATION) {
            let certificate = Certificate::from_der(root.der()).unwrap();
            assert!(certificate.is_self_issued(), "{}", root.name);
            assert!(certificate.basic_constraints().unwrap().is_some_and(|b| b.ca), "{}", root.name);
            assert!(root.anchor().is(&certificate), "{}", root.name);
        }
    }

    #[test]
    fn googles_certificates_are_two_anchors() {
        let names: Vec<String> =
            google_hardware_attestation().iter().map(|anchor| anchor.name().to_string()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}
