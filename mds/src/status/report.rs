//! `StatusReport`, and which of several reports counts at a given time.

use serde::Serialize;

use super::Status;
use crate::date::Date;
use crate::members::{ExtraMembers, Members};

/// `StatusReport`: a status of a model, and when it is in force.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusReport {
    /// The status.
    pub status: Status,
    /// The date from which the report is in force; without one it is always in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<Date>,
    /// The date from which the report is no longer in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunset_date: Option<Date>,
    /// The firmware version: for a certification the earliest certified one, for an update the fixed one. For a compromise
    /// edition 3.0 means the earliest affected one and edition 3.1 "the vulnerable firmware version", so no other version
    /// counts as unaffected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator_version: Option<u64>,
    /// The compromised attestation or root certificate in base64; without one all are compromised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Box<str>>,
    /// A certificate of the compromised batch in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_certificate: Option<Box<str>>,
    /// The address of more information, often without a scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Box<str>>,
    /// A description of the certification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certification_descriptor: Option<Box<str>>,
    /// The number of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_number: Option<Box<str>>,
    /// The version of the certification policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certification_policy_version: Option<Box<str>>,
    /// The version of the security requirements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certification_requirements_version: Option<Box<str>>,
    /// The profiles of the certification, such as `consumer` and `enterprise`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub certification_profiles: Box<[Box<str>]>,
    /// The revision of FIPS 140.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fips_revision: Option<u64>,
    /// The FIPS 140 level of physical security, which may differ from the overall level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fips_physical_security_level: Option<u64>,
    /// Members of later editions, and members of an unexpected type.
    #[serde(flatten)]
    pub other: ExtraMembers,
}

/// Why a status report cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The report is not an object.
    #[error("not an object")]
    NotAnObject,
    /// `status` is missing or not a string: the report might be a revocation.
    #[error("no readable status")]
    Status,
    /// A member that affects decisions occurs twice.
    #[error("{member} twice")]
    Duplicate {
        /// Its name.
        member: &'static str,
    },
}

impl StatusReport {
    /// Reads a report, a value that is known to be JSON. A member of an unexpected type is in [`StatusReport::other`].
    pub(crate) fn read(text: &str) -> Result<Self, ReportError> {
        let mut members = Members::read(text).ok_or(ReportError::NotAnObject)?;
        if let Some(member) = members.duplicate(&DECISIVE) {
            return Err(ReportError::Duplicate { member });
        }
        let status = members.optional("status").ok_or(ReportError::Status)?;
        Ok(Self {
            status,
            effective_date: members.optional("effectiveDate"),
            sunset_date: members.optional("sunsetDate"),
            authenticator_version: members.optional("authenticatorVersion"),
            certificate: members.optional("certificate"),
            batch_certificate: members.optional("batchCertificate"),
            url: members.optional("url"),
            certification_descriptor: members.optional("certificationDescriptor"),
            certificate_number: members.optional("certificateNumber"),
            certification_policy_version: members.optional("certificationPolicyVersion"),
            certification_requirements_version: members.optional("certificationRequirementsVersion"),
            certification_profiles: members.optional("certificationProfiles").unwrap_or_default(),
            fips_revision: members.optional("fipsRevision"),
            fips_physical_security_level: members.optional("fipsPhysicalSecurityLevel"),
            other: members.rest(),
        })
    }

    /// Whether the report is in force on a date: from its effective date to the day before its sunset date.
    #[must_use]
    pub fn is_in_force(&self, on: Date) -> bool {
        self.effective_date.is_none_or(|from| from <= on) && self.sunset_date.is_none_or(|until| on < until)
    }
}

/// The members that affect decisions: a report with two of one could be read either way.
const DECISIVE: [&str; 6] =
    ["status", "effectiveDate", "sunsetDate", "authenticatorVersion", "certificate", "batchCertificate"];

/// The reports that are in force on a date.
pub fn in_force(reports: &[StatusReport], on: Date) -> impl Iterator<Item = &StatusReport> {
    reports.iter().filter(move |report| report.is_in_force(on))
}

/// The report with the latest effective date, whatever its place; one without a date is older than all others.
///
/// Of several reports of one date a bad status wins, then the higher level.
#[must_use]
pub fn newest<'a>(reports: impl IntoIterator<Item = &'a StatusReport>) -> Option<&'a StatusReport> {
    reports.into_iter().max_by_key(|report| (report.effective_date, report.status.rank()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports(text: &str) -> Vec<StatusReport> {
        let raw: Vec<&serde_json::value::RawValue> = serde_json::from_str(text).unwrap();
        raw.into_iter().map(|raw| StatusReport::read(raw.get()).unwrap()).collect()
    }

    fn newest_of(text: &str) -> String {
        newest(&reports(text)).unwrap().status.to_string()
    }

    #[test]
    fn the_newest_report_counts_whatever_its_place() {
        let revoked = r#"{"status":"REVOKED","effectiveDate":"2023-12-21"}"#;
        let before = r#"{"status":"NOT_FIDO_CERTIFIED","effectiveDate":"2020-01-01"}"#;
        assert_eq!(newest_of(&format!("[{revoked},{before}]")), "REVOKED");
        assert_eq!(newest_of(&format!("[{before},{revoked}]")), "REVOKED");
        assert_eq!(
            newest_of(&format!(r#"[{{"status":"FIDO_CERTIFIED_L3"}},{before}]"#)),
            "NOT_FIDO_CERTIFIED"
        );
    }

    #[test]
    fn on_one_date_a_bad_status_wins_then_the_higher_level() {
        let day = |words: &[&str]| {
            let reports: Vec<_> = words
                .iter()
                .map(|word| format!(r#"{{"status":"{word}","effectiveDate":"2024-01-01"}}"#))
                .collect();
            newest_of(&format!("[{}]", reports.join(",")))
        };
        assert_eq!(day(&["FIDO_CERTIFIED_L1", "FIDO_CERTIFIED"]), "FIDO_CERTIFIED_L1");
        assert_eq!(day(&["FIDO_CERTIFIED", "FIDO_CERTIFIED_L1"]), "FIDO_CERTIFIED_L1");
        assert_eq!(day(&["FIDO_CERTIFIED_L1plus", "FIDO_CERTIFIED_L1"]), "FIDO_CERTIFIED_L1plus");
        assert_eq!(day(&["FIDO_CERTIFIED_L3plus", "USER_VERIFICATION_BYPASS"]), "USER_VERIFICATION_BYPASS");
        assert_eq!(day(&["REVOKED", "USER_KEY_REMOTE_COMPROMISE"]), "REVOKED");
        assert_eq!(day(&["UPDATE_AVAILABLE", "USER_KEY_REMOTE_COMPROMISE"]), "USER_KEY_REMOTE_COMPROMISE");
        assert_eq!(day(&["NOT_FIDO_CERTIFIED", "FIDO_CERTIFIED"]), "FIDO_CERTIFIED");
        assert_eq!(day(&["LATER_STATUS", "FIDO_CERTIFIED_L2"]), "FIDO_CERTIFIED_L2");
        assert_eq!(day(&["LATER_STATUS", "NOT_FIDO_CERTIFIED"]), "LATER_STATUS");
    }

    #[test]
    fn a_report_is_in_force_until_the_day_before_its_sunset() {
        let report = &reports(
            r#"[{"status":"FIDO_CERTIFIED_L1","effectiveDate":"2024-01-02","sunsetDate":"2025-01-02"}]"#,
        )[0];
        let on = |day: &str| report.is_in_force(day.parse().unwrap());
        assert_eq!(
            ["2024-01-01", "2024-01-02", "2025-01-01", "2025-01-02"].map(on),
            [false, true, true, false]
        );
        assert!(reports(r#"[{"status":"REVOKED"}]"#)[0].is_in_force("1970-01-01".parse().unwrap()));
    }

    #[test]
    fn unknown_members_and_unexpected_types_are_kept() {
        let text =
            r#"{"status":"REVOKED","effectiveDate":"soon","url":"www.yubico.com","later":{"a":[1,2.5e-7]}}"#;
        let report = &reports(&format!("[{text}]"))[0];
        assert_eq!(report.effective_date, None, "always in force");
        assert_eq!(report.url.as_deref(), Some("www.yubico.com"));
        let kept: Vec<_> = report.other.iter().map(|(name, value)| (name, value.get())).collect();
        assert_eq!(kept, [("effectiveDate", r#""soon""#), ("later", r#"{"a":[1,2.5e-7]}"#)]);
        let again: serde_json::Value = serde_json::to_value(report).unwrap();
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(text).unwrap());
    }

    #[test]
    fn a_report_without_a_readable_status_is_rejected() {
        let read = |text: &str| StatusReport::read(text).map(|_| ());
        assert_eq!(read(r#"{"effectiveDate":"2024-01-01"}"#), Err(ReportError::Status));
        assert_eq!(read(r#"{"status":7}"#), Err(ReportError::Status));
        assert_eq!(read(r#"{"status":null}"#), Err(ReportError::Status));
        assert_eq!(read(r#""REVOKED""#), Err(ReportError::NotAnObject));
    }

    #[test]
    fn a_report_with_a_decisive_member_twice_is_rejected() {
        let read = |text: &str| StatusReport::read(text).map(|_| ());
        let once = r#"{"status":"REVOKED","effectiveDate":"2024-01-01","sunsetDate":"2025-01-01",
            "authenticatorVersion":4,"certificate":"MIIB","batchCertificate":"MIIC"}"#;
        assert_eq!(read(once), Ok(()));
        for (member, more) in [
            ("status", r#""status":"FIDO_CERTIFIED","#),
            ("effectiveDate", r#""effectiveDate":null,"#),
            ("sunsetDate", r#""sunsetDate":"2024-01-02","#),
            ("authenticatorVersion", r#""authenticatorVersion":5,"#),
            ("certificate", r#""certificate":"MIID","#),
            ("batchCertificate", r#""batchCertificate":"MIIE","#),
        ] {
            assert_eq!(
                read(&once.replacen('{', &format!("{{{more}"), 1)),
                Err(ReportError::Duplicate { member }),
                "{more}"
            );
        }
        assert_eq!(
            read(&once.replacen('{', r#"{"url":"a","url":"b","#, 1)),
            Ok(()),
            "it affects no decision"
        );
    }
}
