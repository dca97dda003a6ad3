//! Attestation: the object, and a verification procedure for each statement format ([section 6.5],
//! [section 8]).
//!
//! [section 6.5]: https://www.w3.org/TR/webauthn-3/#sctn-attestation
//! [section 8]: https://www.w3.org/TR/webauthn-3/#sctn-defined-attestation-formats

mod android_key;
mod android_safetynet;
mod apple;
mod apple_appattest;
mod assess;
mod certificate_rules;
mod compound;
mod custom;
mod error;
mod fido_u2f;
pub(crate) mod format;
mod none;
mod object;
mod packed;
mod policy;
mod statement_input;
mod statement_policy;
mod tpm;
mod verified;
mod verify;
mod x5c;

pub use android_key::AndroidKeyError;
pub use android_safetynet::AndroidSafetynetError;
pub use apple::AppleError;
pub use apple_appattest::{
    AppAssertionError, AppAttest, AppAttestEnvironment, AppAttestError, AttestedAppKey,
};
pub use assess::Attestation;
pub use certificate_rules::CertificateRule;
pub use custom::{AttestationStatementFormat, StatementError};
pub use error::{AttestationError, CompoundError, MAX_STATEMENTS};
pub use fido_u2f::FidoU2fError;
pub use format::{AttestationType, Format};
pub use none::NoneError;
pub use object::{AttestationObject, AttestationObjectError};
pub use packed::PackedError;
pub use policy::{AttestationPolicy, ModelList};
pub use statement_input::StatementInput;
pub use statement_policy::{AndroidKeyPolicy, StatementPolicy};
pub use tpm::{CertInfoError, PubAreaError, TpmError, TpmManufacturer, TpmStructureError};
pub use verified::{Provenance, Verified};
pub use x5c::{AppleNonceError, X5cError};

pub(crate) use assess::{PathFinder, TrustAssessment};
pub(crate) use verify::verify;
