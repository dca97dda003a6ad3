//! A load test of the example sites on loopback: sign-ins with the software authenticator.
//!
//! A sign-in is `authentication/options` without a username, then `authentication/verify` with an ES256 signature. Every
//! site is a process of its own, and so is an empty handler of the same framework, which receives the same two requests.
//! All of them run at the same time and take turns, round by round, so that other load of the machine affects all of them;
//! the results are medians of the rounds. The clients are on the same machine and need about as much of its processor as a
//! site.
//!
//! The processor time of a server is that of all its threads, with that of the kernel on their behalf. The servers write
//! their logs to files.
//!
//! The service's own share of a sign-in is the median time of the service alone, in this process, for the same two requests
//! with the memory store, without a signature check. The rest of a site's processor time is that of its framework (the empty
//! handler), of the adapter and the log, and of threads that take turns on the cores.
//!
//! Needs `/proc` of Linux, and `taskset` to limit the cores of a server.

mod client;
mod empty;
mod growth;
mod report;
mod scaling;
mod server;
mod service;
mod settings;
mod signature;
mod statistics;

use std::path::Path;
use std::sync::Arc;

use self::client::{Client, sign_in};
use self::server::Server;
use self::service::{Service, Share};
use self::signature::SignatureCheck;
use crate::connection::Failure;

pub use empty::serve_empty_handler;
pub use growth::Growth;
pub use report::{Report, Row};
pub use scaling::Scaling;
pub use settings::{Framework, Progress, Settings, Site, Storage};

/// The number of sign-ins and ceremonies of a run, for a progress bar.
#[must_use]
pub fn steps(settings: &Settings) -> usize {
    let cells = settings.storages().len().saturating_add(Scaling::cells());
    let sign_ins = settings.rounds.saturating_mul(settings.sign_ins).saturating_mul(cells);
    sign_ins
        .saturating_add(settings.ceremonies)
        .saturating_mul(settings.sites.len())
        .saturating_add(settings.rounds.saturating_mul(settings.sign_ins))
}

/// Measures everything.
///
/// # Errors
/// If a server does not start, or a response is not the expected one.
pub fn measure(settings: Settings, progress: &Progress) -> Result<Report, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let rows = runtime.block_on(measure_rows(&settings, folder.path(), progress))?;
    let service = measure_service(&settings, progress)?;
    let (mut scaling, mut growth) = (Vec::new(), Vec::new());
    for site in &settings.sites {
        scaling.extend(runtime.block_on(Scaling::measure(site, &settings, folder.path(), progress))?);
        growth.push(runtime.block_on(Growth::measure(site, &settings, folder.path(), progress))?);
    }
    Ok(Report { settings, rows, service, scaling, growth })
}

async fn measure_rows(settings: &Settings, folder: &Path, progress: &Progress) -> Result<Vec<Row>, Failure> {
    let mut running = Vec::new();
    for site in &settings.sites {
        for storage in settings.storages() {
            let server = Server::start(site, storage, settings, folder)?;
            let clients = Client::all(&server, storage, settings.connections).await?;
            let quiet: Progress = Arc::new(|_| ());
            let (clients, _) = sign_in(&server, clients, WARM_UP, &quiet).await?;
            let row = Row { framework: site.framework, storage, rounds: Vec::new(), resident_kib: 0 };
            running.push((server, clients, row));
        }
    }
    for _ in 0..settings.rounds {
        for (server, clients, row) in &mut running {
            let (back, sample) =
                sign_in(server, std::mem::take(clients), settings.sign_ins, progress).await?;
            *clients = back;
            row.rounds.push(sample);
        }
    }
    let mut rows = Vec::new();
    for (server, _, mut row) in running {
        row.resident_kib = server.resident_kib()?;
        rows.push(row);
    }
    Ok(rows)
}

/// A sign-in at the service alone in each round.
fn measure_service(settings: &Settings, progress: &Progress) -> Result<Vec<Share>, Failure> {
    let (mut service, check) = (Service::start()?, SignatureCheck::new()?);
    service.sign_ins(WARM_UP, &check)?;
    let mut rounds = Vec::new();
    for _ in 0..settings.rounds {
        rounds.push(service.sign_ins(settings.sign_ins, &check)?);
        progress(u64::try_from(settings.sign_ins).unwrap_or(u64::MAX));
    }
    Ok(rounds)
}

/// Sign-ins that are not measured: connections to databases are opened.
const WARM_UP: usize = 256;
