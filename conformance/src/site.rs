//! The example site of both adapters: arguments, service, pages and metadata. An example adds the server.
//!
//! The browser tests in `tests/browser` start the examples and use the pages in headless Chromium.

mod administration;
mod administrators;
mod answer;
mod application;
mod approval;
mod arguments;
mod assets;
mod metadata;
mod metrics_file;
mod passwords;

pub use answer::Answer;
pub use application::{AppRoute, Application};
pub use approval::{Approval, start_provider};
pub use arguments::Arguments;
pub use assets::Asset;

use std::error::Error;
use std::io::IsTerminal;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use rp_service::{Passkeys, RecentEvents};
use tracing_subscriber::EnvFilter;

use self::administration::Administration;
use self::metrics_file::MetricsFile;
use self::passwords::Passwords;

/// A site that is ready to serve.
#[derive(Debug)]
pub struct Site {
    /// The service.
    pub passkeys: Passkeys,
    /// The routes of the example itself.
    pub application: Application,
    /// A listener for each address of the host name.
    pub listeners: Vec<TcpListener>,
    /// The time within which the head of a request must arrive.
    pub header_time_limit: Duration,
    has_telemetry: bool,
    origin: String,
    database: String,
}

impl Site {
    /// Reads the command line, starts the log, listens, and opens the database.
    ///
    /// # Errors
    /// If an address, the database, the secret or the metadata cannot be used.
    pub async fn open() -> Result<Self, Box<dyn Error>> {
        log();
        let arguments = Arguments::parse();
        let listeners = arguments.listeners()?;
        let port = listeners.first().map(TcpListener::local_addr).transpose()?.as_ref().map(SocketAddr::port);
        let origin = arguments.origin(port.unwrap_or_default());
        if let Some(file) = arguments.metrics() {
            MetricsFile::install(file)?;
        }
        let events = RecentEvents::new(KEPT_EVENTS);
        let passkeys = arguments.passkeys(&origin, events.clone()).await?;
        let administration = Administration { administrators: arguments.administrators(), events };
        let application = Application::new(Passwords::open(arguments.database()).await?, administration);
        let header_time_limit = arguments.header_time_limit();
        let has_telemetry = arguments.has_telemetry();
        let database = arguments.database().to_string();
        Ok(Self { passkeys, application, listeners, header_time_limit, has_telemetry, origin, database })
    }

    /// The files of the pages.
    #[must_use]
    pub fn assets(&self) -> Vec<Asset> {
        assets::assets(self.has_telemetry)
    }

    /// Prints the address of the site.
    pub fn announce(&self) {
        println!("Passkeys at {} (database {}); stop with Ctrl+C", self.origin, self.database);
        println!("Signatures are verified by {}", rp_core::cose::backends());
    }
}

/// Prints the error that ended the site, and returns the exit status.
pub fn exit(ran: Result<(), Box<dyn Error>>) -> ExitCode {
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Logs what [`LOGGED`] selects, or `RUST_LOG`.
fn log() {
    let filter = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_else(|_| LOGGED.to_owned());
    let colours = std::io::stdout().is_terminal();
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_ansi(colours).init();
}

/// Errors, and every event of the service and of metadata.
const LOGGED: &str = "error,rp=info,rp_mds=info";
/// Events that the administrator's page can show: about five megabytes.
const KEPT_EVENTS: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex, PoisonError};

    use rp_service::TracingSink;

    use super::*;
    use crate::http::{Fixture, ORIGIN, Setup, UserAgent, bare};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn sign_ins_are_logged_by_default() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(LOGGED))
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let guard = tracing::subscriber::set_default(log);
        let setup = Setup { service: Box::new(|builder| builder.events(TracingSink)), ..Setup::default() };
        let mut kim = UserAgent::new(&bare(&Fixture::new(setup)), ORIGIN, "kim");
        kim.sign_up("kim").await;
        kim.sign_in().await;
        kim.sign_out().await;
        drop(guard);
        let log = lines.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let log = String::from_utf8(log).unwrap_or_default();
        for action in ["sign-up", "sign-in", "sign-out"] {
            let logged = log.lines().filter(|line| line.contains(&format!(r#"action="{action}""#)));
            assert_eq!(logged.count(), 1, "{action} in {log}");
        }
    }
}
