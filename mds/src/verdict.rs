//! The verdict on a model, which explains itself.

mod batch;
mod judge;
#[cfg(test)]
mod tests;

use std::fmt;

use rp_core::x509::Certificate;
use rp_core::{Timestamp, TrustAnchor};
use serde::Serialize;

use crate::date::Date;
use crate::entry::ModelId;
use crate::status::{CertificationLevel, FipsLevel, Status, StatusReport};

/// What is asked: a model, at a time, and what else is known of the authenticator.
#[derive(Clone, Debug)]
pub struct ModelQuery<'a> {
    /// The model. One that no attestation proved may name, and must not decide.
    pub model: ModelId,
    /// When it is judged.
    pub at: Timestamp,
    /// The firmware, where it is known otherwise than by the attestation certificate.
    pub firmware: Option<u64>,
    /// The attestation certificate and those above it, where they are known: they tell the batch, and the first of
    /// them the firmware, if it does.
    pub certificates: &'a [Certificate],
    /// What they were validated to, where they were: a report may name the root as compromised.
    pub anchor: Option<&'a TrustAnchor>,
}

impl ModelQuery<'_> {
    /// A model at a time, of which nothing else is known.
    #[must_use]
    pub const fn new(model: ModelId, at: Timestamp) -> Self {
        Self { model, at, firmware: None, certificates: &[], anchor: None }
    }

    /// The firmware, or else what the attestation certificate tells of it.
    fn firmware_known(&self) -> Option<u64> {
        let of_certificate = |leaf: &Certificate| leaf.fido_firmware_version().ok().flatten();
        self.firmware.or_else(|| self.certificates.first().and_then(of_certificate))
    }
}

/// The verdict on a model: refused if one of its findings refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The model.
    pub model: ModelId,
    /// The list that spoke, if one has the model.
    pub source: Option<Box<str>>,
    /// The serial number of that list.
    pub no: Option<u64>,
    /// The model's description.
    pub description: Box<str>,
    /// The report in force with the greatest date.
    pub status: Option<Status>,
    /// The level of certification in force.
    pub certification: Option<CertificationLevel>,
    /// The level of FIPS 140 in force.
    pub fips: Option<FipsLevel>,
    /// What speaks against the model, and what else is to be told.
    pub findings: Vec<Finding>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether it refuses the model.
    pub refuses: bool,
    /// What it is.
    #[serde(flatten)]
    pub reason: Reason,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// No list has the model.
    Unlisted,
    /// The list has the model in an entry that could not be read.
    Unreadable,
    /// The policy denies the model.
    Denied,
    /// The policy allows others.
    NotAllowed,
    /// A status in force speaks against the model.
    Status {
        /// The report.
        report: ReportSummary,
    },
    /// A compromise of one batch, and nobody knows whether the authenticator is of it.
    BatchUnknown {
        /// The report.
        report: ReportSummary,
    },
    /// A compromise of another batch.
    OtherBatch {
        /// The report.
        report: ReportSummary,
    },
    /// The policy overlooks the status.
    Overlooked {
        /// The report.
        report: ReportSummary,
    },
    /// A later report lifts the status, as the policy says.
    Lifted {
        /// The report.
        report: ReportSummary,
        /// The one that lifts it.
        by: ReportSummary,
    },
    /// A status that nobody here knows.
    UnknownStatus {
        /// The report.
        report: ReportSummary,
    },
    /// Firmware is there that mends something.
    UpdateAvailable {
        /// The report.
        report: ReportSummary,
    },
    /// The statement's version did not rise to that of an update, so that nobody may count on it.
    UpdateUnconfirmed {
        /// The report of the update.
        report: ReportSummary,
    },
    /// The authenticator's firmware is older than an update.
    OutdatedFirmware {
        /// The report of the update.
        report: ReportSummary,
        /// The authenticator's.
        firmware: u64,
    },
    /// The certification is too low.
    Certification {
        /// The least that will do.
        wanted: CertificationLevel,
        /// The one in force.
        got: Option<CertificationLevel>,
    },
    /// The level of FIPS 140 is too low.
    Fips {
        /// The least that will do.
        wanted: FipsLevel,
        /// The one in force.
        got: Option<FipsLevel>,
    },
    /// Words of the statement are not those that are asked for.
    WordRequirement {
        /// The statement's member.
        member: &'static str,
        /// What is asked.
        wanted: String,
        /// What is there.
        got: Vec<Box<str>>,
    },
    /// The list is overdue.
    Overdue {
        /// The day by which the next was due.
        due: Date,
        /// Whether the grace is over.
        too_old: bool,
    },
    /// The statement does not list the format of the attestation.
    Format {
        /// The format.
        format: String,
    },
    /// The statement does not list the type of attestation.
    AttestationType {
        /// The type.
        r#type: &'static str,
        /// What it lists.
        listed: Vec<Box<str>>,
    },
    /// The statement does not list the credential's algorithm.
    Algorithm {
        /// The algorithm's COSE number.
        alg: i64,
        /// What it lists.
        listed: Vec<Box<str>>,
    },
}

/// Of a report, what a reason tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportSummary {
    /// What it says.
    pub status: Status,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    /// The firmware that it is about.
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
    /// Whether nothing refuses the model.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        !self.findings.iter().any(|finding| finding.refuses)
    }

    /// Whether a list has the model.
    #[must_use]
    pub const fn is_listed(&self) -> bool {
        self.source.is_some()
    }

    /// What refuses the model.
    pub fn refusals(&self) -> impl Iterator<Item = &Reason> {
        self.findings.iter().filter(|finding| finding.refuses).map(|finding| &finding.reason)
    }

    pub(crate) fn find(&mut self, refuses: bool, reason: Reason) {
        let finding = Finding { refuses, reason };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// The model, then each finding in a line.
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
            None => f.write_str(" of no date"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |level: &Option<String>| level.clone().unwrap_or_else(|| "none".into());
        match self {
            Self::Unlisted => f.write_str("no list has the model"),
            Self::Unreadable => f.write_str("the list has the model in an entry that could not be read"),
            Self::Denied => f.write_str("the policy denies the model"),
            Self::NotAllowed => f.write_str("the policy allows other models alone"),
            Self::Status { report } => report.fmt(f),
            Self::BatchUnknown { report } => {
                write!(f, "{report}, of one batch, and the authenticator's is not known")
            }
            Self::OtherBatch { report } => write!(f, "{report}, of another batch"),
            Self::Overlooked { report } => write!(f, "{report}, which the policy overlooks"),
            Self::Lifted { report, by } => write!(f, "{report}, lifted by {by}"),
            Self::UnknownStatus { report } => write!(f, "{report}, which is not known here"),
            Self::UpdateAvailable { report } => report.fmt(f),
            Self::UpdateUnconfirmed { report } => {
                write!(f, "{report}, to which the statement's version did not rise")
            }
            Self::OutdatedFirmware { report, firmware } => {
                write!(f, "firmware {firmware} is older than {report}")
            }
            Self::Certification { wanted, got } => {
                write!(f, "certification {}, not {wanted}", told(&got.map(|level| level.to_string())))
            }
            Self::Fips { wanted, got } => {
                write!(f, "FIPS 140 level {}, not {wanted}", told(&got.map(|level| level.to_string())))
            }
            Self::WordRequirement { member, wanted, got } => {
                write!(
                    f,
                    "{member} is {}, not {wanted}",
                    if got.is_empty() { "not told".into() } else { got.join(", ") }
                )
            }
            Self::Overdue { due, too_old: false } => write!(f, "the list was to be followed by {due}"),
            Self::Overdue { due, too_old: true } => {
                write!(f, "the list is too old: it was to be followed by {due}")
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
