//! Attestation statements, one file per format, and the faults that all formats share.

mod android_key;
mod android_safetynet;
mod apple;
mod compound;
mod fido_u2f;
mod packed;
mod subject;
mod tpm;

pub(crate) use fido_u2f::U2F_KEY;
pub(crate) use subject::Subject;
use subject::x5c;

use super::authority::flip_last_bit;
use super::cbor::Cbor;
use super::fault::Fault;
use super::format::Format;
use super::quirk::Quirk;

/// A statement of a format.
pub(crate) fn statement(format: Format, subject: &Subject<'_>) -> Cbor {
    let mut statement = match format {
        Format::None => Cbor::Map(Vec::new()),
        Format::PackedSelf => packed::self_attestation(subject),
        Format::Packed => packed::with_certificates(subject),
        Format::FidoU2f => fido_u2f::statement(subject),
        Format::Tpm => tpm::statement(subject),
        Format::AndroidKey => android_key::statement(subject),
        Format::AndroidSafetyNet => android_safetynet::statement(subject),
        Format::Apple => apple::statement(subject),
        Format::Compound => compound::statement(subject),
    };
    damage(&mut statement, subject.fault);
    if subject.config.quirk == Some(Quirk::StatementMember) && format != Format::None {
        statement.set("a", 1);
    }
    statement.canonical()
}

/// `x5c` of a `packed` statement.
pub(crate) fn packed_certificates(subject: &Subject<'_>) -> Vec<Vec<u8>> {
    packed::certificates(subject, &subject.attestation_key())
}

/// Applies the faults that every statement with the member in question can have.
fn damage(statement: &mut Cbor, fault: Option<Fault>) {
    match fault {
        Some(Fault::NoneNotEmpty) => statement.set("sig", vec![0; 8]),
        Some(Fault::StatementEmpty) => *statement = Cbor::Map(Vec::new()),
        Some(Fault::AlgMissing) => statement.remove("alg"),
        Some(Fault::AlgNotNumber) => statement.set("alg", "ES256"),
        Some(Fault::AlgOther) => {
            let other = if statement.get(&"alg".into()) == Some(&Cbor::Int(-257)) { -7 } else { -257 };
            statement.set("alg", other);
        }
        Some(Fault::SigMissing) => statement.remove("sig"),
        Some(Fault::SigNotBytes) => statement.set("sig", "sig"),
        Some(Fault::SigEmpty) => statement.set("sig", Vec::new()),
        Some(Fault::SigFlipped) => {
            if let Some(Cbor::Bytes(sig)) = statement.get(&"sig".into()) {
                let mut sig = sig.clone();
                flip_last_bit(&mut sig);
                statement.set("sig", sig);
            }
        }
        Some(Fault::X5cMissing | Fault::X5cMissingWithoutSelf) => statement.remove("x5c"),
        Some(Fault::X5cNotArray) => statement.set("x5c", vec![0x30, 0]),
        Some(Fault::X5cEmpty) => statement.set("x5c", x5c(Vec::new())),
        Some(Fault::X5cOfText) => statement.set("x5c", Cbor::Array(vec!["MIIB".into()])),
        _ => {}
    }
}
