//! A list of models that was verified, or that the operator wrote: it is read and never changed.

use std::fmt;

use rp_core::Aaguid;

use crate::Retention;
use crate::blob::Signer;
use crate::date::Date;
use crate::entry::{Entry, KeyIdentifier, ModelId};
use crate::lookup::Index;
use crate::members::ExtraMembers;
use crate::payload::{Payload, PayloadError, RejectedEntry};

/// A list of models that was verified, or that the operator wrote.
///
/// It is read and never changed: a new BLOB makes a new one, and who holds the old one goes on with it.
pub struct Metadata {
    legal_header: Option<Box<str>>,
    no: Option<u64>,
    next_update: Option<Date>,
    entries: Box<[Entry]>,
    rejected: Box<[RejectedEntry]>,
    other: ExtraMembers,
    index: Index,
    signer: Option<Signer>,
}

impl Metadata {
    /// What a BLOB says; whether to believe it is for [`crate::blob`] to say.
    pub(crate) fn new(payload: Payload, signer: Option<Signer>) -> Self {
        let Payload { legal_header, no, next_update, entries, rejected, other } = payload;
        let index = Index::new(&entries);
        Self {
            legal_header,
            no,
            next_update,
            entries: entries.into(),
            rejected: rejected.into(),
            other,
            index,
            signer,
        }
    }

    /// A list that the operator wrote, for models that the Alliance does not list: `{"entries": […]}`, or the list
    /// alone, each entry as in a BLOB. `statusReports` may be missing. It is believed because it was handed in.
    ///
    /// # Errors
    /// [`PayloadError`] where it is not such a list; an entry that cannot be read is left out.
    ///
    /// # Examples
    /// ```
    /// let own = rp_mds::Metadata::from_own_entries(
    ///     br#"[{"aaguid": "00112233-4455-6677-8899-aabbccddeeff",
    ///           "metadataStatement": {"description": "Our own token"}}]"#,
    ///     rp_mds::Retention::ALL,
    /// )?;
    /// let entry = own.by_aaguid("00112233-4455-6677-8899-aabbccddeeff".parse()?);
    /// assert_eq!(entry.map(|entry| entry.description()), Some("Our own token"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_own_entries(json: &[u8], retention: Retention) -> Result<Self, PayloadError> {
        Payload::read_own(json, retention).map(|payload| Self::new(payload, None))
    }

    /// The serial number; an operator's list has none.
    #[must_use]
    pub fn no(&self) -> Option<u64> {
        self.no
    }

    /// The day by which the next BLOB is due.
    #[must_use]
    pub fn next_update(&self) -> Option<Date> {
        self.next_update
    }

    /// Which of two lists is the later: by serial number; of one number by the day of the next list, then by the last
    /// change of a status. The greater is the later.
    #[must_use]
    pub fn age(&self) -> (Option<u64>, Option<Date>, Option<Date>) {
        let changed = self.entries.iter().filter_map(Entry::time_of_last_status_change).max();
        (self.no, self.next_update, changed)
    }

    /// The Alliance's terms.
    #[must_use]
    pub fn legal_header(&self) -> Option<&str> {
        self.legal_header.as_deref()
    }

    /// The list, its signer judged once more.
    #[cfg(feature = "fetch")]
    pub(crate) fn signed_again(self, how: &crate::Verification<'_>) -> Result<Self, crate::BlobError> {
        let signer = self.signer.as_ref().map(|signer| signer.again(how)).transpose()?;
        Ok(Self { signer, ..self })
    }

    /// Who signed it; nobody signs an operator's list.
    #[must_use]
    pub fn signer(&self) -> Option<&Signer> {
        self.signer.as_ref()
    }

    /// Every entry that could be read, in the order of the list.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Every entry that could not be read, and why.
    #[must_use]
    pub fn rejected(&self) -> &[RejectedEntry] {
        &self.rejected
    }

    /// Members of the payload that nothing here reads.
    #[must_use]
    pub fn other(&self) -> &ExtraMembers {
        &self.other
    }

    /// The entry of a FIDO2 model; the first, if there are several.
    #[must_use]
    pub fn by_aaguid(&self, aaguid: Aaguid) -> Option<&Entry> {
        self.index.aaguid(aaguid).find_map(|at| self.entries.get(at))
    }

    /// The entry that lists the key of a U2F attestation certificate; the first, if there are several.
    #[must_use]
    pub fn by_key_identifier(&self, identifier: KeyIdentifier) -> Option<&Entry> {
        self.index.key_identifier(identifier).find_map(|at| self.entries.get(at))
    }

    /// The entry of a UAF model; the first, if there are several.
    #[must_use]
    pub fn by_aaid(&self, aaid: &str) -> Option<&Entry> {
        self.index.aaid(aaid).find_map(|at| self.entries.get(at))
    }

    /// Every entry of a model: one, unless the list has it twice, in which case each has its say.
    #[must_use]
    pub fn find(&self, model: &ModelId) -> Vec<&Entry> {
        let entry = |at: usize| self.entries.get(at);
        match model {
            ModelId::Aaguid(aaguid) => self.index.aaguid(*aaguid).filter_map(entry).collect(),
            ModelId::KeyIdentifier(identifier) => {
                self.index.key_identifier(*identifier).filter_map(entry).collect()
            }
            ModelId::Aaid(aaid) => self.index.aaid(aaid).filter_map(entry).collect(),
        }
    }

    /// How many bytes are held, about: of statements, entries and index, beside what was read on demand.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.entries.iter().map(Entry::held_bytes).fold(self.index.held_bytes(), usize::saturating_add)
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("no", &self.no)
            .field("next_update", &self.next_update)
            .field("entries", &self.entries.len())
            .field("rejected", &self.rejected)
            .finish_non_exhaustive()
    }
}
