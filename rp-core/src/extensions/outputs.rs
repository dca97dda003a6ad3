use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::CredentialProtectionPolicy;
use crate::base64url::Bytes;
use crate::cbor::Value;

/// What came of a registration's extensions; `None` where nothing came, or nothing of the right shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistrationExtensionOutputs {
    /// `appidExclude`: whether the client acted upon it.
    pub appid_exclude: Option<bool>,
    /// `credProps`; `rk` has three states.
    pub cred_props: Option<CredentialPropertiesOutput>,
    /// `credProtect`, from the authenticator.
    pub cred_protect: Option<CredentialProtectionPolicy>,
    /// `credBlob`, from the authenticator: whether the blob was kept.
    pub cred_blob: Option<bool>,
    /// `minPinLength`, from the authenticator: in Unicode code points.
    pub min_pin_length: Option<u32>,
    /// `largeBlob`: whether there is room.
    pub large_blob_supported: Option<bool>,
    /// `prf`: whether the credential has it. Results are secrets and dropped.
    pub prf_enabled: Option<bool>,
    /// `hmac-secret`, from the authenticator: whether the credential has it.
    pub hmac_secret: Option<bool>,
    /// `uvm`, from the authenticator.
    pub uvm: Option<Vec<UvmEntry>>,
    /// `payment`.
    pub payment: Option<PaymentOutputs>,
    /// `remoteClientDataJSON`: whether the client signed what it was given.
    pub remote_client_data_json: Option<bool>,
}

/// What came of an authentication's extensions; `None` where nothing came, or nothing of the right shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticationExtensionOutputs {
    /// `appid`: whether the credential is scoped to the AppID.
    pub appid: Option<bool>,
    /// `credBlob`, from the authenticator: the blob, empty where there is none.
    pub cred_blob: Option<Bytes>,
    /// `largeBlob`.
    pub large_blob: Option<LargeBlobAuthenticationOutputs>,
    /// `uvm`, from the authenticator.
    pub uvm: Option<Vec<UvmEntry>>,
    /// `payment`.
    pub payment: Option<PaymentOutputs>,
    /// `remoteClientDataJSON`: whether the client signed what it was given.
    pub remote_client_data_json: Option<bool>,
}

/// The authenticator's extension outputs as they came, one CBOR map. `Debug` does not print them: results of
/// `hmac-secret` are among them, if only under a key of the client's.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthenticatorExtensions(Vec<u8>);

impl core::ops::Deref for AuthenticatorExtensions {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for AuthenticatorExtensions {
    fn from(map: &[u8]) -> Self {
        Self(map.into())
    }
}

impl fmt::Debug for AuthenticatorExtensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticatorExtensions({} bytes)", self.0.len())
    }
}

/// `payment` (Secure Payment Confirmation, `AuthenticationExtensionsPaymentOutputs`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentOutputs {
    /// The signature by the key that the browser keeps on the device.
    #[serde(default)]
    pub browser_bound_signature: Option<BrowserBoundSignature>,
}

/// `BrowserBoundSignature`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BrowserBoundSignature {
    /// The signature over `clientDataJSON`.
    pub signature: Bytes,
}

/// `credProps` ([section 10.1.3](https://www.w3.org/TR/webauthn-3/#sctn-authenticator-credential-properties-extension)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct CredentialPropertiesOutput {
    /// Whether the credential is discoverable; `None`: the client does not know.
    #[serde(default)]
    pub rk: Option<bool>,
}

/// `largeBlob` at authentication.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct LargeBlobAuthenticationOutputs {
    /// The blob that was read.
    #[serde(default)]
    pub blob: Option<Bytes>,
    /// Whether the blob was written.
    #[serde(default)]
    pub written: Option<bool>,
}

/// One way in which the user was verified (FIDO Registry of Predefined Values).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UvmEntry {
    /// `USER_VERIFY_…`.
    pub user_verification_method: u32,
    /// `KEY_PROTECTION_…`.
    pub key_protection_type: u16,
    /// `MATCHER_PROTECTION_…`.
    pub matcher_protection_type: u16,
}

/// The client's and the authenticator's outputs before anything is made of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawOutputs<'a> {
    client: BTreeMap<String, &'a RawValue>,
    authenticator: Option<Value<'a>>,
    misshapen: Vec<String>,
}

impl<'a> RawOutputs<'a> {
    /// `client`: `clientExtensionResults` of any shape. `authenticator`: the map of authenticator data.
    pub(crate) fn new(client: Option<&'a RawValue>, authenticator: Option<&'a [u8]>) -> Self {
        let mut misshapen = Vec::new();
        let client = client.map_or_else(BTreeMap::new, |client| {
            serde_json::from_str(client.get()).unwrap_or_else(|_| {
                misshapen.push("clientExtensionResults".into());
                BTreeMap::new()
            })
        });
        // The map was scanned as part of authenticator data, so this reading does not fail.
        let authenticator = authenticator.and_then(|map| crate::cbor::parse(map).ok());
        Self { client, authenticator, misshapen }
    }

    /// Whether the client says `appid: true` (10.1.1).
    pub(crate) fn says_appid(&self) -> bool {
        self.client.get("appid").is_some_and(|output| output.get() == "true")
    }

    /// The names of everything that came, the client's first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let authenticator = match &self.authenticator {
            Some(Value::Map(map)) => Some(map),
            _ => None,
        };
        self.client.keys().map(String::as_str).chain(
            authenticator.into_iter().flat_map(|map| map.iter()).filter_map(|(name, _)| match name {
                Value::Text(name) => Some(*name),
                _ => None,
            }),
        )
    }

    /// Outputs whose shape was not the extension's, known once they were asked for.
    pub(crate) fn misshapen(&self) -> &[String] {
        &self.misshapen
    }

    fn client<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let output = serde_json::from_str(self.client.get(name)?.get());
        if output.is_err() {
            self.misshapen.push(name.into());
        }
        output.ok()
    }

    fn authenticator<T>(&mut self, name: &str, read: impl FnOnce(&Value<'a>) -> Option<T>) -> Option<T> {
        let Some(Value::Map(map)) = &self.authenticator else { return None };
        let output = read(map.get_text(name)?);
        if output.is_none() {
            self.misshapen.push(name.into());
        }
        output
    }

    pub(crate) fn registration(&mut self) -> RegistrationExtensionOutputs {
        #[derive(Deserialize)]
        struct LargeBlob {
            supported: Option<bool>,
        }
        #[derive(Deserialize)]
        struct Prf {
            enabled: Option<bool>,
        }
        RegistrationExtensionOutputs {
            appid_exclude: self.client("appidExclude"),
            cred_props: self.client("credProps"),
            cred_protect: self.authenticator("credProtect", |value| {
                value.as_integer().and_then(CredentialProtectionPolicy::from_level)
            }),
            cred_blob: self.authenticator("credBlob", Value::as_bool),
            min_pin_length: self
                .authenticator("minPinLength", |value| u32::try_from(value.as_integer()?).ok()),
            large_blob_supported: self.client::<LargeBlob>("largeBlob").and_then(|output| output.supported),
            prf_enabled: self.client::<Prf>("prf").and_then(|output| output.enabled),
            hmac_secret: self.authenticator("hmac-secret", Value::as_bool),
            uvm: self.authenticator("uvm", uvm),
            payment: self.client("payment"),
            remote_client_data_json: self.client("remoteClientDataJSON"),
        }
    }

    pub(crate) fn authentication(&mut self) -> AuthenticationExtensionOutputs {
        AuthenticationExtensionOutputs {
            appid: self.client("appid"),
            cred_blob: self.authenticator("credBlob", |value| value.as_bytes().map(Bytes::from)),
            large_blob: self.client("largeBlob"),
            uvm: self.authenticator("uvm", uvm),
            payment: self.client("payment"),
            remote_client_data_json: self.client("remoteClientDataJSON"),
        }
    }
}

/// One to three triples of numbers.
fn uvm(value: &Value<'_>) -> Option<Vec<UvmEntry>> {
    let entries = value.as_array()?;
    if !(1..=3).contains(&entries.len()) {
        return None;
    }
    entries
        .iter()
        .map(|entry| {
            let [method, key, matcher] = entry.as_array()? else { return None };
            Some(UvmEntry {
                user_verification_method: u32::try_from(method.as_integer()?).ok()?,
                key_protection_type: u16::try_from(key.as_integer()?).ok()?,
                matcher_protection_type: u16::try_from(matcher.as_integer()?).ok()?,
            })
        })
        .collect()
}
