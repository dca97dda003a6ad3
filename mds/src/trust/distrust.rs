//! Findings of a verdict as typed distrust.

use rp_core::trust::Distrust;

use crate::date::Date;
use crate::status::Status;
use crate::verdict::{Reason, ReportSummary, Verdict};

/// The reasons for refusal that are of this kind, the gravest first.
pub(super) fn of(verdict: &Verdict, is_of_kind: impl Fn(&Reason) -> bool) -> Option<Distrust> {
    let mut reasons: Vec<&Reason> = verdict.refusals().filter(|reason| is_of_kind(reason)).collect();
    reasons.sort_by_key(|reason| order(reason));
    Distrust::from_reasons(reasons.into_iter().map(from_reason))
}

/// The order of reasons: a revocation, a compromise, the operator's lists, and then the others.
fn order(reason: &Reason) -> u8 {
    match reason {
        Reason::Status { report } if report.status == Status::Revoked => 0,
        Reason::Status { .. } | Reason::BatchUnknown { .. } => 1,
        Reason::Denied => 2,
        Reason::NotAllowed | Reason::Unlisted => 3,
        _ => 4,
    }
}

fn from_reason(reason: &Reason) -> Distrust {
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
        Reason::BatchUnknown { report } => Distrust::Compromised {
            status: format!("{} of an unknown batch", report.status).into(),
            since: since(report),
        },
        // The other variants with a report do not refuse by default; the policy decides about unknown statuses.
        Reason::Status { report }
        | Reason::UnknownStatus { report }
        | Reason::OtherBatch { report }
        | Reason::Overlooked { report }
        | Reason::Lifted { report, .. }
        | Reason::UpdateAvailable { report }
        | Reason::UpdateUnconfirmed { report } => {
            Distrust::Status { status: status(report), since: since(report) }
        }
        Reason::OutdatedFirmware { report, firmware } => {
            Distrust::OutdatedFirmware { firmware: *firmware, required: report.version.unwrap_or(u64::MAX) }
        }
        Reason::Certification { wanted, got } => Distrust::NotCertified {
            required: wanted.to_string().into(),
            got: got.map(|level| level.to_string().into()),
        },
        Reason::Fips { wanted, got } => Distrust::NotCertified {
            required: format!("FIPS 140 level {wanted}").into(),
            got: got.map(|level| format!("FIPS 140 level {level}").into()),
        },
        Reason::Characteristic { member, wanted, got } => Distrust::Characteristic {
            name: member,
            required: wanted.as_str().into(),
            got: got.join(", ").into(),
        },
        Reason::Format { format } => Distrust::Unexpected { what: "format", got: format.as_str().into() },
        Reason::AttestationType { r#type, .. } => {
            Distrust::Unexpected { what: "attestation type", got: (*r#type).into() }
        }
        Reason::Algorithm { alg, .. } => {
            Distrust::Unexpected { what: "algorithm", got: alg.to_string().into() }
        }
        Reason::Unreadable | Reason::Overdue { .. } => {
            Distrust::SourceData { problem: reason.to_string().into() }
        }
    }
}
