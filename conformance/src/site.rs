//! What both example sites share: the command line, the page's files, and the service behind them.

// From both examples the same file: `site.rs` is a module of one by its name, and of the other by its path.
#[path = "metadata.rs"]
mod metadata;

use std::error::Error;
use std::fs;
use std::io::{ErrorKind, IsTerminal, Write};
use std::net::{TcpListener, ToSocketAddrs};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use metadata::MetadataArgs;
use rp_core::options::{AttestationConveyancePreference, UserVerificationRequirement};
use rp_core::{RelyingParty, base64url};
use rp_service::store::SqliteStore;
use rp_service::{PasskeyEndpoints, Passkeys, Policy};
use tracing_subscriber::EnvFilter;

/// A site with passkeys: create an account, sign in, look after your passkeys.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// The address to listen on.
    #[arg(long, default_value = "localhost:8080", value_name = "HOST:PORT")]
    listen: String,
    /// The origin that browsers see, if it is not http://localhost with the port listened on.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// The SQLite database; made if it is not there.
    #[arg(long, default_value = "passkeys.db", value_name = "FILE")]
    database: String,
    /// Whether a passkey has to check who uses it, by PIN, fingerprint or face. What is required, security keys
    /// without a PIN cannot do.
    #[arg(long, default_value = "preferred", value_name = "WHETHER")]
    user_verification: UserVerification,
    #[command(flatten)]
    metadata: MetadataArgs,
}

/// [`UserVerificationRequirement`] as the command line has it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum UserVerification {
    Required,
    Preferred,
    Discouraged,
}

impl From<UserVerification> for UserVerificationRequirement {
    fn from(whether: UserVerification) -> Self {
        match whether {
            UserVerification::Required => Self::Required,
            UserVerification::Preferred => Self::Preferred,
            UserVerification::Discouraged => Self::Discouraged,
        }
    }
}

impl Args {
    /// Listens on every address that the name stands for: `localhost` is two, where the machine has both.
    pub(crate) fn listeners(&self) -> Result<Vec<TcpListener>, Box<dyn Error>> {
        let refused = |error: std::io::Error| {
            format!("cannot listen on {}: {error}; another port: --listen localhost:8081", self.listen)
        };
        let mut listeners: Vec<TcpListener> = Vec::new();
        let mut missing = None;
        for mut address in self.listen.to_socket_addrs().map_err(refused)? {
            // Where the system chose a port, every address of the name gets the same.
            if let (0, Some(first)) = (address.port(), listeners.first()) {
                address.set_port(first.local_addr()?.port());
            }
            match TcpListener::bind(address) {
                Ok(listener) => listeners.push(listener),
                // A machine without IPv6 may still know the name's address.
                Err(error) if error.kind() == ErrorKind::AddrNotAvailable => missing = Some(error),
                Err(error) => return Err(refused(error).into()),
            }
        }
        match (listeners.is_empty(), missing) {
            (false, _) => Ok(listeners),
            (true, Some(error)) => Err(refused(error).into()),
            (true, None) => Err(format!("{} is no address", self.listen).into()),
        }
    }

    /// The origin, once the port is known.
    pub(crate) fn origin(&self, port: u16) -> String {
        self.origin.clone().unwrap_or_else(|| format!("http://localhost:{port}"))
    }

    /// The service: anybody may open an account, and everything else is as it comes.
    pub(crate) async fn passkeys(&self, origin: &str) -> Result<Passkeys<SqliteStore>, Box<dyn Error>> {
        let metadata = self.metadata.load()?;
        let mut rp = RelyingParty::builder(host(origin))
            .name("Passkeys")
            .origin(origin)
            .user_verification(self.user_verification.into());
        if metadata.is_some() {
            rp = rp.attestation(AttestationConveyancePreference::Direct);
        }
        let rp = rp.build()?;
        let store = SqliteStore::connect(&self.database)
            .await
            .map_err(|error| format!("cannot open the database {}: {}", self.database, reason(&error)))?;
        let endpoints = PasskeyEndpoints {
            enroll: Some(format!("{origin}/#passkeys")),
            manage: Some(format!("{origin}/#passkeys")),
        };
        // What is kept in memory needs no secret that outlives it.
        let secret = match self.database.as_str() {
            ":memory:" => rp_core::Challenge::random()?.as_bytes().to_vec(),
            file => {
                let file = format!("{file}.secret");
                secret(&file).map_err(|error| format!("cannot keep the secret {file}: {error}"))?
            }
        };
        let mut passkeys = Passkeys::builder(rp, store, secret)
            .policy(Policy { sign_up: true, ..Policy::default() })
            .passkey_endpoints(endpoints);
        if let Some(metadata) = &metadata {
            passkeys = metadata.behind(passkeys);
        }
        Ok(passkeys.build()?)
    }
}

/// The host of an origin, which is the RP ID.
fn host(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    authority.split(':').next().unwrap_or(authority)
}

/// The secret behind what unknown usernames are shown: made once, and the same after every restart.
fn secret(file: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(base64url::decode(text.trim())?),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret = rp_core::Challenge::random()?;
            write_private(file, base64url::encode(secret.as_bytes()).as_bytes())?;
            Ok(secret.as_bytes().to_vec())
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes a file that nobody else may read, whole or not at all.
fn write_private(file: &str, content: &[u8]) -> std::io::Result<()> {
    let unfinished = format!("{file}.{}", std::process::id());
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(&unfinished)?;
    opened.write_all(content)?;
    opened.sync_all()?;
    fs::rename(&unfinished, Path::new(file))
}

/// What went wrong, and what that came from.
fn reason(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", reason(source)),
        None => error.to_string(),
    }
}

/// Logs what went wrong and what comes of metadata, or what `RUST_LOG` asks for.
pub(crate) fn log() {
    let filter = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_else(|_| "error,rp_mds=info".to_owned());
    let colours = std::io::stdout().is_terminal();
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_ansi(colours).init();
}

/// Says in plain words why the site ended.
pub(crate) fn outcome(ran: Result<(), Box<dyn Error>>) -> ExitCode {
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Says where the site is, once it is there.
pub(crate) fn announce(origin: &str, database: &str) {
    println!("Passkeys at {origin} (database {database}); stop with Ctrl+C");
}

impl Args {
    /// The database, for [`announce`].
    pub(crate) fn database(&self) -> &str {
        &self.database
    }
}

/// Nothing that is not the page's own: no inline script or style, no frame around it.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asset {
    /// Where it is served.
    pub(crate) path: &'static str,
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// What it holds.
    pub(crate) content: &'static str,
}

/// The page.
pub(crate) const ASSETS: [Asset; 6] = [
    Asset { path: "/", media_type: "text/html; charset=utf-8", content: include_str!("site/index.html") },
    Asset {
        path: "/app.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_str!("site/app.js"),
    },
    Asset {
        path: "/ceremonies.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_str!("site/ceremonies.js"),
    },
    Asset {
        path: "/words.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_str!("site/words.js"),
    },
    Asset {
        path: "/style.css",
        media_type: "text/css; charset=utf-8",
        content: include_str!("site/style.css"),
    },
    Asset { path: "/icon.svg", media_type: "image/svg+xml", content: include_str!("site/icon.svg") },
];

/// The headers of the page's files.
pub(crate) fn asset_headers(asset: &Asset) -> [(&'static str, &'static str); 5] {
    [
        ("content-type", asset.media_type),
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-cache"),
    ]
}
