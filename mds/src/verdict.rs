//! The verdict on a model, with its reasons.

mod batch;
mod judge;
#[cfg(test)]
mod tests;

use std::fmt;

use rp_core::x509::{Certificate, Path};
use rp_core::{Timestamp, TrustAnchor};
use serde::Serialize;

use crate::date::Date;
use crate::model_id::ModelId;
use crate::status::report::StatusReport;
use crate::status::{CertificationLevel, FipsLevel, Status};

/// A model to judge, at a time, with what else is known about the authenticator.
#[derive(Clone, Debug)]
pub struct ModelQuery<'a> {
    /// The model. If attestation did not prove it, the verdict may only be used to refuse.
    pub model: ModelId,
    /// The time for which it is judged.
    pub at: Timestamp,
    /// The firmware version, if it is known.
    pub firmware: Option<u64>,
    /// The firmware version that a certificate claims without proof. It can only cause rejection.
    pub claimed_firmware: Option<u64>,
    /// The attestation certificate and its issuers, if known. They identify the batch.
    pub certificates: &'a [Certificate],
    /// The anchor of the validated path: a report may name the root as compromised.
    pub anchor: Option<&'a TrustAnchor>,
}

impl ModelQuery<'_> {
    /// A model at a time, without further knowledge.
    #[must_use]
    pub const fn new(model: ModelId, at: Timestamp) -> Self {
        Self { model, at, firmware: None, claimed_firmware: None, certificates: &[], anchor: None }
    }
}

impl<'a> ModelQuery<'a> {
    /// Adds the certificates of a verified statement. The attestation certificate may contain the firmware version.
    #[must_use]
    pub fn with_certificates(self, certificates: &'a [Certificate]) -> Self {
        let firmware = certificates.first().and_then(firmware_of);
        Self { certificates, firmware: self.firmware.or(firmware), ..self }
    }

    /// Adds a validated path. The firmware version in a leaf that is not verified completely is a claim.
    #[must_use]
    pub fn with_path(self, path: &'a Path) -> Self {
        let query = Self { anchor: Some(path.anchor()), ..self };
        if path.verified_leaf().is_some() {
            return query.with_certificates(path.certificates());
        }
        let claimed_firmware = path.certificates().first().and_then(firmware_of);
        Self { certificates: path.certificates(), claimed_firmware, ..query }
    }

    /// The versions that the firmware may have: the known one (`None` if it is unknown) and the claimed one. A requirement
    /// is met if each of them meets it.
    fn firmware_versions(&self) -> impl Iterator<Item = Option<u64>> {
        [Some(self.firmware), self.claimed_firmware.map(Some)].into_iter().flatten()
    }
}

/// The firmware version in an attestation certificate (id-fido-gen-ce-fw-version).
fn firmware_of(leaf: &Certificate) -> Option<u64> {
    leaf.fido_firmware_version().ok().flatten()
}

/// The verdict on a model: it is refused if one of the findings refuses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The model.
    pub model: ModelId,
    /// The list that contains the model, if any.
    pub source: Option<Box<str>>,
    /// The serial number of that list.
    pub no: Option<u64>,
    /// The model's description.
    pub description: Box<str>,
    /// The status of the newest report in force.
    pub status: Option<Status>,
    /// The level of certification in force.
    pub certification: Option<CertificationLevel>,
    /// The level of FIPS 140 in force.
    pub fips: Option<FipsLevel>,
    /// The reasons for refusal, and other findings.
    pub findings: Vec<Finding>,
}

/// One finding about a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether the model is refused because of it.
    pub refuses: bool,
    /// The finding.
    #[serde(flatten)]
    pub reason: Reason,
}

/// The content of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// No list contains the model.
    Unlisted,
    /// The list contains the model in a rejected entry.
    Unreadable,
    /// The policy denies the model.
    Denied,
    /// The policy allows other models only.
    NotAllowed,
    /// A bad status is in force.
    Status {
        /// The report.
        report: ReportSummary,
    },
    /// One batch is compromised, and the batch of the authenticator is unknown.
    BatchUnknown {
        /// The report.
        report: ReportSummary,
    },
    /// Another batch is compromised.
    OtherBatch {
        /// The report.
        report: ReportSummary,
    },
    /// The policy overlooks the bad status.
    Overlooked {
        /// The report.
        report: ReportSummary,
    },
    /// A later report lifts the bad status, as the policy allows.
    Lifted {
        /// The report.
        report: ReportSummary,
        /// The report that lifts it.
        by: ReportSummary,
    },
    /// The status is unknown.
    UnknownStatus {
        /// The report.
        report: ReportSummary,
    },
    /// A firmware update is available.
    UpdateAvailable {
        /// The report.
        report: ReportSummary,
    },
    /// The statement does not describe the updated firmware, so the update does not count.
    UpdateUnconfirmed {
        /// The report of the update.
        report: ReportSummary,
    },
    /// The firmware of the authenticator is older than an update.
    OutdatedFirmware {
        /// The report of the update.
        report: ReportSummary,
        /// The firmware version of the authenticator.
        firmware: u64,
    },
    /// The certification is too low.
    Certification {
        /// The lowest accepted level.
        wanted: CertificationLevel,
        /// The level in force.
        got: Option<CertificationLevel>,
    },
    /// The level of FIPS 140 is too low.
    Fips {
        /// The lowest accepted level.
        wanted: FipsLevel,
        /// The level in force.
        got: Option<FipsLevel>,
    },
    /// The statement does not meet a requirement on values.
    Characteristic {
        /// The statement's member.
        member: &'static str,
        /// The requirement.
        wanted: String,
        /// The values in the statement.
        got: Vec<Box<str>>,
    },
    /// The next list is overdue.
    Overdue {
        /// The date on which it was due.
        due: Date,
        /// Whether the grace period is over.
        too_old: bool,
    },
    /// The statement does not list the attestation statement format.
    Format {
        /// The format.
        format: String,
    },
    /// The statement does not list the attestation type.
    AttestationType {
        /// The type.
        r#type: &'static str,
        /// The listed values.
        listed: Vec<Box<str>>,
    },
    /// The statement does not list the credential's algorithm.
    Algorithm {
        /// The COSE identifier of the algorithm.
        alg: i64,
        /// The listed values.
        listed: Vec<Box<str>>,
    },
}

/// The part of a report that a finding shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportSummary {
    /// The status.
    pub status: Status,
    /// The effective date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    /// The firmware version that the report is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl From<&StatusReport> for ReportSummary {
    fn from(report: &StatusReport) -> Self {
        Self {
            status: report.status.clone(),
            since: report.effective_date,
            version: report.authenticator_version,
        }
    }
}

impl Verdict {
    /// A verdict without findings, of a model that is not listed.
    pub(crate) fn new(model: ModelId) -> Self {
        Self {
            model,
            source: None,
            no: None,
            description: Box::default(),
            status: None,
            certification: None,
            fips: None,
            findings: Vec::new(),
        }
    }

    /// Whether no finding refuses the model.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        !self.findings.iter().any(|finding| finding.refuses)
    }

    /// Whether a list contains the model.
    #[must_use]
    pub const fn is_listed(&self) -> bool {
        self.source.is_some()
    }

    /// The reasons for refusal.
    pub fn refusals(&self) -> impl Iterator<Item = &Reason> {
        self.findings.iter().filter(|finding| finding.refuses).map(|finding| &finding.reason)
    }

    pub(crate) fn add(&mut self, refuses: bool, reason: Reason) {
        let finding = Finding { refuses, reason };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// The model, then one line per finding.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_accepted() { "accepted" } else { "refused" };
        write!(f, "{word}: {}", self.model)?;
        if !self.description.is_empty() {
            write!(f, " ({})", self.description)?;
        }
        for Finding { refuses, reason } in &self.findings {
            write!(f, "\n  {}: {reason}", if *refuses { "refused" } else { "note" })?;
        }
        Ok(())
    }
}

impl fmt::Display for ReportSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)?;
        if let Some(version) = self.version {
            write!(f, " of version {version}")?;
        }
        match self.since {
            Some(since) => write!(f, " since {since}"),
            None => f.write_str(" without a date"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |level: Option<String>| level.unwrap_or_else(|| "none".into());
        match self {
            Self::Unlisted => f.write_str("no list contains the model"),
            Self::Unreadable => f.write_str("the list contains the model in an entry that was rejected"),
            Self::Denied => f.write_str("the policy denies the model"),
            Self::NotAllowed => f.write_str("the policy allows other models only"),
            Self::Status { report } => report.fmt(f),
            Self::BatchUnknown { report } => {
                write!(f, "{report}, for one batch; the batch of the authenticator is unknown")
            }
            Self::OtherBatch { report } => write!(f, "{report}, for another batch"),
            Self::Overlooked { report } => write!(f, "{report}, which the policy overlooks"),
            Self::Lifted { report, by } => write!(f, "{report}, lifted by {by}"),
            Self::UnknownStatus { report } => write!(f, "{report}, an unknown status"),
            Self::UpdateAvailable { report } => report.fmt(f),
            Self::UpdateUnconfirmed { report } => {
                write!(f, "{report}, but the statement describes older firmware")
            }
            Self::OutdatedFirmware { report, firmware } => {
                write!(f, "firmware {firmware} is older than {report}")
            }
            Self::Certification { wanted, got } => {
                write!(f, "certification {}, not {wanted}", or_none(got.map(|level| level.to_string())))
            }
            Self::Fips { wanted, got } => {
                write!(f, "FIPS 140 level {}, not {wanted}", or_none(got.map(|level| level.to_string())))
            }
            Self::Characteristic { member, wanted, got } => {
                write!(
                    f,
                    "{member} is {}, not {wanted}",
                    if got.is_empty() { "missing".into() } else { got.join(", ") }
                )
            }
            Self::Overdue { due, too_old: false } => write!(f, "the next list was due on {due}"),
            Self::Overdue { due, too_old: true } => {
                write!(f, "the list is too old: the next one was due on {due}")
            }
            Self::Format { format } => write!(f, "the statement does not list the format {format}"),
            Self::AttestationType { r#type, listed } => {
                write!(f, "the statement lists attestation {}, not {type}", listed.join(", "))
            }
            Self::Algorithm { alg, listed } => {
                write!(f, "the statement lists algorithms {}, not {alg}", listed.join(", "))
            }
        }
    }
}
