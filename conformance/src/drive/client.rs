//! A client: cookies, headers, and what a response means.

use std::fmt;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::transport::Transport;
use crate::cookies::CookieJar;
use crate::http::{HttpRequest, HttpResponse};

/// The answer of a server to a request that it understood.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Accepted(Value),
    Rejected(Message),
}

/// A rejection, as the server explains it.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    /// A code, if the binding has codes.
    pub(super) code: Option<String>,
    /// The text for people.
    pub(super) text: String,
}

/// The code, if there is one, and the text.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) if self.text.is_empty() => f.write_str(code),
            Some(code) => write!(f, "{code}: {}", self.text),
            None if self.text.is_empty() => f.write_str("without a message"),
            None => f.write_str(&self.text),
        }
    }
}

/// The server failed: no response, a status of 500 or more, or a body that is not one of the binding.
#[derive(Clone, Debug)]
pub(super) struct Broken(pub(super) String);

/// A browser as far as HTTP is concerned.
#[derive(Clone)]
pub(super) struct Client<'a> {
    transport: &'a dyn Transport,
    prefix: String,
    headers: Vec<(String, Vec<u8>)>,
    cookies: CookieJar,
}

/// The longest time that a server may ask to wait, in seconds.
const MAX_WAIT: u64 = 600;

/// How often a server may ask to wait for one request.
const MAX_WAITS: usize = 3;

impl<'a> Client<'a> {
    /// A client without cookies that sends these headers.
    pub(super) fn new(transport: &'a dyn Transport, prefix: &str, headers: &[(&str, &str)]) -> Self {
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).into());
        Self {
            transport,
            prefix: prefix.trim_end_matches('/').to_owned(),
            headers: headers.iter().map(header).collect(),
            cookies: CookieJar::default(),
        }
    }

    /// The same client without its cookies.
    pub(super) fn without_cookies(&self) -> Self {
        Self { cookies: CookieJar::default(), ..self.clone() }
    }

    /// The same client with another value of a header.
    pub(super) fn with_header(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(known, _)| known != name);
        other.headers.push((name.to_owned(), value.into()));
        other
    }

    /// Sends a JSON text. If the server asks the client to slow down, the client waits and tries again.
    pub(super) fn send(
        &mut self,
        method: &str,
        path: &str,
        json: Option<&str>,
    ) -> Result<HttpResponse, Broken> {
        for _ in 0..MAX_WAITS {
            let response = self.send_once(method, path, json)?;
            if response.status != 429 {
                return Ok(response);
            }
            let seconds: Option<u64> =
                response.header("retry-after").next().and_then(|text| text.parse().ok());
            match seconds {
                Some(seconds) if seconds <= MAX_WAIT => thread::sleep(Duration::from_secs(seconds.max(1))),
                _ => break,
            }
        }
        Err(Broken("429: the server limits requests".into()))
    }

    fn send_once(&mut self, method: &str, path: &str, json: Option<&str>) -> Result<HttpResponse, Broken> {
        let mut headers = self.headers.clone();
        if json.is_some() {
            headers.push(("content-type".into(), b"application/json".to_vec()));
        }
        headers.extend(self.cookies.header().map(|cookies| ("cookie".to_owned(), cookies)));
        let request = HttpRequest {
            method: method.to_owned(),
            path: format!("{}{path}", self.prefix),
            headers,
            body: json.unwrap_or_default().as_bytes().to_vec(),
        };
        let response = self.transport.send(&request).map_err(|error| Broken(error.to_string()))?;
        self.cookies.keep(&response);
        if response.status >= 500 {
            return Err(Broken(format!("{}: {}", response.status, beginning(&response.body))));
        }
        Ok(response)
    }
}

/// The JSON of a response's body.
pub(super) fn json_of(response: &HttpResponse) -> Result<Value, Broken> {
    serde_json::from_slice(&response.body).map_err(|_| {
        let what = beginning(&response.body);
        Broken(format!("{}: the body is not JSON: {what}", response.status))
    })
}

/// The beginning of a body, for messages.
fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(200).collect()
}
