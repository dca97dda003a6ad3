//! Users, passkeys and sessions with a value in every member.

use rp_core::{
    Aaguid, AttestationType, CredentialId, CredentialRecord, CredentialUpdate, Flags, Format,
    StoredAttestation, Timestamp, UserHandle,
};

use crate::factor_name::FactorName;
use crate::session::{Client, Method, Session, SessionId, SessionKind, SessionState, VerifiedFactor};
use crate::store::{
    AddPasskey, Authorization, Conditions, CredentialStore, FactorRecord, FactorStatus, FactorVersion,
    GrantKey, Passkey, SessionKey, UserRecord,
};

/// A time near the real clock.
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// The time so many seconds after another one, or before it.
pub(super) fn after(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(time.as_unix_seconds() + seconds)
}

/// A user with this name and a unique handle.
pub(super) fn user(name: &str) -> UserRecord {
    UserRecord {
        handle: handle(name),
        name: name.to_owned(),
        name_key: name.to_lowercase(),
        display_name: format!("{name} Ünïcode"),
        created_at: Timestamp::from_unix_seconds(1_700_000_000),
        locked_at: None,
    }
}

/// The handle of the user with this name.
pub(super) fn handle(name: &str) -> UserHandle {
    let mut bytes = [0; 64];
    bytes.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    UserHandle::try_from(bytes.as_slice()).unwrap()
}

/// A credential ID that begins with this byte.
pub(super) fn id(byte: u8) -> CredentialId {
    CredentialId::try_from([byte, 0, 0xff, 0x27].as_slice()).unwrap()
}

/// The passkey of this user with this ID, created so many seconds after the first one.
pub(super) fn passkey(owner: &UserRecord, byte: u8) -> Passkey {
    Passkey {
        record: CredentialRecord {
            id: id(byte),
            user_handle: owner.handle.clone(),
            public_key: vec![0xa5, byte, 0].into(),
            sign_count: 5,
            uv_initialized: false,
            transports: vec!["usb".to_owned(), "smart\"card".to_owned()],
            backup_eligible: Some(true),
            backup_state: false,
            attestation_object: Some(vec![0xa3, 0, byte].into()),
            attestation_client_data_json: Some(b"{}".to_vec().into()),
            rp_id: Some("example.org".to_owned()),
            aaguid: Aaguid::new([byte; 16]),
            attestation: StoredAttestation {
                format: Format::Packed,
                r#type: AttestationType::SelfAttestation,
                trusted: true,
                model: Some(Aaguid::new([byte; 16])),
                sign_count_proven: true,
            },
        },
        nickname: Some(format!("key {byte}")),
        created_at: Timestamp::from_unix_seconds(1_700_000_000 + i64::from(byte)),
        last_used_at: Some(Timestamp::from_unix_seconds(1_700_000_500)),
        user_verified: true,
    }
}

/// The update by an authentication that returned this counter and these flags in addition to UP.
pub(super) fn update(passkey: &Passkey, sign_count: u32, flags: u8) -> CredentialUpdate {
    CredentialUpdate::new(&passkey.record, sign_count, Flags::new(Flags::USER_PRESENT | flags))
}

/// The key of a grant.
pub(super) fn grant(byte: u8) -> GrantKey {
    GrantKey([byte; 32])
}

/// The condition of an authorisation alone, for stores of nothing but passkeys.
pub(super) fn by(authorization: Authorization) -> Conditions {
    Conditions { check_user: false, check_factors: false, session: None, authorization, now: now() }
}

/// The condition of a passkey that authorises the change.
pub(super) fn by_passkey(byte: u8) -> Conditions {
    by(Authorization::Passkey(id(byte)))
}

/// The condition of a grant that authorises the change.
pub(super) fn by_grant(byte: u8) -> Conditions {
    by(Authorization::Grant(grant(byte)))
}

/// Gives a passkey to a user, however many the user has.
pub(super) async fn give(store: &impl CredentialStore, passkey: &Passkey) {
    let key = GrantKey([0xfe; 32]);
    store.put_grant(key, &passkey.record.user_handle, after(now(), 300)).await.unwrap();
    let conditions = by(Authorization::Grant(key));
    assert_eq!(store.add_passkey(passkey.clone(), None, &conditions).await.unwrap(), AddPasskey::Done);
}

/// A second factor of this user.
pub(super) fn factor(user: &UserRecord, name: &str) -> FactorRecord {
    FactorRecord {
        user: user.handle.clone(),
        name: FactorName::parse(name).unwrap(),
        status: FactorStatus::SecondFactor,
        state: vec![0, 0xff, 7],
        created_at: Timestamp::from_unix_seconds(1_700_000_000),
        last_used_at: Some(Timestamp::from_unix_seconds(1_700_000_500)),
        version: version(1),
    }
}

/// The version of a factor.
pub(super) fn version(byte: u8) -> FactorVersion {
    FactorVersion([byte; 16])
}

/// The key of a session.
pub(super) fn key(byte: u8) -> SessionKey {
    SessionKey([byte; 32])
}

/// The session of this user with this ID, which was opened now by the passkey 1 and expires in five minutes.
pub(super) fn session(user: &UserRecord, byte: u8) -> Session {
    let now = now();
    let mut passkey = VerifiedFactor::new(Method::Passkey, now);
    passkey.user_present = true;
    Session {
        id: SessionId::from_bytes([byte; 16]),
        user: user.handle.clone(),
        state: SessionState::SignedIn,
        kind: SessionKind::Browser,
        created_at: after(now, -3),
        last_used_at: after(now, -1),
        verified_at: after(now, -2),
        expires_at: after(now, 300),
        factors: vec![VerifiedFactor::new(Method::Other("fax \"9\"".to_owned()), after(now, -2)), passkey],
        credential: Some(id(1)),
        client: Client::new(Some("2001:db8::1"), Some("Täst/1")),
        user_verification_required: false,
    }
}
