//! FIDO Metadata Service: verify, hold, query, refresh.
//!
//! - [`Verification`] makes [`Metadata`] of a BLOB, by [`Roots`] and at a time; it does nothing else, so that BLOBs can
//!   come from anywhere;
//! - a [`Catalog`] asks several lists in an order, and [`Current`] shares the one of the moment;
//! - a [`Policy`] judges models, each [`Verdict`] explaining itself, and tells what a new list changes;
//! - [`MetadataTrust`] is all that as the trust source of a registration;
//! - `Refresher`, with the feature `fetch`, keeps lists up to date from the network, files and a [`Cache`].

mod base64;
mod blob;
mod cache;
mod catalog;
mod date;
mod entry;
#[cfg(feature = "fetch")]
pub mod fetch;
mod freshness;
mod keep;
mod lookup;
mod members;
mod metadata;
mod names;
mod payload;
mod policy;
mod recheck;
#[cfg(feature = "fetch")]
mod refresh;
mod roots;
pub mod status;
mod trust;
mod verdict;

pub use blob::{BlobError, JwsAlgorithm, Signer, Verification};
pub use cache::{Cache, CacheError, CacheLock, Cached, State};
pub use catalog::{Catalog, Current, Listing, Source};
pub use date::{Date, DateSyntax};
pub use entry::{
    AnchorFault, Entry, EntryFault, GetInfo, KeyIdentifier, KeyIdentifierSyntax, MetadataStatement, Model,
    ModelSyntax, UserVerification, Version,
};
pub use freshness::{Freshness, Staleness, TooOld};
pub use keep::Keep;
pub use members::Others;
pub use metadata::Metadata;
pub use names::{ModelName, Names, NamesError};
pub use payload::{LeftOut, PayloadError};
pub use policy::{Policy, UnknownStatus, Weigh, Words};
pub use recheck::{Affected, Difference, ModelChange, Named, StatusChange, StoredCredential};
#[cfg(feature = "fetch")]
pub use refresh::{
    ALLIANCE_URL, Event, Health, Outcome, RefreshError, Refresher, RefresherBuilder, RevocationMode,
    Schedule, SourceConfig, SourceError,
};
pub use roots::{KNOWN_ROOTS, KnownRoot, Roots, RootsError};
pub use status::{CertificationLevel, FipsLevel, Status, StatusReport};
pub use trust::MetadataTrust;
pub use verdict::{Finding, Question, Reason, Reported, Verdict};
