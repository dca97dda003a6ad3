//! The tables: on the terminal, and in a page of the book between its markers.

use std::collections::BTreeMap;
use std::fs;

use rp_peers::Result;

use crate::make::CEREMONIES;
use crate::results::{Cell, Results, Row, Run, Size, Times};

const BEGIN: &str = "<!-- peers -->";
const END: &str = "<!-- /peers -->";

/// The medians, as aligned columns.
pub(crate) fn terminal(run: &Run) -> String {
    let mut lines = vec![format!(
        "{:<46}{}",
        "µs, medians",
        CEREMONIES.map(|(_, title)| format!("{:>25}", plain(title))).concat()
    )];
    for row in &run.rows {
        let cells = CEREMONIES.map(|(name, _)| {
            format!("{:>25}", row.times(name).map_or("–".into(), |times| micros(times.median)))
        });
        lines.push(format!("{:<46}{}", title(row), cells.concat()));
    }
    lines.join("\n")
}

/// Replaces what is between the markers of a page.
pub(crate) fn write(results: &Results, page: &str) -> Result<()> {
    let text = fs::read_to_string(page)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("the page has no marker")?;
    let (_, after) = rest.split_once(END).ok_or("the page has no second marker")?;
    let runs: Vec<String> = results.runs.iter().rev().map(section).collect();
    fs::write(page, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", runs.join("\n\n")))?;
    Ok(())
}

/// The tables of a run.
fn section(run: &Run) -> String {
    let at = &run.platform;
    let heading = format!(
        "### {}\n\n`{}` ran on {} with {} cores, {} and the profile `release`. Each program ran {} rounds of each ceremony. The figures are the median and, in brackets, the lower and upper quartile, in µs. The fastest median of each column is bold.",
        at.processor, at.command, at.date, at.cores, at.compiler, run.rounds
    );
    let mut notes = Notes::default();
    let mut rows = vec![
        format!("| |{}", CEREMONIES.map(|(_, title)| format!(" {title} |")).concat()),
        format!("|---|{}", "--:|".repeat(CEREMONIES.len())),
    ];
    for row in &run.rows {
        let cells = CEREMONIES.map(|(name, _)| format!(" {} |", cell(run, row, name, &mut notes)));
        rows.push(format!("| {} |{}", title(row), cells.concat()));
    }
    let mut parts = vec![heading, rows.join("\n")];
    parts.extend(notes.lines());
    parts.push(COMPARISON.into());
    parts.push(comparison(run));
    parts.extend(behind(run));
    if !run.sizes.is_empty() {
        parts.push(SIZES.into());
        parts.push(sizes(run));
    }
    parts.join("\n\n")
}

fn cell(run: &Run, row: &Row, ceremony: &str, notes: &mut Notes) -> String {
    match row.cells.get(ceremony) {
        Some(Cell::Measured(times)) => {
            let fastest = run.rows.iter().filter_map(|one| Some(one.times(ceremony)?.median)).min();
            let median = micros(times.median);
            let median = if fastest == Some(times.median) { format!("**{median}**") } else { median };
            format!("{median} ({} to {})", micros(times.lower_quartile), micros(times.upper_quartile))
        }
        Some(Cell::Gap(reason)) => format!("– ({})", notes.number(row, reason)),
        None => "not measured".into(),
    }
}

/// rp on its fastest back end, with and without its caches, next to the fastest peer.
fn comparison(run: &Run) -> String {
    let mut rows = vec![
        "| median (fastest) | rp | rp without caches | fastest peer | peer / rp |".to_owned(),
        "|---|--:|--:|--:|--:|".to_owned(),
    ];
    for (name, title) in CEREMONIES {
        let peers = run.libraries().into_iter().filter(|library| *library != "rp");
        let peer =
            peers.filter_map(|library| run.fastest(library, name)).min_by_key(|(_, times)| times.median);
        let uncached = run.rows.iter().filter(|row| row.key.ends_with("-no-caches"));
        let uncached = uncached.filter_map(|row| row.times(name)).min_by_key(|times| times.median);
        let (Some((rp, ours)), Some((row, theirs))) = (run.fastest("rp", name), peer) else { continue };
        let figures = |times: Times| format!("{} ({})", micros(times.median), micros(times.fastest));
        let ratio = |of: fn(&Times) -> u64| of(&theirs) as f64 / of(&ours) as f64;
        rows.push(format!(
            "| {title} | {}, {} | {} | {}, {} on {} | {:.2} ({:.2}) |",
            figures(ours),
            rp.variant,
            uncached.map_or("–".into(), figures),
            figures(theirs),
            row.name,
            row.variant,
            ratio(|times| times.median),
            ratio(|times| times.fastest),
        ));
    }
    rows.join("\n")
}

/// The rows in which a peer on the same back end is faster, with all caches of rp.
fn behind(run: &Run) -> Option<String> {
    let mut rows = Vec::new();
    for ours in run.rows.iter().filter(|row| row.name == "rp") {
        let peers = run.rows.iter().filter(|row| row.name != "rp" && row.variant == ours.variant);
        for (theirs, (name, title)) in peers.flat_map(|row| CEREMONIES.map(|ceremony| (row, ceremony))) {
            let (Some(rp), Some(peer)) = (ours.times(name), theirs.times(name)) else { continue };
            if peer.median < rp.median {
                let (rp, peer) = (micros(rp.median), micros(peer.median));
                rows.push(format!("- {title} on {}: rp {rp}, {} {peer}.", ours.variant, theirs.name));
            }
        }
    }
    (!rows.is_empty()).then(|| format!("{BEHIND}\n\n{}", rows.join("\n")))
}

const BEHIND: &str = "In these ceremonies, a peer is faster than rp on the same back end (medians in µs):";

const COMPARISON: &str = "The next table compares rp with the fastest peer, each on its fastest back end. The figures are the median and, in brackets, the time of the fastest round, in µs. The column *rp without caches* shows the fastest back end without caches, which can be a different one. The last column is the time of the peer divided by the time of rp with caches.";

const SIZES: &str = "The next table shows the size of a program with a library, next to the same program without the library. *Binary* is the size of the binary without symbols. *Clean build* is the processor time of a clean release build. *Dependencies* is the number of other packages that are built.";

/// Programs with a library, next to those without.
fn sizes(run: &Run) -> String {
    let mut rows = vec![
        "| program | binary | added to the binary | clean build | dependencies | added dependencies |"
            .to_owned(),
        "|---|--:|--:|--:|--:|--:|".to_owned(),
    ];
    for size in &run.sizes {
        let baseline = run.sizes.iter().find(|one| one.name == size.baseline);
        let added = |with: u64, without: fn(&Size) -> u64, show: fn(u64) -> String| {
            baseline.map_or_else(String::new, |one| show(with.saturating_sub(without(one))))
        };
        rows.push(format!(
            "| {} {} | {} | {} | {} s | {} | {} |",
            size.title,
            size.version,
            kilobytes(size.bytes),
            added(size.bytes, |one| one.bytes, kilobytes),
            size.build_seconds,
            size.dependencies,
            added(size.dependencies as u64, |one| one.dependencies as u64, |number| number.to_string()),
        ));
    }
    rows.join("\n")
}

fn kilobytes(bytes: u64) -> String {
    format!("{} kB", bytes.div_ceil(1000))
}

/// Footnotes, numbered in the order of their first use.
#[derive(Default)]
struct Notes(BTreeMap<usize, String>);

impl Notes {
    fn number(&mut self, row: &Row, reason: &str) -> usize {
        let text = format!("{} {reason}.", row.name);
        let known = self.0.iter().find(|(_, note)| **note == text).map(|(number, _)| *number);
        known.unwrap_or_else(|| {
            self.0.insert(self.0.len() + 1, text);
            self.0.len()
        })
    }

    fn lines(self) -> Vec<String> {
        self.0.into_iter().map(|(number, text)| format!("({number}) {text}")).collect()
    }
}

fn title(row: &Row) -> String {
    format!("{} {} ({})", row.name, row.version, row.variant)
}

/// A title without Markdown.
pub(crate) fn plain(title: &str) -> String {
    title.replace('`', "")
}

/// Nanoseconds as microseconds with three digits.
pub(crate) fn micros(nanoseconds: u64) -> String {
    let micros = nanoseconds as f64 / 1000.0;
    match nanoseconds {
        ..10_000 => format!("{micros:.2}"),
        ..100_000 => format!("{micros:.1}"),
        ..1_000_000 => format!("{micros:.0}"),
        _ => format!("{},{:03}", nanoseconds / 1_000_000, nanoseconds / 1000 % 1000),
    }
}
