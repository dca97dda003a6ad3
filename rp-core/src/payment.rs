//! Secure Payment Confirmation ([its specification]): a passkey signs the payment that the user saw.
//!
//! The page passes [`SecurePaymentConfirmationRequest`] to a `PaymentRequest` and receives an assertion whose client data
//! has the type `payment.get` and contains the payment. Only [`RelyingParty::finish_payment`] accepts it;
//! [`RelyingParty::finish_authentication`] rejects it, so that a payment is not a sign-in and a sign-in not a payment.
//! Registration is `webauthn.create` with the extension [`PaymentInputs`].
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
