use serde_json::json;

use super::*;

const X: &str = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY";
const Y: &str = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";

fn options() -> ForeignOptions {
    ForeignOptions::new(Timestamp::from_unix_seconds(1_780_272_000))
}

/// The base point of P-256 as a COSE key.
fn p256() -> Vec<u8> {
    let decode = |text| rp_core::base64url::decode(text).unwrap();
    cose_key::ec2(-7, 1, &decode(X), &decode(Y))
}

fn parse(format: ForeignFormat, credential: Value) -> Result<ImportedPasskey, ForeignRecordError> {
    let line = json!({"userHandle": "a2lt", "username": "Kim", "createdAt": "2026-01-02T03:04:05Z", "credential": credential});
    format.parse(&line.to_string(), &options())
}

fn webauthn_rs() -> Value {
    json!({"cred": {
        "cred_id": "AQID",
        "cred": {"type_": "ES256", "key": {"EC_EC2": {"curve": "SECP256R1", "x": X, "y": Y}}},
        "counter": 7, "transports": ["Usb"], "user_verified": true, "backup_eligible": true, "backup_state": true,
        "registration_policy": "required", "extensions": {},
        "attestation": {"data": "None", "metadata": {"Packed": {"aaguid": "a1a2a3a4-b1b2-4c3d-8e5f-010203040506"}}},
        "attestation_format": "packed",
    }})
}

#[test]
fn a_record_of_webauthn_rs_keeps_every_member() {
    let imported = parse(ForeignFormat::WebauthnRs, webauthn_rs()).unwrap();
    let ImportedPasskey { user, passkey, has_created_at } = imported;
    let user = user.unwrap();
    assert_eq!(
        (user.name.as_str(), user.name_key.as_str(), user.display_name.as_str()),
        ("Kim", "kim", "Kim")
    );
    let record = passkey.record;
    assert_eq!((record.id.as_bytes(), record.user_handle.as_bytes()), (&[1, 2, 3][..], &b"kim"[..]));
    assert_eq!(*record.public_key, *p256());
    assert_eq!((record.sign_count, record.uv_initialized), (7, true));
    assert_eq!((record.backup_eligible, record.backup_state), (Some(true), true));
    assert_eq!(record.transports, ["usb"]);
    assert_eq!(record.aaguid.to_string(), "a1a2a3a4-b1b2-4c3d-8e5f-010203040506");
    assert!(!record.attestation.trusted);
    assert_eq!((passkey.created_at.as_unix_seconds(), has_created_at), (1_767_323_045, true));
}

#[test]
fn every_kind_of_key_of_webauthn_rs_is_encoded() {
    let key = |key: Value| {
        let mut record = webauthn_rs();
        record["cred"]["cred"] = key;
        parse(ForeignFormat::WebauthnRs, record)
            .map(|imported| imported.passkey.record.public_key[..4].to_vec())
    };
    // The base point of Ed25519; serde writes arrays of a fixed length as numbers.
    let mut x = [0x66_u8; 32];
    x[0] = 0x58;
    let ed25519 = json!({"type_": "EDDSA", "key": {"EC_OKP": {"curve": "ED25519", "x": x}}});
    assert_eq!(key(ed25519), Ok(vec![0xa4, 1, 1, 3]));
    let n = rp_core::base64url::encode(&[0xff; 256]);
    let rsa = json!({"type_": "RS256", "key": {"RSA": {"n": n, "e": [1, 0, 1]}}});
    assert_eq!(key(rsa), Ok(vec![0xa4, 1, 3, 3]));
    let unknown = json!({"type_": "INSECURE_RS1", "key": {"RSA": {"n": "AQ", "e": [1, 0, 1]}}});
    let problem = "INSECURE_RS1 is not supported".to_owned();
    assert_eq!(key(unknown), Err(ForeignRecordError::PublicKey { problem }));
}

#[test]
fn rows_and_results_of_simplewebauthn_are_read() {
    let key = rp_core::base64url::encode(&p256());
    let bytes: serde_json::Map<_, _> =
        p256().iter().enumerate().map(|(at, byte)| (at.to_string(), json!(byte))).collect();
    let row = json!({"id": "AQID", "publicKey": key, "counter": 7, "transports": "usb, nfc", "deviceType": "singleDevice", "backedUp": false});
    let result = json!({
        "fmt": "none", "aaguid": "a1a2a3a4-b1b2-4c3d-8e5f-010203040506", "userVerified": true,
        "credentialDeviceType": "multiDevice", "credentialBackedUp": true, "origin": "https://example.org",
        "credential": {"id": "AQID", "publicKey": bytes, "counter": 7, "transports": ["internal"]},
    });
    let old = json!({"credentialID": {"0": 1, "1": 2, "2": 3}, "credentialPublicKey": key, "counter": 7});
    let read = |credential| {
        let record = parse(ForeignFormat::SimpleWebauthn, credential).unwrap().passkey.record;
        assert_eq!(
            (record.id.as_bytes(), &*record.public_key, record.sign_count),
            (&[1, 2, 3][..], &*p256(), 7)
        );
        (record.backup_eligible, record.backup_state, record.uv_initialized, record.transports)
    };
    assert_eq!(read(row), (Some(false), false, false, vec!["usb".to_owned(), "nfc".to_owned()]));
    assert_eq!(read(result), (Some(true), true, true, vec!["internal".to_owned()]));
    assert_eq!(read(old), (None, false, false, vec![]));
    let unknown = json!({"id": "AQID", "publicKey": key, "counter": 7, "deviceType": "other"});
    let error = ForeignRecordError::Unreadable { member: "deviceType" };
    assert_eq!(parse(ForeignFormat::SimpleWebauthn, unknown), Err(error));
}

#[test]
fn a_record_of_go_webauthn_keeps_its_attestation() {
    let key = rp_core::base64url::encode(&p256());
    let record = |flags: Value| {
        let credential = json!({
            "id": "AQID", "publicKey": key, "attestationType": "none", "transport": ["usb"], "flags": flags,
            "authenticator": {"AAGUID": "oaKjpLGyTD2OXwECAwQFBg==", "signCount": 7, "cloneWarning": false, "attachment": ""},
            "attestation": {"clientDataJSON": "e30=", "clientDataHash": "", "authenticatorData": "", "publicKeyAlgorithm": -7, "object": "oA=="},
        });
        parse(ForeignFormat::GoWebauthn, credential).unwrap().passkey.record
    };
    let flags =
        json!({"userPresent": true, "userVerified": true, "backupEligible": true, "backupState": false});
    let full = record(flags);
    assert_eq!((full.sign_count, full.backup_eligible, full.backup_state), (7, Some(true), false));
    assert_eq!(full.aaguid.to_string(), "a1a2a3a4-b1b2-4c3d-8e5f-010203040506");
    assert_eq!(full.attestation_object.as_deref(), Some(&[0xa0][..]));
    assert_eq!(full.attestation_client_data_json.as_deref(), Some(&b"{}"[..]));
    // The object is not one of a registration, and the flags are those of the last use.
    assert!(!full.uv_initialized);
    let absent =
        json!({"userPresent": false, "userVerified": false, "backupEligible": false, "backupState": false});
    assert_eq!(record(absent).backup_eligible, None);
    assert_eq!(record(Value::Null).backup_eligible, None);
}

#[test]
fn what_a_record_of_java_does_not_say_is_unknown() {
    let key = rp_core::base64url::encode(&p256());
    let credential =
        json!({"credentialId": "AQID", "userHandle": "c2Ft", "publicKeyCose": key, "signatureCount": 7});
    let format = ForeignFormat::JavaWebauthnServer;
    let line = json!({ "credential": credential }).to_string();
    let imported = format.parse(&line, &options()).unwrap();
    assert_eq!(imported.user, None);
    let record = imported.passkey.record;
    assert_eq!(record.user_handle.as_bytes(), b"sam");
    assert_eq!((record.backup_eligible, record.uv_initialized, record.sign_count), (None, false, 7));
    let verified = ForeignOptions { user_verification_was_required: true, ..options() };
    assert!(format.parse(&line, &verified).unwrap().passkey.record.uv_initialized);
    let mut known = credential;
    known["backupEligible"] = json!(false);
    assert_eq!(parse(format, known).unwrap().passkey.record.backup_eligible, Some(false));
}

#[test]
fn a_record_that_cannot_sign_in_is_rejected() {
    let format = ForeignFormat::JavaWebauthnServer;
    let wrong = json!({"credentialId": "AQID", "publicKeyCose": "oA", "userHandle": "c2Ft"});
    assert!(matches!(parse(format, wrong), Err(ForeignRecordError::PublicKey { .. })));
    let key = rp_core::base64url::encode(&p256());
    let line = json!({"credential": {"credentialId": "AQID", "publicKeyCose": key}}).to_string();
    let missing = ForeignRecordError::Missing { member: "userHandle" };
    assert_eq!(format.parse(&line, &options()), Err(missing));
    let line = json!({"credential": {}, "usernme": "kim"}).to_string();
    let error = format.parse(&line, &options()).unwrap_err();
    assert!(error.to_string().starts_with("not the expected form: unknown field `usernme`"), "{error}");
}
