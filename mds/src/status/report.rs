//! One report, and which of several counts at a given time.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Status;
use crate::date::Date;
use crate::members::{ExtraMembers, Member, Members};

/// `StatusReport`: what was said of a model, and from when it holds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusReport {
    /// What it says.
    pub status: Status,
    /// From when it holds; a report without a day holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<Date>,
    /// The day from which it holds no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunset_date: Option<Date>,
    /// The firmware that it is about: for a certification that and later ones, for an update the one that mends. For a
    /// compromise it is the least that is affected by edition 3.0, and "the vulnerable firmware version" by 3.1, so
    /// that no firmware is taken for unaffected by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator_version: Option<u64>,
    /// What is compromised, in base64: an attestation certificate, or a root; where there is none, all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Box<str>>,
    /// A certificate of the batch that is compromised, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_certificate: Option<Box<str>>,
    /// Where more can be read; often without a scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Box<str>>,
    /// What was certified, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certification_descriptor: Option<Box<str>>,
    /// The number of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_number: Option<Box<str>>,
    /// The edition of the certification policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certification_policy_version: Option<Box<str>>,
    /// The edition of the security requirements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certification_requirements_version: Option<Box<str>>,
    /// The profiles of the certification, such as `consumer` and `enterprise`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub certification_profiles: Box<[Box<str>]>,
    /// The revision of FIPS 140.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fips_revision: Option<u64>,
    /// The level of physical security by FIPS 140, which may differ from the overall one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fips_physical_security_level: Option<u64>,
    /// Members that the specification did not know when this was written, and those of another type than it says.
    #[serde(flatten)]
    pub other: ExtraMembers,
}

/// Why a report cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportError {
    NotAnObject,
    Status,
    /// A member that decides stands there twice.
    Duplicate,
}

impl StatusReport {
    /// Reads a report. One whose status cannot be read is refused, since it might be a revocation, and one whose status
    /// or days stand there twice; other members of an unexpected type go to [`StatusReport::other`].
    pub(crate) fn read(text: &RawValue) -> Result<Self, ReportError> {
        let mut members = Members::read(text).map_err(|_| ReportError::NotAnObject)?;
        if ["status", "effectiveDate", "sunsetDate"].iter().any(|name| members.has_twice(name)) {
            return Err(ReportError::Duplicate);
        }
        let Member::Read(status) = members.take::<Status>("status") else { return Err(ReportError::Status) };
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

    /// Whether it holds on a day: from its effective date, to the day before its sunset.
    #[must_use]
    pub fn is_in_force(&self, on: Date) -> bool {
        self.effective_date.is_none_or(|from| from <= on) && self.sunset_date.is_none_or(|until| on < until)
    }
}

/// The reports that hold on a day.
pub fn in_force(reports: &[StatusReport], on: Date) -> impl Iterator<Item = &StatusReport> {
    reports.iter().filter(move |report| report.is_in_force(on))
}

/// The report with the greatest effective date, wherever it stands; one without a date is older than all.
///
/// Of several on one day a bad one counts, then the higher level.
#[must_use]
pub fn newest<'a>(reports: impl IntoIterator<Item = &'a StatusReport>) -> Option<&'a StatusReport> {
    reports.into_iter().max_by_key(|report| (report.effective_date, report.status.rank()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports(text: &str) -> Vec<StatusReport> {
        let raw: Vec<&RawValue> = serde_json::from_str(text).unwrap();
        raw.into_iter().map(|raw| StatusReport::read(raw).unwrap()).collect()
    }

    fn newest_of(text: &str) -> String {
        newest(&reports(text)).unwrap().status.to_string()
    }

    #[test]
    fn the_newest_counts_wherever_it_stands() {
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
    fn on_one_day_a_bad_one_counts_then_the_higher_level() {
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
    fn a_report_holds_from_its_day_to_the_day_before_its_sunset() {
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
    fn what_is_not_known_or_of_another_type_is_kept() {
        let text =
            r#"{"status":"REVOKED","effectiveDate":"soon","url":"www.yubico.com","later":{"a":[1,2.5e-7]}}"#;
        let report = &reports(&format!("[{text}]"))[0];
        assert_eq!(report.effective_date, None, "and so it holds");
        assert_eq!(report.url.as_deref(), Some("www.yubico.com"));
        let kept: Vec<_> = report.other.iter().map(|(name, value)| (name, value.get())).collect();
        assert_eq!(kept, [("effectiveDate", r#""soon""#), ("later", r#"{"a":[1,2.5e-7]}"#)]);
        let again: serde_json::Value = serde_json::to_value(report).unwrap();
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(text).unwrap());
    }

    #[test]
    fn a_report_without_a_readable_status_is_refused() {
        let read = |text: &str| StatusReport::read(serde_json::from_str(text).unwrap()).map(|_| ());
        assert_eq!(read(r#"{"effectiveDate":"2024-01-01"}"#), Err(ReportError::Status));
        assert_eq!(read(r#"{"status":7}"#), Err(ReportError::Status));
        assert_eq!(read(r#"{"status":null}"#), Err(ReportError::Status));
        assert_eq!(read(r#""REVOKED""#), Err(ReportError::NotAnObject));
    }

    #[test]
    fn a_status_that_stands_twice_in_a_report_is_refused() {
        let read = |text: &str| StatusReport::read(serde_json::from_str(text).unwrap()).map(|_| ());
        let once = r#"{"status":"REVOKED","effectiveDate":"2024-01-01","sunsetDate":"2025-01-01"}"#;
        assert_eq!(read(once), Ok(()));
        for more in
            [r#""status":"FIDO_CERTIFIED","#, r#""effectiveDate":null,"#, r#""sunsetDate":"2024-01-02","#]
        {
            assert_eq!(
                read(&once.replacen('{', &format!("{{{more}"), 1)),
                Err(ReportError::Duplicate),
                "{more}"
            );
        }
        assert_eq!(read(&once.replacen('{', r#"{"url":"a","url":"b","#, 1)), Ok(()), "it decides nothing");
    }
}
