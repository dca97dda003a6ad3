//! The attestation object, valid or with faults.

use super::cbor::Cbor;
use super::fault::Fault;
use super::format::Format;
use super::quirk::Quirk;

/// The nesting depth of [`Fault::ObjectNested`].
const NESTED: usize = 200;

/// `{"fmt", "attStmt", "authData"}` in CTAP2's canonical form.
pub(crate) fn attestation_object(
    format: Format,
    statement: Cbor,
    auth_data: &[u8],
    fault: Option<Fault>,
    quirk: Option<Quirk>,
) -> Vec<u8> {
    let mut object = Cbor::object([
        ("fmt", format.fmt().into()),
        ("attStmt", statement),
        ("authData", auth_data.to_vec().into()),
    ]);
    match fault {
        Some(Fault::FmtMissing) => object.remove("fmt"),
        Some(Fault::FmtNotString) => object.set("fmt", 1),
        Some(Fault::FmtUnknown) => object.set("fmt", "unheard-of"),
        Some(Fault::FmtCase) => object.set("fmt", &*format.fmt().to_uppercase()),
        Some(Fault::StatementMissing) => object.remove("attStmt"),
        Some(Fault::StatementNotMap) => object.set("attStmt", 1),
        Some(Fault::AuthDataMissing) => object.remove("authData"),
        Some(Fault::AuthDataNotBytes) => object.set("authData", "authData"),
        Some(Fault::ObjectNested) => {
            object.set("attStmt", (0..NESTED).fold(Cbor::Null, |inner, _| Cbor::Array(vec![inner])));
        }
        Some(Fault::ObjectAbsurdLength) => {
            // The head of a byte string of 2^63 - 1 bytes, without content.
            object.set("authData", Cbor::Raw(vec![0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
        }
        Some(Fault::ObjectNotMap) => object = Cbor::Array(vec![object]),
        _ => {}
    }
    match (&mut object, fault, quirk) {
        (Cbor::Map(members), Some(Fault::ObjectDuplicate), _) => {
            members.insert(1, ("fmt".into(), format.fmt().into()));
        }
        (Cbor::Map(members), Some(Fault::ObjectIndefinite), _) => {
            object = Cbor::IndefiniteMap(std::mem::take(members));
        }
        (Cbor::Map(members), _, Some(Quirk::KeysUnsorted)) => members.reverse(),
        _ => {}
    }
    let mut bytes = if quirk == Some(Quirk::LengthsLong) { object.encode_long() } else { object.encode() };
    match fault {
        Some(Fault::ObjectTrailing) => bytes.push(0),
        Some(Fault::ObjectTruncated) => {
            bytes.pop();
        }
        _ => {}
    }
    bytes
}
