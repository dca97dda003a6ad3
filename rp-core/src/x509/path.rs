//! Path validation to explicit anchors (RFC 5280 section 6.1).
//!
//! An attestation's `x5c` is ordered, so [`validate`] follows its order: nothing is searched, and its length bounds the
//! work. The path ends at the first certificate that is an anchor or is issued by one; the certificates after it are
//! neither checked nor parsed. If the order has no meaning, as for the signer of a metadata BLOB, [`search`] finds a path
//! in a pool, within a budget.
//!
//! Initially, any policy is accepted, no policy is required, and no name is constrained (6.1.1 c to i). The caller checks
//! the purpose of the leaf.

mod check;
mod error;
mod ordered;
mod revocation;
mod search;
#[cfg(test)]
#[cfg(feature = "es256")]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;

pub use error::PathError;
pub use ordered::{validate, validate_der};
pub use revocation::{Revocation, RevocationStatus, UnusableCrlError};
pub use search::search;

use super::anchor::TrustAnchor;
use super::certificate::Certificate;

/// Limits of a path, and revocation data.
#[derive(Clone, Copy, Debug)]
pub struct PathOptions<'a> {
    /// The maximum number of certificates between leaf and anchor, without these two.
    pub max_depth: Option<usize>,
    /// The maximum number of certificate signatures to verify.
    pub signature_checks: usize,
    /// Revocation data.
    pub revocation: Revocation<'a>,
}

impl PathOptions<'_> {
    /// The default of `signature_checks`. Chains in the field have at most five certificates, and metadata has at most four
    /// anchors of one name. This is ten times that, and limits a hostile response to a few milliseconds.
    pub const SIGNATURE_CHECKS: usize = 64;
}

impl Default for PathOptions<'_> {
    fn default() -> Self {
        Self { max_depth: None, signature_checks: Self::SIGNATURE_CHECKS, revocation: Revocation::default() }
    }
}

/// A validated path.
#[derive(Clone, Debug)]
pub struct Path {
    certificates: Vec<Certificate>,
    anchor: TrustAnchor,
    revocation: Vec<RevocationStatus>,
}

impl Path {
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
    /// Only available after validation, so that an attacker cannot choose the URLs you fetch.
    #[must_use]
    pub fn crl_urls(&self) -> Vec<String> {
        let mut urls = Vec::new();
        for url in self.certificates.iter().filter_map(|c| c.crl_distribution_points().ok()).flatten() {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls
    }
}
