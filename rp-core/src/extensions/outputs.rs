use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::inputs::CredentialProtectionPolicy;
use crate::base64url::Bytes;
use crate::cbor::{Map, Value};
use crate::json::compact::{Compact, set};
use crate::json::{Text, parse_object};

/// The outputs of a registration's extensions; `None` if an output is missing or malformed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistrationExtensionOutputs {
    /// `appidExclude`: whether the client acted upon it.
    pub appid_exclude: Option<bool>,
    /// `credProps`; `rk` has three states.
    pub cred_props: Option<CredentialPropertiesOutput>,
    /// `credProtect`, from the authenticator.
    pub cred_protect: Option<CredentialProtectionPolicy>,
    /// `credBlob`, from the authenticator: whether the blob was stored.
    pub cred_blob: Option<bool>,
    /// `minPinLength`, from the authenticator: in Unicode code points.
    pub min_pin_length: Option<u32>,
    /// `largeBlob`: whether the credential supports it.
    pub large_blob_supported: Option<bool>,
    /// `prf`: whether the credential supports it. Its results are secrets and are dropped.
    pub prf_enabled: Option<bool>,
    /// `hmac-secret`, from the authenticator: whether the credential supports it.
    pub hmac_secret: Option<bool>,
    /// `uvm`, from the authenticator.
    pub uvm: Option<Vec<UvmEntry>>,
    /// `payment`.
    pub payment: Option<PaymentOutputs>,
    /// `remoteClientDataJSON`: whether the client signed the given client data.
    pub remote_client_data_json: Option<bool>,
}

/// The outputs of an authentication's extensions; `None` if an output is missing or malformed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticationExtensionOutputs {
    /// `appid`: whether the credential is scoped to the AppID.
    pub appid: Option<bool>,
    /// `credBlob`, from the authenticator: the blob, which can be empty.
    pub cred_blob: Option<Bytes>,
    /// `largeBlob`.
    pub large_blob: Option<LargeBlobAuthenticationOutputs>,
    /// `uvm`, from the authenticator.
    pub uvm: Option<Vec<UvmEntry>>,
    /// `payment`.
    pub payment: Option<PaymentOutputs>,
    /// `remoteClientDataJSON`: whether the client signed the given client data.
    pub remote_client_data_json: Option<bool>,
}

/// The authenticator's extension outputs, one CBOR map as it was signed. `Debug` does not print it, as it can contain
/// results of `hmac-secret`, encrypted for the client.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LargeBlobAuthenticationOutputs {
    /// The blob that was read.
    pub blob: Option<Bytes>,
    /// Whether the blob was written.
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

/// `clientExtensionResults`: unsigned, and parsed once. The results of `prf`, which are secrets, are not kept.
#[derive(Clone, Default)]
pub(crate) struct ClientOutputs {
    appid: Option<bool>,
    appid_exclude: Option<bool>,
    cred_props: Option<CredentialPropertiesOutput>,
    large_blob: Option<LargeBlob>,
    prf: Option<Prf>,
    payment: Option<PaymentOutputs>,
    remote_client_data_json: Option<bool>,
    /// The names of all outputs, in the order of the JSON.
    names: Vec<Cow<'static, str>>,
    malformed: Vec<&'static str>,
}

#[derive(Clone, Deserialize)]
struct LargeBlob {
    #[serde(default)]
    supported: Option<bool>,
    #[serde(default)]
    blob: Option<Bytes>,
    #[serde(default)]
    written: Option<bool>,
}

#[derive(Clone, Deserialize)]
struct Prf {
    #[serde(default)]
    enabled: Option<bool>,
}

impl ClientOutputs {
    /// Parses JSON of any form. A malformed output is ignored, and its name is kept for the policy.
    pub(crate) fn parse(json: &str) -> Self {
        Self::read_compact(json)
            .or_else(|| parse_object(json.as_bytes()).ok())
            .unwrap_or_else(|| Self { malformed: Vec::from(["clientExtensionResults"]), ..Self::default() })
    }

    /// Reads outputs as browsers write them: no output, or `credProps` alone. `None` for any other input.
    fn read_compact(json: &str) -> Option<Self> {
        let mut outputs = Self::default();
        let mut reader = Compact::new(json)?;
        reader.object(|reader, name| {
            let mut rk = None;
            match name {
                "credProps" => reader.object(|reader, name| match name {
                    "rk" => set(&mut rk, reader.boolean()?),
                    _ => None,
                })?,
                _ => return None,
            }
            outputs.names.push(Cow::Borrowed("credProps"));
            set(&mut outputs.cred_props, CredentialPropertiesOutput { rk })
        })?;
        reader.end()?;
        Some(outputs)
    }

    /// Whether the client acted upon `appid` (10.1.1).
    pub(crate) fn says_appid(&self) -> bool {
        self.appid == Some(true)
    }
}

impl<'de> Deserialize<'de> for ClientOutputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OutputsVisitor;
        impl<'de> Visitor<'de> for OutputsVisitor {
            type Value = ClientOutputs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut outputs = ClientOutputs::default();
                while let Some(Text(name)) = map.next_key()? {
                    let json: &RawValue = map.next_value()?;
                    let name = outputs.read(&name, json).map_or(Cow::Owned(name.into_owned()), Cow::Borrowed);
                    outputs.names.push(name);
                }
                Ok(outputs)
            }
        }
        deserializer.deserialize_map(OutputsVisitor)
    }
}

impl ClientOutputs {
    /// Reads the output `name` and returns its name; `None` if the extension is unknown.
    fn read(&mut self, name: &str, json: &RawValue) -> Option<&'static str> {
        fn set<T: DeserializeOwned>(output: &mut Option<T>, json: &RawValue) -> bool {
            *output = serde_json::from_str(json.get()).ok();
            output.is_some()
        }
        let (name, is_well_formed) = match name {
            "appid" => ("appid", set(&mut self.appid, json)),
            "appidExclude" => ("appidExclude", set(&mut self.appid_exclude, json)),
            "credProps" => ("credProps", set(&mut self.cred_props, json)),
            "largeBlob" => ("largeBlob", set(&mut self.large_blob, json)),
            "prf" => ("prf", set(&mut self.prf, json)),
            "payment" => ("payment", set(&mut self.payment, json)),
            "remoteClientDataJSON" => ("remoteClientDataJSON", set(&mut self.remote_client_data_json, json)),
            _ => return None,
        };
        if !is_well_formed {
            self.malformed.push(name);
        }
        Some(name)
    }
}

/// The outputs of client and authenticator, before policy.
pub(crate) struct RawOutputs<'a> {
    client: &'a ClientOutputs,
    authenticator: Option<&'a Map<'a>>,
    malformed: Vec<&'static str>,
}

impl<'a> RawOutputs<'a> {
    /// `authenticator` is the extension map of authenticator data.
    pub(crate) fn new(client: &'a ClientOutputs, authenticator: Option<&'a Map<'a>>) -> Self {
        Self { client, authenticator, malformed: Vec::new() }
    }

    /// The names of all outputs, the client's first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.client.names.iter().map(AsRef::as_ref).chain(
            self.authenticator.into_iter().flat_map(|map| map.iter()).filter_map(|(name, _)| match name {
                Value::Text(name) => Some(*name),
                _ => None,
            }),
        )
    }

    /// The outputs that were malformed, the client's first. The authenticator's are known once they were read.
    pub(crate) fn malformed(&self) -> impl Iterator<Item = &'static str> {
        self.client.malformed.iter().chain(&self.malformed).copied()
    }

    fn authenticator<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value<'a>) -> Option<T>,
    ) -> Option<T> {
        let output = read(self.authenticator?.get_text(name)?);
        if output.is_none() {
            self.malformed.push(name);
        }
        output
    }

    pub(crate) fn registration(&mut self) -> RegistrationExtensionOutputs {
        let client = self.client;
        RegistrationExtensionOutputs {
            appid_exclude: client.appid_exclude,
            cred_props: client.cred_props,
            cred_protect: self.authenticator("credProtect", |value| {
                value.as_integer().and_then(CredentialProtectionPolicy::from_level)
            }),
            cred_blob: self.authenticator("credBlob", Value::as_bool),
            min_pin_length: self
                .authenticator("minPinLength", |value| u32::try_from(value.as_integer()?).ok()),
            large_blob_supported: client.large_blob.as_ref().and_then(|output| output.supported),
            prf_enabled: client.prf.as_ref().and_then(|output| output.enabled),
            hmac_secret: self.authenticator("hmac-secret", Value::as_bool),
            uvm: self.authenticator("uvm", uvm),
            payment: client.payment.clone(),
            remote_client_data_json: client.remote_client_data_json,
        }
    }

    pub(crate) fn authentication(&mut self) -> AuthenticationExtensionOutputs {
        let client = self.client;
        AuthenticationExtensionOutputs {
            appid: client.appid,
            cred_blob: self.authenticator("credBlob", |value| value.as_bytes().map(Bytes::from)),
            large_blob: client.large_blob.as_ref().map(|LargeBlob { blob, written, .. }| {
                LargeBlobAuthenticationOutputs { blob: blob.clone(), written: *written }
            }),
            uvm: self.authenticator("uvm", uvm),
            payment: client.payment.clone(),
            remote_client_data_json: client.remote_client_data_json,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_outputs_need_no_general_parser() {
        for json in ["{}", r#"{"credProps":{}}"#, r#"{"credProps":{"rk":true}}"#] {
            let compact = ClientOutputs::read_compact(json).unwrap();
            let general: ClientOutputs = parse_object(json.as_bytes()).unwrap();
            assert_eq!((compact.cred_props, compact.names), (general.cred_props, general.names), "{json}");
        }
    }
}
