//! What both example sites share: the command line, the page's files, and the service behind them.

use std::error::Error;
use std::fs;
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

use clap::Parser;
use rp_core::{RelyingParty, base64url};
use rp_service::store::SqliteStore;
use rp_service::{PasskeyEndpoints, PasskeyProviders, Passkeys, Policy};

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
}

impl Args {
    /// Every address that the name stands for: `localhost` is two.
    pub(crate) fn addresses(&self) -> Result<Vec<SocketAddr>, Box<dyn Error>> {
        let addresses: Vec<_> = self.listen.to_socket_addrs()?.collect();
        if addresses.is_empty() {
            Err(format!("{} is no address", self.listen).into())
        } else {
            Ok(addresses)
        }
    }

    /// The origin, once the port is known.
    pub(crate) fn origin(&self, port: u16) -> String {
        self.origin.clone().unwrap_or_else(|| format!("http://localhost:{port}"))
    }

    /// The service: anybody may open an account, and everything else is as it comes.
    pub(crate) async fn passkeys(&self, origin: &str) -> Result<Passkeys<SqliteStore>, Box<dyn Error>> {
        let rp = RelyingParty::builder(host(origin)).name("Passkeys").origin(origin).build()?;
        let store = SqliteStore::connect(&self.database).await?;
        let endpoints = PasskeyEndpoints {
            enroll: Some(format!("{origin}/#passkeys")),
            manage: Some(format!("{origin}/#passkeys")),
        };
        let passkeys = Passkeys::builder(rp, store, secret(&format!("{}.secret", self.database))?)
            .policy(Policy { sign_up: true, ..Policy::default() })
            .models(PasskeyProviders)
            .passkey_endpoints(endpoints)
            .build()?;
        Ok(passkeys)
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
            let text = base64url::encode(secret.as_bytes());
            create_private(Path::new(file))?.write_all(text.as_bytes())?;
            Ok(secret.as_bytes().to_vec())
        }
        Err(error) => Err(error.into()),
    }
}

fn create_private(file: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
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
