//! The accepted origins ([section 13.4.9]).
//!
//! [section 13.4.9]: https://www.w3.org/TR/webauthn-3/#sctn-validating-origin

use alloc::string::String;
use alloc::vec::Vec;

use crate::client_data::CollectedClientData;
use crate::error::Code;
use crate::host::is_host;
use crate::json::clip;

/// The parts of a serialised web origin: `scheme://host` or `scheme://host:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WebOrigin<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    /// `None` is the default port of the scheme, which browsers omit.
    pub(crate) port: Option<u16>,
}

impl<'a> WebOrigin<'a> {
    /// Parses an origin in the form of browsers: lower case, without path, default port and trailing dot, with labels of
    /// letters, digits, hyphens and underscores.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        if !matches!(scheme, "https" | "http") {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            None => (authority, None),
            Some((host, digits)) => {
                let port = digits.parse().ok().filter(|_| !digits.starts_with(['0', '+']))?;
                if matches!((scheme, port), ("https", 443) | ("http", 80)) {
                    return None;
                }
                (host, Some(port))
            }
        };
        is_lower_case_host(host).then_some(Self { scheme, host, port })
    }

    /// Whether browsers treat it as a secure context: it has TLS, or is within `localhost`.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == "https" || self.is_within("localhost")
    }

    /// Whether the host is `domain` or ends in a dot and `domain`.
    pub(crate) fn is_within(&self, domain: &str) -> bool {
        self.host == domain || self.is_below(domain)
    }

    /// Whether the host ends in a dot and `domain`: `evil-example.org` is not below `example.org`.
    pub(crate) fn is_below(&self, domain: &str) -> bool {
        self.host.strip_suffix(domain).is_some_and(|front| front.len() > 1 && front.ends_with('.'))
    }
}

/// Whether this is a domain in the form of browsers: in lower case.
pub(crate) fn is_lower_case_host(host: &str) -> bool {
    is_host(host) && !host.bytes().any(|c| c.is_ascii_uppercase())
}

/// The origins that a relying party accepts. Origins are compared as whole strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AcceptedOrigins {
    pub(crate) rp_id: String,
    pub(crate) origins: Vec<String>,
    pub(crate) subdomains: bool,
    pub(crate) any_port: bool,
    pub(crate) cross_origin: bool,
    pub(crate) top_origins: Vec<String>,
}

impl AcceptedOrigins {
    /// 7.1, steps 9 to 11; 7.2, steps 12 to 14.
    pub(crate) fn check(&self, client_data: &CollectedClientData) -> Result<(), OriginError> {
        // 9. origin is an origin expected by the Relying Party
        if !self.accepts(client_data.origin()) {
            return Err(OriginError::Mismatch { got: clip(client_data.origin()) });
        }
        // 10. If crossOrigin is present and set to true, the Relying Party expects an iframe
        if client_data.cross_origin() == Some(true) && !self.cross_origin {
            return Err(OriginError::CrossOrigin);
        }
        // 11. If topOrigin is present:
        if let Some(top_origin) = client_data.top_origin() {
            // 11.1. the Relying Party expects an iframe
            if !self.cross_origin {
                return Err(OriginError::CrossOrigin);
            }
            // 11.2. topOrigin is a page that the Relying Party expects to be sub-framed within
            if !self.top_origins.iter().any(|accepted| accepted == top_origin) {
                return Err(OriginError::TopOrigin { got: clip(top_origin) });
            }
        }
        Ok(())
    }

    /// Whether the origin is accepted.
    pub(crate) fn accepts(&self, origin: &str) -> bool {
        if self.origins.iter().any(|accepted| accepted == origin) {
            return true;
        }
        if !self.subdomains && !self.any_port {
            return false;
        }
        let Some(candidate) = WebOrigin::parse(origin) else { return false };
        let of_rp_id = candidate.is_below(&self.rp_id) && candidate.is_secure();
        self.origins.iter().filter_map(|accepted| WebOrigin::parse(accepted)).any(|accepted| {
            // Subdomains have the ports of the RP ID's own origins, not of related ones
            let subdomain = self.subdomains && of_rp_id && accepted.is_within(&self.rp_id);
            let port = candidate.port == accepted.port || self.any_port;
            candidate.scheme == accepted.scheme && (candidate.host == accepted.host || subdomain) && port
        })
    }
}

/// Why an origin was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The origin is not in the accepted list.
    #[error("origin {got:?} is not accepted")]
    Mismatch {
        /// The origin in client data.
        got: String,
    },
    /// The ceremony ran in a cross-origin frame.
    #[error("cross-origin use is not accepted")]
    CrossOrigin,
    /// The origin of the top-level page is not in the accepted list.
    #[error("top origin {got:?} is not accepted")]
    TopOrigin {
        /// The top origin in client data.
        got: String,
    },
}

impl OriginError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Mismatch { .. } => Code::OriginMismatch,
            Self::CrossOrigin => Code::CrossOriginNotAllowed,
            Self::TopOrigin { .. } => Code::TopOriginMismatch,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn accepted(subdomains: bool, any_port: bool) -> AcceptedOrigins {
        AcceptedOrigins {
            rp_id: "example.com".to_string(),
            origins: vec!["https://example.com".to_string(), "android:apk-key-hash:AAAA".to_string()],
            subdomains,
            any_port,
            ..AcceptedOrigins::default()
        }
    }

    #[test]
    fn origins_are_compared_whole() {
        let origins = accepted(false, false);
        assert!(origins.accepts("https://example.com"));
        assert!(origins.accepts("android:apk-key-hash:AAAA"));
        for other in [
            "http://example.com",
            "https://example.com:8443",
            "https://example.com:443",
            "https://example.com/",
            "https://example.com.",
            "https://EXAMPLE.com",
            "https://evilexample.com",
            "https://evil-example.com",
            "https://example.com.evil",
            "https://sub.example.com",
            "https://exаmple.com",
            "https://xn--exmple-4nf.com",
            "android:apk-key-hash:AAAAB",
            "android:apk-key-hash:aaaa",
            "null",
            "",
        ] {
            assert!(!origins.accepts(other), "{other}");
        }
    }

    #[test]
    fn subdomains_begin_at_a_dot_and_keep_scheme_and_port() {
        let origins = accepted(true, false);
        assert!(origins.accepts("https://login.example.com"));
        assert!(origins.accepts("https://a.b.example.com"));
        for other in [
            "https://evilexample.com",
            "https://evil-example.com",
            "https://.example.com",
            "https://a..example.com",
            "https://example.com.evil",
            "https://login.example.com.",
            "https://login.example.com:8443",
            "http://login.example.com",
            "https://user@login.example.com",
            "https://evil.com/.example.com",
            "https://evil.com#.example.com",
        ] {
            assert!(!origins.accepts(other), "{other}");
        }
    }

    #[test]
    fn subdomains_have_tls_and_a_port_of_the_rp_ids_own_origins() {
        let mut origins = accepted(true, false);
        origins.origins.extend([
            "http://example.com".to_string(),
            "https://related.example:8443".to_string(),
            "https://login.example.com:9443".to_string(),
        ]);
        assert!(origins.accepts("http://example.com"), "named, if only verbatim");
        assert!(!origins.accepts("http://login.example.com"));
        assert!(!origins.accepts("https://a.example.com:8443"), "a related origin's port");
        assert!(origins.accepts("https://a.example.com:9443"));
        assert!(!origins.accepts("https://a.related.example:8443"));
    }

    #[test]
    fn subdomains_of_localhost_need_no_tls() {
        let origins = AcceptedOrigins {
            rp_id: "localhost".to_string(),
            origins: vec!["http://localhost:8080".to_string()],
            subdomains: true,
            ..AcceptedOrigins::default()
        };
        assert!(origins.accepts("http://a.localhost:8080"));
        assert!(!origins.accepts("http://a.localhost:8081"));
    }

    #[test]
    fn any_port_is_any_port_of_the_same_host() {
        let origins = accepted(false, true);
        assert!(origins.accepts("https://example.com:8443"));
        assert!(!origins.accepts("https://example.com:99999"));
        assert!(!origins.accepts("https://login.example.com:8443"));
        assert!(!origins.accepts("http://example.com:8443"));
    }
}
