//! The index of a list by model identifiers.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::collections::hash_map;

use rp_core::{Aaguid, TrustAnchor};

use crate::entry::Entry;
use crate::model_id::KeyIdentifier;

/// Positions of entries by identifier, in sorted lists.
#[derive(Debug, Default)]
pub(crate) struct Index {
    aaguids: Box<[(Aaguid, u32)]>,
    key_identifiers: Box<[(KeyIdentifier, u32)]>,
    aaids: Box<[(Box<str>, u32)]>,
}

impl Index {
    /// Indexes a list, which is far shorter than 2³² entries.
    pub(crate) fn new(entries: &[Entry]) -> Self {
        let (mut aaguids, mut key_identifiers, mut aaids) = (Vec::new(), Vec::new(), Vec::new());
        for (at, entry) in (0_u32..).zip(entries) {
            aaguids.extend(entry.aaguid().map(|aaguid| (aaguid, at)));
            key_identifiers.extend(entry.key_identifiers().iter().map(|identifier| (*identifier, at)));
            aaids.extend(entry.aaid().map(|aaid| (Box::from(aaid), at)));
        }
        Self { aaguids: sorted(aaguids), key_identifiers: sorted(key_identifiers), aaids: sorted(aaids) }
    }

    pub(crate) fn aaguid(&self, aaguid: Aaguid) -> impl Iterator<Item = usize> {
        find(&self.aaguids, &aaguid)
    }

    pub(crate) fn key_identifier(&self, identifier: KeyIdentifier) -> impl Iterator<Item = usize> {
        find(&self.key_identifiers, &identifier)
    }

    pub(crate) fn aaid(&self, aaid: &str) -> impl Iterator<Item = usize> {
        find(&self.aaids, aaid)
    }

    pub(crate) fn held_bytes(&self) -> usize {
        size_of_val(&*self.aaguids)
            .saturating_add(size_of_val(&*self.key_identifiers))
            .saturating_add(size_of_val(&*self.aaids))
    }
}

/// The entries that list an anchor, by its key. Vendors share some roots between many models.
#[derive(Debug)]
pub(crate) struct AnchorIndex(HashMap<Box<[u8]>, AnchorUse>);

/// How many models an anchor is listed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnchorUse {
    /// For the model of the entry at this index only.
    OneModel(usize),
    /// For several models.
    SeveralModels,
}

impl AnchorIndex {
    pub(crate) fn new(entries: &[Entry]) -> Self {
        let mut uses = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            for anchor in entry.parse_anchors() {
                match uses.entry(Box::from(anchor.spki())) {
                    hash_map::Entry::Vacant(vacant) => {
                        vacant.insert(AnchorUse::OneModel(at));
                    }
                    hash_map::Entry::Occupied(mut occupied) => {
                        let is_same = matches!(occupied.get(), AnchorUse::OneModel(first)
                            if entries.get(*first).is_some_and(|first| first.model() == entry.model()));
                        if !is_same {
                            occupied.insert(AnchorUse::SeveralModels);
                        }
                    }
                }
            }
        }
        Self(uses)
    }

    pub(crate) fn get(&self, anchor: &TrustAnchor) -> Option<AnchorUse> {
        self.0.get(anchor.spki()).copied()
    }
}

fn sorted<K: Ord>(mut places: Vec<(K, u32)>) -> Box<[(K, u32)]> {
    places.sort_unstable();
    places.dedup();
    places.into()
}

/// Positions of a key, in the order of the list.
fn find<'a, K: Borrow<Q>, Q: Ord + ?Sized>(
    places: &'a [(K, u32)],
    key: &Q,
) -> impl Iterator<Item = usize> + use<'a, K, Q> {
    let from = places.partition_point(|(known, _)| known.borrow() < key);
    let found = places.get(from..).unwrap_or_default();
    let length = found.iter().take_while(|(known, _)| known.borrow() == key).count();
    found.get(..length).unwrap_or_default().iter().filter_map(|(_, at)| usize::try_from(*at).ok())
}
