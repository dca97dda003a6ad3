//! How requests reach the server.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use ureq::Agent;
use ureq::http::Request;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::http::{HttpRequest, HttpResponse};

/// Sends requests to the server under test.
pub trait Transport: Send + Sync {
    /// Sends a request, whose path begins with a slash, and returns the response, of any status.
    ///
    /// # Errors
    /// [`TransportError`] if the server does not respond.
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// A server in the same process.
impl<F: Fn(&HttpRequest) -> HttpResponse + Send + Sync> Transport for F {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        Ok(self(request))
    }
}

/// The server did not respond.
#[derive(Debug, thiserror::Error)]
#[error("no response: {0}")]
pub struct TransportError(String);

/// Why a URL or its certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Not `http://host[:port]` or `https://host[:port]`, with a path or without.
    #[error("{0:?} is not an http or https URL")]
    Malformed(String),
    /// The root certificates could not be read.
    #[error("{path}: {error}")]
    Roots {
        /// The file.
        path: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The file has no certificates in PEM.
    #[error("{0}: no certificate")]
    NoCertificate(String),
}

/// A server on a network.
#[derive(Clone, Debug)]
pub struct Network {
    origin: String,
    prefix: String,
    agent: Agent,
}

/// The time limit of a request.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum length of a response.
const MAX_BODY: u64 = 4 * 1024 * 1024;

impl Network {
    /// A server by its URL: the origin, and a path that is put before the paths of requests. `roots` is a file with the
    /// root certificates of the server in PEM, instead of those of the platform.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn new(url: &str, roots: Option<&Path>) -> Result<Self, UrlError> {
        let malformed = || UrlError::Malformed(url.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(malformed)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !matches!(scheme, "http" | "https") || authority.is_empty() {
            return Err(malformed());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = match roots {
            Some(path) => RootCerts::Specific(Arc::new(certificates(path)?)),
            None => RootCerts::PlatformVerifier,
        };
        let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots).build();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT))
            .tls_config(tls)
            .build();
        let prefix = format!("/{path}").trim_end_matches('/').to_owned();
        Ok(Self { origin: format!("{scheme}://{authority}"), prefix, agent: agent.into() })
    }

    /// The origin of the URL.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, UrlError> {
    let name = path.display().to_string();
    let pem = fs::read(path).map_err(|error| UrlError::Roots { path: name.clone(), error })?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() { Err(UrlError::NoCertificate(name)) } else { Ok(certificates) }
}

impl Transport for Network {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let failed = |error: &dyn std::fmt::Display| TransportError(error.to_string());
        let url = format!("{}{}{}", self.origin, self.prefix, request.path);
        let mut builder = Request::builder().method(request.method.as_str()).uri(url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value.as_slice());
        }
        let request = builder.body(request.body.clone()).map_err(|error| failed(&error))?;
        let mut response = self.agent.run(request).map_err(|error| failed(&error))?;
        let body = response.body_mut().with_config().limit(MAX_BODY).read_to_vec();
        let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(HttpResponse {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body: body.map_err(|error| failed(&error))?,
        })
    }
}
