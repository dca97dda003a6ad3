//! `signature` cases, before rp-core.

use rp_core::{Code, cose};

use super::Refusal;
use super::rp_core::refused;
use crate::format::Signature;

pub(super) fn judge(case: &Signature) -> Result<(), Refusal> {
    let key = cose::PublicKey::from_cose(&case.public_key.0).map_err(|error| refused!(error))?;
    key.verify(&case.message.0, &case.signature.0)
        .map_err(|error| Refusal::Refused { code: Code::SignatureInvalid, detail: error.to_string() })
}
