use std::fs;
use std::path::Path;

use super::client::{Client, start_and_abandon};
use super::server::{Limits, Server};
use super::settings::{Framework, Progress, Settings, Site, Storage};
use crate::connection::Failure;

/// The resident memory of a site with the memory store, while ceremonies are started; three of four are abandoned. They are
/// spread over a day of the site's clock.
#[derive(Clone, Debug)]
pub struct Growth {
    /// The framework.
    pub framework: Framework,
    /// The number of ceremonies so far, and the resident memory in KiB.
    pub samples: Vec<(usize, u64)>,
}

impl Growth {
    pub(super) async fn measure(
        site: &Site,
        settings: &Settings,
        folder: &Path,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let clock = folder.join("clock");
        fs::write(&clock, "0")?;
        let limits = Limits { cores: None, clock: Some(&clock) };
        let server = Server::start_with(site, Storage::Memory, settings, folder, &limits)?;
        let mut clients = Client::all(&server, Storage::Memory, settings.connections).await?;
        let mut growth = Self { framework: site.framework, samples: Vec::new() };
        for step in 1..=STEPS {
            clients = start_and_abandon(clients, settings.ceremonies.div_ceil(STEPS), progress).await?;
            fs::write(&clock, SECONDS_PER_STEP.saturating_mul(step).to_string())?;
            if step.is_multiple_of(STEPS / SAMPLES) {
                let ceremonies = settings.ceremonies.saturating_mul(step) / STEPS;
                growth.samples.push((ceremonies, server.resident_kib()?));
            }
        }
        Ok(growth)
    }

    /// Whether the second half of the ceremonies took no more memory than the first, but for the allocator's reserve.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        let (first, second) = self.samples.split_at(self.samples.len() / 2);
        let most = |samples: &[(usize, u64)]| samples.iter().map(|(_, kib)| *kib).max().unwrap_or_default();
        let reserve = most(first) / 20;
        most(second) <= most(first).saturating_add(reserve)
    }
}

/// How often the clock is moved.
const STEPS: usize = 100;
/// How often memory is measured.
const SAMPLES: usize = 10;
/// A hundredth of a day.
const SECONDS_PER_STEP: usize = 864;

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(samples: &[u64]) -> Growth {
        Growth { framework: Framework::Axum, samples: samples.iter().map(|kib| (0, *kib)).collect() }
    }

    #[test]
    fn memory_that_grows_by_a_kilobyte_per_ceremony_is_not_flat() {
        assert!(!growth(&[20_000, 30_000, 40_000, 50_000]).is_flat());
        assert!(growth(&[20_000, 24_000, 24_100, 24_050]).is_flat());
    }
}
