//! An immutable list of models: a verified BLOB, or entries that the operator wrote.

use std::fmt;
use std::sync::OnceLock;

use rp_core::{Aaguid, Timestamp, TrustAnchor};

use crate::date::Date;
use crate::entry::Entry;
use crate::entry::statement::Retention;
use crate::lookup::{AnchorIndex, AnchorUse, Index};
use crate::members::ExtraMembers;
use crate::model_id::{KeyIdentifier, ModelId};
use crate::payload::{Payload, PayloadError, RejectedEntry};
use crate::signer::Signer;

/// An immutable list of models: a verified BLOB, or entries that the operator wrote.
pub struct Metadata {
    payload: Payload,
    index: Index,
    /// The models of rejected entries, sorted.
    rejected: Box<[ModelId]>,
    /// Built on first use, since it parses all certificates.
    anchors: OnceLock<AnchorIndex>,
    signed: Option<Signed>,
}

/// Facts of a list that is signed.
struct Signed {
    signer: Signer,
    verified_at: Timestamp,
}

/// Which of two lists is later: the greater is.
///
/// The serial number decides. Lists of one number are compared by `nextUpdate`, then by the latest
/// `timeOfLastStatusChange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edition {
    no: Option<u64>,
    next_update: Option<Date>,
    changed: Option<Date>,
}

impl Metadata {
    fn new(payload: Payload, signed: Option<Signed>) -> Self {
        let rejected = payload.rejected.iter().flat_map(|rejected| rejected.models.iter().cloned());
        let mut rejected: Vec<_> = rejected.collect();
        rejected.sort_unstable();
        let index = Index::new(&payload.entries);
        Self { index, rejected: rejected.into(), anchors: OnceLock::new(), payload, signed }
    }

    /// A list without a signer.
    #[cfg(test)]
    pub(crate) fn unsigned(payload: &str) -> Self {
        let payload = Payload::read(payload.as_bytes(), Retention::ALL);
        Self::new(payload.expect("a test's payload"), None)
    }

    /// The payload of a BLOB whose signature was verified.
    pub(crate) fn from_verified(payload: Payload, signer: Signer, verified_at: Timestamp) -> Self {
        Self::new(payload, Some(Signed { signer, verified_at }))
    }

    /// A list that the operator wrote, for models that the FIDO Alliance does not list: `{"entries": […]}`, or the list
    /// alone, with entries as in a BLOB. `statusReports` may be missing. Nothing is verified.
    ///
    /// # Errors
    /// Returns [`PayloadError`] if the JSON is not such a list. A malformed entry is reported by
    /// [`Metadata::rejected`].
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
        self.payload.no
    }

    /// The date on which the next BLOB is due; `None` if it is missing or unreadable.
    #[must_use]
    pub fn next_update(&self) -> Option<Date> {
        self.payload.next_update
    }

    /// By what the list is compared with others.
    #[must_use]
    pub fn edition(&self) -> Edition {
        let changed = self.payload.entries.iter().filter_map(Entry::time_of_last_status_change).max();
        Edition { no: self.no(), next_update: self.next_update(), changed }
    }

    /// The legal terms of the BLOB.
    #[must_use]
    pub fn legal_header(&self) -> Option<&str> {
        self.payload.legal_header.as_deref()
    }

    /// The signer; `None` for an operator's list.
    #[must_use]
    pub fn signer(&self) -> Option<&Signer> {
        self.signed.as_ref().map(|signed| &signed.signer)
    }

    /// When the signature was verified; `None` for an operator's list.
    #[must_use]
    pub fn verified_at(&self) -> Option<Timestamp> {
        self.signed.as_ref().map(|signed| signed.verified_at)
    }

    /// The list with a signer that was checked again.
    #[cfg(feature = "fetch")]
    pub(crate) fn with_signer(mut self, signer: Signer) -> Self {
        if let Some(signed) = &mut self.signed {
            signed.signer = signer;
        }
        self
    }

    /// The entries that were read, in the order of the list.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.payload.entries
    }

    /// The entries that were rejected, with the reasons.
    #[must_use]
    pub fn rejected(&self) -> &[RejectedEntry] {
        &self.payload.rejected
    }

    /// Whether the model is in a rejected entry.
    pub(crate) fn has_rejected(&self, model: &ModelId) -> bool {
        self.rejected.binary_search(model).is_ok()
    }

    /// Members of the payload that this crate does not read.
    #[must_use]
    pub fn other(&self) -> &ExtraMembers {
        &self.payload.other
    }

    /// The entry of a FIDO2 model; the first if there are several.
    #[must_use]
    pub fn by_aaguid(&self, aaguid: Aaguid) -> Option<&Entry> {
        self.index.aaguid(aaguid).find_map(|at| self.payload.entries.get(at))
    }

    /// The entry with this key identifier of a U2F attestation certificate; the first if there are several.
    #[must_use]
    pub fn by_key_identifier(&self, identifier: KeyIdentifier) -> Option<&Entry> {
        self.index.key_identifier(identifier).find_map(|at| self.payload.entries.get(at))
    }

    /// The entry of a UAF model; the first if there are several.
    #[must_use]
    pub fn by_aaid(&self, aaid: &str) -> Option<&Entry> {
        self.index.aaid(aaid).find_map(|at| self.payload.entries.get(at))
    }

    /// All entries of a model: one, unless the list contains it twice. All matching entries are considered.
    #[must_use]
    pub fn find(&self, model: &ModelId) -> Vec<&Entry> {
        let entry = |at: usize| self.payload.entries.get(at);
        match model {
            ModelId::Aaguid(aaguid) => self.index.aaguid(*aaguid).filter_map(entry).collect(),
            ModelId::KeyIdentifier(identifier) => {
                self.index.key_identifier(*identifier).filter_map(entry).collect()
            }
            ModelId::Aaid(aaid) => self.index.aaid(aaid).filter_map(entry).collect(),
        }
    }

    /// Whether an anchor is listed for this model and no other; `None` if it is not listed.
    pub(crate) fn is_only_of(&self, anchor: &TrustAnchor, model: Aaguid) -> Option<bool> {
        let index = self.anchors.get_or_init(|| AnchorIndex::new(&self.payload.entries));
        Some(match index.get(anchor)? {
            AnchorUse::OneModel(at) => {
                self.payload.entries.get(at).is_some_and(|entry| entry.model() == ModelId::Aaguid(model))
            }
            AnchorUse::SeveralModels => false,
        })
    }

    /// The bytes that entries and index occupy, without what is parsed on first use.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.entries().iter().map(Entry::held_bytes).fold(self.index.held_bytes(), usize::saturating_add)
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("no", &self.no())
            .field("next_update", &self.next_update())
            .field("entries", &self.entries().len())
            .field("rejected", &self.rejected())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_later_editions_are_kept() {
        let later = r#""later": {"a": [1, null]}"#;
        let signed = Metadata::unsigned(&format!(r#"{{"no": 1, "entries": [], {later}}}"#));
        let own = format!(r#"{{"entries": [], {later}}}"#);
        let own = Metadata::from_own_entries(own.as_bytes(), Retention::ALL).unwrap();
        for list in [signed, own] {
            let others: Vec<_> = list.other().iter().map(|(name, value)| (name, value.get())).collect();
            assert_eq!(others, [("later", r#"{"a": [1, null]}"#)]);
        }
    }

    #[test]
    fn the_debug_output_counts_the_entries() {
        let list = Metadata::unsigned(
            r#"{"no": 15, "nextUpdate": "2026-10-01", "entries": [
                {"aaguid": "a1000000-0000-4000-8000-000000000001", "statusReports": [{"status": "RETIRED"}]},
                {"aaguid": "b2000000-0000-4000-8000-000000000002", "statusReports": [{"status": "RETIRED"}]}
            ]}"#,
        );
        let next_update = format!("{:?}", list.next_update());
        assert_eq!(
            format!("{list:?}"),
            format!("Metadata {{ no: Some(15), next_update: {next_update}, entries: 2, rejected: [], .. }}")
        );
    }
}
