//! The vector format: one JSON object per file, in which every case has its expected result.
//!
//! Any relying party can be run against such a file; [`read`] takes files and folders, [`File::to_json`] writes
//! one. An unknown member, a word outside its list, a duplicate `id` and a folder without vectors are errors that name
//! file and case. The bytes of `response` are kept as they are, because they are the input.

mod case;
mod ceremony;
mod chain;
mod expect;
mod read;
mod text;

pub use case::{Body, Case, File, Kind};
pub use ceremony::{AttestationSettings, Authentication, Registration, RelyingParty, StoredCredential};
pub use chain::{Blob, Chain, Mds, Signature};
pub use expect::{Ceremony, Entry, Expect, Metadata, NoFacts, Reason, Rejected};
pub use read::{Read, ReadError, read, read_text};
pub use text::Bytes;

/// The version of the format that this crate reads and writes.
pub const VERSION: u32 = 1;
