//! Attestation of a registration, new or stored (section 7.1, steps 21 to 24).

use crate::attestation::{
    self, Attestation, AttestationError, AttestationObject, Format, PathFinder, StatementInput,
    TrustAssessment,
};
use crate::cose::PublicKey;
use crate::crypto;
use crate::relying_party::RelyingParty;
use crate::timestamp::Timestamp;
use crate::trust::{TrustError, TrustSource};

/// An attestation object whose credential is known to be the one in question.
pub(crate) struct AttestedRegistration<'a> {
    pub(crate) object: &'a AttestationObject<'a>,
    pub(crate) client_data_json: &'a [u8],
    pub(crate) public_key: &'a PublicKey,
    /// The time at which certificates must be valid.
    pub(crate) certificates_at: Timestamp,
    /// The time at which the trust source is consulted.
    pub(crate) now: Timestamp,
    /// Whether the registration is pending, and not stored.
    pub(crate) is_fresh: bool,
}

impl RelyingParty {
    /// Verifies the statement and assesses its trust.
    pub(crate) fn assess_attestation<E: From<AttestationError> + From<TrustError>>(
        &self,
        registration: &AttestedRegistration<'_>,
        trust: &dyn TrustSource,
    ) -> Result<Attestation, E> {
        let AttestedRegistration { object, client_data_json, public_key, .. } = *registration;
        let policy = &self.attestation_policy;
        // 21. Determine the attestation statement format; 22. verify attStmt
        let format = Format::from(object.fmt);
        // 12. Let hash be the SHA-256 of clientDataJSON; `none` does not use it
        let hash = if format == Format::None { [0; 32] } else { crypto::sha256(&[client_data_json]) };
        let input = StatementInput {
            statement: &object.att_stmt,
            authenticator_data: &object.auth_data,
            client_data_hash: &hash,
            credential_public_key: public_key,
            policy: policy.statements(),
            at: registration.certificates_at,
            profile: self.profile,
            is_fresh: registration.is_fresh,
        };
        let aaguid = Some(input.aaguid()).filter(|aaguid| !aaguid.is_zero());
        let verified = policy.verifies().then(|| attestation::verify(policy, &format, &input)).transpose()?;
        // 23. Obtain acceptable trust anchors; 24. assess the attestation trustworthiness
        let paths = PathFinder {
            aaguid,
            algorithm: public_key.algorithm(),
            source: trust,
            certificates_at: registration.certificates_at,
            at: registration.now,
            profile: self.profile,
            cache: Some(&self.certificates),
        };
        Ok(TrustAssessment { policy, paths }.assess(format, verified)?)
    }
}
