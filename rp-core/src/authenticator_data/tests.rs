use alloc::string::ToString;
use alloc::vec::Vec;

use super::*;

/// Header with these flags and a counter of 7.
fn header(flags: u8) -> Vec<u8> {
    let mut bytes = Vec::from([0xaa; 32]);
    bytes.push(flags);
    bytes.extend([0, 0, 0, 7]);
    bytes
}

/// Header, then AAGUID, a credential ID of two bytes and a "key" that is an empty map.
fn attested(flags: u8) -> Vec<u8> {
    let mut bytes = header(flags);
    bytes.extend([0x11; 16]);
    bytes.extend([0, 2, 0xc0, 0xc1]);
    bytes.push(0xa0 /* map(0) */);
    bytes
}

#[test]
fn flags_say_which_parts_follow() {
    let mut bytes = attested(0xc1);
    bytes.extend([0xa1, /* map(1) */ 0x61, b'x', /* text(1) */ 0xf5 /* true */]);
    let data = AuthenticatorData::parse(&bytes).unwrap();
    let credential = data.attested_credential().unwrap();
    assert_eq!(credential.aaguid, Aaguid::new([0x11; 16]));
    assert_eq!(credential.credential_id, [0xc0, 0xc1]);
    assert_eq!(credential.credential_public_key.as_bytes(), [0xa0]);
    assert_eq!(data.extensions(), Some(&[0xa1, 0x61, b'x', 0xf5][..]));
    assert_eq!((data.sign_count(), data.rp_id_hash()), (7, &[0xaa; 32]));
}

#[test]
fn every_cut_is_rejected_with_the_missing_bytes() {
    let bytes = attested(0x41);
    for length in 0..bytes.len() {
        let error = AuthenticatorData::parse(&bytes[..length]).unwrap_err();
        assert!(
            matches!(
                error,
                AuthenticatorDataError::Truncated { .. } | AuthenticatorDataError::PublicKey { .. }
            ),
            "{length}: {error}"
        );
    }
    let error = AuthenticatorData::parse(&bytes[..36]).unwrap_err();
    assert_eq!(error.to_string(), "authenticator data: 1 bytes missing");
}

#[test]
fn a_trailing_byte_is_rejected_with_its_offset() {
    for (mut bytes, offset) in [(header(0x01), 37), (attested(0x41), 58)] {
        bytes.push(0xa0);
        assert_eq!(
            AuthenticatorData::parse(&bytes).unwrap_err(),
            AuthenticatorDataError::Trailing { offset }
        );
    }
}

#[test]
fn the_length_of_authenticator_data_is_bounded() {
    let mut bytes = header(0x81);
    let string = AuthenticatorData::MAX_LEN - bytes.len() - 8;
    bytes.extend([0xa1, /* map(1) */ 0x01, /* bytes */ 0x5a]);
    bytes.extend(u32::try_from(string).unwrap().to_be_bytes());
    bytes.resize(bytes.len() + string, 0);
    assert!(AuthenticatorData::parse(&bytes).is_ok());
    bytes.extend([0, 0]);
    assert_eq!(
        AuthenticatorData::parse(&bytes).unwrap_err(),
        AuthenticatorDataError::TooLong { len: AuthenticatorData::MAX_LEN + 1 }
    );
}

#[test]
fn an_empty_credential_id_is_refused() {
    let mut bytes = header(0x41);
    bytes.extend([0x11; 16]);
    bytes.extend([0, 0, 0xa0]);
    assert_eq!(AuthenticatorData::parse(&bytes).unwrap_err(), AuthenticatorDataError::NoCredentialId);
}

#[test]
fn extension_data_must_be_a_map() {
    let mut bytes = header(0x81);
    assert!(matches!(
        AuthenticatorData::parse(&bytes).unwrap_err(),
        AuthenticatorDataError::Extensions { offset: 37, .. }
    ));
    bytes.push(0x80 /* array(0) */);
    assert_eq!(
        AuthenticatorData::parse(&bytes).unwrap_err(),
        AuthenticatorDataError::ExtensionsNotMap { offset: 37 }
    );
}

#[test]
fn flags_print_their_names() {
    assert_eq!(alloc::format!("{:?}", Flags::new(0x1d)), r#"{"UP", "UV", "BE", "BS"}"#);
}
