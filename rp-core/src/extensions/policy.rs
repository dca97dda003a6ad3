use alloc::string::String;

use super::outputs::RawOutputs;
use super::{
    AuthenticationExtensionInputs, AuthenticationExtensionOutputs, CredentialProtectionPolicy,
    RegistrationExtensionInputs, RegistrationExtensionOutputs,
};
use crate::error::Code;

/// What becomes of outputs that nobody asked for, or that have another shape than the extension's.
///
/// The default ignores both: clients and authenticators add extensions of their own (7.1, step 28).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionPolicy {
    /// Refuse a response with an output that was not asked for.
    pub refuse_unsolicited: bool,
    /// Refuse a response with an output of the wrong shape.
    pub refuse_misshapen: bool,
}

/// Why extension outputs were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtensionError {
    /// An output that was not asked for, under [`ExtensionPolicy::refuse_unsolicited`].
    #[error("extension {name} was not asked for")]
    Unsolicited {
        /// The extension.
        name: String,
    },
    /// An output of the wrong shape, under [`ExtensionPolicy::refuse_misshapen`].
    #[error("extension {name} has an output of another shape")]
    Misshapen {
        /// The extension.
        name: String,
    },
    /// `enforceCredentialProtectionPolicy` was asked and the credential is protected less.
    #[error("credProtect: {asked:?} was enforced, {got:?} came")]
    CredentialProtection {
        /// What was asked.
        asked: CredentialProtectionPolicy,
        /// What the authenticator says it did.
        got: Option<CredentialProtectionPolicy>,
    },
    /// `remoteClientDataJSON` was asked, and other client data were signed.
    #[error("remoteClientDataJSON: other client data were signed")]
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
        asked: &RegistrationExtensionInputs,
        mut raw: RawOutputs<'_>,
    ) -> Result<RegistrationExtensionOutputs, ExtensionError> {
        let outputs = raw.registration();
        let was_asked = |name: &str| match name {
            "appidExclude" => asked.appid_exclude.is_some(),
            "credProps" => asked.cred_props.is_some(),
            "credProtect" => asked.credential_protection_policy.is_some(),
            "credBlob" => asked.cred_blob.is_some(),
            "minPinLength" => asked.min_pin_length.is_some(),
            "largeBlob" => asked.large_blob.is_some(),
            "prf" => asked.prf.is_some(),
            "hmac-secret" | "hmacCreateSecret" => asked.hmac_create_secret.is_some() || asked.prf.is_some(),
            "uvm" => asked.uvm.is_some(),
            "payment" => asked.payment.is_some(),
            "remoteClientDataJSON" => asked.remote_client_data_json.is_some(),
            _ => false,
        };
        self.judge(&raw, was_asked)?;
        if let (Some(policy), Some(true)) =
            (asked.credential_protection_policy, asked.enforce_credential_protection_policy)
            && policy > CredentialProtectionPolicy::UserVerificationOptional
            && outputs.cred_protect.is_none_or(|got| got < policy)
        {
            return Err(ExtensionError::CredentialProtection { asked: policy, got: outputs.cred_protect });
        }
        Ok(outputs)
    }

    pub(crate) fn authentication(
        self,
        asked: &AuthenticationExtensionInputs,
        mut raw: RawOutputs<'_>,
    ) -> Result<AuthenticationExtensionOutputs, ExtensionError> {
        let outputs = raw.authentication();
        let was_asked = |name: &str| match name {
            "appid" => asked.appid.is_some(),
            "credBlob" | "getCredBlob" => asked.get_cred_blob.is_some(),
            "largeBlob" => asked.large_blob.is_some(),
            "prf" => asked.prf.is_some(),
            "hmac-secret" | "hmacGetSecret" => asked.hmac_get_secret.is_some() || asked.prf.is_some(),
            "uvm" => asked.uvm.is_some(),
            "payment" => asked.payment.is_some(),
            "remoteClientDataJSON" => asked.remote_client_data_json.is_some(),
            _ => false,
        };
        self.judge(&raw, was_asked)?;
        Ok(outputs)
    }

    fn judge(self, raw: &RawOutputs<'_>, was_asked: impl Fn(&str) -> bool) -> Result<(), ExtensionError> {
        if self.refuse_unsolicited
            && let Some(name) = raw.names().find(|name| !was_asked(name))
        {
            return Err(ExtensionError::Unsolicited { name: name.into() });
        }
        if self.refuse_misshapen
            && let Some(name) = raw.misshapen().first()
        {
            return Err(ExtensionError::Misshapen { name: name.clone() });
        }
        Ok(())
    }
}
