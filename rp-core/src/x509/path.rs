//! Path validation to explicit anchors (RFC 5280 section 6.1).
//!
//! An attestation's `x5c` is ordered, so [`validate`] follows its order: nothing is searched, and its length bounds the
//! work. The path ends at the first certificate that is an anchor or is issued by one; the certificates after it are
//! neither checked nor parsed. If the order has no meaning, as for the signer of a metadata BLOB, [`search`] finds a path
//! in a pool, within a budget.
//!
//! Initially, any policy is accepted, no policy is required, and no name is constrained (6.1.1 c to i). The caller checks
//! the purpose of the leaf.

mod cache;
mod check;
mod error;
mod options;
mod ordered;
mod revocation;
mod search;
#[cfg(test)]
#[cfg(feature = "es256")]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;

pub use cache::CertificateCache;
pub use error::PathError;
pub use options::PathOptions;
pub use ordered::{validate, validate_der};
pub use revocation::{Revocation, RevocationStatus, UnusableCrlError};
pub use search::search;

use super::anchor::TrustAnchor;
use super::certificate::Certificate;

/// A validated path.
#[derive(Clone, Debug)]
pub struct Path {
    certificates: Vec<Certificate>,
    anchor: TrustAnchor,
    revocation: Vec<RevocationStatus>,
    leaf_is_verified: bool,
}

impl Path {
    /// `certificates` without the anchor: empty if the leaf is the anchor, by name and key.
    fn new(
        leaf: &Certificate,
        mut certificates: Vec<Certificate>,
        anchor: &TrustAnchor,
        anchors: &[TrustAnchor],
        revocation: Vec<RevocationStatus>,
    ) -> Self {
        let is_signed = !certificates.is_empty();
        if !is_signed {
            certificates.push(leaf.clone());
        }
        let leaf_is_verified = is_signed || anchors.iter().any(|anchor| anchor.is_exactly(leaf));
        Self { certificates, anchor: anchor.clone(), revocation, leaf_is_verified }
    }

    /// The leaf, if all of it is verified: an issuer signed it, or it equals an anchor byte for byte.
    ///
    /// `None` for a leaf that has only the name and the key of an anchor. Its key is trusted, but anyone could have
    /// written the rest of it, so nothing else in it is a fact.
    #[must_use]
    pub fn verified_leaf(&self) -> Option<&Certificate> {
        self.certificates.first().filter(|_| self.leaf_is_verified)
    }

    /// The certificates, leaf first. The anchor is not included, unless it is the leaf itself.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The anchor at the end of the path.
    #[must_use]
    pub fn anchor(&self) -> &TrustAnchor {
        &self.anchor
    }

    /// The revocation status of each certificate, leaf first; empty if the leaf is the anchor.
    #[must_use]
    pub fn revocation(&self) -> &[RevocationStatus] {
        &self.revocation
    }

    /// The HTTP addresses of the CRLs of these certificates, each address once.
    ///
    /// Only available after validation and from verified certificates, so that an attacker cannot choose the URLs that
    /// you fetch.
    #[must_use]
    pub fn crl_urls(&self) -> Vec<String> {
        let mut urls = Vec::new();
        let above_leaf = self.certificates.iter().skip(1);
        let verified = self.verified_leaf().into_iter().chain(above_leaf);
        for url in verified.filter_map(|c| c.crl_distribution_points().ok()).flatten() {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls
    }
}
