use super::statement_policy::StatementPolicy;
use crate::authenticator_data::AuthenticatorData;
use crate::bytes::Aaguid;
use crate::cbor::{FieldError, Fields, Value};
use crate::cose::PublicKey;
use crate::profile::Profile;
use crate::timestamp::Timestamp;

/// The input of a verification procedure (section 7.1, step 22).
#[derive(Clone, Copy, Debug)]
pub struct StatementInput<'a> {
    /// The statement: a map in most formats, an array in `compound`.
    pub statement: &'a Value<'a>,
    /// Authenticator data with attested credential data.
    pub authenticator_data: &'a AuthenticatorData<'a>,
    /// SHA-256 of `clientDataJSON`.
    pub client_data_hash: &'a [u8; 32],
    /// The credential public key of authenticator data.
    pub credential_public_key: &'a PublicKey,
    /// The policy, for what a format leaves to it.
    pub policy: &'a StatementPolicy,
    /// The time of verification.
    pub at: Timestamp,
    /// Whether FIDO's server requirements apply as well.
    pub profile: Profile,
    /// Whether the statement belongs to a pending ceremony; `false` if a stored registration is verified again.
    pub is_fresh: bool,
}

impl<'a> StatementInput<'a> {
    /// The statement's members by name.
    ///
    /// # Errors
    /// [`FieldError::Type`] if the statement is not a map.
    pub fn members(&self) -> Result<Fields<'a, 'a>, FieldError> {
        members(self.statement)
    }

    /// The AAGUID in authenticator data.
    #[must_use]
    pub fn aaguid(&self) -> Aaguid {
        self.authenticator_data.attested_credential().map_or(Aaguid::ZERO, |attested| attested.aaguid)
    }

    /// authenticatorData and clientDataHash, whose concatenation most formats sign.
    #[must_use]
    pub fn signed_message(&self) -> [&'a [u8]; 2] {
        [self.authenticator_data.as_bytes(), self.client_data_hash]
    }
}

/// The members of `attStmt` by name.
pub(super) fn members<'v, 'a>(statement: &'v Value<'a>) -> Result<Fields<'v, 'a>, FieldError> {
    let found = statement.kind();
    let not_a_map = || FieldError::Type { path: "attStmt".into(), expected: "a map", found };
    Ok(statement.as_map().ok_or_else(not_a_map)?.fields("attStmt"))
}
