//! Several lists, asked in an order.

use std::fmt;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use rp_core::TrustAnchor;

use crate::Metadata;
use crate::entry::{Entry, ModelId};

/// Several lists in an order: for each model the first that has it speaks, and no other.
///
/// So an operator's own entry before the Alliance's list replaces what the Alliance says of that model, and one
/// behind it stands in for models that the Alliance does not list.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    sources: Vec<Source>,
}

/// A list and what it is called.
#[derive(Clone, Debug)]
pub struct Source {
    name: Box<str>,
    metadata: Arc<Metadata>,
}

/// What a catalog has of a model.
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    /// The list that speaks.
    pub source: &'a Source,
    /// Its entries of the model: one, unless the list has it twice.
    pub entries: Vec<&'a Entry>,
    /// Whether the list has the model in an entry that could not be read.
    pub unreadable: bool,
}

impl Catalog {
    /// A catalog of one list.
    #[must_use]
    pub fn of(name: &str, metadata: Metadata) -> Self {
        Self::default().and(name, Arc::new(metadata))
    }

    /// This catalog with another list behind the others.
    #[must_use]
    pub fn and(mut self, name: &str, metadata: Arc<Metadata>) -> Self {
        self.sources.push(Source { name: name.into(), metadata });
        self
    }

    /// The lists, in their order.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// What the first list that has the model says of it.
    ///
    /// A list that has the model in an entry which could not be read has it: nothing behind that list is asked, and
    /// that entry is not among the others.
    #[must_use]
    pub fn find(&self, model: &ModelId) -> Option<Listing<'_>> {
        self.sources.iter().find_map(|source| {
            let (entries, unreadable) = (source.metadata.find(model), source.has_unreadable(model));
            (!entries.is_empty() || unreadable).then_some(Listing { source, entries, unreadable })
        })
    }

    /// Every model of every list that speaks for it.
    #[must_use]
    pub fn models(&self) -> Vec<ModelId> {
        let entries = self.sources.iter().flat_map(|source| source.metadata.entries());
        let mut models: Vec<_> = entries.map(Entry::model).collect();
        models.sort_unstable();
        models.dedup();
        models
    }
}

impl Source {
    /// What the list is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The list.
    #[must_use]
    pub fn metadata(&self) -> &Arc<Metadata> {
        &self.metadata
    }

    fn has_unreadable(&self, model: &ModelId) -> bool {
        self.metadata.rejected().iter().any(|rejected| rejected.models.contains(model))
    }
}

impl Listing<'_> {
    /// What vouches for the model.
    #[must_use]
    pub fn anchors(&self) -> Vec<TrustAnchor> {
        let mut anchors: Vec<TrustAnchor> = Vec::new();
        for anchor in self.entries.iter().flat_map(|entry| entry.anchors()) {
            if !anchors.contains(anchor) {
                anchors.push(anchor.clone());
            }
        }
        anchors
    }
}

/// The catalog of the moment behind an atomic pointer: readers never wait, and a new one is put in its place whole.
///
/// # Examples
/// ```
/// use rp_mds::{Catalog, SharedCatalog, Retention, Metadata};
///
/// let current = SharedCatalog::default();
/// let before = current.load();
/// let own = Metadata::from_own_entries(b"[]", Retention::LEAN)?;
/// current.store(Catalog::of("own", own));
/// assert_eq!((before.sources().len(), current.load().sources().len()), (0, 1));
/// # Ok::<(), rp_mds::PayloadError>(())
/// ```
#[derive(Default)]
pub struct SharedCatalog(ArcSwap<Catalog>);

impl SharedCatalog {
    /// A catalog to begin with.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        Self(ArcSwap::from_pointee(catalog))
    }

    /// The catalog of the moment; who holds it keeps it alive.
    #[must_use]
    pub fn load(&self) -> Guard<Arc<Catalog>> {
        self.0.load()
    }

    pub(crate) fn load_full(&self) -> Arc<Catalog> {
        self.0.load_full()
    }

    /// Puts another in its place, and gives the one that was there.
    pub fn store(&self, catalog: Catalog) -> Arc<Catalog> {
        self.0.swap(Arc::new(catalog))
    }
}

impl fmt::Debug for SharedCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedCatalog").field(&self.load()).finish()
    }
}
