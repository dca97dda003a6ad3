//! The results: one run per processor, in a file.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use rp_peers::Result;
use serde::{Deserialize, Serialize};

/// The runs, the newest one last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) runs: Vec<Run>,
}

/// A run of all contestants.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) platform: Platform,
    /// Rounds of each contestant in each ceremony.
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
    pub(crate) sizes: Vec<Size>,
}

/// Where and how a run was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Platform {
    pub(crate) date: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) compiler: String,
    pub(crate) command: String,
}

/// The results of a contestant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) variant: String,
    pub(crate) version: String,
    /// By ceremony.
    pub(crate) cells: BTreeMap<String, Cell>,
}

/// The result of a contestant in a ceremony.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cell {
    Measured(Times),
    /// The library does not support the ceremony, for this reason.
    Gap(String),
}

/// Times of a ceremony in nanoseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Times {
    pub(crate) fastest: u64,
    pub(crate) lower_quartile: u64,
    pub(crate) median: u64,
    pub(crate) upper_quartile: u64,
}

/// A program with a library, and its build.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Size {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) version: String,
    /// The name of the same program without the library; empty for that program itself.
    pub(crate) baseline: String,
    pub(crate) bytes: u64,
    pub(crate) build_seconds: u64,
    pub(crate) dependencies: usize,
}

impl Results {
    pub(crate) fn read(file: &str) -> Result<Self> {
        match fs::read(file) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn write(&self, file: &str) -> Result<()> {
        Ok(fs::write(file, serde_json::to_string_pretty(self)? + "\n")?)
    }

    /// Replaces the run on the same processor, except for rows and sizes that the new one does not have.
    pub(crate) fn insert(&mut self, mut run: Run) {
        let same = |one: &Run| one.platform.processor == run.platform.processor;
        if let Some(at) = self.runs.iter().position(same) {
            let old = self.runs.remove(at);
            if run.sizes.is_empty() {
                run.sizes = old.sizes;
            }
            if run.rows.is_empty() {
                run.rows = old.rows;
                run.rounds = old.rounds;
                run.platform = old.platform;
            }
        }
        self.runs.push(run);
    }

    pub(crate) fn newest(&self) -> Result<&Run> {
        Ok(self.runs.last().ok_or("no results")?)
    }
}

impl Run {
    /// A run without results, on this machine.
    pub(crate) fn new(command: &str) -> Result<Self> {
        Ok(Self { platform: Platform::new(command)?, rounds: 0, rows: Vec::new(), sizes: Vec::new() })
    }

    /// The row of a library that is the fastest in a ceremony, with its caches.
    pub(crate) fn fastest(&self, library: &str, ceremony: &str) -> Option<(&Row, Times)> {
        let rows = self.rows.iter().filter(|row| row.name == library && !row.key.ends_with("-no-caches"));
        rows.filter_map(|row| Some((row, row.times(ceremony)?))).min_by_key(|(_, times)| times.median)
    }

    /// The libraries, in the order of the rows.
    pub(crate) fn libraries(&self) -> Vec<&str> {
        let mut libraries: Vec<&str> = self.rows.iter().map(|row| row.name.as_str()).collect();
        libraries.dedup();
        libraries
    }
}

impl Row {
    pub(crate) fn times(&self, ceremony: &str) -> Option<Times> {
        match self.cells.get(ceremony)? {
            Cell::Measured(times) => Some(*times),
            Cell::Gap(_) => None,
        }
    }
}

impl Platform {
    fn new(command: &str) -> Result<Self> {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = |name| {
            processors.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.trim() == name))
        };
        let (_, processor) = model("model name").unwrap_or(("", "unknown"));
        Ok(Self {
            date: output("date", &["+%F"])?,
            processor: processor.trim().to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            compiler: output("rustc", &["--version"])?,
            command: command.to_owned(),
        })
    }
}

impl Times {
    pub(crate) fn new(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let at = |numerator: usize| times[(times.len() - 1) * numerator / 4];
        Self { fastest: at(0), lower_quartile: at(1), median: at(2), upper_quartile: at(3) }
    }
}

fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
