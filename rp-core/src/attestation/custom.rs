//! Formats with a procedure of the application: those of the IANA registry that section 8 does not define, and private
//! ones.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use super::statement_input::StatementInput;
use super::verified::Verified;
use crate::error::Code;

/// A verification procedure of the application for a format that section 8 does not define ([section 6.5.2]).
///
/// Register it with [`AttestationPolicy::with_format`](super::AttestationPolicy::with_format). It then verifies the
/// statements with its identifier, on their own and within `compound` statements.
///
/// # Examples
/// ```
/// use rp_core::attestation::{
///     AttestationPolicy, AttestationStatementFormat, AttestationType, StatementInput, StatementError, Verified,
/// };
///
/// /// Self attestation as in `packed`, with a signature as its only member.
/// #[derive(Debug)]
/// struct Bare;
///
/// impl AttestationStatementFormat for Bare {
///     fn identifier(&self) -> &str {
///         "example.org-bare"
///     }
///
///     fn verify(&self, input: &StatementInput<'_>) -> Result<Verified, StatementError> {
///         let sig = input.members().and_then(|members| members.bytes("sig"));
///         let sig = sig.map_err(StatementError::malformed)?;
///         let key = input.credential_public_key;
///         key.verify(&input.signed_message(), sig).map_err(StatementError::invalid)?;
///         Ok(Verified::without_path(AttestationType::SelfAttestation))
///     }
/// }
///
/// let policy = AttestationPolicy::default().with_format(Bare);
/// assert!(policy.accepts_format(&"example.org-bare".into()));
/// ```
/// [section 6.5.2]: https://www.w3.org/TR/webauthn-3/#sctn-attestation-formats
pub trait AttestationStatementFormat: fmt::Debug + Send + Sync {
    /// The attestation statement format identifier; case-sensitive.
    fn identifier(&self) -> &str;

    /// Verifies a statement. A trust path in the result is not trusted yet: the path is built afterwards.
    ///
    /// # Errors
    /// [`StatementError`]; the registration fails.
    fn verify(&self, input: &StatementInput<'_>) -> Result<Verified, StatementError>;
}

/// Why a procedure of the application rejects a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
#[non_exhaustive]
pub struct StatementError {
    /// The stable code.
    pub code: Code,
    /// A message for developers.
    pub reason: String,
}

impl StatementError {
    /// A member is missing or has another type.
    #[must_use]
    pub fn malformed(reason: impl fmt::Display) -> Self {
        Self { code: Code::MalformedAttestationStatement, reason: alloc::format!("{reason}") }
    }

    /// The statement is invalid.
    #[must_use]
    pub fn invalid(reason: impl fmt::Display) -> Self {
        Self { code: Code::AttestationInvalid, reason: alloc::format!("{reason}") }
    }

    /// A certificate of the statement is malformed.
    #[must_use]
    pub fn malformed_certificate(reason: impl fmt::Display) -> Self {
        Self { code: Code::MalformedCertificate, reason: alloc::format!("{reason}") }
    }
}

/// A registered procedure. Two are equal if they are the same object.
#[derive(Clone, Debug)]
pub(super) struct Registered(pub(super) Arc<dyn AttestationStatementFormat>);

impl PartialEq for Registered {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Registered {}
