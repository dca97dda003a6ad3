use crate::authenticator_data::{AuthenticatorData, AuthenticatorDataError, Layout};
use crate::cbor::{self, CborError, Key, Value};
use crate::error::Code;

/// The attestation object: format, statement and authenticator data ([section 6.5.4]).
///
/// [section 6.5.4]: https://www.w3.org/TR/webauthn-3/#sctn-generating-an-attestation-object
#[derive(Clone, Debug)]
pub struct AttestationObject<'a> {
    /// The statement's format identifier, as it was sent.
    pub fmt: &'a str,
    /// The statement: a map, or in formats such as `compound` an array.
    pub att_stmt: Value<'a>,
    /// Authenticator data.
    pub auth_data: AuthenticatorData<'a>,
}

impl<'a> AttestationObject<'a> {
    /// Decodes an attestation object to its last byte (7.1, step 13). Members that are not known are passed
    /// over; keys may come in any order.
    ///
    /// # Errors
    /// [`AttestationObjectError`]: what is wrong in the CBOR, which member is missing or of another type, or
    /// what is wrong in authenticator data.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, AttestationObjectError> {
        Self::parse_as(bytes, Layout::Webauthn)
    }

    /// The same with another layout of authenticator data.
    pub(super) fn parse_as(bytes: &'a [u8], layout: Layout) -> Result<Self, AttestationObjectError> {
        let (mut fmt, mut auth_data, mut att_stmt) = (None, None, None);
        let is_map = cbor::parse_map(bytes, |key, value| match key {
            Key::Text("fmt") => fmt = value.as_text(),
            Key::Text("authData") => auth_data = value.as_bytes(),
            Key::Text("attStmt") => att_stmt = Some(value),
            _ => {}
        })?;
        if !is_map {
            return Err(AttestationObjectError::NotMap);
        }
        let member = |member| AttestationObjectError::Member { member };
        let fmt = fmt.ok_or(member("fmt"))?;
        let auth_data = auth_data.ok_or(member("authData"))?;
        let is_structure = |value: &Value<'_>| matches!(value, Value::Map(_) | Value::Array(_));
        let att_stmt = att_stmt.filter(is_structure).ok_or(member("attStmt"))?;
        Ok(Self { fmt, att_stmt, auth_data: AuthenticatorData::parse_as(auth_data, layout)? })
    }
}

/// Why an attestation object was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttestationObjectError {
    /// Not well-formed CBOR, or bytes left over.
    #[error("attestation object: {0}")]
    Cbor(#[from] CborError),
    /// Another CBOR item than a map.
    #[error("attestation object: not a map")]
    NotMap,
    /// `fmt`, `attStmt` or `authData` is missing or of another type.
    #[error("attestation object: {member} is missing or of another type")]
    Member {
        /// The member.
        member: &'static str,
    },
    /// Authenticator data are not what section 6.1 describes.
    #[error(transparent)]
    AuthenticatorData(#[from] AuthenticatorDataError),
}

impl AttestationObjectError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Cbor(_) | Self::NotMap | Self::Member { .. } => Code::MalformedCbor,
            Self::AuthenticatorData(error) => error.code(),
        }
    }
}
