use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use rp_core::{CredentialId, Timestamp, base64url};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::passkeys::Operator;
use crate::transfer::ForeignFormat;

/// The commands of `passkeys-admin`. An application can make them part of its own command line.
///
/// A user is named by the username, or by `handle:` and the user handle in base64url.
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// List the users
    Users,
    /// Show a user: passkeys, second factors, sessions, and the state under the policy
    Show {
        /// The username, or handle:HANDLE
        user: String,
        /// How users sign in
        #[command(flatten)]
        sign_in: SignInArguments,
    },
    /// Show what happened to a user, from a file of events in JSON lines
    Events {
        /// The username, or handle:HANDLE
        user: String,
        /// The file
        #[arg(long, value_name = "FILE")]
        log: PathBuf,
    },
    /// Lock a user, and end the user's sessions
    Lock(UserArguments),
    /// Unlock a user
    Unlock(UserArguments),
    /// End all sessions of a user
    EndSessions(UserArguments),
    /// Delete a passkey, also a user's last one, and end the sessions that it opened
    Revoke {
        /// The credential ID, in base64url
        #[arg(value_parser = credential)]
        credential: CredentialId,
        /// Why
        #[command(flatten)]
        operator: OperatorArguments,
    },
    /// Delete the second factors of a user except passkeys, and end the user's sessions
    ResetFactors(UserArguments),
    /// Print a single-use grant with which a user can add one passkey after the first factor
    Invite {
        /// The user, and why
        #[command(flatten)]
        user: UserArguments,
        /// How long the grant can be used
        #[arg(long, value_name = "N", default_value_t = 24)]
        hours: u32,
    },
    /// Work on the policy
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Assess the attestation of all passkeys again, after metadata or the policy changed, and store the results
    Rejudge {
        /// Show what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The reason, which is in the events
        #[arg(long = "reason", value_name = "TEXT", value_parser = Operator::new, required_unless_present = "dry_run")]
        operator: Option<Operator>,
    },
    /// Write all users and passkeys into a new file, as lines of JSON
    Export {
        /// The file; it must not exist, and is its owner's only
        file: PathBuf,
        /// Export second factors as well, encrypted with the key in this file, which is created if it does not exist
        #[arg(long, value_name = "KEYFILE")]
        factors: Option<PathBuf>,
        /// Why
        #[command(flatten)]
        operator: OperatorArguments,
    },
    /// Read an export, or the records of another library, one a line
    Import {
        /// The file
        file: PathBuf,
        /// The library that made the records
        #[arg(long, value_enum, value_name = "LIBRARY")]
        from: Option<Library>,
        /// The site has required user verification at every registration
        #[arg(long, requires = "from")]
        user_verification_was_required: bool,
        /// The file with the key of the second factors in an export
        #[arg(long, value_name = "KEYFILE", conflicts_with = "from")]
        factors: Option<PathBuf>,
        /// Why
        #[command(flatten)]
        operator: OperatorArguments,
    },
}

/// Commands on the policy.
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum PolicyCommand {
    /// Show who would be reminded, who would have to enrol, and who would be locked out; nothing is changed
    Check {
        /// At this time: a day such as 2027-01-15, or a time in RFC 3339; now by default
        #[arg(long, value_name = "DATE", value_parser = timestamp)]
        at: Option<Timestamp>,
        /// Under the policy in this file instead of the service's
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// Print the numbers only
        #[arg(long)]
        summary: bool,
        /// How users sign in
        #[command(flatten)]
        sign_in: SignInArguments,
    },
}

/// A user, and why something is done to the user.
#[derive(Clone, Debug, Args)]
pub struct UserArguments {
    /// The username, or handle:HANDLE
    pub user: String,
    /// The operator.
    #[command(flatten)]
    pub operator: OperatorArguments,
}

/// Why an operator does something.
#[derive(Clone, Debug, Args)]
pub struct OperatorArguments {
    /// The reason, which is in the event
    #[arg(long = "reason", value_name = "TEXT", value_parser = Operator::new)]
    pub operator: Operator,
}

/// How users sign in.
#[derive(Clone, Copy, Debug, Args)]
pub struct SignInArguments {
    /// Users have no password or other first factor of the application
    #[arg(long)]
    pub passwordless: bool,
}

/// A library whose records can be imported.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[non_exhaustive]
pub enum Library {
    /// webauthn-rs
    #[value(name = "webauthn-rs")]
    WebauthnRs,
    /// SimpleWebAuthn
    #[value(name = "simplewebauthn")]
    SimpleWebauthn,
    /// go-webauthn
    #[value(name = "go-webauthn")]
    GoWebauthn,
    /// java-webauthn-server
    #[value(name = "java-webauthn-server")]
    JavaWebauthnServer,
}

impl From<Library> for ForeignFormat {
    fn from(library: Library) -> Self {
        match library {
            Library::WebauthnRs => Self::WebauthnRs,
            Library::SimpleWebauthn => Self::SimpleWebauthn,
            Library::GoWebauthn => Self::GoWebauthn,
            Library::JavaWebauthnServer => Self::JavaWebauthnServer,
        }
    }
}

fn credential(text: &str) -> Result<CredentialId, String> {
    let bytes = base64url::decode(text).map_err(|error| error.to_string())?;
    CredentialId::try_from(bytes.as_slice()).map_err(|error| error.to_string())
}

fn timestamp(text: &str) -> Result<Timestamp, String> {
    let day = format_description!("[year]-[month]-[day]");
    if let Ok(date) = time::Date::parse(text, &day) {
        return Ok(date.into());
    }
    let time = OffsetDateTime::parse(text, &Rfc3339);
    let time = time.map_err(|_| "expected a day such as 2027-01-15, or a time in RFC 3339".to_owned())?;
    Ok(Timestamp::from_unix_seconds(time.unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        let seconds = |text| timestamp(text).map(Timestamp::as_unix_seconds);
        assert_eq!(seconds("2027-01-15"), Ok(1_799_971_200));
        assert_eq!(seconds("2027-01-15T01:00:00+01:00"), Ok(1_799_971_200));
        assert!(seconds("15.1.2027").is_err());
    }

    #[test]
    fn a_credential_id_is_base64url() {
        assert_eq!(credential("AQI").unwrap().as_bytes(), [1, 2]);
        assert!(credential("").is_err());
        assert!(credential("?").is_err());
    }
}
