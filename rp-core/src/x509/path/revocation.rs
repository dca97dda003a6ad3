//! Whether a certificate is revoked, as far as CRLs of its issuer tell (RFC 5280 section 6.3).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::crypto::{self, Key, SpkiError};
use crate::timestamp::Timestamp;
use crate::x509::algorithm;
use crate::x509::budget::{Budget, BudgetError};
use crate::x509::certificate::Certificate;
use crate::x509::crl::Crl;
use crate::x509::extensions::KeyUsage;
use crate::x509::name::Name;

/// What the caller knows of revoked certificates.
///
/// Lists come from wherever the caller fetched them, so each is held against the key that issued the certificate
/// before it is believed: a forged one is refused and told, and changes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Revocation<'a> {
    /// CRLs of any issuers, in any order.
    pub crls: &'a [Crl],
    /// Whether a certificate must be known not to be revoked. By default one of which nothing is known passes.
    pub required: bool,
}

/// What is known of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationStatus {
    /// A current list of its issuer, about such certificates, does not have it.
    NotRevoked,
    /// No list tells; for each of its issuer, why not.
    Unknown(Vec<CrlRefusal>),
}

/// Why a list of a certificate's issuer does not tell whether the certificate is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlRefusal {
    /// The issuer's key usage is without `cRLSign` (6.3.3 f).
    #[error("the issuer may not sign lists")]
    IssuerMayNotSign,
    /// The issuer's key is none that this build can verify with.
    #[error("the issuer's key cannot be used")]
    IssuerKey,
    /// The signature algorithm is not accepted, or is another inside the list than beside it.
    #[error("its signature algorithm is not accepted")]
    Algorithm,
    /// The signature does not verify with the issuer's key (6.3.3 g): the list is forged, or another key's.
    #[error("its signature does not verify")]
    Signature,
    /// It was made after the time of judging.
    #[error("it is of a later time")]
    NotYetValid,
    /// Its next update is past, or it names none.
    #[error("its next update is past, or not known")]
    Stale,
    /// It is about other certificates of the issuer, or about some reasons only (6.3.3 b).
    #[error("it is about other certificates of the issuer")]
    Scope,
}

/// Why a certificate does not pass.
pub(super) enum RevocationError {
    /// A CRL of its issuer has it.
    Revoked { since: Timestamp },
    /// The caller requires that the status is known, and it is unknown.
    Unknown { refusals: Vec<CrlRefusal> },
    /// No more signatures may be verified.
    Budget,
}

impl From<BudgetError> for RevocationError {
    fn from(_: BudgetError) -> Self {
        Self::Budget
    }
}

/// Who issued the certificate that is looked at.
pub(super) struct Issuer<'a> {
    pub(super) name: &'a Name,
    pub(super) key: Result<Cow<'a, Key>, SpkiError>,
    /// Of an anchor, none is known.
    pub(super) key_usage: Option<KeyUsage>,
}

impl Revocation<'_> {
    /// 6.1.3 (a) (3): looks the certificate up in every list of its issuer.
    ///
    /// A list that has it revokes it though a newer list may be due: what is revoked stays so.
    pub(super) fn status(
        &self,
        certificate: &Certificate,
        issuer: &Issuer<'_>,
        at: Timestamp,
        budget: &mut Budget,
    ) -> Result<RevocationStatus, RevocationError> {
        let mut refusals = Vec::new();
        let mut not_revoked = false;
        for crl in self.crls.iter().filter(|crl| crl.issuer() == issuer.name) {
            if let Err(refusal) = verify(crl, issuer, budget)? {
                refusals.push(refusal);
            } else if crl.this_update() > at {
                refusals.push(CrlRefusal::NotYetValid);
            } else if let Some(since) = crl.revoked_since(certificate.serial_number()) {
                return Err(RevocationError::Revoked { since });
            } else if crl.next_update().is_none_or(|next| next < at) {
                refusals.push(CrlRefusal::Stale);
            } else if !is_in_scope(crl, certificate) {
                refusals.push(CrlRefusal::Scope);
            } else {
                not_revoked = true;
            }
        }
        match (not_revoked, self.required) {
            (true, _) => Ok(RevocationStatus::NotRevoked),
            (false, false) => Ok(RevocationStatus::Unknown(refusals)),
            (false, true) => Err(RevocationError::Unknown { refusals }),
        }
    }
}

/// Verifies a list with the key of its issuer; the outer error is the budget's.
fn verify(
    crl: &Crl,
    issuer: &Issuer<'_>,
    budget: &mut Budget,
) -> Result<Result<(), CrlRefusal>, BudgetError> {
    if issuer.key_usage.is_some_and(|usage| !usage.crl_sign()) {
        return Ok(Err(CrlRefusal::IssuerMayNotSign));
    }
    let Ok(key) = issuer.key.as_deref() else { return Ok(Err(CrlRefusal::IssuerKey)) };
    let (inner, outer) = crl.signature_algorithms();
    let Some(scheme) = algorithm::scheme(outer).filter(|_| inner == outer) else {
        return Ok(Err(CrlRefusal::Algorithm));
    };
    budget.take_signature()?;
    let verified = crypto::verify(key, scheme, crl.tbs(), crl.signature());
    Ok(verified.map_err(|_| CrlRefusal::Signature))
}

/// 6.3.3 (b) (2): whether the list, which does not have the certificate, would have it if it were revoked.
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
