//! Refreshing from a server on loopback, honest, broken and hostile.
#![expect(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "tests")]

mod cache;
mod command;
mod hostile;
mod refresh;
mod revocation;
mod server;
mod support;
