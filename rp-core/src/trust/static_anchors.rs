use alloc::vec::Vec;

use super::revocation_lists::RevocationLists;
use super::source::{Consultation, Evidence, TrustSource};
use crate::x509::TrustAnchor;

/// Anchors that are trusted for every format and every model.
///
/// Use it if all anchors are your own, or belong to vendors whose authenticators you accept in any format. A vendor's
/// root proves only what the vendor's format states; [`FormatAnchors`](super::FormatAnchors) binds each
/// anchor to a format, and to models if you name them.
#[derive(Clone, Debug, Default)]
pub struct StaticAnchors {
    anchors: Vec<TrustAnchor>,
    revocation: RevocationLists,
}

impl StaticAnchors {
    /// These anchors: roots, intermediates or attestation certificates themselves.
    #[must_use]
    pub fn new(anchors: impl IntoIterator<Item = TrustAnchor>) -> Self {
        Self { anchors: anchors.into_iter().collect(), revocation: RevocationLists::default() }
    }

    /// No anchor: nothing is trusted.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Checks each path against these lists.
    #[must_use]
    pub fn with_revocation(mut self, lists: RevocationLists) -> Self {
        self.revocation = lists;
        self
    }
}

impl TrustSource for StaticAnchors {
    fn consult<'a>(&'a self, _: &Evidence<'a>) -> Consultation<'a> {
        Consultation::new(self.anchors.as_slice()).with_revocation(&self.revocation)
    }
}
