//! Downloading over HTTP, with bounds on time, length and destination.
//!
//! A redirect is followed only to an `https` host of the caller's list and never to a private address. Names are resolved
//! by a resolver that ignores private addresses, unless a proxy resolves them (`http`, `https`, `socks4a`, `socks5h`).
//! Then their addresses are the proxy's to check, and the name of the proxy itself may have a private address.

mod address;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use address::is_public;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{ETAG, HeaderMap, IF_NONE_MATCH, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url, redirect};
use rp_core::Timestamp;
use rustls::{ClientConfig, RootCertStore};

use self::address::PublicResolver;

/// Bounds of one download.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The total time, including body and redirects.
    pub total: Duration,
    /// The time to connect.
    pub connect: Duration,
    /// The time without a byte.
    pub idle: Duration,
    /// The longest `Retry-After` that is respected.
    pub retry_after: Duration,
}

impl Default for Limits {
    /// One minute, enough for ten megabytes over a slow line, and a week for `Retry-After`.
    fn default() -> Self {
        Self {
            total: Duration::from_secs(60),
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(20),
            retry_after: Duration::from_secs(7 * 86_400),
        }
    }
}

/// A conditional request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The address.
    pub url: Url,
    /// Hosts that a redirect may lead to, in addition to that of `url`.
    pub hosts: &'a [String],
    /// The `ETag` of the current copy.
    pub etag: Option<&'a str>,
    /// The serial number of the current copy, which the FIDO Alliance sends as `ETag`.
    pub no: Option<u64>,
    /// The maximum length of the body in bytes.
    pub max_len: usize,
    /// The time of the request, to interpret dates in the response.
    pub now: Timestamp,
}

/// A response.
#[derive(Debug)]
pub enum Fetched {
    /// The current copy is the latest.
    NotModified {
        /// Whether the status is 304. The FIDO Alliance sends the `ETag` with errors too.
        confirmed: bool,
        /// The earliest next request (`Retry-After`).
        not_before: Option<Timestamp>,
    },
    /// A body.
    Body {
        /// Its bytes.
        bytes: Vec<u8>,
        /// The `ETag`.
        etag: Option<String>,
    },
}

/// Why a download failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The address is not allowed: another scheme, no host, or a private address.
    #[error("{url}: {reason}")]
    Address {
        /// The address.
        url: String,
        /// Why it is not allowed.
        reason: &'static str,
    },
    /// The destination of a redirect is not allowed.
    #[error("redirect to {to}: {reason}")]
    Redirect {
        /// The destination.
        to: String,
        /// Why it is not allowed.
        reason: &'static str,
    },
    /// The server responded with an error.
    #[error("HTTP status {status}")]
    Status {
        /// The status.
        status: u16,
        /// The earliest next request (`Retry-After`).
        not_before: Option<Timestamp>,
    },
    /// The body is too long.
    #[error("more than {max} bytes")]
    TooLong {
        /// The maximum.
        max: usize,
    },
    /// A time limit was exceeded.
    #[error("no response within {} seconds", .limit.as_secs())]
    Timeout {
        /// The limit.
        limit: Duration,
    },
    /// The connection ended before the body was complete.
    #[error("the response is incomplete")]
    Incomplete,
    /// TLS could not be configured.
    #[error("TLS: {0}")]
    Tls(#[source] rustls::Error),
    /// The request failed.
    #[error("{}", with_causes(.0))]
    Http(#[source] reqwest::Error),
}

impl FetchError {
    /// The earliest next request (`Retry-After`).
    #[must_use]
    pub const fn not_before(&self) -> Option<Timestamp> {
        match self {
            Self::Status { not_before, .. } => *not_before,
            _ => None,
        }
    }
}

/// The message of an error and its causes: that of `reqwest` alone does not contain the reason.
fn with_causes(error: &reqwest::Error) -> String {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message.push_str(": ");
        message.push_str(&cause.to_string());
        source = cause.source();
    }
    message
}

/// An HTTP client that checks the destination of every redirect.
#[derive(Clone, Debug)]
pub struct Client {
    /// For addresses that the operator configured.
    configured: reqwest::Client,
    /// For addresses in responses and certificates, unless a proxy resolves them.
    referenced: reqwest::Client,
    /// The proxies that both clients use.
    proxies: Arc<Matcher>,
    limits: Limits,
    private_addresses: bool,
}

/// A mirror's redirect, that of the server behind it, and some more.
const MAX_REDIRECTS: usize = 5;
/// The query parameter with the serial number of the current copy.
pub(crate) const LOCAL_COPY_SERIAL: &str = "localCopySerial";

impl Client {
    /// A client with TLS by `rustls` on `ring` and the system's roots. Nothing process-wide is installed.
    ///
    /// # Errors
    /// Returns [`FetchError::Tls`] or [`FetchError::Http`] if no client can be built.
    pub fn new(limits: Limits) -> Result<Self, FetchError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(FetchError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let builder = || {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .user_agent(concat!("rp-mds/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .connect_timeout(limits.connect)
                .read_timeout(limits.idle)
        };
        let configured = builder().build().map_err(FetchError::Http)?;
        let referenced =
            builder().dns_resolver(Arc::new(PublicResolver)).build().map_err(FetchError::Http)?;
        let proxies = Arc::new(Matcher::from_system());
        Ok(Self { configured, referenced, proxies, limits, private_addresses: false })
    }

    /// Allows redirects to private addresses and CRLs from them, for mirrors within an organisation. A configured server
    /// can then make this machine send requests to other machines of the network.
    #[must_use]
    pub fn with_private_addresses(mut self) -> Self {
        self.private_addresses = true;
        self
    }

    /// Sends a conditional request.
    ///
    /// # Errors
    /// Returns [`FetchError`] unless there is a usable response.
    pub async fn fetch(&self, request: &Request<'_>) -> Result<Fetched, FetchError> {
        self.within_limit(self.exchange(request)).await
    }

    /// Downloads from an address in a verified certificate: over plain HTTP too, since the content is signed, from a public
    /// address, without redirects.
    ///
    /// # Errors
    /// Returns [`FetchError`] unless there is a usable response.
    pub async fn fetch_referenced(&self, url: &str, max_len: usize) -> Result<Vec<u8>, FetchError> {
        let rejected = |reason| FetchError::Address { url: url.to_owned(), reason };
        let parsed = Url::parse(url).map_err(|_| rejected("not a URL"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(rejected("neither http nor https"));
        }
        self.check_address(&parsed).map_err(rejected)?;
        self.within_limit(async {
            let response =
                self.for_referenced(&parsed).get(parsed).send().await.map_err(|error| self.failed(error))?;
            if response.status() != StatusCode::OK {
                return Err(FetchError::Status { status: response.status().as_u16(), not_before: None });
            }
            self.body(response, max_len).await
        })
        .await
    }

    async fn within_limit<T>(
        &self,
        exchange: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let limit = self.limits.total;
        tokio::time::timeout(limit, exchange).await.map_err(|_| FetchError::Timeout { limit })?
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Fetched, FetchError> {
        let mut url = request.url.clone();
        for hop in 0..=MAX_REDIRECTS {
            let client = if hop == 0 { &self.configured } else { self.for_referenced(&url) };
            let mut builder = client.get(url.clone());
            if let Some(etag) = request.etag {
                builder = builder.header(IF_NONE_MATCH, etag);
            }
            let response = builder.send().await.map_err(|error| self.failed(error))?;
            if response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED {
                url = self.follow(request, &url, response.headers())?;
                continue;
            }
            return self.response(request, response).await;
        }
        Err(FetchError::Redirect { to: url.to_string(), reason: "too many redirects" })
    }

    /// The destination of a redirect, if it is allowed.
    fn follow(&self, request: &Request<'_>, from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
        let location = headers.get(LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
        let rejected = |reason| FetchError::Redirect { to: location.chars().take(200).collect(), reason };
        let to = from.join(location).map_err(|_| rejected("not a URL"))?;
        // If the operator configured an address without TLS, the same origin is allowed.
        let same_origin = to.origin() == request.url.origin();
        if to.scheme() != "https" && !same_origin {
            return Err(rejected("not https"));
        }
        let host = to.host_str().unwrap_or_default();
        let is_listed = request.hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host));
        if !is_listed && request.url.host_str() != Some(host) {
            return Err(rejected("the host is not in the list"));
        }
        self.check_address(&to).map_err(rejected)?;
        Ok(to)
    }

    /// An IP address must be public; the addresses of a name are checked when it is resolved.
    fn check_address(&self, url: &Url) -> Result<(), &'static str> {
        let host = url.host_str().ok_or("no host")?;
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        match literal {
            Some(address) if !self.private_addresses && !is_public(address) => Err("a private address"),
            _ => Ok(()),
        }
    }

    /// The client for an address that passed [`Self::check_address`]. The resolver of `referenced` would also resolve the
    /// name of a proxy, which usually has a private address.
    fn for_referenced(&self, url: &Url) -> &reqwest::Client {
        if self.private_addresses || self.is_resolved_by_proxy(url) {
            &self.configured
        } else {
            &self.referenced
        }
    }

    /// Whether a proxy resolves the name in the URL. `socks4` and `socks5` leave that to the client.
    fn is_resolved_by_proxy(&self, url: &Url) -> bool {
        let proxy = url.as_str().parse().ok().and_then(|uri| self.proxies.intercept(&uri));
        let scheme = proxy.as_ref().and_then(|proxy| proxy.uri().scheme_str());
        matches!(scheme, Some("http" | "https" | "socks4a" | "socks5h"))
    }

    async fn response(&self, request: &Request<'_>, response: Response) -> Result<Fetched, FetchError> {
        let status = response.status();
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        // The FIDO Alliance sends the serial number as ETag, without quotes, and with errors too.
        let is_current = etag.as_deref().is_some_and(|etag| {
            let plain = |tag: &str| tag.trim_start_matches("W/").trim_matches('"').to_owned();
            request.etag.is_some_and(|current| plain(current) == plain(etag))
                || request.no.is_some_and(|no| plain(etag) == no.to_string())
        });
        let not_before = retry_after(response.headers(), request.now, self.limits.retry_after);
        // A 304 is a valid response to a conditional request only.
        let is_conditional =
            request.etag.is_some() || request.url.query_pairs().any(|(name, _)| name == LOCAL_COPY_SERIAL);
        let confirmed = status == StatusCode::NOT_MODIFIED && is_conditional;
        if confirmed || (!status.is_success() && status != StatusCode::NOT_MODIFIED && is_current) {
            return Ok(Fetched::NotModified { confirmed, not_before });
        }
        if status != StatusCode::OK {
            return Err(FetchError::Status { status: status.as_u16(), not_before });
        }
        let bytes = self.body(response, request.max_len).await?;
        Ok(Fetched::Body { bytes, etag })
    }

    async fn body(&self, mut response: Response, max: usize) -> Result<Vec<u8>, FetchError> {
        let announced = response.content_length();
        if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > max)) {
            return Err(FetchError::TooLong { max });
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            if bytes.len().saturating_add(chunk.len()) > max {
                return Err(FetchError::TooLong { max });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn failed(&self, error: reqwest::Error) -> FetchError {
        if error.is_timeout() {
            let limit = if error.is_connect() { self.limits.connect } else { self.limits.idle };
            return FetchError::Timeout { limit };
        }
        if error.is_body() || error.is_decode() {
            return FetchError::Incomplete;
        }
        FetchError::Http(error)
    }
}

/// `Retry-After`, in seconds or as a date, within a bound.
fn retry_after(headers: &HeaderMap, now: Timestamp, longest: Duration) -> Option<Timestamp> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let at = match value.parse::<u64>() {
        Ok(seconds) => now.saturating_add(Duration::from_secs(seconds)),
        Err(_) => Timestamp::from(httpdate::parse_http_date(value).unwrap_or(SystemTime::UNIX_EPOCH)),
    };
    Some(at.min(now.saturating_add(longest))).filter(|at| *at > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_in_seconds_or_a_date_and_bounded() {
        let now = Timestamp::from_unix_seconds(784_111_777);
        let read = |value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            retry_after(&headers, now, Duration::from_secs(3_600))
                .map(|at| at.saturating_since(now).as_secs())
        };
        assert_eq!(read("120"), Some(120));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), None, "past");
        assert_eq!(read("99999999999999"), Some(3_600));
        assert_eq!(read("soon"), None);
        assert_eq!(read("0"), None, "now");
        assert_eq!(read(" 3600 "), Some(3_600));
        assert_eq!(read("3601"), Some(3_600));
    }
}
