//! Judging a model by a policy.

use rp_core::x509::Certificate;

use super::batch::Batch;
use super::{ModelQuery, Reason, ReportSummary, Verdict};
use crate::catalog::{Catalog, Listing};
use crate::date::Date;
use crate::entry::Entry;
use crate::freshness::{Freshness, TooOld};
use crate::model_id::ModelId;
use crate::policy::{Policy, Severity, UnknownStatus, WordRequirement};
use crate::status::report::{StatusReport, in_force, newest};
use crate::status::{CertificationLevel, FipsLevel, Status};

impl Policy {
    /// Judges a model by a catalog at a time.
    #[must_use]
    pub fn judge(&self, catalog: &Catalog, query: &ModelQuery<'_>) -> Verdict {
        let listing = catalog.find(&query.model);
        let mut verdict = Verdict::new(query.model.clone());
        self.judge_model(query, listing.as_ref(), &mut verdict);
        match listing {
            None => verdict.add(self.unlisted == Severity::Refuse, Reason::Unlisted),
            Some(listing) => self.judge_listing(&listing, query, &mut verdict),
        }
        verdict
    }

    /// As [`Policy::judge`], and adds what refuses the other models that the attestation certificate names. One
    /// certificate may be listed by its key for U2F and by its AAGUID for FIDO2, and the authenticator chooses the format.
    pub(crate) fn judge_with_leaf(
        &self,
        catalog: &Catalog,
        query: &ModelQuery<'_>,
        leaf: Option<&Certificate>,
    ) -> Verdict {
        let mut verdict = self.judge(catalog, query);
        let named = leaf.into_iter().flat_map(ModelId::all_in).filter(|model| *model != query.model);
        for model in named {
            let other = self.judge(catalog, &ModelQuery { model, ..query.clone() });
            for reason in other.refusals().filter(|reason| is_against_the_model(reason)) {
                verdict.add(true, reason.clone());
            }
        }
        verdict
    }

    /// Checks `allow` and `deny` by all identifiers of the model: the given one, and those of its entries.
    fn judge_model(&self, query: &ModelQuery<'_>, listing: Option<&Listing<'_>>, verdict: &mut Verdict) {
        let entries = listing.map(|listing| &listing.entries[..]).unwrap_or_default();
        let is = |named: &[ModelId]| {
            named.iter().any(|model| *model == query.model || entries.iter().any(|entry| entry.is(model)))
        };
        if is(&self.deny) {
            verdict.add(true, Reason::Denied);
        }
        if !self.allow.is_empty() && !is(&self.allow) {
            verdict.add(true, Reason::NotAllowed);
        }
    }

    /// Adds the requirements that a statement does not meet if it does not prove its model.
    pub(crate) fn judge_unproven(&self, verdict: &mut Verdict) {
        if !self.allow.is_empty() {
            verdict.add(true, Reason::NotAllowed);
        }
        if let Some(wanted) = self.minimum_certification {
            verdict.add(true, Reason::Certification { wanted, got: None });
        }
        if let Some(wanted) = self.minimum_fips {
            verdict.add(true, Reason::Fips { wanted, got: None });
        }
        for (member, wanted) in self.characteristics().into_iter().filter(|(_, wanted)| !wanted.is_empty()) {
            let wanted = wanted.describe();
            verdict.add(true, Reason::Characteristic { member, wanted, got: Vec::new() });
        }
    }

    /// The requirements on members of the statement.
    const fn characteristics(&self) -> [(&'static str, &WordRequirement); 4] {
        [
            ("keyProtection", &self.key_protection),
            ("matcherProtection", &self.matcher_protection),
            ("attachmentHint", &self.attachment),
            ("userVerificationDetails", &self.user_verification),
        ]
    }

    fn judge_listing(&self, listing: &Listing<'_>, query: &ModelQuery<'_>, verdict: &mut Verdict) {
        verdict.source = Some(listing.list.name().into());
        verdict.no = listing.list.metadata().no();
        match listing.list.freshness(query.at, &self.staleness) {
            Freshness::Fresh => {}
            Freshness::Stale { due } => verdict.add(false, Reason::Overdue { due, too_old: false }),
            Freshness::TooOld { due } => {
                let refuses = self.staleness.too_old == TooOld::Refuse;
                verdict.add(refuses, Reason::Overdue { due, too_old: true });
            }
        }
        if listing.unreadable {
            verdict.add(true, Reason::Unreadable);
        }
        let on = Date::from(query.at);
        let reports: Vec<_> =
            listing.entries.iter().flat_map(|entry| in_force(entry.reports(), on)).collect();
        verdict.status = newest(reports.iter().copied()).map(|report| report.status.clone());
        if let Some(entry) = listing.entries.first() {
            verdict.description = entry.description().into();
        }
        // A model that is listed twice has the lower level.
        let cases = || {
            listing
                .entries
                .iter()
                .flat_map(|entry| query.firmware_versions().map(move |version| (entry, version)))
        };
        let levels = cases().map(|(entry, firmware)| self.certification(entry, on, firmware));
        verdict.certification = levels.min().flatten();
        verdict.fips = cases().map(|(entry, firmware)| fips(entry, on, firmware)).min().flatten();
        for entry in &listing.entries {
            self.judge_reports(entry, on, query, verdict);
            self.judge_characteristics(entry, verdict);
        }
        if let Some(wanted) = self.minimum_certification
            && verdict.certification < Some(wanted)
        {
            verdict.add(true, Reason::Certification { wanted, got: verdict.certification });
        }
        if let Some(wanted) = self.minimum_fips
            && verdict.fips < Some(wanted)
        {
            verdict.add(true, Reason::Fips { wanted, got: verdict.fips });
        }
    }

    /// The level in force: that of the newest certification with a level, else of one without, unless a newer report has
    /// an unknown status, or ends the certification.
    fn certification(&self, entry: &Entry, on: Date, firmware: Option<u64>) -> Option<CertificationLevel> {
        let with = |wanted: fn(CertificationLevel) -> bool| {
            let certified = in_force(entry.reports(), on)
                .filter(|report| applies(report, firmware))
                .filter(|report| report.status.certification().is_some_and(wanted));
            newest(certified)
        };
        let with_level = with(|level| level > CertificationLevel::Functional);
        let certified = with_level.or_else(|| with(|level| level == CertificationLevel::Functional))?;
        let ends = |report: &StatusReport| match &report.status {
            Status::NotFidoCertified | Status::SelfAssertionSubmitted => {
                report.effective_date > certified.effective_date
            }
            Status::Unknown(_) => {
                self.unknown_status != UnknownStatus::Note
                    && report.effective_date.is_none_or(|since| Some(since) >= certified.effective_date)
            }
            _ => false,
        };
        let ended = in_force(entry.reports(), on).any(ends);
        certified.status.certification().filter(|_| !ended)
    }

    fn judge_reports(&self, entry: &Entry, on: Date, query: &ModelQuery<'_>, verdict: &mut Verdict) {
        for report in in_force(entry.reports(), on) {
            let reported = || ReportSummary::from(report);
            if self.refuse_statuses.contains(&report.status) {
                verdict.add(true, Reason::Status { report: reported() });
            } else if report.status.is_bad() {
                self.judge_bad(entry, report, on, query, verdict);
            } else if report.status == Status::UpdateAvailable {
                self.judge_update(entry, report, query, verdict);
            } else if matches!(report.status, Status::Unknown(_)) {
                let refuses = self.unknown_status == UnknownStatus::Refuse;
                verdict.add(refuses, Reason::UnknownStatus { report: reported() });
            }
        }
    }

    fn judge_bad(
        &self,
        entry: &Entry,
        report: &StatusReport,
        on: Date,
        query: &ModelQuery<'_>,
        verdict: &mut Verdict,
    ) {
        let reported = ReportSummary::from(report);
        if self.overlook_statuses.contains(&report.status) {
            return verdict.add(false, Reason::Overlooked { report: reported });
        }
        let batch = Batch::of(report, query);
        if batch == Batch::Other {
            return verdict.add(false, Reason::OtherBatch { report: reported });
        }
        if let Some(by) = self.lifting(entry, report, on, query) {
            return verdict.add(false, Reason::Lifted { report: reported, by: ReportSummary::from(by) });
        }
        verdict.add(
            true,
            match batch {
                Batch::Unknown => Reason::BatchUnknown { report: reported },
                Batch::This | Batch::Other => Reason::Status { report: reported },
            },
        );
    }

    /// The report that lifts a bad one, if the policy allows it.
    fn lifting<'a>(
        &self,
        entry: &'a Entry,
        bad: &StatusReport,
        on: Date,
        query: &ModelQuery<'_>,
    ) -> Option<&'a StatusReport> {
        let certification = |report: &&StatusReport| {
            self.certification_lifts
                && report.status.certification().is_some()
                && query.firmware_versions().all(|firmware| applies(report, firmware))
                && bad.effective_date.is_some()
                && report.effective_date > bad.effective_date
        };
        let update = |report: &&StatusReport| {
            let Some(version) = report.authenticator_version else { return false };
            self.update_lifts
                && report.status == Status::UpdateAvailable
                && bad.status.is_compromise()
                && bad.effective_date.is_some()
                && report.effective_date >= bad.effective_date
                && bad.authenticator_version.is_none_or(|compromised| compromised < version)
                // An update must not be believed if the statement does not describe the updated firmware.
                && describes_version(entry, version)
                && query.firmware_versions().flatten().all(|firmware| firmware >= version)
        };
        in_force(entry.reports(), on).find(|report| certification(report) || update(report))
    }

    fn judge_update(
        &self,
        entry: &Entry,
        report: &StatusReport,
        query: &ModelQuery<'_>,
        verdict: &mut Verdict,
    ) {
        let reported = ReportSummary::from(report);
        // "The relying party MUST reject the metadata statement if the authenticatorVersion has not increased": the bad
        // status before it still counts, and is not lifted.
        if report.authenticator_version.is_some_and(|version| !describes_version(entry, version)) {
            verdict.add(false, Reason::UpdateUnconfirmed { report: reported.clone() });
        }
        match (query.firmware_versions().flatten().min(), report.authenticator_version) {
            (Some(firmware), Some(version)) if firmware < version => verdict.add(
                self.outdated_firmware == Severity::Refuse,
                Reason::OutdatedFirmware { report: reported, firmware },
            ),
            (Some(_), Some(_)) => {}
            _ => verdict.add(false, Reason::UpdateAvailable { report: reported }),
        }
    }

    fn judge_characteristics(&self, entry: &Entry, verdict: &mut Verdict) {
        let required = self.characteristics();
        // A statement is long, and is parsed only if necessary.
        if required.iter().all(|(_, wanted)| wanted.is_empty()) {
            return;
        }
        let got: [Vec<Box<str>>; 4] = entry.statement().map_or_else(Default::default, |statement| {
            let methods = statement.user_verification_methods();
            [
                statement.key_protection.clone(),
                statement.matcher_protection.clone(),
                statement.attachment_hint.clone(),
                methods.into_iter().map(Box::from).collect(),
            ]
        });
        for ((member, wanted), got) in required.into_iter().zip(got) {
            let values: Vec<&str> = got.iter().map(|value| &**value).collect();
            if !wanted.accept(&values) {
                verdict.add(true, Reason::Characteristic { member, wanted: wanted.describe(), got });
            }
        }
    }
}

/// Whether a reason is about the model itself. The model of the statement has to meet the requirements of the policy, in a
/// list that is not too old; the other models that its certificate names need not.
const fn is_against_the_model(reason: &Reason) -> bool {
    !matches!(
        reason,
        Reason::Unlisted
            | Reason::NotAllowed
            | Reason::Certification { .. }
            | Reason::Fips { .. }
            | Reason::Characteristic { .. }
            | Reason::Overdue { .. }
    )
}

/// The FIPS 140 level in force: that of the newest report with one.
fn fips(entry: &Entry, on: Date, firmware: Option<u64>) -> Option<FipsLevel> {
    let reports = in_force(entry.reports(), on).filter(|report| applies(report, firmware));
    newest(reports.filter(|report| report.status.fips().is_some()))?.status.fips()
}

/// Whether a report applies to the firmware: a certification is for the version that it names and later ones.
fn applies(report: &StatusReport, firmware: Option<u64>) -> bool {
    firmware.zip(report.authenticator_version).is_none_or(|(firmware, from)| firmware >= from)
}

/// Whether the statement describes this firmware version or a later one.
fn describes_version(entry: &Entry, version: u64) -> bool {
    entry.statement().and_then(|statement| statement.authenticator_version).is_some_and(|is| is >= version)
}
