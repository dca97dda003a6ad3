//! The service through its public API, with the software authenticator in the browser's place.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests: what is not there ends them"
)]

mod binding;
mod enumeration;
mod flows;
mod log;
mod storage;
mod support;
