//! Stores: accounts with their passkeys, ceremonies under way, sessions.
//!
//! Each is a trait, so that an application brings its own; [`MemoryStore`] and [`SqliteStore`] implement all
//! three. What a store must hold is written down as behaviours in `testkit` (a feature), which any
//! store can be put through.
//!
//! What can come out of a call when the storage works is in the call's own type ([`Added::TooMany`], …);
//! [`StoreError`] says that it did not work, and then nothing was changed.

mod ceremony;
mod credential;
mod error;
mod memory;
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use ceremony::{CeremonyKey, CeremonyStore, Taken};
pub use credential::{Account, Added, Applied, CredentialStore, Deleted, Opened, Passkey, Put};
pub use error::StoreError;
pub use memory::MemoryStore;
pub use session::{SessionKey, SessionStore};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

/// The most bytes that one ceremony or session may hold: a ceremony that lists a thousand credentials takes
/// about a tenth, so whatever is longer is a mistake or an attack.
pub const MAX_STATE_BYTES: usize = 1 << 20;

/// The most entries that one sweep drops, so that the request that it rides on is not held up.
pub const SWEEP_LIMIT: u32 = 256;
