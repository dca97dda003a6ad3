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

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::authentication::{AllowedCredentials, AssertionState, Authenticated, AuthenticationError};
use crate::bytes::{Challenge, CredentialId};
use crate::credential::CredentialRecord;
use crate::extensions::{AuthenticationExtensionInputs, PaymentInputs};
use crate::options::{PublicKeyCredentialParameters, UserVerificationRequirement};
use crate::pending::{Started, StoredState, Versioned};
use crate::relying_party::RelyingParty;
use crate::response::AuthenticationResponse;
use crate::timestamp::Timestamp;

pub(crate) mod browser_bound;
mod client_data;
pub(crate) mod error;
mod transaction;

use browser_bound::browser_bound_key;
pub use browser_bound::{BrowserBoundKey, BrowserBoundKeyError};
pub use error::{PaymentDataError, StartPaymentError};
pub use transaction::{
    PaymentCredentialInstrument, PaymentCurrencyAmount, PaymentEntityLogo, PaymentTransaction,
    TransactionError,
};

/// The argument of a `PaymentRequest`, with byte strings in base64url: browsers do not read it from JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurePaymentConfirmationRequest {
    /// The challenge.
    pub challenge: Challenge,
    /// The RP ID.
    pub rp_id: String,
    /// The credentials that can confirm the payment.
    pub credential_ids: Vec<CredentialId>,
    /// The payment instrument.
    pub instrument: PaymentCredentialInstrument,
    /// The timeout in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// The name of the payee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee_name: Option<String>,
    /// The origin of the payee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee_origin: Option<String>,
    /// Logos, the most important first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payment_entities_logos: Vec<PaymentEntityLogo>,
    /// Algorithms for the key that a browser binds to the device, preferred first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub browser_bound_pub_key_cred_params: Vec<PublicKeyCredentialParameters>,
}

/// The arguments of a `PaymentRequest`: the data of its method, and the amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentOptions {
    /// The data of the method `secure-payment-confirmation`.
    pub data: SecurePaymentConfirmationRequest,
    /// The amount of the `total` in the request's details.
    pub total: PaymentCurrencyAmount,
}

/// A pending payment: stored on the server, and consumed by one response.
///
/// Serialises with its kind, version, RP ID and start time, as the other ceremonies do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
#[must_use = "a response is verified against it"]
pub struct PendingPayment {
    state: Versioned<State>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    assertion: AssertionState,
    transaction: PaymentTransaction,
    algorithms: Vec<i64>,
}

impl StoredState for State {
    const KIND: &'static str = "payment";
    const VERSION: u32 = 2;
}

impl PendingPayment {
    /// When the payment was started.
    #[must_use]
    pub fn started_at(&self) -> Timestamp {
        self.state.assertion.started.started_at
    }

    /// The challenge that was sent. A server finds the ceremony of a response by it.
    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.state.assertion.started.challenge
    }

    /// The payment to confirm.
    #[must_use]
    pub fn transaction(&self) -> &PaymentTransaction {
        &self.state.transaction
    }
}

/// A confirmed payment: apply the update, then execute the payment.
#[derive(Clone, Debug)]
#[must_use = "an update that is not applied leaves the counter where it was"]
#[non_exhaustive]
pub struct ConfirmedPayment {
    /// The assertion.
    pub authenticated: Authenticated,
    /// The confirmed payment.
    pub transaction: PaymentTransaction,
    /// The key that the browser keeps on the device, if client data contains one. After an error the payment is still
    /// confirmed by the passkey, but the device is not proven.
    pub browser_bound_key: Option<Result<BrowserBoundKey, BrowserBoundKeyError>>,
}

impl RelyingParty {
    /// Starts a payment: options for the page, and a pending ceremony for the server to store. User verification is
    /// always required.
    ///
    /// # Errors
    /// Returns [`StartPaymentError`] if the credentials are empty, or a client would not show the payment.
    pub fn start_payment(
        &self,
        allow: AllowedCredentials,
        transaction: PaymentTransaction,
        now: Timestamp,
    ) -> Result<(PaymentOptions, PendingPayment), StartPaymentError> {
        let challenge = Challenge::random()?;
        self.start_payment_with(allow, transaction, challenge, now)
    }

    /// Starts with a challenge that the caller generated.
    ///
    /// # Errors
    /// Returns [`StartPaymentError`] as [`Self::start_payment`] does, and if the challenge has fewer than 16 bytes.
    pub fn start_payment_with(
        &self,
        allow: AllowedCredentials,
        transaction: PaymentTransaction,
        challenge: Challenge,
        now: Timestamp,
    ) -> Result<(PaymentOptions, PendingPayment), StartPaymentError> {
        transaction.check()?;
        let challenge = challenge.into_issued()?;
        // The browser adds the extension itself; it is requested here so that its output is accepted
        let extensions = AuthenticationExtensionInputs {
            payment: Some(PaymentInputs::default()),
            ..AuthenticationExtensionInputs::default()
        };
        let required = UserVerificationRequirement::Required;
        let assertion =
            AssertionState::new(Started::new(self, challenge, now), &allow, required, &extensions);
        let credential_ids: Vec<_> = allow.ids().cloned().collect();
        if credential_ids.is_empty() {
            return Err(StartPaymentError::NoCredential);
        }
        let options = PaymentOptions {
            data: SecurePaymentConfirmationRequest {
                challenge: assertion.started.challenge.clone(),
                rp_id: self.id().into(),
                credential_ids,
                instrument: transaction.instrument.clone(),
                timeout: Some(self.timeout_millis()),
                payee_name: transaction.payee_name.clone(),
                payee_origin: transaction.payee_origin.clone(),
                payment_entities_logos: transaction.payment_entities_logos.clone(),
                browser_bound_pub_key_cred_params: self.algorithms.iter().copied().map(Into::into).collect(),
            },
            total: transaction.total.clone(),
        };
        let algorithms = self.algorithms.iter().map(|algorithm| algorithm.id()).collect();
        Ok((options, PendingPayment { state: Versioned(State { assertion, transaction, algorithms }) }))
    }

    /// Verifies the response to a payment, as "Verifying an Authentication Assertion" of Secure Payment Confirmation
    /// defines it: the steps of section 7.2, with `payment.get` instead of `webauthn.get`, the origins of the
    /// transaction instead of those of the relying party, and a comparison of the payment that the user saw with the
    /// transaction. `pending` is consumed by one response, valid or not.
    ///
    /// # Errors
    /// Returns [`AuthenticationError`] for the first step that fails; [`AuthenticationError::Payment`] if the user saw
    /// another payment.
    pub fn finish_payment(
        &self,
        pending: PendingPayment,
        response: &AuthenticationResponse,
        credential: &CredentialRecord,
        now: Timestamp,
    ) -> Result<ConfirmedPayment, AuthenticationError> {
        let State { assertion, transaction, algorithms } = pending.state.0;
        let authenticated =
            self.verify_assertion(&assertion, response, credential, now, |client_data, challenge| {
                client_data::check(self, &transaction, client_data, challenge)
            })?;
        let browser_bound_key =
            browser_bound_key(response.client_data(), authenticated.extensions.payment.as_ref(), &algorithms);
        Ok(ConfirmedPayment { authenticated, transaction, browser_bound_key })
    }
}
