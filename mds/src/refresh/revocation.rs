//! Revocation lists of a signer that was verified.

use rp_core::x509::Crl;

use super::source::Signed;
use super::{Event, RefreshError, Refresher, RevocationMode, Slot};
use crate::{Metadata, Verification};

/// Lists of public authorities have a few hundred kilobytes.
const MAX_CRL_LEN: usize = 16 << 20;
/// A path of ten certificates names no more than so many that matter.
const MAX_CRLS: usize = 10;

impl Refresher {
    /// Verifies the BLOB again by the lists that the verified path names, fetched or kept.
    pub(super) async fn check_revocation(
        &self,
        slot: &Slot,
        signed: &Signed,
        how: &Verification<'_>,
        blob: &[u8],
        metadata: Metadata,
    ) -> Result<Metadata, RefreshError> {
        let is_known =
            |metadata: &Metadata| metadata.signer().is_none_or(crate::Signer::is_known_not_revoked);
        if signed.revocation == RevocationMode::Given || is_known(&metadata) {
            return Ok(metadata);
        }
        let urls = metadata.signer().map(|signer| signer.path().crl_urls()).unwrap_or_default();
        let mut fetched = Vec::new();
        let mut errors = Vec::new();
        for url in urls.into_iter().take(MAX_CRLS) {
            match self.crl(&url, how).await {
                Ok((crl, is_new)) => fetched.push((url, crl, is_new)),
                Err(error) => errors.push(format!("{url}: {error}")),
            }
        }
        let crls: Vec<_> =
            signed.crls.iter().cloned().chain(fetched.iter().map(|(_, crl, _)| crl.clone())).collect();
        let required = signed.revocation == RevocationMode::Hard;
        let metadata = Verification { crls: &crls, require_crls: required, ..*how }.verify(blob)?;
        if is_known(&metadata) {
            // Only lists that have spoken are kept: one that is forged, or out of date, is fetched again.
            for (url, crl, _) in fetched.iter().filter(|(_, _, is_new)| *is_new) {
                if let Some(cache) = &self.cache
                    && let Err(error) = cache.store_crl(url, crl.der())
                {
                    self.not_cached(slot, &error.into());
                }
            }
        } else {
            let error = if errors.is_empty() { "no list tells".into() } else { errors.join("; ") };
            self.tell(&Event::RevocationUnknown { source: slot.config.name().into(), error });
        }
        Ok(metadata)
    }

    /// The list of an address, and whether it was fetched; one that is kept serves until its next update.
    async fn crl(&self, url: &str, how: &Verification<'_>) -> Result<(Crl, bool), String> {
        let kept = self.cache.as_ref().and_then(|cache| cache.crl(url));
        let kept = kept.and_then(|der| Crl::from_der(&der).ok());
        if let Some(crl) = kept.filter(|crl| crl.next_update().is_some_and(|next| next > how.at)) {
            return Ok((crl, false));
        }
        let der = self.client.fetch_told(url, MAX_CRL_LEN).await.map_err(|error| error.to_string())?;
        Crl::from_der(&der).map(|crl| (crl, true)).map_err(|error| error.to_string())
    }
}
