use super::format::AttestationType;
use super::statement_input::StatementInput;
use super::verified::Verified;
use crate::cbor::Map;
use crate::error::Code;

/// Why a `none` statement was rejected ([section 8.7](https://www.w3.org/TR/webauthn-3/#sctn-none-attestation)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoneError {
    /// The statement is not a map.
    #[error("attStmt is {found}, not a map")]
    NotMap {
        /// The CBOR type found.
        found: &'static str,
    },
    /// The statement is not the empty map.
    #[error("the statement has {members} members, not 0")]
    NotEmpty {
        /// The number of members.
        members: usize,
    },
}

impl NoneError {
    /// [`Code::MalformedAttestationStatement`].
    #[must_use]
    pub fn code(self) -> Code {
        Code::MalformedAttestationStatement
    }
}

/// 8.7: attStmt is an empty CBOR map; return None attestation and an empty trust path.
pub(super) fn verify(input: &StatementInput<'_>) -> Result<Verified, NoneError> {
    match input.statement.as_map().map(Map::len) {
        Some(0) => Ok(Verified::without_path(AttestationType::None)),
        Some(members) => Err(NoneError::NotEmpty { members }),
        None => Err(NoneError::NotMap { found: input.statement.kind() }),
    }
}
