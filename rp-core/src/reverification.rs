//! A registration that was stored, judged again under today's policy, trust and time (7.1, steps 20 to 24).

use crate::attestation::{
    self, Attestation, AttestationError, AttestationObject, AttestationObjectError, Format, PathFinder,
    Procedure, TrustAssessment,
};
use crate::cose::PublicKeyError;
use crate::credential::CredentialRecord;
use crate::crypto;
use crate::error::Code;
use crate::relying_party::RelyingParty;
use crate::timestamp::Timestamp;
use crate::trust::{TrustError, TrustSource};

/// Why a stored registration could not be judged again, or does not pass any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReverificationError {
    /// The record holds no attestation object, or not the client data that it covers: there is nothing to judge,
    /// as with records that another library kept.
    #[error("the record holds no {member}")]
    NotKept {
        /// What is missing.
        member: &'static str,
    },
    /// The stored attestation object does not read as one: the record was altered, or cut.
    #[error(transparent)]
    AttestationObject(#[from] AttestationObjectError),
    /// The stored attestation object attests no credential.
    #[error("the stored attestation object attests no credential")]
    NoAttestedCredentialData,
    /// The stored attestation object attests another credential than the record's.
    #[error("the stored attestation object is of another credential: {member} differs")]
    OtherCredential {
        /// What differs.
        member: &'static str,
    },
    /// The stored public key is not one that this build reads.
    #[error("the stored public key: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// The statement's format is not accepted any more, or it does not verify.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// Policy asks for more trust than there is, or the model is refused.
    #[error("attestation is not trusted: {0}")]
    Trust(#[from] TrustError),
}

impl ReverificationError {
    /// The stable code; `None` where there was nothing to judge.
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
    /// Judges the attestation of a stored record again: the statement by its format's procedure, its path by the
    /// anchors and revocation of today, the model by the policy of today. The record stays as it is; the verdict
    /// goes into it as [`StoredAttestation::from`](crate::StoredAttestation) the result.
    ///
    /// `now` is the time at which certificates are judged. Attestation certificates expire while their credentials
    /// live on, so one may judge as of the registration instead, and still have today's anchors and revocation.
    ///
    /// What is asked anew of a ceremony is not asked again: the challenge, UP and UV, and how long ago
    /// `android-safetynet` answered (`fido` profile).
    ///
    /// # Errors
    /// [`ReverificationError`]: there is nothing to judge, what is stored is another credential's, or the
    /// registration would be refused today. Where policy does not ask for trust, a statement that is not trusted is
    /// no error: [`Attestation::trust`] says why it is not.
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
    /// let verdict = rp.reverify_registration(&imported, &StaticAnchors::none(), Timestamp::now());
    /// assert_eq!(verdict.unwrap_err(), ReverificationError::NotKept { member: "attestationObject" });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reverify_registration(
        &self,
        record: &CredentialRecord,
        trust: &dyn TrustSource,
        now: Timestamp,
    ) -> Result<Attestation, ReverificationError> {
        let not_kept = |member| ReverificationError::NotKept { member };
        let object = record.attestation_object.as_deref().ok_or(not_kept("attestationObject"))?;
        let client_data =
            record.attestation_client_data_json.as_deref().ok_or(not_kept("attestationClientDataJSON"))?;
        let hash = crypto::sha256(&[client_data]);
        let object = AttestationObject::parse(object)?;
        let authenticator_data = &object.auth_data;
        let attested =
            authenticator_data.attested_credential().ok_or(ReverificationError::NoAttestedCredentialData)?;
        // What is attested is the record's credential, by its ID, its key, its model and its RP ID
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
        // 21. Determine the attestation statement format; 22. verify attStmt
        let format = Format::from(object.fmt);
        let policy = &self.attestation_policy;
        let verified = if policy.verifies() {
            let procedure = Procedure {
                statement: &object.att_stmt,
                authenticator_data,
                client_data_hash: &hash,
                credential_public_key: &public_key,
                policy,
                at: now,
                profile: self.profile,
                is_fresh: false,
            };
            Some(attestation::verify(&format, &procedure)?)
        } else {
            None
        };
        // 23. Obtain acceptable trust anchors; 24. assess the attestation trustworthiness
        let aaguid = Some(attested.aaguid).filter(|aaguid| !aaguid.is_zero());
        let algorithm = public_key.algorithm();
        let paths = PathFinder { aaguid, algorithm, source: trust, at: now, profile: self.profile };
        Ok(TrustAssessment { policy, paths }.assess(format, verified)?)
    }
}
