//! Alterations of what the software authenticator minted: each takes a structure apart, changes something in it, and
//! puts it together again so that what is around it still fits.

mod bytes;
mod cbor;
mod der;
mod json;

use arbitrary::{Result, Unstructured};
use rp_conformance::seeds::{BaseAuthentication, BaseRegistration};
use serde_json::Value;

/// A response in the place of a base's, altered in one place or a few.
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

/// A response in the place of a base's, altered in one place or a few.
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

/// How many alterations are made: mostly one, for two seldom both go unnoticed.
fn count(u: &mut Unstructured<'_>) -> Result<u8> {
    if u.ratio(3, 4)? { Ok(1) } else { u.int_in_range(2..=3) }
}
