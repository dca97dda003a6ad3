//! A browser with one connection over HTTP/1.1, whose requests are timed.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Why a request failed.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// A connection, the origin of the page, and the ceremony cookie. A session cookie is not kept, so that each sign-in is that
/// of a browser in which no one is signed in.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
    origin: String,
    cookie: Option<String>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, origin: &str) -> Result<Self, Failure> {
        Ok(Self { sender: connect(address).await?, address, origin: origin.to_owned(), cookie: None })
    }

    /// Opens another connection in its place.
    #[cfg(feature = "load")]
    pub(crate) async fn reopen(&mut self) -> Result<(), Failure> {
        self.sender = connect(self.address).await?;
        Ok(())
    }

    /// The status, the body, and the time until it has arrived.
    pub(crate) async fn post(
        &mut self,
        route: &str,
        body: &Value,
    ) -> Result<(u16, Value, Duration), Failure> {
        let mut request = hyper::Request::post(format!("/webauthn/{route}"))
            .header("host", self.address.to_string())
            .header("origin", &self.origin)
            .header("content-type", "application/json");
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let request = request.body(Full::from(body.to_string()))?;
        self.sender.ready().await?;
        let started_at = Instant::now();
        let response = self.sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let time = started_at.elapsed();
        let set = parts.headers.get_all("set-cookie").into_iter().filter_map(|cookie| cookie.to_str().ok());
        self.cookie = ceremony_cookie(set).or_else(|| self.cookie.take());
        // An empty handler has no body.
        Ok((parts.status.as_u16(), serde_json::from_slice(&body).unwrap_or_default(), time))
    }

    /// The body of a response with the status 200 or 201, and the time.
    pub(crate) async fn post_ok(&mut self, route: &str, body: &Value) -> Result<(Value, Duration), Failure> {
        let (status, answer, time) = self.post(route, body).await?;
        expect(matches!(status, 200 | 201), status, &answer)?;
        Ok((answer, time))
    }
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// The name and value of the ceremony cookie, if one of these headers sets it.
pub(crate) fn ceremony_cookie<'a>(set: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut pairs = set.filter_map(|cookie| cookie.split(';').next());
    let is_ceremony = |pair: &&str| pair.split('=').next().is_some_and(|name| name.ends_with("rp-ceremony"));
    pairs.find(is_ceremony).map(str::to_owned)
}

pub(crate) fn expect(is_expected: bool, status: u16, answer: &Value) -> Result<(), Failure> {
    if is_expected { Ok(()) } else { Err(format!("unexpected response: {status} {answer}").into()) }
}
