//! Whether a certificate is revoked, according to CRLs of its issuer (RFC 5280 section 6.3).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::crypto::{self, Key, SpkiError};
use crate::timestamp::Timestamp;
use crate::x509::algorithm;
use crate::x509::certificate::Certificate;
use crate::x509::crl::Crl;
use crate::x509::extensions::KeyUsage;
use crate::x509::name::Name;

/// The caller's data about revoked certificates.
///
/// CRLs may come from untrusted servers: each CRL's signature is verified with the issuer's key; a forged CRL is
/// reported and otherwise ignored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Revocation<'a> {
    /// CRLs of any issuers, in any order.
    ///
    /// Their number is the caller's choice, so their signatures are not counted against
    /// [`PathOptions::signature_checks`](super::PathOptions::signature_checks). At most one of each CRL that has the
    /// certificate's issuer is verified for each certificate of the path; usually it is one CRL for each certificate.
    pub crls: &'a [Crl],
    /// Whether a certificate with an unknown status is rejected. By default it is accepted.
    pub required: bool,
}

/// The revocation status of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationStatus {
    /// A current CRL of its issuer that covers such certificates does not list it.
    NotRevoked,
    /// No CRL determines the status; for each CRL of its issuer, the reason.
    Unknown(Vec<UnusableCrlError>),
}

/// Why a CRL of a certificate's issuer does not determine whether the certificate is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableCrlError {
    /// The issuer's key usage does not include `cRLSign` (6.3.3 f).
    #[error("the issuer may not sign CRLs")]
    IssuerMayNotSign,
    /// This build cannot verify with the issuer's key.
    #[error("the issuer's key is not supported")]
    IssuerKey,
    /// The signature algorithm is not accepted, or differs inside and outside the signed part.
    #[error("the signature algorithm of the CRL is not accepted")]
    Algorithm,
    /// The signature does not verify with the issuer's key (6.3.3 g): the CRL is forged, or signed with another key.
    #[error("the signature of the CRL does not verify")]
    Signature,
    /// The CRL was issued after the time of validation.
    #[error("the CRL is not valid yet")]
    NotYetValid,
    /// The next update of the CRL is past, or not stated.
    #[error("the CRL is out of date")]
    Stale,
    /// The CRL covers other certificates of the issuer, or only some reasons (6.3.3 b).
    #[error("the CRL does not cover the certificate")]
    Scope,
}

/// Why a certificate is rejected.
pub(super) enum RevocationError {
    /// A CRL of its issuer lists it.
    Revoked { since: Timestamp },
    /// The caller requires that the status is known, and it is unknown.
    Unknown { reasons: Vec<UnusableCrlError> },
}

/// The issuer of the certificate in question.
pub(super) struct Issuer<'a> {
    pub(super) name: &'a Name,
    pub(super) key: Result<Cow<'a, Key>, SpkiError>,
    /// `None` for trust anchors.
    pub(super) key_usage: Option<KeyUsage>,
}

impl Revocation<'_> {
    /// 6.1.3 (a) (3): looks the certificate up in the CRLs of its issuer.
    ///
    /// A CRL that lists it revokes it even if a newer CRL is due, because revocation is permanent.
    pub(super) fn status(
        &self,
        certificate: &Certificate,
        issuer: &Issuer<'_>,
        at: Timestamp,
    ) -> Result<RevocationStatus, RevocationError> {
        let mut reasons = Vec::new();
        let of_issuer = || self.crls.iter().filter(|crl| crl.issuer() == issuer.name);
        // First every CRL that lists the certificate: no number of others may hide it.
        for crl in of_issuer() {
            let Some(since) = crl.revoked_since(certificate.serial_number()) else { continue };
            if crl.this_update() > at {
                reasons.push(UnusableCrlError::NotYetValid);
            } else if let Err(reason) = verify(crl, issuer) {
                reasons.push(reason);
            } else {
                return Err(RevocationError::Revoked { since });
            }
        }
        // Of the others, the first that is current, covers the certificate and is genuine.
        for crl in of_issuer().filter(|crl| crl.revoked_since(certificate.serial_number()).is_none()) {
            match check_absence(crl, certificate, at).and_then(|()| verify(crl, issuer)) {
                Ok(()) => return Ok(RevocationStatus::NotRevoked),
                Err(reason) => reasons.push(reason),
            }
        }
        if self.required {
            Err(RevocationError::Unknown { reasons })
        } else {
            Ok(RevocationStatus::Unknown(reasons))
        }
    }
}

/// 6.3.3 (a) and (b): whether the absence of a certificate from the CRL shows that it is not revoked.
fn check_absence(crl: &Crl, certificate: &Certificate, at: Timestamp) -> Result<(), UnusableCrlError> {
    if crl.this_update() > at {
        Err(UnusableCrlError::NotYetValid)
    } else if crl.next_update().is_none_or(|next| next < at) {
        Err(UnusableCrlError::Stale)
    } else if !is_in_scope(crl, certificate) {
        Err(UnusableCrlError::Scope)
    } else {
        Ok(())
    }
}

/// 6.3.3 (f) and (g): verifies a CRL with the key of its issuer.
fn verify(crl: &Crl, issuer: &Issuer<'_>) -> Result<(), UnusableCrlError> {
    if issuer.key_usage.is_some_and(|usage| !usage.crl_sign()) {
        return Err(UnusableCrlError::IssuerMayNotSign);
    }
    let key = issuer.key.as_deref().map_err(|_| UnusableCrlError::IssuerKey)?;
    let (inner, outer) = crl.signature_algorithms();
    let scheme = algorithm::scheme(outer).filter(|_| inner == outer).ok_or(UnusableCrlError::Algorithm)?;
    crypto::verify(key, scheme, &[crl.tbs()], crl.signature()).map_err(|_| UnusableCrlError::Signature)
}

/// 6.3.3 (b) (2): whether the CRL would list the certificate if it were revoked.
fn is_in_scope(crl: &Crl, certificate: &Certificate) -> bool {
    let scope = crl.scope();
    let ca = certificate.basic_constraints().ok().flatten().is_some_and(|constraints| constraints.ca);
    let named = scope.points.as_ref().is_none_or(|points| {
        let urls = certificate.crl_distribution_points().unwrap_or_default();
        urls.iter().any(|url| points.contains(url))
    });
    let of_its_kind = if ca { !scope.only_user } else { !scope.only_ca };
    named && of_its_kind && !scope.some_reasons
}
