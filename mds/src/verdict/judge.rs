//! Judging a model by a policy.

use super::batch::Batch;
use super::{ModelQuery, Reason, ReportSummary, Verdict};
use crate::catalog::{Catalog, Listing};
use crate::date::Date;
use crate::entry::{Entry, ModelId};
use crate::freshness::{Freshness, TooOld};
use crate::policy::{Policy, Severity, UnknownStatus};
use crate::status::{self, CertificationLevel, FipsLevel, Status, StatusReport, in_force};

impl Policy {
    /// Judges a model by what a catalog says of it at a time.
    #[must_use]
    pub fn judge(&self, catalog: &Catalog, query: &ModelQuery<'_>) -> Verdict {
        let query = &ModelQuery { firmware: query.firmware_known(), ..query.clone() };
        let listing = catalog.find(&query.model);
        let mut verdict = Verdict {
            model: query.model.clone(),
            source: None,
            no: None,
            description: Box::default(),
            status: None,
            certification: None,
            fips: None,
            findings: Vec::new(),
        };
        self.judge_model(query, listing.as_ref(), &mut verdict);
        match listing {
            None => verdict.find(self.unlisted == Severity::Refuse, Reason::Unlisted),
            Some(listing) => self.judge_listing(&listing, query, &mut verdict),
        }
        verdict
    }

    /// By whatever names the model: what is asked for, and what its entries say.
    fn judge_model(&self, query: &ModelQuery<'_>, listing: Option<&Listing<'_>>, verdict: &mut Verdict) {
        let entries = listing.map(|listing| &listing.entries[..]).unwrap_or_default();
        let is = |named: &[ModelId]| {
            named.iter().any(|model| *model == query.model || entries.iter().any(|entry| entry.is(model)))
        };
        if is(&self.deny) {
            verdict.find(true, Reason::Denied);
        }
        if !self.allow.is_empty() && !is(&self.allow) {
            verdict.find(true, Reason::NotAllowed);
        }
    }

    fn judge_listing(&self, listing: &Listing<'_>, query: &ModelQuery<'_>, verdict: &mut Verdict) {
        let metadata = listing.source.metadata();
        verdict.source = Some(listing.source.name().into());
        verdict.no = metadata.no();
        match Freshness::of(metadata.next_update(), query.at, self.staleness) {
            Freshness::Fresh => {}
            Freshness::Stale { due } => verdict.find(false, Reason::Overdue { due, too_old: false }),
            Freshness::TooOld { due } => {
                let refuses = self.staleness.too_old == TooOld::Refuse;
                verdict.find(refuses, Reason::Overdue { due, too_old: true });
            }
        }
        if listing.unreadable {
            verdict.find(true, Reason::Unreadable);
        }
        let on = Date::from(query.at);
        let reports: Vec<_> =
            listing.entries.iter().flat_map(|entry| in_force(entry.reports(), on)).collect();
        verdict.status = status::newest(reports.iter().copied()).map(|report| report.status.clone());
        if let Some(entry) = listing.entries.first() {
            verdict.description = entry.description().into();
        }
        // Of a model that is listed twice, what both entries give.
        let levels = listing.entries.iter().map(|entry| self.certification(entry, on, query));
        verdict.certification = levels.min().flatten();
        verdict.fips = listing.entries.iter().map(|entry| fips(entry, on, query)).min().flatten();
        for entry in &listing.entries {
            self.judge_reports(entry, on, query, verdict);
            self.judge_words(entry, verdict);
        }
        if let Some(wanted) = self.minimum_certification
            && verdict.certification < Some(wanted)
        {
            verdict.find(true, Reason::Certification { wanted, got: verdict.certification });
        }
        if let Some(wanted) = self.minimum_fips
            && verdict.fips < Some(wanted)
        {
            verdict.find(true, Reason::Fips { wanted, got: verdict.fips });
        }
    }

    /// The level in force: that of the newest certification with a level, or else of one without, unless a newer
    /// report says that the model is not certified, or says what nobody here knows.
    fn certification(&self, entry: &Entry, on: Date, query: &ModelQuery<'_>) -> Option<CertificationLevel> {
        let with = |wanted: fn(CertificationLevel) -> bool| {
            let certified = in_force(entry.reports(), on)
                .filter(|report| applies(report, query))
                .filter(|report| report.status.certification().is_some_and(wanted));
            status::newest(certified)
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
                verdict.find(true, Reason::Status { report: reported() });
            } else if report.status.is_bad() {
                self.judge_bad(entry, report, on, query, verdict);
            } else if report.status == Status::UpdateAvailable {
                self.judge_update(entry, report, query, verdict);
            } else if matches!(report.status, Status::Unknown(_)) {
                let refuses = self.unknown_status == UnknownStatus::Refuse;
                verdict.find(refuses, Reason::UnknownStatus { report: reported() });
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
            return verdict.find(false, Reason::Overlooked { report: reported });
        }
        let batch = Batch::of(report, query);
        if batch == Batch::Other {
            return verdict.find(false, Reason::OtherBatch { report: reported });
        }
        if let Some(by) = self.lifting(entry, report, on, query) {
            return verdict.find(false, Reason::Lifted { report: reported, by: ReportSummary::from(by) });
        }
        verdict.find(
            true,
            match batch {
                Batch::Unknown => Reason::BatchUnknown { report: reported },
                Batch::This | Batch::Other => Reason::Status { report: reported },
            },
        );
    }

    /// The report that lifts a bad one, if the policy knows such.
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
                && applies(report, query)
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
                // An update to which the statement's version did not rise is none that a server may believe.
                && has_risen_to(entry, version)
                && query.firmware.is_none_or(|firmware| firmware >= version)
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
        // "The relying party MUST reject the metadata statement if the authenticatorVersion has not increased": what was
        // bad before refuses by itself, and is not lifted.
        if report.authenticator_version.is_some_and(|version| !has_risen_to(entry, version)) {
            verdict.find(false, Reason::UpdateUnconfirmed { report: reported.clone() });
        }
        match (query.firmware, report.authenticator_version) {
            (Some(firmware), Some(version)) if firmware < version => verdict.find(
                self.outdated_firmware == Severity::Refuse,
                Reason::OutdatedFirmware { report: reported, firmware },
            ),
            (Some(_), Some(_)) => {}
            _ => verdict.find(false, Reason::UpdateAvailable { report: reported }),
        }
    }

    fn judge_words(&self, entry: &Entry, verdict: &mut Verdict) {
        let asked =
            [&self.key_protection, &self.matcher_protection, &self.attachment, &self.user_verification];
        // A statement is long, and is not read for nothing.
        if asked.iter().all(|words| words.is_empty()) {
            return;
        }
        let boxed = |words: Vec<&str>| words.into_iter().map(Box::from).collect();
        let got: [Vec<Box<str>>; 4] = entry.statement().map_or_else(Default::default, |statement| {
            [
                statement.key_protection.clone(),
                statement.matcher_protection.clone(),
                statement.attachment_hint.clone(),
                boxed(statement.user_verification_methods()),
            ]
        });
        let members = ["keyProtection", "matcherProtection", "attachmentHint", "userVerificationDetails"];
        for ((member, wanted), got) in members.into_iter().zip(asked).zip(got) {
            let words: Vec<&str> = got.iter().map(|word| &**word).collect();
            if !wanted.accept(&words) {
                verdict.find(true, Reason::WordRequirement { member, wanted: wanted.asked(), got });
            }
        }
    }
}

/// The level of FIPS 140 in force: that of the newest report with one.
fn fips(entry: &Entry, on: Date, query: &ModelQuery<'_>) -> Option<FipsLevel> {
    let reports = in_force(entry.reports(), on).filter(|report| applies(report, query));
    status::newest(reports.filter(|report| report.status.fips().is_some()))?.status.fips()
}

/// A certification is about the firmware that it names and later ones.
fn applies(report: &StatusReport, query: &ModelQuery<'_>) -> bool {
    query.firmware.zip(report.authenticator_version).is_none_or(|(firmware, from)| firmware >= from)
}

/// Whether the statement is about this version or a later one.
fn has_risen_to(entry: &Entry, version: u64) -> bool {
    entry.statement().and_then(|statement| statement.authenticator_version).is_some_and(|is| is >= version)
}
