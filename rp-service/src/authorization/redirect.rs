use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::AuthorizationError;

/// The redirect URI of a command line: `http://127.0.0.1:PORT/PATH` or `http://[::1]:PORT/PATH` (RFC 8252, section 7.3).
///
/// The port is any, because the system chooses it. Stricter than the RFC: the path has unreserved characters and slashes
/// only, and a query is rejected. `localhost` is rejected, because a name may resolve to another machine (section 8.3).
///
/// # Examples
/// ```
/// use rp_service::LoopbackRedirect;
///
/// let redirect = LoopbackRedirect::parse("http://127.0.0.1:49152/callback")?;
/// assert_eq!(redirect.port(), 49152);
/// assert!(LoopbackRedirect::parse("http://localhost:49152/callback").is_err());
/// # Ok::<(), rp_service::AuthorizationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LoopbackRedirect {
    uri: String,
    port: u16,
}

impl LoopbackRedirect {
    /// Parses a redirect URI.
    ///
    /// # Errors
    /// [`AuthorizationError::RedirectUri`].
    pub fn parse(uri: &str) -> Result<Self, AuthorizationError> {
        let read = || {
            let rest = uri.strip_prefix("http://127.0.0.1:").or_else(|| uri.strip_prefix("http://[::1]:"))?;
            let (port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            // A sign or a leading zero would be another text for the same port.
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
            let is_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
            let is_valid = is_number && path.bytes().all(is_path) && uri.len() <= MAX_BYTES;
            Some(Self { uri: uri.to_owned(), port: port.parse().ok().filter(|_| is_valid)? })
        };
        read().ok_or(AuthorizationError::RedirectUri)
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The URI with these parameters (RFC 6749, section 4.1.2).
    pub(crate) fn with(&self, parameters: &[(&str, &str)]) -> String {
        let uri = format!("{}?", self.uri);
        let query_at = uri.len();
        let mut query = form_urlencoded::Serializer::for_suffix(uri, query_at);
        query.extend_pairs(parameters);
        query.finish()
    }
}

impl TryFrom<String> for LoopbackRedirect {
    type Error = AuthorizationError;

    fn try_from(uri: String) -> Result<Self, AuthorizationError> {
        Self::parse(&uri)
    }
}

impl From<LoopbackRedirect> for String {
    fn from(redirect: LoopbackRedirect) -> Self {
        redirect.uri
    }
}

impl fmt::Display for LoopbackRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

/// Longer than any path that a program needs.
const MAX_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_with_a_port_are_accepted() {
        for (uri, port) in [
            ("http://127.0.0.1:1", 1),
            ("http://127.0.0.1:49152/", 49_152),
            ("http://127.0.0.1:65535/oauth2/call-back", 65_535),
            ("http://[::1]:8080/callback", 8_080),
        ] {
            let redirect = LoopbackRedirect::parse(uri).unwrap();
            assert_eq!((redirect.as_str(), redirect.port()), (uri, port));
        }
    }

    #[test]
    fn every_other_address_is_rejected() {
        for uri in [
            "",
            "http://127.0.0.1",
            "http://127.0.0.1/",
            "http://127.0.0.1:/",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:080/",
            "http://127.0.0.1:+80/",
            "http://127.0.0.1:65536/",
            "https://127.0.0.1:8080/",
            "HTTP://127.0.0.1:8080/",
            "http://localhost:8080/",
            "http://127.0.0.2:8080/",
            "http://127.1:8080/",
            "http://2130706433:8080/",
            "http://[::ffff:127.0.0.1]:8080/",
            "http://[0:0:0:0:0:0:0:1]:8080/",
            "http://127.0.0.1:8080@evil.example/",
            "http://127.0.0.1.evil.example:8080/",
            "http://user@127.0.0.1:8080/",
            "http://127.0.0.1:8080?next=/",
            "http://127.0.0.1:8080/?next=/",
            "http://127.0.0.1:8080/#code",
            "http://127.0.0.1:8080/%2e",
            "http://127.0.0.1:8080\\@evil.example/",
            "http://127.0.0.1:8080/a b",
            " http://127.0.0.1:8080/",
            "https://example.org/callback",
            "acme:/callback",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert_eq!(LoopbackRedirect::parse(uri), Err(AuthorizationError::RedirectUri), "{uri}");
        }
        let long = format!("http://127.0.0.1:8080/{}", "a".repeat(MAX_BYTES));
        assert_eq!(LoopbackRedirect::parse(&long), Err(AuthorizationError::RedirectUri));
    }

    #[test]
    fn parameters_are_encoded() {
        let redirect = LoopbackRedirect::parse("http://[::1]:8080/callback").unwrap();
        assert_eq!(
            redirect.with(&[("code", "A-_1"), ("state", "a b&c=d#"), ("iss", "https://example.org")]),
            "http://[::1]:8080/callback?code=A-_1&state=a+b%26c%3Dd%23&iss=https%3A%2F%2Fexample.org"
        );
    }
}
