//! Attestation of a stored registration, verified again under today's policy and trust (7.1, steps 21 to 24).

#[cfg(feature = "rayon")]
use alloc::vec::Vec;

#[cfg(feature = "rayon")]
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::assessment::AttestedRegistration;
use crate::attestation::{Attestation, AttestationError, AttestationObject, AttestationObjectError};
use crate::cose::PublicKeyError;
use crate::credential::CredentialRecord;
use crate::error::Code;
use crate::relying_party::RelyingParty;
use crate::timestamp::Timestamp;
use crate::trust::{TrustError, TrustSource};

/// Why a stored registration could not be verified again, or is no longer accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReverificationError {
    /// The record has no attestation object or no client data, as is usual for imported records.
    #[error("the record has no {member}")]
    NotKept {
        /// The missing member.
        member: &'static str,
    },
    /// The stored attestation object is malformed.
    #[error(transparent)]
    AttestationObject(#[from] AttestationObjectError),
    /// The stored attestation object has no attested credential data.
    #[error("the stored attestation object has no attested credential data")]
    NoAttestedCredentialData,
    /// The stored attestation object belongs to another credential.
    #[error("the stored attestation object is of another credential: {member} differs")]
    OtherCredential {
        /// The value that differs.
        member: &'static str,
    },
    /// The stored public key is malformed or not supported by this build.
    #[error("the stored public key: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// The statement's format is no longer accepted, or the statement is invalid.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// Policy requires trust that the statement does not have, or rejects the model.
    #[error("attestation is not trusted: {0}")]
    Trust(#[from] TrustError),
}

impl ReverificationError {
    /// The stable code; `None` if the record has nothing to verify.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::NotKept { .. } => None,
            Self::AttestationObject(error) => Some(error.code()),
            Self::NoAttestedCredentialData => Some(Code::MalformedAuthenticatorData),
            Self::OtherCredential { .. } => Some(Code::CredentialIdMismatch),
            Self::PublicKey(error) => Some(error.code()),
            Self::Attestation(error) => Some(error.code()),
            Self::Trust(error) => Some(error.code()),
        }
    }
}

impl RelyingParty {
    /// Verifies the attestation of a stored record again: the statement by its format's procedure, and its trust by
    /// today's anchors, revocation data and policy. The record is not changed; update it with
    /// [`StoredAttestation::from`](crate::StoredAttestation) the result.
    ///
    /// Attestation certificates expire while their credentials stay in use. `certificates_at` is the time at which they
    /// must be valid: pass `now`, or the time of the registration if an expired certificate is acceptable. Anchors,
    /// revocation data and metadata are those of `now` in both cases.
    ///
    /// The checks of a ceremony are not repeated: the challenge, the flags, the offered algorithms, and the age of an
    /// `android-safetynet` response (`fido` profile).
    ///
    /// # Errors
    /// [`ReverificationError`]: the record has no attestation object, the object belongs to another credential, or
    /// today's policy rejects the statement. An untrusted statement is an error only if policy requires trust;
    /// otherwise [`Attestation::trust`] says why it is not trusted.
    ///
    /// # Examples
    /// ```
    /// # if cfg!(not(feature = "_credentials")) { return Ok(()); }
    /// use rp_core::{CredentialRecord, RelyingParty, ReverificationError, StaticAnchors, Timestamp};
    ///
    /// let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
    /// let imported: CredentialRecord = serde_json::from_str(
    ///     r#"{"id": "AQ", "userHandle": "AQ", "publicKey": "oA", "signCount": 0, "uvInitialized": false,
    ///         "backupState": false, "aaguid": "00000000-0000-0000-0000-000000000000",
    ///         "attestation": {"format": "none", "type": "none", "trusted": false}}"#,
    /// )?;
    /// let now = Timestamp::from_unix_seconds(1_780_272_000); // with the feature `std`: Timestamp::now()
    /// let result = rp.reverify_registration(&imported, &StaticAnchors::none(), now, now);
    /// assert_eq!(result.unwrap_err(), ReverificationError::NotKept { member: "attestationObject" });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reverify_registration(
        &self,
        record: &CredentialRecord,
        trust: &dyn TrustSource,
        certificates_at: Timestamp,
        now: Timestamp,
    ) -> Result<Attestation, ReverificationError> {
        let not_kept = |member| ReverificationError::NotKept { member };
        let object = record.attestation_object.as_deref().ok_or(not_kept("attestationObject"))?;
        let client_data =
            record.attestation_client_data_json.as_deref().ok_or(not_kept("attestationClientDataJSON"))?;
        let object = AttestationObject::parse(object)?;
        let authenticator_data = &object.auth_data;
        let attested =
            authenticator_data.attested_credential().ok_or(ReverificationError::NoAttestedCredentialData)?;
        // The attested credential is the record's, by its ID, key, AAGUID and RP ID
        let other = |member| Err(ReverificationError::OtherCredential { member });
        if attested.credential_id != record.id.as_bytes() {
            return other("credential ID");
        }
        if *attested.credential_public_key.as_bytes() != *record.public_key {
            return other("public key");
        }
        if attested.aaguid != record.aaguid {
            return other("AAGUID");
        }
        if !self.accepts_rp_id_hash(authenticator_data.rp_id_hash()) {
            return other("RP ID");
        }
        let public_key = attested.credential_public_key.public_key()?;
        self.assess_attestation(
            &AttestedRegistration {
                object: &object,
                client_data_json: client_data,
                public_key: &public_key,
                certificates_at,
                now,
                is_fresh: false,
            },
            trust,
        )
    }

    /// Verifies the attestation of many stored records again, on all cores; the results are in the order of the records.
    /// Each is that of [`RelyingParty::reverify_registration`].
    ///
    /// The work runs in rayon's current thread pool, and the calling thread waits for it. Pass records page by page, as
    /// a store returns them: a few hundred at a time are enough for all cores.
    #[cfg(feature = "rayon")]
    pub fn reverify_registrations(
        &self,
        records: &[CredentialRecord],
        trust: &(dyn TrustSource + Sync),
        certificates_at: impl Fn(&CredentialRecord) -> Timestamp + Sync,
        now: Timestamp,
    ) -> Vec<Result<Attestation, ReverificationError>> {
        let reverify = |record| self.reverify_registration(record, trust, certificates_at(record), now);
        records.par_iter().map(reverify).collect()
    }
}
