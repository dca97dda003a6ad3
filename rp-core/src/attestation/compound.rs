use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::error::{AttestationError, CompoundError, MAX_STATEMENTS};
use super::format::{AttestationType, Format};
use super::statement_input::StatementInput;
use super::verified::Verified;
use crate::cbor::{FieldError, Value};

/// 8.9, verification procedure. `verify` is the procedure of any other format.
///
/// "Sufficiently many" means all here: policy must accept the format of each statement, and each must be valid. The
/// result is that of the first statement with certificates. [`Attestation`](super::Attestation) describes when a
/// compound statement is trusted.
pub(super) fn verify(
    input: &StatementInput<'_>,
    verify: impl Fn(&Format, &StatementInput<'_>) -> Result<Verified, AttestationError>,
) -> Result<Verified, CompoundError> {
    let statements = statements(input.statement)?;
    let mut parts = Vec::with_capacity(statements.len());
    // 1. For each subStmt of attStmt, evaluate the verification procedure corresponding to subStmt.fmt
    for (index, (format, statement)) in statements.into_iter().enumerate() {
        let part = StatementInput { statement, ..*input };
        let verified = verify(&format, &part)
            .map_err(|source| CompoundError::Part { index, source: Box::new(source) })?;
        parts.push((format, verified));
    }
    // 2. Return any combination of outputs from successful verification procedures
    Ok(combined(parts))
}

/// The first result with certificates, or else the first self attestation, or else none.
fn combined(parts: Vec<(Format, Verified)>) -> Verified {
    let with_certificates = parts.iter().find(|(_, part)| !part.trust_path.is_empty());
    let representative = with_certificates
        .or_else(|| parts.iter().find(|(_, part)| part.r#type == AttestationType::SelfAttestation));
    let representative = representative.map(|(_, part)| part.clone());
    let verified = representative.unwrap_or_else(|| Verified::without_path(AttestationType::None));
    Verified { parts, ..verified }
}

/// The formats and statements of the array. All are read before any is verified.
fn statements<'s, 'a>(statement: &'s Value<'a>) -> Result<Vec<(Format, &'s Value<'a>)>, CompoundError> {
    let wrong =
        |path: String, expected, value: &Value<'_>| FieldError::Type { path, expected, found: value.kind() };
    let items = statement.as_array().ok_or_else(|| wrong("attStmt".into(), "an array", statement))?;
    if !(2..=MAX_STATEMENTS).contains(&items.len()) {
        return Err(CompoundError::Count { got: items.len() });
    }
    let mut statements = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = alloc::format!("attStmt[{index}]");
        let map = item.as_map().ok_or_else(|| wrong(path.clone(), "a map", item))?;
        let format = Format::from(map.fields(&path).text("fmt")?);
        if format == Format::Compound {
            return Err(CompoundError::Nested { index });
        }
        let statement = map.get_text("attStmt");
        let missing = || FieldError::Missing { path: alloc::format!("{path}.attStmt") };
        statements.push((format, statement.ok_or_else(missing)?));
    }
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;
    use crate::cbor;
    use crate::error::Code;

    /// `{"fmt": "none", "attStmt": {}}`
    const NONE: &[u8] = b"\xa2\x63fmt\x64none\x67attStmt\xa0";

    fn refused(cbor: &[u8]) -> CompoundError {
        statements(&cbor::parse(cbor).unwrap()).unwrap_err()
    }

    #[test]
    fn two_statements_are_read_in_their_order() {
        let array = [&[0x82], NONE, b"\xa2\x67attStmt\xa0\x63fmt\x66packed"].concat();
        let value = cbor::parse(&array).unwrap();
        let formats: Vec<_> = statements(&value).unwrap().into_iter().map(|(format, _)| format).collect();
        assert_eq!(formats, [Format::None, Format::Packed]);
    }

    #[test]
    fn certificates_are_reported_before_self_attestation_before_none() {
        let none = (Format::None, Verified::without_path(AttestationType::None));
        let by_itself = (Format::Packed, Verified::without_path(AttestationType::SelfAttestation));
        let certified = (Format::Tpm, Verified::with_path(AttestationType::AttCa, vec![vec![0x30]]));
        let of = |parts: &[&(Format, Verified)]| combined(parts.iter().copied().cloned().collect());
        assert_eq!(of(&[&none, &none]).r#type, AttestationType::None);
        assert_eq!(of(&[&none, &by_itself]).r#type, AttestationType::SelfAttestation);
        let all = of(&[&none, &by_itself, &certified]);
        assert_eq!((all.r#type, all.trust_path.len(), all.parts.len()), (AttestationType::AttCa, 1, 3));
    }

    #[test]
    fn one_statement_is_too_few_and_nine_are_too_many() {
        assert_eq!(refused(&[&[0x81], NONE].concat()), CompoundError::Count { got: 1 });
        assert_eq!(refused(&[0x80]), CompoundError::Count { got: 0 });
        let nine = [&[0x89][..], &NONE.repeat(9)].concat();
        assert_eq!(refused(&nine).to_string(), "attStmt has 9 statements, not 2 to 8");
        assert_eq!(refused(&nine).code(), Code::MalformedAttestationStatement);
    }

    #[test]
    fn a_nested_compound_statement_is_rejected_unread() {
        let array = [&[0x82], NONE, b"\xa2\x63fmt\x68compound\x67attStmt\x80"].concat();
        assert_eq!(refused(&array), CompoundError::Nested { index: 1 });
    }

    #[test]
    fn elements_are_maps_with_fmt_and_att_stmt() {
        assert_eq!(refused(&[0xa0]).to_string(), "attStmt is a map, not an array");
        assert_eq!(
            refused(&[&[0x82], NONE, &[0x80]].concat()).to_string(),
            "attStmt[1] is an array, not a map"
        );
        let without = [&[0x82], NONE, b"\xa1\x63fmt\x64none"].concat();
        assert_eq!(refused(&without).to_string(), "attStmt[1].attStmt is missing");
    }
}
