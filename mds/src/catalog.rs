//! Several lists in an order of precedence.

use std::fmt;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use rp_core::{Aaguid, Timestamp, TrustAnchor};

use crate::entry::Entry;
use crate::freshness::{Freshness, Staleness};
use crate::metadata::Metadata;
use crate::model_id::ModelId;

/// Several lists in an order of precedence: for each model only the first list that contains it counts.
///
/// An operator's own entry before the FIDO Alliance's list therefore replaces what the Alliance publishes about that
/// model; an entry after it is used only for models that the Alliance does not list.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    lists: Vec<NamedList>,
}

/// A list with its name.
#[derive(Clone, Debug)]
pub struct NamedList {
    name: Box<str>,
    metadata: Arc<Metadata>,
    confirmed_at: Option<Timestamp>,
}

/// The entries of a model in a catalog.
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    /// The list that counts.
    pub list: &'a NamedList,
    /// Its entries of the model: one, unless the list contains the model twice.
    pub entries: Vec<&'a Entry>,
    /// Whether the list contains the model in a rejected entry.
    pub unreadable: bool,
}

impl Catalog {
    /// A catalog of one list.
    #[must_use]
    pub fn of(name: &str, metadata: Metadata) -> Self {
        Self::default().and(name, Arc::new(metadata))
    }

    /// Appends a list. Its age counts from its verification.
    #[must_use]
    pub fn and(self, name: &str, metadata: Arc<Metadata>) -> Self {
        let confirmed_at = metadata.verified_at();
        self.and_confirmed(name, metadata, confirmed_at)
    }

    /// Appends a list that its publisher last confirmed at this time. The age of a list without `nextUpdate` counts
    /// from then.
    #[must_use]
    pub fn and_confirmed(
        mut self,
        name: &str,
        metadata: Arc<Metadata>,
        confirmed_at: Option<Timestamp>,
    ) -> Self {
        self.lists.push(NamedList { name: name.into(), metadata, confirmed_at });
        self
    }

    /// The lists, in their order.
    #[must_use]
    pub fn lists(&self) -> &[NamedList] {
        &self.lists
    }

    /// The entries of a model in the first list that contains it.
    ///
    /// A list that contains the model in a rejected entry contains it: later lists are not used, and the rejected entry
    /// is not among the entries.
    #[must_use]
    pub fn find(&self, model: &ModelId) -> Option<Listing<'_>> {
        self.lists.iter().find_map(|list| {
            let (entries, unreadable) = (list.metadata.find(model), list.metadata.has_rejected(model));
            (!entries.is_empty() || unreadable).then_some(Listing { list, entries, unreadable })
        })
    }

    /// Whether an anchor is listed for this model, and for no other model of any list.
    pub(crate) fn is_only_of(&self, anchor: &TrustAnchor, model: Aaguid) -> bool {
        let mut uses =
            self.lists.iter().filter_map(|list| list.metadata.is_only_of(anchor, model)).peekable();
        uses.peek().is_some() && uses.all(|is_only| is_only)
    }

    /// The models of all lists, sorted.
    #[must_use]
    pub fn models(&self) -> Vec<ModelId> {
        let entries = self.lists.iter().flat_map(|list| list.metadata.entries());
        let mut models: Vec<_> = entries.map(Entry::model).collect();
        models.sort_unstable();
        models.dedup();
        models
    }
}

impl NamedList {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The list.
    #[must_use]
    pub fn metadata(&self) -> &Arc<Metadata> {
        &self.metadata
    }

    /// When the publisher last confirmed the list: its last response with status 200 or 304; for a file, when this serial
    /// number was first verified.
    #[must_use]
    pub fn confirmed_at(&self) -> Option<Timestamp> {
        self.confirmed_at
    }

    /// The freshness of the list at a time.
    #[must_use]
    pub fn freshness(&self, at: Timestamp, staleness: &Staleness) -> Freshness {
        staleness.freshness(staleness.due(self.metadata.next_update(), self.confirmed_at), at)
    }
}

impl Listing<'_> {
    /// The trust anchors of the model.
    #[must_use]
    pub fn anchors(&self) -> Vec<TrustAnchor> {
        self.entries.iter().flat_map(|entry| entry.anchors()).cloned().collect()
    }
}

/// A catalog behind an atomic pointer: readers never wait, and an update replaces the whole catalog.
///
/// # Examples
/// ```
/// use rp_mds::{Catalog, Metadata, Retention, SharedCatalog};
///
/// let shared = SharedCatalog::default();
/// let before = shared.load();
/// let own = Metadata::from_own_entries(b"[]", Retention::LEAN)?;
/// shared.store(Catalog::of("own", own));
/// assert_eq!((before.lists().len(), shared.load().lists().len()), (0, 1));
/// # Ok::<(), rp_mds::PayloadError>(())
/// ```
#[derive(Default)]
pub struct SharedCatalog(ArcSwap<Catalog>);

impl SharedCatalog {
    /// Shares a catalog.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        Self(ArcSwap::from_pointee(catalog))
    }

    /// The current catalog. Existing references keep the previous snapshot alive.
    #[must_use]
    pub fn load(&self) -> Guard<Arc<Catalog>> {
        self.0.load()
    }

    pub(crate) fn load_full(&self) -> Arc<Catalog> {
        self.0.load_full()
    }

    /// Replaces the catalog, and returns the previous one.
    pub fn store(&self, catalog: Catalog) -> Arc<Catalog> {
        self.0.swap(Arc::new(catalog))
    }
}

impl fmt::Debug for SharedCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedCatalog").field(&self.load()).finish()
    }
}
