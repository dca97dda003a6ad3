//! Path validation to explicit anchors (RFC 5280 section 6.1).
//!
//! An attestation's `x5c` is ordered, so [`validate`] walks it as it was sent: nothing is searched, and the work is
//! bounded by its length. The walk ends at the first certificate that is an anchor or is issued by one; what stands
//! behind is neither judged nor read. Where the order means nothing, as with the signer of a metadata BLOB,
//! [`search`] looks for a path in a pool, within a budget.
//!
//! What a caller may give beside anchors and time is in [`PathOptions`]; any policy is accepted, none is required at
//! first, and no name is constrained at first (6.1.1 c to i). The purpose of the leaf is the caller's to ask for.

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

/// What bounds a path beside anchors and time.
#[derive(Clone, Copy, Debug)]
pub struct PathOptions<'a> {
    /// How many certificates may stand between leaf and anchor, neither of them counted.
    pub max_depth: Option<usize>,
    /// How many signatures may be verified at most, those of CRLs included.
    pub signature_checks: usize,
    /// What is known of revoked certificates.
    pub revocation: Revocation<'a>,
}

impl PathOptions<'_> {
    /// Chains in the field have five certificates at most, and the most anchors of one name that metadata knows are
    /// four: this is room for ten times that, and a few milliseconds of a hostile response's choosing.
    pub const SIGNATURE_CHECKS: usize = 64;
}

impl Default for PathOptions<'_> {
    fn default() -> Self {
        Self { max_depth: None, signature_checks: Self::SIGNATURE_CHECKS, revocation: Revocation::default() }
    }
}

/// A path that was validated.
#[derive(Clone, Debug)]
pub struct Path {
    certificates: Vec<Certificate>,
    anchor: TrustAnchor,
    revocation: Vec<RevocationStatus>,
}

impl Path {
    /// The certificates, leaf first; the anchor is not among them, unless it is the leaf itself.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What the path ends in.
    #[must_use]
    pub fn anchor(&self) -> &TrustAnchor {
        &self.anchor
    }

    /// What is known of each certificate's revocation, leaf first; of a leaf that is the anchor, nothing.
    #[must_use]
    pub fn revocation(&self) -> &[RevocationStatus] {
        &self.revocation
    }

    /// Where the CRLs of these certificates are to be had, over HTTP, each address once.
    ///
    /// They are told here only, after the path was validated: a response makes nobody fetch what it likes.
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
