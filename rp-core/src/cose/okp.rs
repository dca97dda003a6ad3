//! Octet key pairs: Edwards curves (RFC 9053, section 7.2).

use alloc::vec;

use coset::cbor::value::Value;
use coset::iana::{self, EnumI64, OkpKeyParameter};
use coset::{CoseKey, KeyType, Label};

use super::{Algorithm, PublicKeyError, bytes, expect_curve, expect_type, take_bytes};
use crate::crypto::{EdwardsCurve, Key};

/// The key, where the type is OKP and the curve the algorithm's.
pub(super) fn key(
    cose: &mut CoseKey,
    algorithm: Algorithm,
    curve: EdwardsCurve,
) -> Result<Key, PublicKeyError> {
    expect_type(cose, algorithm, iana::KeyType::OKP)?;
    expect_curve(cose, OkpKeyParameter::Crv.to_i64(), algorithm, identifier(curve))?;
    let x = take_bytes(cose, OkpKeyParameter::X.to_i64(), "x")?;
    Ok(Key::okp(curve, &x)?)
}

pub(super) fn write(cose: &mut CoseKey, curve: EdwardsCurve, x: &[u8]) {
    cose.kty = KeyType::Assigned(iana::KeyType::OKP);
    cose.params = vec![
        (Label::Int(OkpKeyParameter::Crv.to_i64()), Value::from(identifier(curve).to_i64())),
        bytes(OkpKeyParameter::X.to_i64(), x),
    ];
}

fn identifier(curve: EdwardsCurve) -> iana::EllipticCurve {
    match curve {
        EdwardsCurve::Ed25519 => iana::EllipticCurve::Ed25519,
        EdwardsCurve::Ed448 => iana::EllipticCurve::Ed448,
    }
}
