//! `authentication` cases for rp-core.

use rp_core::attestation::AttestationPolicy;
use rp_core::options::{PublicKeyCredentialDescriptorJson, PublicKeyCredentialType};
use rp_core::{
    AllowedCredentials, AuthenticationResponse, Challenge, CredentialId, CredentialRecord, Timestamp,
    UserHandle, cose,
};

use super::DriverError;
use super::convert::{extensions, rejected, relying_party, supported, unrepresentable};
use crate::format::{Authentication, Bytes, Ceremony, StoredCredential};

/// An authentication depends on the time only for the age of its ceremony, which is 0.
const NOW: Timestamp = Timestamp::from_unix_seconds(0);

pub(super) fn judge(case: &Authentication) -> Result<Ceremony, DriverError> {
    let rp = relying_party(&case.rp, supported(case.rp.profile), AttestationPolicy::default())?;
    let response = AuthenticationResponse::from_json(case.response.get().as_bytes())
        .map_err(|error| rejected!(error))?;
    let record = record(&case.credential, &response)?;
    let allowed = case.allow_credentials.iter().flatten().map(descriptor).collect::<Result<_, _>>()?;
    let (_, pending) = rp
        .authentication(AllowedCredentials::descriptors(record.user_handle.clone(), allowed))
        .user_verification(case.user_verification)
        .start_recorded(Challenge::recorded(&case.challenge.0), NOW);

    let authenticated =
        rp.finish_authentication(pending, &response, &record, NOW).map_err(|error| rejected!(error))?;
    let key = cose::PublicKey::from_cose(&record.public_key).map_err(|error| rejected!(error))?;
    let flags = authenticated.flags;
    Ok(Ceremony {
        credential_id: Some(Bytes::from(response.id())),
        public_key: Some(Bytes::from(&*record.public_key)),
        alg: Some(key.algorithm().id()),
        sign_count: Some(authenticated.update.sign_count),
        user_present: Some(flags.user_present()),
        user_verified: Some(flags.user_verified()),
        backup_eligible: Some(flags.backup_eligible()),
        backup_state: Some(flags.backup_state()),
        extensions: Some(extensions(authenticated.authenticator_extensions.as_deref())?),
        ..Ceremony::default()
    })
}

/// The stored record. If the case has no user handle, the one of the response is used.
fn record(
    stored: &StoredCredential,
    response: &AuthenticationResponse,
) -> Result<CredentialRecord, DriverError> {
    let sent = response.user_handle().filter(|handle| UserHandle::try_from(*handle).is_ok());
    let known = stored.user_handle.as_ref().map(AsRef::as_ref).filter(|handle: &&[u8]| !handle.is_empty());
    let handle = known.or(sent).unwrap_or(&[0]);
    let user_handle =
        UserHandle::try_from(handle).map_err(|error| unrepresentable("credential.user_handle", error))?;
    Ok(CredentialRecord {
        sign_count: stored.sign_count,
        backup_eligible: stored.backup_eligible,
        backup_state: stored.backup_state.unwrap_or_default(),
        ..CredentialRecord::imported(credential_id(&stored.id)?, &stored.public_key.0, user_handle)
    })
}

fn descriptor(id: &Bytes) -> Result<PublicKeyCredentialDescriptorJson, DriverError> {
    Ok(PublicKeyCredentialDescriptorJson {
        r#type: PublicKeyCredentialType::PublicKey,
        id: credential_id(id)?,
        transports: Vec::new(),
    })
}

fn credential_id(id: &Bytes) -> Result<CredentialId, DriverError> {
    CredentialId::try_from(id.as_ref()).map_err(|error| unrepresentable("credential ID", error))
}
