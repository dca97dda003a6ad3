use serde::Deserialize;

use super::error::AuthorizationError;
use super::parameters::Parameters;

/// An access token request (RFC 6749, section 4.1.3) with its verifier (RFC 7636, section 4.5). `Debug` prints neither the
/// code nor the verifier.
#[derive(Clone, Default, Deserialize)]
#[non_exhaustive]
pub struct TokenRequest {
    /// `authorization_code`.
    #[serde(default)]
    pub grant_type: String,
    /// The ID of the client.
    #[serde(default)]
    pub client_id: String,
    /// The code.
    #[serde(default)]
    pub code: String,
    /// The redirect URI of the authorization request.
    #[serde(default)]
    pub redirect_uri: String,
    /// The secret whose hash was the challenge.
    #[serde(default)]
    pub code_verifier: String,
}

impl TokenRequest {
    /// Parses an `application/x-www-form-urlencoded` body.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, AuthorizationError> {
        let parameters = Parameters::parse(body);
        let text = |parameter| parameters.optional(parameter).map(|text| text.unwrap_or_default().to_owned());
        Ok(Self {
            grant_type: text("grant_type")?,
            client_id: text("client_id")?,
            code: text("code")?,
            redirect_uri: text("redirect_uri")?,
            code_verifier: text("code_verifier")?,
        })
    }

    /// Checks that the request is complete.
    pub(crate) fn check(&self) -> Result<(), AuthorizationError> {
        let members = [
            ("grant_type", &self.grant_type),
            ("client_id", &self.client_id),
            ("code", &self.code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &self.code_verifier),
        ];
        if let Some((parameter, _)) = members.into_iter().find(|(_, value)| value.is_empty()) {
            return Err(AuthorizationError::Missing { parameter });
        }
        match self.grant_type.as_str() {
            "authorization_code" => Ok(()),
            _ => Err(AuthorizationError::GrantType),
        }
    }
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRequest").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "grant_type=authorization_code&client_id=acme&code=AAAA&redirect_uri=http%3A%2F%2F127.0.0.1%3A1&\
                        code_verifier=secret";

    #[test]
    fn a_form_and_an_object_have_the_same_members() {
        let form = TokenRequest::parse(FORM.as_bytes()).unwrap();
        let json = r#"{"grant_type":"authorization_code","client_id":"acme","code":"AAAA",
            "redirect_uri":"http://127.0.0.1:1","code_verifier":"secret"}"#;
        let json: TokenRequest = serde_json::from_str(json).unwrap();
        for (one, other) in [(&form.code, &json.code), (&form.redirect_uri, &json.redirect_uri)] {
            assert_eq!(one, other);
        }
        assert_eq!((form.check(), json.check()), (Ok(()), Ok(())));
        assert_eq!(format!("{form:?}"), r#"TokenRequest { client_id: "acme", .. }"#);
    }

    #[test]
    fn a_request_is_complete_and_asks_for_a_code() {
        for parameter in ["grant_type", "client_id", "code", "redirect_uri", "code_verifier"] {
            let without = FORM.replacen(&format!("{parameter}="), "other=", 1);
            let request = TokenRequest::parse(without.as_bytes()).unwrap();
            assert_eq!(request.check(), Err(AuthorizationError::Missing { parameter }));
        }
        let other = FORM.replace("authorization_code", "password");
        assert_eq!(
            TokenRequest::parse(other.as_bytes()).unwrap().check(),
            Err(AuthorizationError::GrantType)
        );
        let twice = format!("{FORM}&code=BBBB");
        let error = TokenRequest::parse(twice.as_bytes()).unwrap_err();
        assert_eq!(error, AuthorizationError::Repeated { parameter: "code" });
    }
}
