//! The example site of both adapters: arguments, service, pages and metadata. An example adds the server.
//!
//! The browser tests in `tests/browser` start the examples and use the pages in headless Chromium.

mod application;
mod approval;
mod arguments;
mod assets;
mod metadata;
mod passwords;

pub use application::{Answer, AppRoute, Application};
pub use approval::{Approval, start_provider};
pub use arguments::Arguments;
pub use assets::Asset;

use std::error::Error;
use std::io::IsTerminal;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use rp_service::Passkeys;
use tracing_subscriber::EnvFilter;

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
        let passkeys = arguments.passkeys(&origin).await?;
        let application = Application::new(Passwords::open(arguments.database()).await?);
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

/// Logs errors and the events of metadata, or what `RUST_LOG` selects.
fn log() {
    let filter = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_else(|_| "error,rp_mds=info".to_owned());
    let colours = std::io::stdout().is_terminal();
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_ansi(colours).init();
}
