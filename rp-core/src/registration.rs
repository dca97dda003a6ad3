//! Registering a new credential ([section 7.1]).
//!
//! [section 7.1]: https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential

use crate::assessment::AttestedRegistration;
use crate::attestation::{Attestation, AttestationObject};
use crate::authenticator_data::Flags;
use crate::bytes::CredentialId;
use crate::ceremony::{self, CREATE, check_remote_client_data};
use crate::credential::{CredentialRecord, StoredAttestation};
use crate::extensions::{AuthenticatorExtensions, RawOutputs, RegistrationExtensionOutputs};
use crate::options::{
    AuthenticatorAttachment, Mediation, ResidentKeyRequirement, UserVerificationRequirement,
};
use crate::payment::browser_bound::{BrowserBoundKey, BrowserBoundKeyError, browser_bound_key};
use crate::relying_party::RelyingParty;
use crate::response::RegistrationResponse;
use crate::timestamp::Timestamp;
use crate::trust::TrustSource;

mod error;
mod start;

pub use error::RegistrationError;
pub use start::{PendingRegistration, RegistrationRequest, User};

/// A verified registration: store the credential.
#[derive(Clone, Debug)]
#[must_use = "a credential that is not stored cannot be used"]
#[non_exhaustive]
pub struct Registered {
    /// The credential record.
    pub credential: CredentialRecord,
    /// The attestation, and whether it is trusted.
    pub attestation: Attestation,
    /// The outputs of extensions.
    pub extensions: RegistrationExtensionOutputs,
    /// The flags of authenticator data.
    pub flags: crate::Flags,
    /// The authenticator's extension outputs, one CBOR map as it was signed.
    pub authenticator_extensions: Option<AuthenticatorExtensions>,
    /// The key that a browser keeps on the device for payments, if [`RegistrationRequest::payment`] was used and client
    /// data contains one. The credential is valid even if this is an error.
    pub browser_bound_key: Option<Result<BrowserBoundKey, BrowserBoundKeyError>>,
}

impl RelyingParty {
    /// Verifies the response to a registration and returns the credential record, by the steps of section 7.1.
    /// `pending` is consumed by one response, valid or not.
    ///
    /// `trust` provides anchors for a statement with certificates. Certificates must be valid at `now`.
    ///
    /// # Errors
    /// Returns [`RegistrationError`] for the first step that fails.
    ///
    /// # Examples
    /// ```compile_fail
    /// # fn show(rp: rp_core::RelyingParty, pending: rp_core::PendingRegistration, response: rp_core::RegistrationResponse) {
    /// let (trust, now) = (rp_core::StaticAnchors::none(), rp_core::Timestamp::now());
    /// let first = rp.finish_registration(pending, &response, &trust, now);
    /// let second = rp.finish_registration(pending, &response, &trust, now); // used after move
    /// # }
    /// ```
    pub fn finish_registration(
        &self,
        pending: PendingRegistration,
        response: &RegistrationResponse,
        trust: &dyn TrustSource,
        now: Timestamp,
    ) -> Result<Registered, RegistrationError> {
        let pending = pending.state.0;
        pending.started.check(self, now)?;
        // 5. Let JSONtext be the UTF-8 decoding of clientDataJSON; 6. let C be its parse
        let client_data = response.client_data();
        // 7. type is webauthn.create; 8. challenge is the one that was sent; 9. to 11. origins
        ceremony::check_client_data(self, client_data, CREATE, &pending.started.challenge)?;
        // 12. Let hash be the SHA-256 of clientDataJSON: below, if the format uses it
        // 13. Perform CBOR decoding on attestationObject
        let object = AttestationObject::parse(response.attestation_object())?;
        let authenticator_data = &object.auth_data;
        let attested =
            authenticator_data.attested_credential().ok_or(RegistrationError::NoAttestedCredentialData)?;
        let flags = authenticator_data.flags();
        // 14. rpIdHash is the SHA-256 of the RP ID
        if *authenticator_data.rp_id_hash() != self.rp_id_hash {
            return Err(RegistrationError::RpIdHash);
        }
        // 15. If mediation is not conditional, UP is set
        let conditional = pending.mediation == Some(Mediation::Conditional);
        if !conditional && !flags.user_present() {
            return Err(RegistrationError::UserNotPresent);
        }
        // 16. If user verification is required, UV is set
        let required = pending.user_verification == UserVerificationRequirement::Required;
        if required && !flags.user_verified() {
            return Err(RegistrationError::UserNotVerified);
        }
        // 17. If BE is not set, BS is not set
        if flags.backup_state() && !flags.backup_eligible() {
            return Err(RegistrationError::BackupFlags);
        }
        // 18. and 19. Evaluate BE and BS by policy
        if !self.backup_policy.accepts(flags) {
            return Err(RegistrationError::BackupPolicy { policy: self.backup_policy });
        }
        // 20. "alg" is one of pubKeyCredParams
        let algorithm = attested.credential_public_key.algorithm()?;
        if !pending.algorithms.contains(&algorithm.id()) {
            return Err(RegistrationError::AlgorithmNotOffered { algorithm });
        }
        let public_key = attested.credential_public_key.public_key()?;
        // 21. Determine the attestation statement format; 22. verify attStmt; 23. obtain acceptable trust anchors;
        // 24. assess the attestation trustworthiness
        let attestation: Attestation = self.assess_attestation::<RegistrationError>(
            &AttestedRegistration {
                object: &object,
                client_data_json: client_data.as_json(),
                public_key: &public_key,
                certificates_at: now,
                now,
                is_fresh: true,
            },
            trust,
        )?;
        // A U2F key has neither user verification nor backup, and its statement does not sign the flags (8.6)
        let proven_flags = if attestation.is_u2f() { Flags::new(0) } else { flags };
        // 25. credentialId is at most 1023 bytes
        let id = CredentialId::try_from(attested.credential_id)?;
        if id.as_bytes() != response.id() {
            return Err(RegistrationError::CredentialId);
        }
        // 26. credentialId is not registered yet: checked for this account here, for all accounts by the store
        if pending.exclude_credentials.contains(&pending.started.challenge, id.as_bytes()) {
            return Err(RegistrationError::CredentialExists { id });
        }
        // 27. Let credentialRecord be a new credential record
        let credential = CredentialRecord {
            id,
            user_handle: pending.user_handle,
            public_key: attested.credential_public_key.as_bytes().into(),
            sign_count: authenticator_data.sign_count(),
            uv_initialized: proven_flags.user_verified(),
            transports: response.transports().map(Into::into).collect(),
            backup_eligible: Some(proven_flags.backup_eligible()),
            backup_state: proven_flags.backup_state(),
            attestation_object: Some(response.attestation_object().into()),
            attestation_client_data_json: Some(client_data.as_json().into()),
            rp_id: Some(self.entity.id.clone()),
            aaguid: attested.aaguid,
            attestation: StoredAttestation::from(&attestation),
        };
        // 28. Process the client and authenticator extension outputs
        let raw = RawOutputs::new(response.client_extensions(), authenticator_data.extension_outputs());
        let extensions = self.extension_policy.registration(&pending.extensions, raw)?;
        check_remote_client_data(
            pending.extensions.remote_client_data_json.as_deref(),
            client_data.as_json(),
        )?;
        check_selection(pending.attachment, pending.resident_key, response, &extensions)?;
        let is_for_payments = pending.extensions.payment.is_some();
        let browser_bound_key = is_for_payments
            .then(|| browser_bound_key(client_data, extensions.payment.as_ref(), &pending.algorithms))
            .flatten();
        // 29. Store credentialRecord: done by the caller
        Ok(Registered {
            credential,
            attestation,
            extensions,
            flags,
            authenticator_extensions: authenticator_data.extensions().map(Into::into),
            browser_bound_key,
        })
    }
}

/// Compares requests that only the client enforces with what it reports. None of it is signed.
fn check_selection(
    attachment: Option<AuthenticatorAttachment>,
    resident_key: ResidentKeyRequirement,
    response: &RegistrationResponse,
    extensions: &RegistrationExtensionOutputs,
) -> Result<(), RegistrationError> {
    if let (Some(requested), Some(got)) = (attachment, response.authenticator_attachment())
        && requested != got
    {
        return Err(RegistrationError::AuthenticatorAttachment { requested, got });
    }
    let discoverable = extensions.cred_props.and_then(|properties| properties.rk);
    if resident_key == ResidentKeyRequirement::Required && discoverable == Some(false) {
        return Err(RegistrationError::NotDiscoverable);
    }
    Ok(())
}
