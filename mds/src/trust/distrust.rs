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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_id::ModelId;
    use crate::status::{CertificationLevel, FipsLevel};

    fn report(status: &str) -> ReportSummary {
        let since = Some("2026-01-02".parse().unwrap());
        ReportSummary { status: Status::from(status), since, version: Some(4) }
    }

    fn refused_for(reasons: impl IntoIterator<Item = Reason>) -> Verdict {
        let model: ModelId = "a1000000-0000-4000-8000-000000000001".parse().unwrap();
        let mut verdict = Verdict::new(model);
        reasons.into_iter().for_each(|reason| verdict.add(true, reason));
        verdict
    }

    /// Code and message of each reason.
    fn texts(verdict: &Verdict) -> Vec<(&'static str, String)> {
        let distrust = of(verdict, |_| true);
        let reasons = distrust.as_ref().map(Distrust::reasons).unwrap_or_default();
        reasons.iter().map(|reason| (reason.code(), reason.to_string())).collect()
    }

    #[test]
    fn every_reason_has_its_code_and_message() {
        let update = report("UPDATE_AVAILABLE");
        let retired = || report("RETIRED");
        let status = ("status-not-accepted", "RETIRED since 2026-01-02");
        let due = "2026-01-01".parse().unwrap();
        let listed = || vec![Box::from("other")];
        for (reason, expected) in [
            (Reason::Unlisted, ("unlisted", "the model is not listed")),
            (Reason::Denied, ("denied", "the model is denied")),
            (Reason::NotAllowed, ("not-allowed", "the statement does not prove an allowed model")),
            (Reason::Status { report: report("REVOKED") }, ("revoked", "REVOKED since 2026-01-02")),
            (
                Reason::Status { report: report("USER_VERIFICATION_BYPASS") },
                ("compromised", "USER_VERIFICATION_BYPASS since 2026-01-02"),
            ),
            (Reason::Status { report: retired() }, status),
            (
                Reason::BatchUnknown { report: report("ATTESTATION_KEY_COMPROMISE") },
                ("compromised", "ATTESTATION_KEY_COMPROMISE of an unknown batch since 2026-01-02"),
            ),
            (Reason::UnknownStatus { report: retired() }, status),
            (Reason::OtherBatch { report: retired() }, status),
            (Reason::Overlooked { report: retired() }, status),
            (Reason::Lifted { report: retired(), by: update.clone() }, status),
            (Reason::UpdateAvailable { report: retired() }, status),
            (Reason::UpdateUnconfirmed { report: retired() }, status),
            (
                Reason::OutdatedFirmware { report: update, firmware: 3 },
                ("outdated-firmware", "firmware 3 is older than 4"),
            ),
            (
                Reason::Certification {
                    wanted: CertificationLevel::L2,
                    got: Some(CertificationLevel::L1Plus),
                },
                ("not-certified", "certification is L1+, L2 is required"),
            ),
            (
                Reason::Certification { wanted: CertificationLevel::L2, got: None },
                ("not-certified", "certification is none, L2 is required"),
            ),
            (
                Reason::Fips { wanted: FipsLevel::L3, got: Some(FipsLevel::L1) },
                ("not-certified", "certification is FIPS 140 level 1, FIPS 140 level 3 is required"),
            ),
            (
                Reason::Characteristic {
                    member: "keyProtection",
                    wanted: "one of tee".into(),
                    got: vec!["software".into(), "remote_handle".into()],
                },
                (
                    "characteristic-not-accepted",
                    "keyProtection is software, remote_handle, one of tee is required",
                ),
            ),
            (
                Reason::Format { format: "tpm".into() },
                ("unexpected-statement", "the model does not list format tpm"),
            ),
            (
                Reason::AttestationType { r#type: "self", listed: listed() },
                ("unexpected-statement", "the model does not list attestation type self"),
            ),
            (
                Reason::Algorithm { alg: -7, listed: listed() },
                ("unexpected-statement", "the model does not list algorithm -7"),
            ),
            (
                Reason::Unreadable,
                ("source-data", "the list contains the model in an entry that was rejected"),
            ),
            (
                Reason::Overdue { due, too_old: true },
                ("source-data", "the list is too old: the next one was due on 2026-01-01"),
            ),
        ] {
            let verdict = refused_for([reason.clone()]);
            assert_eq!(texts(&verdict), [(expected.0, expected.1.to_owned())], "{reason:?}");
        }
    }

    #[test]
    fn the_gravest_reason_comes_first_whatever_the_order() {
        let classes = [
            vec![Reason::Status { report: report("REVOKED") }],
            vec![
                Reason::Status { report: report("USER_KEY_REMOTE_COMPROMISE") },
                Reason::BatchUnknown { report: report("ATTESTATION_KEY_COMPROMISE") },
            ],
            vec![Reason::Denied],
            vec![Reason::NotAllowed, Reason::Unlisted],
            vec![
                Reason::Certification { wanted: CertificationLevel::L2, got: None },
                Reason::Format { format: "tpm".into() },
                Reason::Unreadable,
            ],
        ];
        for (graver, less) in classes.iter().zip(classes.iter().skip(1)) {
            for (graver, less) in graver.iter().flat_map(|graver| less.iter().map(move |less| (graver, less)))
            {
                let expected = texts(&refused_for([graver.clone(), less.clone()]));
                assert_eq!(expected[0], texts(&refused_for([graver.clone()]))[0]);
                assert_eq!(texts(&refused_for([less.clone(), graver.clone()])), expected);
            }
        }
        // Reasons of one class stay in the order in which they were found.
        for class in classes {
            let expected: Vec<_> =
                class.iter().flat_map(|reason| texts(&refused_for([reason.clone()]))).collect();
            assert_eq!(texts(&refused_for(class)), expected);
        }
    }

    #[test]
    fn notes_and_reasons_of_another_kind_are_no_distrust() {
        let mut verdict = refused_for([]);
        verdict.add(false, Reason::Denied);
        assert_eq!(of(&verdict, |_| true), None);
        verdict.add(true, Reason::NotAllowed);
        assert_eq!(of(&verdict, |reason| *reason != Reason::NotAllowed), None);
        assert_eq!(of(&verdict, |_| true), Some(Distrust::NotAllowed));
    }
}
