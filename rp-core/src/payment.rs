//! Secure Payment Confirmation ([its specification]): a passkey signs what was shown of a payment.
//!
//! The page hands [`SecurePaymentConfirmationRequest`] to a `PaymentRequest`, and gets an assertion whose client
//! data are of the type `payment.get` and hold what the user saw. [`RelyingParty::finish_payment`] accepts these
//! and no others; [`RelyingParty::finish_authentication`] refuses them, so that neither passes for the other.
//! Registration stays `webauthn.create`, with [`PaymentInputs`] among its extensions.
//!
//! [its specification]: https://www.w3.org/TR/secure-payment-confirmation/
//! [`RelyingParty::finish_payment`]: crate::RelyingParty::finish_payment
//! [`RelyingParty::finish_authentication`]: crate::RelyingParty::finish_authentication
//! [`PaymentInputs`]: crate::extensions::PaymentInputs

mod browser_bound;
mod ceremony;
mod client_data;
mod transaction;

pub(crate) use browser_bound::browser_bound_key;
pub use browser_bound::{BrowserBoundKey, BrowserBoundKeyError};
pub use ceremony::{
    ConfirmedPayment, PaymentOptions, PendingPayment, SecurePaymentConfirmationRequest, StartPaymentError,
};
pub use client_data::PaymentDataError;
pub use transaction::{
    PaymentCredentialInstrument, PaymentCurrencyAmount, PaymentEntityLogo, PaymentTransaction,
    TransactionError,
};
