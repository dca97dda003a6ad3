//! A site or an empty handler in a process of its own.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::settings::{Settings, Site, Storage};
use crate::connection::Failure;

/// A server, which is killed on drop.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    pub(super) origin: String,
}

/// Limits of a server.
#[derive(Default)]
pub(super) struct Limits<'a> {
    /// The number of processor cores; all of them if `None`.
    pub(super) cores: Option<usize>,
    /// The file with the number of seconds by which the clock of the site is ahead.
    pub(super) clock: Option<&'a Path>,
}

/// The policy of the sites: anyone may sign up, and nothing is limited.
const POLICY: &str = "sign_up = true

[limits]
ceremonies_per_address = { attempts = 4294967295 }
sign_ups_per_address = { attempts = 4294967295 }
";

impl Server {
    /// Starts the server of a site on all cores.
    pub(super) fn start(
        site: &Site,
        storage: Storage,
        settings: &Settings,
        folder: &Path,
    ) -> Result<Self, Failure> {
        Self::start_with(site, storage, settings, folder, &Limits::default())
    }

    /// Starts the server of a site.
    pub(super) fn start_with(
        site: &Site,
        storage: Storage,
        settings: &Settings,
        folder: &Path,
        limits: &Limits<'_>,
    ) -> Result<Self, Failure> {
        let mut arguments: Vec<String> = Vec::new();
        let program = if storage == Storage::Nothing {
            arguments.extend(["empty-handler".into(), site.framework.to_string()]);
            std::env::current_exe()?
        } else {
            let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
            fs::write(file("policy.toml"), POLICY)?;
            let missing = || format!("no server for {storage}");
            let postgres = || settings.postgres.clone().ok_or_else(missing);
            let database = match storage {
                Storage::Nothing | Storage::Memory => "memory".to_owned(),
                Storage::Sqlite => file(&format!("{}.db", site.framework)),
                Storage::Postgres | Storage::PostgresAndRedis => postgres()?,
            };
            let words =
                ["--listen", "localhost:0", "--database", &database, "--policy", &file("policy.toml")];
            arguments.extend(words.map(str::to_owned));
            arguments.extend(["--secret".to_owned(), file("secret")]);
            if storage == Storage::PostgresAndRedis {
                arguments.extend(["--ceremonies".to_owned(), settings.redis.clone().ok_or_else(missing)?]);
            }
            if let Some(clock) = limits.clock {
                arguments.extend(["--clock".to_owned(), clock.to_string_lossy().into_owned()]);
            }
            site.program.clone()
        };
        let mut command = match limits.cores {
            Some(cores) => {
                let mut taskset = Command::new("taskset");
                taskset.args(["--cpu-list", &format!("0-{}", cores.saturating_sub(1))]).arg(program);
                taskset
            }
            None => Command::new(program),
        };
        // The reader of a pipe would take turns with the server.
        let log = tempfile::NamedTempFile::new_in(folder)?;
        command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null()).stdout(log.reopen()?);
        let mut child = command.spawn()?;
        let port = loop {
            if let Some(port) = fs::read_to_string(log.path())?.lines().find_map(port) {
                break port;
            }
            if child.try_wait()?.is_some() {
                return Err("the server ended".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Self { child, address, origin: format!("http://localhost:{port}") })
    }

    /// The processor time of all threads.
    pub(super) fn processor_time(&self) -> io::Result<Duration> {
        let mut nanoseconds = 0_u64;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may have ended.
            let Ok(schedule) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            let first = schedule.split(' ').next().and_then(|number| number.parse().ok());
            nanoseconds = nanoseconds.saturating_add(first.unwrap_or(0));
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The resident memory, in KiB.
    pub(super) fn resident_kib(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The port in the line that a server prints when it is ready.
fn port(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("http://localhost:")?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}
