//! The HTTP tests that every adapter passes, on axum.
#![expect(clippy::unwrap_used, reason = "what cannot be sent is a failed test")]

#[path = "http/site.rs"]
mod site;

use rp_conformance::http::Fixture;

async fn axum(fixture: &Fixture) -> site::Axum {
    site::Axum::new(fixture)
}

rp_conformance::http_tests!(tokio::test, axum);
