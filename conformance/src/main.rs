//! `conformance run PATH…`: vector files and folders put before rp-core; `conformance mint FILE`: vectors made;
//! `conformance support`: what is supported, as tables; `conformance seeds DIR`: what the fuzz targets begin with.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use rp_conformance::format::File;
use rp_conformance::report::{NotYet, Report};
use rp_conformance::run::RpCore;
use rp_conformance::seeds;
use rp_conformance::support::{self, Support};

/// Runs a WebAuthn relying party against test vectors.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Puts every case of the files before rp-core; ends with the line `N passed, N failed`.
    Run {
        /// Vector files, and folders of which every *.json is read at any depth.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// A list of case ids that are not answered yet: they may fail, and must not pass.
        #[arg(long, value_name = "FILE")]
        not_yet: Option<PathBuf>,
        /// Print every outcome as JSON; the figures go to standard error.
        #[arg(long)]
        json: bool,
    },
    /// Writes what the software authenticator mints, honest, odd and wrong, as a vector file.
    Mint {
        /// The file to write.
        file: PathBuf,
    },
    /// Writes what the fuzz targets begin with, a folder for each target.
    Seeds {
        /// The folder to write them into; files that are there are written over.
        directory: PathBuf,
    },
    /// Puts what the software authenticator mints before rp-core, and prints what is supported as Markdown.
    Support {
        /// Write the tables into a page, between `<!-- support -->` and `<!-- /support -->`.
        #[arg(long, value_name = "PAGE")]
        write: Option<PathBuf>,
        /// Fail where the tables in a page are not those of this run.
        #[arg(long, value_name = "PAGE", conflicts_with = "write")]
        check: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run { paths, not_yet, json } => run(&paths, not_yet, json),
        Command::Mint { file } => mint(&file).map(|()| true),
        Command::Seeds { directory } => seeds(&directory).map(|()| true),
        Command::Support { write, check } => support(write.as_deref(), check.as_deref()),
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

/// Whether nothing failed.
fn run(paths: &[PathBuf], not_yet: Option<PathBuf>, json: bool) -> Result<bool, Box<dyn std::error::Error>> {
    let not_yet = not_yet.map(|path| NotYet::read(&path)).transpose()?.unwrap_or_default();
    let cases = rp_conformance::read(paths)?;
    let progress = progress_bar(cases.len());
    let report = Report::of(&RpCore, &cases, &not_yet, |outcome| {
        progress.set_message(outcome.id.clone());
        progress.inc(1);
    });
    progress.finish_and_clear();
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
        eprintln!("{} passed, {} failed", report.passed, report.failed);
    } else {
        print!("{report}");
    }
    Ok(report.is_clean())
}

fn mint(file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let cases = rp_conformance::matrix::cases()?;
    println!("{} cases", cases.len());
    let vectors = File::new("minted by the software authenticator of rp-conformance", cases);
    Ok(std::fs::write(file, vectors.to_json()?)?)
}

fn seeds(directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let written = seeds::write(directory)?;
    println!("{} seeds for {} targets", written.iter().map(|(_, count)| count).sum::<usize>(), written.len());
    Ok(())
}

/// Whether the page, if there is one, has the tables of this run.
fn support(write: Option<&Path>, check: Option<&Path>) -> Result<bool, Box<dyn std::error::Error>> {
    let Some(path) = write.or(check) else {
        print!("{}", Support::of_rp_core()?);
        return Ok(true);
    };
    let name = path.display();
    let page = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let renewed = |tables: &str| support::renewed(&page, tables).map_err(|error| format!("{name}: {error}"));
    // A page without a place for the tables is told before the run, which takes its time.
    renewed("")?;
    let renewed = renewed(&Support::of_rp_core()?.to_string())?;
    let is_current = page == renewed;
    if write.is_some() {
        std::fs::write(path, renewed)?;
    } else if !is_current {
        eprintln!("{name}: the tables are of another run; `conformance support --write {name}` renews them");
    }
    Ok(write.is_some() || is_current)
}

/// A bar on standard error, and only where a person looks at it.
fn progress_bar(cases: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}");
    ProgressBar::new(u64::try_from(cases).unwrap_or(u64::MAX))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
