//! The servers are restarted as by a crash, in the middle of sign-ins on both nodes.

use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rp_conformance::authenticator::Authenticator;
use rp_conformance::http::{HttpRequest, Site, UserAgent};
use serde_json::{Value, json};

use crate::cluster::{Cluster, Kind, NODES, unique};
use crate::network::{block_on, send};
use crate::repetitions;
use crate::skip::skip;

/// The clients that sign in at the same time.
const CLIENTS: usize = 4;

/// The state that the clients share.
struct Load {
    /// All accounts exist before the first restart.
    start: Barrier,
    is_over: AtomicBool,
    signed_in: AtomicUsize,
}

impl Load {
    /// Waits until the clients are in the middle of their work.
    fn wait_for_sign_ins(&self) {
        let wanted = self.signed_in.load(Ordering::SeqCst) + 8;
        while self.signed_in.load(Ordering::SeqCst) < wanted {
            thread::yield_now();
        }
    }
}

/// The requests of a client that the nodes acknowledged.
#[derive(Default)]
struct History {
    name: String,
    /// The cookies and the responses that were accepted.
    accepted: Vec<(Vec<u8>, Value)>,
    /// The tokens of the sessions that were opened, the node, and whether each was ended.
    sessions: Vec<(Vec<u8>, usize, bool)>,
    authenticator: Option<Authenticator>,
}

/// Nothing is accepted twice and nothing acknowledged is lost.
#[test]
fn restarts_of_the_servers_lose_and_revive_nothing() {
    let commands = ["RP_POSTGRES_RESTART", "RP_REDIS_RESTART"].map(std::env::var);
    let [Ok(postgres), Ok(redis)] = commands else {
        assert!(std::env::var_os("CI").is_none(), "RP_POSTGRES_RESTART or RP_REDIS_RESTART is missing");
        return skip("RP_POSTGRES_RESTART and RP_REDIS_RESTART are not both set");
    };
    for kind in Kind::BOTH {
        let Some(cluster) = Cluster::start(kind) else { return };
        let load = &Load {
            start: Barrier::new(CLIENTS),
            is_over: AtomicBool::new(false),
            signed_in: AtomicUsize::new(0),
        };
        let histories: Vec<History> = thread::scope(|scope| {
            let client = |number: usize| {
                let (servers, origin) =
                    ([0, 1].map(|node| cluster.server(node)), cluster.origin().to_owned());
                scope.spawn(move || write(&servers, &origin, number, load))
            };
            let clients: Vec<_> = (0..CLIENTS).map(client).collect();
            for restart in 0..repetitions("RP_NODES_RESTARTS", 2) {
                for command in [&postgres, &redis] {
                    load.wait_for_sign_ins();
                    let mut words = command.split(' ');
                    let status = Command::new(words.next().unwrap()).args(words).status().unwrap();
                    assert!(status.success(), "{command}, restart {restart}");
                }
            }
            load.wait_for_sign_ins();
            load.is_over.store(true, Ordering::SeqCst);
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        for history in histories {
            check(&cluster, history);
        }
    }
}

fn browser(server: &str, origin: &str, seed: &str) -> UserAgent {
    let server = server.to_owned();
    let site = Site::new(move |request: HttpRequest| std::future::ready(send(&server, &request)));
    UserAgent::new(&site, origin, seed)
}

/// Creates an account, then signs in and out on alternating nodes.
fn write(servers: &[String; NODES], origin: &str, number: usize, load: &Load) -> History {
    let name = unique(&format!("restart{number}"));
    let mut nodes = servers.clone().map(|server| browser(&server, origin, &name));
    let mut history = History { name: name.clone(), ..History::default() };
    block_on(async {
        nodes[0].sign_up(&name).await;
        load.start.wait();
        let mut authenticator = nodes[0].authenticator.clone();
        for turn in number.. {
            if load.is_over.load(Ordering::SeqCst) {
                break;
            }
            let node = &mut nodes[turn % NODES];
            node.authenticator = authenticator.clone();
            node.remove_cookie("session");
            node.remove_cookie("ceremony");
            let options = node.post("authentication/options", &json!({})).await;
            if options.status != 200 {
                continue;
            }
            let response = node.assert_for(&options.ok());
            authenticator = node.authenticator.clone();
            let cookie = node.cookie("ceremony").unwrap();
            if node.post("authentication/verify", &response).await.status != 200 {
                continue;
            }
            history.accepted.push((cookie, response));
            load.signed_in.fetch_add(1, Ordering::SeqCst);
            let token = node.cookie("session").unwrap();
            // Every second session is ended; without a response, its end is not known
            if turn % 4 < 2 {
                history.sessions.push((token, turn % NODES, false));
            } else if node.post("sign-out", &Value::Null).await.status == 204 {
                history.sessions.push((token, turn % NODES, true));
            }
        }
        history.authenticator = Some(authenticator);
    });
    history
}

/// Compares the nodes with what they acknowledged.
fn check(cluster: &Cluster, history: History) {
    let name = &history.name;
    block_on(async {
        let mut browser = cluster.browser(name);
        for (token, node, is_ended) in &history.sessions {
            // A sign-out while the database is away is effective on its node at once, on others within a minute
            cluster.point_to(*node);
            browser.set_cookie("rp-session", token);
            let status = browser.get("session").await.status;
            assert_eq!(status, if *is_ended { 401 } else { 200 }, "{name}: a session, ended: {is_ended}");
        }
        browser.remove_cookie("session");
        for (cookie, response) in &history.accepted {
            browser.set_cookie("rp-ceremony", cookie);
            let status = browser.post("authentication/verify", response).await.status;
            assert_eq!(status, 409, "{name}: a response that was accepted before");
        }
        browser.remove_cookie("ceremony");
        browser.authenticator = history.authenticator.unwrap();
        assert_eq!(browser.sign_in().await["user"]["name"], *name);
    });
}
