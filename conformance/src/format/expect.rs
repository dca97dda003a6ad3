//! The expected result of a case.

use std::collections::BTreeMap;
use std::fmt;

use rp_core::{Aaguid, AttestationType, Code};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::Bytes;

/// The expected result: accepted with facts that must be equal, or rejected for a reason if one is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "lowercase")]
pub enum Expect<A> {
    /// The input must be accepted, and the driver must report every given fact.
    Accept(A),
    /// The input must be rejected.
    Reject(Rejected),
}

impl<A> Expect<A> {
    /// A rejection for this reason.
    #[must_use]
    pub fn reject(code: Code) -> Self {
        Self::Reject(Rejected { reason: Some(Reason(code)) })
    }
}

/// An expected rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejected {
    /// The reason, if the specification is unambiguous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// A code that a vector may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(pub Code);

/// The codes that a vector may name. `Code` has more and finer ones.
const REASONS: &[Code] = &[
    Code::MalformedJson,
    Code::MalformedBase64,
    Code::MalformedClientData,
    Code::MalformedCbor,
    Code::MalformedAuthenticatorData,
    Code::MalformedAttestationStatement,
    Code::MalformedPublicKey,
    Code::MalformedCertificate,
    Code::TypeMismatch,
    Code::ChallengeMismatch,
    Code::OriginMismatch,
    Code::CrossOriginNotAllowed,
    Code::TopOriginMismatch,
    Code::RpIdMismatch,
    Code::UserNotPresent,
    Code::UserNotVerified,
    Code::BackupFlagsInvalid,
    Code::BackupEligibilityChanged,
    Code::AlgorithmNotAllowed,
    Code::CredentialIdMismatch,
    Code::CredentialIdTooLong,
    Code::CredentialNotAllowed,
    Code::UserHandleMismatch,
    Code::UnsupportedAttestationFormat,
    Code::AttestationInvalid,
    Code::AttestationUntrusted,
    Code::CertificateExpired,
    Code::CertificateRevoked,
    Code::SignatureInvalid,
    Code::SignCountRegressed,
    Code::TokenBindingUnsupported,
    Code::MetadataInvalid,
    Code::MetadataStale,
];

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        REASONS
            .iter()
            .find(|code| code.as_str() == word)
            .map(|code| Self(*code))
            .ok_or_else(|| de::Error::custom(format_args!("{word:?} is not a reason of the format")))
    }
}

/// No facts: `chain` and `signature` are only accepted or rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFacts {}

/// The facts of a ceremony: the expected ones in a vector, the reported ones from a driver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ceremony {
    /// The attestation statement's format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fmt: Option<String>,
    /// `none`, `self`, `basic`, `attca` or `anonca`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attestation_type: Option<AttestationType>,
    /// Whether the path ends in a trust anchor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted: Option<bool>,
    /// The credential's ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<Bytes>,
    /// The credential's COSE_Key, as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Bytes>,
    /// The credential's COSE algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<i64>,
    /// The authenticator's model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aaguid: Option<Aaguid>,
    /// The signature counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_count: Option<u32>,
    /// UP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_present: Option<bool>,
    /// UV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_verified: Option<bool>,
    /// BE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_eligible: Option<bool>,
    /// BS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_state: Option<bool>,
    /// The authenticator's extension outputs as JSON, byte strings in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// The facts of a metadata BLOB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metadata {
    /// The BLOB's serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no: Option<u64>,
    /// `nextUpdate` as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<String>,
    /// The number of elements of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<usize>,
    /// The entries of some models.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub aaguids: BTreeMap<Aaguid, Entry>,
}

/// The entry of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// The status report in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The model's description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
