use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::error::PaymentDataError;
use super::transaction::{PaymentCurrencyAmount, PaymentEntityLogo, PaymentTransaction};
use crate::authentication::AuthenticationError;
use crate::ceremony::{self, ClientDataMismatchError};
use crate::client_data::CollectedClientData;
use crate::json::{clip, parse_object};
use crate::origin::OriginError;
use crate::relying_party::RelyingParty;

/// The `type` of client data when a payment is confirmed.
pub(super) const PAYMENT_GET: &str = "payment.get";

/// `CollectedClientAdditionalPaymentData`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentData {
    rp_id: String,
    /// The name of `rpId` in older clients, which write both.
    #[serde(default)]
    rp: Option<String>,
    top_origin: String,
    #[serde(default)]
    payee_name: Option<String>,
    #[serde(default)]
    payee_origin: Option<String>,
    #[serde(default)]
    payment_entities_logos: Vec<PaymentEntityLogo>,
    total: PaymentCurrencyAmount,
    instrument: Instrument,
}

/// `PaymentCredentialInstrument` as clients write it: some omit `iconMustBeShown`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instrument {
    display_name: String,
    icon: String,
    #[serde(default)]
    icon_must_be_shown: Option<bool>,
    #[serde(default)]
    details: Option<String>,
}

/// Section "Verifying an Authentication Assertion" of Secure Payment Confirmation, instead of 7.2, steps 10 to 14.
pub(super) fn check(
    rp: &RelyingParty,
    transaction: &PaymentTransaction,
    client_data: &CollectedClientData,
    challenge: &crate::Challenge,
) -> Result<(), AuthenticationError> {
    // type is payment.get; challenge is the one that was provided to the SPC caller
    ceremony::check_type_and_challenge(client_data, PAYMENT_GET, challenge)?;
    // origin is the origin that the Relying Party expects SPC to have been called from
    if client_data.origin() != transaction.origin {
        return Err(
            ClientDataMismatchError::from(OriginError::Mismatch { got: clip(client_data.origin()) }).into()
        );
    }
    // As in 7.2, steps 13 and 14: a frame is expected if its top-level page has another origin
    if client_data.cross_origin() == Some(true) && transaction.origin == transaction.top_origin {
        return Err(ClientDataMismatchError::from(OriginError::CrossOrigin).into());
    }
    if let Some(top_origin) = client_data.top_origin()
        && top_origin != transaction.top_origin
    {
        return Err(ClientDataMismatchError::from(OriginError::TopOrigin { got: clip(top_origin) }).into());
    }
    let data = PaymentData::parse(client_data)?;
    let expect = |member, holds| if holds { Ok(()) } else { Err(PaymentDataError::Mismatch { member }) };
    // payment.rpId is the Relying Party's
    expect("rpId", data.rp_id == rp.id())?;
    expect("rp", data.rp.as_ref().is_none_or(|rp| *rp == data.rp_id))?;
    // payment.topOrigin is the top-level origin that is expected
    if data.top_origin != transaction.top_origin {
        return Err(
            ClientDataMismatchError::from(OriginError::TopOrigin { got: clip(&data.top_origin) }).into()
        );
    }
    // payment.payeeName and payeeOrigin are what should have been displayed, if any
    expect("payeeName", data.payee_name == transaction.payee_name)?;
    expect("payeeOrigin", data.payee_origin == transaction.payee_origin)?;
    // payment.paymentEntitiesLogos is an ordered subset of the logos that should have been displayed
    expect("paymentEntitiesLogos", data.logos_are_of(&transaction.payment_entities_logos))?;
    // payment.total is the transaction amount that should have been displayed
    expect("total", data.total == transaction.total)?;
    // payment.instrument is the instrument that should have been displayed
    expect("instrument", data.instrument.is(transaction))?;
    Ok(())
}

impl PaymentData {
    fn parse(client_data: &CollectedClientData) -> Result<Self, PaymentDataError> {
        let missing = || PaymentDataError::Malformed { detail: "missing".into() };
        let payment = client_data.payment().ok_or_else(missing)?;
        parse_object(payment.as_bytes()).map_err(|error| PaymentDataError::Malformed { detail: error.detail })
    }

    /// Each logo is one of the expected ones, in their order. A logo that was not shown has an empty URL.
    fn logos_are_of(&self, expected: &[PaymentEntityLogo]) -> bool {
        let mut expected = expected.iter();
        self.payment_entities_logos.iter().all(|shown| {
            expected.any(|logo| logo.label == shown.label && (shown.url.is_empty() || logo.url == shown.url))
        })
    }
}

impl Instrument {
    /// An icon that need not be shown, and was not shown, has an empty URL.
    fn is(&self, transaction: &PaymentTransaction) -> bool {
        let expected = &transaction.instrument;
        let icon = self.icon == expected.icon || (!expected.icon_must_be_shown && self.icon.is_empty());
        icon && self.display_name == expected.display_name
            && self.details == expected.details
            && self.icon_must_be_shown.is_none_or(|shown| shown == expected.icon_must_be_shown)
    }
}
