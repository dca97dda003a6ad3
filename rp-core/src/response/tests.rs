use alloc::string::{String, ToString};

use super::*;
use crate::error::Code;
use crate::extensions::RawOutputs;

/// Client data is `{"type":"","challenge":"","origin":""}`.
const REGISTRATION: &str = r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"eyJ0eXBlIjoiIiwiY2hhbGxlbmdlIjoiIiwib3JpZ2luIjoiIn0","attestationObject":"AQ"}}"#;
const AUTHENTICATION: &str = r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"eyJ0eXBlIjoiIiwiY2hhbGxlbmdlIjoiIiwib3JpZ2luIjoiIn0","authenticatorData":"AQ","signature":"AQ","userHandle":"AQ"}}"#;
const CLIENT_DATA: &str = r#""clientDataJSON":"eyJ0eXBlIjoiIiwiY2hhbGxlbmdlIjoiIiwib3JpZ2luIjoiIn0""#;

fn registration(from: &str, to: &str) -> Result<RegistrationResponse, ResponseError> {
    assert!(REGISTRATION.contains(from), "{from}");
    RegistrationResponse::from_json(REGISTRATION.replacen(from, to, 1).as_bytes())
}

fn authentication(from: &str, to: &str) -> Result<AuthenticationResponse, ResponseError> {
    assert!(AUTHENTICATION.contains(from), "{from}");
    AuthenticationResponse::from_json(AUTHENTICATION.replacen(from, to, 1).as_bytes())
}

#[test]
fn members_missing_or_of_another_type_are_malformed_json() {
    for (from, to) in [
        (r#""id":"AQI","#, ""),
        (r#""id":"AQI""#, r#""id":7"#),
        (r#""rawId":"AQI","#, ""),
        (r#""type":"public-key","#, ""),
        (r#""type":"public-key""#, r#""type":"password""#),
        (r#""type":"public-key""#, r#""type":null"#),
        (r#""type":"public-key""#, r#""type":{"public-key":null}"#),
        (r#""response":{"#, r#""response":7,"x":{"#),
        (r#""clientDataJSON":"#, r#""x":"#),
        (CLIENT_DATA, r#""clientDataJSON":7"#),
        (r#","attestationObject":"AQ""#, ""),
        (r#""id":"AQI""#, r#""id":"AQI","id":"AQI""#),
    ] {
        assert_eq!(registration(from, to).unwrap_err().code(), Code::MalformedJson, "{to}");
    }
    for (from, to) in [
        (r#""signature":"AQ","#, ""),
        (r#""authenticatorData":"AQ","#, ""),
        (r#""userHandle":"AQ""#, r#""userHandle":7"#),
    ] {
        assert_eq!(authentication(from, to).unwrap_err().code(), Code::MalformedJson, "{to}");
    }
}

#[test]
fn an_array_instead_of_an_object_is_rejected() {
    let inner = registration(r#""response":{"#, r#""response":["AQ","AQ",[]],"x":{"#);
    assert!(inner.unwrap_err().to_string().contains("expected an object"));
    let outer = RegistrationResponse::from_json(
        br#"["AQI","AQI","public-key",{"clientDataJSON":"AQ","attestationObject":"AQ"}]"#,
    );
    assert!(outer.unwrap_err().to_string().contains("expected an object"));
    let outer = AuthenticationResponse::from_json(b"[]");
    assert_eq!(outer.unwrap_err().code(), Code::MalformedJson);
}

#[test]
fn challenge_extension_results_and_signature_are_not_printed() {
    let secret = "c2VjcmV0c2VjcmV0";
    let json = AUTHENTICATION.replace(r#""AQ""#, &alloc::format!(r#""{secret}""#)).replacen(
        r#""type""#,
        &alloc::format!(r#""clientExtensionResults":{{"prf":{{"results":{{"first":"{secret}"}}}}}},"type""#),
        1,
    );
    let response = AuthenticationResponse::from_json(json.as_bytes()).unwrap();
    assert_eq!(
        alloc::format!("{response:?}"),
        r#"AuthenticationResponse { id: "AQI", authenticator_attachment: None, .. }"#
    );
    let response = RegistrationResponse::from_json(REGISTRATION.as_bytes()).unwrap();
    assert_eq!(
        alloc::format!("{response:?}"),
        r#"RegistrationResponse { id: "AQI", transports: [], authenticator_attachment: None, .. }"#
    );
}

#[test]
fn an_error_repeats_little_of_what_the_client_said() {
    let long = alloc::format!(r#""type":"{}""#, "ä".repeat(30_000));
    let error = registration(r#""type":"public-key""#, &long).unwrap_err();
    assert!(error.to_string().len() < 300, "{}", error.to_string().len());
}

#[test]
fn base64url_that_is_not_strict_is_rejected_with_its_path() {
    for wrong in ["AQ==", "A+", "A/", "AR", "A Q"] {
        let error =
            registration(r#"attestationObject":"AQ"#, &alloc::format!(r#"attestationObject":"{wrong}"#));
        assert_eq!(
            error.unwrap_err(),
            ResponseError::Base64 { member: "response.attestationObject" },
            "{wrong}"
        );
    }
    let error = authentication(r#""signature":"AQ""#, r#""signature":"A!""#).unwrap_err();
    assert_eq!(error.to_string(), "response.signature is not base64url without padding");
}

#[test]
fn an_id_that_differs_from_raw_id_is_rejected() {
    let raw_id = |to| registration(r#""rawId":"AQI""#, to).unwrap_err();
    assert_eq!(raw_id(r#""rawId":"AQM""#), ResponseError::IdIsNotRawId);
    assert_eq!(raw_id(r#""rawId":"AQJ""#), ResponseError::Base64 { member: "rawId" });
}

#[test]
fn null_for_optional_and_unknown_members_are_accepted() {
    let response = registration(
        r#""type""#,
        r#""clientExtensionResults":null,"authenticatorAttachment":null,"x":[{}],"type""#,
    );
    assert!(response.is_ok());
    let response = registration(
        r#""attestationObject":"AQ""#,
        r#""attestationObject":"AQ","transports":["telepathy"],"publicKey":{},"publicKeyAlgorithm":"x","authenticatorData":7"#,
    );
    assert!(response.unwrap().transports().eq(["telepathy"]));
    for results in ["[]", "7", r#"{"credProps":7}"#, r#"{"x":[{}]}"#] {
        let to = alloc::format!(r#""clientExtensionResults":{results},"type""#);
        assert!(registration(r#""type""#, &to).is_ok(), "{results}");
    }
}

#[test]
fn of_the_transports_a_dozen_short_words_are_kept() {
    let transports = |words: &[String]| {
        let words = serde_json::to_string(words).unwrap();
        let to = alloc::format!(r#""attestationObject":"AQ","transports":{words}"#);
        let response = registration(r#""attestationObject":"AQ""#, &to).unwrap();
        response.transports().map(String::from).collect::<Vec<_>>()
    };
    let many: Vec<String> = (0..1000).map(|number| alloc::format!("word-{number}")).collect();
    assert_eq!(transports(&many), many[..12]);
    assert_eq!(transports(&["a".repeat(33), "a".repeat(32)]), ["a".repeat(32)]);
}

#[test]
fn an_empty_or_null_user_handle_counts_as_missing() {
    for to in [r#""userHandle":"""#, r#""userHandle":null"#] {
        assert_eq!(authentication(r#""userHandle":"AQ""#, to).unwrap().user_handle(), None);
    }
    assert_eq!(
        AuthenticationResponse::from_json(AUTHENTICATION.as_bytes()).unwrap().user_handle(),
        Some(&[1][..])
    );
}

#[test]
fn a_response_longer_than_the_limit_is_not_parsed() {
    let long = alloc::vec![b' '; MAX_JSON_LEN + 1];
    let error = AuthenticationResponse::from_json(&long).unwrap_err();
    assert_eq!(error, ResponseError::TooLong { len: MAX_JSON_LEN + 1 });
    assert_eq!(error.code(), Code::MalformedJson);
}

#[test]
fn bytes_that_are_not_utf8_are_malformed_json() {
    assert_eq!(
        RegistrationResponse::from_json(b"{\"id\":\"\xff\"}").unwrap_err().code(),
        Code::MalformedJson
    );
}

#[test]
fn malformed_client_data_is_rejected_with_the_response() {
    for empty_or_null in ["", "bnVsbA"] {
        let to = alloc::format!(r#""clientDataJSON":"{empty_or_null}""#);
        assert!(matches!(registration(CLIENT_DATA, &to), Err(ResponseError::ClientData(_))), "{to}");
        let error = authentication(CLIENT_DATA, &to).unwrap_err();
        assert_eq!(error.code(), Code::MalformedClientData);
    }
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Extra {
    nickname: Option<String>,
    #[serde(default)]
    grant: bool,
}

fn with_extra(members: &str) -> Result<Extra, ResponseError> {
    let json = REGISTRATION.replacen('{', &alloc::format!("{{{members},"), 1);
    RegistrationResponse::from_json_with::<Extra>(json.as_bytes()).map(|(response, extra)| {
        assert_eq!((response.id(), response.client_data().r#type()), (&[1, 2][..], ""));
        extra
    })
}

#[test]
fn members_of_the_application_are_read_from_the_same_body() {
    let extra = |nickname: &str, grant| Extra { nickname: Some(nickname.into()), grant };
    assert_eq!(with_extra(r#""nickname":"Kim","grant":true,"x":[{}]"#), Ok(extra("Kim", true)));
    assert_eq!(with_extra(r#""\u006eickname":"K\u0069m""#), Ok(extra("Kim", false)));
    for absent in [r#""nickname":null"#, r#""x":0"#] {
        assert_eq!(with_extra(absent), Ok(Extra { nickname: None, grant: false }));
    }
    let end = AUTHENTICATION.replace("}}", r#"},"nickname":"Kim"}"#);
    let (_, at_the_end) = AuthenticationResponse::from_json_with::<Extra>(end.as_bytes()).unwrap();
    assert_eq!(at_the_end, extra("Kim", false));
}

#[test]
fn members_of_the_application_are_checked_likewise() {
    for (members, detail) in [
        (r#""nickname":7"#, "invalid type: integer `7`, expected a string"),
        (r#""nickname":"a","nickname":"b""#, "duplicate field `nickname`"),
        (r#""id":"AQI""#, "duplicate field `id`"),
        (r#""authenticatorAttachment":null,"authenticatorAttachment":null"#, "duplicate field"),
    ] {
        let error = with_extra(members).unwrap_err();
        assert_eq!(error.code(), Code::MalformedJson);
        assert!(error.to_string().contains(detail), "{error}");
    }
}

/// White space, which browsers do not write, leads to the general parser.
fn both<T>(json: &[u8], parse: impl Fn(&[u8]) -> Result<T, ResponseError>) -> [Result<T, ResponseError>; 2] {
    [parse(json), parse(&[b" ", json].concat())]
}

fn check_both_readers(json: &[u8]) {
    let text = String::from_utf8_lossy(json);
    let content = |response: &RegistrationResponse| {
        let RegistrationResponse { transports, authenticator_attachment, client_extensions, .. } = response;
        let extensions = RawOutputs::new(client_extensions, None).registration();
        (
            (response.id().to_vec(), response.attestation_object().to_vec()),
            (response.client_data().as_json().to_vec(), transports.clone()),
            (*authenticator_attachment, extensions),
        )
    };
    match both(json, RegistrationResponse::from_json) {
        [Ok(one), Ok(other)] => assert_eq!(content(&one), content(&other), "{text}"),
        [Err(one), Err(other)] => assert_eq!(one.code(), other.code(), "{text}"),
        [one, other] => panic!("{text}: {one:?} {other:?}"),
    }
    let content = |response: &AuthenticationResponse| {
        let AuthenticationResponse { authenticator_attachment, client_extensions, .. } = response;
        let extensions = RawOutputs::new(client_extensions, None).authentication();
        (
            (response.id().to_vec(), response.authenticator_data().to_vec(), response.signature().to_vec()),
            (response.client_data().as_json().to_vec(), response.user_handle().map(<[u8]>::to_vec)),
            (*authenticator_attachment, extensions),
        )
    };
    match both(json, AuthenticationResponse::from_json) {
        [Ok(one), Ok(other)] => assert_eq!(content(&one), content(&other), "{text}"),
        [Err(one), Err(other)] => assert_eq!(one.code(), other.code(), "{text}"),
        [one, other] => panic!("{text}: {one:?} {other:?}"),
    }
}

/// Both responses in one, with every member.

#[test]
fn what_browsers_write_needs_no_general_parser() {
    let json = EVERYTHING.as_bytes();
    assert!(CredentialForm::<AttestationForm<'_>>::read_compact(json).is_some());
    assert!(CredentialForm::<AssertionForm<'_>>::read_compact(json).is_some());
}

const EVERYTHING: &str = r#"{"authenticatorAttachment":"platform","clientExtensionResults":{"credProps":{"rk":true},"x":[1,null]},"id":"AQI","rawId":"AQI","response":{"attestationObject":"oA","authenticatorData":"AQ","clientDataJSON":"eyJ0eXBlIjoiIiwiY2hhbGxlbmdlIjoiIiwib3JpZ2luIjoiIn0","publicKey":null,"publicKeyAlgorithm":-7,"signature":"AQIDBA","transports":["usb","nfc"],"userHandle":"AQ"},"type":"public-key"}"#;

#[test]
fn both_readers_agree_on_one_changed_byte() {
    check_both_readers(EVERYTHING.as_bytes());
    for at in 0..EVERYTHING.len() {
        let mut json = EVERYTHING.as_bytes().to_vec();
        let _ = json.remove(at);
        check_both_readers(&json);
        for byte in *b"\"\\{}[],:0-. nA\n\x80" {
            let mut json = EVERYTHING.as_bytes().to_vec();
            json[at] = byte;
            check_both_readers(&json);
            json = EVERYTHING.as_bytes().to_vec();
            json.insert(at, byte);
            check_both_readers(&json);
        }
    }
}

#[test]
fn both_readers_agree_on_changed_members() {
    let members: Vec<&str> = EVERYTHING.split_inclusive(['{', '}', ',', ':', '[', ']']).collect();
    for (at, one) in members.iter().enumerate() {
        for other in ["", "null", "null,", "7,", "{},", "\"\",", one, "\"transports\":", "\"id\":"] {
            let changed: Vec<&str> = members
                .iter()
                .enumerate()
                .map(|(index, member)| if index == at { other } else { member })
                .collect();
            check_both_readers(changed.concat().as_bytes());
            let doubled: Vec<&str> = members
                .iter()
                .enumerate()
                .flat_map(|(index, member)| [if index == at { other } else { "" }, member])
                .collect();
            check_both_readers(doubled.concat().as_bytes());
        }
    }
}

#[test]
fn a_member_of_the_application_may_be_required() {
    #[derive(Debug, Deserialize)]
    struct Required {
        nickname: String,
    }
    let refused = RegistrationResponse::from_json_with::<Required>(REGISTRATION.as_bytes()).unwrap_err();
    assert!(refused.to_string().contains("missing field `nickname`"), "{refused}");
    let json = REGISTRATION.replacen('{', r#"{"nickname":"Blue","#, 1);
    let (_, extra) = RegistrationResponse::from_json_with::<Required>(json.as_bytes()).unwrap();
    assert_eq!(extra.nickname, "Blue");
}
