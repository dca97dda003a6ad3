//! The measurement: every contestant verifies, then all of them take turns in each ceremony.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stderr};
use std::path::Path;

use rp_peers::{Input, Inputs, Result};

use crate::child::Running;
use crate::contestants;
use crate::results::{Cell, Row, Run, Times};

/// Turns of each contestant in each ceremony.
const TURNS: usize = 91;
/// Rounds of a turn.
const ROUNDS: usize = 11;
/// Rounds before the first turn: code is compiled at run time, and keys are in caches.
const WARM_UP: usize = 300;

/// Measures the contestants with these keys, or all of them.
pub(crate) fn run(inputs: &Inputs, file: &Path, work: &Path, command: &str, keys: &[&str]) -> Result<Run> {
    let chosen = contestants::ALL.iter().filter(|one| keys.is_empty() || keys.contains(&one.key));
    let mut running = chosen.map(|one| Running::start(*one, work, file)).collect::<Result<Vec<Running>>>()?;
    let mut rows: Vec<Row> = running.iter().map(row).collect::<Result<_>>()?;
    for input in &inputs.ceremonies {
        let mut entered = Vec::new();
        for (at, one) in running.iter_mut().enumerate() {
            match gap(one, input)? {
                Some(reason) => drop(rows[at].cells.insert(input.name.clone(), Cell::Gap(reason))),
                None => entered.push(at),
            }
        }
        let mut times: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        for at in &entered {
            running[*at].measure(&input.name, WARM_UP)?;
        }
        for turn in 0..TURNS {
            progress(&format!("{}: turn {} of {TURNS}", input.name, turn + 1));
            // Another contestant is the first one in each turn.
            let first = turn % entered.len().max(1);
            for at in entered[first..].iter().chain(&entered[..first]) {
                times.entry(*at).or_default().extend(running[*at].measure(&input.name, ROUNDS)?);
            }
        }
        for (at, times) in times {
            rows[at].cells.insert(input.name.clone(), Cell::Measured(Times::new(times)));
        }
    }
    progress("");
    Ok(Run { rounds: TURNS * ROUNDS, rows, ..Run::new(command)? })
}

fn row(running: &Running) -> Result<Row> {
    let (one, about) = (&running.contestant, &running.about);
    let backend = one.variant.split([',', ' ']).next().unwrap_or_default();
    if !about.starts_with(backend) {
        return Err(format!("{} reports {about}", one.key).into());
    }
    Ok(Row {
        key: one.key.into(),
        name: one.name.into(),
        // The version of a platform is in its report.
        variant: if about.starts_with(&format!("{backend} ")) { about } else { one.variant }.into(),
        version: one.version().ok_or_else(|| format!("{} has no version", one.key))?.into(),
        cells: BTreeMap::new(),
    })
}

/// Fails unless the library accepts the valid response and rejects each wrong one. Returns the reason if the library is
/// known not to support the ceremony, and does not.
fn gap(running: &mut Running, input: &Input) -> Result<Option<String>> {
    let key = running.contestant.key;
    let known =
        running.contestant.gaps.iter().find(|(name, _)| *name == input.name).map(|(_, reason)| *reason);
    match (running.accept(&input.name)?, known) {
        (None, None) => {}
        (Some(_), Some(reason)) => return Ok(Some(reason.to_owned())),
        (Some(reason), None) => return Err(format!("{key} rejects {}: {reason}", input.name).into()),
        (None, Some(reason)) => {
            return Err(format!("{key} accepts {}, which was not expected: {reason}", input.name).into());
        }
    }
    for (number, wrong) in input.wrong.iter().enumerate() {
        if running.reject(&input.name, number)?.is_none() {
            return Err(format!("{key} accepts {} with the fault {}", input.name, wrong.fault).into());
        }
    }
    Ok(None)
}

/// The last line of a terminal.
fn progress(line: &str) {
    let mut out = stderr();
    if out.is_terminal() {
        let _ = write!(out, "\r\x1b[K{line}");
        let _ = out.flush();
    }
}
