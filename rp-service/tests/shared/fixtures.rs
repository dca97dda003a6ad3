//! A user with a passkey and a session.

use std::error::Error;

use rp_core::{Aaguid, CredentialId, CredentialRecord, StoredAttestation, Timestamp, UserHandle};
use rp_service::store::{Authorization, Conditions, Passkey, StoreError, UserRecord};
use rp_service::{Client, Session, SessionId, SessionKind, SessionState};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
pub(crate) const LATER: Timestamp = Timestamp::from_unix_seconds(1_800_000_300);

pub(crate) fn kim() -> (UserRecord, Passkey) {
    let user = UserRecord {
        handle: UserHandle::try_from([7; 64].as_slice()).unwrap(),
        name: "Kim".to_owned(),
        name_key: "kim".to_owned(),
        display_name: "Kim".to_owned(),
        created_at: NOW,
        locked_at: None,
    };
    let attestation = StoredAttestation::UNKNOWN;
    let record = CredentialRecord {
        id: CredentialId::try_from([1; 16].as_slice()).unwrap(),
        user_handle: user.handle.clone(),
        public_key: vec![0xa0].into(),
        sign_count: 5,
        uv_initialized: true,
        transports: vec!["internal".to_owned()],
        backup_eligible: Some(false),
        backup_state: false,
        attestation_object: None,
        attestation_client_data_json: None,
        rp_id: None,
        aaguid: Aaguid::ZERO,
        attestation,
    };
    let passkey =
        Passkey { record, nickname: None, created_at: NOW, last_used_at: None, user_verified: true };
    (user, passkey)
}

pub(crate) fn session(passkey: &Passkey) -> Session {
    Session {
        id: SessionId::from_bytes([3; 16]),
        user: passkey.record.user_handle.clone(),
        state: SessionState::SignedIn,
        kind: SessionKind::Browser,
        created_at: NOW,
        last_used_at: NOW,
        verified_at: NOW,
        expires_at: LATER,
        factors: Vec::new(),
        credential: Some(passkey.record.id.clone()),
        client: Client::default(),
        user_verification_required: false,
    }
}

pub(crate) fn by_passkey(passkey: &Passkey) -> Conditions {
    let authorization = Authorization::Passkey(passkey.record.id.clone());
    Conditions { check_user: true, check_factors: true, session: None, authorization, now: NOW }
}

pub(crate) fn is_unavailable<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unavailable { .. }))
}

/// The messages of an error and its causes.
pub(crate) fn messages(error: &StoreError) -> Vec<String> {
    let (mut messages, mut cause) = (Vec::new(), Some(error as &dyn Error));
    while let Some(error) = cause {
        messages.push(error.to_string());
        cause = error.source();
    }
    messages
}
