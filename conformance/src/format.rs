//! The vector format: one JSON object a file, in which every case says what must come out.
//!
//! Any relying party can be run against such a file; [`read`] takes files and folders, [`File::to_json`] writes
//! one. Nothing is passed over in silence: a member that is not known, a word outside its list, an `id` that
//! comes twice and a folder without vectors are errors that name file and case. What stands inside `response`
//! is the client's and is kept to the byte, for it is what is judged.

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
