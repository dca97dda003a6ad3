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
mod search;
#[cfg(test)]
#[cfg(feature = "es256")]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;

pub use error::PathError;
pub use search::search;

pub(super) use self::check::Checks;
use self::check::{Link, check_path, check_signature};
use super::anchor::TrustAnchor;
use super::certificate::Certificate;
use super::revocation::{Revocation, RevocationStatus};
use crate::Timestamp;

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

/// Validates `leaf` and the certificates behind it, in DER and in their order, up to an anchor.
///
/// A leaf that is itself an anchor, by name and key, is a path of its own, and nothing more is asked of it.
/// Certificates behind the one at which the path ends are not read.
///
/// # Errors
/// [`PathError`] with the place of the certificate, the leaf being 0.
pub fn validate<D: AsRef<[u8]>>(
    leaf: &Certificate,
    behind: &[D],
    anchors: &[TrustAnchor],
    at: Timestamp,
    options: &PathOptions<'_>,
) -> Result<Path, PathError> {
    let mut checks = Checks::new(options.signature_checks);
    let mut certificates = Vec::new();
    // The first refusal of an anchor that has the issuer's name; told if no other is found.
    let mut nearest = None;
    let mut top = leaf.clone();
    for index in 0_usize.. {
        if let Some(anchor) = anchors.iter().find(|anchor| anchor.is(&top)) {
            return finish(leaf, certificates, anchor, false, at, options, &mut checks);
        }
        if let Some(max) = options.max_depth.filter(|max| index > *max) {
            return Err(PathError::TooDeep { max });
        }
        // 4.1.2.4: the issuer is a non-empty name
        if top.issuer().is_empty() {
            return Err(PathError::EmptyIssuer { index });
        }
        certificates.push(top.clone());
        for anchor in anchors.iter().filter(|anchor| anchor.name() == top.issuer()) {
            match check_signature(&top, index, anchor.key(), &mut checks) {
                Ok(()) => return finish(leaf, certificates, anchor, true, at, options, &mut checks),
                Err(error @ PathError::Budget) => return Err(error),
                Err(error) => nearest = nearest.or(Some(error)),
            }
        }
        let not_found = || PathError::IssuerNotFound { index, issuer: top.issuer().clone() };
        let Some(next) = behind.get(index) else { return Err(nearest.unwrap_or_else(not_found)) };
        let next = Certificate::from_der(next.as_ref())
            .map_err(|source| PathError::Certificate { index: index.saturating_add(1), source })?;
        if next.subject() != top.issuer() {
            return Err(nearest.unwrap_or_else(not_found));
        }
        top = next;
    }
    Err(PathError::Budget)
}

/// Validates a chain in DER, leaf first.
///
/// # Errors
/// As [`validate`], and [`PathError::Empty`] where there is no certificate.
pub fn validate_der<D: AsRef<[u8]>>(
    chain: &[D],
    anchors: &[TrustAnchor],
    at: Timestamp,
    options: &PathOptions<'_>,
) -> Result<Path, PathError> {
    let (leaf, behind) = chain.split_first().ok_or(PathError::Empty)?;
    let leaf =
        Certificate::from_der(leaf.as_ref()).map_err(|source| PathError::Certificate { index: 0, source })?;
    validate(&leaf, behind, anchors, at, options)
}

/// Checks the certificates up to the anchor, which is found; `issued` tells whether the signature of the last one is
/// verified, as it is where the anchor issued it.
fn finish(
    leaf: &Certificate,
    mut certificates: Vec<Certificate>,
    anchor: &TrustAnchor,
    issued: bool,
    at: Timestamp,
    options: &PathOptions<'_>,
    checks: &mut Checks,
) -> Result<Path, PathError> {
    let last = certificates.len().saturating_sub(1);
    let links = certificates.iter().enumerate().map(|(index, certificate)| Link {
        index,
        certificate,
        verified: issued && index == last,
    });
    let revocation = check_path(&links.collect::<Vec<_>>(), anchor, at, &options.revocation, checks)?;
    if certificates.is_empty() {
        certificates.push(leaf.clone());
    }
    Ok(Path { certificates, anchor: anchor.clone(), revocation })
}
