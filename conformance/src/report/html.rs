//! The report as a page for an auditor, which is readable on paper too.

use std::fmt::Write;

use super::junit::escaped;
use super::table::{Figures, HEADINGS};
use super::{CaseResult, Must, Outcome, Report};

impl Report {
    /// The report as one HTML page without scripts and without links to other files: what was tested, the figures of each
    /// group, and every case with its expected result, its actual result, and the reason of every rejection.
    #[must_use]
    pub fn html(&self) -> String {
        let mut page = String::new();
        let subject = escaped(&self.subject);
        let _ = write!(
            page,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>WebAuthn conformance: {subject}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <h1>WebAuthn conformance report</h1>\n<dl>\n<dt>Tested</dt><dd>{subject}</dd>\n\
             <dt>Started</dt><dd>{}</dd>\n<dt>Suite</dt><dd>rp-conformance {}</dd>\n\
             <dt>Result</dt><dd class=\"{}\">{} passed, {} failed</dd>\n</dl>\n",
            escaped(&self.started),
            env!("CARGO_PKG_VERSION"),
            if self.is_clean() { "passed" } else { "failed" },
            self.passed,
            self.failed
        );
        page.push_str(READING);
        self.summary(&mut page);
        self.failed_cases(&mut page);
        for group in self.groups() {
            self.group(&mut page, group);
        }
        page.push_str("</body>\n</html>\n");
        page
    }

    fn summary(&self, page: &mut String) {
        page.push_str("<h2>Summary</h2>\n<table class=\"summary\">\n<thead><tr><th>Group</th>");
        for heading in HEADINGS {
            let _ = write!(page, "<th>{heading}</th>");
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for group in self.groups() {
            let name = format!("<a href=\"#{}\">{}</a>", anchor(group), escaped(group));
            figures(page, &name, Figures::of(self.of_group(group)));
        }
        page.push_str("</tbody>\n<tfoot>\n");
        figures(page, "All", Figures::of(self.cases.iter()));
        page.push_str("</tfoot>\n</table>\n");
    }

    fn failed_cases(&self, page: &mut String) {
        if self.is_clean() {
            return;
        }
        page.push_str("<h2>Failures</h2>\n<ul>\n");
        for outcome in self.cases.iter().filter(|outcome| outcome.result == CaseResult::Failed) {
            let _ = writeln!(
                page,
                "<li><code>{}</code>: expected {}; got {}</li>",
                escaped(&outcome.id),
                escaped(&outcome.expected),
                escaped(&outcome.got)
            );
        }
        for stale in &self.stale {
            let _ = writeln!(page, "<li><code>{}</code>: {}</li>", escaped(&stale.id), stale.why.describe());
        }
        page.push_str("</ul>\n");
    }

    fn group(&self, page: &mut String, group: &str) {
        let _ = write!(
            page,
            "<section>\n<h2 id=\"{}\">{}</h2>\n<table class=\"cases\">\n<thead><tr><th>Case</th><th>Must be</th>\
             <th>Result</th><th>Reason or message of the server</th></tr></thead>\n<tbody>\n",
            anchor(group),
            escaped(group)
        );
        for outcome in self.of_group(group) {
            row(page, outcome);
        }
        page.push_str("</tbody>\n</table>\n</section>\n");
    }
}

fn figures(page: &mut String, name: &str, figures: Figures) {
    let _ = write!(page, "<tr><td>{name}</td>");
    for (column, count) in figures.columns().into_iter().enumerate() {
        // The fourth column counts failures.
        let class = if column == 3 && count > 0 { " class=\"failed\"" } else { "" };
        let count = if count == 0 { "–".to_owned() } else { count.to_string() };
        let _ = write!(page, "<td{class}>{count}</td>");
    }
    page.push_str("</tr>\n");
}

fn row(page: &mut String, outcome: &Outcome) {
    let (class, word) = match outcome.result {
        CaseResult::Passed => ("passed", "passed"),
        CaseResult::Failed => ("failed", "FAILED"),
        CaseResult::NotYet => ("uncounted", "not yet"),
        CaseResult::Unproven => ("uncounted", "unproven"),
        CaseResult::NotExpressible => ("uncounted", "not expressible"),
    };
    let must = match outcome.must {
        Must::Accept => "accepted",
        Must::Reject => "rejected",
    };
    let expected = outcome.expected.strip_prefix("reject, ").map(escaped).unwrap_or_default();
    let note = outcome.note.as_deref().map(|note| format!("<br>{}", escaped(note))).unwrap_or_default();
    let expected = if expected.is_empty() { expected } else { format!("<br><code>{expected}</code>") };
    let got = match (outcome.result, outcome.must) {
        (CaseResult::Passed, Must::Accept) => String::new(),
        _ => escaped(outcome.got.strip_prefix("reject, ").unwrap_or(&outcome.got)),
    };
    let _ = writeln!(
        page,
        "<tr><td><code>{}</code>{note}</td><td>{must}{expected}</td><td class=\"{class}\">{word}</td><td>{got}</td></tr>",
        escaped(&outcome.id)
    );
}

/// A group's name as the target of a link.
fn anchor(group: &str) -> String {
    let word = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    group.to_lowercase().chars().map(word).collect()
}

const READING: &str = "<p>Each case is a response of a software authenticator. A case that must be rejected is valid \
    except for one named fault. Its rejection counts only if the same response without the fault was accepted just \
    before. <em>No reason</em>: rejected as required, but the server does not say why, or its message is not in the map \
    of reasons. <em>Not counted</em>: the response without the fault was rejected too. <em>Not expressible</em>: the \
    server or its binding cannot express the case; the reason is in the last column.</p>\n";

const STYLE: &str = "\
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; break-after: avoid; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; margin: 0 0 1rem; }
dt { color: #555; }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid #ddd; }
th { font-weight: 600; border-bottom: 2px solid #999; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
.summary td:not(:first-child), .summary th:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
tfoot td { font-weight: 600; border-top: 2px solid #999; }
.cases { table-layout: fixed; }
.cases th:nth-child(1) { width: 36%; }
.cases th:nth-child(2) { width: 15%; }
.cases th:nth-child(3) { width: 11%; }
code { font: 0.85em ui-monospace, monospace; overflow-wrap: anywhere; }
td { overflow-wrap: anywhere; }
.passed { color: #14602c; }
.failed { color: #a40000; font-weight: 700; }
.uncounted { color: #6b5200; }
a { color: inherit; }
@media print {
  body { font-size: 10pt; max-width: none; margin: 0; padding: 0; }
  a { text-decoration: none; }
  @page { margin: 18mm 15mm; }
}
";
