use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::origin::WebOrigin;

/// A payment as the user is to see it, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentTransaction {
    /// The origin that calls: one's own, or the merchant's.
    pub origin: String,
    /// The origin of the page: that of `origin`, or of the page around its frame.
    pub top_origin: String,
    /// The name of the payee; this, the payee's origin, or both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee_name: Option<String>,
    /// The origin of the payee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee_origin: Option<String>,
    /// Logos of who takes part in the payment, the foremost first. A client may show fewer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payment_entities_logos: Vec<PaymentEntityLogo>,
    /// The amount.
    pub total: PaymentCurrencyAmount,
    /// What is paid with.
    pub instrument: PaymentCredentialInstrument,
}

/// `PaymentCurrencyAmount` of Payment Request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCurrencyAmount {
    /// Three capital letters (ISO 4217).
    pub currency: String,
    /// A decimal number, such as `5.00`. Amounts are compared as texts: `5.0` is another.
    pub value: String,
}

/// `PaymentCredentialInstrument`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentCredentialInstrument {
    /// Its name.
    pub display_name: String,
    /// The address of its icon.
    pub icon: String,
    /// Whether the payment fails where the icon cannot be shown; where it may go on, the client signs an empty
    /// address.
    pub icon_must_be_shown: bool,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// `PaymentEntityLogo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentEntityLogo {
    /// The address of the logo; empty in what a client signs where it could not show it.
    pub url: String,
    /// A label.
    pub label: String,
}

/// A payment that no client would show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// An origin is not `https`, host and perhaps port, as browsers write it; `localhost` needs no TLS.
    #[error("{member} {origin:?} is no https origin as browsers write it")]
    Origin {
        /// The member.
        member: &'static str,
        /// What it says.
        origin: String,
    },
    /// Neither the payee's name nor its origin is there.
    #[error("neither payeeName nor payeeOrigin is there")]
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
        /// What it says.
        currency: String,
    },
    /// The amount is no decimal number without a sign.
    #[error("amount {value:?} is no decimal number")]
    Value {
        /// What it says.
        value: String,
    },
}

impl PaymentTransaction {
    /// What a client asks of its input, before it shows anything.
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

    fn refused(change: impl FnOnce(&mut PaymentTransaction)) -> String {
        let mut transaction = transaction();
        assert_eq!(transaction.check(), Ok(()));
        change(&mut transaction);
        transaction.check().unwrap_err().to_string()
    }

    #[test]
    fn a_payment_that_no_client_would_show_is_refused_before_it_is_asked_for() {
        assert_eq!(
            refused(|payment| payment.origin = "http://merchant.example".into()),
            r#"origin "http://merchant.example" is no https origin as browsers write it"#
        );
        assert_eq!(
            refused(|payment| payment.top_origin = "https://merchant.example/".into()),
            r#"topOrigin "https://merchant.example/" is no https origin as browsers write it"#
        );
        assert_eq!(
            refused(|payment| {
                payment.payee_name = None;
                payment.payee_origin = None;
            }),
            "neither payeeName nor payeeOrigin is there"
        );
        assert_eq!(refused(|payment| payment.payee_name = Some(String::new())), "payeeName is empty");
        assert_eq!(refused(|payment| payment.instrument.icon.clear()), "instrument.icon is empty");
        assert_eq!(
            refused(|payment| payment.payment_entities_logos[0].label.clear()),
            "paymentEntitiesLogos.label is empty"
        );
        assert_eq!(
            refused(|payment| payment.total.currency = "usd".into()),
            r#"currency "usd" is not three capital letters"#
        );
        for value in ["", "5.", ".5", "-5", "5,00", "5.0.0", "٥"] {
            assert_eq!(
                refused(|payment| payment.total.value = value.into()),
                alloc::format!("amount {value:?} is no decimal number")
            );
        }
    }
}
