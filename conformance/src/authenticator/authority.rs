//! A vendor's certification authority, in miniature: a root, an intermediate, and leaves.

use rp_core::Timestamp;

use super::algorithm::Algorithm;
use super::certificate::{COMMON_NAME, COUNTRY, Certificate, Extension, ORGANIZATION, name, revocation_list};
use super::fault::Fault;
use super::key::{KeyPair, PublicKey};
use super::seed::Seed;

/// The part of the path that a statement contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Path {
    /// The leaf alone, issued by the root.
    Leaf,
    /// The leaf and the intermediate that issued it.
    #[default]
    Intermediate,
    /// Leaf, intermediate and root.
    Root,
}

/// A root and an intermediate.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    seed: Seed,
    now: Timestamp,
    root: KeyPair,
    intermediate: KeyPair,
}

const DAY: i64 = 24 * 60 * 60;
const YEAR: i64 = 365 * DAY;

impl Authority {
    pub(crate) fn new(seed: &Seed, now: Timestamp) -> Self {
        let key = |label| KeyPair::derive(Algorithm::Es256, seed, label);
        Self {
            seed: seed.clone(),
            now,
            root: key("authority/root"),
            intermediate: key("authority/intermediate"),
        }
    }

    /// The root's certificate.
    pub(crate) fn root(&self) -> Vec<u8> {
        self.root_certificate(&self.root).sign(&self.root)
    }

    /// A revocation list of the root.
    pub(crate) fn crl(&self, this_update: Timestamp, next_update: Timestamp, revoked: &[&[u8]]) -> Vec<u8> {
        revocation_list(root_name(), &self.root, this_update, next_update, revoked)
    }

    /// A leaf, unsigned: version 3, valid, not a CA.
    pub(crate) fn leaf(&self, subject: Vec<u8>, key: &PublicKey) -> Certificate {
        Certificate {
            version: 3,
            serial: self.seed.vec("authority/leaf", 16),
            issuer: Vec::new(),
            subject,
            not_before: after(self.now, -YEAR),
            not_after: after(self.now, 10 * YEAR),
            spki: key.spki(),
            extensions: vec![Extension::basic_constraints(false)],
        }
    }

    /// Signs a leaf and appends the certificates up to the root.
    pub(crate) fn certify(&self, mut leaf: Certificate, path: Path, fault: Option<Fault>) -> Vec<Vec<u8>> {
        match fault {
            Some(Fault::LeafExpired) => leaf.not_after = after(self.now, -DAY),
            Some(Fault::LeafNotYetValid) => leaf.not_before = after(self.now, DAY),
            _ => {}
        }
        let own = KeyPair::derive(Algorithm::Es256, &self.seed, "authority/own root");
        let root = match fault {
            Some(Fault::PathToOwnRoot | Fault::PathToNameOnly) => &own,
            _ => &self.root,
        };
        let mut intermediate = self.intermediate_certificate();
        match fault {
            Some(Fault::IntermediateExpired) => intermediate.not_after = after(self.now, -DAY),
            Some(Fault::IntermediateNoCa) => intermediate.set(Extension::basic_constraints(false)),
            Some(Fault::IntermediateNoKeyCertSign) => {
                intermediate.set(Extension {
                    value: super::der::tlv(0x03, [0x07, 0x80]),
                    ..Extension::key_cert_sign()
                });
            }
            _ => {}
        }
        let root_der = self.root_certificate(root).sign(root);
        let intermediate_der = intermediate.sign(root);

        let issuer = if path == Path::Leaf { root } else { &self.intermediate };
        leaf.issuer = if path == Path::Leaf { root_name() } else { intermediate_name() };
        let mut leaf_der = leaf.sign(issuer);
        match fault {
            Some(Fault::LeafSignatureFlipped) => flip_last_bit(&mut leaf_der),
            Some(Fault::CertificateTruncated) => {
                leaf_der.pop();
            }
            _ => {}
        }
        match (fault, path) {
            (Some(Fault::PathOutOfOrder), _) => vec![leaf_der, root_der, intermediate_der],
            (Some(Fault::PathBackwards), _) => vec![intermediate_der, leaf_der],
            (Some(Fault::PathWithGap), _) => vec![leaf_der, root_der],
            (Some(Fault::PathToOwnRoot), Path::Leaf) => vec![leaf_der, root_der],
            (Some(Fault::PathToOwnRoot), _) | (_, Path::Root) => vec![leaf_der, intermediate_der, root_der],
            (_, Path::Leaf) => vec![leaf_der],
            (_, Path::Intermediate) => vec![leaf_der, intermediate_der],
        }
    }

    fn root_certificate(&self, key: &KeyPair) -> Certificate {
        Certificate {
            version: 3,
            serial: self.seed.vec("authority/root", 16),
            issuer: root_name(),
            subject: root_name(),
            not_before: after(self.now, -5 * YEAR),
            not_after: after(self.now, 15 * YEAR),
            spki: key.public().spki(),
            extensions: vec![Extension::basic_constraints(true), Extension::key_cert_sign()],
        }
    }

    fn intermediate_certificate(&self) -> Certificate {
        Certificate {
            serial: self.seed.vec("authority/intermediate", 16),
            subject: intermediate_name(),
            not_before: after(self.now, -3 * YEAR),
            not_after: after(self.now, 12 * YEAR),
            spki: self.intermediate.public().spki(),
            ..self.root_certificate(&self.root)
        }
    }
}

/// Adds this number of seconds.
pub(crate) fn after(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(time.as_unix_seconds().saturating_add(seconds))
}

/// Flips the last bit of the last byte.
pub(crate) fn flip_last_bit(bytes: &mut [u8]) {
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
}

fn root_name() -> Vec<u8> {
    name(&[(COUNTRY, "SE"), (ORGANIZATION, "Example Authenticators"), (COMMON_NAME, "Example Root")])
}

fn intermediate_name() -> Vec<u8> {
    name(&[
        (COUNTRY, "SE"),
        (ORGANIZATION, "Example Authenticators"),
        (COMMON_NAME, "Example Attestation CA"),
    ])
}
