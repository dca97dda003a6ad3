use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::outputs::{ClientOutputs, RawOutputs};
use super::*;
use crate::cbor::{self, Map, Value};

fn client(json: &str) -> ClientOutputs {
    ClientOutputs::parse(json)
}

/// `{"credProtect": 2, "hmac-secret": true, "minPinLength": 6, "uvm": [[2, 4, 2]]}`
const AUTHENTICATOR: &[u8] = &[
    0xa4, /* map(4) */
    0x6b, b'c', b'r', b'e', b'd', b'P', b'r', b'o', b't', b'e', b'c', b't', 0x02, /* 2 */
    0x6b, b'h', b'm', b'a', b'c', b'-', b's', b'e', b'c', b'r', b'e', b't', 0xf5, /* true */
    0x6c, b'm', b'i', b'n', b'P', b'i', b'n', b'L', b'e', b'n', b'g', b't', b'h', 0x06, /* 6 */
    0x63, b'u', b'v', b'm', 0x81, 0x83, 0x02, 0x04, 0x02, /* [[2, 4, 2]] */
];

fn authenticator() -> Map<'static> {
    match cbor::parse(AUTHENTICATOR) {
        Ok(Value::Map(outputs)) => outputs,
        other => panic!("{other:?}"),
    }
}

#[test]
fn outputs_of_client_and_authenticator_are_read() {
    let client = client(
        r#"{"credProps":{"rk":true},"prf":{"enabled":true,"results":{"first":"AAAA"}},"largeBlob":{"supported":false}}"#,
    );
    let outputs = RawOutputs::new(&client, Some(&authenticator())).registration();
    assert_eq!(outputs.cred_props, Some(CredentialPropertiesOutput { rk: Some(true) }));
    assert_eq!(
        outputs.cred_protect,
        Some(CredentialProtectionPolicy::UserVerificationOptionalWithCredentialIdList)
    );
    assert_eq!((outputs.hmac_secret, outputs.min_pin_length), (Some(true), Some(6)));
    assert_eq!((outputs.prf_enabled, outputs.large_blob_supported), (Some(true), Some(false)));
    let method = UvmEntry { user_verification_method: 2, key_protection_type: 4, matcher_protection_type: 2 };
    assert_eq!(outputs.uvm, Some(vec![method]));
}

#[test]
fn results_of_prf_are_not_kept() {
    let client = client(r#"{"prf":{"enabled":true,"results":{"first":"c2VjcmV0"}}}"#);
    let outputs = RawOutputs::new(&client, None).registration();
    assert!(!alloc::format!("{outputs:?}").contains("c2VjcmV0"));
}

#[test]
fn cred_props_has_three_states() {
    let rk = |json| RawOutputs::new(&client(json), None).registration().cred_props;
    assert_eq!(rk("{}"), None);
    assert_eq!(rk(r#"{"credProps":{}}"#), Some(CredentialPropertiesOutput { rk: None }));
    assert_eq!(rk(r#"{"credProps":{"rk":false}}"#), Some(CredentialPropertiesOutput { rk: Some(false) }));
}

/// White space, which browsers do not write, leads to the general parser.
#[test]
fn both_readers_agree_on_cred_props() {
    let read = |json: &str| {
        let client = client(json);
        let mut raw = RawOutputs::new(&client, None);
        let outputs = raw.registration();
        let names: Vec<_> = raw.names().map(ToString::to_string).collect();
        (outputs, names, raw.malformed().collect::<Vec<_>>())
    };
    for json in [
        "{}",
        r#"{"credProps":{}}"#,
        r#"{"credProps":{"rk":true}}"#,
        r#"{"credProps":{"rk":false}}"#,
        r#"{"credProps":{"rk":null}}"#,
        r#"{"credProps":{"rk":true,"rk":false}}"#,
        r#"{"credProps":{"rk":true,"x":1}}"#,
        r#"{"credProps":{"rk":true},"credProps":{"rk":false}}"#,
        r#"{"credProps":{"rk":true},"credProps":7}"#,
        r#"{"credProps":{"rk":true},"x":1}"#,
        r#"{"credProps":{"rk":true}"#,
        r#"{"credProps":{"rk":true}}}"#,
        "[]",
        "",
    ] {
        assert_eq!(read(json), read(&alloc::format!(" {json}")), "{json}");
    }
}

#[test]
fn malformed_outputs_are_ignored_or_rejected_by_policy() {
    let inputs = RegistrationExtensionInputs { cred_props: Some(true), ..Default::default() };
    for json in [r#"{"credProps":7}"#, "[]", r#"{"credProps":{"rk":{}}}"#] {
        let outputs =
            |policy: ExtensionPolicy| policy.registration(&inputs, RawOutputs::new(&client(json), None));
        assert_eq!(outputs(ExtensionPolicy::default()).unwrap().cred_props, None, "{json}");
        let strict = ExtensionPolicy { reject_malformed: true, ..Default::default() };
        assert!(matches!(outputs(strict), Err(ExtensionError::Malformed { .. })), "{json}");
    }
}

#[test]
fn unsolicited_outputs_are_ignored_or_rejected_by_policy() {
    let client = client(r#"{"telepathy":true}"#);
    let check = |policy: ExtensionPolicy| {
        policy.registration(&RegistrationExtensionInputs::default(), RawOutputs::new(&client, None))
    };
    assert!(check(ExtensionPolicy::default()).is_ok());
    let strict = ExtensionPolicy { reject_unsolicited: true, ..Default::default() };
    assert_eq!(check(strict).unwrap_err().to_string(), "extension telepathy was not requested");
}

#[test]
fn enforced_cred_protect_must_not_be_weaker() {
    use CredentialProtectionPolicy::{
        UserVerificationOptionalWithCredentialIdList as Two, UserVerificationRequired as Three,
    };
    let check = |requested, enforce| {
        let inputs = RegistrationExtensionInputs {
            credential_protection_policy: Some(requested),
            enforce_credential_protection_policy: Some(enforce),
            ..Default::default()
        };
        ExtensionPolicy::default()
            .registration(&inputs, RawOutputs::new(&ClientOutputs::default(), Some(&authenticator())))
    };
    assert!(check(Two, true).is_ok());
    assert!(check(Three, false).is_ok());
    let error = check(Three, true).unwrap_err();
    assert_eq!(error, ExtensionError::CredentialProtection { requested: Three, got: Some(Two) });
}

#[test]
fn inputs_have_the_names_of_the_specification() {
    let inputs = RegistrationExtensionInputs {
        cred_props: Some(true),
        credential_protection_policy: Some(
            CredentialProtectionPolicy::UserVerificationOptionalWithCredentialIdList,
        ),
        enforce_credential_protection_policy: Some(true),
        min_pin_length: Some(true),
        large_blob: Some(LargeBlobRegistrationInputs { support: LargeBlobSupport::Preferred }),
        prf: Some(PrfInputs::default()),
        ..Default::default()
    };
    assert_eq!(
        serde_json::to_string(&inputs).unwrap(),
        concat!(
            r#"{"credProps":true,"credentialProtectionPolicy":"userVerificationOptionalWithCredentialIDList","#,
            r#""enforceCredentialProtectionPolicy":true,"minPinLength":true,"largeBlob":{"support":"preferred"},"prf":{}}"#
        )
    );
}

#[test]
fn inputs_of_prf_are_not_printed() {
    let values = PrfValues { first: vec![0x73, 0x65].into(), second: None };
    assert_eq!(alloc::format!("{values:?}"), "PrfValues { .. }");
}

#[test]
fn authenticator_outputs_are_not_printed() {
    // {"hmac-secret": h'73656372657421'}
    let map = [&[0xa1, 0x6b][..], b"hmac-secret", &[0x47], b"secret!"].concat();
    let kept = AuthenticatorExtensions::from(&map[..]);
    assert_eq!(alloc::format!("{kept:?}"), "AuthenticatorExtensions(21 bytes)");
    assert_eq!(*kept, map[..]);

    let mut data = alloc::vec![0; 37];
    data[32] = 0x81; // UP and ED
    data.extend(&map);
    let data = crate::AuthenticatorData::parse(&data).unwrap();
    assert_eq!(data.extensions(), Some(&map[..]));
    assert_eq!(
        alloc::format!("{data:?}"),
        r#"AuthenticatorData { flags: {"UP", "ED"}, sign_count: 0, attested_credential: None, .. }"#
    );
}

#[test]
fn blobs_and_salts_are_not_printed() {
    let inputs = RegistrationExtensionInputs { cred_blob: Some(b"secret"[..].into()), ..Default::default() };
    assert!(alloc::format!("{inputs:?}").contains("cred_blob: Some(Bytes(6 bytes))"));
}

#[test]
fn outputs_of_remote_client_data_and_payment_are_read() {
    let client =
        client(r#"{"remoteClientDataJSON":true,"payment":{"browserBoundSignature":{"signature":"AQ"}}}"#);
    let outputs = RawOutputs::new(&client, None).authentication();
    assert_eq!(outputs.remote_client_data_json, Some(true));
    assert_eq!(outputs.payment.unwrap().browser_bound_signature.unwrap().signature.0, [1]);
    let strict = ExtensionPolicy { reject_unsolicited: true, ..Default::default() };
    let inputs = AuthenticationExtensionInputs::default();
    let error = strict.authentication(&inputs, RawOutputs::new(&client, None)).unwrap_err();
    assert_eq!(error.to_string(), "extension remoteClientDataJSON was not requested");
    let inputs = AuthenticationExtensionInputs {
        payment: Some(PaymentInputs::default()),
        remote_client_data_json: Some("{}".into()),
        ..Default::default()
    };
    assert!(strict.authentication(&inputs, RawOutputs::new(&client, None)).is_ok());
}

/// CTAP 2.2: a client translates `prf` and `payment` into extensions of the authenticator.
#[test]
fn outputs_of_the_authenticator_belong_to_client_inputs() {
    // {"hmac-secret-mc": h'01'} and {"thirdPartyPayment": true}
    let hmac_secret_mc =
        [&[0xa1, /* map(1) */ 0x6e /* text(14) */][..], b"hmac-secret-mc", &[0x41, 0x01]].concat();
    let third_party_payment =
        [&[0xa1, /* map(1) */ 0x71 /* text(17) */][..], b"thirdPartyPayment", &[0xf5]].concat();
    let strict = ExtensionPolicy { reject_unsolicited: true, reject_malformed: true };
    let client = ClientOutputs::default();
    let map = |bytes| match cbor::parse(bytes) {
        Ok(Value::Map(outputs)) => outputs,
        other => panic!("{other:?}"),
    };
    let (hmac_secret_mc, third_party_payment) = (map(&hmac_secret_mc[..]), map(&third_party_payment[..]));
    let unsolicited = |name: &str| Some(ExtensionError::Unsolicited { name: name.into() });

    let register = |inputs: &RegistrationExtensionInputs, outputs| {
        strict.registration(inputs, RawOutputs::new(&client, Some(outputs))).err()
    };
    let nothing = RegistrationExtensionInputs::default();
    let prf = RegistrationExtensionInputs { prf: Some(PrfInputs::default()), ..Default::default() };
    let hmac = RegistrationExtensionInputs { hmac_create_secret: Some(true), ..Default::default() };
    let payment =
        RegistrationExtensionInputs { payment: Some(PaymentInputs::default()), ..Default::default() };
    assert_eq!(register(&prf, &hmac_secret_mc), None);
    assert_eq!(register(&hmac, &hmac_secret_mc), None);
    assert_eq!(register(&payment, &third_party_payment), None);
    for inputs in [&nothing, &payment] {
        assert_eq!(register(inputs, &hmac_secret_mc), unsolicited("hmac-secret-mc"));
    }
    for inputs in [&nothing, &prf, &hmac] {
        assert_eq!(register(inputs, &third_party_payment), unsolicited("thirdPartyPayment"));
    }

    let authenticate = |inputs: &AuthenticationExtensionInputs, outputs| {
        strict.authentication(inputs, RawOutputs::new(&client, Some(outputs))).err()
    };
    let nothing = AuthenticationExtensionInputs::default();
    let prf = AuthenticationExtensionInputs { prf: Some(PrfInputs::default()), ..Default::default() };
    let payment =
        AuthenticationExtensionInputs { payment: Some(PaymentInputs::default()), ..Default::default() };
    assert_eq!(authenticate(&payment, &third_party_payment), None);
    for inputs in [&nothing, &prf] {
        assert_eq!(authenticate(inputs, &third_party_payment), unsolicited("thirdPartyPayment"));
    }
    // `hmac-secret-mc` exists only at registration.
    assert_eq!(authenticate(&prf, &hmac_secret_mc), unsolicited("hmac-secret-mc"));
}
