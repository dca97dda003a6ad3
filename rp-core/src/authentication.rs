//! Verifying an authentication assertion ([section 7.2]).
//!
//! [section 7.2]: https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion

use alloc::vec::Vec;

use crate::authenticator_data::AuthenticatorData;
use crate::ceremony::{self, GET, check_remote_client_data};
use crate::client_data::CollectedClientData;
use crate::cose::{Algorithm, PublicKey};
use crate::credential::{CredentialRecord, CredentialUpdate};
use crate::crypto;
use crate::extensions::{AuthenticationExtensionOutputs, AuthenticatorExtensions, RawOutputs};
use crate::options::UserVerificationRequirement;
use crate::relying_party::{CounterPolicy, Profile, RelyingParty, rp_id_hash};
use crate::response::AuthenticationResponse;
use crate::timestamp::Timestamp;

mod error;
mod start;

pub use error::AuthenticationError;
pub(crate) use start::AssertionState;
pub use start::{Allow, AuthenticationRequest, PendingAuthentication};

/// An authentication that was judged and found right: apply the update, then sign the account in.
#[derive(Clone, Debug)]
#[must_use = "an update that is not applied leaves the counter where it was"]
#[non_exhaustive]
pub struct Authenticated {
    /// What changes in the record.
    pub update: CredentialUpdate,
    /// The flags of authenticator data.
    pub flags: crate::Flags,
    /// The counter did not grow, and [`CounterPolicy::Report`] let it pass: the key may have been copied.
    pub counter_regressed: bool,
    /// What came of the extensions.
    pub extensions: AuthenticationExtensionOutputs,
    /// The authenticator's extension outputs as they came, one CBOR map.
    pub authenticator_extensions: Option<AuthenticatorExtensions>,
    /// When the assertion was judged, as the caller said.
    pub at: Timestamp,
}

impl RelyingParty {
    /// Judges the response to an authentication, step by step as section 7.2 numbers them. `pending` is
    /// consumed: it is good for one response, right or wrong.
    ///
    /// `credential` is the record whose ID is the response's ([`AuthenticationResponse::id`]); `now` is kept
    /// in the result.
    ///
    /// # Errors
    /// [`AuthenticationError`]: the first step that failed.
    ///
    /// # Examples
    /// ```compile_fail
    /// # fn show(rp: rp_core::RelyingParty, pending: rp_core::PendingAuthentication, response: rp_core::AuthenticationResponse, record: rp_core::CredentialRecord) {
    /// let now = rp_core::Timestamp::now();
    /// let first = rp.finish_authentication(pending, &response, &record, now);
    /// let second = rp.finish_authentication(pending, &response, &record, now); // used after move
    /// # }
    /// ```
    /// ```compile_fail
    /// #![deny(unused_must_use)]
    /// # use rp_core::{AuthenticationResponse, CredentialRecord, PendingAuthentication, RelyingParty, Timestamp};
    /// fn a_verdict_that_is_ignored_does_not_compile(
    ///     rp: RelyingParty, pending: PendingAuthentication, response: AuthenticationResponse, record: CredentialRecord
    /// ) {
    ///     rp.finish_authentication(pending, &response, &record, Timestamp::from_unix_seconds(0)); // unused
    /// }
    /// ```
    pub fn finish_authentication(
        &self,
        pending: PendingAuthentication,
        response: &AuthenticationResponse,
        credential: &CredentialRecord,
        now: Timestamp,
    ) -> Result<Authenticated, AuthenticationError> {
        let pending = pending.state.0;
        let challenge = pending.challenge.clone();
        self.verify_assertion(pending, response, credential, now, |client_data| {
            // 10. type is webauthn.get; 11. challenge is the one that was sent; 12. to 14. origins
            Ok(ceremony::check_client_data(self, client_data, GET, &challenge)?)
        })
    }

    /// Section 7.2 from step 5 on. `check` does steps 10 to 14, which a payment does in its own way.
    pub(crate) fn verify_assertion(
        &self,
        pending: AssertionState,
        response: &AuthenticationResponse,
        credential: &CredentialRecord,
        now: Timestamp,
        check: impl FnOnce(&CollectedClientData<'_>) -> Result<(), AuthenticationError>,
    ) -> Result<Authenticated, AuthenticationError> {
        // 5. If allowCredentials is not empty, id is one of them
        let is_allowed = |id: &crate::CredentialId| id.as_bytes() == response.id();
        if !pending.allow_credentials.is_empty() && !pending.allow_credentials.iter().any(is_allowed) {
            return Err(AuthenticationError::CredentialNotAllowed);
        }
        // 6. Identify the user, and let credentialRecord be the record of the credential
        if credential.id.as_bytes() != response.id() {
            return Err(AuthenticationError::CredentialId);
        }
        match (&pending.user_handle, response.user_handle()) {
            // Identified before: the record is that account's, and a user handle that is there equals it
            (Some(account), handle) => {
                if *account != credential.user_handle {
                    return Err(AuthenticationError::CredentialOfAnotherAccount);
                }
                if handle.is_some_and(|handle| handle != account.as_bytes()) {
                    return Err(AuthenticationError::UserHandle);
                }
            }
            // Not identified before: userHandle is there, and is the account's that has the record
            (None, Some(handle)) => {
                if handle != credential.user_handle.as_bytes() {
                    return Err(AuthenticationError::UserHandle);
                }
            }
            (None, None) => return Err(AuthenticationError::UserHandleMissing),
        }
        // 8. Let JSONtext be the UTF-8 decoding of cData; 9. let C be its parse
        let client_data = CollectedClientData::parse(response.client_data_json())?;
        // 10. to 14. type, challenge and origins
        check(&client_data)?;
        let authenticator_data = AuthenticatorData::parse(response.authenticator_data())?;
        let flags = authenticator_data.flags();
        let raw = RawOutputs::new(response.client_extension_results(), authenticator_data.extensions());
        // 15. rpIdHash is the SHA-256 of the RP ID, or by 10.1.1 of the AppID
        let scoped = match pending.extensions.appid.as_deref().filter(|_| raw.says_appid()) {
            Some(appid) => *authenticator_data.rp_id_hash() == rp_id_hash(appid),
            None => self.accepts_rp_id_hash(authenticator_data.rp_id_hash()),
        };
        if !scoped {
            return Err(AuthenticationError::RpIdHash);
        }
        // 16. UP is set
        if !flags.user_present() {
            return Err(AuthenticationError::UserNotPresent);
        }
        // 17. If user verification is required, UV is set
        let required = pending.user_verification == UserVerificationRequirement::Required;
        if required && !flags.user_verified() {
            return Err(AuthenticationError::UserNotVerified);
        }
        // 18. If BE is not set, BS is not set
        if flags.backup_state() && !flags.backup_eligible() {
            return Err(AuthenticationError::BackupFlags);
        }
        // 19. BE is as it was; a record that does not know learns it
        if let Some(was) = credential.backup_eligible
            && was != flags.backup_eligible()
        {
            return Err(AuthenticationError::BackupEligibility { was });
        }
        // 20. Let hash be the SHA-256 of cData
        let hash = crypto::sha256(&[response.client_data_json()]);
        // 21. sig is a valid signature over authData and hash
        let public_key = PublicKey::from_cose(&credential.public_key)?;
        let algorithm = public_key.algorithm();
        if algorithm == Algorithm::Rs1 && self.profile != Profile::Fido {
            return Err(AuthenticationError::Algorithm { algorithm });
        }
        let mut message = Vec::with_capacity(response.authenticator_data().len().saturating_add(hash.len()));
        message.extend_from_slice(response.authenticator_data());
        message.extend_from_slice(&hash);
        public_key.verify(&message, response.signature())?;
        // 22. signCount is greater than the one stored, or both are zero
        let (stored, got) = (credential.sign_count, authenticator_data.sign_count());
        let counter_regressed = (stored, got) != (0, 0) && got <= stored;
        if counter_regressed && self.counter_policy == CounterPolicy::Refuse {
            return Err(AuthenticationError::SignCount { stored, got });
        }
        // 23. Process the extension outputs
        let extensions = self.extension_policy.authentication(&pending.extensions, raw)?;
        check_remote_client_data(
            pending.extensions.remote_client_data_json.as_deref(),
            response.client_data_json(),
        )?;
        // 24. Update credentialRecord: the caller's
        Ok(Authenticated {
            update: CredentialUpdate::new(credential, stored.max(got), flags),
            flags,
            counter_regressed,
            extensions,
            authenticator_extensions: authenticator_data.extensions().map(Into::into),
            at: now,
        })
    }
}
