//! Events, logs and metrics of a run of every flow; the operator's command; and operations on many users.
#![expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod command;
mod libraries;
mod many;
mod observed;
mod play;
#[path = "../../../rp-service/tests/shared/skip.rs"]
mod skip;
mod trail;
mod transfer;
