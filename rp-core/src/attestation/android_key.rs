use super::format::AttestationType;
use super::statement_input::StatementInput;
use super::statement_policy::AndroidKeyPolicy;
use super::verified::{Provenance, Verified};
use super::x5c::{X5c, X5cError};
use crate::cbor::FieldError;
use crate::error::Code;
use crate::x509::DerError;

mod key_description;

use key_description::{AuthorizationList, KeyDescription};

/// Why an `android-key` statement was rejected
/// ([section 8.4](https://www.w3.org/TR/webauthn-3/#sctn-android-key-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AndroidKeyError {
    /// A member is missing or has another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// The certificates or the signature with their key were rejected.
    #[error("attStmt.{0}")]
    X5c(#[from] X5cError),
    /// The key of the first certificate differs from the credential public key.
    #[error("attStmt.x5c[0]: the key is not the credential public key")]
    PublicKey,
    /// The first certificate has no key description.
    #[error("attStmt.x5c[0]: no key description")]
    NoKeyDescription,
    /// The key description is malformed.
    #[error("attStmt.x5c[0], key description: {0}")]
    KeyDescription(#[from] DerError),
    /// `attestationChallenge` is not the client data hash.
    #[error("attestationChallenge is not clientDataHash")]
    Challenge,
    /// One of the lists contains `allApplications`: the key is not scoped to one application.
    #[error("allApplications is in {list}")]
    AllApplications {
        /// `softwareEnforced` or `teeEnforced`.
        list: &'static str,
    },
    /// `origin` is missing from the lists that policy considers, or not KM_ORIGIN_GENERATED.
    #[error("origin is {got:?}, not KM_ORIGIN_GENERATED")]
    Origin {
        /// The value, if there is one.
        got: Option<u64>,
    },
    /// `purpose` is missing from the lists that policy considers, or not KM_PURPOSE_SIGN.
    #[error("purpose is not KM_PURPOSE_SIGN")]
    Purpose,
    /// Policy requires a stronger environment.
    #[error("the key is in {got:?}, policy requires {policy:?}")]
    Provenance {
        /// The environment that holds the key.
        got: Provenance,
        /// The policy.
        policy: AndroidKeyPolicy,
    },
}

impl AndroidKeyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_) => Code::MalformedAttestationStatement,
            Self::X5c(error) => error.code(),
            _ => Code::AttestationInvalid,
        }
    }
}

/// 8.4, verification procedure.
pub(super) fn verify(input: &StatementInput<'_>) -> Result<Verified, AndroidKeyError> {
    // Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let statement = input.members()?;
    let alg = statement.integer("alg")?;
    let sig = statement.bytes("sig")?;
    let x5c = X5c::read(&statement.byte_strings("x5c")?)?;
    // sig is a valid signature over authenticatorData and clientDataHash, by the public key in the first
    // certificate of x5c, with the algorithm specified in alg
    let key = x5c.verify(alg, &input.signed_message(), sig, input.profile)?;
    // The public key in the first certificate matches credentialPublicKey
    if *key != *input.credential_public_key.key() {
        return Err(AndroidKeyError::PublicKey);
    }
    let description = KeyDescription::of(&x5c.leaf)?.ok_or(AndroidKeyError::NoKeyDescription)?;
    // attestationChallenge is identical to clientDataHash
    if description.attestation_challenge != input.client_data_hash {
        return Err(AndroidKeyError::Challenge);
    }
    let provenance = check_lists(&description, input.policy.android_keys)?;
    // Return implementation-specific values representing Basic attestation, and trust path x5c
    let verified = Verified::with_x5c(AttestationType::Basic, x5c);
    Ok(Verified { provenance: Some(provenance), ..verified })
}

/// The steps over both authorization lists. Returns the environment that holds the key.
fn check_lists(
    description: &KeyDescription<'_>,
    policy: AndroidKeyPolicy,
) -> Result<Provenance, AndroidKeyError> {
    let (software, hardware) = (&description.software_enforced, &description.tee_enforced);
    // allApplications is not present on either list
    for (list, name) in [(software, "softwareEnforced"), (hardware, "teeEnforced")] {
        if list.all_applications {
            return Err(AndroidKeyError::AllApplications { list: name });
        }
    }
    // For the following, only teeEnforced where policy accepts only keys from a trusted execution environment,
    // else the union of both
    let lists: &[&AuthorizationList] = match policy {
        AndroidKeyPolicy::Any => &[hardware, software],
        AndroidKeyPolicy::Hardware | AndroidKeyPolicy::StrongBox => &[hardware],
    };
    // origin is KM_ORIGIN_GENERATED
    let mut origins = lists.iter().filter_map(|list| list.origin).peekable();
    if origins.peek().is_none() {
        return Err(AndroidKeyError::Origin { got: None });
    }
    if let Some(got) = origins.find(|origin| *origin != ORIGIN_GENERATED) {
        return Err(AndroidKeyError::Origin { got: Some(got) });
    }
    // purpose is KM_PURPOSE_SIGN
    let purposes = || lists.iter().flat_map(|list| &list.purpose).flatten();
    // A signing key may also verify; any other purpose would allow other uses of the key.
    let only_signs = purposes().all(|purpose| matches!(*purpose, PURPOSE_SIGN | PURPOSE_VERIFY));
    if !only_signs || !purposes().any(|purpose| *purpose == PURPOSE_SIGN) {
        return Err(AndroidKeyError::Purpose);
    }
    let got = description.provenance();
    if got < policy.minimum() { Err(AndroidKeyError::Provenance { got, policy }) } else { Ok(got) }
}

/// `KeyOrigin::GENERATED` of KeyMint, KM_ORIGIN_GENERATED of Keymaster.
const ORIGIN_GENERATED: u64 = 0;
/// `KeyPurpose::SIGN` and `KeyPurpose::VERIFY`.
const PURPOSE_SIGN: u64 = 2;
const PURPOSE_VERIFY: u64 = 3;

#[cfg(test)]
mod tests;
