//! The cases of the HTTP interface on the service itself, without a framework; its log; and a database that grows, or has no
//! room.
#![expect(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "tests")]

mod full_disk;
mod growth;
mod log;
mod sealed;

use rp_conformance::http::{Fixture, bare};

rp_conformance::http_tests!(tokio::test, |fixture: Fixture| async move { bare(&fixture) });
