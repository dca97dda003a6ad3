//! The example sites, killed while they write: nothing acknowledged is lost, nothing is revived, nothing is replayed.

use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rp_conformance::authenticator::Authenticator;
use rp_conformance::http::{HttpRequest, Site, UserAgent};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::network::{answered, block_on, send};
use crate::process::{Process, number_after};
use crate::site::{Kind, NOBODY};

/// How often each site is killed.
const ROUNDS: u64 = 24;
/// The clients that write at the same time.
const CLIENTS: u64 = 4;

#[test]
fn a_killed_axum_site_keeps_what_it_acknowledged() {
    kill_while_writing(Kind::Axum);
}

#[test]
fn a_killed_actix_site_keeps_what_it_acknowledged() {
    kill_while_writing(Kind::Actix);
}

fn kill_while_writing(kind: Kind) {
    let folder = Folder::new("crash");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let start = || {
        let mut command = Command::new(kind.binary());
        command
            .args(["--listen", &format!("127.0.0.1:{port}"), "--database"])
            .arg(folder.path().join("passkeys.db"))
            .env("HTTPS_PROXY", NOBODY)
            .env_remove("RUST_LOG");
        let process = Process::start(&mut command);
        process.wait_for(|line| number_after(line, "http://localhost:")).expect("the site ended");
        process
    };
    let mut site = start();
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let client =
            move |number| thread::spawn(move || Client::new(port, &format!("{round}-{number}")).write());
        let clients: Vec<_> = (0..CLIENTS).map(client).collect();
        // Another moment of the clients' work in each round.
        thread::sleep(Duration::from_millis(60 + round * 17));
        drop(site);
        let history: Vec<History> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        site = start();
        acknowledged += history.iter().map(|history| history.accepted.len()).sum::<usize>();
        for (number, history) in (0..CLIENTS).zip(history) {
            Client::new(port, &format!("{round}-{number}")).check(history);
        }
    }
    assert!(acknowledged > 0, "the sites were killed before they acknowledged anything");
}

/// The state that a site acknowledged to a client.
#[derive(Default)]
struct History {
    /// Whether the account was created.
    is_registered: bool,
    /// The cookies and the responses that were accepted.
    accepted: Vec<(Vec<u8>, &'static str, Value)>,
    /// The tokens of sessions that were ended.
    ended: Vec<Vec<u8>>,
    /// The token of the session that is open.
    open: Option<Vec<u8>>,
    /// The authenticator, which has the account's passkey.
    authenticator: Option<Authenticator>,
    /// Whether a request that may have ended or replaced that session had no response.
    is_uncertain: bool,
}

struct Client {
    browser: UserAgent,
    name: String,
}

impl Client {
    fn new(port: u16, name: &str) -> Self {
        let origin = format!("http://localhost:{port}");
        let server = format!("http://127.0.0.1:{port}");
        let site = Site::new(move |request: HttpRequest| std::future::ready(send(&server, &request)));
        Self { browser: UserAgent::new(&site, &origin, name), name: format!("user{name}") }
    }

    /// Creates an account, then signs out and in until the site does not respond.
    fn write(mut self) -> History {
        let mut history = History::default();
        block_on(async {
            let options = json!({ "username": self.name });
            let Some(options) = answered(self.browser.post("registration/options", &options).await) else {
                return;
            };
            let response = self.browser.create_for(&options);
            if !self.finish(&mut history, "registration/verify", response).await {
                return;
            }
            history.is_registered = true;
            loop {
                let token = self.browser.cookie("session").unwrap();
                history.is_uncertain = true;
                if self.browser.post("sign-out", &Value::Null).await.status != 204 {
                    return;
                }
                history.ended.push(token);
                (history.open, history.is_uncertain) = (None, false);
                let options = self.browser.post("authentication/options", &json!({})).await;
                let Some(options) = answered(options) else { return };
                let response = self.browser.assert_for(&options);
                if !self.finish(&mut history, "authentication/verify", response).await {
                    return;
                }
            }
        });
        history.authenticator = Some(self.browser.authenticator);
        history
    }

    /// Sends a response. Returns whether the site acknowledged it.
    async fn finish(&mut self, history: &mut History, route: &'static str, response: Value) -> bool {
        let browser = self.browser.cookie("ceremony").unwrap();
        let is_accepted = answered(self.browser.post(route, &response).await).is_some();
        if is_accepted {
            history.accepted.push((browser, route, response));
            history.open = self.browser.cookie("session");
        }
        is_accepted
    }

    /// Compares the restarted site with what it acknowledged before it was killed.
    fn check(mut self, history: History) {
        block_on(async {
            for token in &history.ended {
                self.browser.set_cookie("rp-session", token);
                assert_eq!(self.browser.get("session").await.status, 401, "{}: an ended session", self.name);
            }
            if let Some(token) = history.open.as_ref().filter(|_| !history.is_uncertain) {
                self.browser.set_cookie("rp-session", token);
                assert_eq!(self.browser.get("session").await.status, 200, "{}: an open session", self.name);
            }
            self.browser.remove_cookie("session");
            for (browser, route, response) in &history.accepted {
                self.browser.set_cookie("rp-ceremony", browser);
                let status = self.browser.post(route, response).await.status;
                assert_eq!(status, 409, "{}: a response that was accepted before", self.name);
            }
            self.browser.remove_cookie("ceremony");
            if history.is_registered {
                self.browser.authenticator = history.authenticator.unwrap();
                assert_eq!(self.browser.sign_in().await["user"]["name"], self.name);
            }
        });
    }
}
