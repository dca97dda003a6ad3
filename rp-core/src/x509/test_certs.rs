//! Certificates and CRLs for tests, signed with P-256 keys that are derived from a number. Any field may be wrong.

use alloc::vec;
use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_CE_BASIC_CONSTRAINTS, ID_CE_KEY_USAGE};
use const_oid::db::{rfc4519, rfc5912};
use p256::ecdsa::{Signature, SigningKey};
use signature::hazmat::PrehashSigner;

use super::anchor::TrustAnchor;
use super::certificate::Certificate;
use super::name::Name;
use crate::crypto::sha256;

/// One value; lengths below 2^24.
pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match u32::try_from(value.len()).unwrap().to_be_bytes() {
        [0, 0, 0, short @ 0..=0x7f] => der.push(short),
        [0, 0, 0, one] => der.extend([0x81, one]),
        [0, 0, one, two] => der.extend([0x82, one, two]),
        [_, one, two, three] => der.extend([0x83, one, two, three]),
    }
    der.extend(value);
    der
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub(crate) fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    tlv(0x06, oid.as_bytes())
}

/// `O=Example, CN=…`, as UTF-8 strings.
pub(crate) fn name(common_name: &str) -> Vec<u8> {
    directory_name(&[(&rfc4519::O, 0x0c, "Example"), (&rfc4519::CN, 0x0c, common_name)])
}

/// A name with one attribute in each RDN: kind, tag of the string, and text.
pub(crate) fn directory_name(attributes: &[(&ObjectIdentifier, u8, &str)]) -> Vec<u8> {
    let rdn = |(kind, tag, text): &(&ObjectIdentifier, u8, &str)| {
        tlv(0x31, &sequence(&[&oid(kind), &tlv(*tag, text.as_bytes())]))
    };
    tlv(0x30, &attributes.iter().map(rdn).collect::<Vec<_>>().concat())
}

pub(crate) fn extension(kind: &ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[0x01, 0x01, 0xff] } else { &[] };
    sequence(&[&oid(kind), critical, &tlv(0x04, value)])
}

/// `basicConstraints`, critical.
pub(crate) fn basic_constraints(ca: bool, path_len: Option<u16>) -> Vec<u8> {
    let ca: &[u8] = if ca { &[0x01, 0x01, 0xff] } else { &[] };
    let path_len = path_len.map_or(Vec::new(), |length| {
        let bytes = length.to_be_bytes();
        let shortest = if length < 0x80 { &bytes[1..] } else { &bytes[..] };
        tlv(0x02, shortest)
    });
    extension(&ID_CE_BASIC_CONSTRAINTS, true, &sequence(&[ca, &path_len]))
}

/// `keyUsage`, critical, with the bits of the first byte: 0x80 digitalSignature, 0x04 keyCertSign, 0x02 cRLSign.
pub(crate) fn key_usage(bits: u8) -> Vec<u8> {
    extension(&ID_CE_KEY_USAGE, true, &tlv(0x03, &[u8::try_from(bits.trailing_zeros()).unwrap(), bits]))
}

/// The key of this number.
pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}

/// The `SubjectPublicKeyInfo` of the key of this number.
pub(crate) fn spki(number: u8) -> Vec<u8> {
    let point = key(number).verifying_key().to_sec1_point(false);
    let algorithm = sequence(&[&oid(&rfc5912::ID_EC_PUBLIC_KEY), &oid(&rfc5912::SECP_256_R_1)]);
    sequence(&[&algorithm, &tlv(0x03, &[&[0], point.as_bytes()].concat())])
}

/// `ecdsa-with-SHA256`.
pub(crate) fn ecdsa_with_sha256() -> Vec<u8> {
    sequence(&[&oid(&rfc5912::ECDSA_WITH_SHA_256)])
}

pub(crate) fn utc_time(text: &str) -> Vec<u8> {
    tlv(0x17, text.as_bytes())
}

/// The fields of a certificate, at first valid from 2020 to 2030.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) version: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) algorithm: Vec<u8>,
    pub(crate) outer_algorithm: Option<Vec<u8>>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) not_before: Vec<u8>,
    pub(crate) not_after: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) spki: Vec<u8>,
    pub(crate) unique_ids: Vec<u8>,
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl Template {
    pub(crate) fn new(subject: &str, key: u8, issuer: &str, extensions: &[Vec<u8>]) -> Self {
        Self {
            version: tlv(0xa0, &[0x02, 0x01, 0x02]),
            serial: vec![key],
            algorithm: ecdsa_with_sha256(),
            outer_algorithm: None,
            issuer: name(issuer),
            not_before: utc_time("200101000000Z"),
            not_after: utc_time("300101000000Z"),
            subject: name(subject),
            spki: spki(key),
            unique_ids: Vec::new(),
            extensions: extensions.to_vec(),
        }
    }

    /// The certificate in DER, signed with the key of this number.
    pub(crate) fn signed_by(&self, number: u8) -> Vec<u8> {
        let extensions = match self.extensions.is_empty() {
            true => Vec::new(),
            false => tlv(0xa3, &tlv(0x30, &self.extensions.concat())),
        };
        let tbs = sequence(&[
            &self.version,
            &tlv(0x02, &self.serial),
            &self.algorithm,
            &self.issuer,
            &sequence(&[&self.not_before, &self.not_after]),
            &self.subject,
            &self.spki,
            &self.unique_ids,
            &extensions,
        ]);
        sign(&tbs, self.outer_algorithm.as_ref().unwrap_or(&self.algorithm), number)
    }
}

/// `SIGNED { tbs }`, with ECDSA and SHA-256.
pub(crate) fn sign(tbs: &[u8], algorithm: &[u8], number: u8) -> Vec<u8> {
    let signature: Signature = key(number).sign_prehash(&sha256(&[tbs])).unwrap();
    sequence(&[tbs, algorithm, &tlv(0x03, &[&[0], signature.to_der().as_bytes()].concat())])
}

/// The anchor of this name and the key of this number.
pub(crate) fn anchor(common_name: &str, number: u8) -> TrustAnchor {
    TrustAnchor::new(Name::from_der(&name(common_name)).unwrap(), &spki(number))
}

pub(crate) fn read(der: &[u8]) -> Certificate {
    Certificate::from_der(der).unwrap()
}
