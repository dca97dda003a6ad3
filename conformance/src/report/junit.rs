//! The report in JUnit's XML, which continuous integration servers read.

use std::fmt::Write;

use super::{CaseResult, Report};

impl Report {
    /// The report in JUnit's XML: a suite for each group. A case that is not counted, or that cannot be expressed, is
    /// skipped with the reason.
    #[must_use]
    pub fn junit(&self) -> String {
        let skipped = self.not_yet.saturating_add(self.unproven).saturating_add(self.not_expressible);
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(
            xml,
            "<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{skipped}\" timestamp=\"{}\">",
            escaped(&self.subject),
            self.cases.len().saturating_add(self.stale.len()),
            self.failed,
            escaped(&self.started)
        );
        for group in self.groups() {
            self.suite(&mut xml, group);
        }
        if !self.stale.is_empty() {
            let _ = writeln!(
                xml,
                "  <testsuite name=\"not-yet list\" tests=\"{0}\" failures=\"{0}\">",
                self.stale.len()
            );
            for stale in &self.stale {
                let _ = writeln!(
                    xml,
                    "    <testcase name=\"{}\"><failure message=\"{}\"/></testcase>",
                    escaped(&stale.id),
                    stale.why.describe()
                );
            }
            xml.push_str("  </testsuite>\n");
        }
        xml.push_str("</testsuites>\n");
        xml
    }

    fn suite(&self, xml: &mut String, group: &str) {
        let count = |wanted: fn(CaseResult) -> bool| {
            self.of_group(group).filter(|outcome| wanted(outcome.result)).count()
        };
        let failures = count(|result| result == CaseResult::Failed);
        let skipped = count(|result| !matches!(result, CaseResult::Passed | CaseResult::Failed));
        let name = escaped(group);
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\" skipped=\"{skipped}\">",
            self.of_group(group).count()
        );
        for outcome in self.of_group(group) {
            let _ = write!(xml, "    <testcase classname=\"{name}\" name=\"{}\">", escaped(&outcome.id));
            let got = escaped(&outcome.got);
            let _ = match outcome.result {
                CaseResult::Passed => write!(xml, "<system-out>{got}</system-out>"),
                CaseResult::Failed => write!(
                    xml,
                    "<failure message=\"expected {}; got {got}\">{}</failure>",
                    escaped(&outcome.expected),
                    escaped(outcome.note.as_deref().unwrap_or_default())
                ),
                CaseResult::NotYet | CaseResult::Unproven | CaseResult::NotExpressible => {
                    write!(xml, "<skipped message=\"{got}\"/>")
                }
            };
            xml.push_str("</testcase>\n");
        }
        xml.push_str("  </testsuite>\n");
    }
}

/// Text for XML and HTML. Characters that XML does not allow are replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}');
            }
            character => out.push(character),
        }
    }
    out
}
