//! Bodies of requests. Members that are not known are passed over, as browsers and libraries add theirs; none
//! of them could loosen anything. A known member that comes twice is refused.

use rp_core::options::Mediation;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// `POST registration/options`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegistrationOptions {
    pub(super) username: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) mediation: Option<Mediation>,
}

/// What stands beside the members of `RegistrationResponseJSON`.
#[derive(Debug, Deserialize)]
pub(super) struct BesideResponse {
    pub(super) nickname: Option<String>,
}

/// `POST authentication/options`.
#[derive(Debug, Deserialize)]
pub(super) struct AuthenticationOptions {
    pub(super) username: Option<String>,
    pub(super) purpose: Option<Purpose>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Purpose {
    StepUp,
}

/// `PATCH credentials/{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct Rename {
    pub(super) nickname: String,
}

/// Reads a body, which is an object.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::Body { detail: "the body is not a JSON object".into() });
    }
    // What the parser says may quote the body, which may hold a secret: where it stands says enough.
    serde_json::from_slice(bytes).map_err(|error| Refusal::Body {
        detail: format!(
            "the body is not of the form asked for, line {} column {}",
            error.line(),
            error.column()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_are_not_known_are_passed_over() {
        let body =
            parse::<RegistrationOptions>(br#"{"username":"kim","userVerification":"discouraged"}"#).unwrap();
        assert_eq!(body.username.as_deref(), Some("kim"));
    }

    #[test]
    fn what_is_no_object_of_the_form_is_malformed_json() {
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
            let refusal = parse::<RegistrationOptions>(wrong).unwrap_err();
            assert_eq!(
                (refusal.status(), refusal.code()),
                (400, "malformed-json"),
                "{}",
                wrong.escape_ascii()
            );
        }
        assert!(parse::<AuthenticationOptions>(br#"{"purpose":"sign-in"}"#).is_err());
        assert!(parse::<Rename>(b"{}").is_err());
    }

    #[test]
    fn deep_nesting_is_malformed_json() {
        let deep = format!(r#"{{"x":{}"#, "[".repeat(60_000));
        assert_eq!(parse::<RegistrationOptions>(deep.as_bytes()).unwrap_err().code(), "malformed-json");
    }

    #[test]
    fn the_body_is_not_quoted() {
        let refusal = parse::<AuthenticationOptions>(br#"{"username":{"secret":1}}"#).unwrap_err();
        assert_eq!(refusal.to_string(), "the body is not of the form asked for, line 1 column 12");
    }
}
