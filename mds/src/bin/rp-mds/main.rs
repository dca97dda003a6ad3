//! `rp-mds`: FIDO metadata on the command line.

mod check;
mod diff;
mod fetch;
mod input;
mod list;
mod output;
mod show;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::output::Answer;

/// Downloads, verifies and queries FIDO metadata.
///
/// Lists come from the cache (`--cache`) or from files (`--file`): BLOBs, which are verified, or your own entries in JSON.
/// The roots are GlobalSign R3 and R46 from the system's certificate store, or the certificates given by `--roots`.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Download the BLOB of the FIDO Alliance or of a mirror into the cache.
    Fetch(fetch::Arguments),
    /// Verify a BLOB; print its signer, its serial number and rejected entries.
    Verify(verify::Arguments),
    /// List models.
    List(list::Arguments),
    /// Show the metadata of one model.
    Show(show::Arguments),
    /// Compare two lists: new models, removed models, changed statuses.
    Diff(diff::Arguments),
    /// Judge a model by a policy. The exit status is 1 if it is refused, and 3 if no list contains it and the policy accepts
    /// unlisted models.
    Check(check::Arguments),
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let done = match command {
        Command::Fetch(arguments) => fetch::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
    };
    match done {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::FAILURE,
        Ok(Answer::Unlisted) => ExitCode::from(3),
        Err(error) => {
            eprintln!("rp-mds: {}", output::printable(&error.to_string()));
            ExitCode::from(2)
        }
    }
}
