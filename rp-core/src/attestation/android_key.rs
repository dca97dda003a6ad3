use super::{AttestationType, Procedure, Provenance, Verified, X5c};
use crate::Profile;
use crate::cbor::FieldError;
use crate::cose::{Algorithm, UnknownAlgorithmError};
use crate::crypto::{self, Scheme, SpkiError};
use crate::error::Code;
use crate::x509::{CertificateError, DerError};

mod key_description;

use key_description::{AuthorizationList, KeyDescription};

/// From which of Android's lists a key is believed (8.4).
///
/// Every device signs both lists of a key description; only what the hardware enforces is out of the reach of
/// whoever holds the operating system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AndroidKeyPolicy {
    /// The union of both lists: a key may live in software.
    #[default]
    Any,
    /// The hardware's list alone, and a key in a trusted execution environment or in StrongBox.
    Hardware,
    /// The hardware's list alone, and a key in StrongBox.
    StrongBox,
}

/// Why an `android-key` statement was refused
/// ([section 8.4](https://www.w3.org/TR/webauthn-3/#sctn-android-key-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AndroidKeyError {
    /// A member is missing or of another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// `x5c` is empty.
    #[error("attStmt.x5c is empty")]
    NoCertificate,
    /// The attestation certificate cannot be read.
    #[error("attStmt.x5c[0]: {0}")]
    MalformedCertificate(#[from] CertificateError),
    /// The attestation certificate's key is none that this build can verify with.
    #[error("attStmt.x5c[0]: {0}")]
    CertificateKey(#[from] SpkiError),
    /// `alg` is no algorithm that is known.
    #[error("attStmt.alg: {0}")]
    UnknownAlgorithm(#[from] UnknownAlgorithmError),
    /// The statement's `alg` is not an algorithm of the attestation certificate's key.
    #[error("attStmt.alg {statement} is not an algorithm of the certificate's key")]
    AlgorithmOfCertificate {
        /// The statement's.
        statement: Algorithm,
    },
    /// The signature does not verify.
    #[error("signature over authenticatorData and clientDataHash: {0}")]
    Signature(#[source] crypto::Error),
    /// The attestation certificate's key is not the credential's.
    #[error("attStmt.x5c[0]: the key is not the credential public key")]
    PublicKey,
    /// The attestation certificate has no key description.
    #[error("attStmt.x5c[0]: no key description")]
    NoKeyDescription,
    /// The key description cannot be read.
    #[error("attStmt.x5c[0], key description: {0}")]
    KeyDescription(#[from] DerError),
    /// `attestationChallenge` is not the client data hash.
    #[error("attestationChallenge is not clientDataHash")]
    Challenge,
    /// `allApplications` is in one of the lists: the key is not scoped to one application.
    #[error("allApplications is in {list}")]
    AllApplications {
        /// `softwareEnforced` or `teeEnforced`.
        list: &'static str,
    },
    /// `origin` is not KM_ORIGIN_GENERATED in the lists that policy looks at, or in none of them.
    #[error("origin is {got:?}, not KM_ORIGIN_GENERATED")]
    Origin {
        /// What it is.
        got: Option<u64>,
    },
    /// `purpose` is not KM_PURPOSE_SIGN in the lists that policy looks at, or in none of them.
    #[error("purpose is not KM_PURPOSE_SIGN")]
    Purpose,
    /// The key lives elsewhere than policy asks.
    #[error("the key lives in {got:?}, policy asks for {policy:?}")]
    Provenance {
        /// Where the key lives.
        got: Provenance,
        /// What policy asks for.
        policy: AndroidKeyPolicy,
    },
}

impl AndroidKeyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_) | Self::NoCertificate => Code::MalformedAttestationStatement,
            Self::MalformedCertificate(_) => Code::MalformedCertificate,
            _ => Code::AttestationInvalid,
        }
    }
}

/// 8.4, verification procedure.
pub(super) fn verify(procedure: &Procedure<'_>) -> Result<Verified, AndroidKeyError> {
    // Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let statement = procedure.members()?;
    let alg = statement.integer("alg")?;
    let sig = statement.bytes("sig")?;
    let chain = statement.byte_strings("x5c")?;
    let X5c { leaf, trust_path } = X5c::read(&chain)?.ok_or(AndroidKeyError::NoCertificate)?;
    // sig is a valid signature over authenticatorData and clientDataHash, by the public key in the first
    // certificate of x5c, with the algorithm specified in alg
    let alg = Algorithm::try_from(alg)?;
    let key = leaf.public_key()?;
    let is_offered = alg != Algorithm::Rs1 || procedure.profile == Profile::Fido;
    if !alg.fits(&key) || !is_offered {
        return Err(AndroidKeyError::AlgorithmOfCertificate { statement: alg });
    }
    crypto::verify(&key, Scheme::for_algorithm(alg), &procedure.signed_message(), sig)
        .map_err(AndroidKeyError::Signature)?;
    // The public key in the first certificate matches credentialPublicKey
    if key != *procedure.credential_public_key.key() {
        return Err(AndroidKeyError::PublicKey);
    }
    let description = KeyDescription::of(&leaf)?.ok_or(AndroidKeyError::NoKeyDescription)?;
    // attestationChallenge is identical to clientDataHash
    if description.attestation_challenge != procedure.client_data_hash {
        return Err(AndroidKeyError::Challenge);
    }
    let provenance = check_lists(&description, procedure.policy.accepted_android_keys())?;
    // Return implementation-specific values representing Basic attestation, and trust path x5c
    let verified = Verified::with_path(AttestationType::Basic, trust_path);
    Ok(Verified { provenance: Some(provenance), ..verified })
}

/// The steps over both authorization lists; tells where the key lives.
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
    // Whoever may sign may also be asked to verify; anything else would lend the key to other uses.
    let only_signs = purposes().all(|purpose| matches!(*purpose, PURPOSE_SIGN | PURPOSE_VERIFY));
    if !only_signs || !purposes().any(|purpose| *purpose == PURPOSE_SIGN) {
        return Err(AndroidKeyError::Purpose);
    }
    let got = description.provenance();
    let least = match policy {
        AndroidKeyPolicy::Any => Provenance::Software,
        AndroidKeyPolicy::Hardware => Provenance::TrustedEnvironment,
        AndroidKeyPolicy::StrongBox => Provenance::StrongBox,
    };
    if got < least { Err(AndroidKeyError::Provenance { got, policy }) } else { Ok(got) }
}

/// `KeyOrigin::GENERATED` of KeyMint, KM_ORIGIN_GENERATED of Keymaster.
const ORIGIN_GENERATED: u64 = 0;
/// `KeyPurpose::SIGN` and `KeyPurpose::VERIFY`.
const PURPOSE_SIGN: u64 = 2;
const PURPOSE_VERIFY: u64 = 3;

#[cfg(test)]
mod tests;
