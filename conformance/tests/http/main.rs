//! The cases of the HTTP interface on the service itself, without a framework; and its log.
#![expect(clippy::unwrap_used, reason = "tests")]

mod log;

use rp_conformance::http::{Fixture, bare};

rp_conformance::http_tests!(tokio::test, |fixture: Fixture| async move { bare(&fixture) });
