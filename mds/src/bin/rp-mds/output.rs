//! Output: results, colours, tables and JSON.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use rp_core::x509::Name;
use rp_mds::{Finding, Status, Verdict};

/// The result of a command; an error becomes exit status 2.
pub(crate) type CommandResult = Result<Answer, Box<dyn std::error::Error>>;

/// The answer of a command that succeeded.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// Exit status 0.
    Yes,
    /// Exit status 1.
    No,
    /// No list contains the model: exit status 3.
    Unlisted,
}

impl From<bool> for Answer {
    fn from(is_yes: bool) -> Self {
        if is_yes { Self::Yes } else { Self::No }
    }
}

/// Whether colours are used: on a terminal, unless the user disabled them.
fn colours() -> bool {
    std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The meaning of a text, which decides its colour.
#[derive(Clone, Copy)]
pub(crate) enum Tone {
    Good,
    Bad,
    Doubtful,
    Heading,
    Plain,
}

/// A text in its colour, without control characters.
pub(crate) fn paint(tone: Tone, text: impl Display) -> String {
    let text = printable(&text.to_string());
    let code = match tone {
        Tone::Good => "32",
        Tone::Bad => "31",
        Tone::Doubtful => "33",
        Tone::Heading => "1",
        Tone::Plain => return text,
    };
    if colours() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text }
}

/// The tone of a status.
pub(crate) fn of_status(status: &Status) -> Tone {
    match status {
        _ if status.is_bad() => Tone::Bad,
        Status::FidoCertified(_) | Status::Fips140Certified(_) => Tone::Good,
        Status::Unknown(_) | Status::UpdateAvailable | Status::Retired => Tone::Doubtful,
        _ => Tone::Plain,
    }
}

/// Text of metadata without characters that control the terminal or change the direction of writing.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if is_control(character) { ' ' } else { character }).collect()
}

fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A verdict, one line per finding. Text of metadata cannot add lines.
pub(crate) fn lines(verdict: &Verdict) -> String {
    let mut head = verdict.clone();
    head.findings.clear();
    let tone = if verdict.is_accepted() { Tone::Good } else { Tone::Bad };
    let word = if verdict.is_accepted() { "accepted" } else { "refused" };
    let named = head.to_string();
    let named = named.split_once(": ").map_or("", |(_, named)| named);
    let mut text = paint(tone, format!("{word}: {named}"));
    text.push('\n');
    for Finding { refuses, reason } in &verdict.findings {
        let word = if *refuses { "refused" } else { "note" };
        text.push_str(&format!("  {word}: {}\n", printable(&reason.to_string())));
    }
    text
}

/// Prints JSON, with control characters escaped.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), serde_json::Error> {
    let mut text = String::new();
    for character in serde_json::to_string_pretty(value)?.chars() {
        match character {
            '\n' => text.push('\n'),
            other if is_control(other) => text.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => text.push(other),
        }
    }
    text.push('\n');
    print(&text);
    Ok(())
}

/// The organisation, organisational units and common name of a distinguished name.
pub(crate) fn short_name(name: &Name) -> String {
    let name = name.to_string();
    let mut kept: Vec<String> = Vec::new();
    let mut is_kept = false;
    for part in name.split(", ") {
        match part.split_once('=') {
            Some((kind, _)) => is_kept = matches!(kind, "O" | "OU" | "CN"),
            // A value that contains a comma continues.
            None => {
                if let Some(last) = kept.last_mut().filter(|_| is_kept) {
                    last.push_str(", ");
                    last.push_str(part);
                }
                continue;
            }
        }
        if is_kept {
            kept.push(part.to_owned());
        }
    }
    printable(&if kept.is_empty() { name } else { kept.join(", ") })
}

/// Prints text. A closed pipe ends the program without an error.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// A table; the last column is not padded.
pub(crate) fn table(heading: &[&str], rows: &[Vec<(Tone, String)>]) -> String {
    let widths: Vec<usize> = heading
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|(_, text)| text.chars().count());
            cells.chain([name.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: Vec<(Tone, String)>| {
        let last = cells.len().saturating_sub(1);
        let padded = cells.into_iter().enumerate().map(|(column, (tone, text))| {
            let width = widths.get(column).copied().filter(|_| column < last).unwrap_or(0);
            let fill = " ".repeat(width.saturating_sub(text.chars().count()));
            format!("{}{fill}", paint(tone, text))
        });
        let mut line = padded.collect::<Vec<_>>().join("  ");
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    };
    let heading = line(heading.iter().map(|name| (Tone::Heading, (*name).to_owned())).collect());
    rows.iter().fold(heading, |text, row| text + &line(row.clone()))
}
