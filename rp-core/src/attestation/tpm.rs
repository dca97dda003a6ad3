use alloc::string::String;

use super::certificate_rules::{self, CertificateRule};
use super::format::AttestationType;
use super::statement_input::StatementInput;
use super::verified::Verified;
use super::x5c::{X5c, X5cError};
use crate::cbor::FieldError;
use crate::cose::Algorithm;
use crate::crypto::{self, Scheme};
use crate::error::Code;
use crate::profile::Profile;
use crate::x509::CertificateError;

mod aik;
mod cert_info;
pub(super) mod manufacturer;
mod pub_area;
mod read;
mod signature;

use cert_info::CertInfo;
pub use cert_info::CertInfoError;
pub use manufacturer::TpmManufacturer;
use pub_area::PubArea;
pub use pub_area::PubAreaError;
pub use read::TpmStructureError;

/// Why a `tpm` statement was rejected ([section 8.3](https://www.w3.org/TR/webauthn-3/#sctn-tpm-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TpmError {
    /// A member is missing or has another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// `ver` is not 2.0.
    #[error("attStmt.ver is {got:?}, not \"2.0\"")]
    Version {
        /// The value found.
        got: String,
    },
    /// The certificates were rejected.
    #[error("attStmt.{0}")]
    X5c(#[from] X5cError),
    /// `pubArea` is not the `TPMT_PUBLIC` of a key.
    #[error(transparent)]
    PubArea(#[from] PubAreaError),
    /// `certInfo` is not a `TPMS_ATTEST` of type TPM_ST_ATTEST_CERTIFY.
    #[error(transparent)]
    CertInfo(#[from] CertInfoError),
    /// The key of `pubArea` differs from the credential public key.
    #[error("attStmt.pubArea is not the credential public key")]
    PublicKey,
    /// The AIK certificate violates a requirement of section 8.3.1.
    #[error("attStmt.x5c[0]: {0}")]
    Certificate(#[from] CertificateRule),
    /// The manufacturer is not in TCG's registry (`fido` profile).
    #[error("attStmt.x5c[0]: manufacturer {manufacturer} is not in TCG's registry")]
    Manufacturer {
        /// The certificate's.
        manufacturer: TpmManufacturer,
    },
    /// `sig` is a truncated or overlong `TPMT_SIGNATURE`, or one of another algorithm than `alg`.
    #[error("attStmt.sig is not a signature of alg {statement}")]
    SignatureForm {
        /// The statement's.
        statement: Algorithm,
    },
    /// The signature is invalid.
    #[error("signature over certInfo: {0}")]
    Signature(#[source] crypto::Error),
    /// `extraData` is not the hash of authenticatorData and clientDataHash.
    #[error("attStmt.certInfo: extraData is not the hash of authenticatorData and clientDataHash")]
    ExtraData,
    /// `nameAlg` is an unknown hash algorithm.
    #[error("attStmt.pubArea: nameAlg {got:#06x} is not known")]
    NameAlgorithm {
        /// The value found.
        got: u16,
    },
    /// The name in `certInfo` is not the name of `pubArea`.
    #[error("attStmt.certInfo: attested.name is not the name of pubArea")]
    Name,
    /// Policy requires that the key was created in the TPM and cannot leave it, and `objectAttributes` lack
    /// `fixedTPM`, `fixedParent` or `sensitiveDataOrigin` (TPM 2.0 Part 2, section 8.3).
    #[error(
        "attStmt.pubArea: objectAttributes {attributes:#010x} lack fixedTPM, fixedParent or sensitiveDataOrigin"
    )]
    KeyOrigin {
        /// `objectAttributes`.
        attributes: u32,
    },
}

impl TpmError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_)
            | Self::PubArea(PubAreaError::Structure(_))
            | Self::CertInfo(CertInfoError::Structure(_)) => Code::MalformedAttestationStatement,
            // A version other than 3 violates a requirement of the statement.
            Self::X5c(X5cError::MalformedCertificate(CertificateError::Version { .. })) => {
                Code::AttestationInvalid
            }
            Self::X5c(error) => error.code(),
            _ => Code::AttestationInvalid,
        }
    }
}

/// 8.3, verification procedure.
pub(super) fn verify(input: &StatementInput<'_>) -> Result<Verified, TpmError> {
    // Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let statement = input.members()?;
    let ver = statement.text("ver")?;
    let alg = statement.integer("alg")?;
    let sig = statement.bytes("sig")?;
    let cert_info_bytes = statement.bytes("certInfo")?;
    let pub_area_bytes = statement.bytes("pubArea")?;
    // Verify that x5c is present
    let chain = statement.byte_strings("x5c")?;
    if ver != "2.0" {
        return Err(TpmError::Version { got: ver.into() });
    }
    let x5c = X5c::read(&chain)?;
    let pub_area = PubArea::parse(pub_area_bytes)?;
    // magic and type are checked here: with another type, the rest is another structure
    let cert_info = CertInfo::parse(cert_info_bytes)?;

    // The public key specified by parameters and unique of pubArea is identical to credentialPublicKey
    if !pub_area.is_key(input.credential_public_key) {
        return Err(TpmError::PublicKey);
    }
    // aikCert meets the requirements in 8.3.1
    let manufacturer = aik::check(&x5c.leaf)?;
    if input.profile == Profile::Fido && !input.policy.accepts_tpm_manufacturer(manufacturer) {
        return Err(TpmError::Manufacturer { manufacturer });
    }
    // If aikCert contains id-fido-gen-ce-aaguid, its value matches the aaguid
    certificate_rules::aaguid_matches(&x5c.leaf, input.aaguid())?;
    // sig is a valid signature over certInfo by the key in aikCert with the algorithm specified in alg
    let (key, alg) = x5c.signer(alg)?;
    let hash = signature::hash_of(alg).ok_or(X5cError::AlgorithmOfCertificate { statement: alg })?;
    let signature = signature::read(sig, &key, alg).ok_or(TpmError::SignatureForm { statement: alg })?;
    crypto::verify(&key, Scheme::for_algorithm(alg), &[cert_info_bytes], &signature)
        .map_err(TpmError::Signature)?;

    // extraData is the hash of attToBeSigned using the hash algorithm employed in alg
    if hash.digest(&input.signed_message()) != *cert_info.extra_data {
        return Err(TpmError::ExtraData);
    }
    // attested has a valid Name for pubArea, computed with its nameAlg
    let name_hash = pub_area.name_hash();
    let name_hash = name_hash.ok_or(TpmError::NameAlgorithm { got: pub_area.name_alg() })?;
    if !pub_area.has_name(cert_info.name, name_hash) {
        return Err(TpmError::Name);
    }
    // Beyond the procedure, by policy: the TPM created the key and never lets it out
    if input.policy.tpm_key_origin_required && !pub_area.attributes().is_created_in_tpm() {
        return Err(TpmError::KeyOrigin { attributes: pub_area.attributes().bits() });
    }
    // Return implementation-specific values representing AttCA, and trust path x5c
    Ok(Verified::with_x5c(AttestationType::AttCa, x5c))
}
