use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use rp_core::UserHandle;

use super::command_error::CommandError;
use super::table::Table;
use crate::event::EventRecord;

/// Writes the events of a user in a file of JSON lines, oldest first. Lines that are not events, such as those of other
/// programs, are counted; empty ones are left out.
pub(super) fn show_events(user: &UserHandle, path: &Path, out: &mut impl Write) -> Result<(), CommandError> {
    let user = user.to_string();
    let failed = |source| CommandError::File { path: path.to_owned(), source };
    let columns =
        &[("time", 20), ("action", 14), ("outcome", 8), ("code", 20), ("address", 15), ("about", 0)];
    let table = Table::begin(out, columns)?;
    let mut others = 0_u64;
    for line in BufReader::new(File::open(path).map_err(failed)?).split(b'\n') {
        let line = line.map_err(failed)?;
        if line.is_empty() {
            continue;
        }
        match serde_json::from_slice::<EventRecord>(&line) {
            Ok(event) if event.user.as_ref() == Some(&user) => table.row(out, &row(event))?,
            Ok(_) => {}
            Err(_) => others = others.saturating_add(1),
        }
    }
    if others > 0 {
        writeln!(out, "{others} lines are not events")?;
    }
    Ok(())
}

fn row(event: EventRecord) -> [String; 6] {
    let mut about: Vec<_> = [event.model, event.credential, event.factor].into_iter().flatten().collect();
    about.extend(event.decision.map(|decision| format!("{}: {}", decision.access, decision.reason)));
    about.extend(event.reason.map(|reason| format!("reason: {reason}")));
    [
        event.time,
        event.action.as_str().to_owned(),
        event.outcome.as_str().to_owned(),
        event.code.unwrap_or_default(),
        event.address.unwrap_or_default(),
        about.join(", "),
    ]
}
