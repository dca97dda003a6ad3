//! Accounts and passkeys with something in every field.

use rp_core::{
    Aaguid, AttestationType, CredentialId, CredentialRecord, CredentialUpdate, Flags, Format,
    StoredAttestation, Timestamp, UserHandle,
};

use crate::store::{Account, Passkey};

/// A time near the real clock's.
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// So many seconds after a time, or before it.
pub(super) fn after(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(time.as_unix_seconds() + seconds)
}

/// An account with this name, and its own handle.
pub(super) fn account(name: &str) -> Account {
    Account {
        user_handle: handle(name),
        name: name.to_owned(),
        name_key: name.to_lowercase(),
        display_name: format!("{name} Ünïcode"),
        created_at: Timestamp::from_unix_seconds(1_700_000_000),
    }
}

/// The handle of the account with this name.
pub(super) fn handle(name: &str) -> UserHandle {
    let mut bytes = [0; 64];
    bytes.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    UserHandle::try_from(bytes.as_slice()).unwrap()
}

/// A credential ID that begins with this byte.
pub(super) fn id(byte: u8) -> CredentialId {
    CredentialId::try_from([byte, 0, 0xff, 0x27].as_slice()).unwrap()
}

/// A passkey of the account, with this ID and time.
pub(super) fn passkey(owner: &Account, byte: u8) -> Passkey {
    Passkey {
        record: CredentialRecord {
            id: id(byte),
            user_handle: owner.user_handle.clone(),
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
            },
        },
        nickname: Some(format!("key {byte}")),
        created_at: Timestamp::from_unix_seconds(1_700_000_000 + i64::from(byte)),
        last_used_at: Some(Timestamp::from_unix_seconds(1_700_000_500)),
        user_verified: true,
    }
}

/// The update of an authentication of this passkey that told this counter and these flags beside UP.
pub(super) fn update(passkey: &Passkey, sign_count: u32, flags: u8) -> CredentialUpdate {
    CredentialUpdate::new(&passkey.record, sign_count, Flags::new(Flags::USER_PRESENT | flags))
}
