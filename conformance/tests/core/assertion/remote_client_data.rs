use rp_core::extensions::{AuthenticationExtensionInputs, ExtensionError, RegistrationExtensionInputs};
use rp_core::{AllowedCredentials, AuthenticationError, Challenge, Code, RegistrationError};
use serde_json::json;

use super::{Key, NOW, ORIGIN, registered, rp, user};

fn client_data(kind: &str, challenge: &Challenge, more: &str) -> String {
    let challenge = rp_core::base64url::encode(challenge.as_bytes());
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{ORIGIN}"{more}}}"#)
}

#[test]
fn remote_client_data_json_has_its_name_in_both_inputs() {
    let remote = Some(String::from("{}"));
    let inputs =
        RegistrationExtensionInputs { remote_client_data_json: remote.clone(), ..Default::default() };
    assert_eq!(serde_json::to_string(&inputs).unwrap(), r#"{"remoteClientDataJSON":"{}"}"#);
    let inputs = AuthenticationExtensionInputs { remote_client_data_json: remote, ..Default::default() };
    assert_eq!(serde_json::to_string(&inputs).unwrap(), r#"{"remoteClientDataJSON":"{}"}"#);
}

#[test]
fn a_registration_must_sign_the_given_remote_client_data() {
    let judged = |written: &str| {
        let (rp, user) = (rp(), user());
        let challenge = Challenge::issued(&[7; 32]).unwrap();
        let given = client_data("webauthn.create", &challenge, "");
        let extensions = RegistrationExtensionInputs {
            remote_client_data_json: Some(given.clone()),
            ..Default::default()
        };
        let started =
            rp.registration(&user).extensions(extensions).start_with(challenge.clone(), NOW).unwrap();
        let written = client_data("webauthn.create", &challenge, written);
        registered(&rp, started, &written, &json!({"remoteClientDataJSON": true}))
    };
    assert_eq!(judged("").unwrap().extensions.remote_client_data_json, Some(true));
    let refused = judged(r#","crossOrigin":false"#).unwrap_err();
    assert_eq!(refused, RegistrationError::Extension(ExtensionError::RemoteClientData));
    assert_eq!(refused.to_string(), "remoteClientDataJSON: other client data was signed");
    assert_eq!((refused.code(), refused.step()), (Code::ExtensionRefused, 28));
}

#[test]
fn an_authentication_must_sign_the_remote_client_data() {
    let judged = |written: &str| {
        let (rp, key) = (rp(), Key::new(7));
        let record = key.record();
        let challenge = Challenge::issued(&[7; 32]).unwrap();
        let given = client_data("webauthn.get", &challenge, "");
        let extensions =
            AuthenticationExtensionInputs { remote_client_data_json: Some(given), ..Default::default() };
        let allow = AllowedCredentials::account(user().handle, std::slice::from_ref(&record));
        let (_, pending) =
            rp.authentication(allow).extensions(extensions).start_with(challenge.clone(), NOW).unwrap();
        let written = client_data("webauthn.get", &challenge, written);
        let response = key.response(&written, 0, &json!({"remoteClientDataJSON": true}));
        rp.finish_authentication(pending, &response, &record, NOW)
    };
    assert_eq!(judged("").unwrap().extensions.remote_client_data_json, Some(true));
    let refused = judged(r#","crossOrigin":false"#).unwrap_err();
    assert_eq!(refused, AuthenticationError::Extension(ExtensionError::RemoteClientData));
}

#[test]
fn remote_client_data_of_another_site_are_refused_as_any_others() {
    let (rp, user) = (rp(), user());
    let challenge = Challenge::issued(&[7; 32]).unwrap();
    let other = client_data("webauthn.create", &challenge, "").replace("example.org", "other.example");
    let extensions =
        RegistrationExtensionInputs { remote_client_data_json: Some(other.clone()), ..Default::default() };
    let started = rp.registration(&user).extensions(extensions).start_with(challenge, NOW).unwrap();
    let refused = registered(&rp, started, &other, &json!({})).unwrap_err();
    assert_eq!(refused.code(), Code::OriginMismatch);
}
