//! The example sites, each a process with its own database.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;

use crate::built;
use crate::folder::Folder;
use crate::process::{Process, number_after};
use crate::secrets;

/// One of the two example sites.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Axum,
    Actix,
}

impl Kind {
    pub(crate) const BOTH: [Self; 2] = [Self::Axum, Self::Actix];

    /// The example's binary.
    pub(crate) fn binary(self) -> PathBuf {
        example(match self {
            Self::Axum => "passkeys",
            Self::Actix => "passkeys-actix",
        })
    }
}

/// The binary of an example; all are built once.
pub(crate) fn example(name: &str) -> PathBuf {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
        let examples =
            ["--example", "passkeys", "--example", "passkeys-actix", "--example", "passkeys-login"];
        built::build(&examples).join("examples")
    });
    BUILT.join(built::executable(name))
}

/// A running site.
pub(crate) struct Site {
    process: Process,
    folder: Folder,
    kind: Kind,
    port: u16,
}

impl Site {
    /// Starts the site with additional arguments and waits until it listens. It has no network.
    pub(crate) fn start(kind: Kind, arguments: &[&str]) -> Self {
        let folder = Folder::new("site");
        let mut command = Command::new(kind.binary());
        command
            .args(["--listen", "127.0.0.1:0", "--database"])
            .arg(folder.path().join("passkeys.db"))
            .arg("--clock")
            .arg(folder.path().join("clock"))
            .arg("--events")
            .arg(folder.path().join(EVENTS))
            .arg("--metrics")
            .arg(folder.path().join(METRICS))
            .args(arguments)
            .env("HTTPS_PROXY", NOBODY)
            .env_remove("RUST_LOG");
        let errors = File::create(folder.path().join(ERRORS)).unwrap();
        let process = Process::start_with(&mut command, Stdio::from(errors));
        let port = process.wait_for(|line| number_after(line, "http://localhost:")).expect("the site ended");
        Self { process, folder, kind, port }
    }

    /// Sets the site's clock ahead by this time, counted from the real one.
    pub(crate) fn set_clock_ahead(&self, time: Duration) {
        self.folder.write("clock.new", time.as_secs().to_string().as_bytes());
        // The site never reads half a number.
        std::fs::rename(self.folder.path().join("clock.new"), self.folder.path().join("clock")).unwrap();
    }

    /// The file of its database.
    pub(crate) fn database(&self) -> String {
        self.folder.path().join("passkeys.db").display().to_string()
    }

    /// Its origin, with the host name of the RP ID.
    pub(crate) fn origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The same server with another host name.
    pub(crate) fn other_name(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Writes a screenshot to `target/screenshots`.
    pub(crate) fn keep_picture(&self, name: &str, png: &[u8]) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}-{:?}.png", self.kind).to_lowercase()), png).unwrap();
    }

    /// Posts without `Origin`, with the cookies in `jar`, as a program that is not a browser does.
    pub(crate) fn post(&self, route: &str, body: &Value, jar: &mut Vec<String>) -> (u16, Value) {
        let url = format!("{}/webauthn/{route}", self.origin());
        let cookies = jar.join("; ");
        let mut answer = crate::webdriver::agent()
            .post(&url)
            .header("cookie", &cookies)
            .header("sec-fetch-site", "none")
            .send_json(body)
            .unwrap();
        secrets::keep_request(&body.to_string());
        for cookie in answer.headers().get_all("set-cookie") {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            secrets::keep_cookie(pair);
            let (name, _) = pair.split_once('=').unwrap();
            jar.retain(|kept| !kept.starts_with(&format!("{name}=")));
            jar.push(pair.to_owned());
        }
        let (status, body) = (answer.status().as_u16(), answer.body_mut().read_json::<Value>().unwrap());
        secrets::keep_response(&body.to_string());
        (status, body)
    }
}

/// Everything that leaves the site except responses is searched for secrets at the end of the test.
impl Drop for Site {
    fn drop(&mut self) {
        let log = self.process.end().join("\n");
        secrets::keep_output("log", log);
        for file in [EVENTS, METRICS, ERRORS] {
            let text = std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default();
            secrets::keep_output(file, text);
        }
    }
}

const EVENTS: &str = "events.jsonl";
const METRICS: &str = "metrics.txt";
const ERRORS: &str = "errors.txt";

/// An address where nothing listens: the discard port.
pub(crate) const NOBODY: &str = "http://127.0.0.1:9";
