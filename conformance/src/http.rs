//! The tests of the HTTP interface, written once for the service and for every adapter; and a [`UserAgent`] for tests that
//! send each request themselves.
//!
//! An adapter implements [`Site`] for its server, which has the routes of the interface and the routes of
//! [`application`]. The macro `http_tests!` makes a test of each [`Case`]. Each case returns a [`Transcript`];
//! [`assert_alike`] compares the transcripts of two sites to the byte, except for random values.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "tests and the parts they are made of: they panic where a site does not behave as documented"
)]

pub mod application;
mod bare;
mod cases;
mod fixture;
mod parallel;
mod store;
pub mod tenants;
mod transcript;
mod user_agent;

pub use bare::{bare, parameters};
pub use cases::{CASES, Case};
pub use fixture::{Fixture, LOCALHOST, ORIGIN, Setup};
pub use parallel::one_of_256_parallel_finishes_is_accepted;
pub use store::FailingStore;
pub use transcript::{Transcript, assert_alike};
pub use user_agent::UserAgent;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use serde_json::Value;

/// Whether a text has a secret.
///
/// A secret of less than 16 bytes counts only as a whole word: a random value next to it can contain every short text.
///
/// # Examples
/// ```
/// use rp_conformance::http::has_secret;
///
/// assert!(has_secret("code=123456&state=a", "123456"));
/// assert!(!has_secret("1781234560 2026-06-01T00:00:00.123456Z", "123456"));
/// assert!(has_secret("a-0123456789abcdef-b", "0123456789abcdef") && has_secret("00123456789abcdef", "0123456789abcdef"));
/// ```
#[must_use]
pub fn has_secret(text: &str, secret: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(secret).any(|(at, _)| {
        secret.len() >= 16
            || !is_part(text[..at].chars().next_back()) && !is_part(text[at + secret.len()..].chars().next())
    })
}

/// The network address of every client.
pub const ADDRESS: &str = "192.0.2.7";

/// A request as it is sent.
#[derive(Clone, Debug, Default)]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A response as it is received.
#[derive(Clone, Debug, Default)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A site, without a network in between.
///
/// # Examples
/// ```
/// use rp_conformance::http::{HttpRequest, HttpResponse, Site};
///
/// // `app` is any server that can be called with a request.
/// let app = |_: HttpRequest| async { HttpResponse { status: 204, ..HttpResponse::default() } };
/// let site = Site::new(app);
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// assert_eq!(site.send(HttpRequest::default()).await.status, 204);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Site(Rc<dyn Fn(HttpRequest) -> LocalFuture<HttpResponse>>);

/// A future that stays on its thread: the test services of actix-web do.
pub(crate) type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

impl Site {
    /// A site that responds with this function.
    pub fn new<F, R>(respond: F) -> Self
    where
        F: Fn(HttpRequest) -> R + 'static,
        R: Future<Output = HttpResponse> + 'static,
    {
        Self(Rc::new(move |request| Box::pin(respond(request))))
    }

    /// Sends a request.
    pub async fn send(&self, request: HttpRequest) -> HttpResponse {
        self.0(request).await
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Site")
    }
}

impl HttpResponse {
    /// All values of a header.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The JSON body of a response with the status 200 or 201.
    ///
    /// # Panics
    /// If the status is another one, or the body is not JSON.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!(matches!(self.status, 200 | 201), "{} {}", self.status, self.body_text());
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body_text()))
    }

    /// The text of a response with the status 200.
    ///
    /// # Panics
    /// If the status is another one.
    #[track_caller]
    pub fn text(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.body_text());
        self.body_text()
    }

    /// The status and the code of an error response.
    ///
    /// # Panics
    /// If it does not have the form of one.
    #[track_caller]
    pub fn problem(&self) -> Problem {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let media_type: Vec<_> = self.header("content-type").collect();
        assert_eq!(media_type, ["application/problem+json"], "{} {}", self.status, self.body_text());
        assert_eq!(body["status"], self.status, "{body}");
        assert_eq!(body["type"], "about:blank", "{body}");
        assert!(["title", "detail", "code"].iter().all(|member| body[member].is_string()), "{body}");
        Problem { status: self.status, code: body["code"].as_str().unwrap_or_default().to_owned() }
    }

    fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The status and the code of an error response.
#[derive(Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: u16,
    /// The code.
    pub code: String,
}

impl PartialEq<(u16, &str)> for Problem {
    fn eq(&self, (status, code): &(u16, &str)) -> bool {
        self.status == *status && self.code == *code
    }
}

/// Prints as the pair that it is compared with.
impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.status, &self.code).fmt(f)
    }
}
