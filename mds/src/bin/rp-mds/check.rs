//! `rp-mds check MODEL --policy FILE`.

use std::path::PathBuf;

use clap::Args;
use rp_mds::{ModelId, ModelQuery, Policy};

use super::input::{At, Input};
use super::output::{Answer, CommandResult, Tone, lines, paint, print, print_json};

#[derive(Args)]
pub(crate) struct Arguments {
    /// An AAGUID, a key identifier of 40 hexadecimal digits, or an AAID.
    model: ModelId,
    /// The policy in JSON; by default revoked and compromised models are refused.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The firmware version of the authenticator.
    #[arg(long, value_name = "VERSION")]
    firmware: Option<u64>,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    at: At,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> CommandResult {
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
    let query = ModelQuery { firmware: arguments.firmware, ..ModelQuery::new(arguments.model.clone(), at) };
    let verdict = policy.judge(&catalog, &query);
    let end = match verdict.is_accepted() {
        true if verdict.is_listed() => Answer::Yes,
        true => Answer::Unlisted,
        false => Answer::No,
    };
    if arguments.json {
        print_json(&verdict)?;
    } else if let Answer::Unlisted = end {
        print(&format!("{}: {}\n", paint(Tone::Doubtful, "not listed"), verdict.model));
    } else {
        print(&lines(&verdict));
    }
    Ok(end)
}
