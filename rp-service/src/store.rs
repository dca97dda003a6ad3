//! Stores: users, passkeys, second factors, ceremonies in progress and sessions.
//!
//! Each kind is a small trait, so that an application can bring its own and mix them: users in its own table,
//! ceremonies in Redis, everything else in PostgreSQL. [`MemoryStore`], [`SqliteStore`] and `PostgresStore` implement all
//! of them, `RedisStore` those of ceremonies and sessions. The
//! feature `testkit` contains the required behaviour as tests that any store can run.
//!
//! Outcomes that are possible while the storage works are in the return type of the method
//! ([`AddPasskey::TooMany`], …). [`StoreError`] means that the storage failed and that nothing was changed.

mod ceremony;
mod credential;
mod dynamic;
mod error;
mod factor;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod sealed;
mod session;
mod sign_up;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "testkit")]
pub mod testkit;
mod user;

pub use crate::session::SessionKey;
pub use ceremony::{CeremonyKey, CeremonyStore, TakeCeremony};
pub use credential::{
    AddPasskey, ApplyUpdate, Authorization, Conditions, CredentialStore, DeletePasskey, GrantKey, Passkey,
};
pub(crate) use dynamic::{
    DynCeremonyStore, DynCredentialStore, DynFactorStore, DynRateLimiter, DynReplayCache, DynSessionStore,
    DynSignUpStore, DynUserStore,
};
pub use error::StoreError;
pub use factor::{DeleteFactor, FactorRecord, FactorStatus, FactorStore, FactorVersion, PutFactor};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
pub(crate) use sealed::SealedCeremonies;
pub use sealed::{MemoryReplayCache, ReplayCache};
pub use session::SessionStore;
pub use sign_up::{SignUp, SignUpStore};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sql::{SqlStore, SqlUsers};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use user::{CreateUser, UpdateUser, UserChange, UserRecord, UserStore};

/// The maximum length of a ceremony's state, in bytes. A ceremony that lists a thousand credentials takes about a
/// tenth, so anything longer is a mistake or an attack.
pub const MAX_STATE_BYTES: usize = 1 << 20;

/// The maximum number of entries that one sweep deletes, so that a sweep never holds the storage for long.
pub const SWEEP_LIMIT: u32 = 256;
