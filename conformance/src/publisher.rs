//! A small publisher of metadata BLOBs: roots, an authority, a signer, revocation lists.
//!
//! ```
//! use rp_conformance::publisher::{Publisher, Signing};
//! use serde_json::json;
//!
//! let now = rp_core::Timestamp::from_unix_seconds(1_780_000_000);
//! let publisher = Publisher::new("a publisher", now);
//! let payload = json!({"no": 1, "nextUpdate": "2027-01-01", "entries": []});
//! let blob = publisher.blob(&payload, &Signing::default());
//! assert_eq!(blob.split('.').count(), 3);
//! ```

use rp_core::{Timestamp, base64url};
use serde_json::{Value, json};

use crate::authenticator::{
    Algorithm, Certificate, Extension, KeyPair, Seed, after, common_name, der, revocation_list,
};

/// A publisher with an old root and a new one, an authority below the new one, and a signer below that.
#[derive(Clone, Debug)]
pub struct Publisher {
    seed: Seed,
    now: Timestamp,
    old_root: KeyPair,
    root: KeyPair,
    authority: KeyPair,
    signer: KeyPair,
}

/// How one BLOB is signed.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The signer's key.
    pub algorithm: Algorithm,
    /// The certificates after the signer's in `x5c`.
    pub behind: Vec<Behind>,
    /// DNS names of the signer.
    pub names: Vec<String>,
    /// The remaining validity of the signer in days; negative if it has expired.
    pub valid_days: i64,
    /// The CRL distribution point of the signer and the authority.
    pub crl_url: Option<String>,
    /// Members that replace those of the header, `null` to leave one out.
    pub header: Value,
}

/// A certificate after the signer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// The authority that issued the signer's certificate.
    Authority,
    /// The new root, signed by itself.
    Root,
    /// The new root, signed by the old one.
    CrossSignedRoot,
    /// The old root, signed by itself.
    OldRoot,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Es256,
            behind: vec![Behind::Authority],
            names: vec!["mds.example.org".into()],
            valid_days: 180,
            crl_url: None,
            header: json!({}),
        }
    }
}

const DAY: i64 = 24 * 60 * 60;

/// The serial numbers of the signer and of the authority.
pub const SERIALS: [&[u8]; 2] = [&[0x51], &[0x41]];

impl Publisher {
    /// The publisher of a seed; certificates are valid from two years before `now` to twenty after, the signer's
    /// as [`Signing`] says.
    #[must_use]
    pub fn new(seed: &str, now: Timestamp) -> Self {
        let seed = Seed::new(seed);
        let key = |label| KeyPair::derive(Algorithm::Es256, &seed, label);
        Self {
            old_root: key("publisher/old root"),
            root: key("publisher/root"),
            authority: key("publisher/authority"),
            signer: key("publisher/signer"),
            now,
            seed,
        }
    }

    /// The new root's certificate.
    #[must_use]
    pub fn root(&self) -> Vec<u8> {
        self.certificate("Root", &self.root, &[0x11], "Root", true).sign(&self.root)
    }

    /// The old root's certificate.
    #[must_use]
    pub fn old_root(&self) -> Vec<u8> {
        self.certificate("Old Root", &self.old_root, &[0x12], "Old Root", true).sign(&self.old_root)
    }

    /// A BLOB of this payload.
    #[must_use]
    pub fn blob(&self, payload: &Value, signing: &Signing) -> String {
        self.blob_of(payload.to_string().as_bytes(), signing)
    }

    /// A BLOB of arbitrary bytes.
    #[must_use]
    pub fn blob_of(&self, payload: &[u8], signing: &Signing) -> String {
        let signer = self.signer(signing);
        let x5c: Vec<_> = self.chain(signing).iter().map(|der| base64url::encode(der)).collect();
        let mut header = json!({"alg": jws_name(signing.algorithm), "typ": "JWT", "x5c": x5c});
        if let (Some(header), Value::Object(changes)) = (header.as_object_mut(), &signing.header) {
            for (name, value) in changes {
                if value.is_null() {
                    header.remove(name);
                } else {
                    header.insert(name.clone(), value.clone());
                }
            }
        }
        let header = base64url::encode(header.to_string().as_bytes());
        let signed = format!("{header}.{}", base64url::encode(payload));
        let signature = signer.sign(signed.as_bytes());
        let signature = match coordinate_len(signing.algorithm) {
            Some(length) => {
                der::integers_of(&signature).iter().flat_map(|number| padded(number, length)).collect()
            }
            None => signature,
        };
        format!("{signed}.{}", base64url::encode(&signature))
    }

    /// The signer's certificate and those after it in `x5c`.
    #[must_use]
    pub fn chain(&self, signing: &Signing) -> Vec<Vec<u8>> {
        let mut chain = vec![self.signer_certificate(&self.signer(signing), signing)];
        chain.extend(signing.behind.iter().map(|behind| self.behind(*behind, signing)));
        chain
    }

    fn signer(&self, signing: &Signing) -> KeyPair {
        match signing.algorithm {
            Algorithm::Es256 => self.signer.clone(),
            other => KeyPair::derive(other, &self.seed, "publisher/signer"),
        }
    }

    /// The revocation list of the authority, or, with `root`, of the new root.
    #[must_use]
    pub fn crl(&self, root: bool, revoked: &[&[u8]]) -> Vec<u8> {
        let (name, key) = if root { ("Root", &self.root) } else { ("Authority", &self.authority) };
        let day = |days: i64| after(self.now, days.saturating_mul(DAY));
        revocation_list(common_name(name), key, day(-1), day(30), revoked)
    }

    fn behind(&self, behind: Behind, signing: &Signing) -> Vec<u8> {
        match behind {
            Behind::Authority => {
                let mut authority = self.certificate("Authority", &self.authority, SERIALS[1], "Root", true);
                authority.extensions.extend(crl_point(signing));
                authority.sign(&self.root)
            }
            Behind::Root => self.root(),
            Behind::CrossSignedRoot => {
                self.certificate("Root", &self.root, &[0x13], "Old Root", true).sign(&self.old_root)
            }
            Behind::OldRoot => self.old_root(),
        }
    }

    fn signer_certificate(&self, signer: &KeyPair, signing: &Signing) -> Vec<u8> {
        let mut certificate = self.certificate("Signer", signer, SERIALS[0], "Authority", false);
        certificate.not_after = after(self.now, signing.valid_days.saturating_mul(DAY));
        let names = signing.names.iter().map(|name| der::tlv(0x82, name));
        let names = der::sequence(names);
        certificate.extensions.push(Extension { oid: &[2, 5, 29, 17], critical: false, value: names });
        certificate.extensions.extend(crl_point(signing));
        certificate.sign(&self.authority)
    }

    fn certificate(
        &self,
        subject: &str,
        key: &KeyPair,
        serial: &[u8],
        issuer: &str,
        ca: bool,
    ) -> Certificate {
        let mut extensions = vec![Extension::basic_constraints(ca)];
        if ca {
            extensions.push(Extension::key_cert_sign());
        }
        Certificate {
            version: 3,
            serial: serial.into(),
            issuer: common_name(issuer),
            subject: common_name(subject),
            not_before: after(self.now, (-730_i64).saturating_mul(DAY)),
            not_after: after(self.now, 7300_i64.saturating_mul(DAY)),
            spki: key.public().spki(),
            extensions,
        }
    }
}

fn crl_point(signing: &Signing) -> Option<Extension> {
    let url = signing.crl_url.as_ref()?;
    // DistributionPoint { distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] } } }
    let point = der::sequence([der::tlv(0xa0, der::tlv(0xa0, der::tlv(0x86, url)))]);
    Some(Extension { oid: &[2, 5, 29, 31], critical: false, value: der::sequence([point]) })
}

const fn jws_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es384 => "ES384",
        Algorithm::Es512 => "ES512",
        Algorithm::EdDsa | Algorithm::Ed25519 => "EdDSA",
        Algorithm::Rs256 => "RS256",
        Algorithm::Rs384 => "RS384",
        Algorithm::Rs512 => "RS512",
        Algorithm::Ps256 => "PS256",
        Algorithm::Ps384 => "PS384",
        Algorithm::Ps512 => "PS512",
        _ => "ES256",
    }
}

const fn coordinate_len(algorithm: Algorithm) -> Option<usize> {
    match algorithm {
        Algorithm::Es256 => Some(32),
        Algorithm::Es384 => Some(48),
        Algorithm::Es512 => Some(66),
        _ => None,
    }
}

fn padded(number: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length.saturating_sub(number.len())];
    bytes.extend_from_slice(number);
    bytes
}
