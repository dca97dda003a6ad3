//! The report of a run: of vectors against a library, or of behaviours against a server; and the list of cases that may
//! still fail.

mod html;
mod junit;
mod not_yet;
mod table;

use std::path::PathBuf;

pub use not_yet::{NotYet, NotYetError};
use rp_core::Timestamp;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::format::{Body, Expect, Kind, Read};
use crate::parallel;
use crate::run::{Driver, Failure, Verdict, expected, run};

/// The report of a run. `Display` writes the failures, the figures of each group, and the last line
/// `N passed, N failed`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The server or library under test.
    pub subject: String,
    /// When the run started, RFC 3339.
    pub started: String,
    /// The number of cases with the expected result.
    pub passed: usize,
    /// The number of failures: cases with another result, and wrong lines of the not-yet list.
    pub failed: usize,
    /// The number of cases with another result that are on the not-yet list.
    pub not_yet: usize,
    /// The number of cases that prove nothing: the same response without its fault was rejected too.
    pub unproven: usize,
    /// The number of cases that the server or its binding cannot express.
    pub not_expressible: usize,
    /// Every case, in the order in which it was read.
    pub cases: Vec<Outcome>,
    /// Stale lines of the not-yet list: ids of cases that pass, and unknown ids.
    pub stale: Vec<Stale>,
}

/// The outcome of one case.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The case's `id`.
    pub id: String,
    /// The group of the case.
    pub group: String,
    /// The description of the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The required verdict.
    pub must: Must,
    /// The expected result in words.
    pub expected: String,
    /// The actual result in words, or the reason for its absence.
    pub got: String,
    /// The reason of a rejection, if the server gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The result.
    pub result: CaseResult,
    /// Facts about a case that was read from a vector file.
    #[serde(flatten)]
    pub vector: Option<VectorFacts>,
}

/// Facts about a case that was read from a vector file.
#[derive(Clone, Debug, Serialize)]
pub struct VectorFacts {
    /// The kind.
    pub kind: Kind,
    /// The attestation format that it expects, if it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fmt: Option<String>,
    /// The COSE algorithm that it expects, if it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<i64>,
    /// The file it was read from.
    pub file: PathBuf,
}

/// The required verdict of a server on the response of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Must {
    /// Accept it.
    Accept,
    /// Reject it.
    Reject,
}

/// The result of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseResult {
    /// As expected.
    Passed,
    /// Otherwise.
    Failed,
    /// Another result, and on the not-yet list.
    NotYet,
    /// Rejected, but the same response without its fault was rejected too.
    Unproven,
    /// The server or its binding cannot express the case.
    NotExpressible,
}

/// A line of the not-yet list that must be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stale {
    /// The listed `id`.
    pub id: String,
    /// Why its line must be removed.
    pub why: StaleReason,
}

/// Why a line of the not-yet list must be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaleReason {
    /// The case passes.
    Passes,
    /// The set that the `id` names was read, and no case of it has the `id`.
    Unknown,
}

impl StaleReason {
    const fn describe(self) -> &'static str {
        match self {
            Self::Passes => "the not-yet list names a case that passes",
            Self::Unknown => "the not-yet list names a case that does not exist",
        }
    }
}

impl Report {
    /// A report of these outcomes.
    #[must_use]
    pub fn new(subject: &str, started: Timestamp, cases: Vec<Outcome>) -> Self {
        let count = |result| cases.iter().filter(|outcome| outcome.result == result).count();
        let started = OffsetDateTime::from_unix_timestamp(started.as_unix_seconds())
            .ok()
            .and_then(|time| time.format(&Rfc3339).ok());
        Self {
            subject: subject.to_owned(),
            started: started.unwrap_or_default(),
            passed: count(CaseResult::Passed),
            failed: count(CaseResult::Failed),
            not_yet: count(CaseResult::NotYet),
            unproven: count(CaseResult::Unproven),
            not_expressible: count(CaseResult::NotExpressible),
            cases,
            stale: Vec::new(),
        }
    }

    /// Runs every case against the driver on this number of threads, and calls `each` with every outcome.
    pub fn of(
        driver: &(dyn Driver + Sync),
        cases: &[Read],
        not_yet: &NotYet,
        jobs: usize,
        each: impl FnMut(&Outcome),
    ) -> Self {
        let started = Timestamp::now();
        let outcome = |(): &mut (), read: &Read| Outcome::of(driver, read, not_yet);
        let outcomes = parallel::map(cases, jobs, |_| (), outcome, each);
        let subject = format!("rp-core {}", env!("CARGO_PKG_VERSION"));
        let mut report = Self::new(&subject, started, outcomes);
        let passes = |outcome: &&Outcome| outcome.result == CaseResult::Passed && not_yet.lists(&outcome.id);
        let stale = report.cases.iter().filter(passes);
        report.stale =
            stale.map(|outcome| Stale { id: outcome.id.clone(), why: StaleReason::Passes }).collect();
        report.passed = report.passed.saturating_sub(report.stale.len());
        let unknown = not_yet.unknown(cases.iter().map(|read| read.case.id.as_str()));
        report.stale.extend(unknown.into_iter().map(|id| Stale { id, why: StaleReason::Unknown }));
        report.failed = report.failed.saturating_add(report.stale.len());
        report
    }

    /// Whether nothing failed.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.failed == 0
    }

    /// The groups in the order of their first case.
    fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = Vec::new();
        for outcome in &self.cases {
            if !groups.contains(&outcome.group.as_str()) {
                groups.push(&outcome.group);
            }
        }
        groups
    }

    /// The outcomes of a group.
    fn of_group<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Outcome> {
        self.cases.iter().filter(move |outcome| outcome.group == group)
    }
}

impl Outcome {
    fn of(driver: &dyn Driver, read: &Read, not_yet: &NotYet) -> Self {
        let case = &read.case;
        let (got, reason, expected, result) = match run(driver, case) {
            Ok(verdict) => {
                let reason = match &verdict {
                    Verdict::Accepted => None,
                    Verdict::Rejected { code, .. } => Some(code.as_str().to_owned()),
                };
                (verdict.to_string(), reason, expected(case), CaseResult::Passed)
            }
            Err(Failure { expected, got }) if not_yet.lists(&case.id) => {
                (got, None, expected, CaseResult::NotYet)
            }
            Err(Failure { expected, got }) => (got, None, expected, CaseResult::Failed),
        };
        let (fmt, alg) = match &case.body {
            Body::Registration(crate::format::Registration { expect: Expect::Accept(facts), .. })
            | Body::Authentication(crate::format::Authentication { expect: Expect::Accept(facts), .. }) => {
                (facts.fmt.clone(), facts.alg)
            }
            _ => (None, None),
        };
        let set = case.id.split('/').next().unwrap_or_default();
        Self {
            id: case.id.clone(),
            group: format!("{set}: {}", case.kind()),
            note: case.note.clone(),
            must: if case.must_be_accepted() { Must::Accept } else { Must::Reject },
            expected,
            got,
            reason,
            result,
            vector: Some(VectorFacts { kind: case.kind(), fmt, alg, file: read.file.clone() }),
        }
    }
}

#[cfg(test)]
mod tests;
