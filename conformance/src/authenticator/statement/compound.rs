//! `compound` ([section 8.9]): `packed` with certificates, and `packed` by the credential key.
//!
//! [section 8.9]: https://www.w3.org/TR/webauthn-3/#sctn-compound-attestation

use super::packed;
use super::subject::Subject;
use crate::authenticator::authority::flip_last_bit;
use crate::authenticator::cbor::Cbor;
use crate::authenticator::fault::Fault;

pub(super) fn statement(subject: &Subject<'_>) -> Cbor {
    let element = |fmt: &str, statement| Cbor::object([("fmt", fmt.into()), ("attStmt", statement)]);
    let first = element("packed", packed::with_certificates(subject));
    let mut by_itself = packed::self_attestation(subject);
    if subject.fault == Some(Fault::CompoundOneInvalid)
        && let Some(Cbor::Bytes(sig)) = by_itself.get(&"sig".into()).cloned()
    {
        let mut sig = sig;
        flip_last_bit(&mut sig);
        by_itself.set("sig", sig);
    }
    let second = element("packed", by_itself);
    Cbor::Array(match subject.fault {
        Some(Fault::CompoundOfOne) => vec![first],
        Some(Fault::CompoundNested) => {
            vec![first.clone(), element("compound", Cbor::Array(vec![first, second]))]
        }
        _ => vec![first, second],
    })
}
