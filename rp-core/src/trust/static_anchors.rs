use alloc::vec::Vec;

use super::source::{Consultation, Evidence, TrustSource};
use crate::x509::{Crl, Revocation, TrustAnchor};

/// Anchors that are trusted for every format and every model.
///
/// Use it if all anchors are your own, or belong to vendors whose authenticators you accept in any format. A vendor's
/// root proves what the vendor's format says and nothing else; [`FormatAnchors`](super::FormatAnchors) binds each
/// anchor to a format, and to models if you name them.
#[derive(Clone, Debug, Default)]
pub struct StaticAnchors {
    anchors: Vec<TrustAnchor>,
    crls: Vec<Crl>,
    crls_required: bool,
}

impl StaticAnchors {
    /// These anchors: roots, intermediates or attestation certificates themselves.
    #[must_use]
    pub fn new(anchors: impl IntoIterator<Item = TrustAnchor>) -> Self {
        Self { anchors: anchors.into_iter().collect(), crls: Vec::new(), crls_required: false }
    }

    /// No anchor: nothing is trusted.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Checks each path against these CRLs; one whose signature is invalid revokes nothing.
    #[must_use]
    pub fn with_crls(mut self, crls: Vec<Crl>) -> Self {
        self.crls = crls;
        self
    }

    /// Rejects a path with a certificate that no CRL covers.
    #[must_use]
    pub fn require_crls(mut self) -> Self {
        self.crls_required = true;
        self
    }
}

impl TrustSource for StaticAnchors {
    fn consult<'a>(&'a self, _: &Evidence<'a>) -> Consultation<'a> {
        let revocation = Revocation { crls: &self.crls, required: self.crls_required };
        Consultation::new(self.anchors.as_slice()).with_revocation(revocation)
    }
}
