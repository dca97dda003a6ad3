//! FIDO Metadata Service: verification, storage, queries and refreshing of authenticator metadata.
//!
//! - [`Verification`] verifies a BLOB with [`Roots`] at a given time and returns [`Metadata`]. It does no I/O, so the BLOB
//!   can come from anywhere.
//! - A [`Catalog`] contains several lists in an order of precedence; [`SharedCatalog`] shares the current one.
//! - A [`Policy`] judges models. Each [`Verdict`] contains its reasons.
//! - [`MetadataTrust`] combines catalog and policy as the trust source of registrations.
//! - `Refresher`, with the feature `fetch`, keeps lists from the network and files up to date, with a [`Cache`].
//!
//! # Examples
//! A catalog of the operator's own entries:
//! ```
//! use rp_core::Timestamp;
//! use rp_mds::{Catalog, Metadata, ModelQuery, Policy, Retention};
//!
//! let own = br#"[{
//!     "aaguid": "a1000000-0000-4000-8000-000000000001",
//!     "metadataStatement": {"description": "Example Key"},
//!     "statusReports": [{"status": "REVOKED", "effectiveDate": "2026-01-01"}]
//! }]"#;
//! let catalog = Catalog::of("own", Metadata::from_own_entries(own, Retention::ALL)?);
//! let model = "a1000000-0000-4000-8000-000000000001".parse()?;
//! let verdict = Policy::default().judge(&catalog, &ModelQuery::new(model, Timestamp::now()));
//! assert!(!verdict.is_accepted());
//! assert!(verdict.to_string().contains("REVOKED since 2026-01-01"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base64;
mod blob;
mod cache;
mod catalog;
mod cursor;
mod date;
mod entry;
#[cfg(feature = "fetch")]
pub mod fetch;
mod freshness;
mod lookup;
mod members;
mod metadata;
mod model_id;
mod names;
mod payload;
mod policy;
mod recheck;
#[cfg(feature = "fetch")]
mod refresh;
mod roots;
mod signer;
pub mod status;
mod trust;
mod verdict;

pub use blob::{BlobError, Verification};
pub use cache::{BlobRecord, Cache, CacheError, CacheLock, CachedBlob, SourceRecord};
pub use catalog::{Catalog, Listing, NamedList, SharedCatalog};
pub use date::{Date, DateError};
pub use entry::Entry;
pub use entry::anchors::AnchorError;
pub use entry::statement::{GetInfo, MetadataStatement, Retention, UserVerification, Version};
pub use freshness::{Freshness, Staleness, TooOld};
pub use members::ExtraMembers;
pub use metadata::{Edition, Metadata};
pub use model_id::{KeyIdentifier, KeyIdentifierError, ModelId, ModelIdError};
pub use names::{ModelName, Names, NamesError};
pub use payload::entry::EntryError;
pub use payload::{PayloadError, RejectedEntry};
pub use policy::{Policy, Severity, UnknownStatus, WordRequirement};
pub use recheck::{Affected, Difference, ModelChange, Named, StatusChange, StoredCredential};
#[cfg(feature = "fetch")]
pub use refresh::{
    Refresher, RefresherBuilder,
    event::Event,
    health::Health,
    outcome::{Outcome, RefreshError},
    schedule::Schedule,
    source::{ALLIANCE_URL, FileSource, RemoteSource, RevocationMode, Source, SourceError, StaticSource},
};
pub use roots::{KNOWN_ROOTS, KnownRoot, Roots, RootsError};
pub use signer::{ALLIANCE_HOST, Signer, SignerError, SignerHost};
pub use status::report::{ReportError, StatusReport};
pub use status::{CertificationLevel, FipsLevel, Status};
pub use trust::MetadataTrust;
pub use verdict::{Finding, ModelQuery, Reason, ReportSummary, Verdict};

/// The program of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
