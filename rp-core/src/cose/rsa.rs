//! RSA keys (RFC 8230, section 4).

use alloc::vec;

use coset::iana::{self, EnumI64, RsaKeyParameter};
use coset::{CoseKey, KeyType};

use super::{Algorithm, PublicKeyError, bytes, expect_type, take_bytes};
use crate::crypto::{Key, RsaLimits};

/// The key, where the type is RSA.
pub(super) fn key(cose: &mut CoseKey, algorithm: Algorithm) -> Result<Key, PublicKeyError> {
    expect_type(cose, algorithm, iana::KeyType::RSA)?;
    let n = take_bytes(cose, RsaKeyParameter::N.to_i64(), "n")?;
    let e = take_bytes(cose, RsaKeyParameter::E.to_i64(), "e")?;
    Ok(Key::rsa(&n, &e, RsaLimits::DEFAULT)?)
}

pub(super) fn write(cose: &mut CoseKey, n: &[u8], e: &[u8]) {
    cose.kty = KeyType::Assigned(iana::KeyType::RSA);
    cose.params = vec![bytes(RsaKeyParameter::N.to_i64(), n), bytes(RsaKeyParameter::E.to_i64(), e)];
}
