//! The commands. Each returns whether nothing failed.

pub(crate) mod drive;
pub(crate) mod generate;
#[cfg(feature = "load")]
pub(crate) mod load;
pub(crate) mod metadata;
pub(crate) mod mint;
pub(crate) mod run;
pub(crate) mod seeds;
pub(crate) mod serve;
pub(crate) mod support;
#[cfg(feature = "timing")]
pub(crate) mod timing;

use std::error::Error;
use std::fs;
use std::io::IsTerminal;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use rp_conformance::report::Report;

/// Whether nothing failed, or the error that ended the command.
pub(crate) type Done = Result<bool, Box<dyn Error>>;

/// Where a report is written, besides the table on standard output.
#[derive(clap::Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct ReportArguments {
    /// Print every outcome as JSON on standard output; the table goes to standard error.
    #[arg(long)]
    json: bool,
    /// Write a JUnit XML file, for continuous integration.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a page for an auditor: every case by group, and the reason of every rejection.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl ReportArguments {
    /// Prints and writes a report.
    pub(crate) fn write(&self, report: &Report) -> Done {
        let written = |path: &PathBuf, text: String| {
            fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
        };
        if let Some(path) = &self.junit {
            written(path, report.junit())?;
        }
        if let Some(path) = &self.html {
            written(path, report.html())?;
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(report)?);
            eprint!("{report}");
        } else {
            print!("{report}");
        }
        Ok(report.is_clean())
    }
}

/// A progress bar, only if standard error is a terminal.
pub(crate) fn progress_bar(cases: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}");
    ProgressBar::new(u64::try_from(cases).unwrap_or(u64::MAX))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
