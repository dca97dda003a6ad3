//! A connection to the server, whose requests are timed, and the forger of its responses.
#![expect(clippy::indexing_slicing, reason = "a member that a JSON object lacks is null")]

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::population::{ORIGIN, RP_ID};
use super::statistics::Random;
use crate::authenticator::{Algorithm, Authenticator, Config, Fault};

/// Why a request failed.
pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// A browser with one connection.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
    cookie: Option<String>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, address, cookie: None })
    }

    /// Options for a username, and the time until they have arrived.
    pub(super) async fn options(&mut self, username: &str) -> Result<(Value, Duration), Failure> {
        let body = json!({ "username": username });
        let (status, answer, time) = self.post("authentication/options", &body).await?;
        expect(status == 200, status, &answer)?;
        Ok((answer, time))
    }

    /// Options without a username.
    pub(super) async fn discoverable(&mut self) -> Result<(), Failure> {
        let (status, answer, _) = self.post("authentication/options", &json!({})).await?;
        expect(status == 200, status, &answer)
    }

    /// The time until a forged response is rejected.
    pub(super) async fn verify(&mut self, response: &Value) -> Result<Duration, Failure> {
        let (status, answer, time) = self.post("authentication/verify", response).await?;
        expect(answer["code"] == "signature-invalid", status, &answer)?;
        Ok(time)
    }

    async fn post(&mut self, route: &str, body: &Value) -> Result<(u16, Value, Duration), Failure> {
        let mut request = hyper::Request::post(format!("/webauthn/{route}"))
            .header("host", self.address.to_string())
            .header("origin", ORIGIN)
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
        if let Some(cookie) = parts.headers.get("set-cookie") {
            self.cookie = cookie.to_str()?.split(';').next().map(str::to_owned);
        }
        Ok((parts.status.as_u16(), serde_json::from_slice(&body)?, time))
    }
}

fn expect(is_expected: bool, status: u16, answer: &Value) -> Result<(), Failure> {
    if is_expected { Ok(()) } else { Err(format!("unexpected response: {status} {answer}").into()) }
}

/// Makes responses whose signature is wrong, in the encodings of three algorithms.
pub(super) struct Forger(Vec<Authenticator>);

impl Default for Forger {
    fn default() -> Self {
        let forger = |algorithm| {
            let config = Config { algorithms: vec![algorithm], ..Config::default() };
            Authenticator::new("forger", config)
        };
        Self([Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256].map(forger).into())
    }
}

impl Forger {
    /// A response to one of the listed credentials.
    pub(super) fn forge(&mut self, options: &Value, random: &mut Random) -> Result<Value, Failure> {
        let at = random.below(self.0.len());
        let forger = self.0.get_mut(at).ok_or("no forger")?;
        if forger.credentials().is_empty() {
            let algorithm = forger.config.algorithms.first().copied().map(Algorithm::cose);
            let creation = json!({
                "rp": {"id": RP_ID}, "user": {"id": "AAAA"}, "challenge": "AAAA",
                "pubKeyCredParams": [{"type": "public-key", "alg": algorithm}],
                "authenticatorSelection": {"residentKey": "required"},
            });
            forger.create(&creation, ORIGIN)?;
            forger.config.fault = Some(Fault::AssertionOfOtherKey);
        }
        let request = json!({"challenge": options["challenge"], "rpId": RP_ID});
        let mut response: Value = serde_json::from_str(&forger.get(&request, ORIGIN)?)?;
        let listed = options["allowCredentials"].as_array().map_or(0, Vec::len);
        let id = options["allowCredentials"][random.below(listed)]["id"].clone();
        response["rawId"].clone_from(&id);
        response["id"] = id;
        if let Some(members) = response["response"].as_object_mut() {
            members.remove("userHandle");
        }
        Ok(response)
    }
}
