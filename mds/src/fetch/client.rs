//! One exchange, redirects followed by hand.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{ETAG, HeaderMap, IF_NONE_MATCH, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url, redirect};
use rp_core::Timestamp;

use super::address::{PublicResolver, is_public};
use super::{FetchError, Fetched, Limits, Request};

/// A client that follows redirects with care.
#[derive(Clone, Debug)]
pub struct Client {
    /// For addresses that the operator gave.
    given: reqwest::Client,
    /// For addresses that the network gave: of redirects and of certificates.
    told: reqwest::Client,
    limits: Limits,
    private_addresses: bool,
}

/// A signer's address, a mirror's, and that of what is behind it: five are plenty.
const REDIRECTS: usize = 5;
/// By which the Alliance is told in the address what is held.
pub(crate) const COPY: &str = "localCopySerial";

impl Client {
    /// A client with TLS by `rustls` and the system's roots. Where the process has no provider of cryptography for
    /// `rustls` yet, `ring` becomes the provider of all of it.
    ///
    /// # Errors
    /// [`FetchError::Http`] where the system has no roots, or no client can be made.
    pub fn new(limits: Limits) -> Result<Self, FetchError> {
        let build = || {
            let _ = rustls::crypto::ring::default_provider().install_default();
            reqwest::Client::builder()
                .user_agent(concat!("rp-mds/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .connect_timeout(limits.connect)
                .read_timeout(limits.idle)
        };
        let given = build().build().map_err(FetchError::Http)?;
        let told = build().dns_resolver(Arc::new(PublicResolver)).build().map_err(FetchError::Http)?;
        Ok(Self { given, told, limits, private_addresses: false })
    }

    /// Follows redirects to private addresses, and fetches revocation lists from them: for mirrors within an
    /// organisation. A server that is asked can then make this machine ask others of the network.
    #[must_use]
    pub fn with_private_addresses(mut self) -> Self {
        self.private_addresses = true;
        self
    }

    /// Fetches a body, unless what is held is what there is.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn fetch(&self, request: &Request<'_>) -> Result<Fetched, FetchError> {
        let exchange = self.exchange(request);
        let timeout = || FetchError::Timeout { limit: self.limits.total };
        tokio::time::timeout(self.limits.total, exchange).await.map_err(|_| timeout())?
    }

    /// Fetches what a verified certificate points to: over HTTP as well, since it is signed, from a public address,
    /// without redirects.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn fetch_referenced(&self, url: &str, max_len: usize) -> Result<Vec<u8>, FetchError> {
        let refused = |why| FetchError::Address { url: url.to_owned(), why };
        let parsed = Url::parse(url).map_err(|_| refused("not an address"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(refused("neither http nor https"));
        }
        self.check_address(&parsed).map_err(refused)?;
        let exchange = async {
            let response =
                self.for_referenced().get(parsed).send().await.map_err(|error| self.failed(error))?;
            if response.status() != StatusCode::OK {
                return Err(FetchError::Status { status: response.status().as_u16(), not_before: None });
            }
            self.body(response, max_len).await
        };
        let timeout = || FetchError::Timeout { limit: self.limits.total };
        tokio::time::timeout(self.limits.total, exchange).await.map_err(|_| timeout())?
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Fetched, FetchError> {
        let mut url = request.url.clone();
        for hop in 0..=REDIRECTS {
            let client = if hop == 0 { &self.given } else { self.for_referenced() };
            let mut builder = client.get(url.clone());
            if let Some(etag) = request.etag {
                builder = builder.header(IF_NONE_MATCH, etag);
            }
            let response = builder.send().await.map_err(|error| self.failed(error))?;
            if response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED {
                url = self.follow(request, &url, response.headers())?;
                continue;
            }
            return self.answer(request, response).await;
        }
        Err(FetchError::Redirect { to: url.to_string(), why: "too many redirects" })
    }

    /// Where a redirect leads, if one may lead there.
    fn follow(&self, request: &Request<'_>, from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
        let location = headers.get(LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
        let refused = |why| FetchError::Redirect { to: location.chars().take(200).collect(), why };
        let to = from.join(location).map_err(|_| refused("not an address"))?;
        // Where the operator gave an address without TLS, the same host may go on without.
        let same_origin = to.origin() == request.url.origin();
        if to.scheme() != "https" && !same_origin {
            return Err(refused("not https"));
        }
        let host = to.host_str().unwrap_or_default();
        let is_listed = request.hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host));
        if !is_listed && request.url.host_str() != Some(host) {
            return Err(refused("a host that is not on the list"));
        }
        self.check_address(&to).map_err(refused)?;
        Ok(to)
    }

    /// A host that is written as an address must be public; names are judged when they are resolved.
    fn check_address(&self, url: &Url) -> Result<(), &'static str> {
        let host = url.host_str().ok_or("no host")?;
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        match literal {
            Some(address) if !self.private_addresses && !is_public(address) => Err("a private address"),
            _ => Ok(()),
        }
    }

    fn for_referenced(&self) -> &reqwest::Client {
        if self.private_addresses { &self.given } else { &self.told }
    }

    async fn answer(&self, request: &Request<'_>, response: Response) -> Result<Fetched, FetchError> {
        let status = response.status();
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        // The Alliance sends the serial number as entity tag, without quotes, and with an error as well.
        let is_held = etag.as_deref().is_some_and(|etag| {
            let plain = |tag: &str| tag.trim_start_matches("W/").trim_matches('"').to_owned();
            request.etag.is_some_and(|held| plain(held) == plain(etag))
                || request.no.is_some_and(|no| plain(etag) == no.to_string())
        });
        let not_before = retry_after(response.headers(), request.now, self.limits.retry_after);
        // Nobody who named nothing that is held can be told that it is what there is.
        let named = request.etag.is_some() || request.url.query_pairs().any(|(name, _)| name == COPY);
        let is_unmodified = status == StatusCode::NOT_MODIFIED && named;
        if is_unmodified || (!status.is_success() && status != StatusCode::NOT_MODIFIED && is_held) {
            return Ok(Fetched::NotModified { not_before });
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

/// `Retry-After`, in seconds or as a date, no later than a bound.
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
    fn retry_after_is_read_in_seconds_or_as_a_date_and_bounded() {
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
    }
}
