use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::{AttestationError, AttestationType, Format, Procedure, Verified};
use crate::cbor::{FieldError, Value};
use crate::error::Code;

/// Why a `compound` statement was refused
/// ([section 8.9](https://www.w3.org/TR/webauthn-3/#sctn-compound-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompoundError {
    /// The statement is no array, or one of its elements not a map with `fmt` and `attStmt`.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// There are fewer than two statements, or more than [`MAX_STATEMENTS`].
    #[error("attStmt has {got} statements, not 2 to {MAX_STATEMENTS}")]
    Count {
        /// How many there are.
        got: usize,
    },
    /// A statement is itself compound.
    #[error("attStmt[{index}] is compound")]
    Nested {
        /// Which one.
        index: usize,
    },
    /// A statement does not verify.
    #[error("attStmt[{index}]: {source}")]
    Part {
        /// Which one.
        index: usize,
        /// Why.
        source: Box<AttestationError>,
    },
}

impl CompoundError {
    /// The stable code: of a part that was refused, its own.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_) | Self::Count { .. } | Self::Nested { .. } => {
                Code::MalformedAttestationStatement
            }
            Self::Part { source, .. } => source.code(),
        }
    }
}

/// How many statements one may consist of: each costs a signature check or two, and nobody sends more than two.
pub const MAX_STATEMENTS: usize = 8;

/// 8.9, verification procedure.
///
/// "Sufficiently many" are all here: each statement has to be of a format that policy accepts, and to verify. What
/// a compound statement proves is what its first statement with certificates proves; whether it is trusted, see
/// [`Attestation`](super::Attestation).
pub(super) fn verify(procedure: &Procedure<'_>) -> Result<Verified, CompoundError> {
    let statements = statements(procedure.statement)?;
    let mut parts = Vec::with_capacity(statements.len());
    // 1. For each subStmt of attStmt, evaluate the verification procedure corresponding to subStmt.fmt
    for (index, (format, statement)) in statements.into_iter().enumerate() {
        let part = Procedure { statement, ..*procedure };
        let verified = super::verify(&format, &part)
            .map_err(|source| CompoundError::Part { index, source: Box::new(source) })?;
        parts.push((format, verified));
    }
    // 2. Return any combination of outputs from successful verification procedures
    let bearing = parts.iter().find(|(_, part)| !part.trust_path.is_empty());
    let foremost =
        bearing.or_else(|| parts.iter().find(|(_, part)| part.r#type == AttestationType::SelfAttestation));
    let foremost = foremost.map(|(_, part)| part.clone());
    let verified = foremost.unwrap_or_else(|| Verified::without_path(AttestationType::None));
    Ok(Verified { parts, ..verified })
}

/// The formats and statements of the array, each read before any is verified.
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

    use super::*;
    use crate::cbor;

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
    fn one_statement_is_too_few_and_nine_are_too_many() {
        assert_eq!(refused(&[&[0x81], NONE].concat()), CompoundError::Count { got: 1 });
        assert_eq!(refused(&[0x80]), CompoundError::Count { got: 0 });
        let nine = [&[0x89][..], &NONE.repeat(9)].concat();
        assert_eq!(refused(&nine).to_string(), "attStmt has 9 statements, not 2 to 8");
        assert_eq!(refused(&nine).code(), Code::MalformedAttestationStatement);
    }

    #[test]
    fn a_compound_statement_in_a_compound_one_is_refused_unread() {
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
