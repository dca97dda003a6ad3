//! The attestation of stored passkeys, assessed again after metadata or the policy changed.

#[cfg(feature = "rayon")]
use std::collections::HashMap;

#[cfg(feature = "rayon")]
use rp_core::CredentialRecord;
use rp_core::{Attestation, CredentialId, ReverificationError, StoredAttestation};

use super::operator::Admin;
use super::service::Passkeys;
use crate::error::ServiceError;
use crate::event::Action;
use crate::store::Passkey;

/// A page of passkeys whose attestation was assessed again.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Reassessment {
    /// The number of passkeys on the page; 0 behind the last page.
    pub passkeys: usize,
    /// The number of passkeys without a stored attestation, which stay as they are.
    pub not_kept: usize,
    /// The passkeys whose result changes.
    pub changes: Vec<Reassessed>,
    /// The credential ID behind which the next page begins.
    pub last: Option<CredentialId>,
}

/// A passkey whose attestation has another result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reassessed {
    /// The passkey with the result that is stored.
    pub passkey: Passkey,
    /// The result now.
    pub attestation: StoredAttestation,
    /// Why the attestation is not trusted now.
    pub distrust: Option<String>,
}

impl Passkeys {
    /// Assesses the attestation of up to `limit` passkeys of all users again, beginning behind `after`, under the relying
    /// party's policy and the trust source as they are now. Certificates have to be valid at the time of registration.
    /// Nothing is changed: [`Admin::apply_reassessment`] stores the results.
    ///
    /// A stored statement that does not verify any more is not trusted.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn reassess(
        &self,
        after: Option<&CredentialId>,
        limit: u32,
    ) -> Result<Reassessment, ServiceError> {
        let passkeys = self.inner.credentials.all_passkeys(after, limit).await?;
        let mut page = Reassessment {
            passkeys: passkeys.len(),
            last: passkeys.last().map(|passkey| passkey.record.id.clone()),
            ..Reassessment::default()
        };
        let results = self.reverify(&passkeys);
        for (passkey, result) in passkeys.into_iter().zip(results) {
            let (attestation, distrust) = match result {
                Ok(attestation) => {
                    let distrust = attestation.trust.as_ref().err().map(ToString::to_string);
                    (StoredAttestation::from(&attestation), distrust)
                }
                Err(ReverificationError::NotKept { .. }) => {
                    page.not_kept = page.not_kept.saturating_add(1);
                    continue;
                }
                Err(error) => {
                    let stored = passkey.record.attestation.clone();
                    (StoredAttestation { trusted: false, model: None, ..stored }, Some(error.to_string()))
                }
            };
            if attestation != passkey.record.attestation {
                page.changes.push(Reassessed { passkey, attestation, distrust });
            }
        }
        Ok(page)
    }

    /// The attestations of passkeys now, on all cores.
    #[cfg(feature = "rayon")]
    fn reverify(&self, passkeys: &[Passkey]) -> Vec<Result<Attestation, ReverificationError>> {
        let records: Vec<_> = passkeys.iter().map(|passkey| passkey.record.clone()).collect();
        let registered: HashMap<_, _> =
            passkeys.iter().map(|passkey| (&passkey.record.id, passkey.created_at)).collect();
        let certificates_at =
            |record: &CredentialRecord| registered.get(&record.id).copied().unwrap_or_else(|| self.now());
        let trust = self.inner.trust.as_ref();
        self.inner.rp.reverify_registrations(&records, trust, certificates_at, self.now())
    }

    /// The attestations of passkeys now.
    #[cfg(not(feature = "rayon"))]
    fn reverify(&self, passkeys: &[Passkey]) -> Vec<Result<Attestation, ReverificationError>> {
        let (trust, now) = (self.inner.trust.as_ref(), self.now());
        let reverify = |passkey: &Passkey| {
            self.inner.rp.reverify_registration(&passkey.record, trust, passkey.created_at, now)
        };
        passkeys.iter().map(reverify).collect()
    }
}

impl Admin {
    /// Stores the changes of a page, in one transaction, with one event for each. Returns the number of passkeys that were
    /// changed: one that was deleted in the meantime is not.
    ///
    /// # Errors
    /// [`ServiceError::Storage`]; nothing is changed then, and there is one event.
    pub async fn apply_reassessment(&self, page: &Reassessment) -> Result<usize, ServiceError> {
        let change = |change: &Reassessed| (change.passkey.record.id.clone(), change.attestation.clone());
        let changes: Vec<_> = page.changes.iter().map(change).collect();
        if changes.is_empty() {
            return Ok(0);
        }
        let written = self.passkeys.inner.credentials.set_attestations(&changes).await;
        let written = written.map_err(ServiceError::from);
        let Ok(exist) = &written else {
            self.passkeys.record(&self.operator.event(Action::Rejudge), &written);
            return written.map(|_| 0);
        };
        let mut changed = 0_usize;
        for (reassessed, _) in page.changes.iter().zip(exist).filter(|(_, exists)| **exists) {
            let mut passkey = reassessed.passkey.clone();
            passkey.record.attestation = reassessed.attestation.clone();
            let mut event = self.operator.event(Action::Rejudge);
            event.passkey(&passkey);
            event.attestation_trusted = Some(reassessed.attestation.trusted);
            event.distrust = reassessed.distrust.clone();
            self.passkeys.record(&event, &Ok(()));
            changed = changed.saturating_add(1);
        }
        Ok(changed)
    }
}
