//! Metadata as the trust source of a registration (Level 3 section 7.1, steps 23 and 24).

mod statement;

use std::borrow::Cow;
use std::sync::Arc;

use rp_core::trust::{Evidence, Refusal};
use rp_core::x509::{Certificate, Path};
use rp_core::{Format, TrustAnchor, TrustSource};

use crate::catalog::{Catalog, Current};
use crate::entry::{KeyIdentifier, Model};
use crate::policy::Policy;
use crate::verdict::{Question, Verdict};

/// Metadata and a policy: anchors come from the catalog of the moment, and models are judged by the policy.
///
/// A model that no list has gives no anchors, so that its attestation is not trusted; whether that matters is for the
/// relying party's attestation policy to say. The same is so of a model that a list has in an entry which cannot be
/// read: a statement of it whose path is found is refused, and one that nobody vouches for is not trusted and so not
/// judged. Who wants neither asks for trusted statements.
#[derive(Clone, Debug)]
pub struct MetadataTrust {
    current: Arc<Current>,
    policy: Policy,
}

impl MetadataTrust {
    /// The catalog of the moment, and a policy.
    #[must_use]
    pub const fn new(current: Arc<Current>, policy: Policy) -> Self {
        Self { current, policy }
    }

    /// A catalog that does not change.
    #[must_use]
    pub fn fixed(catalog: Catalog, policy: Policy) -> Self {
        Self::new(Arc::new(Current::new(catalog)), policy)
    }

    /// The catalog of the moment, of which names and pictures can be shown too.
    #[must_use]
    pub const fn current(&self) -> &Arc<Current> {
        &self.current
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The verdict on a statement whose path was found; [`TrustSource::judge`] makes a refusal of it.
    #[must_use]
    pub fn verdict(&self, evidence: &Evidence<'_>, path: &Path) -> Option<Verdict> {
        let catalog = self.current.load();
        let model = model_of(&catalog, evidence)?;
        let question = Question {
            certificates: path.certificates(),
            anchor: Some(path.anchor()),
            ..Question::new(model.clone(), evidence.at)
        };
        let mut verdict = self.policy.judge(&catalog, &question);
        for entry in catalog.find(&model).iter().flat_map(|listing| &listing.entries) {
            if let Some(statement) = entry.statement() {
                statement::judge(statement, evidence, &mut verdict);
            }
        }
        Some(verdict)
    }
}

impl TrustSource for MetadataTrust {
    fn anchors<'a>(&'a self, evidence: &Evidence<'_>) -> Cow<'a, [TrustAnchor]> {
        let catalog = self.current.load();
        let listing = model_of(&catalog, evidence).and_then(|model| catalog.find(&model));
        Cow::Owned(listing.map(|listing| listing.anchors()).unwrap_or_default())
    }

    fn judge(&self, evidence: &Evidence<'_>, path: &Path) -> Result<(), Refusal> {
        let Some(verdict) = self.verdict(evidence, path) else { return Ok(()) };
        let reasons: Vec<_> = verdict.refusals().map(ToString::to_string).collect();
        if reasons.is_empty() {
            return Ok(());
        }
        Err(Refusal { reason: format!("{}: {}", verdict.model, reasons.join("; ")) })
    }
}

/// What names the model of a statement: the AAGUID that it signs; for U2F, which signs none, the key of the attestation
/// certificate, or else the AAGUID in that certificate.
fn model_of(catalog: &Catalog, evidence: &Evidence<'_>) -> Option<Model> {
    if let Some(aaguid) = evidence.aaguid {
        return Some(Model::Aaguid(aaguid));
    }
    if *evidence.format != Format::FidoU2f {
        return None;
    }
    let identifier = Model::KeyIdentifier(KeyIdentifier::new(evidence.leaf.key_identifier()));
    if catalog.find(&identifier).is_some() {
        return Some(identifier);
    }
    model_in(evidence.leaf).or(Some(identifier))
}

fn model_in(certificate: &Certificate) -> Option<Model> {
    let aaguid = certificate.fido_aaguid().ok().flatten()?;
    (!aaguid.is_zero()).then_some(Model::Aaguid(aaguid))
}
