use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::origin::WebOrigin;

/// The payment that the user must see, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentTransaction {
    /// The origin of the caller: the relying party's or the merchant's.
    pub origin: String,
    /// The origin of the top-level page: `origin` itself, or that of the page that contains its frame.
    pub top_origin: String,
    /// The name of the payee. At least one of name and origin is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee_name: Option<String>,
    /// The origin of the payee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee_origin: Option<String>,
    /// Logos of the entities that take part in the payment, the most important first. A client may show fewer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payment_entities_logos: Vec<PaymentEntityLogo>,
    /// The amount.
    pub total: PaymentCurrencyAmount,
    /// The payment instrument.
    pub instrument: PaymentCredentialInstrument,
}

/// `PaymentCurrencyAmount` of Payment Request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCurrencyAmount {
    /// Three capital letters (ISO 4217).
    pub currency: String,
    /// A decimal number, such as `5.00`. Amounts are compared as strings: `5.0` differs from `5.00`.
    pub value: String,
}

/// `PaymentCredentialInstrument`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentCredentialInstrument {
    /// Its name.
    pub display_name: String,
    /// The URL of its icon.
    pub icon: String,
    /// Whether the payment fails if the icon cannot be shown. If not, the client signs an empty URL instead.
    pub icon_must_be_shown: bool,
    /// Details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// `PaymentEntityLogo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentEntityLogo {
    /// The URL of the logo. A client that could not show it signs an empty URL.
    pub url: String,
    /// A label.
    pub label: String,
}

/// Why a client would not show a payment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// An origin is not an `https` origin in the form of browsers; `localhost` needs no TLS.
    #[error("{member} {origin:?} is not an https origin in the form of browsers")]
    Origin {
        /// The member.
        member: &'static str,
        /// Its value.
        origin: String,
    },
    /// The payee's name and origin are both missing.
    #[error("payeeName and payeeOrigin are missing")]
    NoPayee,
    /// A text is empty.
    #[error("{member} is empty")]
    Empty {
        /// The member.
        member: &'static str,
    },
    /// The currency is not three capital letters.
    #[error("currency {currency:?} is not three capital letters")]
    Currency {
        /// Its value.
        currency: String,
    },
    /// The amount is not an unsigned decimal number.
    #[error("amount {value:?} is not an unsigned decimal number")]
    Value {
        /// Its value.
        value: String,
    },
}

impl PaymentTransaction {
    /// The checks of a client before it shows the payment.
    pub(super) fn check(&self) -> Result<(), TransactionError> {
        check_origin("origin", &self.origin)?;
        check_origin("topOrigin", &self.top_origin)?;
        if self.payee_name.is_none() && self.payee_origin.is_none() {
            return Err(TransactionError::NoPayee);
        }
        if let Some(origin) = &self.payee_origin {
            check_origin("payeeOrigin", origin)?;
        }
        let logos = self.payment_entities_logos.iter();
        let texts = [
            ("payeeName", self.payee_name.as_deref()),
            ("instrument.displayName", Some(&self.instrument.display_name)),
            ("instrument.icon", Some(&self.instrument.icon)),
        ]
        .into_iter()
        .filter_map(|(member, text)| Some((member, text?)))
        .chain(logos.flat_map(|logo| {
            [
                ("paymentEntitiesLogos.url", logo.url.as_str()),
                ("paymentEntitiesLogos.label", logo.label.as_str()),
            ]
        }));
        for (member, text) in texts {
            if text.is_empty() {
                return Err(TransactionError::Empty { member });
            }
        }
        self.total.check()
    }
}

impl PaymentCurrencyAmount {
    fn check(&self) -> Result<(), TransactionError> {
        if self.currency.len() != 3 || !self.currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Err(TransactionError::Currency { currency: self.currency.clone() });
        }
        let (whole, fraction) = self.value.split_once('.').unwrap_or((&self.value, "0"));
        let is_number =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return Err(TransactionError::Value { value: self.value.clone() });
        }
        Ok(())
    }
}

fn check_origin(member: &'static str, origin: &str) -> Result<(), TransactionError> {
    match WebOrigin::parse(origin) {
        Some(web) if web.is_secure() => Ok(()),
        _ => Err(TransactionError::Origin { member, origin: origin.into() }),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn transaction() -> PaymentTransaction {
        PaymentTransaction {
            origin: "https://merchant.example".into(),
            top_origin: "https://merchant.example".into(),
            payee_name: Some("Merchant".into()),
            payee_origin: Some("https://merchant.example".into()),
            payment_entities_logos: vec![PaymentEntityLogo {
                url: "https://network.example/logo.png".into(),
                label: "Network".into(),
            }],
            total: PaymentCurrencyAmount { currency: "USD".into(), value: "5.00".into() },
            instrument: PaymentCredentialInstrument {
                display_name: "Card ····1234".into(),
                icon: "https://bank.example/card.png".into(),
                icon_must_be_shown: true,
                details: None,
            },
        }
    }

    fn message(change: impl FnOnce(&mut PaymentTransaction)) -> String {
        let mut transaction = transaction();
        assert_eq!(transaction.check(), Ok(()));
        change(&mut transaction);
        transaction.check().unwrap_err().to_string()
    }

    #[test]
    fn a_payment_that_a_client_would_not_show_is_rejected() {
        assert_eq!(
            message(|payment| payment.origin = "http://merchant.example".into()),
            r#"origin "http://merchant.example" is not an https origin in the form of browsers"#
        );
        assert_eq!(
            message(|payment| payment.top_origin = "https://merchant.example/".into()),
            r#"topOrigin "https://merchant.example/" is not an https origin in the form of browsers"#
        );
        assert_eq!(
            message(|payment| {
                payment.payee_name = None;
                payment.payee_origin = None;
            }),
            "payeeName and payeeOrigin are missing"
        );
        assert_eq!(message(|payment| payment.payee_name = Some(String::new())), "payeeName is empty");
        assert_eq!(message(|payment| payment.instrument.icon.clear()), "instrument.icon is empty");
        assert_eq!(
            message(|payment| payment.payment_entities_logos[0].label.clear()),
            "paymentEntitiesLogos.label is empty"
        );
        assert_eq!(
            message(|payment| payment.total.currency = "usd".into()),
            r#"currency "usd" is not three capital letters"#
        );
        for value in ["", "5.", ".5", "-5", "5,00", "5.0.0", "٥"] {
            assert_eq!(
                message(|payment| payment.total.value = value.into()),
                alloc::format!("amount {value:?} is not an unsigned decimal number")
            );
        }
    }
}
