//! FIDO Metadata Service: verify, hold, query, refresh.
//!
//! - [`Verification`] makes [`Metadata`] of a BLOB, by [`Roots`] and at a time; it does nothing else, so that BLOBs can
//!   come from anywhere;
//! - a [`Catalog`] asks several lists in an order, and [`SharedCatalog`] shares the one of the moment;
//! - a [`Policy`] judges models, each [`Verdict`] explaining itself, and tells what a new list changes;
//! - [`MetadataTrust`] is all that as the trust source of a registration;
//! - `Refresher`, with the feature `fetch`, keeps lists up to date from the network, files and a [`Cache`].
//!
//! # Examples
//! A BLOB in a file, such as one that another program brings, with a cache that remembers when it was verified and the
//! greatest serial number:
#![cfg_attr(feature = "fetch", doc = "```")]
#![cfg_attr(not(feature = "fetch"), doc = "```text")]
//! use std::path::Path;
//! use std::sync::Arc;
//! use rp_mds::{Cache, MetadataTrust, Names, Policy, Refresher, Roots, SourceConfig};
//!
//! fn open(blob: &Path, cache: &Path, roots: Roots) -> Result<Arc<Refresher>, Box<dyn std::error::Error>> {
//!     let refresher = Refresher::builder()
//!         .source(SourceConfig::file("blob", blob, roots)) // `SourceConfig::own` for entries of one's own
//!         .cache(Cache::open(cache)?)
//!         .build()?;
//!     refresher.start(); // reads the file; what is wrong with it is an event, and the service starts all the same
//!     Ok(Arc::new(refresher))
//! }
//!
//! # let publisher = rp_conformance::publisher::Publisher::new("an example", rp_core::Timestamp::now());
//! # let aaguid: rp_core::Aaguid = "a1000000-0000-4000-8000-000000000001".parse()?;
//! # let payload = serde_json::json!({"no": 1, "entries": [{
//! #     "aaguid": aaguid, "metadataStatement": {"description": "Example Key"},
//! #     "statusReports": [{"status": "FIDO_CERTIFIED"}],
//! # }]});
//! # let directory = std::env::temp_dir().join(format!("rp-mds-example-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! # let (blob, roots) = (directory.join("blob.jwt"), Roots::from_certificates(&publisher.root())?);
//! # let names = vec!["mds.fidoalliance.org".to_owned()];
//! # let signing = rp_conformance::publisher::Signing { names, ..Default::default() };
//! # std::fs::write(&blob, publisher.blob(&payload, &signing))?;
//! let refresher = open(&blob, &directory.join("cache"), roots)?; // in production `Roots::of_the_system()?`
//! let trust = MetadataTrust::new(refresher.catalog(), Policy::default()); // for `finish_registration`
//! let shown = Names::default().show(&trust.catalog().load(), aaguid).unwrap_or_default();
//! assert_eq!((shown.name("en"), shown.icon.as_deref()), (Some("Example Key"), None));
//!
//! // In a service: `tokio::spawn(async move { refresher.run().await })` looks after files and the network.
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
pub use catalog::{Catalog, Listing, SharedCatalog, Source};
pub use date::{Date, DateError};
pub use entry::{
    AnchorError, Entry, EntryError, GetInfo, KeyIdentifier, KeyIdentifierError, MetadataStatement, ModelId,
    ModelIdError, UserVerification, Version,
};
pub use freshness::{Freshness, Staleness, TooOld};
pub use keep::Retention;
pub use members::ExtraMembers;
pub use metadata::Metadata;
pub use names::{ModelName, Names, NamesError};
pub use payload::{PayloadError, RejectedEntry};
pub use policy::{Policy, Severity, UnknownStatus, WordRequirement};
pub use recheck::{Affected, Difference, ModelChange, Named, StatusChange, StoredCredential};
#[cfg(feature = "fetch")]
pub use refresh::{
    ALLIANCE_DOMAIN, ALLIANCE_URL, Event, Health, Outcome, RefreshError, Refresher, RefresherBuilder,
    RevocationMode, Schedule, SourceConfig, SourceError,
};
pub use roots::{KNOWN_ROOTS, KnownRoot, Roots, RootsError};
pub use status::{CertificationLevel, FipsLevel, Status, StatusReport};
pub use trust::MetadataTrust;
pub use verdict::{Finding, ModelQuery, Reason, ReportSummary, Verdict};
