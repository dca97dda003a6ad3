//! Extensions ([section 9], [section 10]): typed inputs for options, typed outputs of client and authenticator.
//!
//! Outputs that were not requested, or are malformed, are ignored unless [`ExtensionPolicy`] rejects them.
//!
//! [section 9]: https://www.w3.org/TR/webauthn-3/#sctn-extensions
//! [section 10]: https://www.w3.org/TR/webauthn-3/#sctn-defined-extensions

use alloc::string::String;

use crate::error::Code;

pub(crate) mod inputs;
mod outputs;
#[cfg(test)]
mod tests;

pub use inputs::{
    AuthenticationExtensionInputs, CredentialProtectionPolicy, HmacGetSecretInput,
    LargeBlobAuthenticationInputs, LargeBlobRegistrationInputs, LargeBlobSupport, PaymentInputs, PrfInputs,
    PrfValues, RegistrationExtensionInputs,
};
pub use outputs::{
    AuthenticationExtensionOutputs, AuthenticatorExtensions, BrowserBoundSignature,
    CredentialPropertiesOutput, LargeBlobAuthenticationOutputs, PaymentOutputs, RegistrationExtensionOutputs,
    UvmEntry,
};
pub(crate) use outputs::{ClientOutputs, RawOutputs};

/// How outputs that were not requested, or are malformed, are handled.
///
/// The default ignores both: clients and authenticators add extensions of their own (7.1, step 28).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtensionPolicy {
    /// Reject a response with an output that was not requested.
    pub reject_unsolicited: bool,
    /// Reject a response with a malformed output.
    pub reject_malformed: bool,
}

/// Why extension outputs were rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtensionError {
    /// An output that was not requested, under [`ExtensionPolicy::reject_unsolicited`].
    #[error("extension {name} was not requested")]
    Unsolicited {
        /// The extension.
        name: String,
    },
    /// A malformed output, under [`ExtensionPolicy::reject_malformed`].
    #[error("extension {name} has a malformed output")]
    Malformed {
        /// The extension.
        name: String,
    },
    /// `enforceCredentialProtectionPolicy` was set, and the credential is protected less.
    #[error("credProtect: {requested:?} was enforced, got {got:?}")]
    CredentialProtection {
        /// The requested policy.
        requested: CredentialProtectionPolicy,
        /// The policy that the authenticator reports.
        got: Option<CredentialProtectionPolicy>,
    },
    /// `remoteClientDataJSON` was set, and other client data was signed.
    #[error("remoteClientDataJSON: other client data was signed")]
    RemoteClientData,
}

impl ExtensionError {
    /// [`Code::ExtensionRefused`].
    #[must_use]
    pub fn code(&self) -> Code {
        Code::ExtensionRefused
    }
}

impl ExtensionPolicy {
    pub(crate) fn registration(
        self,
        inputs: &RegistrationExtensionInputs,
        mut raw: RawOutputs<'_>,
    ) -> Result<RegistrationExtensionOutputs, ExtensionError> {
        let outputs = raw.registration();
        let is_requested = |name: &str| match name {
            "appidExclude" => inputs.appid_exclude.is_some(),
            "credProps" => inputs.cred_props.is_some(),
            "credProtect" => inputs.credential_protection_policy.is_some(),
            "credBlob" => inputs.cred_blob.is_some(),
            "minPinLength" => inputs.min_pin_length.is_some(),
            "largeBlob" => inputs.large_blob.is_some(),
            "prf" => inputs.prf.is_some(),
            // CTAP 2.2: `hmac-secret-mc` evaluates the function at creation.
            "hmac-secret" | "hmac-secret-mc" | "hmacCreateSecret" => {
                inputs.hmac_create_secret.is_some() || inputs.prf.is_some()
            }
            "uvm" => inputs.uvm.is_some(),
            // CTAP 2.2: a client sends `thirdPartyPayment` to the authenticator.
            "payment" | "thirdPartyPayment" => inputs.payment.is_some(),
            "remoteClientDataJSON" => inputs.remote_client_data_json.is_some(),
            _ => false,
        };
        self.check(&raw, is_requested)?;
        if let (Some(policy), Some(true)) =
            (inputs.credential_protection_policy, inputs.enforce_credential_protection_policy)
            && policy > CredentialProtectionPolicy::UserVerificationOptional
            && outputs.cred_protect.is_none_or(|got| got < policy)
        {
            return Err(ExtensionError::CredentialProtection {
                requested: policy,
                got: outputs.cred_protect,
            });
        }
        Ok(outputs)
    }

    pub(crate) fn authentication(
        self,
        inputs: &AuthenticationExtensionInputs,
        mut raw: RawOutputs<'_>,
    ) -> Result<AuthenticationExtensionOutputs, ExtensionError> {
        let outputs = raw.authentication();
        let is_requested = |name: &str| match name {
            "appid" => inputs.appid.is_some(),
            "credBlob" | "getCredBlob" => inputs.get_cred_blob.is_some(),
            "largeBlob" => inputs.large_blob.is_some(),
            "prf" => inputs.prf.is_some(),
            "hmac-secret" | "hmacGetSecret" => inputs.hmac_get_secret.is_some() || inputs.prf.is_some(),
            "uvm" => inputs.uvm.is_some(),
            // CTAP 2.2: a client sends `thirdPartyPayment` to the authenticator.
            "payment" | "thirdPartyPayment" => inputs.payment.is_some(),
            "remoteClientDataJSON" => inputs.remote_client_data_json.is_some(),
            _ => false,
        };
        self.check(&raw, is_requested)?;
        Ok(outputs)
    }

    fn check(self, raw: &RawOutputs<'_>, is_requested: impl Fn(&str) -> bool) -> Result<(), ExtensionError> {
        if self.reject_unsolicited
            && let Some(name) = raw.names().find(|name| !is_requested(name))
        {
            return Err(ExtensionError::Unsolicited { name: name.into() });
        }
        if self.reject_malformed
            && let Some(name) = raw.malformed().next()
        {
            return Err(ExtensionError::Malformed { name: name.into() });
        }
        Ok(())
    }
}
