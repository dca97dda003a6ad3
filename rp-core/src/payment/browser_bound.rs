use alloc::vec::Vec;

use crate::base64url::{Base64UrlError, Bytes};
use crate::cose::{Algorithm, PublicKey, PublicKeyError};
use crate::crypto;
use crate::extensions::PaymentOutputs;

/// A key that the browser keeps on this one device, and that signed client data beside the passkey.
///
/// The passkey's signature covers it, so nobody exchanged it on the way; whether it is known already is the
/// caller's to say. A key that is new tells of a new device, and asks for whatever else the caller asks then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrowserBoundKey {
    /// The key, `COSE_Key` as the browser sent it.
    pub public_key: Bytes,
    /// Its algorithm.
    pub algorithm: Algorithm,
}

/// Why a browser bound key that client data name proves nothing.
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
    /// The client gave no `browserBoundSignature`.
    #[error("browserBoundSignature is missing")]
    SignatureMissing,
    /// The signature over client data does not verify.
    #[error("browserBoundSignature does not verify")]
    Signature(#[from] crypto::Error),
}

/// The browser bound key that client data name, if it signed them; `None` where they name none.
///
/// `named` is what client data say, `outputs` what the client gave for the extension.
pub(crate) fn browser_bound_key(
    named: Option<Result<Vec<u8>, Base64UrlError>>,
    outputs: Option<&PaymentOutputs>,
    client_data_json: &[u8],
    offered: &[i64],
) -> Option<Result<BrowserBoundKey, BrowserBoundKeyError>> {
    let signature = outputs.and_then(|outputs| outputs.browser_bound_signature.as_ref());
    let verify = |public_key: Vec<u8>| {
        let key = PublicKey::from_cose(&public_key)?;
        let algorithm = key.algorithm();
        if !offered.contains(&algorithm.id()) {
            return Err(BrowserBoundKeyError::AlgorithmNotOffered { algorithm });
        }
        let signature = signature.ok_or(BrowserBoundKeyError::SignatureMissing)?;
        key.verify(client_data_json, &signature.signature)?;
        Ok(BrowserBoundKey { public_key: public_key.into(), algorithm })
    };
    named.map(|named| named.map_err(|_| BrowserBoundKeyError::Encoding).and_then(verify))
}
