//! `conformance` runs vectors and drives servers; `conformance help` lists the commands.

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tests WebAuthn relying parties: vectors for libraries, and a client that misbehaves for servers.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

// One line per command; its arguments and its code are in a file of its own.
#[derive(Subcommand)]
enum Command {
    Run(command::run::Run),
    Drive(command::drive::Drive),
    Serve(command::serve::Serve),
    Generate(command::generate::Generate),
    Metadata(command::metadata::Metadata),
    Mint(command::mint::Mint),
    Seeds(command::seeds::Seeds),
    Support(command::support::Support),
    #[cfg(feature = "load")]
    Load(command::load::Load),
    #[cfg(feature = "load")]
    #[command(hide = true)]
    EmptyHandler(command::load::EmptyHandler),
    #[cfg(feature = "timing")]
    Timing(command::timing::Timing),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run(run) => run.execute(),
        Command::Drive(drive) => drive.execute(),
        Command::Serve(serve) => serve.execute(),
        Command::Generate(generate) => generate.execute(),
        Command::Metadata(metadata) => metadata.execute(),
        Command::Mint(mint) => mint.execute(),
        Command::Seeds(seeds) => seeds.execute(),
        Command::Support(support) => support.execute(),
        #[cfg(feature = "load")]
        Command::Load(load) => load.execute(),
        #[cfg(feature = "load")]
        Command::EmptyHandler(handler) => handler.execute(),
        #[cfg(feature = "timing")]
        Command::Timing(timing) => timing.execute(),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::from(2)
        }
    }
}
