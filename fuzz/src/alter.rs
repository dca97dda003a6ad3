//! Alterations of valid responses: each parses a structure, changes a part, and encodes it again so that lengths and
//! enclosing structures still fit.

mod bytes;
mod cbor;
mod der;
mod json;

use arbitrary::{Result, Unstructured};
use rp_conformance::seeds::{BaseAuthentication, BaseRegistration};
use serde_json::Value;

/// The response of a base with one or a few alterations.
pub fn registration(
    base: &BaseRegistration,
    others: &[BaseRegistration],
    u: &mut Unstructured<'_>,
) -> Result<Value> {
    let (mut client_data, mut object) = (base.client_data.clone(), base.attestation_object.clone());
    let mut around = false;
    for _ in 0..count(u)? {
        match u.int_in_range(0..=9)? {
            0 => json::alter_text(&mut client_data, u)?,
            1 => around = true,
            2 => client_data.clone_from(&u.choose(others)?.client_data),
            3 => object.clone_from(&u.choose(others)?.attestation_object),
            4 => bytes::alter(&mut object, u)?,
            _ => {
                let other = u.choose(others)?;
                cbor::alter_object(&mut object, &other.attestation_object, u)?;
            }
        }
    }
    let mut response = base.with_parts(&client_data, &object);
    if around {
        json::alter(&mut response, u)?;
    }
    Ok(response)
}

/// The response of a base with one or a few alterations.
pub fn authentication(
    base: &BaseAuthentication,
    others: &[BaseAuthentication],
    u: &mut Unstructured<'_>,
) -> Result<Value> {
    let BaseAuthentication { mut client_data, mut authenticator_data, mut signature, .. } = base.clone();
    let mut around = false;
    for _ in 0..count(u)? {
        match u.int_in_range(0..=9)? {
            0 => json::alter_text(&mut client_data, u)?,
            1 => around = true,
            2 => client_data.clone_from(&u.choose(others)?.client_data),
            3 => authenticator_data.clone_from(&u.choose(others)?.authenticator_data),
            4 => signature.clone_from(&u.choose(others)?.signature),
            5 | 6 => der::alter(&mut signature, u)?,
            _ => cbor::alter_authenticator_data(&mut authenticator_data, u)?,
        }
    }
    let mut response = base.with_parts(&client_data, &authenticator_data, &signature);
    if around {
        json::alter(&mut response, u)?;
    }
    Ok(response)
}

/// The number of alterations: mostly one, because two are rarely both unnoticed.
fn count(u: &mut Unstructured<'_>) -> Result<u8> {
    if u.ratio(3, 4)? { Ok(1) } else { u.int_in_range(2..=3) }
}
