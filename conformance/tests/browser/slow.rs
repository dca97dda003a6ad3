//! Clients that send half a request: every connection is closed in time, and others sign in meanwhile.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rp_conformance::http::{HttpRequest, Site as Server, UserAgent};

use crate::network::{block_on, send};
use crate::site::{Kind, Site};

/// Half of them send half a head, the others half a body. A process may often open only 1,024 files.
const CONNECTIONS: usize = 400;
/// Held while the connections of a test are open.
static TURN: Mutex<()> = Mutex::new(());
/// The time limits of the site in this test, in seconds; `deployment/service.md` has the defaults.
const LIMIT: &str = "3";
/// A connection that is open for longer was not closed by its limit; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_secs(25);

#[test]
fn the_axum_site_closes_slow_connections() {
    close_slow_connections(Kind::Axum);
}

#[test]
fn the_actix_site_closes_slow_connections() {
    close_slow_connections(Kind::Actix);
}

fn close_slow_connections(kind: Kind) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let site = Site::start(kind, &["--header-time", LIMIT, "--body-time", LIMIT]);
    let address = site.origin().replace("http://localhost", "127.0.0.1");
    let server = format!("http://{address}");
    let client = Server::new(move |request: HttpRequest| std::future::ready(send(&server, &request)));
    let mut browser = UserAgent::new(&client, &site.origin(), "kim");
    block_on(async {
        browser.sign_up("kim").await;
    });

    let head = format!(
        "POST /webauthn/authentication/verify HTTP/1.1\r\nhost: {address}\r\norigin: {}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n",
        site.origin()
    );
    let connect = |text: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let half_a_body = format!("{head}\r\n{{\"id\":");
    let slow: Vec<_> =
        (0..CONNECTIONS).map(|number| connect(if number % 2 == 0 { &head } else { &half_a_body })).collect();

    // Meanwhile a user signs in, and a request of another site is rejected although its body never arrives.
    block_on(async {
        browser.sign_out().await;
        browser.sign_in().await;
    });
    let foreign = head.replace(&site.origin(), "https://evil.example");
    let mut answer = [0; 12];
    connect(&format!("{foreign}\r\n")).read_exact(&mut answer).unwrap();
    assert_eq!(answer, *b"HTTP/1.1 403");

    for (number, mut stream) in slow.into_iter().enumerate() {
        let mut answer = Vec::new();
        // A reset closes a connection too; only a timeout means that it is still open.
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{kind:?}, connection {number}");
        }
    }
}
