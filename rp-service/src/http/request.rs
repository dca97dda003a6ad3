use std::time::Duration;

use crate::application_session::ApplicationSession;
use crate::json::PasskeyEndpoints;

/// A request, as an adapter translates it.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// The headers in their order, names in lower case.
    pub headers: Vec<(&'a str, &'a [u8])>,
    /// The parameter of the path, `{id}` or `{name}`, percent-decoded, if the route has one.
    pub parameter: Option<String>,
    /// The query of the path without `?`, as it was sent; empty if the path has no query.
    pub query: &'a str,
    /// The network address of the connection, without a port; that of an IPv4 client as an IPv4 address, also if the socket
    /// is one of IPv6. The client's address follows from it
    /// ([`PasskeysBuilder::client_address`](crate::PasskeysBuilder::client_address)).
    pub address: Option<String>,
    /// The ID of the request, for events.
    pub request_id: Option<String>,
    /// The session that the application reports, if it keeps the sessions.
    pub application_session: Option<ApplicationSession>,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The complete body.
    Complete(Vec<u8>),
    /// The body ended early or was too slow.
    Incomplete,
    /// The body is longer than [`MAX_BODY_BYTES`]; the rest was not read.
    TooLarge,
}

/// The maximum length of a body, in bytes. The longest honest one is a registration with a chain of certificates and a
/// post-quantum key, about a quarter of this.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The configuration of the HTTP interface.
#[derive(Clone, Debug)]
pub(crate) struct HttpConfig {
    pub(crate) endpoints: PasskeyEndpoints,
    /// The origins of front ends on other hosts.
    pub(crate) front_ends: Vec<String>,
    pub(crate) problem_type_base: Option<String>,
    /// The age in `Strict-Transport-Security`.
    pub(crate) hsts_max_age: Option<Duration>,
    pub(crate) body_time_limit: Duration,
    /// Whether browsers report ceremonies.
    pub(crate) telemetry: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            endpoints: PasskeyEndpoints::default(),
            front_ends: Vec::new(),
            problem_type_base: None,
            hsts_max_age: None,
            // A body is at most 64 KiB: half a minute is enough on the slowest mobile network.
            body_time_limit: Duration::from_secs(30),
            telemetry: false,
        }
    }
}

impl<'a> Request<'a> {
    /// All values of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(other, _)| *other == name).map(|(_, value)| *value)
    }
}
