//! Search for a path in a pool of certificates.

use alloc::vec::Vec;

use super::Path;
use super::check::{Link, check_path, check_signature};
use super::error::PathError;
use super::options::PathOptions;
use crate::timestamp::Timestamp;
use crate::x509::anchor::TrustAnchor;
use crate::x509::budget::Budget;
use crate::x509::certificate::Certificate;

/// Searches a path from `leaf` to an anchor through `pool`, certificates in DER in any order.
///
/// Use it for the signer of a metadata BLOB, whose `x5c` has contained a root in two forms: self-signed, and later
/// cross-signed by an older root. The anchors are tried first, then each certificate of the pool with the issuer's name
/// whose key verifies the signature. If a path fails, the next is tried. Malformed and unrelated certificates are ignored.
/// `max_depth` bounds the length of a path, `signature_checks` the work.
///
/// # Errors
/// The error of the best attempt: that of a path that reached an anchor, or else [`PathError::IssuerNotFound`] with the
/// issuer that is missing at the end of the longest path. `index` is 0 for the leaf; for other certificates, it is one more
/// than the index in `pool`.
pub fn search<D: AsRef<[u8]>>(
    leaf: &Certificate,
    pool: &[D],
    anchors: &[TrustAnchor],
    at: Timestamp,
    options: &PathOptions<'_>,
) -> Result<Path, PathError> {
    let pool: Vec<_> = (1_usize..)
        .zip(pool)
        .filter_map(|(index, der)| Some((index, Certificate::from_der(der.as_ref()).ok()?)))
        .collect();
    let mut search = Search {
        pool: &pool,
        anchors,
        at,
        options,
        budget: Budget::new(options.signature_checks),
        closest: None,
    };
    let mut path = alloc::vec![Link { index: 0, certificate: leaf, verified: false }];
    match search.extend(&mut path) {
        Some(path) => Ok(path),
        None => Err(search.closest.map_or(PathError::Budget, |(_, error)| error)),
    }
}

/// The maximum length of a path, whatever the caller allows, which bounds the recursion. No signer has a longer one.
const MAX_DEPTH: usize = 8;

struct Search<'a> {
    pool: &'a [(usize, Certificate)],
    anchors: &'a [TrustAnchor],
    at: Timestamp,
    options: &'a PathOptions<'a>,
    budget: Budget,
    /// The error of the best attempt so far.
    closest: Option<(Closeness, PathError)>,
}

/// How close an attempt came to an anchor, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    BrokeOff { length: usize },
    Signature,
    Anchor,
}

impl<'a> Search<'a> {
    /// Searches for the issuer of the last certificate of `path`; `None` if no issuer leads to an anchor.
    fn extend(&mut self, path: &mut Vec<Link<'a>>) -> Option<Path> {
        let top = *path.last()?;
        if let Some(anchor) = self.anchors.iter().find(|anchor| anchor.is(top.certificate)) {
            // The last certificate is the anchor itself: the path consists of those below it.
            let below = path.get(..path.len().saturating_sub(1)).unwrap_or_default();
            return self.check(below, top.certificate, anchor);
        }
        let between = path.len().saturating_sub(1);
        let max = self.options.max_depth.unwrap_or(MAX_DEPTH).min(MAX_DEPTH);
        if between > max {
            self.note(Closeness::BrokeOff { length: 0 }, PathError::TooDeep { max });
            return None;
        }
        let issuer = top.certificate.issuer();
        if issuer.is_empty() {
            self.note(
                Closeness::BrokeOff { length: path.len() },
                PathError::EmptyIssuer { index: top.index },
            );
            return None;
        }
        let mut signed_by_other = false;
        for anchor in self.anchors.iter().filter(|anchor| anchor.name() == issuer) {
            if let Err(error) = check_signature(top.certificate, top.index, anchor.key(), &mut self.budget) {
                self.note(Closeness::Signature, error);
                signed_by_other = true;
                continue;
            }
            set_verified(path, true);
            if let Some(path) = self.check(path, top.certificate, anchor) {
                return Some(path);
            }
        }
        let mut named = signed_by_other;
        for (index, certificate) in self.pool.iter().filter(|(_, candidate)| candidate.subject() == issuer) {
            let seen = |link: &Link<'_>| {
                link.certificate.spki() == certificate.spki()
                    && link.certificate.subject() == certificate.subject()
            };
            if path.iter().any(seen) {
                continue;
            }
            named = true;
            let key = certificate.key();
            if let Err(error) = check_signature(top.certificate, top.index, key.as_deref(), &mut self.budget)
            {
                let budget_is_used_up = error == PathError::Budget;
                self.note(Closeness::Signature, error);
                if budget_is_used_up {
                    return None;
                }
                continue;
            }
            set_verified(path, true);
            path.push(Link { index: *index, certificate, verified: false });
            let found = self.extend(path);
            path.pop();
            if found.is_some() {
                return found;
            }
        }
        if !named {
            let error = PathError::IssuerNotFound { index: top.index, issuer: issuer.clone() };
            self.note(Closeness::BrokeOff { length: path.len() }, error);
        }
        None
    }

    fn check(&mut self, links: &[Link<'a>], leaf: &Certificate, anchor: &TrustAnchor) -> Option<Path> {
        match check_path(links, anchor, self.at, self.options, &mut self.budget) {
            Ok(revocation) => {
                let certificates = links.iter().map(|link| link.certificate.clone()).collect();
                Some(Path::new(leaf, certificates, anchor, self.anchors, revocation))
            }
            Err(error) => {
                self.note(Closeness::Anchor, error);
                None
            }
        }
    }

    /// Keeps the error if no attempt came as close before.
    fn note(&mut self, closeness: Closeness, error: PathError) {
        if self.closest.as_ref().is_none_or(|(closest, _)| *closest < closeness) {
            self.closest = Some((closeness, error));
        }
    }
}

fn set_verified(path: &mut [Link<'_>], verified: bool) {
    if let Some(last) = path.last_mut() {
        last.verified = verified;
    }
}

#[cfg(test)]
#[cfg(feature = "es256")]
mod tests;
