//! Metadata as the trust source of registrations (Level 3 section 7.1, steps 23 and 24).

mod distrust;
mod statement;

use std::sync::Arc;

use rp_core::trust::{AnchorScope, Conclusion, Consultation, Distrust, Evidence, Judge, RevocationLists};
use rp_core::x509::Path;
use rp_core::{Format, TrustAnchor, TrustSource};

use crate::catalog::{Catalog, Listing, SharedCatalog};
use crate::model_id::ModelId;
use crate::policy::{Policy, Severity};
use crate::verdict::{ModelQuery, Reason, Verdict};

/// Metadata and a policy as a trust source: anchors come from the current catalog, and the policy judges models.
///
/// The policy applies to every statement, before a path is built and to self attestation too. An AAGUID that is not
/// proven can only cause rejection. So can the other identifier that an attestation certificate contains: a U2F statement
/// is looked up by the key of its certificate and refused for its AAGUID too, any other statement the other way round. A model that no list contains has no anchors, so its attestation is not trusted;
/// [`Policy::unlisted`] decides whether it is refused.
#[derive(Clone, Debug)]
pub struct MetadataTrust {
    catalog: Arc<SharedCatalog>,
    policy: Policy,
    revocation: RevocationLists,
}

impl MetadataTrust {
    /// A trust source of a shared catalog and a policy.
    #[must_use]
    pub fn new(catalog: Arc<SharedCatalog>, policy: Policy) -> Self {
        Self { catalog, policy, revocation: RevocationLists::default() }
    }

    /// A trust source of a catalog that does not change.
    #[must_use]
    pub fn fixed(catalog: Catalog, policy: Policy) -> Self {
        Self::new(Arc::new(SharedCatalog::new(catalog)), policy)
    }

    /// Checks each attestation path against these lists.
    #[must_use]
    pub fn with_revocation(mut self, lists: RevocationLists) -> Self {
        self.revocation = lists;
        self
    }

    /// The shared catalog, which also contains names and pictures.
    #[must_use]
    pub const fn catalog(&self) -> &Arc<SharedCatalog> {
        &self.catalog
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The verdict on a statement, with a validated path or without one; `None` if it does not identify a model.
    #[must_use]
    pub fn verdict(&self, evidence: &Evidence<'_>, path: Option<&Path>) -> Option<Verdict> {
        self.look_up(evidence).verdict(path)
    }

    fn look_up<'a>(&'a self, evidence: &Evidence<'a>) -> Lookup<'a> {
        let catalog = self.catalog.load_full();
        let model = model_of(&catalog, evidence);
        Lookup { policy: &self.policy, catalog, model, evidence: *evidence }
    }
}

impl TrustSource for MetadataTrust {
    fn consult<'a>(&'a self, evidence: &Evidence<'a>) -> Consultation<'a> {
        let lookup = self.look_up(evidence);
        let distrust = match lookup.verdict(None) {
            Some(verdict) => distrust::of(&verdict, holds_without_path),
            // A statement without a model is not one of a listed model.
            None => (self.policy.unlisted == Severity::Refuse).then_some(Distrust::Unlisted),
        };
        if let Some(distrust) = distrust {
            return Consultation::distrusted(distrust);
        }
        Consultation::new(lookup.anchors()).with_revocation(&self.revocation).with_judge(lookup)
    }
}

/// The look-up of a statement's model in one snapshot of the catalog.
struct Lookup<'a> {
    policy: &'a Policy,
    catalog: Arc<Catalog>,
    /// The model that the statement claims; not proven.
    model: Option<ModelId>,
    evidence: Evidence<'a>,
}

impl Lookup<'_> {
    fn listing(&self) -> Option<Listing<'_>> {
        self.model.as_ref().and_then(|model| self.catalog.find(model))
    }

    fn anchors(&self) -> Vec<TrustAnchor> {
        self.listing().map(|listing| listing.anchors()).unwrap_or_default()
    }

    fn verdict(&self, path: Option<&Path>) -> Option<Verdict> {
        let query = ModelQuery::new(self.model.clone()?, self.evidence.at);
        let query = match path {
            Some(path) => query.with_path(path),
            None => query,
        };
        let mut verdict = self.policy.judge_with_leaf(&self.catalog, &query, self.evidence.leaf);
        for entry in self.listing().iter().flat_map(|listing| &listing.entries) {
            if let Some(statement) = entry.statement() {
                statement::judge(statement, &self.evidence, &mut verdict);
            }
        }
        Some(verdict)
    }

    /// Whether a statement with this path proves the claimed model. A key identifier is that of the attestation
    /// certificate, whose path ends in an anchor of the entry.
    fn is_proven(&self, conclusion: &Conclusion<'_>) -> bool {
        conclusion.path.is_some()
            && match &self.model {
                Some(ModelId::Aaguid(aaguid)) => conclusion.model == Some(*aaguid),
                Some(ModelId::KeyIdentifier(_) | ModelId::Aaid(_)) => true,
                None => false,
            }
    }
}

impl Judge for Lookup<'_> {
    fn scope(&self, anchor: &TrustAnchor) -> AnchorScope {
        match self.model {
            Some(ModelId::Aaguid(aaguid)) if self.catalog.is_only_of(anchor, aaguid) => {
                AnchorScope::OneModel(aaguid)
            }
            _ => AnchorScope::SeveralModels,
        }
    }

    fn judge(&self, conclusion: &Conclusion<'_>) -> Result<(), Distrust> {
        let is_proven = self.is_proven(conclusion);
        // A claim does not make a model one of those that are allowed.
        let not_allowed = (!is_proven && !self.policy.allow.is_empty()).then_some(Distrust::NotAllowed);
        let Some(mut verdict) = self.verdict(conclusion.path) else { return not_allowed.map_or(Ok(()), Err) };
        let distrust = match conclusion.path {
            Some(_) => {
                if !is_proven {
                    self.policy.judge_unproven(&mut verdict);
                }
                distrust::of(&verdict, |_| true)
            }
            None => distrust::of(&verdict, holds_without_batch).or(not_allowed),
        };
        distrust.map_or(Ok(()), Err)
    }
}

/// Whether a reason for refusal holds before the path is known. Its certificates identify the batch and contain the
/// firmware version, on which levels depend.
const fn holds_without_path(reason: &Reason) -> bool {
    holds_without_batch(reason) && !matches!(reason, Reason::Certification { .. } | Reason::Fips { .. })
}

/// Whether a reason for refusal holds without any path: an unknown batch counts for trusted statements only.
const fn holds_without_batch(reason: &Reason) -> bool {
    !matches!(reason, Reason::BatchUnknown { .. })
}

/// The model that a statement claims: the AAGUID of authenticator data. A U2F statement does not sign it, so it is looked
/// up by the key of the attestation certificate, or else by the AAGUID in the certificate.
fn model_of(catalog: &Catalog, evidence: &Evidence<'_>) -> Option<ModelId> {
    let Some(leaf) = evidence.leaf.filter(|_| *evidence.format == Format::FidoU2f) else {
        return evidence.aaguid.map(ModelId::Aaguid);
    };
    let identifier = ModelId::key_of(leaf);
    if catalog.find(&identifier).is_some() {
        return Some(identifier);
    }
    ModelId::aaguid_in(leaf).or(Some(identifier))
}
