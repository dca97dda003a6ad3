//! The client that misbehaves, against servers whose mistakes are known.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod serve;
mod without;
