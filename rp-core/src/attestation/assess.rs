//! The trust of a verified statement (7.1, steps 23 and 24).

use alloc::vec::Vec;

use super::format::{AttestationType, Format};
use super::policy::AttestationPolicy;
use super::verified::{Provenance, Verified};
use crate::bytes::Aaguid;
use crate::cose::Algorithm;
use crate::profile::Profile;
use crate::timestamp::Timestamp;
use crate::trust::{AnchorScope, Conclusion, Consultation, Evidence, TrustError, TrustSource};
use crate::x509::path::{self, PathOptions};
use crate::x509::{Certificate, CertificateCache, Path, PathError};

/// The assessment of a statement: its values, and whether they are trusted.
///
/// A `compound` statement is trusted if it has statements with certificates and all their paths are trusted: an
/// untrusted part is not masked by a trusted one. Its values are those of the first of these parts. Parts without
/// certificates count only for a policy that rejects `none` or self attestation, which then rejects the whole.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attestation {
    /// The statement's format.
    pub format: Format,
    /// The attestation type; it counts if the statement is trusted.
    pub r#type: AttestationType,
    /// The model, if the statement is trusted and proves it. A model is proven if
    /// - the format is `packed` or `apple`, whose signatures cover the AAGUID,
    /// - a verified attestation certificate contains the AAGUID, or
    /// - the path ends in an anchor that the trust source lists for this model and no other.
    ///
    /// Formats of the application may also share an anchor among the models for which it is listed.
    pub model: Option<Aaguid>,
    /// The environment that holds the key, if the statement is trusted and a verified certificate states it.
    pub provenance: Option<Provenance>,
    /// The certificates of `x5c`, DER, in the order sent; empty for none and self attestation.
    pub trust_path: Vec<Vec<u8>>,
    /// The path to an anchor, or the reason for its absence.
    pub trust: Result<Path, TrustError>,
    /// The results for the parts of a `compound` statement; empty in every other format.
    pub parts: Vec<Attestation>,
}

impl Attestation {
    /// Whether the path ends in a trusted anchor.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.trust.is_ok()
    }

    /// Whether a signature covers authenticator data, and with them the flags, the counter and the extensions.
    ///
    /// `none` has no signature, and a `fido-u2f` signature covers only the RP ID hash, the credential ID and the key.
    #[must_use]
    pub fn signs_authenticator_data(&self) -> bool {
        match self.format {
            Format::None | Format::FidoU2f => false,
            Format::Compound => self.parts.iter().any(Self::signs_authenticator_data),
            _ => !matches!(self.trust, Err(TrustError::NotVerified)),
        }
    }

    /// Whether the credential is a U2F key: its statement leaves the flags and the counter unproven.
    pub(crate) fn is_u2f(&self) -> bool {
        let is_u2f = |attestation: &Self| attestation.format == Format::FidoU2f;
        (is_u2f(self) || self.parts.iter().any(is_u2f)) && !self.signs_authenticator_data()
    }
}

/// The inputs of an assessment.
#[derive(Clone, Copy)]
pub(crate) struct TrustAssessment<'a> {
    pub(crate) policy: &'a AttestationPolicy,
    pub(crate) paths: PathFinder<'a>,
}

/// The inputs of path building, except the certificates.
#[derive(Clone, Copy)]
pub(crate) struct PathFinder<'a> {
    /// The AAGUID in authenticator data; `None` if it is zero.
    pub(crate) aaguid: Option<Aaguid>,
    /// The credential's algorithm.
    pub(crate) algorithm: Algorithm,
    pub(crate) source: &'a dyn TrustSource,
    /// The time at which certificates must be valid.
    pub(crate) certificates_at: Timestamp,
    /// The time at which the source is consulted and revocation is checked.
    pub(crate) at: Timestamp,
    pub(crate) profile: Profile,
    /// The intermediates whose signatures were verified before.
    pub(crate) cache: Option<&'a CertificateCache>,
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
        if let Err(error) = &attestation.trust
            && self.policy.requires_trusted()
        {
            return Err(error.clone());
        }
        // A claimed AAGUID can reject, but only a proven one is accepted.
        let mut models = self.paths.aaguid.into_iter().chain(attestation.model);
        if let Some(aaguid) = models.find(|model| self.policy.denies_model(*model)) {
            return Err(TrustError::Model { aaguid: Some(aaguid) });
        }
        if attestation.is_trusted() && !self.policy.allows_model(attestation.model) {
            return Err(TrustError::Model { aaguid: attestation.model });
        }
        Ok(attestation)
    }

    fn assess_verified(&self, format: Format, mut verified: Verified) -> Result<Attestation, TrustError> {
        let parts = core::mem::take(&mut verified.parts);
        let parts: Vec<Attestation> = parts
            .into_iter()
            .map(|(format, part)| self.assess_verified(format, part))
            .collect::<Result<_, _>>()?;
        let (trust, model, provenance) = match representative(&parts) {
            // Every value of a trusted compound statement is that of a trusted part.
            Some(part) => {
                let model = parts.iter().find_map(|part| part.model);
                (part.trust.clone(), model, part.provenance)
            }
            None => {
                let (trust, model) = self.trust(&format, &verified)?;
                let is_verified = trust.as_ref().is_ok_and(|path| path.verified_leaf().is_some());
                (trust, model, verified.provenance.filter(|_| is_verified))
            }
        };
        let is_trusted = trust.is_ok();
        Ok(Attestation {
            format,
            r#type: verified.r#type,
            model: model.filter(|_| is_trusted),
            provenance: provenance.filter(|_| is_trusted),
            trust_path: verified.trust_path,
            trust,
            parts,
        })
    }

    /// Whether one statement is trusted, and the model that it proves. The outer error is for what policy or the
    /// trust source never accepts.
    fn trust(&self, format: &Format, verified: &Verified) -> Result<StatementTrust, TrustError> {
        let r#type = verified.r#type;
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
        self.paths.find(format, verified)
    }
}

/// The path of one statement, or the reason for its absence, and the proven model.
type StatementTrust = (Result<Path, TrustError>, Option<Aaguid>);

impl PathFinder<'_> {
    /// Consults the trust source and builds the path from the attestation certificate to one of its anchors.
    ///
    /// The outer error is the source's distrust, which no policy tolerates.
    pub(super) fn find(&self, format: &Format, verified: &Verified) -> Result<StatementTrust, TrustError> {
        let Self { aaguid, algorithm, at, .. } = *self;
        let Verified { r#type, ref trust_path, .. } = *verified;
        let (leaf, malformed) = match verified.leaf() {
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
            (_, Some(leaf)) => self.validate(format, leaf, trust_path, &consultation),
            (_, None) => Err(TrustError::Path(malformed.unwrap_or(PathError::Empty))),
        };
        let path = trust.as_ref().ok();
        let model = path.and_then(|path| self.proven_model(format, path, &consultation));
        consultation.judge(&Conclusion { path, model }).map_err(distrusted)?;
        Ok((trust, model))
    }

    /// The model that a statement with this path proves, see [`Attestation::model`].
    fn proven_model(&self, format: &Format, path: &Path, consultation: &Consultation<'_>) -> Option<Aaguid> {
        // A U2F statement does not sign the AAGUID.
        let claimed = self.aaguid.filter(|_| *format != Format::FidoU2f);
        let certificate = path.verified_leaf().and_then(|leaf| leaf.fido_aaguid().ok().flatten());
        if let Some(certificate) = certificate.filter(|aaguid| !aaguid.is_zero()) {
            return claimed.is_none_or(|claimed| claimed == certificate).then_some(certificate);
        }
        match (format, consultation.scope(path.anchor())) {
            (Format::Packed | Format::Apple, _) => claimed,
            (_, AnchorScope::OneModel(model)) => {
                claimed.is_none_or(|claimed| claimed == model).then_some(model)
            }
            (Format::Other(_), AnchorScope::SeveralModels) => claimed,
            (_, AnchorScope::SeveralModels | AnchorScope::AnyModel) => None,
        }
    }

    fn validate(
        &self,
        format: &Format,
        leaf: &Certificate,
        trust_path: &[Vec<u8>],
        consultation: &Consultation<'_>,
    ) -> Result<Path, TrustError> {
        let options = PathOptions {
            revocation: consultation.revocation(),
            revocation_at: Some(self.at),
            cache: self.cache,
            ..PathOptions::default()
        };
        let behind = trust_path.get(1..).unwrap_or_default();
        let path = path::validate(leaf, behind, consultation.anchors(), self.certificates_at, &options)
            .map_err(TrustError::Path)?;
        // FIDO's server requirements: x5c ends at the anchor, which may itself be sent
        if self.profile == Profile::Fido && !ends_with_anchor(trust_path, &path) {
            return Err(TrustError::BehindAnchor);
        }
        if let Some(list) = consultation.android_status_list().filter(|_| *format == Format::AndroidKey) {
            for (index, certificate) in path.certificates().iter().enumerate() {
                if let Some(status) = list.status(certificate) {
                    return Err(TrustError::AndroidStatus { index, status: status.clone() });
                }
            }
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
/// first; without any certificates the first part. `None` without parts.
fn representative(parts: &[Attestation]) -> Option<&Attestation> {
    let with_certificates = || parts.iter().filter(|part| !part.trust_path.is_empty());
    with_certificates()
        .find(|part| !part.is_trusted())
        .or_else(|| with_certificates().next())
        .or_else(|| parts.first())
}
