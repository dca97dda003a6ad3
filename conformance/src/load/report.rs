//! The tables of a run.

use std::fmt;
use std::time::Duration;

use super::client::Sample;
use super::growth::Growth;
use super::scaling::Scaling;
use super::service::Share;
use super::settings::{Framework, Settings, Storage};
use super::statistics::median;

/// A site with its stores, or an empty handler.
#[derive(Clone, Debug)]
pub struct Row {
    /// The framework.
    pub framework: Framework,
    /// The stores.
    pub storage: Storage,
    pub(super) rounds: Vec<Sample>,
    /// Resident memory at the end, in KiB.
    pub(super) resident_kib: u64,
}

/// The results.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) settings: Settings,
    pub(super) rows: Vec<Row>,
    /// A sign-in at the service alone in each round.
    pub(super) service: Vec<Share>,
    pub(super) scaling: Vec<Scaling>,
    pub(super) growth: Vec<Growth>,
}

impl Row {
    fn median<U: PartialOrd + Copy + Default>(&self, value: impl Fn(&Sample) -> U) -> U {
        median(&self.rounds, value)
    }
}

impl Report {
    /// The target for the service's own share of a sign-in.
    pub const OWN_SHARE: Duration = Duration::from_micros(30);

    /// The service's own share of a sign-in: the time of the service alone with the memory store, without a signature check;
    /// the median of the rounds.
    #[must_use]
    pub fn own_share(&self) -> Duration {
        median(&self.service, |share| share.own)
    }

    /// Whether the memory of every site stayed flat.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.growth.iter().all(Growth::is_flat)
    }

    fn frameworks(&self) -> impl Iterator<Item = Framework> {
        self.settings.sites.iter().map(|site| site.framework)
    }
}

fn micros(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// KiB as MB.
fn megabytes(kib: u64) -> String {
    let tenths = kib.saturating_mul(1024) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.settings;
        let (rounds, sign_ins, connections) = (settings.rounds, settings.sign_ins, settings.connections);
        writeln!(f, "{connections} connections, medians of {rounds} rounds of {sign_ins} sign-ins:\n")?;
        writeln!(f, "| framework | stores | sign-ins per second | p50 | p99 | processor time | resident |")?;
        writeln!(f, "|---|---|--:|--:|--:|--:|--:|")?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        let signature = median(&self.service, |share| share.check);
        writeln!(
            f,
            "\n| framework | memory | signature check | service's own share | empty handler | rest |"
        )?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|")?;
        for framework in self.frameworks() {
            let processor = |storage| {
                let row = self.rows.iter().find(|row| row.framework == framework && row.storage == storage);
                row.map(|row| row.median(|sample| sample.processor)).unwrap_or_default()
            };
            let (memory, empty, own) =
                (processor(Storage::Memory), processor(Storage::Nothing), self.own_share());
            let rest = [signature, own, empty].into_iter().fold(memory, Duration::saturating_sub);
            let [memory, signature, own, empty, rest] = [memory, signature, own, empty, rest].map(micros);
            writeln!(f, "| {framework} | {memory} | {signature} | {own} | {empty} | {rest} |")?;
        }
        if !self.scaling.is_empty() {
            write!(f, "\nSign-ins per second, memory:\n\n| framework | cores |")?;
            Scaling::CONNECTIONS.iter().try_for_each(|number| write!(f, " {number} connections |"))?;
            writeln!(f, "\n|---|--:|{}", "--:|".repeat(Scaling::CONNECTIONS.len()))?;
        }
        for Scaling { framework, cores, by_connections } in &self.scaling {
            write!(f, "| {framework} | {cores} |")?;
            by_connections.iter().try_for_each(|(_, rate)| write!(f, " {rate:.0} |"))?;
            writeln!(f)?;
        }
        writeln!(f, "\nResident memory by the number of ceremonies, three of four abandoned:\n")?;
        for (at, growth) in self.growth.iter().enumerate() {
            if at == 0 {
                write!(f, "| framework |")?;
                growth.samples.iter().try_for_each(|(number, _)| write!(f, " {number} |"))?;
                writeln!(f, "\n|---|{}", "--:|".repeat(growth.samples.len()))?;
            }
            write!(f, "| {} |", growth.framework)?;
            growth.samples.iter().try_for_each(|(_, kib)| write!(f, " {} |", megabytes(*kib)))?;
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.median(|sample| sample.sign_ins_per_second);
        let (median, p99) = (self.median(|sample| sample.median), self.median(|sample| sample.p99));
        let processor = self.median(|sample| sample.processor);
        write!(
            f,
            "| {} | {} | {rate:.0} | {} | {} | {} | {} |",
            self.framework,
            self.storage,
            millis(median),
            millis(p99),
            micros(processor),
            megabytes(self.resident_kib),
        )
    }
}
