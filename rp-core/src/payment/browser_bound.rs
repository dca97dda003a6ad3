use serde::Deserialize;

use crate::base64url::{self, Bytes};
use crate::client_data::CollectedClientData;
use crate::cose::{Algorithm, PublicKey, PublicKeyError};
use crate::crypto;
use crate::extensions::PaymentOutputs;
use crate::json::{Text, parse_object};

/// A key that the browser keeps on one device. It signed the client data in addition to the passkey.
///
/// The signature of the passkey covers it. The caller checks whether the key is known: a new key means a new device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrowserBoundKey {
    /// The key, `COSE_Key` as the browser sent it.
    pub public_key: Bytes,
    /// Its algorithm.
    pub algorithm: Algorithm,
}

/// Why a browser bound key in client data proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BrowserBoundKeyError {
    /// `browserBoundPublicKey` is not base64url.
    #[error("browserBoundPublicKey is not base64url without padding")]
    Encoding,
    /// `browserBoundPublicKey` is not a key of its algorithm.
    #[error("browserBoundPublicKey: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// The algorithm was not offered.
    #[error("browserBoundPublicKey: algorithm {algorithm} was not offered")]
    AlgorithmNotOffered {
        /// The key's algorithm.
        algorithm: Algorithm,
    },
    /// The client returned no `browserBoundSignature`.
    #[error("browserBoundSignature is missing")]
    SignatureMissing,
    /// The signature over client data does not verify.
    #[error("browserBoundSignature does not verify")]
    Signature(#[from] crypto::Error),
}

/// `CollectedClientAdditionalPaymentRegistrationData`, whose member client data of a payment has too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BrowserBound<'a> {
    #[serde(borrow, default)]
    browser_bound_public_key: Option<Text<'a>>,
}

/// Verifies the browser bound key in client data. Returns `None` if client data contains no key.
///
/// `outputs` is the client's output of the extension.
pub(crate) fn browser_bound_key(
    client_data: &CollectedClientData,
    outputs: Option<&PaymentOutputs>,
    offered: &[i64],
) -> Option<Result<BrowserBoundKey, BrowserBoundKeyError>> {
    let data: BrowserBound<'_> = parse_object(client_data.payment()?.as_bytes()).ok()?;
    let Text(public_key) = data.browser_bound_public_key?;
    let signature = outputs.and_then(|outputs| outputs.browser_bound_signature.as_ref());
    let verify = || {
        let public_key = base64url::decode(&public_key).map_err(|_| BrowserBoundKeyError::Encoding)?;
        let key = PublicKey::from_cose(&public_key)?;
        let algorithm = key.algorithm();
        if !offered.contains(&algorithm.id()) {
            return Err(BrowserBoundKeyError::AlgorithmNotOffered { algorithm });
        }
        let signature = signature.ok_or(BrowserBoundKeyError::SignatureMissing)?;
        key.verify(&[client_data.as_json()], &signature.signature)?;
        Ok(BrowserBoundKey { public_key: public_key.into(), algorithm })
    };
    Some(verify())
}
