//! Attestation without an account: proof that a genuine authenticator is present.

use rp_core::options::CredentialCreationOptions;
use rp_core::{RegistrationResponse, User, UserHandle};

use super::caller::Caller;
use super::ceremony::Ceremony;
use super::service::Passkeys;
use crate::error::{NoCeremony, ServiceError};
use crate::event::{Action, EventBuilder};

/// A verified proof: a trusted attestation of an authenticator whose model the policy accepts. It contains nothing else,
/// so that neither the model nor the key nor the person can be recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Proof;

impl Passkeys {
    /// Options for a proof ([`PasskeysBuilder::proof`](crate::PasskeysBuilder::proof)). They name no account and exclude
    /// nothing; the user handle is random, and the credential is never used.
    ///
    /// # Errors
    /// [`ServiceError`]: `misconfigured` without [`PasskeysBuilder::proof`](crate::PasskeysBuilder::proof),
    /// `too-many-requests`, `storage-unavailable`.
    pub async fn start_proof(&self, caller: &Caller) -> Result<CredentialCreationOptions, ServiceError> {
        let start = async {
            let rp = self.proof_party()?;
            let user = User {
                handle: UserHandle::random()?,
                name: rp.name().to_owned(),
                display_name: String::new(),
            };
            let (options, pending) = rp.registration(&user).for_page(&caller.page).start(self.now())?;
            self.put_ceremony(&caller.anonymous(), Ceremony::Proof { pending }).await?;
            Ok(options)
        };
        let result = start.await;
        if result.is_err() {
            self.record(&EventBuilder::new(Action::Proof), &result);
        }
        result
    }

    /// Verifies the response to the options of [`Passkeys::start_proof`]. Nothing of it is stored, and neither the result
    /// nor the error nor the event contains a model, a key or an identifier. The event contains no client either.
    ///
    /// # Errors
    /// [`ServiceError`]: `misconfigured`, `no-ceremony`, `ceremony-expired`, `storage-unavailable`, and
    /// [`ServiceError::ProofRejected`] with the code of the first step of section 7.1 that fails.
    pub async fn finish_proof(
        &self,
        caller: &Caller,
        response: &RegistrationResponse,
    ) -> Result<Proof, ServiceError> {
        let result = self.verify_proof(&caller.anonymous(), response).await;
        self.record(&EventBuilder::new(Action::Proof), &result);
        result
    }

    async fn verify_proof(
        &self,
        caller: &Caller,
        response: &RegistrationResponse,
    ) -> Result<Proof, ServiceError> {
        let rp = self.proof_party()?;
        let stored = self.take_ceremony(caller, response.client_data()).await?;
        let Ceremony::Proof { pending } = stored.ceremony else {
            return Err(ServiceError::NoCeremony(NoCeremony::OtherKind));
        };
        let trust = self.inner.trust.as_ref();
        // The policy requires trust, so that every registration that verifies is a proof.
        match rp.finish_registration(pending, response, trust, self.now()) {
            Ok(_) => Ok(Proof),
            // The error itself may name a model or an issuer.
            Err(error) => Err(ServiceError::ProofRejected { code: error.code(), step: error.step() }),
        }
    }

    fn proof_party(&self) -> Result<&rp_core::RelyingParty, ServiceError> {
        let missing = "PasskeysBuilder::proof";
        self.inner.proof.as_ref().ok_or(ServiceError::Misconfigured { missing })
    }

    /// Whether proofs are configured.
    pub(crate) fn accepts_proofs(&self) -> bool {
        self.inner.proof.is_some()
    }
}

impl Caller {
    /// The same browser with its ceremonies, and the address, which limits count, without the session.
    fn anonymous(&self) -> Self {
        let (browser, client, sealed) = (self.browser.clone(), self.client.clone(), self.sealed.clone());
        Self { browser, client, sealed, ..Self::default() }
    }
}
