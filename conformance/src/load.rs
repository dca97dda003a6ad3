//! A load test of the example sites on loopback: sign-ins with the software authenticator.
//!
//! A sign-in is `authentication/options` without a username, then `authentication/verify` with an ES256 signature. Every
//! site is a process of its own, and so is an empty handler of the same framework, which receives the same two requests.
//! All of them run at the same time and take turns, round by round, so that other load of the machine affects all of them;
//! the results are medians of the rounds. The clients are on the same machine and need about as much of its processor as a
//! site.
//!
//! The processor time of a server is that of all its threads, with that of the kernel on their behalf. The service's own
//! share of a sign-in is the processor time with the memory store, without that of the empty handler and without a signature
//! check.
//!
//! Needs `/proc` of Linux, and `taskset` to limit the cores of a server.

mod client;
mod empty;
mod growth;
mod report;
mod scaling;
mod server;
mod settings;
mod signature;
mod statistics;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::client::{Client, sign_in};
use self::server::Server;
use self::signature::signature_check;
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
    sign_ins.saturating_add(settings.ceremonies).saturating_mul(settings.sites.len())
}

/// Measures everything.
///
/// # Errors
/// If a server does not start, or a response is not the expected one.
pub fn measure(settings: Settings, progress: &Progress) -> Result<Report, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let (rows, signature) = runtime.block_on(measure_rows(&settings, folder.path(), progress))?;
    let (mut scaling, mut growth) = (Vec::new(), Vec::new());
    for site in &settings.sites {
        scaling.extend(runtime.block_on(Scaling::measure(site, &settings, folder.path(), progress))?);
        growth.push(runtime.block_on(Growth::measure(site, &settings, folder.path(), progress))?);
    }
    Ok(Report { settings, rows, signature, scaling, growth })
}

async fn measure_rows(
    settings: &Settings,
    folder: &Path,
    progress: &Progress,
) -> Result<(Vec<Row>, Vec<Duration>), Failure> {
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
    let mut signature = Vec::new();
    for _ in 0..settings.rounds {
        signature.push(signature_check()?);
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
    Ok((rows, signature))
}

/// Sign-ins that are not measured: connections to databases are opened.
const WARM_UP: usize = 256;
