use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::client::{Client, sign_in};
use super::server::{Limits, Server};
use super::settings::{Framework, Progress, Settings, Site, Storage};
use super::statistics::median;
use crate::connection::Failure;

/// Sign-ins per second of a site with the memory store, by the number of cores and connections.
#[derive(Clone, Debug)]
pub struct Scaling {
    /// The framework.
    pub framework: Framework,
    /// The number of cores that the server may use.
    pub cores: usize,
    /// The number of connections, and sign-ins per second.
    pub by_connections: Vec<(usize, f64)>,
}

impl Scaling {
    /// The numbers of connections.
    pub const CONNECTIONS: [usize; 4] = [1, 4, 16, 64];

    /// One core, and then twice as many up to all of the machine. None if the cores of a process cannot be limited.
    fn cores() -> Vec<usize> {
        let mut taskset = Command::new("taskset");
        let found = taskset.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            return Vec::new();
        }
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        let doubled = std::iter::successors(Some(1_usize), |cores| cores.checked_mul(2));
        doubled.take_while(|cores| *cores < all).chain([all]).collect()
    }

    /// The number of measurements of a site.
    pub(super) fn cells() -> usize {
        Self::cores().len().saturating_mul(Self::CONNECTIONS.len())
    }

    pub(super) async fn measure(
        site: &Site,
        settings: &Settings,
        folder: &Path,
        progress: &Progress,
    ) -> Result<Vec<Self>, Failure> {
        let mut running = Vec::new();
        for cores in Self::cores() {
            let limits = Limits { cores: Some(cores), clock: None };
            let server = Server::start_with(site, Storage::Memory, settings, folder, &limits)?;
            let mut cells = Vec::new();
            for connections in Self::CONNECTIONS {
                let clients = Client::all(&server, Storage::Memory, connections).await?;
                let quiet: Progress = Arc::new(|_| ());
                let (clients, _) = sign_in(&server, clients, connections, &quiet).await?;
                cells.push((clients, Vec::new()));
            }
            running.push((server, cores, cells));
        }
        for _ in 0..settings.rounds {
            for (server, _, cells) in &mut running {
                for (clients, rates) in cells {
                    let (back, sample) =
                        sign_in(server, std::mem::take(clients), settings.sign_ins, progress).await?;
                    *clients = back;
                    rates.push(sample.sign_ins_per_second);
                }
            }
        }
        let framework = site.framework;
        let mut measured = Vec::new();
        for (_, cores, cells) in running {
            let rates = cells.iter().map(|(_, rates)| median(rates, |rate| *rate));
            let by_connections = Self::CONNECTIONS.into_iter().zip(rates).collect();
            measured.push(Self { framework, cores, by_connections });
        }
        Ok(measured)
    }
}
