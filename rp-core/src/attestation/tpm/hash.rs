//! Hash algorithms by TPM_ALG_ID (TPM 2.0 Part 2, section 6.3), and by the signature algorithm that employs them.

use crate::cose::Algorithm;
use crate::crypto::Hash;

/// The hash of a TPM_ALG_ID; `None` for those that no TPM with WebAuthn names objects with.
pub(super) fn by_id(id: u16) -> Option<Hash> {
    match id {
        0x0004 => Some(Hash::Sha1),
        0x000b => Some(Hash::Sha256),
        0x000c => Some(Hash::Sha384),
        0x000d => Some(Hash::Sha512),
        _ => None,
    }
}

/// The hash that a signature algorithm employs; `None` for those that hash as they please, which no TPM has.
pub(super) fn employed_by(algorithm: Algorithm) -> Option<Hash> {
    match algorithm {
        Algorithm::Rs1 => Some(Hash::Sha1),
        Algorithm::Es256 | Algorithm::Esp256 | Algorithm::Rs256 | Algorithm::Ps256 => Some(Hash::Sha256),
        Algorithm::Es384 | Algorithm::Esp384 | Algorithm::Rs384 | Algorithm::Ps384 => Some(Hash::Sha384),
        Algorithm::Es512 | Algorithm::Esp512 | Algorithm::Rs512 | Algorithm::Ps512 => Some(Hash::Sha512),
        // No TPM_ECC_CURVE is secp256k1.
        Algorithm::Es256k
        | Algorithm::EdDsa
        | Algorithm::Ed25519
        | Algorithm::Ed448
        | Algorithm::MlDsa44
        | Algorithm::MlDsa65
        | Algorithm::MlDsa87 => None,
    }
}
