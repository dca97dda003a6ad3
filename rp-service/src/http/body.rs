//! The bodies of requests. Unknown members are ignored, because browsers and libraries add theirs; none of them could
//! loosen anything. A known member that is there twice is rejected.

use rp_core::options::Mediation;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::ServiceError;

/// `POST registration/options`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegistrationOptions {
    pub(super) username: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) mediation: Option<Mediation>,
}

/// The members of `POST registration/verify` that are not part of `RegistrationResponseJSON`.
#[derive(Debug, Deserialize)]
pub(super) struct RegistrationExtras {
    pub(super) nickname: Option<String>,
    pub(super) grant: Option<String>,
}

/// `POST authentication/options`.
#[derive(Debug, Deserialize)]
pub(super) struct AuthenticationOptions {
    pub(super) username: Option<String>,
    pub(super) purpose: Option<SessionPurpose>,
}

/// The purpose of an authentication by the user of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SessionPurpose {
    StepUp,
    SecondFactor,
}

/// `PATCH credentials/{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct RenameCredential {
    pub(super) nickname: String,
}

/// `POST authorize`.
#[derive(Debug, Deserialize)]
pub(super) struct ConfirmAuthorization {
    pub(super) request: String,
}

/// `PATCH user`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeUser {
    pub(super) display_name: String,
}

/// Parses a body, which must be an object.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ServiceError> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(ServiceError::Body { detail: "the body is not a JSON object".into() });
    }
    // The parser's message may quote the body, which may contain a secret: the position is enough.
    serde_json::from_slice(bytes).map_err(|error| ServiceError::Body {
        detail: format!(
            "the body does not have the expected form, line {} column {}",
            error.line(),
            error.column()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_members_are_ignored() {
        let body =
            parse::<RegistrationOptions>(br#"{"username":"kim","userVerification":"discouraged"}"#).unwrap();
        assert_eq!(body.username.as_deref(), Some("kim"));
    }

    #[test]
    fn a_body_of_another_form_is_malformed_json() {
        for wrong in [
            &b""[..],
            b"null",
            b"[]",
            b"[\"kim\"]",
            b"{",
            b"{}{}",
            b"{\"username\":7}",
            b"{\"username\":\"a\",\"username\":\"b\"}",
            b"{\"username\":\"\xff\"}",
            b"{\"mediation\":\"silent\"}",
        ] {
            let error = parse::<RegistrationOptions>(wrong).unwrap_err();
            assert_eq!((error.status(), error.code()), (400, "malformed-json"), "{}", wrong.escape_ascii());
        }
        assert!(parse::<AuthenticationOptions>(br#"{"purpose":"sign-in"}"#).is_err());
        assert!(parse::<RenameCredential>(b"{}").is_err());
    }

    #[test]
    fn deep_nesting_is_malformed_json() {
        let deep = format!(r#"{{"x":{}"#, "[".repeat(60_000));
        assert_eq!(parse::<RegistrationOptions>(deep.as_bytes()).unwrap_err().code(), "malformed-json");
    }

    #[test]
    fn an_error_does_not_quote_the_body() {
        let error = parse::<AuthenticationOptions>(br#"{"username":{"secret":1}}"#).unwrap_err();
        assert_eq!(error.to_string(), "the body does not have the expected form, line 1 column 12");
    }
}
