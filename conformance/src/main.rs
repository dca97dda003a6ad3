//! `conformance run PATH…` runs vectors against rp-core, `conformance mint FILE` writes vectors, `conformance support`
//! prints tables of supported features, `conformance seeds DIR` writes the seeds of the fuzz targets, and `conformance timing`
//! (feature `timing`) measures whether the time of a response reveals that a username exists.

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
    /// Runs every case of the files against rp-core. The last line is `N passed, N failed`.
    Run {
        /// Vector files, and folders whose *.json files are read at any depth.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// A list of case ids that must fail for now.
        #[arg(long, value_name = "FILE")]
        not_yet: Option<PathBuf>,
        /// Print every outcome as JSON; the figures go to standard error.
        #[arg(long)]
        json: bool,
    },
    /// Writes the responses of the software authenticator (honest, odd and wrong) as a vector file.
    Mint {
        /// The file to write.
        file: PathBuf,
    },
    /// Writes the seeds of the fuzz targets, one folder per target.
    Seeds {
        /// The folder to write to; existing files are overwritten.
        directory: PathBuf,
    },
    /// Measures whether the time of a response reveals that a username exists. Fails if an AUC is not between 0.45 and 0.55.
    #[cfg(feature = "timing")]
    Timing {
        /// The number of requests per cell.
        #[arg(long, default_value_t = 5_000)]
        requests: usize,
    },
    /// Runs the responses of the software authenticator against rp-core and prints tables of supported features.
    Support {
        /// Write the tables into a page, between `<!-- support -->` and `<!-- /support -->`.
        #[arg(long, value_name = "PAGE")]
        write: Option<PathBuf>,
        /// Fail if the tables in a page differ from those of this run.
        #[arg(long, value_name = "PAGE", conflicts_with = "write")]
        check: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run { paths, not_yet, json } => run(&paths, not_yet, json),
        Command::Mint { file } => mint(&file).map(|()| true),
        Command::Seeds { directory } => seeds(&directory).map(|()| true),
        #[cfg(feature = "timing")]
        Command::Timing { requests } => timing(requests),
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

/// Returns whether the page, if there is one, has the tables of this run.
fn support(write: Option<&Path>, check: Option<&Path>) -> Result<bool, Box<dyn std::error::Error>> {
    let Some(path) = write.or(check) else {
        print!("{}", Support::of_rp_core()?);
        return Ok(true);
    };
    let name = path.display();
    let page = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let renewed = |tables: &str| support::renewed(&page, tables).map_err(|error| format!("{name}: {error}"));
    // A page without the markers is an error before the run, which takes a while.
    renewed("")?;
    let renewed = renewed(&Support::of_rp_core()?.to_string())?;
    let is_current = page == renewed;
    if write.is_some() {
        std::fs::write(path, renewed)?;
    } else if !is_current {
        eprintln!(
            "{name}: the tables are out of date; update them with `conformance support --write {name}`"
        );
    }
    Ok(write.is_some() || is_current)
}

/// Prints a row for each cell. Returns whether none reveals which usernames exist.
#[cfg(feature = "timing")]
fn timing(requests: usize) -> Result<bool, Box<dyn std::error::Error>> {
    use rp_conformance::timing::{Cell, measure};

    let cells = Cell::all();
    let progress = progress_bar(requests.saturating_mul(cells.len()));
    println!("| cell | requests | AUC, known and unknown | control | median, known | median, unknown |");
    println!("|---|--:|--:|--:|--:|--:|");
    let mut is_even = true;
    for cell in cells {
        progress.set_message(cell.to_string());
        let result = measure(cell, requests, || progress.inc(1))?;
        is_even &= result.is_even();
        progress.suspend(|| {
            println!(
                "| {cell} | {} | {:.3} | {:.3} | {:.2} ms | {:.2} ms |",
                result.requests,
                result.auc,
                result.control,
                result.known.as_secs_f64() * 1_000.0,
                result.unknown.as_secs_f64() * 1_000.0,
            );
        });
    }
    progress.finish_and_clear();
    Ok(is_even)
}

/// A progress bar, only if standard error is a terminal.
fn progress_bar(cases: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}");
    ProgressBar::new(u64::try_from(cases).unwrap_or(u64::MAX))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
