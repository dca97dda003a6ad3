//! `cargo run -p rp-conformance --example passkeys-login`: signs a terminal in to a site with a passkey.
//!
//! The program opens the browser, where the user confirms with a passkey. It receives a code at a port of this computer
//! (RFC 8252), and exchanges it for a bearer session with a secret that never left the program (RFC 7636).

mod loopback;
mod output;
mod pkce;
mod site;
mod token_file;

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::{Parser, Subcommand};
use serde_json::Value;

use loopback::Loopback;
use output::Format;
use pkce::Pkce;
use site::Site;
use token_file::{StoredToken, TokenFile};

/// Sign this terminal in to a site with a passkey.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The site.
    #[arg(long, default_value = "http://localhost:8080", value_name = "URL", global = true)]
    site: String,
    /// The ID under which the site knows this program.
    #[arg(long, default_value = "passkeys-login", value_name = "ID", global = true)]
    client: String,
    /// The file that keeps the token, readable by you only.
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
    /// A table, or JSON for programs. By default a table in a terminal, else JSON.
    #[arg(long, value_name = "FORMAT", global = true)]
    format: Option<Format>,
    #[command(subcommand)]
    command: Option<Action>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Action {
    /// Signs in; the default.
    Login {
        /// Prints the address instead of opening the browser.
        #[arg(long)]
        no_browser: bool,
    },
    /// Shows the session.
    Status,
    /// Gets the account report, which requires a passkey in the last two minutes.
    Report,
    /// Prints the token. Anyone with the token can act as you until the session ends.
    Token,
    /// Ends the session and deletes the token.
    Logout,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let site = Site::new(&arguments.site)?;
    let file = TokenFile::new(arguments.token_file.clone())?;
    let format = arguments.format.unwrap_or_else(Format::of_output);
    match arguments.command.unwrap_or(Action::Login { no_browser: false }) {
        Action::Login { no_browser } => {
            let session = sign_in(&site, &arguments.client, no_browser, &file)?;
            format.print_session(&session);
        }
        Action::Status => format.print_session(&site.session(&file.token_for(&site)?)?),
        Action::Report => print!("{}", site.report(&file.token_for(&site)?)?),
        Action::Token => println!("{}", file.token_for(&site)?),
        Action::Logout => {
            if let Ok(token) = file.token_for(&site) {
                site.sign_out(&token)?;
            }
            file.delete()?;
            eprintln!("Signed out.");
        }
    }
    Ok(())
}

/// Signs in, and keeps the token. Returns the facts of the session, without the token.
fn sign_in(site: &Site, client: &str, no_browser: bool, file: &TokenFile) -> Result<Value, Box<dyn Error>> {
    let (loopback, pkce) = (Loopback::bind()?, Pkce::random()?);
    let redirect = loopback.redirect_uri();
    let address = site.authorization_address(client, &redirect, &pkce);
    let opened = !no_browser && open(&address);
    eprintln!(
        "{}\n{address}",
        if opened { "Confirm in your browser. If it does not open:" } else { "Open in your browser:" }
    );
    let code = loopback.wait_for_code(&pkce.state, site.origin())?;
    let mut session = site.redeem(client, &code, &redirect, &pkce)?;
    let token = session.as_object_mut().and_then(|members| {
        members.remove("access_token");
        members.remove("token")
    });
    let token = token.as_ref().and_then(Value::as_str).ok_or("the site sent no token")?;
    file.write(&StoredToken { site: site.origin().to_owned(), token: token.to_owned() })?;
    Ok(session)
}

/// Opens an address in the browser of the user; `false` if it cannot be opened.
fn open(address: &str) -> bool {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // The program returns once the browser has the address.
    command.status().is_ok_and(|status| status.success())
}
