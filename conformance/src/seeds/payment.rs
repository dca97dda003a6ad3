//! A valid payment (Secure Payment Confirmation).

use rp_core::payment::{
    ConfirmedPayment, PaymentCredentialInstrument, PaymentCurrencyAmount, PaymentTransaction,
};
use rp_core::{
    AllowedCredentials, AuthenticationResponse, Challenge, CredentialRecord, RegistrationResponse,
    RelyingParty, StaticAnchors, User, UserHandle, base64url,
};
use serde_json::{Value, json};

use super::layout::{Inputs, NOW, pack};
use crate::authenticator::{Algorithm, Authenticator, Config, KeyPair, Seed};

/// A payment and its relying party.
#[derive(Clone, Debug)]
pub struct BasePayment {
    rp: RelyingParty,
    record: CredentialRecord,
    /// `AuthenticationResponseJSON`.
    pub response: Value,
}

impl BasePayment {
    /// A payment whose client data name a key that the browser bound to the device.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn minted() -> Result<Self, Box<dyn std::error::Error>> {
        let rp = RelyingParty::builder("example.org").origin(ORIGIN).build()?;
        let user =
            User { handle: UserHandle::try_from(&[1][..])?, name: "kim".into(), display_name: "Kim".into() };
        let mut key = Authenticator::new("payment", Config { now: NOW, ..Config::default() });
        let (options, pending) = rp.registration(&user).start_with(challenge(), NOW)?;
        let response = key.create(&serde_json::to_value(&options.public_key)?, ORIGIN)?;
        let response = RegistrationResponse::from_json(response.as_bytes())?;
        let record = rp.finish_registration(pending, &response, &StaticAnchors::none(), NOW)?.credential;
        let browser_bound = browser_bound().public().cose(Algorithm::Es256).encode();
        let asked = json!({
            "challenge": challenge(),
            "rpId": "example.org",
            "allowCredentials": [{"type": "public-key", "id": record.id}],
            "userVerification": "required",
            "extensions": {"payment": {
                "isPayment": true,
                "rpId": "example.org",
                "topOrigin": ORIGIN,
                "payeeOrigin": ORIGIN,
                "total": transaction().total,
                "instrument": transaction().instrument,
                "browserBoundPublicKey": base64url::encode(&browser_bound),
            }},
        });
        let mut response: Value = serde_json::from_str(&key.get(&asked, ORIGIN)?)?;
        let client_data = response.pointer("/response/clientDataJSON").and_then(Value::as_str);
        let client_data = base64url::decode(client_data.unwrap_or_default())?;
        let signature = base64url::encode(&self::browser_bound().sign(&client_data));
        if let Some(results) = response.get_mut("clientExtensionResults") {
            *results = json!({"payment": {"browserBoundSignature": {"signature": signature}}});
        }
        Ok(Self { rp, record, response })
    }

    /// The verdict of rp-core on a response in place of this one.
    ///
    /// # Errors
    /// The message of the error if it is not accepted.
    pub fn judge(&self, response: &Value) -> Result<ConfirmedPayment, String> {
        let response = AuthenticationResponse::from_json(response.to_string().as_bytes());
        let response = response.map_err(|error| error.to_string())?;
        let allow =
            AllowedCredentials::account(self.record.user_handle.clone(), std::slice::from_ref(&self.record));
        let started = self.rp.start_payment_with(allow, transaction(), challenge(), NOW);
        let (_, pending) = started.map_err(|error| error.to_string())?;
        self.rp.finish_payment(pending, &response, &self.record, NOW).map_err(|error| error.to_string())
    }
}

/// The client's extension results and client data.
pub(super) fn payments() -> Inputs {
    let Ok(base) = BasePayment::minted() else { return Inputs::new() };
    let results = base.response.get("clientExtensionResults").map(Value::to_string).unwrap_or_default();
    let client_data = base.response.pointer("/response/clientDataJSON").and_then(Value::as_str);
    let client_data = base64url::decode(client_data.unwrap_or_default()).unwrap_or_default();
    [pack(0, &[results.as_bytes(), &client_data])].into()
}

fn transaction() -> PaymentTransaction {
    PaymentTransaction {
        origin: ORIGIN.into(),
        top_origin: ORIGIN.into(),
        payee_name: None,
        payee_origin: Some(ORIGIN.into()),
        payment_entities_logos: Vec::new(),
        total: PaymentCurrencyAmount { currency: "USD".into(), value: "5.00".into() },
        instrument: PaymentCredentialInstrument {
            display_name: "Card".into(),
            icon: "https://bank.example/card.png".into(),
            icon_must_be_shown: true,
            details: None,
        },
    }
}

fn browser_bound() -> KeyPair {
    KeyPair::derive(Algorithm::Es256, &Seed::new("payment"), "browser")
}

fn challenge() -> Challenge {
    Challenge::recorded(&[1; 32])
}

const ORIGIN: &str = "https://example.org";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payment_of_the_seeds_is_confirmed() {
        let base = BasePayment::minted().unwrap();
        let confirmed = base.judge(&base.response).unwrap();
        assert!(matches!(confirmed.browser_bound_key, Some(Ok(_))), "{:?}", confirmed.browser_bound_key);
    }
}
