//! Two nodes of the example sites over one PostgreSQL and one Redis server.
//!
//! Needs the URLs of the servers in `RP_POSTGRES` and `RP_REDIS`, and the commands that restart them in
//! `RP_POSTGRES_RESTART` and `RP_REDIS_RESTART`; without them, the tests are skipped with a message. `RP_NODES_ROUNDS` and
//! `RP_NODES_KILLS` set how often the tests repeat; `.ci/full nodes` repeats them more often.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a site does not do is a failed test")]
#![expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::panic, reason = "tests")]

#[path = "../shared/built.rs"]
mod built;
mod cluster;
#[expect(dead_code, reason = "the browser tests use the rest")]
#[path = "../browser/folder.rs"]
mod folder;
#[expect(dead_code, reason = "the browser tests use the rest")]
#[path = "../shared/network.rs"]
mod network;
#[expect(dead_code, reason = "the browser tests use the rest")]
#[path = "../browser/process.rs"]
mod process;
mod restarts;
#[path = "../../../rp-service/tests/shared/skip.rs"]
mod skip;

use std::sync::Barrier;
use std::thread;

use rp_conformance::http::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::cluster::{Cluster, Kind, NODES, unique};
use crate::network::{block_on, send};

/// How often a test repeats.
fn repetitions(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |number| number.parse().unwrap())
}

/// Posts a response as the browser with these cookies.
fn post(origin: &str, server: &str, route: &str, cookies: &str, body: &Value) -> HttpResponse {
    let headers = [
        ("content-type", "application/json"),
        ("origin", origin),
        ("sec-fetch-site", "same-origin"),
        ("cookie", cookies),
    ];
    let request = HttpRequest {
        method: "POST".to_owned(),
        path: format!("/webauthn/{route}"),
        headers: headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).into(),
        body: body.to_string().into_bytes(),
    };
    send(server, &request)
}

/// Of any number of copies of a response, on both nodes, one is accepted.
#[test]
fn of_256_finishes_over_two_nodes_one_is_accepted() {
    for kind in Kind::BOTH {
        let Some(cluster) = Cluster::start(kind) else { return };
        let mut browser = cluster.browser(&unique("copies"));
        block_on(async {
            browser.sign_up(&unique("copies")).await;
            for round in 0..repetitions("RP_NODES_ROUNDS", 4) {
                browser.remove_cookie("session");
                cluster.point_to(round % NODES);
                let options = browser.post("authentication/options", &json!({})).await.ok();
                let response = browser.assert_for(&options);
                let cookie = browser.cookie("ceremony").unwrap();
                let cookies = format!("rp-ceremony={}", String::from_utf8(cookie).unwrap());
                let start = Barrier::new(256);
                let statuses: Vec<u16> = thread::scope(|scope| {
                    let finish = |copy: usize| {
                        let (start, response, cookies) = (&start, &response, &cookies);
                        let (origin, server) = (cluster.origin().to_owned(), cluster.server(copy % NODES));
                        scope.spawn(move || {
                            start.wait();
                            post(&origin, &server, "authentication/verify", cookies, response).status
                        })
                    };
                    let copies: Vec<_> = (0..256).map(finish).collect();
                    copies.into_iter().map(|copy| copy.join().unwrap()).collect()
                });
                let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
                assert_eq!((count(200), count(409)), (1, 255), "{kind:?}, round {round}: {statuses:?}");
            }
        });
    }
}

/// A ceremony belongs to the cluster and not to the node that started it.
#[test]
fn a_node_killed_between_options_and_verify_loses_no_sign_in() {
    for kind in Kind::BOTH {
        let Some(mut cluster) = Cluster::start(kind) else { return };
        let (mut browser, name) = (cluster.browser(&unique("killed")), unique("killed"));
        block_on(async {
            browser.sign_up(&name).await;
        });
        for kill in 0..repetitions("RP_NODES_KILLS", 5) {
            let (first, second) = (kill % NODES, (kill + 1) % NODES);
            block_on(async {
                browser.remove_cookie("session");
                cluster.point_to(first);
                let options = browser.post("authentication/options", &json!({})).await.ok();
                let response = browser.assert_for(&options);
                cluster.kill(first);
                cluster.point_to(second);
                let session = browser.post("authentication/verify", &response).await.ok();
                assert_eq!(session["user"]["name"], *name, "{kind:?}, kill {kill}");
            });
            cluster.restart(first);
        }
    }
}
