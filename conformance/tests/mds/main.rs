//! `rp-mds` through its public API: BLOBs, trust, and refreshing from a server on loopback.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests: what is missing ends them"
)]

mod blob;
#[path = "../shared/built.rs"]
mod built;
mod cache;
mod command;
mod hostile;
mod models;
mod proxy;
mod refresh;
mod revocation;
mod server;
mod support;
mod trust;
