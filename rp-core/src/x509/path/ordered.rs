//! Validation of a chain in its order.

use alloc::vec::Vec;

use super::Path;
use super::check::{Link, check_path, check_signature};
use super::error::PathError;
use super::options::PathOptions;
use crate::timestamp::Timestamp;
use crate::x509::anchor::TrustAnchor;
use crate::x509::budget::Budget;
use crate::x509::certificate::Certificate;

/// Validates `leaf` and the certificates that follow it, in DER and in their order, up to an anchor.
///
/// A leaf that is itself an anchor, by name and key, is a valid path without further checks; [`Path::verified_leaf`] is
/// `None` unless it equals the anchor byte for byte. Certificates after the end of the path are not parsed.
///
/// # Errors
/// [`PathError`] with the index of the certificate, 0 for the leaf.
pub fn validate<D: AsRef<[u8]>>(
    leaf: &Certificate,
    behind: &[D],
    anchors: &[TrustAnchor],
    at: Timestamp,
    options: &PathOptions<'_>,
) -> Result<Path, PathError> {
    let mut budget = Budget::new(options.signature_checks);
    let mut certificates = Vec::new();
    // The error of the first anchor with the issuer's name; returned if no other anchor yields a path.
    let mut nearest = None;
    let mut top = leaf.clone();
    for index in 0_usize.. {
        if let Some(anchor) = anchors.iter().find(|anchor| anchor.is(&top)) {
            return finish(leaf, certificates, (anchor, anchors), false, at, options, &mut budget);
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
            match check_signature(&top, index, anchor.key(), &mut budget) {
                Ok(()) => {
                    return finish(leaf, certificates, (anchor, anchors), true, at, options, &mut budget);
                }
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
/// As [`validate`], and [`PathError::Empty`] if the chain is empty.
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

/// Checks the certificates below the anchor. `issued` is whether the anchor issued the last one, whose signature is then
/// verified already.
fn finish(
    leaf: &Certificate,
    certificates: Vec<Certificate>,
    (anchor, anchors): (&TrustAnchor, &[TrustAnchor]),
    issued: bool,
    at: Timestamp,
    options: &PathOptions<'_>,
    budget: &mut Budget,
) -> Result<Path, PathError> {
    let last = certificates.len().saturating_sub(1);
    let links = certificates.iter().enumerate().map(|(index, certificate)| Link {
        index,
        certificate,
        verified: issued && index == last,
    });
    let revocation = check_path(&links.collect::<Vec<_>>(), anchor, at, options, budget)?;
    Ok(Path::new(leaf, certificates, anchor, anchors, revocation))
}
