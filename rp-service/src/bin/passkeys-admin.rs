//! `passkeys-admin DATABASE … COMMAND`: the operator's command, for a site that uses the SQLite store with its own tables.

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use rp_core::{RelyingParty, StaticAnchors};
use rp_service::admin::{Command, execute, with_causes};
use rp_service::store::SqliteStore;
use rp_service::{JsonLinesSink, KeyRing, Passkeys, Policy, RecoveryCodes, Secret, Totp, TracingSink};
use tracing_subscriber::filter::LevelFilter;

/// Operates the passkeys of a site whose users are in rp's own tables in SQLite.
///
/// A site with other stores, users, groups or trust calls `rp_service::admin::run` with its own service.
#[derive(Parser)]
#[command(name = "passkeys-admin", version)]
struct Arguments {
    /// The database; it may be in use.
    #[arg(long, value_name = "FILE")]
    database: PathBuf,
    /// The file with the secret of the site.
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
    /// A file with a key of second factors, if the site has keys other than its secret; the first one encrypts
    #[arg(long, value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// The RP ID of the site.
    #[arg(long, value_name = "DOMAIN")]
    rp_id: String,
    /// The policy of the site.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The file to which events are appended, as lines of JSON; by default they go to standard error
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// A list of authenticator models: a BLOB of the FIDO Metadata Service, or own entries in JSON.
    #[cfg(feature = "mds")]
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

impl Arguments {
    fn has_metadata(&self) -> bool {
        #[cfg(feature = "mds")]
        let has_metadata = self.metadata.is_some();
        #[cfg(not(feature = "mds"))]
        let has_metadata = false;
        has_metadata
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_standard_error(arguments.events.is_some());
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // `eprintln!` panics if standard error is full or closed.
            let _ = writeln!(std::io::stderr(), "passkeys-admin: {}", with_causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    for path in [&arguments.database, &arguments.secret].into_iter().chain(&arguments.keys) {
        if !path.is_file() {
            return Err(format!("{}: there is no such file", path.display()).into());
        }
    }
    if matches!(arguments.command, Command::Rejudge { .. }) && !arguments.has_metadata() {
        return Err("rejudge needs --metadata (feature mds): without it, no attestation is trusted".into());
    }
    let path = arguments.database.to_str().ok_or("the path of the database is not UTF-8")?;
    let origin = format!("https://{}", arguments.rp_id);
    let rp = RelyingParty::builder(&arguments.rp_id).origin(&origin).build()?;
    let policy = match &arguments.policy {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Policy::from_toml(&text)?
        }
        None => Policy::default(),
    };
    let mut builder = Passkeys::builder(rp)
        .store(SqliteStore::connect(path).await?)
        .secret(Secret::file(&arguments.secret)?)
        .second_factor(Totp::new())
        .second_factor(RecoveryCodes::new())
        .policy(policy)
        // Only `rejudge` assesses attestation, and it needs metadata.
        .trust(Arc::new(StaticAnchors::none()))
        .events(TracingSink);
    if !arguments.keys.is_empty() {
        let keys = arguments.keys.iter().map(Secret::file).collect::<Result<Vec<_>, _>>()?;
        builder = builder.keys(KeyRing::new(keys)?);
    }
    if let Some(path) = &arguments.events {
        builder = builder.add_events(JsonLinesSink::append(path)?);
    }
    #[cfg(feature = "mds")]
    if let Some(path) = &arguments.metadata {
        builder = metadata::configure(builder, path)?;
    }
    match execute(&builder.build()?, arguments.command, &mut std::io::stdout()).await {
        Err(error) if error.is_closed_output() => Ok(()),
        result => Ok(result?),
    }
}

/// Writes what is logged to standard error: events, unless they have a file, and events that cannot be written to it.
fn log_to_standard_error(events_have_a_file: bool) {
    let level = if events_have_a_file { LevelFilter::ERROR } else { LevelFilter::INFO };
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).with_ansi(colours);
    // The report of a failed write to standard error would be a write to standard error, and panic.
    log.log_internal_errors(false).init();
}

/// Models by a file of metadata.
#[cfg(feature = "mds")]
mod metadata {
    use std::error::Error;
    use std::path::Path;
    use std::sync::Arc;

    use rp_core::Timestamp;
    use rp_mds::{Catalog, Metadata, MetadataTrust, Policy, Retention, Roots, SharedCatalog, Verification};
    use rp_service::{MetadataDirectory, PasskeysBuilder};

    pub(super) fn configure(
        builder: PasskeysBuilder,
        path: &Path,
    ) -> Result<PasskeysBuilder, Box<dyn Error>> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        // A BLOB begins with base64.
        let metadata = match bytes.trim_ascii_start().first() {
            Some(b'[' | b'{') => Metadata::from_own_entries(&bytes, Retention::ALL)?,
            _ => Verification::new(&Roots::system()?, Timestamp::now()).verify(&bytes)?,
        };
        let current = Arc::new(SharedCatalog::new(Catalog::of("metadata", metadata)));
        let trust = MetadataTrust::new(Arc::clone(&current), Policy::default());
        Ok(builder.trust(Arc::new(trust)).authenticators(MetadataDirectory::new(current)))
    }
}
