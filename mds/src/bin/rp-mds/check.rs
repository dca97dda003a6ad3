//! `rp-mds check MODEL --policy FILE`.

use std::path::PathBuf;

use clap::Args;
use rp_mds::{Model, Policy, Question};

use super::Done;
use super::input::{At, Input};
use super::style::{Tone, paint, print, printable};

#[derive(Args)]
pub(crate) struct Arguments {
    /// An AAGUID, a key identifier of 40 hexadecimal digits, or an AAID.
    model: Model,
    /// The policy, in JSON; without one a model is refused that is revoked or compromised.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The authenticator's firmware.
    #[arg(long, value_name = "VERSION")]
    firmware: Option<u64>,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    at: At,
    /// JSON in place of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Done {
    let policy = match &arguments.policy {
        None => Policy::default(),
        Some(path) => {
            let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let bytes = std::fs::read(path).map_err(|error| named(&error))?;
            serde_json::from_slice(&bytes).map_err(|error| named(&error))?
        }
    };
    let at = arguments.at.time();
    let catalog = arguments.input.read()?;
    let question = Question { firmware: arguments.firmware, ..Question::new(arguments.model.clone(), at) };
    let verdict = policy.judge(&catalog, &question);
    let is_accepted = verdict.is_accepted();
    if arguments.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&verdict)?));
        return Ok(is_accepted);
    }
    let text = verdict.to_string();
    let tone = if is_accepted { Tone::Good } else { Tone::Bad };
    for (at, line) in text.lines().enumerate() {
        let line = printable(line);
        print(&format!("{}\n", if at == 0 { paint(tone, line) } else { line }));
    }
    Ok(is_accepted)
}
