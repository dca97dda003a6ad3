//! The checks of RFC 5280 sections 6.1.2 to 6.1.5, for certificates whose names lead to an anchor.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE,
    ID_CE_INHIBIT_ANY_POLICY, ID_CE_KEY_USAGE, ID_CE_NAME_CONSTRAINTS, ID_CE_POLICY_CONSTRAINTS,
    ID_CE_POLICY_MAPPINGS, ID_CE_SUBJECT_ALT_NAME,
};

use super::error::PathError;
use super::options::PathOptions;
use super::revocation::{Issuer, RevocationError, RevocationStatus};
use crate::crypto::{self, Key, SpkiError};
use crate::timestamp::Timestamp;
use crate::x509::algorithm;
use crate::x509::anchor::TrustAnchor;
use crate::x509::budget::Budget;
use crate::x509::certificate::Certificate;
use crate::x509::name_constraints::{ConstrainedNames, NameConstraints};
use crate::x509::oid::Oid;
use crate::x509::policy::{Policies, PolicyExtensions};
use crate::x509::tlv::DerError;

/// A certificate of a path.
#[derive(Clone, Copy)]
pub(super) struct Link<'a> {
    /// Its index in the input.
    pub(super) index: usize,
    pub(super) certificate: &'a Certificate,
    /// Whether its signature has been verified with the key of the next link or of the anchor.
    pub(super) verified: bool,
}

/// The extensions that are processed. A certificate with any other critical extension is rejected.
///
/// The caller checks `extKeyUsage` and uses the distribution points. The key identifiers and `authorityInfoAccess` must
/// not be critical (4.2.1.1, 4.2.1.2, 4.2.2.1) and are not processed.
const PROCESSED: [ObjectIdentifier; 10] = [
    ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CERTIFICATE_POLICIES,
    ID_CE_CRL_DISTRIBUTION_POINTS,
    ID_CE_EXT_KEY_USAGE,
    ID_CE_INHIBIT_ANY_POLICY,
    ID_CE_KEY_USAGE,
    ID_CE_NAME_CONSTRAINTS,
    ID_CE_POLICY_CONSTRAINTS,
    ID_CE_POLICY_MAPPINGS,
    ID_CE_SUBJECT_ALT_NAME,
];

/// Checks the path from the anchor to the leaf. `links` are leaf first, and the issuer of each is the next.
///
/// Returns the revocation status of each certificate, leaf first.
pub(super) fn check_path(
    links: &[Link<'_>],
    anchor: &TrustAnchor,
    at: Timestamp,
    options: &PathOptions<'_>,
    budget: &mut Budget,
) -> Result<Vec<RevocationStatus>, PathError> {
    // 6.1.2: initialisation
    let mut state = State {
        policies: Policies::new(links.len()),
        constraints: Vec::new(),
        max_path_length: u64::try_from(links.len()).unwrap_or(u64::MAX),
        issuer: Issuer {
            name: anchor.name(),
            key: anchor.key().map(Cow::Borrowed).map_err(Clone::clone),
            key_usage: None,
        },
    };
    let mut statuses = Vec::new();
    for (below, link) in links.iter().enumerate().rev() {
        let last = below == 0;
        statuses.push(state.check(link, last, at, options, budget)?);
        if last {
            state.wrap_up(link)?;
            break;
        }
        state.prepare(link)?;
    }
    statuses.reverse();
    Ok(statuses)
}

struct State<'a> {
    policies: Policies<'a>,
    /// The permitted and excluded subtrees of every CA so far.
    constraints: Vec<NameConstraints<'a>>,
    max_path_length: u64,
    issuer: Issuer<'a>,
}

impl<'a> State<'a> {
    /// 6.1.3: basic processing.
    fn check(
        &mut self,
        link: &Link<'a>,
        last: bool,
        at: Timestamp,
        options: &PathOptions<'_>,
        budget: &mut Budget,
    ) -> Result<RevocationStatus, PathError> {
        let Link { index, certificate, verified } = *link;
        let self_issued = certificate.is_self_issued();
        // (a) (1) the signature verifies with the working key
        if !verified {
            check_signature(certificate, index, self.issuer.key.as_deref(), budget)?;
        }
        // (a) (2) the validity period includes the current time
        if at < certificate.not_before() {
            return Err(PathError::NotYetValid { index, not_before: certificate.not_before() });
        }
        if at > certificate.not_after() {
            return Err(PathError::Expired { index, not_after: certificate.not_after() });
        }
        // (a) (3) not revoked
        let listed_at = options.revocation_at.unwrap_or(at);
        let status =
            options.revocation.status(certificate, &self.issuer, listed_at).map_err(|error| match error {
                RevocationError::Revoked { since } => PathError::Revoked { index, since },
                RevocationError::Unknown { reasons } => PathError::RevocationUnknown { index, reasons },
            })?;
        // (a) (4) the issuer's name is the working issuer name
        if certificate.issuer() != self.issuer.name {
            return Err(PathError::IssuerNotFound { index, issuer: certificate.issuer().clone() });
        }
        // A known extension is processed, critical or not (4.2): the caller checks the purposes, which must be
        // well-formed.
        certificate.extended_key_usage().map_err(|source| extension(index, source))?;
        // (b, c) names are within the permitted subtrees and within none that is excluded
        let alternative = certificate.subject_alt_name().map_err(|source| extension(index, source))?;
        if !self.constraints.is_empty() && (!self_issued || last) {
            let names = ConstrainedNames::new(certificate.subject(), alternative);
            for constraints in &self.constraints {
                constraints
                    .check(&names, budget)
                    .map_err(|source| PathError::NameConstraints { index, source })?;
            }
        }
        // (d, e, f) policies
        let policies = PolicyExtensions::of(certificate).map_err(|source| extension(index, source))?;
        self.policies
            .process(&policies, self_issued, last)
            .map_err(|source| PathError::Policy { index, source })?;
        Ok(status)
    }

    /// 6.1.4: preparation for the next certificate.
    fn prepare(&mut self, link: &Link<'a>) -> Result<(), PathError> {
        let Link { index, certificate, .. } = *link;
        let self_issued = certificate.is_self_issued();
        // (a, b, h, i, j) policies
        let policies = PolicyExtensions::of(certificate).map_err(|source| extension(index, source))?;
        self.policies
            .prepare(&policies, self_issued)
            .map_err(|source| PathError::Policy { index, source })?;
        // (c, d, e, f) the working issuer is this certificate's subject
        let key_usage = certificate.key_usage().map_err(|source| extension(index, source))?;
        self.issuer = Issuer { name: certificate.subject(), key: certificate.key(), key_usage };
        // (g) name constraints
        if let Some(constraints) = certificate.extension(&ID_CE_NAME_CONSTRAINTS) {
            let constraints = NameConstraints::read(constraints.value);
            self.constraints.push(constraints.map_err(|source| extension(index, source))?);
        }
        // (k) of version 3, with cA TRUE
        let basic_constraints = certificate.basic_constraints().map_err(|source| extension(index, source))?;
        let basic_constraints = basic_constraints.filter(|constraints| constraints.ca);
        let Some(basic_constraints) = basic_constraints.filter(|_| certificate.version() == 3) else {
            return Err(PathError::NotCa { index });
        };
        // (l) a certificate that is not self-issued counts for the path length
        if !self_issued {
            self.max_path_length =
                self.max_path_length.checked_sub(1).ok_or(PathError::PathLength { index })?;
        }
        // (m) pathLenConstraint
        if let Some(path_len) = basic_constraints.path_len {
            self.max_path_length = self.max_path_length.min(path_len);
        }
        // (n) keyCertSign, if there is a key usage
        if key_usage.is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(PathError::KeyUsage { index });
        }
        // (o) critical extensions are processed
        check_critical(link)
    }

    /// 6.1.5: wrap-up, at the leaf.
    fn wrap_up(self, link: &Link<'a>) -> Result<(), PathError> {
        let Link { index, certificate, .. } = *link;
        // (a, b, g) policies
        let policies = PolicyExtensions::of(certificate).map_err(|source| extension(index, source))?;
        self.policies.wrap_up(&policies).map_err(|source| PathError::Policy { index, source })?;
        // (f) critical extensions are processed; name constraints in a leaf have no effect
        let basic_constraints = certificate.basic_constraints().map_err(|source| extension(index, source))?;
        certificate.key_usage().map_err(|source| extension(index, source))?;
        if certificate.extension(&ID_CE_NAME_CONSTRAINTS).is_some()
            && !basic_constraints.is_some_and(|c| c.ca)
        {
            return Err(PathError::MisplacedNameConstraints { index });
        }
        check_critical(link)
    }
}

/// Verifies the signature of a certificate with its issuer's key.
pub(super) fn check_signature(
    certificate: &Certificate,
    index: usize,
    key: Result<&Key, &SpkiError>,
    budget: &mut Budget,
) -> Result<(), PathError> {
    // 4.1.1.2: the algorithm is the same in both places, parameters included
    let (inner, outer) = certificate.signature_algorithms();
    if inner != outer {
        return Err(PathError::AlgorithmMismatch { index });
    }
    let scheme = algorithm::scheme(outer).ok_or(PathError::Algorithm { index })?;
    let key = key.map_err(|source| PathError::IssuerKey { index, source: source.clone().into() })?;
    budget.take_signature().map_err(|_| PathError::Budget)?;
    crypto::verify(key, scheme, &[certificate.tbs()], certificate.signature())
        .map_err(|source| PathError::Signature { index, source })
}

fn check_critical(link: &Link<'_>) -> Result<(), PathError> {
    let unknown = |oid: Oid<'_>| !PROCESSED.iter().any(|known| oid == *known);
    match link.certificate.extensions().find(|extension| extension.critical && unknown(extension.oid)) {
        Some(extension) => {
            Err(PathError::CriticalExtension { index: link.index, oid: extension.oid.to_string() })
        }
        None => Ok(()),
    }
}

const fn extension(index: usize, source: DerError) -> PathError {
    PathError::Extension { index, source }
}
