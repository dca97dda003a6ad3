//! Extensions, typed both ways ([section 9], [section 10]): inputs as they stand in options, outputs as the
//! client and the authenticator give them.
//!
//! Outputs are hints by a client: what was not asked for, or has another shape, is ignored unless
//! [`ExtensionPolicy`] says otherwise.
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
