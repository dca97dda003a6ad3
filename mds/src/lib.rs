//! FIDO Metadata Service: verify, hold, query, refresh.

mod base64;
mod blob;
mod date;
mod entry;
mod keep;
mod lookup;
mod members;
mod metadata;
mod names;
mod payload;
mod roots;
pub mod status;

pub use blob::{BlobError, JwsAlgorithm, Signer, Verification};
pub use date::{Date, DateSyntax};
pub use entry::{
    AnchorFault, Entry, EntryFault, GetInfo, KeyIdentifier, KeyIdentifierSyntax, MetadataStatement, Model,
    ModelSyntax, UserVerification, Version,
};
pub use keep::Keep;
pub use members::Others;
pub use metadata::Metadata;
pub use payload::{LeftOut, PayloadError};
pub use roots::{KNOWN_ROOTS, KnownRoot, Roots, RootsError};
pub use status::{CertificationLevel, FipsLevel, Status, StatusReport};
