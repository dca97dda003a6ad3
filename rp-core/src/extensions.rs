//! Extensions ([section 9], [section 10]): typed inputs for options, typed outputs of client and authenticator.
//!
//! Outputs that were not requested, or are malformed, are ignored unless [`ExtensionPolicy`] rejects them.
//!
//! [section 9]: https://www.w3.org/TR/webauthn-3/#sctn-extensions
//! [section 10]: https://www.w3.org/TR/webauthn-3/#sctn-defined-extensions

mod inputs;
mod outputs;
mod policy;
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
pub use policy::{ExtensionError, ExtensionPolicy};
