use super::{AttestationType, Procedure, Verified};
use crate::cbor::Map;
use crate::error::Code;

/// Why a `none` statement was refused ([section 8.7](https://www.w3.org/TR/webauthn-3/#sctn-none-attestation)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoneError {
    /// The statement is no map.
    #[error("attStmt is {found}, not a map")]
    NotMap {
        /// What it is.
        found: &'static str,
    },
    /// The statement is not the empty map.
    #[error("the statement has {members} members, not none")]
    NotEmpty {
        /// How many members there are.
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
pub(super) fn verify(procedure: &Procedure<'_>) -> Result<Verified, NoneError> {
    match procedure.statement.as_map().map(Map::len) {
        Some(0) => Ok(Verified::without_path(AttestationType::None)),
        Some(members) => Err(NoneError::NotEmpty { members }),
        None => Err(NoneError::NotMap { found: procedure.statement.kind() }),
    }
}
