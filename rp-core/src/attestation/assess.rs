//! Assessing trust (7.1, steps 23 and 24).

use alloc::vec::Vec;

use super::{AttestationPolicy, AttestationType, Format, Provenance, Verified};
use crate::bytes::Aaguid;
use crate::cose::Algorithm;
use crate::relying_party::Profile;
use crate::timestamp::Timestamp;
use crate::trust::{Evidence, TrustError, TrustSource};
use crate::x509::Certificate;
use crate::x509::path::{self, Path, PathError, PathOptions};

/// What a statement proved, and whether it is trusted.
///
/// A `compound` statement is trusted if there is a statement with certificates among its parts, and the paths of
/// all of those are trusted: one that leads nowhere does not hide behind another. It speaks with the voice of the
/// first of them. Parts without certificates count for nothing, but for a policy that refuses `none` or self
/// attestation, which refuses them here as well.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attestation {
    /// The statement's format.
    pub format: Format,
    /// What the statement proves, if it is trusted.
    pub r#type: AttestationType,
    /// The model, where a trusted statement signs it: a fact.
    pub model: Option<Aaguid>,
    /// Where the key lives, where a trusted statement says so: a fact.
    pub provenance: Option<Provenance>,
    /// The attestation certificate and those behind it, DER, as they were sent; empty for none and self.
    pub trust_path: Vec<Vec<u8>>,
    /// The path to an anchor, or why there is none.
    pub trust: Result<Path, TrustError>,
    /// What the parts of a `compound` statement proved; empty in every other format.
    pub parts: Vec<Attestation>,
}

impl Attestation {
    /// Whether the path ends in a trusted anchor.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.trust.is_ok()
    }
}

/// What is assessed, and by what.
#[derive(Clone, Copy)]
pub(crate) struct Assessment<'a> {
    pub(crate) aaguid: Aaguid,
    pub(crate) policy: &'a AttestationPolicy,
    pub(crate) paths: Follow<'a>,
}

/// What paths are followed by.
#[derive(Clone, Copy)]
pub(crate) struct Follow<'a> {
    /// The credential's algorithm.
    pub(crate) algorithm: Algorithm,
    pub(crate) source: &'a dyn TrustSource,
    pub(crate) at: Timestamp,
    pub(crate) profile: Profile,
}

impl Assessment<'_> {
    /// `verified` is `None` where policy passed over the statement.
    pub(crate) fn assess(
        &self,
        format: Format,
        verified: Option<Verified>,
    ) -> Result<Attestation, TrustError> {
        let attestation = match verified {
            Some(verified) => self.assess_verified(format, verified)?,
            None => Attestation {
                format,
                r#type: AttestationType::None,
                model: None,
                provenance: None,
                trust_path: Vec::new(),
                trust: Err(TrustError::NotVerified),
                parts: Vec::new(),
            },
        };
        match &attestation.trust {
            Err(error) if self.policy.requires_trusted() => Err(error.clone()),
            Ok(_) if !self.policy.accepts_model(attestation.model) => {
                Err(TrustError::Model { aaguid: attestation.model })
            }
            _ => Ok(attestation),
        }
    }

    fn assess_verified(&self, format: Format, verified: Verified) -> Result<Attestation, TrustError> {
        let Verified { r#type, trust_path, provenance, parts } = verified;
        let parts: Vec<Attestation> = parts
            .into_iter()
            .map(|(format, part)| self.assess_verified(format, part))
            .collect::<Result<_, _>>()?;
        let (trust, model) = match foremost(&parts) {
            Some(part) => (part.trust.clone(), parts.iter().find_map(|part| part.model)),
            None => {
                // A U2F statement does not sign the AAGUID, and one of zeroes is no model.
                let is_signed = format != Format::FidoU2f && !self.aaguid.is_zero();
                let model = is_signed.then_some(self.aaguid);
                (self.trust(&format, r#type, model, &trust_path)?, model)
            }
        };
        let model = model.filter(|_| trust.is_ok());
        let provenance = provenance.filter(|_| trust.is_ok());
        Ok(Attestation { format, r#type, model, provenance, trust_path, trust, parts })
    }

    /// Whether one statement is trusted, or why not; an error is what no policy lets pass.
    fn trust(
        &self,
        format: &Format,
        r#type: AttestationType,
        model: Option<Aaguid>,
        trust_path: &[Vec<u8>],
    ) -> Result<Result<Path, TrustError>, TrustError> {
        match r#type {
            // If no attestation was provided, verify that None attestation is acceptable under policy
            AttestationType::None if self.policy.accepts_none() => Ok(Err(TrustError::None)),
            AttestationType::None => Err(TrustError::None),
            // If self attestation was used, verify that self attestation is acceptable under policy
            AttestationType::SelfAttestation if self.policy.accepts_self() => {
                Ok(Err(TrustError::SelfAttestation))
            }
            AttestationType::SelfAttestation => Err(TrustError::SelfAttestation),
            // Otherwise, verify that the attestation public key chains up to an acceptable root certificate, or
            // is itself an acceptable certificate
            AttestationType::Basic | AttestationType::AttCa | AttestationType::AnonCa => {
                match self.paths.follow(format, r#type, model, trust_path) {
                    Err(error @ TrustError::Refused(_)) => Err(error),
                    trust => Ok(trust),
                }
            }
        }
    }
}

impl Follow<'_> {
    /// From the attestation certificate to an anchor that vouches for the statement.
    pub(super) fn follow(
        &self,
        format: &Format,
        r#type: AttestationType,
        aaguid: Option<Aaguid>,
        trust_path: &[Vec<u8>],
    ) -> Result<Path, TrustError> {
        let Self { algorithm, source, at, profile } = *self;
        let leaf = trust_path.first().map(Vec::as_slice).unwrap_or_default();
        let leaf = Certificate::from_der(leaf)
            .map_err(|source| TrustError::Path(PathError::Certificate { index: 0, source }))?;
        let evidence = Evidence { format, r#type, aaguid, leaf: &leaf, trust_path, algorithm, at };
        // 23. Obtain a list of acceptable trust anchors
        let anchors = source.anchors(&evidence);
        let options = PathOptions { revocation: source.revocation(), ..PathOptions::default() };
        let behind = trust_path.get(1..).unwrap_or_default();
        let path = path::validate(&leaf, behind, &anchors, at, &options).map_err(TrustError::Path)?;
        // FIDO's server requirements: nothing stands behind the anchor, which may itself be sent
        if profile == Profile::Fido && !ends_with_anchor(trust_path, &path) {
            return Err(TrustError::BehindAnchor);
        }
        source.judge(&evidence, &path).map_err(TrustError::Refused)?;
        Ok(path)
    }
}

/// Whether what was sent ends with the path, or with the anchor behind it.
fn ends_with_anchor(sent: &[Vec<u8>], path: &Path) -> bool {
    match sent.get(path.certificates().len()..).unwrap_or_default() {
        [] => true,
        [last] => Certificate::from_der_lenient(last).is_ok_and(|last| path.anchor().is(&last)),
        _ => false,
    }
}

/// The part whose trust is that of the whole: of those with certificates the first that is not trusted, else the
/// first; without such the first of all. `None` where there are no parts.
fn foremost(parts: &[Attestation]) -> Option<&Attestation> {
    let bearing = || parts.iter().filter(|part| !part.trust_path.is_empty());
    bearing().find(|part| !part.is_trusted()).or_else(|| bearing().next()).or_else(|| parts.first())
}
