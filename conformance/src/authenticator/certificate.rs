//! Certificates before they are signed: every field can be set, also to an invalid value.

use rp_core::Timestamp;

use super::algorithm::Algorithm;
use super::der;
use super::key::KeyPair;

/// A certificate before it is signed.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// 1 or 3; one of version 1 has no extensions.
    pub version: u8,
    /// The serial number.
    pub serial: Vec<u8>,
    /// The issuer's name, DER.
    pub issuer: Vec<u8>,
    /// The subject's name, DER.
    pub subject: Vec<u8>,
    /// The start of its validity.
    pub not_before: Timestamp,
    /// The end of its validity.
    pub not_after: Timestamp,
    /// `SubjectPublicKeyInfo`, DER.
    pub spki: Vec<u8>,
    /// The extensions, in their order.
    pub extensions: Vec<Extension>,
}

/// An extension of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its object identifier's arcs.
    pub oid: &'static [u32],
    /// Whether it is critical.
    pub critical: bool,
    /// The content of its `OCTET STRING`.
    pub value: Vec<u8>,
}

/// basicConstraints.
pub(crate) const BASIC_CONSTRAINTS: &[u32] = &[2, 5, 29, 19];
/// keyUsage.
pub(crate) const KEY_USAGE: &[u32] = &[2, 5, 29, 15];
/// subjectAltName.
pub(crate) const SUBJECT_ALT_NAME: &[u32] = &[2, 5, 29, 17];
/// extKeyUsage.
pub(crate) const EXTENDED_KEY_USAGE: &[u32] = &[2, 5, 29, 37];
/// id-fido-gen-ce-aaguid.
pub(crate) const AAGUID: &[u32] = &[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4];
pub(crate) const FIRMWARE: &[u32] = &[1, 3, 6, 1, 4, 1, 45724, 1, 1, 5];
/// Android's key description.
pub(crate) const KEY_DESCRIPTION: &[u32] = &[1, 3, 6, 1, 4, 1, 11129, 2, 1, 17];
/// Apple's nonce.
pub(crate) const APPLE_NONCE: &[u32] = &[1, 2, 840, 113_635, 100, 8, 2];

impl Extension {
    /// basicConstraints.
    #[must_use]
    pub fn basic_constraints(ca: bool) -> Self {
        let value = if ca { der::sequence([der::boolean(true)]) } else { der::sequence::<&[u8]>([]) };
        Self { oid: BASIC_CONSTRAINTS, critical: true, value }
    }

    /// keyUsage of a CA: keyCertSign and cRLSign.
    #[must_use]
    pub fn key_cert_sign() -> Self {
        Self { oid: KEY_USAGE, critical: true, value: der::tlv(0x03, [0x01, 0x06]) }
    }

    /// id-fido-gen-ce-aaguid: the AAGUID in a nested `OCTET STRING`.
    #[must_use]
    pub fn aaguid(aaguid: &[u8; 16]) -> Self {
        Self { oid: AAGUID, critical: false, value: der::octets(aaguid) }
    }

    /// id-fido-gen-ce-fw-version.
    #[must_use]
    pub fn firmware(version: u64) -> Self {
        Self { oid: FIRMWARE, critical: false, value: der::integer(version) }
    }
}

impl Certificate {
    /// Replaces the extension of the same kind, or appends it.
    pub fn set(&mut self, extension: Extension) {
        match self.extensions.iter_mut().find(|one| one.oid == extension.oid) {
            Some(old) => *old = extension,
            None => self.extensions.push(extension),
        }
    }

    /// Removes an extension.
    pub fn remove(&mut self, oid: &[u32]) {
        self.extensions.retain(|one| one.oid != oid);
    }

    /// The certificate, signed.
    #[must_use]
    pub fn sign(&self, issuer: &KeyPair) -> Vec<u8> {
        let algorithm = algorithm_identifier(issuer.algorithm());
        let mut parts = Vec::new();
        if self.version > 1 {
            parts.push(der::explicit(0, der::integer(u64::from(self.version.saturating_sub(1)))));
        }
        parts.extend([
            der::unsigned(&self.serial),
            algorithm.clone(),
            self.issuer.clone(),
            der::sequence([der::time(self.not_before), der::time(self.not_after)]),
            self.subject.clone(),
            self.spki.clone(),
        ]);
        if self.version > 2 && !self.extensions.is_empty() {
            let extensions = self.extensions.iter().map(|extension| {
                let mut parts = vec![der::oid(extension.oid)];
                if extension.critical {
                    parts.push(der::boolean(true));
                }
                parts.push(der::octets(&extension.value));
                der::sequence(parts)
            });
            parts.push(der::explicit(3, der::sequence(extensions)));
        }
        let tbs = der::sequence(parts);
        let signature = issuer.sign(&tbs);
        der::sequence([tbs, algorithm, der::bits(signature)])
    }
}

/// A name of one attribute in each of its parts: C as `PrintableString`, the others as `UTF8String`.
pub(crate) fn name(attributes: &[(&[u32], &str)]) -> Vec<u8> {
    der::sequence(attributes.iter().map(|(oid, value)| {
        let value = if *oid == COUNTRY { der::printable(value) } else { der::utf8(value) };
        der::set([der::sequence([der::oid(oid), value])])
    }))
}

/// A name with only a common name.
pub(crate) fn common_name(text: &str) -> Vec<u8> {
    name(&[(COMMON_NAME, text)])
}

/// countryName.
pub(crate) const COUNTRY: &[u32] = &[2, 5, 4, 6];
/// organizationName.
pub(crate) const ORGANIZATION: &[u32] = &[2, 5, 4, 10];
/// organizationalUnitName.
pub(crate) const ORGANIZATIONAL_UNIT: &[u32] = &[2, 5, 4, 11];
/// commonName.
pub(crate) const COMMON_NAME: &[u32] = &[2, 5, 4, 3];

/// The `AlgorithmIdentifier` of a certificate's signature.
pub(crate) fn algorithm_identifier(algorithm: Algorithm) -> Vec<u8> {
    let pkcs1 = |arc| vec![der::oid(&[1, 2, 840, 113_549, 1, 1, arc]), der::null()];
    der::sequence(match algorithm {
        Algorithm::Es384 | Algorithm::Esp384 => vec![der::oid(&[1, 2, 840, 10045, 4, 3, 3])],
        Algorithm::Es512 | Algorithm::Esp512 => vec![der::oid(&[1, 2, 840, 10045, 4, 3, 4])],
        Algorithm::EdDsa | Algorithm::Ed25519 => vec![der::oid(&[1, 3, 101, 112])],
        Algorithm::Rs1 => pkcs1(5),
        Algorithm::Rs384 => pkcs1(12),
        Algorithm::Rs512 => pkcs1(13),
        Algorithm::Rs256 => pkcs1(11),
        _ => vec![der::oid(&[1, 2, 840, 10045, 4, 3, 2])],
    })
}

/// A certificate revocation list, DER.
pub(crate) fn revocation_list(
    issuer: Vec<u8>,
    key: &KeyPair,
    this_update: Timestamp,
    next_update: Timestamp,
    revoked: &[&[u8]],
) -> Vec<u8> {
    let algorithm = algorithm_identifier(key.algorithm());
    let mut parts =
        vec![der::integer(1), algorithm.clone(), issuer, der::time(this_update), der::time(next_update)];
    if !revoked.is_empty() {
        let entries =
            revoked.iter().map(|serial| der::sequence([der::unsigned(serial), der::time(this_update)]));
        parts.push(der::sequence(entries));
    }
    let list = der::sequence(parts);
    let signature = key.sign(&list);
    der::sequence([list, algorithm, der::bits(signature)])
}
