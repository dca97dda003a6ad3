use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::base64url::Bytes;
use crate::bytes::CredentialId;
use crate::options::parameters::PublicKeyCredentialParameters;

/// The extension inputs of a registration. `None` requests nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationExtensionInputs {
    /// The FIDO AppID whose U2F credentials are to be excluded (10.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid_exclude: Option<String>,
    /// Requests whether the credential is discoverable (10.1.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cred_props: Option<bool>,
    /// The protection of the credential (CTAP 2.1, credProtect).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_protection_policy: Option<CredentialProtectionPolicy>,
    /// Fails rather than create a credential with less protection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforce_credential_protection_policy: Option<bool>,
    /// A secret of at most 32 bytes to store with the credential (CTAP 2.1, credBlob).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cred_blob: Option<Bytes>,
    /// Requests the authenticator's minimum PIN length (CTAP 2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_pin_length: Option<bool>,
    /// Requests support of a large blob (10.1.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub large_blob: Option<LargeBlobRegistrationInputs>,
    /// Requests a pseudo-random function, and optionally its evaluation (10.1.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prf: Option<PrfInputs>,
    /// Requests a secret for HMACs (CTAP 2.1, hmac-secret; pages use `prf`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hmac_create_secret: Option<bool>,
    /// Requests the user verification methods (Level 2, uvm).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uvm: Option<bool>,
    /// Creates a credential that can confirm payments (Secure Payment Confirmation).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentInputs>,
    /// Client data of a page on another machine, for the client to sign (10.1.6): for remote desktops in a browser, with
    /// the permission that such a client needs. The response must have exactly this client data.
    #[serde(rename = "remoteClientDataJSON", default, skip_serializing_if = "Option::is_none")]
    pub remote_client_data_json: Option<String>,
}

impl RegistrationExtensionInputs {
    /// Whether nothing is requested.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The inputs without their secrets: a pending ceremony stores only these.
    pub(crate) fn without_values(&self) -> Self {
        Self {
            cred_blob: self.cred_blob.as_ref().map(|_| Bytes::default()),
            prf: self.prf.as_ref().map(|_| PrfInputs::default()),
            ..self.clone()
        }
    }
}

/// The extension inputs of an authentication. `None` requests nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationExtensionInputs {
    /// The FIDO AppID under which U2F credentials were made (10.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// Requests the credential's blob (CTAP 2.1, credBlob).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub get_cred_blob: Option<bool>,
    /// Reads or writes the large blob (10.1.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub large_blob: Option<LargeBlobAuthenticationInputs>,
    /// Evaluates the pseudo-random function (10.1.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prf: Option<PrfInputs>,
    /// Requests HMACs (CTAP 2.1, hmac-secret; pages use `prf`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hmac_get_secret: Option<HmacGetSecretInput>,
    /// Requests the user verification methods (Level 2, uvm).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uvm: Option<bool>,
    /// Confirms a payment (Secure Payment Confirmation). Browsers reject it from a page, and add it themselves to a
    /// request of [`RelyingParty::start_payment`](crate::RelyingParty::start_payment).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentInputs>,
    /// Client data of a page on another machine, for the client to sign (10.1.6): for remote desktops in a browser, with
    /// the permission that such a client needs. The response must have exactly this client data.
    #[serde(rename = "remoteClientDataJSON", default, skip_serializing_if = "Option::is_none")]
    pub remote_client_data_json: Option<String>,
}

impl AuthenticationExtensionInputs {
    /// Whether nothing is requested.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The inputs without their secrets: a pending ceremony stores only these.
    pub(crate) fn without_values(&self) -> Self {
        Self {
            large_blob: self.large_blob.as_ref().map(|_| LargeBlobAuthenticationInputs::default()),
            prf: self.prf.as_ref().map(|_| PrfInputs::default()),
            hmac_get_secret: self
                .hmac_get_secret
                .as_ref()
                .map(|_| HmacGetSecretInput { salt1: Bytes::default(), salt2: None }),
            ..self.clone()
        }
    }
}

/// The protection of a credential (CTAP 2.1, section 12.1), weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CredentialProtectionPolicy {
    /// 1: used and discovered without user verification.
    #[serde(rename = "userVerificationOptional")]
    UserVerificationOptional,
    /// 2: without user verification, only used if the credential ID is given.
    #[serde(rename = "userVerificationOptionalWithCredentialIDList")]
    UserVerificationOptionalWithCredentialIdList,
    /// 3: neither used nor discovered without user verification.
    #[serde(rename = "userVerificationRequired")]
    UserVerificationRequired,
}

impl CredentialProtectionPolicy {
    /// The policy with this number in authenticator data.
    #[must_use]
    pub fn from_level(level: i64) -> Option<Self> {
        match level {
            1 => Some(Self::UserVerificationOptional),
            2 => Some(Self::UserVerificationOptionalWithCredentialIdList),
            3 => Some(Self::UserVerificationRequired),
            _ => None,
        }
    }
}

/// `largeBlob` at registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeBlobRegistrationInputs {
    /// Whether it is required.
    pub support: LargeBlobSupport,
}

/// Whether support of a large blob is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LargeBlobSupport {
    /// The ceremony fails without it.
    Required,
    /// Used if the authenticator supports it.
    Preferred,
}

/// `largeBlob` at authentication: read or write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeBlobAuthenticationInputs {
    /// Reads the blob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<bool>,
    /// Writes this blob; requires exactly one allowed credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<Bytes>,
}

/// `prf`: where to evaluate the function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrfInputs {
    /// The inputs for any credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval: Option<PrfValues>,
    /// The inputs by credential; only at authentication with allowed credentials.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub eval_by_credential: BTreeMap<CredentialId, PrfValues>,
}

/// One or two inputs of the pseudo-random function. `Debug` does not print them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrfValues {
    /// The first input.
    pub first: Bytes,
    /// The second input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Bytes>,
}

impl fmt::Debug for PrfValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrfValues").finish_non_exhaustive()
    }
}

/// `hmacGetSecret`: salts of 32 bytes each. `Debug` does not print them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HmacGetSecretInput {
    /// The first salt.
    pub salt1: Bytes,
    /// The second salt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt2: Option<Bytes>,
}

impl fmt::Debug for HmacGetSecretInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacGetSecretInput").finish_non_exhaustive()
    }
}

/// `payment` (Secure Payment Confirmation, `AuthenticationExtensionsPaymentInputs`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentInputs {
    /// Whether the extension is active.
    pub is_payment: bool,
    /// Algorithms for the key that a browser binds to the device; those of the credential if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub browser_bound_pub_key_cred_params: Vec<PublicKeyCredentialParameters>,
}

impl Default for PaymentInputs {
    fn default() -> Self {
        Self { is_payment: true, browser_bound_pub_key_cred_params: Vec::new() }
    }
}
