//! The report as text.

use std::collections::BTreeMap;
use std::fmt;

use super::{CaseResult, Must, Outcome, Report, Stale};

/// The figures of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// Cases that were accepted, as they must be.
    pub(super) accepted: usize,
    /// Cases that were rejected for their own reason.
    pub(super) rejected: usize,
    /// Cases that were rejected, as they must be, without a reason that could be interpreted.
    pub(super) without_reason: usize,
    pub(super) failed: usize,
    /// Cases that prove nothing, or may fail for now.
    pub(super) uncounted: usize,
    pub(super) not_expressible: usize,
}

impl Figures {
    pub(super) fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        let mut figures = Self::default();
        for outcome in outcomes {
            let figure = match (outcome.result, outcome.must, &outcome.reason) {
                (CaseResult::Passed, Must::Accept, _) => &mut figures.accepted,
                (CaseResult::Passed, Must::Reject, Some(_)) => &mut figures.rejected,
                (CaseResult::Passed, Must::Reject, None) => &mut figures.without_reason,
                (CaseResult::Failed, ..) => &mut figures.failed,
                (CaseResult::NotYet | CaseResult::Unproven, ..) => &mut figures.uncounted,
                (CaseResult::NotExpressible, ..) => &mut figures.not_expressible,
            };
            *figure = figure.saturating_add(1);
        }
        figures
    }

    pub(super) const fn columns(self) -> [usize; 6] {
        let Self { accepted, rejected, without_reason, failed, uncounted, not_expressible } = self;
        [accepted, rejected, without_reason, failed, uncounted, not_expressible]
    }
}

/// The headings of [`Figures::columns`].
pub(super) const HEADINGS: [&str; 6] =
    ["accepted", "rejected", "no reason", "failed", "not counted", "not expressible"];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failures(f)?;
        self.uncounted(f)?;
        self.not_expressible(f)?;
        self.table(f)?;
        writeln!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl Report {
    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in self.with(CaseResult::Failed) {
            writeln!(f, "FAILED {}", outcome.id)?;
            if let Some(note) = &outcome.note {
                writeln!(f, "  about    {note}")?;
            }
            writeln!(f, "  expected {}", outcome.expected)?;
            writeln!(f, "  got      {}", outcome.got)?;
        }
        for Stale { id, why } in &self.stale {
            writeln!(f, "FAILED {id}\n  {}", why.describe())?;
        }
        Ok(())
    }

    fn uncounted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in self.with(CaseResult::Unproven) {
            writeln!(f, "UNPROVEN {}\n  {}", outcome.id, outcome.got)?;
        }
        if self.not_yet > 0 {
            writeln!(f, "{} not yet", self.not_yet)?;
        }
        Ok(())
    }

    /// The cases that cannot be expressed, by the reason.
    fn not_expressible(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for outcome in self.with(CaseResult::NotExpressible) {
            by_reason.entry(&outcome.got).or_default().push(&outcome.id);
        }
        for (reason, ids) in by_reason {
            writeln!(f, "NOT EXPRESSIBLE: {reason}")?;
            for id in ids {
                writeln!(f, "  {id}")?;
            }
        }
        Ok(())
    }

    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<(&str, Figures)> =
            self.groups().into_iter().map(|group| (group, Figures::of(self.of_group(group)))).collect();
        if rows.len() != 1 {
            rows.push(("all", Figures::of(self.cases.iter())));
        }
        let all = Figures::of(self.cases.iter()).columns();
        let width = rows.iter().map(|(group, _)| group.chars().count()).max().unwrap_or_default();
        // A column is printed if any case is in it.
        let shown: Vec<usize> =
            all.iter().enumerate().filter(|(_, count)| **count > 0).map(|(column, _)| column).collect();
        write!(f, "{:width$}", "")?;
        for heading in shown.iter().filter_map(|column| HEADINGS.get(*column)) {
            write!(f, "  {heading:>9}")?;
        }
        writeln!(f)?;
        for (group, figures) in rows {
            write!(f, "{group:width$}")?;
            for column in &shown {
                let count = figures.columns().get(*column).copied().unwrap_or_default();
                let heading = HEADINGS.get(*column).map_or(0, |heading| heading.len()).max(9);
                match count {
                    0 => write!(f, "  {:>heading$}", "-")?,
                    count => write!(f, "  {count:>heading$}")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn with(&self, result: CaseResult) -> impl Iterator<Item = &Outcome> {
        self.cases.iter().filter(move |outcome| outcome.result == result)
    }
}
