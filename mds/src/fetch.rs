//! Fetching over HTTP, bounded on every side.
//!
//! Bodies have a greatest length and a greatest time, a redirect leads to an `https` host of the caller's list and never
//! to a private address, and names are resolved by a resolver that passes private addresses over. Behind a proxy, which
//! resolves names itself, addresses are the proxy's to judge.

mod address;
mod client;

use std::time::Duration;

pub use address::is_public;
pub(crate) use client::COPY;
pub use client::Client;
use reqwest::Url;
use rp_core::Timestamp;

/// Bounds of one exchange.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For the whole of it, body and redirects included.
    pub total: Duration,
    /// Until the connection is there.
    pub connect: Duration,
    /// Without a byte.
    pub idle: Duration,
    /// The longest `Retry-After` that is heeded.
    pub retry_after: Duration,
}

impl Default for Limits {
    /// A minute, which brings ten megabytes over a slow line; and a week for `Retry-After`.
    fn default() -> Self {
        Self {
            total: Duration::from_secs(60),
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(20),
            retry_after: Duration::from_secs(7 * 86_400),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Where.
    pub url: Url,
    /// Hosts that a redirect may lead to, beside the one of `url`.
    pub hosts: &'a [String],
    /// The entity tag of what is held.
    pub etag: Option<&'a str>,
    /// The serial number of what is held, which the Alliance sends as entity tag.
    pub no: Option<u64>,
    /// The greatest length that is read.
    pub max_len: usize,
    /// When it is asked, by which dates in the answer are taken.
    pub now: Timestamp,
}

/// What came.
#[derive(Debug)]
pub enum Fetched {
    /// What is held is what there is.
    NotModified {
        /// Before this the server does not want to be asked again.
        not_before: Option<Timestamp>,
    },
    /// A body.
    Body {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Its entity tag.
        etag: Option<String>,
    },
}

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// An address that is not fetched from: of another scheme, without host, or private.
    #[error("{url}: {why}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A redirect leads to where none may.
    #[error("redirect to {to}: {why}")]
    Redirect {
        /// Where it leads.
        to: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The server answers with an error.
    #[error("HTTP status {status}")]
    Status {
        /// Its status.
        status: u16,
        /// Before this it does not want to be asked again.
        not_before: Option<Timestamp>,
    },
    /// The body is too long.
    #[error("more than {max} bytes")]
    TooLong {
        /// The greatest length that is read.
        max: usize,
    },
    /// It takes too long.
    #[error("no answer within {} seconds", .limit.as_secs())]
    Timeout {
        /// The bound.
        limit: Duration,
    },
    /// The body ended before it was whole.
    #[error("the answer breaks off")]
    Incomplete,
    /// The exchange failed.
    #[error("{}", chain(.0))]
    Http(#[source] reqwest::Error),
}

impl FetchError {
    /// Before this the server does not want to be asked again.
    #[must_use]
    pub const fn not_before(&self) -> Option<Timestamp> {
        match self {
            Self::Status { not_before, .. } => *not_before,
            _ => None,
        }
    }
}

/// An error and what is behind it, since `reqwest` says no more than that there is something.
fn chain(error: &reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(behind) = source {
        words.push_str(": ");
        words.push_str(&behind.to_string());
        source = behind.source();
    }
    words
}
