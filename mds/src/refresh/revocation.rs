//! Revocation lists of a signer that was verified.

use std::sync::Arc;

use rp_core::Timestamp;
use rp_core::x509::Crl;

use super::source::Signed;
use super::{Event, RevocationMode, Shared, Slot};
use crate::{BlobError, Metadata, Signer, Verification};

/// Lists of public authorities have a few hundred kilobytes.
const MAX_CRL_LEN: usize = 16 << 20;
/// A path of ten certificates names no more than so many that matter.
const MAX_CRLS: usize = 10;

/// Lists that say something of a signer, and why others do not.
#[derive(Default)]
pub(super) struct Lists {
    crls: Vec<Crl>,
    /// Addresses of which nothing is kept that says something.
    missing: Vec<String>,
    errors: Vec<String>,
}

/// Whether it is to be learnt, and not known, that a signer is not revoked.
pub(super) fn needs_revocation_check(signed: &Signed, metadata: &Metadata) -> bool {
    signed.revocation != RevocationMode::Given && !metadata.signer().is_none_or(Signer::is_known_not_revoked)
}

impl Lists {
    /// Judges a signer by the operator's lists and these.
    pub(super) fn judge(
        &self,
        slot: &Slot,
        signed: &Signed,
        metadata: Metadata,
        at: Timestamp,
    ) -> Result<Metadata, BlobError> {
        let crls: Vec<Crl> = signed.crls.iter().chain(&self.crls).cloned().collect();
        let require_crls = signed.revocation == RevocationMode::Hard;
        metadata.signed_again(&Verification {
            crls: &crls,
            require_crls,
            ..slot.config.verification(signed, at)
        })
    }
}

impl Shared {
    /// The lists of a verified signer that are kept, of those that its path names, and serve still.
    pub(super) fn kept_lists(
        &self,
        slot: &Slot,
        signed: &Signed,
        metadata: &Metadata,
        at: Timestamp,
    ) -> Lists {
        let mut lists = Lists::default();
        let Some(signer) = metadata.signer() else { return lists };
        let how = slot.config.verification(signed, at);
        for url in signer.path().crl_urls().into_iter().take(MAX_CRLS) {
            let kept = self.cache.as_ref().and_then(|cache| cache.crl(&url));
            let kept = kept.and_then(|der| Crl::from_der(&der).ok());
            match kept.filter(|crl| serves(crl, signer, &how)) {
                Some(crl) => lists.crls.push(crl),
                None => lists.missing.push(url),
            }
        }
        lists
    }

    /// The lists of a verified signer, kept or fetched; those that say something are kept.
    pub(super) async fn lists(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        signed: &Signed,
        metadata: &Metadata,
        at: Timestamp,
    ) -> Lists {
        let mut lists = self.kept_lists(slot, signed, metadata, at);
        let Some(signer) = metadata.signer() else { return lists };
        let how = slot.config.verification(signed, at);
        for url in std::mem::take(&mut lists.missing) {
            let fetched =
                self.client.fetch_referenced(&url, MAX_CRL_LEN).await.map_err(|error| error.to_string());
            match fetched.and_then(|der| Crl::from_der(&der).map_err(|error| error.to_string())) {
                Ok(crl) => {
                    // One that is forged, or out of date, is fetched again.
                    if serves(&crl, signer, &how)
                        && let Some(cache) = &self.cache
                        && let Err(error) = cache.store_crl(&url, crl.der())
                    {
                        self.not_cached(slot, &error.into());
                    }
                    lists.crls.push(crl);
                }
                Err(error) => lists.errors.push(format!("{url}: {error}")),
            }
        }
        lists
    }

    /// Tells that nothing is known of a signer's revocation, where that is so.
    pub(super) fn tell_unknown(&self, slot: &Slot, signed: &Signed, metadata: &Metadata, lists: &Lists) {
        if needs_revocation_check(signed, metadata) {
            let error =
                if lists.errors.is_empty() { "no list tells".into() } else { lists.errors.join("; ") };
            self.tell(&Event::RevocationUnknown { source: slot.config.name().into(), error });
        }
    }
}

/// Whether a list says something of a signer, and is to be replaced only later.
fn serves(crl: &Crl, signer: &Signer, how: &Verification<'_>) -> bool {
    crl.next_update().is_some_and(|next| next > how.at) && signer.is_covered_by(crl, how)
}
