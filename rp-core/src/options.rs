//! Options, in the JSON forms of `parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` ([section 5.4],
//! [section 5.5]).
//!
//! A member that is not set is omitted, never `null`: a browser reads `null` as a value.
//!
//! [section 5.4]: https://www.w3.org/TR/webauthn-3/#dictionary-makecredentialoptions
//! [section 5.5]: https://www.w3.org/TR/webauthn-3/#dictionary-assertion-options

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::bytes::{Challenge, CredentialId, UserHandle};
use crate::extensions::inputs::{AuthenticationExtensionInputs, RegistrationExtensionInputs};

pub(crate) mod parameters;

pub use parameters::{PublicKeyCredentialParameters, PublicKeyCredentialType};

/// The argument of `navigator.credentials.create`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialCreationOptions {
    /// The options.
    pub public_key: PublicKeyCredentialCreationOptionsJson,
    /// `conditional` for an automatic upgrade to a passkey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mediation: Option<Mediation>,
}

/// The argument of `navigator.credentials.get`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialRequestOptions {
    /// The options.
    pub public_key: PublicKeyCredentialRequestOptionsJson,
    /// `conditional` for autofill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mediation: Option<Mediation>,
}

/// How the client involves the user (Credential Management, `CredentialMediationRequirement`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mediation {
    /// Without a modal prompt: autofill, or an upgrade after a password sign-in.
    Conditional,
}

/// `PublicKeyCredentialCreationOptionsJSON`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicKeyCredentialCreationOptionsJson {
    /// The relying party.
    pub rp: PublicKeyCredentialRpEntity,
    /// The account.
    pub user: PublicKeyCredentialUserEntityJson,
    /// The challenge.
    pub challenge: Challenge,
    /// The accepted algorithms, preferred first.
    pub pub_key_cred_params: Vec<PublicKeyCredentialParameters>,
    /// The timeout in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Credentials of the account: an authenticator that has one of them creates no other.
    #[serde(default)]
    pub exclude_credentials: Vec<PublicKeyCredentialDescriptorJson>,
    /// Which authenticators are accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator_selection: Option<AuthenticatorSelectionCriteria>,
    /// Which kind of authenticator the client offers first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<PublicKeyCredentialHint>,
    /// Whether attestation is requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<AttestationConveyancePreference>,
    /// Statement formats, preferred first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attestation_formats: Vec<String>,
    /// Extension inputs.
    #[serde(default, skip_serializing_if = "RegistrationExtensionInputs::is_empty")]
    pub extensions: RegistrationExtensionInputs,
}

/// `PublicKeyCredentialRequestOptionsJSON`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicKeyCredentialRequestOptionsJson {
    /// The challenge.
    pub challenge: Challenge,
    /// The timeout in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// The RP ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rp_id: Option<String>,
    /// The accepted credentials; empty for discoverable credentials.
    #[serde(default)]
    pub allow_credentials: Vec<PublicKeyCredentialDescriptorJson>,
    /// Whether the user must be verified.
    #[serde(default)]
    pub user_verification: UserVerificationRequirement,
    /// Which kind of authenticator the client offers first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<PublicKeyCredentialHint>,
    /// Extension inputs.
    #[serde(default, skip_serializing_if = "AuthenticationExtensionInputs::is_empty")]
    pub extensions: AuthenticationExtensionInputs,
}

/// The relying party ([section 5.4.2](https://www.w3.org/TR/webauthn-3/#dictionary-rp-credential-params)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKeyCredentialRpEntity {
    /// The RP ID.
    pub id: String,
    /// The display name; deprecated, and still required.
    pub name: String,
}

/// The account ([section 5.4.3](https://www.w3.org/TR/webauthn-3/#dictionary-user-credential-params)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicKeyCredentialUserEntityJson {
    /// The user handle.
    pub id: UserHandle,
    /// The name that distinguishes the account: a username or an address.
    pub name: String,
    /// The display name of the person.
    pub display_name: String,
}

/// A credential in options ([section 5.8.3](https://www.w3.org/TR/webauthn-3/#dictionary-credential-descriptor)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKeyCredentialDescriptorJson {
    /// `public-key`.
    pub r#type: PublicKeyCredentialType,
    /// The credential ID.
    pub id: CredentialId,
    /// How the client can reach the authenticator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
}

/// Which authenticators are accepted ([section 5.4.4](https://www.w3.org/TR/webauthn-3/#dictionary-authenticatorSelection)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticatorSelectionCriteria {
    /// The attachment; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator_attachment: Option<AuthenticatorAttachment>,
    /// Whether the credential must be discoverable.
    #[serde(default)]
    pub resident_key: ResidentKeyRequirement,
    /// The name of Level 1: `true` if and only if `residentKey` is `required`.
    #[serde(default)]
    pub require_resident_key: bool,
    /// Whether the user must be verified.
    #[serde(default)]
    pub user_verification: UserVerificationRequirement,
}

/// Whether user verification is required ([section 5.8.6](https://www.w3.org/TR/webauthn-3/#enum-userVerificationRequirement)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserVerificationRequirement {
    /// The ceremony fails without it.
    Required,
    /// Preferred: used if the authenticator supports it.
    #[default]
    Preferred,
    /// Discouraged.
    Discouraged,
}

/// Whether the credential must be discoverable ([section 5.4.6](https://www.w3.org/TR/webauthn-3/#enum-residentKeyRequirement)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResidentKeyRequirement {
    /// Discouraged.
    Discouraged,
    /// Preferred: used if the authenticator supports it.
    #[default]
    Preferred,
    /// The ceremony fails without it.
    Required,
}

/// How the authenticator is attached ([section 5.4.5](https://www.w3.org/TR/webauthn-3/#enum-attachment)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthenticatorAttachment {
    /// Part of the device.
    Platform,
    /// A security key or a phone.
    CrossPlatform,
}

impl AuthenticatorAttachment {
    /// The attachment of this name; `None` if the word is unknown.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "platform" => Some(Self::Platform),
            "cross-platform" => Some(Self::CrossPlatform),
            _ => None,
        }
    }
}

/// Which attestation the relying party requests ([section 5.4.7](https://www.w3.org/TR/webauthn-3/#enum-attestation-convey)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttestationConveyancePreference {
    /// Nothing.
    #[default]
    None,
    /// A statement, which the client may anonymise.
    Indirect,
    /// The statement of the authenticator.
    Direct,
    /// A statement that can identify the device, if an administrator allowed it.
    Enterprise,
}

/// Which authenticator the user probably uses ([section 5.8.7](https://www.w3.org/TR/webauthn-3/#enum-hints)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicKeyCredentialHint {
    /// A security key.
    SecurityKey,
    /// This device.
    ClientDevice,
    /// A phone, over a QR code.
    Hybrid,
}

/// The values of `AuthenticatorTransport` ([section 5.8.4](https://www.w3.org/TR/webauthn-3/#enum-transport)). Clients can
/// report others.
pub const AUTHENTICATOR_TRANSPORTS: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];
