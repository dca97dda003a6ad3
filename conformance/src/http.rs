//! The tests of the HTTP interface, written once for every adapter.
//!
//! An adapter implements [`Site`] over its own server and calls `http_tests!`, which makes a test of each case; each
//! case also gives a [`Transcript`], which [`alike`] compares between two adapters to the byte, save for what is
//! random.

#![expect(
    clippy::indexing_slicing,
    reason = "JSON that lacks a member gives null; what is not there is a failed test"
)]

mod browser;
mod cases;
mod fixture;
mod store;
mod transcript;

pub use cases::{Case, alike};
pub use fixture::{Fixture, LOCALHOST, ORIGIN, Setup};
pub use store::FailingStore;
pub use transcript::Transcript;

use std::future::Future;

/// A request as it goes over the wire.
#[derive(Clone, Debug, Default)]
pub struct HttpRequest {
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer as it comes over the wire.
#[derive(Clone, Debug, Default)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A server with the routes mounted, without a network between.
pub trait Site {
    /// Answers a request.
    fn send(&self, request: HttpRequest) -> impl Future<Output = HttpResponse>;
}

impl HttpResponse {
    /// All values of a header.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}
