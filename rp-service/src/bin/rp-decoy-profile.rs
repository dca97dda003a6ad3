//! `rp-decoy-profile DATABASE FILE`: what the accounts of a site look like, for the credentials that options list for
//! unknown usernames.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use rp_service::DecoySurvey;
use rp_service::admin::with_causes;
use rp_service::store::SqliteStore;

/// Derives a decoy profile from the passkeys in a SQLite database, and writes it as JSON.
///
/// The credentials in options for unknown usernames follow the profile, so that they look like those of real users. Pass the
/// file to `DecoyProfile::from_json` and `PasskeysBuilder::decoy_profile`, and keep it: another profile changes the
/// credentials of unknown usernames, and those of users stay.
#[derive(Parser)]
#[command(name = "rp-decoy-profile", version)]
struct Arguments {
    /// The database; it may be in use.
    database: PathBuf,
    /// The file to write. It must not exist.
    file: PathBuf,
}

/// Below this number of accounts, a profile is a rough estimate.
const FEW: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments { database, file } = Arguments::parse();
    match write(&database, &file).await {
        Ok(accounts) => {
            println!("{accounts} accounts, written to {}", file.display());
            if accounts < FEW {
                eprintln!(
                    "warning: fewer than {FEW} accounts; keep the default profile until there are more, unless all users \
                     have the same authenticators"
                );
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("rp-decoy-profile: {}", with_causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn write(database: &Path, file: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    if !database.is_file() {
        return Err(format!("{}: there is no such database", database.display()).into());
    }
    let path = database.to_str().ok_or("the path of the database is not UTF-8")?;
    let survey = DecoySurvey::of_store(&SqliteStore::connect(path).await?).await?;
    if survey.accounts() == 0 {
        return Err(format!("{}: there are no accounts", database.display()).into());
    }
    let json = survey.profile()?.to_json();
    let created = std::fs::File::create_new(file).and_then(|mut created| writeln!(created, "{json}"));
    created.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("{} exists; a profile must not change while decoys follow it", file.display())
        }
        _ => format!("{}: {error}", file.display()),
    })?;
    Ok(survey.accounts())
}
