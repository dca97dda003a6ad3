use std::path::PathBuf;

use rp_conformance::report::{NotYet, Report};
use rp_conformance::run::RpCore;

use super::{Done, ReportArguments, progress_bar};

/// Runs every case of vector files against rp-core. The last line is `N passed, N failed`.
#[derive(clap::Args)]
pub(crate) struct Run {
    /// Vector files, and folders whose *.json files are read at any depth.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// A list of case ids that must fail for now.
    #[arg(long, value_name = "FILE")]
    not_yet: Option<PathBuf>,
    /// The number of threads; by default that of processors.
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten)]
    report: ReportArguments,
}

impl Run {
    pub(crate) fn execute(&self) -> Done {
        let not_yet = self.not_yet.as_deref().map(NotYet::read).transpose()?.unwrap_or_default();
        let cases = rp_conformance::read(&self.paths)?;
        let progress = progress_bar(cases.len());
        let jobs = self.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let report = Report::of(&RpCore, &cases, &not_yet, jobs, |outcome| {
            progress.set_message(outcome.id.clone());
            progress.inc(1);
        });
        progress.finish_and_clear();
        self.report.write(&report)
    }
}
