//! Elliptic curve keys with two coordinates (RFC 9053, section 7.1.1).

use alloc::vec;

use coset::cbor::value::Value;
use coset::iana::{self, Ec2KeyParameter, EnumI64};
use coset::{CoseKey, KeyType, Label};

use super::{Algorithm, PublicKeyError, bytes, expect_curve, expect_type, take_bytes};
use crate::crypto::{Curve, Key};

/// The key, where the type is EC2 and the curve the algorithm's. A compressed point has a boolean for `y`.
pub(super) fn key(cose: &mut CoseKey, algorithm: Algorithm, curve: Curve) -> Result<Key, PublicKeyError> {
    expect_type(cose, algorithm, iana::KeyType::EC2)?;
    expect_curve(cose, Ec2KeyParameter::Crv.to_i64(), algorithm, identifier(curve))?;
    let x = take_bytes(cose, Ec2KeyParameter::X.to_i64(), "x")?;
    let y = take_bytes(cose, Ec2KeyParameter::Y.to_i64(), "y")?;
    Ok(Key::ec(curve, &x, &y)?)
}

pub(super) fn write(cose: &mut CoseKey, curve: Curve, sec1: &[u8]) {
    let coordinates = sec1.get(1..).and_then(|both| both.split_at_checked(curve.coordinate_len()));
    let (x, y) = coordinates.unwrap_or_default();
    cose.kty = KeyType::Assigned(iana::KeyType::EC2);
    cose.params = vec![
        (Label::Int(Ec2KeyParameter::Crv.to_i64()), Value::from(identifier(curve).to_i64())),
        bytes(Ec2KeyParameter::X.to_i64(), x),
        bytes(Ec2KeyParameter::Y.to_i64(), y),
    ];
}

fn identifier(curve: Curve) -> iana::EllipticCurve {
    match curve {
        Curve::P256 => iana::EllipticCurve::P_256,
        Curve::P384 => iana::EllipticCurve::P_384,
        Curve::P521 => iana::EllipticCurve::P_521,
        Curve::Secp256k1 => iana::EllipticCurve::Secp256k1,
    }
}
