//! Formats that the caller brings: those of the IANA registry that section 8 does not define, and private ones.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use super::{Procedure, Verified};
use crate::error::Code;

/// A verification procedure for a format of one's own ([section 6.5.2]).
///
/// Registered by [`AttestationPolicy::with_format`](super::AttestationPolicy::with_format); it is then asked
/// for statements of its identifier, on their own and within `compound` ones.
///
/// # Examples
/// ```
/// use rp_core::attestation::{
///     AttestationPolicy, AttestationStatementFormat, AttestationType, Procedure, StatementRefusal, Verified,
/// };
///
/// /// The credential key signs, as in `packed` self attestation, and nothing else stands in the statement.
/// #[derive(Debug)]
/// struct Bare;
///
/// impl AttestationStatementFormat for Bare {
///     fn identifier(&self) -> &str {
///         "example.org-bare"
///     }
///
///     fn verify(&self, procedure: &Procedure<'_>) -> Result<Verified, StatementRefusal> {
///         let sig = procedure.members().and_then(|members| members.bytes("sig"));
///         let sig = sig.map_err(StatementRefusal::malformed)?;
///         let key = procedure.credential_public_key;
///         key.verify(&procedure.signed_message(), sig).map_err(StatementRefusal::invalid)?;
///         Ok(Verified::without_path(AttestationType::SelfAttestation))
///     }
/// }
///
/// let policy = AttestationPolicy::default().with_format(Bare);
/// assert!(policy.accepts_format(&"example.org-bare".into()));
/// ```
/// [section 6.5.2]: https://www.w3.org/TR/webauthn-3/#sctn-attestation-formats
pub trait AttestationStatementFormat: fmt::Debug + Send + Sync {
    /// The attestation statement format identifier, compared with case.
    fn identifier(&self) -> &str;

    /// Verifies a statement. What it returns with a trust path is not trusted yet: the path is followed afterwards.
    ///
    /// # Errors
    /// [`StatementRefusal`]; the registration fails.
    fn verify(&self, procedure: &Procedure<'_>) -> Result<Verified, StatementRefusal>;
}

/// Why a procedure that the caller brought refuses a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
#[non_exhaustive]
pub struct StatementRefusal {
    /// The stable code.
    pub code: Code,
    /// In words, for a developer.
    pub reason: String,
}

impl StatementRefusal {
    /// The statement lacks members of its format, or has others' types.
    #[must_use]
    pub fn malformed(reason: impl fmt::Display) -> Self {
        Self { code: Code::MalformedAttestationStatement, reason: alloc::format!("{reason}") }
    }

    /// The statement does not verify.
    #[must_use]
    pub fn invalid(reason: impl fmt::Display) -> Self {
        Self { code: Code::AttestationInvalid, reason: alloc::format!("{reason}") }
    }

    /// A certificate of the statement cannot be read.
    #[must_use]
    pub fn malformed_certificate(reason: impl fmt::Display) -> Self {
        Self { code: Code::MalformedCertificate, reason: alloc::format!("{reason}") }
    }
}

/// A procedure that was registered. Two are equal if they are the same one.
#[derive(Clone, Debug)]
pub(super) struct Registered(pub(super) Arc<dyn AttestationStatementFormat>);

impl PartialEq for Registered {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Registered {}
