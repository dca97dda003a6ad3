//! Measures whether the time of a response reveals that a username exists.
//!
//! A service with accounts of every algorithm and of 1, 4 and 20 passkeys is served over HTTP on loopback. For each cell
//! (options or verify, in memory, SQLite or PostgreSQL, idle or next to 8 busy connections), requests for known usernames, unknown ones
//! and a second set of unknown ones are sent in random order over one connection. The area under the ROC curve (AUC) is the
//! probability that a response for a known username takes longer than one for an unknown username: 0.5 if time reveals
//! nothing. The same of both sets of unknown usernames is the control.
//!
//! The bound is 0.05 away from 0.5. With 5,000 requests per cell, the standard error of the AUC is 0.01, so that chance
//! alone exceeds the bound in less than one of a million cells.

mod population;
mod postgres;
mod requests;
mod server;
mod statistics;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rp_service::store::{MemoryStore, PostgresStore, SqliteStore};

use self::population::{ORIGIN, Usernames, service};
use self::postgres::Schema;
use self::requests::{Forger, discoverable, options, verify};
use self::server::Server;
use self::statistics::{Random, auc, median, standard_error};
use crate::connection::{Connection, Failure};

/// The request that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `authentication/options` with a username.
    Options,
    /// `authentication/verify` with a forged response to such options.
    Verify,
}

/// Where the service stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A [`MemoryStore`].
    Memory,
    /// A [`SqliteStore`] in a file.
    Sqlite,
    /// A [`PostgresStore`] in a schema of its own.
    Postgres,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The operation.
    pub operation: Operation,
    /// The store.
    pub storage: Storage,
    /// The number of other connections that send requests at the same time.
    pub connections: usize,
}

impl Cell {
    /// The number of other connections of a busy cell.
    pub const BUSY: usize = 8;

    /// Both operations with each of these stores, idle and busy.
    #[must_use]
    pub fn of(storages: &[Storage]) -> Vec<Self> {
        let mut cells = Vec::new();
        for operation in [Operation::Options, Operation::Verify] {
            for &storage in storages {
                for connections in [0, Self::BUSY] {
                    cells.push(Self { operation, storage, connections });
                }
            }
        }
        cells
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = match self.operation {
            Operation::Options => "options",
            Operation::Verify => "verify",
        };
        let storage = match self.storage {
            Storage::Memory => "memory",
            Storage::Sqlite => "SQLite",
            Storage::Postgres => "PostgreSQL",
        };
        let load =
            if self.connections == 0 { "idle".into() } else { format!("{} connections", self.connections) };
        write!(f, "{operation}, {storage}, {load}")
    }
}

/// The result of a cell.
#[derive(Clone, Copy, Debug)]
pub struct Measurement {
    /// The cell.
    pub cell: Cell,
    /// The number of requests.
    pub requests: usize,
    /// Known against unknown usernames.
    pub auc: f64,
    /// The standard error of `auc` if time reveals nothing.
    pub standard_error: f64,
    /// Unknown against other unknown usernames.
    pub control: f64,
    /// The median time of known usernames.
    pub known: Duration,
    /// The median time of unknown usernames.
    pub unknown: Duration,
}

impl Measurement {
    /// Whether the AUC is between 0.45 and 0.55.
    #[must_use]
    pub fn is_even(&self) -> bool {
        (0.45..=0.55).contains(&self.auc)
    }
}

/// Measures a cell with this many requests, in groups of three. `progress` is called after each request. `postgres` is the
/// URL of the server for [`Storage::Postgres`].
///
/// # Errors
/// If the service cannot be set up, or a response is not the expected one.
pub fn measure(
    cell: Cell,
    requests: usize,
    postgres: Option<&str>,
    progress: impl Fn(),
) -> Result<Measurement, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // The server and the other connections have threads of their own.
    let others = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let mut schema = None;
    let passkeys = others.block_on(async {
        match cell.storage {
            Storage::Memory => service(MemoryStore::new()).await,
            Storage::Postgres => {
                let url = postgres.ok_or("no URL of a PostgreSQL server")?;
                let schema = schema.insert(Schema::create(url).await?);
                service(PostgresStore::from_pool(schema.pool().await?).await?).await
            }
            Storage::Sqlite => {
                let file = folder.path().join("passkeys.db");
                let store = SqliteStore::connect(&file.to_string_lossy()).await?;
                service(store).await
            }
        }
    })?;
    let server = others.block_on(Server::start(passkeys))?;
    let is_over = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..cell.connections)
        .map(|number| others.spawn(keep_busy(server.address, number, Arc::clone(&is_over))))
        .collect();
    let times = runtime.block_on(send(cell, &server, requests, progress));
    is_over.store(true, Ordering::Relaxed);
    for connection in busy {
        others.block_on(connection)?.map_err(|error| error.to_string())?;
    }
    if let Some(schema) = schema {
        others.block_on(schema.drop())?;
    }
    let [known, unknown, other] = times.map_err(|error| error.to_string())?;
    Ok(Measurement {
        cell,
        requests: [&known, &unknown, &other].map(Vec::len).iter().sum(),
        auc: auc(&known, &unknown),
        standard_error: standard_error(known.len(), unknown.len()),
        control: auc(&other, &unknown),
        known: median(&known),
        unknown: median(&unknown),
    })
}

/// The times of known, unknown and other unknown usernames.
async fn send(
    cell: Cell,
    server: &Server,
    requests: usize,
    progress: impl Fn(),
) -> Result<[Vec<Duration>; 3], Failure> {
    let mut connection = Connection::open(server.address, ORIGIN).await?;
    let (mut random, mut forger) = (Random::new(1), Forger::default());
    let usernames = Usernames::SETS;
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..requests.div_ceil(usernames.len()).saturating_add(WARM_UP) {
        let mut order = [0, 1, 2];
        random.shuffle(&mut order);
        for set in order {
            let (Some(usernames), Some(times)) = (usernames.get(set), times.get_mut(set)) else { continue };
            let username = usernames.name(round);
            let time = match cell.operation {
                Operation::Options => options(&mut connection, &username).await?.1,
                Operation::Verify => {
                    let (options, _) = options(&mut connection, &username).await?;
                    verify(&mut connection, &forger.forge(&options, &mut random)?).await?
                }
            };
            if round >= WARM_UP {
                times.push(time);
                progress();
            }
        }
    }
    Ok(times)
}

/// Sends options requests with and without usernames, until the measurement is over.
async fn keep_busy(
    address: std::net::SocketAddr,
    number: usize,
    is_over: Arc<AtomicBool>,
) -> Result<(), Failure> {
    let mut connection = Connection::open(address, ORIGIN).await?;
    let mut round = number;
    while !is_over.load(Ordering::Relaxed) {
        for usernames in Usernames::SETS {
            options(&mut connection, &usernames.name(round)).await?;
            discoverable(&mut connection).await?;
        }
        round = round.wrapping_add(Cell::BUSY);
    }
    Ok(())
}

/// Rounds that are not measured: connections to the database are opened, and code and data are loaded.
const WARM_UP: usize = 20;
