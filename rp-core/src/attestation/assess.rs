//! Assessing trust (7.1, steps 23 and 24).

use alloc::vec::Vec;

use super::{AttestationPolicy, AttestationType, Format, Verified};
use crate::bytes::Aaguid;
use crate::cose::Algorithm;
use crate::timestamp::Timestamp;
use crate::trust::{Evidence, TrustError, TrustSource};
use crate::x509::Certificate;
use crate::x509::path::{self, Path, PathError, PathOptions};

/// What a statement proved, and whether it is trusted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attestation {
    /// The statement's format.
    pub format: Format,
    /// What the statement proves, if it is trusted.
    pub r#type: AttestationType,
    /// The model, where a trusted statement signs it: a fact.
    pub model: Option<Aaguid>,
    /// The attestation certificate and those behind it, DER, as they were sent; empty for none and self.
    pub trust_path: Vec<Vec<u8>>,
    /// The path to an anchor, or why there is none.
    pub trust: Result<Path, TrustError>,
}

impl Attestation {
    /// Whether the path ends in a trusted anchor.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.trust.is_ok()
    }
}

/// `verified` is `None` where policy passed over the statement.
pub(crate) fn assess(
    format: Format,
    verified: Option<Verified>,
    aaguid: Aaguid,
    algorithm: Algorithm,
    policy: &AttestationPolicy,
    source: &dyn TrustSource,
    at: Timestamp,
) -> Result<Attestation, TrustError> {
    let Some(Verified { r#type, trust_path }) = verified else {
        if policy.requires_trusted() {
            return Err(TrustError::NotVerified);
        }
        let trust = Err(TrustError::NotVerified);
        return Ok(Attestation {
            format,
            r#type: AttestationType::None,
            model: None,
            trust_path: Vec::new(),
            trust,
        });
    };
    // A U2F statement does not sign the AAGUID, and one of zeroes is no model.
    let model = Some(aaguid).filter(|aaguid| format != Format::FidoU2f && !aaguid.is_zero());
    let trust = match r#type {
        // If no attestation was provided, verify that None attestation is acceptable under policy
        AttestationType::None if policy.accepts_none() => Err(TrustError::None),
        AttestationType::None => return Err(TrustError::None),
        // If self attestation was used, verify that self attestation is acceptable under policy
        AttestationType::SelfAttestation if policy.accepts_self() => Err(TrustError::SelfAttestation),
        AttestationType::SelfAttestation => return Err(TrustError::SelfAttestation),
        // Otherwise, verify that the attestation public key chains up to an acceptable root certificate, or is
        // itself an acceptable certificate
        AttestationType::Basic | AttestationType::AttCa | AttestationType::AnonCa => {
            let trust = follow(&format, r#type, model, &trust_path, algorithm, source, at);
            match trust {
                Err(error @ TrustError::Refused(_)) => return Err(error),
                Err(error) if policy.requires_trusted() => return Err(error),
                Ok(_) if !policy.accepts_model(model) => return Err(TrustError::Model { aaguid: model }),
                trust => trust,
            }
        }
    };
    let model = model.filter(|_| trust.is_ok());
    Ok(Attestation { format, r#type, model, trust_path, trust })
}

fn follow(
    format: &Format,
    r#type: AttestationType,
    aaguid: Option<Aaguid>,
    trust_path: &[Vec<u8>],
    algorithm: Algorithm,
    source: &dyn TrustSource,
    at: Timestamp,
) -> Result<Path, TrustError> {
    let leaf = trust_path.first().map(Vec::as_slice).unwrap_or_default();
    let leaf = Certificate::from_der(leaf)
        .map_err(|source| TrustError::Path(PathError::Certificate { index: 0, source }))?;
    let evidence = Evidence { format, r#type, aaguid, leaf: &leaf, trust_path, algorithm, at };
    // 23. Obtain a list of acceptable trust anchors
    let anchors = source.anchors(&evidence);
    let options = PathOptions { revocation: source.revocation(), ..PathOptions::default() };
    let behind = trust_path.get(1..).unwrap_or_default();
    let path = path::validate(&leaf, behind, &anchors, at, &options).map_err(TrustError::Path)?;
    source.judge(&evidence, &path).map_err(TrustError::Refused)?;
    Ok(path)
}
