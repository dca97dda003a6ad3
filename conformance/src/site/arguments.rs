//! The command line, and the service that it describes.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;
use std::net::{TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use rp_core::options::{AttestationConveyancePreference, UserVerificationRequirement};
use rp_core::{RelyingParty, Timestamp};
use rp_service::store::{MemoryStore, PostgresStore, RedisStore, SqliteStore, StoreError};
use rp_service::{
    JsonLinesSink, KeyRing, PasskeyEndpoints, Passkeys, PasskeysBuilder, Policy, RecentEvents, RecoveryCodes,
    Secret, Totp,
};

use super::administrators::Administrators;
use super::approval::{Approval, start_provider};
use super::metadata::MetadataArguments;

/// A site with passkeys: create an account, sign in, manage your passkeys.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// The address to listen on.
    #[arg(long, default_value = "localhost:8080", value_name = "HOST:PORT")]
    listen: String,
    /// The origin that browsers see, if it is not http://localhost with the port of --listen.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// The database: a file of SQLite, created if it does not exist, `postgres://USER@HOST/DATABASE`, or `memory`, which is
    /// lost when the site ends.
    #[arg(long, default_value = "passkeys.db", value_name = "FILE|URL|memory")]
    database: String,
    /// Stores ceremonies, and counts attempts, in this Redis server.
    #[arg(long, value_name = "redis://HOST")]
    ceremonies: Option<String>,
    /// Stores sessions in this Redis server.
    #[arg(long, value_name = "redis://HOST")]
    sessions: Option<String>,
    /// The file with the secret, which every node of a site needs; by default it is next to the database file.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// Whether a passkey must verify its user by PIN, fingerprint or face. Security keys without a PIN cannot satisfy
    /// `required`.
    #[arg(long, default_value = "preferred", value_name = "REQUIREMENT")]
    user_verification: UserVerification,
    /// A policy, in TOML. Without it, anyone may create an account, and the rest is the default.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A user in the group `administrators` of the policy, who may open /admin; may be repeated.
    #[arg(long = "administrator", value_name = "USERNAME")]
    administrators: Vec<String>,
    /// Counts how ceremonies end in browsers, which report it.
    #[arg(long)]
    telemetry: bool,
    /// Offers approval at another service as a second factor. The service runs on this machine, for trying it out.
    #[arg(long)]
    approval: bool,
    /// Appends each event to this file, as a line of JSON.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// A file to which every use of a metric is appended, with its labels, for tests.
    #[arg(long, hide = true, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// A file with the number of seconds by which the site's clock is ahead, for tests.
    #[arg(long, hide = true, value_name = "FILE")]
    clock: Option<PathBuf>,
    /// The time within which the head of a request must arrive.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    header_time: u64,
    /// The time within which the body of a request must arrive.
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    body_time: u64,
    #[command(flatten)]
    metadata: MetadataArguments,
}

/// [`UserVerificationRequirement`] as a value of the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum UserVerification {
    Required,
    Preferred,
    Discouraged,
}

impl From<UserVerification> for UserVerificationRequirement {
    fn from(requirement: UserVerification) -> Self {
        match requirement {
            UserVerification::Required => Self::Required,
            UserVerification::Preferred => Self::Preferred,
            UserVerification::Discouraged => Self::Discouraged,
        }
    }
}

impl Arguments {
    /// Listens on every address of the host name: `localhost` has one of IPv4 and one of IPv6.
    pub(super) fn listeners(&self) -> Result<Vec<TcpListener>, Box<dyn Error>> {
        let failed = |error: std::io::Error| {
            format!("cannot listen on {}: {error}; another port: --listen localhost:8081", self.listen)
        };
        let mut listeners: Vec<TcpListener> = Vec::new();
        let mut missing = None;
        for mut address in self.listen.to_socket_addrs().map_err(failed)? {
            // If the system chose the port, every address gets the same one.
            if let (0, Some(first)) = (address.port(), listeners.first()) {
                address.set_port(first.local_addr()?.port());
            }
            match TcpListener::bind(address) {
                Ok(listener) => listeners.push(listener),
                // A machine without IPv6 may still resolve the name to an IPv6 address.
                Err(error) if error.kind() == ErrorKind::AddrNotAvailable => missing = Some(error),
                Err(error) => return Err(failed(error).into()),
            }
        }
        match (listeners.is_empty(), missing) {
            (false, _) => Ok(listeners),
            (true, Some(error)) => Err(failed(error).into()),
            (true, None) => Err(format!("{} is not an address", self.listen).into()),
        }
    }

    /// The administrators.
    pub(super) fn administrators(&self) -> Administrators {
        Administrators(self.administrators.clone())
    }

    /// The file of the metrics.
    pub(super) fn metrics(&self) -> Option<&Path> {
        self.metrics.as_deref()
    }

    /// Whether the page reports how ceremonies end.
    pub(super) fn has_telemetry(&self) -> bool {
        self.telemetry
    }

    pub(super) fn header_time_limit(&self) -> Duration {
        Duration::from_secs(self.header_time)
    }

    /// The origin of a site on this port.
    pub(super) fn origin(&self, port: u16) -> String {
        self.origin.clone().unwrap_or_else(|| format!("http://localhost:{port}"))
    }

    fn policy(&self) -> Result<Policy, Box<dyn Error>> {
        let Some(file) = &self.policy else {
            let mut policy = Policy::default();
            policy.sign_up = true;
            return Ok(policy);
        };
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| format!("--policy {name}: {error}"))?;
        Ok(Policy::from_toml(&text).map_err(|error| format!("--policy {name}: {error}"))?)
    }

    /// The service.
    pub(super) async fn passkeys(
        &self,
        origin: &str,
        events: RecentEvents,
    ) -> Result<Passkeys, Box<dyn Error>> {
        let metadata = self.metadata.load()?;
        let mut rp = RelyingParty::builder(host(origin))
            .name("Passkeys")
            .origin(origin)
            .user_verification(self.user_verification.into());
        if metadata.is_some() {
            rp = rp.attestation(AttestationConveyancePreference::Direct);
        }
        let rp = rp.build()?;
        let mut endpoints = PasskeyEndpoints::default();
        endpoints.enroll = Some(format!("{origin}/#passkeys"));
        endpoints.manage = Some(format!("{origin}/#passkeys"));
        let mut passkeys = Passkeys::builder(rp)
            .secret(self.secret()?)
            .policy(self.policy()?)
            .passkey_endpoints(endpoints)
            .add_events(events)
            .command_line("passkeys-login", "passkeys-login, the example for terminals")
            .body_time_limit(Duration::from_secs(self.body_time))
            .groups(self.administrators());
        if let Some(file) = &self.events {
            passkeys = passkeys.add_events(JsonLinesSink::append(file)?);
        }
        passkeys = self.stores(passkeys).await?;
        passkeys = passkeys.second_factor(Totp::new()).second_factor(RecoveryCodes::new());
        if self.approval {
            let shared = KeyRing::new([Secret::random()?])?;
            let provider = start_provider(&format!("{origin}/"), shared.clone()).await?;
            passkeys = passkeys.second_factor(Approval::new(&provider, shared));
        }
        if let Some(metadata) = metadata {
            passkeys = metadata.configure(passkeys);
        }
        if self.telemetry {
            passkeys = passkeys.browser_telemetry();
        }
        if let Some(file) = self.clock.clone() {
            passkeys = passkeys.clock(move || now(&file));
        }
        Ok(passkeys.build()?)
    }

    /// Opens the stores. With PostgreSQL or Redis there may be several nodes, which count attempts together.
    async fn stores(&self, mut passkeys: PasskeysBuilder) -> Result<PasskeysBuilder, Box<dyn Error>> {
        let failed = |error: StoreError| format!("cannot open the store: {}", causes(&error));
        passkeys = match self.database() {
            Database::Memory => passkeys.store(MemoryStore::new()),
            Database::Sqlite(file) => passkeys.store(SqliteStore::connect(file).await.map_err(failed)?),
            Database::Postgres(url) => {
                let store = PostgresStore::connect(url).await.map_err(failed)?;
                passkeys.store(store.clone()).rate_limiter(store)
            }
        };
        if let Some(url) = &self.ceremonies {
            let store = RedisStore::connect(url).await.map_err(failed)?;
            passkeys = passkeys.ceremonies(store.clone()).rate_limiter(store);
        }
        if let Some(url) = &self.sessions {
            passkeys = passkeys.sessions(RedisStore::connect(url).await.map_err(failed)?);
        }
        Ok(passkeys)
    }

    fn secret(&self) -> Result<Secret, Box<dyn Error>> {
        Ok(match (&self.secret, self.database()) {
            (Some(file), _) => Secret::file(file)?,
            // An in-memory database needs no secret that outlives the process.
            (None, Database::Memory | Database::Sqlite(":memory:")) => Secret::random()?,
            (None, Database::Sqlite(file)) => Secret::file(format!("{file}.secret"))?,
            (None, Database::Postgres(_)) => Secret::file("passkeys.secret")?,
        })
    }

    pub(super) fn database(&self) -> Database<'_> {
        match self.database.as_str() {
            "memory" => Database::Memory,
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Database::Postgres(url)
            }
            file => Database::Sqlite(file.strip_prefix("sqlite://").unwrap_or(file)),
        }
    }
}

/// The database of a site.
#[derive(Clone, Copy, Debug)]
pub(super) enum Database<'a> {
    Memory,
    Sqlite(&'a str),
    Postgres(&'a str),
}

/// The name without the credentials of a URL.
impl fmt::Display for Database<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "in memory",
            Self::Sqlite(file) => file,
            Self::Postgres(url) => url.rsplit_once('@').map_or("PostgreSQL", |(_, host)| host),
        })
    }
}

/// The time, ahead by the seconds in the file.
fn now(file: &Path) -> Timestamp {
    let seconds = std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
    Timestamp::now().saturating_add(Duration::from_secs(seconds.unwrap_or_default()))
}

/// The host of an origin, which is the RP ID.
fn host(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    authority.split(':').next().unwrap_or(authority)
}

/// An error with its causes.
fn causes(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", causes(source)),
        None => error.to_string(),
    }
}
