//! Assessing trust (7.1, steps 23 and 24).

use alloc::vec::Vec;

use super::{AttestationPolicy, AttestationType, Format, Provenance, Verified};
use crate::bytes::Aaguid;
use crate::cose::Algorithm;
use crate::profile::Profile;
use crate::timestamp::Timestamp;
use crate::trust::{Conclusion, Consultation, Evidence, TrustError, TrustSource};
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

/// The inputs of an assessment.
#[derive(Clone, Copy)]
pub(crate) struct TrustAssessment<'a> {
    pub(crate) policy: &'a AttestationPolicy,
    pub(crate) paths: PathFinder<'a>,
}

/// What a path is built from, besides the certificates.
#[derive(Clone, Copy)]
pub(crate) struct PathFinder<'a> {
    /// The AAGUID in authenticator data; `None` if it is zero.
    pub(crate) aaguid: Option<Aaguid>,
    /// The credential's algorithm.
    pub(crate) algorithm: Algorithm,
    pub(crate) source: &'a dyn TrustSource,
    pub(crate) at: Timestamp,
    pub(crate) profile: Profile,
}

impl TrustAssessment<'_> {
    /// `verified` is `None` if policy ignores statements.
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
        let (trust, model) = match representative(&parts) {
            Some(part) => (part.trust.clone(), parts.iter().find_map(|part| part.model)),
            None => self.trust(&format, r#type, &trust_path)?,
        };
        let model = model.filter(|_| trust.is_ok());
        let provenance = provenance.filter(|_| trust.is_ok());
        Ok(Attestation { format, r#type, model, provenance, trust_path, trust, parts })
    }

    /// Whether one statement is trusted, and the model that it proves. The outer error is for what policy or the
    /// trust source never accepts.
    fn trust(
        &self,
        format: &Format,
        r#type: AttestationType,
        trust_path: &[Vec<u8>],
    ) -> Result<StatementTrust, TrustError> {
        // If no attestation was provided, verify that None attestation is acceptable under policy
        if r#type == AttestationType::None && !self.policy.accepts_none() {
            return Err(TrustError::None);
        }
        // If self attestation was used, verify that self attestation is acceptable under policy
        if r#type == AttestationType::SelfAttestation && !self.policy.accepts_self() {
            return Err(TrustError::SelfAttestation);
        }
        // Otherwise, verify that the attestation public key chains up to an acceptable root certificate, or is itself
        // an acceptable certificate
        self.paths.find(format, r#type, trust_path)
    }
}

/// The path of one statement, or why there is none, and the model that it proves.
type StatementTrust = (Result<Path, TrustError>, Option<Aaguid>);

impl PathFinder<'_> {
    /// Consults the trust source and builds the path from the attestation certificate to one of its anchors.
    ///
    /// The outer error is the source's distrust, which no policy tolerates.
    pub(super) fn find(
        &self,
        format: &Format,
        r#type: AttestationType,
        trust_path: &[Vec<u8>],
    ) -> Result<StatementTrust, TrustError> {
        let Self { aaguid, algorithm, at, .. } = *self;
        let leaf = trust_path.first().map(|leaf| Certificate::from_der(leaf)).transpose();
        let (leaf, malformed) = match leaf {
            Ok(leaf) => (leaf, None),
            Err(source) => (None, Some(PathError::Certificate { index: 0, source })),
        };
        let evidence = Evidence { format, r#type, aaguid, leaf: leaf.as_ref(), trust_path, algorithm, at };
        let distrusted = |reason| TrustError::Distrusted { aaguid, reason };
        // 23. Obtain a list of acceptable trust anchors
        let consultation = self.source.consult(&evidence);
        consultation.verdict().map_err(distrusted)?;
        let trust = match (r#type, &leaf) {
            (AttestationType::None, _) => Err(TrustError::None),
            (AttestationType::SelfAttestation, _) => Err(TrustError::SelfAttestation),
            (_, Some(leaf)) => self.validate(leaf, trust_path, &consultation),
            (_, None) => Err(TrustError::Path(malformed.unwrap_or(PathError::Empty))),
        };
        // A U2F statement does not sign the AAGUID.
        let model = aaguid.filter(|_| *format != Format::FidoU2f && trust.is_ok());
        let conclusion = Conclusion { path: trust.as_ref().ok(), model };
        consultation.judge(&conclusion).map_err(distrusted)?;
        Ok((trust, model))
    }

    fn validate(
        &self,
        leaf: &Certificate,
        trust_path: &[Vec<u8>],
        consultation: &Consultation<'_>,
    ) -> Result<Path, TrustError> {
        let options = PathOptions { revocation: consultation.revocation(), ..PathOptions::default() };
        let behind = trust_path.get(1..).unwrap_or_default();
        let path = path::validate(leaf, behind, consultation.anchors(), self.at, &options)
            .map_err(TrustError::Path)?;
        // FIDO's server requirements: x5c ends at the anchor, which may itself be sent
        if self.profile == Profile::Fido && !ends_with_anchor(trust_path, &path) {
            return Err(TrustError::BehindAnchor);
        }
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

/// The part whose trust is that of the whole: of those with certificates the first that is not trusted, otherwise the
/// first; without any certificates the first part. `None` if there are no parts.
fn representative(parts: &[Attestation]) -> Option<&Attestation> {
    let with_certificates = || parts.iter().filter(|part| !part.trust_path.is_empty());
    with_certificates()
        .find(|part| !part.is_trusted())
        .or_else(|| with_certificates().next())
        .or_else(|| parts.first())
}
