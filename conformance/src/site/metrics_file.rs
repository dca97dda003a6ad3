//! A recorder that shows which metrics and labels were used, for the tests.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// Appends every use of a metric to a file: the name, and the labels as `name=value`.
pub(super) struct MetricsFile(File);

impl MetricsFile {
    /// Makes it the recorder of the process.
    pub(super) fn install(file: &Path) -> Result<(), Box<dyn Error>> {
        let file = File::options().append(true).create(true).open(file)?;
        Ok(metrics::set_global_recorder(Self(file))?)
    }

    fn append(&self, key: &Key) {
        let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
        // One write, so that lines of several threads do not mix.
        let line = format!("{}{}\n", key.name(), labels.collect::<String>());
        if let Err(error) = (&self.0).write_all(line.as_bytes()) {
            eprintln!("metrics: {error}");
        }
    }
}

impl Recorder for MetricsFile {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.append(key);
        Counter::noop()
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.append(key);
        Gauge::noop()
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.append(key);
        Histogram::noop()
    }
}
