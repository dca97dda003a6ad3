use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::base64url::Bytes;
use crate::bytes::CredentialId;
use crate::options::PublicKeyCredentialParameters;

/// What a registration asks of extensions; what is `None` is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationExtensionInputs {
    /// The FIDO AppID whose U2F credentials are to be excluded (10.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid_exclude: Option<String>,
    /// Ask whether the credential is discoverable (10.1.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cred_props: Option<bool>,
    /// How far the credential is protected (CTAP 2.1, credProtect).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_protection_policy: Option<CredentialProtectionPolicy>,
    /// Fail rather than make a credential that is protected less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforce_credential_protection_policy: Option<bool>,
    /// A secret of at most 32 bytes kept with the credential (CTAP 2.1, credBlob).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cred_blob: Option<Bytes>,
    /// Ask for the authenticator's minimum PIN length (CTAP 2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_pin_length: Option<bool>,
    /// Ask for room for a large blob (10.1.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub large_blob: Option<LargeBlobRegistrationInputs>,
    /// Ask for a pseudo-random function, and perhaps evaluate it at once (10.1.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prf: Option<PrfInputs>,
    /// Ask for a secret over which HMACs can be had (CTAP 2.1, hmac-secret; `prf` is the web's way).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hmac_create_secret: Option<bool>,
    /// Ask how the user was verified (Level 2, uvm).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uvm: Option<bool>,
    /// Make a credential that may confirm payments (Secure Payment Confirmation).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentInputs>,
    /// Sign these client data of a page on another machine (10.1.6): for who runs a remote desktop in a browser,
    /// with the permission that such a client needs. The response must then be of exactly these.
    #[serde(rename = "remoteClientDataJSON", default, skip_serializing_if = "Option::is_none")]
    pub remote_client_data_json: Option<String>,
}

impl RegistrationExtensionInputs {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What was asked, without the secrets that it was asked with: all that a pending ceremony keeps.
    pub(crate) fn without_values(&self) -> Self {
        Self {
            cred_blob: self.cred_blob.as_ref().map(|_| Bytes::default()),
            prf: self.prf.as_ref().map(|_| PrfInputs::default()),
            ..self.clone()
        }
    }
}

/// What an authentication asks of extensions; what is `None` is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationExtensionInputs {
    /// The FIDO AppID under which U2F credentials were made (10.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// Ask for the credential's blob (CTAP 2.1, credBlob).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub get_cred_blob: Option<bool>,
    /// Read or write the large blob (10.1.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub large_blob: Option<LargeBlobAuthenticationInputs>,
    /// Evaluate the pseudo-random function (10.1.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prf: Option<PrfInputs>,
    /// Have HMACs made (CTAP 2.1, hmac-secret; `prf` is the web's way).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hmac_get_secret: Option<HmacGetSecretInput>,
    /// Ask how the user was verified (Level 2, uvm).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uvm: Option<bool>,
    /// Confirm a payment (Secure Payment Confirmation). Browsers refuse it from a page, and add it themselves to
    /// what [`RelyingParty::start_payment`](crate::RelyingParty::start_payment) asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentInputs>,
    /// Sign these client data of a page on another machine (10.1.6): for who runs a remote desktop in a browser,
    /// with the permission that such a client needs. The response must then be of exactly these.
    #[serde(rename = "remoteClientDataJSON", default, skip_serializing_if = "Option::is_none")]
    pub remote_client_data_json: Option<String>,
}

impl AuthenticationExtensionInputs {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What was asked, without the secrets that it was asked with: all that a pending ceremony keeps.
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

/// How far a credential is protected (CTAP 2.1, section 12.1), least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CredentialProtectionPolicy {
    /// 1: used and found without user verification.
    #[serde(rename = "userVerificationOptional")]
    UserVerificationOptional,
    /// 2: found without user verification only by who knows its ID.
    #[serde(rename = "userVerificationOptionalWithCredentialIDList")]
    UserVerificationOptionalWithCredentialIdList,
    /// 3: neither used nor found without user verification.
    #[serde(rename = "userVerificationRequired")]
    UserVerificationRequired,
}

impl CredentialProtectionPolicy {
    /// The policy of this number in authenticator data.
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
    /// How much it is wanted.
    pub support: LargeBlobSupport,
}

/// How much room for a large blob is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LargeBlobSupport {
    /// Fail without it.
    Required,
    /// If the authenticator can.
    Preferred,
}

/// `largeBlob` at authentication: one of both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeBlobAuthenticationInputs {
    /// Read the blob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<bool>,
    /// Write this blob; needs exactly one allowed credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<Bytes>,
}

/// `prf`: where to evaluate the function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrfInputs {
    /// For whichever credential is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval: Option<PrfValues>,
    /// By credential; at authentication with allowed credentials only.
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
    /// That the extension is active.
    pub is_payment: bool,
    /// Algorithms for the key that a browser binds to the device; those of the credential where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub browser_bound_pub_key_cred_params: Vec<PublicKeyCredentialParameters>,
}

impl Default for PaymentInputs {
    fn default() -> Self {
        Self { is_payment: true, browser_bound_pub_key_cred_params: Vec::new() }
    }
}
