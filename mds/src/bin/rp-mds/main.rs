//! `rp-mds`: metadata from the command line.

mod check;
mod diff;
mod fetch;
mod input;
mod list;
mod show;
mod style;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Fetches, verifies and reads FIDO metadata.
///
/// Lists that are read come from the cache (`--cache`), or from a file (`--file`): a BLOB, verified to the roots, or an
/// operator's own entries in JSON. Roots are GlobalSign's R3 and R46 of the system's store, or those of `--roots`.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fetches the Alliance's BLOB, or a mirror's, into the cache.
    Fetch(fetch::Arguments),
    /// Verifies a BLOB and says what it is: every fact of its signer, and every entry that cannot be read.
    Verify(verify::Arguments),
    /// Lists models.
    List(list::Arguments),
    /// Shows all that is known of one model.
    Show(show::Arguments),
    /// Tells what a newer list has that an older has not: models new, gone, of another status.
    Diff(diff::Arguments),
    /// Judges a model by a policy; ends with 1 where it is refused, and with 3 where no list has it and the policy lets
    /// that pass.
    Check(check::Arguments),
}

/// What a command comes to; an error ends with 2.
type Done = Result<End, Box<dyn std::error::Error>>;

/// How a command ends that was understood and could be done.
#[derive(Clone, Copy)]
enum End {
    /// What was asked for is so.
    Yes,
    /// It is not so.
    No,
    /// No list has the model, so that nothing was judged.
    Unlisted,
}

impl From<bool> for End {
    fn from(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
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
        Ok(End::Yes) => ExitCode::SUCCESS,
        Ok(End::No) => ExitCode::FAILURE,
        Ok(End::Unlisted) => ExitCode::from(3),
        Err(error) => {
            eprintln!("rp-mds: {}", style::printable(&error.to_string()));
            ExitCode::from(2)
        }
    }
}
