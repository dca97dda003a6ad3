//! CRLs of a signer that was verified.

use std::mem;

use rp_core::Timestamp;
use rp_core::x509::Crl;

use super::event::{Emitter, Event};
use super::outcome::is_revoked;
use super::source::{RevocationMode, Signed};
use crate::blob::{BlobError, Verification};
use crate::cache::Cache;
use crate::fetch::Client;
use crate::metadata::Metadata;
use crate::signer::Signer;

/// CRLs of public authorities have a few hundred kilobytes.
const MAX_CRL_LEN: usize = 16 << 20;
/// One per certificate of the longest path.
const MAX_CRLS: usize = 10;

/// CRLs for a signer, and why others are missing.
#[derive(Debug, Default)]
pub(super) struct Crls {
    crls: Vec<Crl>,
    /// Addresses without a usable CRL in the cache.
    missing: Vec<String>,
    errors: Vec<String>,
}

/// When a signer is checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct CheckTimes {
    /// The time of the first verification, at which the certificates have to be valid.
    pub(super) verified: Timestamp,
    /// The current time, for CRLs that were issued later.
    pub(super) now: Timestamp,
}

/// A verified list whose signer was rejected with these CRLs.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) sha256: String,
    pub(super) error: BlobError,
}

/// Whether the revocation status of the signer has to be found out.
pub(super) fn needs_revocation_check(signed: &Signed, metadata: &Metadata) -> bool {
    let is_known = metadata.signer().is_none_or(Signer::is_known_not_revoked);
    signed.revocation != RevocationMode::Given && !is_known
}

impl Crls {
    /// The usable CRLs in the cache, from the addresses in the verified path.
    pub(super) fn cached(
        cache: Option<&Cache>,
        signed: &Signed,
        metadata: &Metadata,
        times: CheckTimes,
    ) -> Self {
        let mut crls = Self::default();
        let Some(signer) = metadata.signer() else { return crls };
        for url in signer.path().crl_urls().into_iter().take(MAX_CRLS) {
            let cached = cache.and_then(|cache| cache.crl(&url)).and_then(|der| Crl::from_der(&der).ok());
            match cached.filter(|crl| is_usable(crl, signer, signed, times)) {
                Some(crl) => crls.crls.push(crl),
                None => crls.missing.push(url),
            }
        }
        crls
    }

    /// Downloads the missing CRLs. Usable ones are stored in the cache.
    pub(super) async fn download(
        mut self,
        client: &Client,
        cache: Option<&Cache>,
        emitter: &Emitter,
        signed: &Signed,
        metadata: &Metadata,
        times: CheckTimes,
    ) -> Self {
        let Some(signer) = metadata.signer() else { return self };
        for url in mem::take(&mut self.missing) {
            let der = client.fetch_referenced(&url, MAX_CRL_LEN).await.map_err(|error| error.to_string());
            match der.and_then(|der| Crl::from_der(&der).map_err(|error| error.to_string())) {
                Ok(crl) => {
                    if let Some(cache) = cache.filter(|_| is_usable(&crl, signer, signed, times))
                        && let Err(error) = cache.store_crl(&url, crl.der())
                    {
                        emitter.not_cached(error);
                    }
                    self.crls.push(crl);
                }
                Err(error) => self.errors.push(format!("{url}: {error}")),
            }
        }
        self
    }

    /// Checks the signer with these CRLs and the operator's.
    pub(super) fn check(
        &self,
        signed: &Signed,
        metadata: Metadata,
        times: CheckTimes,
    ) -> Result<Metadata, BlobError> {
        let Some(signer) = metadata.signer() else { return Ok(metadata) };
        let crls: Vec<Crl> = signed.crls.iter().chain(&self.crls).cloned().collect();
        let require_crls = signed.revocation == RevocationMode::Hard;
        let check = |at| {
            let verification = Verification { crls: &crls, require_crls, ..signed.verification(at) };
            signer.check_again(&verification.signer_rules()).map_err(BlobError::from)
        };
        let is_known = |checked: &Result<Signer, BlobError>| match checked {
            Ok(signer) => signer.is_known_not_revoked(),
            Err(error) => is_revoked(error),
        };
        let mut checked = check(times.verified);
        if !is_known(&checked) && times.now != times.verified {
            checked = Some(check(times.now)).filter(is_known).unwrap_or(checked);
        }
        Ok(metadata.with_signer(checked?))
    }

    /// Why the signer of a list that was verified earlier is revoked by these CRLs; `None` if it is not.
    pub(super) fn revocation(
        &self,
        signed: &Signed,
        metadata: &Metadata,
        now: Timestamp,
    ) -> Option<BlobError> {
        let signer = metadata.signer()?;
        let crls: Vec<Crl> = signed.crls.iter().chain(&self.crls).cloned().collect();
        let revoked_at = |at| {
            let verification = Verification { crls: &crls, ..signed.verification(at) };
            let checked = signer.check_again(&verification.signer_rules());
            checked.err().map(BlobError::from).filter(is_revoked)
        };
        // A CRL that was issued after the verification counts now; an expired certificate was valid then.
        revoked_at(now).or_else(|| metadata.verified_at().and_then(revoked_at))
    }

    /// Emits an event if the revocation status of the signer is still unknown.
    pub(super) fn report_unknown(&self, emitter: &Emitter, signed: &Signed, metadata: &Metadata) {
        if needs_revocation_check(signed, metadata) {
            let error = match self.errors.as_slice() {
                [] => "no CRL contains it".into(),
                errors => errors.join("; "),
            };
            emitter.emit(&Event::RevocationUnknown { source: emitter.source.clone(), error });
        }
    }
}

/// Whether a CRL has a later update, and contains the status of a certificate of the path.
fn is_usable(crl: &Crl, signer: &Signer, signed: &Signed, times: CheckTimes) -> bool {
    let is_usable_at = |at| {
        let rules = signed.verification(at).signer_rules();
        crl.next_update().is_some_and(|next| next > at) && signer.is_covered_by(crl, &rules)
    };
    is_usable_at(times.verified) || is_usable_at(times.now)
}
