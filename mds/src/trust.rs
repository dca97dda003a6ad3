//! Metadata as the trust source of a registration (Level 3 section 7.1, steps 23 and 24).

mod statement;

use std::sync::Arc;

use rp_core::trust::{Conclusion, Consultation, Distrust, Evidence, Judge};
use rp_core::x509::{Certificate, Path};
use rp_core::{AttestationType, Format, TrustAnchor, TrustSource};

use crate::catalog::{Catalog, SharedCatalog, Listing};
use crate::date::Date;
use crate::entry::{KeyIdentifier, ModelId};
use crate::policy::Policy;
use crate::status::Status;
use crate::verdict::{ModelQuery, Reason, ReportSummary, Verdict};

/// Metadata and a policy: anchors come from the catalog of the moment, and models are judged by the policy.
///
/// A model that no list has gives no anchors, so that its attestation is not trusted; whether that matters is for the
/// relying party's attestation policy to say. The same is so of a model that a list has in an entry which cannot be
/// read: a statement of it whose path is found is refused, and one that nobody vouches for is not trusted and so not
/// judged. Who wants neither asks for trusted statements.
#[derive(Clone, Debug)]
pub struct MetadataTrust {
    current: Arc<SharedCatalog>,
    policy: Policy,
}

impl MetadataTrust {
    /// The catalog of the moment, and a policy.
    #[must_use]
    pub const fn new(current: Arc<SharedCatalog>, policy: Policy) -> Self {
        Self { current, policy }
    }

    /// A catalog that does not change.
    #[must_use]
    pub fn fixed(catalog: Catalog, policy: Policy) -> Self {
        Self::new(Arc::new(SharedCatalog::new(catalog)), policy)
    }

    /// The catalog of the moment, of which names and pictures can be shown too.
    #[must_use]
    pub const fn current(&self) -> &Arc<SharedCatalog> {
        &self.current
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The verdict on a statement with a validated path; `None` if nothing names the model.
    #[must_use]
    pub fn verdict(&self, evidence: &Evidence<'_>, path: &Path) -> Option<Verdict> {
        let catalog = self.current.load_full();
        let model = model_of(&catalog, evidence)?;
        let lookup = Lookup { policy: &self.policy, catalog, model: Some(model), evidence: *evidence };
        lookup.verdict(Some(path))
    }
}

impl TrustSource for MetadataTrust {
    fn consult<'a>(&'a self, evidence: &Evidence<'a>) -> Consultation<'a> {
        let catalog = self.current.load_full();
        let model = model_of(&catalog, evidence);
        let lookup = Lookup { policy: &self.policy, catalog, model, evidence: *evidence };
        let early = lookup.verdict(None).and_then(|verdict| distrust(&verdict, is_known_without_path));
        if let Some(early) = early {
            return Consultation::distrusted(early);
        }
        Consultation::new(lookup.anchors()).with_judge(lookup)
    }
}

/// One look-up of a statement's model in one snapshot of the catalog.
struct Lookup<'a> {
    policy: &'a Policy,
    catalog: Arc<Catalog>,
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
        let query = ModelQuery {
            certificates: path.map(Path::certificates).unwrap_or_default(),
            anchor: path.map(Path::anchor),
            ..ModelQuery::new(self.model.clone()?, self.evidence.at)
        };
        let mut verdict = self.policy.judge(&self.catalog, &query);
        // Without an attestation there is no format, type or algorithm of the model's to compare.
        if self.evidence.r#type != AttestationType::None {
            for entry in self.listing().iter().flat_map(|listing| &listing.entries) {
                if let Some(statement) = entry.statement() {
                    statement::judge(statement, &self.evidence, &mut verdict);
                }
            }
        }
        Some(verdict)
    }
}

impl Judge for Lookup<'_> {
    fn judge(&self, conclusion: &Conclusion<'_>) -> Result<(), Distrust> {
        let Some(path) = conclusion.path else {
            // A claim does not make a model one of those that are allowed.
            return if self.policy.allow.is_empty() { Ok(()) } else { Err(Distrust::NotAllowed) };
        };
        self.verdict(Some(path)).and_then(|verdict| distrust(&verdict, |_| true)).map_or(Ok(()), Err)
    }
}

/// Whether a reason holds without knowing the authenticator's certificates and firmware.
fn is_known_without_path(reason: &Reason) -> bool {
    match reason {
        Reason::Unlisted
        | Reason::Unreadable
        | Reason::Denied
        | Reason::NotAllowed
        | Reason::Status { .. }
        | Reason::Overdue { .. }
        | Reason::Format { .. }
        | Reason::AttestationType { .. }
        | Reason::Algorithm { .. } => true,
        Reason::BatchUnknown { .. }
        | Reason::OtherBatch { .. }
        | Reason::Overlooked { .. }
        | Reason::Lifted { .. }
        | Reason::UnknownStatus { .. }
        | Reason::UpdateAvailable { .. }
        | Reason::UpdateUnconfirmed { .. }
        | Reason::OutdatedFirmware { .. }
        | Reason::Certification { .. }
        | Reason::Fips { .. }
        | Reason::Words { .. } => false,
    }
}

/// The reasons of a verdict that reject the model, as far as they are asked for.
fn distrust(verdict: &Verdict, is_asked: impl Fn(&Reason) -> bool) -> Option<Distrust> {
    Distrust::from_reasons(verdict.refusals().filter(|reason| is_asked(reason)).map(as_distrust))
}

fn as_distrust(reason: &Reason) -> Distrust {
    let since = |report: &ReportSummary| report.since.map(Date::start);
    let status = |report: &ReportSummary| report.status.to_string().into();
    match reason {
        Reason::Unlisted => Distrust::Unlisted,
        Reason::Denied => Distrust::Denied,
        Reason::NotAllowed => Distrust::NotAllowed,
        Reason::Status { report } if report.status == Status::Revoked => {
            Distrust::Revoked { status: status(report), since: since(report) }
        }
        Reason::Status { report } if report.status.is_compromise() => {
            Distrust::Compromised { status: status(report), since: since(report) }
        }
        Reason::Status { report } => Distrust::Status { status: status(report), since: since(report) },
        Reason::Certification { wanted, got } => Distrust::NotCertified {
            required: wanted.to_string().into(),
            got: got.map(|level| level.to_string().into()),
        },
        Reason::Format { format } => Distrust::Unexpected { what: "format", got: format.as_str().into() },
        Reason::AttestationType { r#type, .. } => {
            Distrust::Unexpected { what: "attestation type", got: (*r#type).into() }
        }
        Reason::Algorithm { alg, .. } => {
            Distrust::Unexpected { what: "algorithm", got: alg.to_string().into() }
        }
        Reason::Words { member, wanted, got } => Distrust::Characteristic {
            name: member,
            required: wanted.as_str().into(),
            got: got.join(", ").into(),
        },
        reason @ (Reason::Unreadable | Reason::Overdue { .. }) => {
            Distrust::SourceData { problem: reason.to_string().into() }
        }
        Reason::Fips { wanted, got } => Distrust::NotCertified {
            required: format!("FIPS 140 level {wanted}").into(),
            got: got.map(|level| level.to_string().into()),
        },
        Reason::OutdatedFirmware { report, firmware } => {
            Distrust::OutdatedFirmware { firmware: *firmware, required: report.version.unwrap_or(u64::MAX) }
        }
        Reason::BatchUnknown { report } => Distrust::Compromised {
            status: format!("{}, of one batch, and the authenticator's is not known,", report.status).into(),
            since: since(report),
        },
        reason => Distrust::Status { status: reason.to_string().into(), since: None },
    }
}

/// What names the model of a statement: the AAGUID that it signs; for U2F, which signs none, the key of the attestation
/// certificate, or else the AAGUID in that certificate.
fn model_of(catalog: &Catalog, evidence: &Evidence<'_>) -> Option<ModelId> {
    let Some(leaf) = evidence.leaf.filter(|_| *evidence.format == Format::FidoU2f) else {
        return evidence.aaguid.map(ModelId::Aaguid);
    };
    let identifier = ModelId::KeyIdentifier(KeyIdentifier::new(leaf.key_identifier()));
    if catalog.find(&identifier).is_some() {
        return Some(identifier);
    }
    model_in(leaf).or(Some(identifier))
}

fn model_in(certificate: &Certificate) -> Option<ModelId> {
    let aaguid = certificate.fido_aaguid().ok().flatten()?;
    (!aaguid.is_zero()).then_some(ModelId::Aaguid(aaguid))
}
