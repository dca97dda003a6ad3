//! The kinds `registration` and `authentication`.

use rp_core::options::UserVerificationRequirement;
use rp_core::{Profile, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::text::rfc3339;
use super::{Bytes, Ceremony, Expect};

/// A response to `navigator.credentials.create()` and its relying party.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The relying party.
    pub rp: RelyingParty,
    /// The challenge that was issued; a recorded one may be under 16 bytes.
    pub challenge: Bytes,
    /// The user verification requirement in the options.
    #[serde(default, skip_serializing_if = "is_default")]
    pub user_verification: UserVerificationRequirement,
    /// `false` only for conditional create.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub user_presence_required: bool,
    /// The COSE algorithms in the options; all that the implementation supports if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<i64>>,
    /// How the statement is verified.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attestation: AttestationSettings,
    /// `RegistrationResponseJSON`, as the client sent it.
    pub response: Box<RawValue>,
    /// The expected result.
    pub expect: Expect<Ceremony>,
}

/// A response to `navigator.credentials.get()` and its relying party.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authentication {
    /// The relying party.
    pub rp: RelyingParty,
    /// The challenge that was issued.
    pub challenge: Bytes,
    /// The user verification requirement in the options.
    #[serde(default, skip_serializing_if = "is_default")]
    pub user_verification: UserVerificationRequirement,
    /// `false` only for conditional create, so `true` here.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub user_presence_required: bool,
    /// As in a registration; an authentication does not use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<i64>>,
    /// As in a registration; an authentication does not use it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attestation: AttestationSettings,
    /// `AuthenticationResponseJSON`, as the client sent it.
    pub response: Box<RawValue>,
    /// The stored record.
    pub credential: StoredCredential,
    /// The credential IDs in the options; any ID is allowed if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<Vec<Bytes>>,
    /// The expected result.
    pub expect: Expect<Ceremony>,
}

/// A relying party's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelyingParty {
    /// The RP ID.
    pub id: String,
    /// The accepted origins, not normalised; those that do not belong to `id` are related origins.
    pub origins: Vec<String>,
    /// Values of `topOrigin` that are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top_origins: Vec<String>,
    /// Whether `crossOrigin: true`, or a `topOrigin`, is accepted at all.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_cross_origin: bool,
    /// Whether subdomains of `id`, with scheme and port of one of `origins`, are accepted as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_subdomains: bool,
    /// FIDO AppID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// The rules that apply.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: Profile,
}

/// How an attestation statement is verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttestationSettings {
    /// `false`: the statement only has to be well-formed CBOR.
    #[serde(skip_serializing_if = "is_yes")]
    pub verify: bool,
    /// `true`: rejected unless the chain ends in a trust anchor.
    #[serde(skip_serializing_if = "is_default")]
    pub require_trusted: bool,
    /// Certificates that are trusted, DER: root, intermediate or leaf.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trust_anchors: Vec<Bytes>,
    /// The time at which certificates are verified; the current time if absent.
    #[serde(with = "rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Default for AttestationSettings {
    fn default() -> Self {
        Self { verify: true, require_trusted: false, trust_anchors: Vec::new(), at: None }
    }
}

/// A credential record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredCredential {
    /// Its ID.
    pub id: Bytes,
    /// Its COSE_Key.
    pub public_key: Bytes,
    /// The last counter.
    pub sign_count: u32,
    /// BE at registration, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_eligible: Option<bool>,
    /// The last value of BS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_state: Option<bool>,
    /// The account's user handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_handle: Option<Bytes>,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_yes(value: &bool) -> bool {
    *value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
