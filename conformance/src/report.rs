//! The report of a run, and the list of cases that may still fail.

mod not_yet;

use std::fmt;
use std::path::PathBuf;

pub use not_yet::{NotYet, NotYetError};
use serde::Serialize;

use crate::format::{Body, Expect, Kind, Read};
use crate::run::{Driver, Failure, run};

/// The report of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The number of cases with the expected result.
    pub passed: usize,
    /// The number of failures: cases with another result, and wrong lines of the not-yet list.
    pub failed: usize,
    /// The number of cases with another result that are on the not-yet list.
    pub not_yet: usize,
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
    /// Its kind.
    pub kind: Kind,
    /// The attestation format that it expects, if it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fmt: Option<String>,
    /// The COSE algorithm that it expects, if it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<i64>,
    /// The file it was read from.
    pub file: PathBuf,
    /// The description of the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Its result.
    #[serde(flatten)]
    pub result: CaseResult,
}

/// The result of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum CaseResult {
    /// As expected.
    Passed,
    /// Otherwise.
    Failed {
        /// The expected result.
        expected: String,
        /// The actual result.
        got: String,
    },
    /// Another result, and on the not-yet list.
    NotYet,
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

impl Report {
    /// Runs every case against the driver and calls `each` with every outcome.
    pub fn of(driver: &dyn Driver, cases: &[Read], not_yet: &NotYet, mut each: impl FnMut(&Outcome)) -> Self {
        let mut report = Self::default();
        for read in cases {
            let outcome = Outcome::of(driver, read, not_yet);
            each(&outcome);
            match outcome.result {
                CaseResult::Passed if not_yet.lists(&outcome.id) => {
                    report.stale.push(Stale { id: outcome.id.clone(), why: StaleReason::Passes });
                }
                CaseResult::Passed => report.passed = report.passed.saturating_add(1),
                CaseResult::Failed { .. } => report.failed = report.failed.saturating_add(1),
                CaseResult::NotYet => report.not_yet = report.not_yet.saturating_add(1),
            }
            report.cases.push(outcome);
        }
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
}

impl Outcome {
    fn of(driver: &dyn Driver, read: &Read, not_yet: &NotYet) -> Self {
        let case = &read.case;
        let result = match run(driver, case) {
            Ok(()) => CaseResult::Passed,
            Err(_) if not_yet.lists(&case.id) => CaseResult::NotYet,
            Err(Failure { expected, got }) => CaseResult::Failed { expected, got },
        };
        let (fmt, alg) = match &case.body {
            Body::Registration(crate::format::Registration { expect: Expect::Accept(facts), .. })
            | Body::Authentication(crate::format::Authentication { expect: Expect::Accept(facts), .. }) => {
                (facts.fmt.clone(), facts.alg)
            }
            _ => (None, None),
        };
        Self {
            id: case.id.clone(),
            kind: case.kind(),
            fmt,
            alg,
            file: read.file.clone(),
            note: case.note.clone(),
            result,
        }
    }
}

/// The failures, then the figures; the last line is `N passed, N failed`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in &self.cases {
            if let CaseResult::Failed { expected, got } = &outcome.result {
                writeln!(f, "FAILED {}", outcome.id)?;
                if let Some(note) = &outcome.note {
                    writeln!(f, "  about    {note}")?;
                }
                writeln!(f, "  expected {expected}")?;
                writeln!(f, "  got      {got}")?;
            }
        }
        for Stale { id, why } in &self.stale {
            match why {
                StaleReason::Passes => {
                    writeln!(f, "FAILED {id}\n  the not-yet list names a case that passes")?
                }
                StaleReason::Unknown => {
                    writeln!(f, "FAILED {id}\n  the not-yet list names a case that is not there")?
                }
            }
        }
        if self.not_yet > 0 {
            writeln!(f, "{} not yet", self.not_yet)?;
        }
        writeln!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests;
