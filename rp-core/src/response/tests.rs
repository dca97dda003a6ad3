use super::*;

const REGISTRATION: &str = r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"AQ","attestationObject":"AQ"}}"#;
const AUTHENTICATION: &str = r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"AQ","authenticatorData":"AQ","signature":"AQ","userHandle":"AQ"}}"#;

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
        (r#"{"clientDataJSON":"AQ","attestationObject":"AQ"}"#, "7"),
        (r#""clientDataJSON":"AQ","#, ""),
        (r#""clientDataJSON":"AQ""#, r#""clientDataJSON":7"#),
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
fn an_array_in_place_of_an_object_is_refused() {
    let inner = registration(r#"{"clientDataJSON":"AQ","attestationObject":"AQ"}"#, r#"["AQ","AQ",[]]"#);
    assert!(inner.unwrap_err().to_string().contains("expected an object"));
    let outer = RegistrationResponse::from_json(
        br#"["AQI","AQI","public-key",{"clientDataJSON":"AQ","attestationObject":"AQ"}]"#,
    );
    assert!(outer.unwrap_err().to_string().contains("expected an object"));
    let outer = AuthenticationResponse::from_json(b"[]");
    assert_eq!(outer.unwrap_err().code(), Code::MalformedJson);
}

#[test]
fn neither_challenge_nor_extension_results_nor_signature_are_printed() {
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
fn what_is_not_strict_base64url_is_refused_with_its_path() {
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
fn id_other_than_raw_id_is_refused() {
    assert_eq!(
        registration(r#""rawId":"AQI""#, r#""rawId":"AQM""#).unwrap_err(),
        ResponseError::IdIsNotRawId
    );
}

#[test]
fn optional_members_may_be_null_and_unknown_ones_are_passed_over() {
    let response = registration(
        r#""type""#,
        r#""clientExtensionResults":null,"authenticatorAttachment":null,"x":[{}],"type""#,
    );
    assert!(response.unwrap().client_extension_results().is_none());
    let response = registration(
        r#""attestationObject":"AQ""#,
        r#""attestationObject":"AQ","transports":["telepathy"],"publicKey":{},"publicKeyAlgorithm":"x","authenticatorData":7"#,
    );
    assert_eq!(response.unwrap().transports(), ["telepathy"]);
    let response = registration(r#""type""#, r#""clientExtensionResults":[],"type""#).unwrap();
    assert_eq!(response.client_extension_results().unwrap().get(), "[]");
}

#[test]
fn of_the_transports_a_dozen_short_words_are_kept() {
    let transports = |words: &[String]| {
        let words = serde_json::to_string(words).unwrap();
        let to = alloc::format!(r#""attestationObject":"AQ","transports":{words}"#);
        registration(r#""attestationObject":"AQ""#, &to).unwrap().transports().to_vec()
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
fn bytes_that_are_not_utf8_are_malformed_json() {
    assert_eq!(
        RegistrationResponse::from_json(b"{\"id\":\"\xff\"}").unwrap_err().code(),
        Code::MalformedJson
    );
}
