use super::certificate_rules::{self, CertificateRule};
use super::{AttestationType, Procedure, Verified, X5c};
use crate::Profile;
use crate::cbor::FieldError;
use crate::cose::{Algorithm, UnknownAlgorithmError};
use crate::crypto::{self, Scheme, SpkiError};
use crate::error::Code;
use crate::x509::CertificateError;

mod aik;
mod cert_info;
mod hash;
mod manufacturer;
mod pub_area;
mod read;
mod signature;

use cert_info::CertInfo;
pub use cert_info::CertInfoError;
pub use manufacturer::TpmManufacturer;
use pub_area::PubArea;
pub use pub_area::PubAreaError;
pub use read::TpmStructureError;

/// Why a `tpm` statement was refused ([section 8.3](https://www.w3.org/TR/webauthn-3/#sctn-tpm-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TpmError {
    /// A member is missing or of another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// `ver` is not 2.0.
    #[error("attStmt.ver is {got:?}, not \"2.0\"")]
    Version {
        /// What it is.
        got: alloc::string::String,
    },
    /// `x5c` is empty.
    #[error("attStmt.x5c is empty")]
    NoCertificate,
    /// The AIK certificate cannot be read.
    #[error("attStmt.x5c[0]: {0}")]
    MalformedCertificate(#[from] CertificateError),
    /// `pubArea` is no `TPMT_PUBLIC` of a key.
    #[error(transparent)]
    PubArea(#[from] PubAreaError),
    /// `certInfo` is no `TPMS_ATTEST` that certifies.
    #[error(transparent)]
    CertInfo(#[from] CertInfoError),
    /// The key of `pubArea` is not the credential's.
    #[error("attStmt.pubArea is not the credential public key")]
    PublicKey,
    /// The AIK certificate breaks a rule of 8.3.1.
    #[error("attStmt.x5c[0]: {0}")]
    Certificate(#[from] CertificateRule),
    /// TCG's registry does not know the manufacturer (`fido` profile).
    #[error("attStmt.x5c[0]: manufacturer {manufacturer} is not in TCG's registry")]
    Manufacturer {
        /// The certificate's.
        manufacturer: TpmManufacturer,
    },
    /// The AIK certificate's key is none that this build can verify with.
    #[error("attStmt.x5c[0]: {0}")]
    CertificateKey(#[from] SpkiError),
    /// `alg` is no algorithm that is known.
    #[error("attStmt.alg: {0}")]
    UnknownAlgorithm(#[from] UnknownAlgorithmError),
    /// The statement's `alg` is not an algorithm of the AIK certificate's key, or none that a TPM has.
    #[error("attStmt.alg {statement} is not an algorithm of the certificate's key")]
    AlgorithmOfCertificate {
        /// The statement's.
        statement: Algorithm,
    },
    /// `sig` is a `TPMT_SIGNATURE` that is cut, goes on, or is of another algorithm than `alg`.
    #[error("attStmt.sig is not a signature of alg {statement}")]
    SignatureForm {
        /// The statement's.
        statement: Algorithm,
    },
    /// The signature does not verify.
    #[error("signature over certInfo: {0}")]
    Signature(#[source] crypto::Error),
    /// `extraData` is not the hash of authenticatorData and clientDataHash.
    #[error("attStmt.certInfo: extraData is not the hash of authenticatorData and clientDataHash")]
    ExtraData,
    /// `nameAlg` is no hash algorithm that is known.
    #[error("attStmt.pubArea: nameAlg {got:#06x} is not known")]
    NameAlgorithm {
        /// What it is.
        got: u16,
    },
    /// The name in `certInfo` is not that of `pubArea`.
    #[error("attStmt.certInfo: attested.name is not the name of pubArea")]
    Name,
}

impl TpmError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_)
            | Self::NoCertificate
            | Self::PubArea(PubAreaError::Structure(_))
            | Self::CertInfo(CertInfoError::Structure(_)) => Code::MalformedAttestationStatement,
            // A version that is not 3 breaks a rule of the statement, whatever else it makes of the certificate.
            Self::MalformedCertificate(CertificateError::Version { .. }) => Code::AttestationInvalid,
            Self::MalformedCertificate(_) => Code::MalformedCertificate,
            _ => Code::AttestationInvalid,
        }
    }
}

/// 8.3, verification procedure.
pub(super) fn verify(procedure: &Procedure<'_>) -> Result<Verified, TpmError> {
    // Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let statement = procedure.members()?;
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
    let X5c { leaf: aik_cert, trust_path } = X5c::read(&chain)?.ok_or(TpmError::NoCertificate)?;
    let pub_area = PubArea::parse(pub_area_bytes)?;
    // magic and type are looked at here: of another type, the rest would be another structure
    let cert_info = CertInfo::parse(cert_info_bytes)?;

    // The public key specified by parameters and unique of pubArea is identical to credentialPublicKey
    if !pub_area.is_key(procedure.credential_public_key) {
        return Err(TpmError::PublicKey);
    }
    // aikCert meets the requirements in 8.3.1
    let manufacturer = aik::check(&aik_cert)?;
    if procedure.profile == Profile::Fido && !procedure.policy.accepts_tpm_manufacturer(manufacturer) {
        return Err(TpmError::Manufacturer { manufacturer });
    }
    // If aikCert contains id-fido-gen-ce-aaguid, its value matches the aaguid
    certificate_rules::aaguid_matches(&aik_cert, procedure.aaguid())?;
    // sig is a valid signature over certInfo by the key in aikCert with the algorithm specified in alg
    let alg = Algorithm::try_from(alg)?;
    let key = aik_cert.public_key()?;
    let mismatch = TpmError::AlgorithmOfCertificate { statement: alg };
    let hash = hash::employed_by(alg).filter(|_| alg.fits(&key)).ok_or(mismatch)?;
    let signature = signature::read(sig, &key, alg).ok_or(TpmError::SignatureForm { statement: alg })?;
    crypto::verify(&key, Scheme::for_algorithm(alg), cert_info_bytes, &signature)
        .map_err(TpmError::Signature)?;

    // extraData is the hash of attToBeSigned using the hash algorithm employed in alg
    if hash.digest(&[&procedure.signed_message()]) != *cert_info.extra_data {
        return Err(TpmError::ExtraData);
    }
    // attested has a valid Name for pubArea, computed with its nameAlg
    let name_hash = pub_area.name_hash();
    let name_hash = name_hash.ok_or(TpmError::NameAlgorithm { got: pub_area.name_alg() })?;
    if !pub_area.has_name(cert_info.name, name_hash) {
        return Err(TpmError::Name);
    }
    // Return implementation-specific values representing AttCA, and trust path x5c
    Ok(Verified::with_path(AttestationType::AttCa, trust_path))
}
