//! Validation of a chain in its order.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Path;
use super::cache::Verified;
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
    // For each certificate, the key that verified its signature before.
    let mut verified_by = Vec::new();
    // The error of the first anchor with the issuer's name; returned if no other anchor yields a path.
    let mut nearest = None;
    let mut top = leaf.clone();
    let mut issuer_of_top: Option<Arc<[u8]>> = None;
    for index in 0_usize.. {
        if let Some(anchor) = anchors.iter().find(|anchor| anchor.is(&top)) {
            let chain = Chain { leaf, certificates, verified_by, is_issued: false };
            return chain.finish(anchor, anchors, at, options, &mut budget);
        }
        if let Some(max) = options.max_depth.filter(|max| index > *max) {
            return Err(PathError::TooDeep { max });
        }
        // 4.1.2.4: the issuer is a non-empty name
        if top.issuer().is_empty() {
            return Err(PathError::EmptyIssuer { index });
        }
        certificates.push(top.clone());
        verified_by.push(issuer_of_top.clone());
        for anchor in anchors.iter().filter(|anchor| anchor.name() == top.issuer()) {
            let is_known = issuer_of_top.as_deref() == Some(anchor.spki());
            let checked =
                if is_known { Ok(()) } else { check_signature(&top, index, anchor.key(), &mut budget) };
            match checked {
                Ok(()) => {
                    let chain = Chain { leaf, certificates, verified_by, is_issued: true };
                    return chain.finish(anchor, anchors, at, options, &mut budget);
                }
                Err(error @ PathError::Budget) => return Err(error),
                Err(error) => nearest = nearest.or(Some(error)),
            }
        }
        let not_found = || PathError::IssuerNotFound { index, issuer: top.issuer().clone() };
        let Some(next) = behind.get(index) else { return Err(nearest.unwrap_or_else(not_found)) };
        let known = options.cache.and_then(|cache| cache.get(next.as_ref()));
        let (next, issuer) = match known {
            Some(Verified { certificate, issuer }) => (certificate, Some(issuer)),
            None => {
                let error = |source| PathError::Certificate { index: index.saturating_add(1), source };
                (Certificate::from_der(next.as_ref()).map_err(error)?, None)
            }
        };
        if next.subject() != top.issuer() {
            return Err(nearest.unwrap_or_else(not_found));
        }
        (top, issuer_of_top) = (next, issuer);
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

/// The certificates from the leaf to the last one below an anchor.
struct Chain<'a> {
    leaf: &'a Certificate,
    certificates: Vec<Certificate>,
    /// For each certificate, the key that verified its signature before.
    verified_by: Vec<Option<Arc<[u8]>>>,
    /// Whether the anchor issued the last one, whose signature is then verified already.
    is_issued: bool,
}

impl Chain<'_> {
    /// Checks the certificates below the anchor, and keeps the intermediates.
    fn finish(
        self,
        anchor: &TrustAnchor,
        anchors: &[TrustAnchor],
        at: Timestamp,
        options: &PathOptions<'_>,
        budget: &mut Budget,
    ) -> Result<Path, PathError> {
        let Self { leaf, certificates, verified_by, is_issued } = self;
        let issuers = || certificates.iter().skip(1).map(Certificate::spki).chain([anchor.spki()]);
        let last = certificates.len().saturating_sub(1);
        let known = |issuer: &[u8], by: &Option<Arc<[u8]>>| by.as_deref() == Some(issuer);
        let links: Vec<_> = certificates
            .iter()
            .zip(issuers())
            .zip(&verified_by)
            .enumerate()
            .map(|(index, ((certificate, issuer), by))| Link {
                index,
                certificate,
                verified: (is_issued && index == last) || known(issuer, by),
            })
            .collect();
        let revocation = check_path(&links, anchor, at, options, budget)?;
        if let Some(cache) = options.cache {
            let intermediates = certificates.iter().zip(issuers()).zip(&verified_by).skip(1);
            for ((certificate, issuer), by) in intermediates {
                if !known(issuer, by) {
                    cache.keep(certificate, issuer);
                }
            }
        }
        Ok(Path::new(leaf, certificates, anchor, anchors, revocation))
    }
}
