//! The kinds `chain`, `mds` and `signature`.

use rp_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::rfc3339;
use super::{Bytes, Expect, Metadata, NoFacts};

/// X.509 path validation alone (RFC 5280 section 6.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Certificates that are trusted, DER; each is a name and a key.
    pub trust_anchors: Vec<Bytes>,
    /// The certificates, leaf first.
    pub chain: Vec<Bytes>,
    /// The time at which they are verified.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    /// The maximum number of certificates between leaf and anchor, both excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<usize>,
    /// The expected result.
    pub expect: Expect<NoFacts>,
}

/// One FIDO Metadata Service BLOB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blob {
    /// The compact JWT.
    Text(String),
    /// A file next to the vector file, and the JWT in it.
    File {
        /// The path in the vector.
        path: String,
        /// The file's text; empty until it was read.
        text: String,
    },
}

impl Blob {
    /// The compact JWT.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::File { text, .. } => text,
        }
    }
}

/// Verification of a metadata BLOB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "MdsMembers", into = "MdsMembers")]
pub struct Mds {
    /// The BLOB.
    pub blob: Blob,
    /// The certificate that its signer's path must end in.
    pub root: Bytes,
    /// The time at which it is verified.
    pub at: Timestamp,
    /// The serial number of the previous BLOB.
    pub previous_no: Option<u64>,
    /// The expected result.
    pub expect: Expect<Metadata>,
}

/// The members of an `mds` case as they are written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MdsMembers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blob: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blob_file: Option<String>,
    root: Bytes,
    #[serde(with = "rfc3339")]
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_no: Option<u64>,
    expect: Expect<Metadata>,
}

impl TryFrom<MdsMembers> for Mds {
    type Error = &'static str;

    fn try_from(members: MdsMembers) -> Result<Self, &'static str> {
        let blob = match (members.blob, members.blob_file) {
            (Some(text), None) => Blob::Text(text),
            (None, Some(path)) => Blob::File { path, text: String::new() },
            (Some(_), Some(_)) => return Err("both blob and blob_file"),
            (None, None) => return Err("neither blob nor blob_file"),
        };
        let MdsMembers { root, at, previous_no, expect, .. } = members;
        Ok(Self { blob, root, at, previous_no, expect })
    }
}

impl From<Mds> for MdsMembers {
    fn from(Mds { blob, root, at, previous_no, expect }: Mds) -> Self {
        let (blob, blob_file) = match blob {
            Blob::Text(text) => (Some(text), None),
            Blob::File { path, .. } => (None, Some(path)),
        };
        Self { blob, blob_file, root, at, previous_no, expect }
    }
}

/// One signature check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The COSE_Key.
    pub public_key: Bytes,
    /// The signed message.
    pub message: Bytes,
    /// The signature in WebAuthn's encoding: DER for ECDSA.
    pub signature: Bytes,
    /// The expected result.
    pub expect: Expect<NoFacts>,
}
