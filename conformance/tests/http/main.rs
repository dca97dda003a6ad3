//! The cases of the HTTP interface on the service itself, without a framework; its log; and a database that grows, or has no
//! room. Every response is compared with the OpenAPI document.
#![expect(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "tests")]
#![expect(clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod full_disk;
mod growth;
mod log;
mod openapi;
mod rotation;
mod sealed;
#[path = "../../../rp-service/tests/shared/skip.rs"]
mod skip;

use rp_conformance::http::{Fixture, bare};

rp_conformance::http_tests!(tokio::test, |fixture: Fixture| async move {
    openapi::documented(&fixture, bare(&fixture))
});
