//! Verifying an authentication assertion ([section 7.2]).
//!
//! [section 7.2]: https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion

use crate::authenticator_data::AuthenticatorData;
use crate::bytes::{Challenge, UserHandle};
use crate::ceremony::{self, GET, check_remote_client_data};
use crate::client_data::CollectedClientData;
use crate::cose::Algorithm;
use crate::credential::{CredentialRecord, CredentialUpdate};
use crate::crypto;
use crate::extensions::{AuthenticationExtensionOutputs, AuthenticatorExtensions, RawOutputs};
use crate::options::UserVerificationRequirement;
use crate::profile::Profile;
use crate::relying_party::{CounterPolicy, RelyingParty, rp_id_hash};
use crate::response::AuthenticationResponse;
use crate::timestamp::Timestamp;

mod error;
mod start;

pub use error::AuthenticationError;
pub(crate) use start::AssertionState;
pub use start::{AllowedCredentials, AuthenticationRequest, PendingAuthentication};

/// A verified authentication: apply the update, then sign the account in.
#[derive(Clone, Debug)]
#[must_use = "an update that is not applied leaves the counter where it was"]
#[non_exhaustive]
pub struct Authenticated {
    /// The changes to the record.
    pub update: CredentialUpdate,
    /// The flags of authenticator data.
    pub flags: crate::Flags,
    /// Whether the counter did not increase, which [`CounterPolicy::Report`] accepts: the key may have been copied.
    pub counter_regressed: bool,
    /// The outputs of extensions.
    pub extensions: AuthenticationExtensionOutputs,
    /// The authenticator's extension outputs, one CBOR map as it was signed.
    pub authenticator_extensions: Option<AuthenticatorExtensions>,
    /// When the assertion was verified, as the caller said.
    pub at: Timestamp,
    /// The account of the record.
    pub user_handle: UserHandle,
    /// The counter as the authenticator reported it.
    pub sign_count: u32,
    counter_policy: CounterPolicy,
}

impl Authenticated {
    /// Repeats the checks that depend on the stored record, against the record as it is now: for a store that reports
    /// that another request has changed the record since it was read. The signature is not verified again, so the
    /// public key of a stored record must never change.
    ///
    /// # Errors
    /// Returns [`AuthenticationError::CredentialId`] or [`AuthenticationError::CredentialOfAnotherAccount`] if `stored`
    /// is not the record of the same credential and account, [`AuthenticationError::BackupEligibility`] if BE differs
    /// from the stored value (step 19), and [`AuthenticationError::SignCount`] if the counter is not greater than the
    /// stored one (step 22) and [`CounterPolicy::Refuse`] holds.
    ///
    /// # Examples
    /// ```
    /// # use rp_core::{Authenticated, AuthenticationError, CredentialRecord};
    /// # fn compare_and_set(_: &rp_core::CredentialUpdate) -> Option<CredentialRecord> { None }
    /// fn store(mut authenticated: Authenticated) -> Result<Authenticated, AuthenticationError> {
    ///     // `compare_and_set` returns the record if its counter is not `previous_sign_count` any more
    ///     while let Some(moved) = compare_and_set(&authenticated.update) {
    ///         authenticated = authenticated.rebase(&moved)?;
    ///     }
    ///     Ok(authenticated)
    /// }
    /// ```
    pub fn rebase(self, stored: &CredentialRecord) -> Result<Self, AuthenticationError> {
        if stored.id != self.update.id {
            return Err(AuthenticationError::CredentialId);
        }
        if stored.user_handle != self.user_handle {
            return Err(AuthenticationError::CredentialOfAnotherAccount);
        }
        check_backup_eligibility(stored, self.flags)?;
        let counter_regressed = check_sign_count(stored.sign_count, self.sign_count, self.counter_policy)?;
        let sign_count = stored.sign_count.max(self.sign_count);
        Ok(Self { update: self.update.rebase(stored, sign_count, self.flags), counter_regressed, ..self })
    }
}

/// Step 19: compares BE with the record. A record that does not know it yet learns it.
fn check_backup_eligibility(
    record: &CredentialRecord,
    flags: crate::Flags,
) -> Result<(), AuthenticationError> {
    match record.backup_eligible {
        Some(was) if was != flags.backup_eligible() => Err(AuthenticationError::BackupEligibility { was }),
        _ => Ok(()),
    }
}

/// Step 22: `signCount` is greater than the stored one, or both are zero. Returns whether it is not, if policy allows
/// that.
fn check_sign_count(stored: u32, got: u32, policy: CounterPolicy) -> Result<bool, AuthenticationError> {
    let has_regressed = (stored, got) != (0, 0) && got <= stored;
    if has_regressed && policy == CounterPolicy::Refuse {
        return Err(AuthenticationError::SignCount { stored, got });
    }
    Ok(has_regressed)
}

impl RelyingParty {
    /// Verifies the response to an authentication, by the steps of section 7.2. `pending` is consumed by one response,
    /// valid or not.
    ///
    /// `credential` is the record with the ID of the response ([`AuthenticationResponse::id`]). `now` is returned in the
    /// result.
    ///
    /// # Errors
    /// Returns [`AuthenticationError`] for the first step that fails.
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
        self.verify_assertion(&pending.state, response, credential, now, |client_data, challenge| {
            // 10. type is webauthn.get; 11. challenge is the one that was sent; 12. to 14. origins
            Ok(ceremony::check_client_data(self, client_data, GET, challenge)?)
        })
    }

    /// Section 7.2 from step 5 on. `check` does steps 10 to 14, which a payment does in its own way.
    pub(crate) fn verify_assertion(
        &self,
        pending: &AssertionState,
        response: &AuthenticationResponse,
        credential: &CredentialRecord,
        now: Timestamp,
        check: impl FnOnce(&CollectedClientData, &Challenge) -> Result<(), AuthenticationError>,
    ) -> Result<Authenticated, AuthenticationError> {
        pending.started.check(self, now)?;
        // 5. If allowCredentials is not empty, id is one of them
        let allowed = &pending.allow_credentials;
        if !allowed.is_empty() && !allowed.contains(&pending.started.challenge, response.id()) {
            return Err(AuthenticationError::CredentialNotAllowed);
        }
        // 6. Identify the user, and let credentialRecord be the record of the credential
        if credential.id.as_bytes() != response.id() {
            return Err(AuthenticationError::CredentialId);
        }
        match (&pending.user_handle, response.user_handle()) {
            // Identified before: the record belongs to that account, and userHandle, if present, equals it
            (Some(account), handle) => {
                if *account != credential.user_handle {
                    return Err(AuthenticationError::CredentialOfAnotherAccount);
                }
                if handle.is_some_and(|handle| handle != account.as_bytes()) {
                    return Err(AuthenticationError::UserHandle);
                }
            }
            // Not identified before: userHandle is present, and is that of the record's account
            (None, Some(handle)) => {
                if handle != credential.user_handle.as_bytes() {
                    return Err(AuthenticationError::UserHandle);
                }
            }
            (None, None) => return Err(AuthenticationError::UserHandleMissing),
        }
        // 8. Let JSONtext be the UTF-8 decoding of cData; 9. let C be its parse
        let client_data = response.client_data();
        // 10. to 14. type, challenge and origins
        check(client_data, &pending.started.challenge)?;
        let authenticator_data = AuthenticatorData::parse(response.authenticator_data())?;
        let flags = authenticator_data.flags();
        let raw = RawOutputs::new(response.client_extensions(), authenticator_data.extension_outputs());
        // 15. rpIdHash is the SHA-256 of the RP ID, or by 10.1.1 of the AppID
        let scoped =
            match pending.extensions.appid.as_deref().filter(|_| response.client_extensions().says_appid()) {
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
        // 19. BE is as it was at registration
        check_backup_eligibility(credential, flags)?;
        if !self.backup_policy.accepts(flags) {
            return Err(AuthenticationError::BackupPolicy { policy: self.backup_policy });
        }
        // 20. Let hash be the SHA-256 of cData
        let hash = crypto::sha256(&[client_data.as_json()]);
        // 21. sig is a valid signature over authData and hash
        let public_key = self.keys.find(&credential.public_key)?;
        let algorithm = public_key.key.algorithm();
        if algorithm == Algorithm::Rs1 && self.profile != Profile::Fido {
            return Err(AuthenticationError::Algorithm { algorithm });
        }
        public_key.key.verify(&[response.authenticator_data(), &hash], response.signature())?;
        self.keys.keep(&credential.public_key, public_key);
        // 22. signCount is greater than the one stored, or both are zero
        let (stored, got) = (credential.sign_count, authenticator_data.sign_count());
        let counter_regressed = check_sign_count(stored, got, self.counter_policy)?;
        // 23. Process the extension outputs
        let extensions = self.extension_policy.authentication(&pending.extensions, raw)?;
        check_remote_client_data(
            pending.extensions.remote_client_data_json.as_deref(),
            client_data.as_json(),
        )?;
        // 24. Update credentialRecord: done by the caller
        Ok(Authenticated {
            update: CredentialUpdate::new(credential, stored.max(got), flags),
            flags,
            counter_regressed,
            extensions,
            authenticator_extensions: authenticator_data.extensions().map(Into::into),
            at: now,
            user_handle: credential.user_handle.clone(),
            sign_count: got,
            counter_policy: self.counter_policy,
        })
    }
}

#[cfg(test)]
#[cfg(feature = "_credentials")]
mod tests {
    use super::*;
    use crate::credential::sample;

    /// BE and BS are clear, and the counter is 7.
    fn authenticated(record: &CredentialRecord, counter_policy: CounterPolicy) -> Authenticated {
        let flags = crate::Flags::new(0x05);
        Authenticated {
            update: CredentialUpdate::new(record, 7, flags),
            flags,
            counter_regressed: false,
            extensions: AuthenticationExtensionOutputs::default(),
            authenticator_extensions: None,
            at: Timestamp::from_unix_seconds(0),
            user_handle: record.user_handle.clone(),
            sign_count: 7,
            counter_policy,
        }
    }

    #[test]
    fn rebase_repeats_the_checks_of_the_stored_record() {
        let record = sample(b"kim", &[1]);
        let rebase = |change: fn(&mut CredentialRecord)| {
            let mut stored = record.clone();
            change(&mut stored);
            authenticated(&record, CounterPolicy::Refuse).rebase(&stored)
        };
        let moved = rebase(|stored| stored.sign_count = 6).unwrap();
        assert_eq!((moved.update.previous_sign_count, moved.update.sign_count), (6, 7));
        assert_eq!(moved.update.backup_eligible, Some(false));
        let learned = rebase(|stored| stored.backup_eligible = Some(false)).unwrap();
        assert_eq!(learned.update.backup_eligible, None);
        let error = |change| rebase(change).unwrap_err();
        assert_eq!(
            error(|stored| stored.sign_count = 7),
            AuthenticationError::SignCount { stored: 7, got: 7 }
        );
        assert_eq!(
            error(|stored| stored.backup_eligible = Some(true)),
            AuthenticationError::BackupEligibility { was: true }
        );
        assert_eq!(error(|stored| *stored = sample(b"kim", &[2])), AuthenticationError::CredentialId);
        assert_eq!(
            error(|stored| *stored = sample(b"lee", &[1])),
            AuthenticationError::CredentialOfAnotherAccount
        );
    }

    #[test]
    fn rebase_keeps_the_counter_policy_and_uv_initialized() {
        let record = sample(b"kim", &[1]);
        let mut authenticated = authenticated(&record, CounterPolicy::Report);
        authenticated.update = authenticated.update.initialize_user_verification();
        let rebased = authenticated.rebase(&CredentialRecord { sign_count: 9, ..record }).unwrap();
        assert!(rebased.counter_regressed && rebased.update.uv_initialized());
        assert_eq!((rebased.update.previous_sign_count, rebased.update.sign_count), (9, 9));
    }
}
