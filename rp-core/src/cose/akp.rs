//! Algorithm key pairs: ML-DSA (RFC 9964).

use alloc::vec;

use coset::iana::{self, AkpKeyParameter, EnumI64};
use coset::{CoseKey, KeyType};

use super::{Algorithm, PublicKeyError, bytes, expect_type, take_bytes};
use crate::crypto::{Key, MlDsaSet};

/// The key, where the type is AKP.
pub(super) fn key(cose: &mut CoseKey, algorithm: Algorithm, set: MlDsaSet) -> Result<Key, PublicKeyError> {
    expect_type(cose, algorithm, iana::KeyType::AKP)?;
    let public = take_bytes(cose, AkpKeyParameter::Pub.to_i64(), "pub")?;
    Ok(Key::ml_dsa(set, &public)?)
}

pub(super) fn write(cose: &mut CoseKey, public: &[u8]) {
    cose.kty = KeyType::Assigned(iana::KeyType::AKP);
    cose.params = vec![bytes(AkpKeyParameter::Pub.to_i64(), public)];
}
