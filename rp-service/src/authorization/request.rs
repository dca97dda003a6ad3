use serde::{Deserialize, Serialize};

use super::client::CommandLineClient;
use super::error::AuthorizationError;
use super::parameters::Parameters;
use super::pkce::CodeChallenge;
use super::redirect::LoopbackRedirect;

/// An authorization request (RFC 6749, section 4.1.1) with its challenge (RFC 7636, section 4.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuthorizationRequest {
    #[serde(rename = "c")]
    pub(crate) client_id: String,
    #[serde(rename = "r")]
    pub(crate) redirect: LoopbackRedirect,
    #[serde(rename = "p")]
    pub(crate) challenge: CodeChallenge,
    #[serde(rename = "s", skip_serializing_if = "Option::is_none", default)]
    pub(crate) state: Option<State>,
}

/// The `state` of a request, which is returned as it is: at most 512 printable ASCII characters (RFC 6749, appendix A.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct State(String);

/// A rejected request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RejectedRequest {
    /// The client or its redirect URI is not known, so only the user is informed (RFC 6749, section 4.1.2.1).
    ByPage(AuthorizationError),
    /// The client is informed by its redirect URI.
    ByRedirect { redirect: LoopbackRedirect, state: Option<State>, error: AuthorizationError },
}

impl AuthorizationRequest {
    /// Parses the query of a request.
    pub(crate) fn parse(query: &str, clients: &[CommandLineClient]) -> Result<Self, RejectedRequest> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(RejectedRequest::ByPage(AuthorizationError::Malformed { parameter: "the query" }));
        }
        let parameters = Parameters::parse(query.as_bytes());
        let (client_id, redirect) = addressee(&parameters, clients).map_err(RejectedRequest::ByPage)?;
        // An error is reported without a state that is repeated or malformed.
        let state = state(&parameters);
        let valid_state = state.clone().unwrap_or_default();
        let challenge = state.and_then(|_| challenge(&parameters));
        match challenge {
            Ok(challenge) => Ok(Self { client_id, redirect, challenge, state: valid_state }),
            Err(error) => Err(RejectedRequest::ByRedirect { redirect, state: valid_state, error }),
        }
    }
}

impl State {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn addressee(
    parameters: &Parameters,
    clients: &[CommandLineClient],
) -> Result<(String, LoopbackRedirect), AuthorizationError> {
    let client_id = parameters.required("client_id")?;
    if !clients.iter().any(|client| client.id == client_id) {
        return Err(AuthorizationError::UnknownClient);
    }
    Ok((client_id.to_owned(), LoopbackRedirect::parse(parameters.required("redirect_uri")?)?))
}

fn state(parameters: &Parameters) -> Result<Option<State>, AuthorizationError> {
    let is_printable = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    match parameters.optional("state")? {
        Some(state) if state.len() <= MAX_STATE_BYTES && is_printable(state) => {
            Ok(Some(State(state.to_owned())))
        }
        Some(_) => Err(AuthorizationError::Malformed { parameter: "state" }),
        None => Ok(None),
    }
}

fn challenge(parameters: &Parameters) -> Result<CodeChallenge, AuthorizationError> {
    if parameters.required("response_type")? != "code" {
        return Err(AuthorizationError::ResponseType);
    }
    if parameters.optional("scope")?.is_some() {
        return Err(AuthorizationError::Scope);
    }
    let challenge = parameters.required("code_challenge")?;
    if parameters.optional("code_challenge_method")? != Some("S256") {
        return Err(AuthorizationError::ChallengeMethod);
    }
    CodeChallenge::parse(challenge).ok_or(AuthorizationError::Malformed { parameter: "code_challenge" })
}

/// Longer than a request with all its parameters at their maximum.
const MAX_QUERY_BYTES: usize = 4096;
/// Enough for the hash or the token that libraries put there.
const MAX_STATE_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "response_type=code&client_id=acme&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fcb&\
                         code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&state=x+y";

    fn parse(query: &str) -> Result<AuthorizationRequest, RejectedRequest> {
        let client = CommandLineClient { id: "acme".into(), name: "Acme".into() };
        AuthorizationRequest::parse(query, &[client])
    }

    fn rejected(query: &str) -> (bool, AuthorizationError, Option<String>) {
        match parse(query).unwrap_err() {
            RejectedRequest::ByPage(error) => (false, error, None),
            RejectedRequest::ByRedirect { error, state, .. } => (true, error, state.map(|state| state.0)),
        }
    }

    #[test]
    fn a_complete_request_is_accepted() {
        let request = parse(VALID).unwrap();
        assert_eq!(request.redirect.as_str(), "http://127.0.0.1:8080/cb");
        assert_eq!(request.state.unwrap().as_str(), "x y");
        assert_eq!(parse(&VALID.replace("&state=x+y", "&audience=x")).unwrap().state, None);
    }

    #[test]
    fn an_unknown_client_or_redirect_is_reported_to_the_user() {
        let missing = |parameter| AuthorizationError::Missing { parameter };
        for (from, to, error) in [
            ("client_id=acme", "client_id=other", AuthorizationError::UnknownClient),
            ("client_id=acme", "client_id=", missing("client_id")),
            ("&redirect_uri=", "&redirect=", missing("redirect_uri")),
            ("127.0.0.1", "localhost", AuthorizationError::RedirectUri),
            (
                "client_id=acme",
                "client_id=acme&client_id=acme",
                AuthorizationError::Repeated { parameter: "client_id" },
            ),
        ] {
            assert_eq!(rejected(&VALID.replace(from, to)), (false, error, None), "{to}");
        }
        let long = format!("{VALID}&x={}", "a".repeat(MAX_QUERY_BYTES));
        assert_eq!(rejected(&long).1, AuthorizationError::Malformed { parameter: "the query" });
    }

    #[test]
    fn everything_else_is_reported_to_the_client() {
        let malformed = |parameter| AuthorizationError::Malformed { parameter };
        let state = || Some("x y".to_owned());
        let long = format!("state={}", "a".repeat(MAX_STATE_BYTES + 1));
        for (from, to, error, state) in [
            ("response_type=code", "response_type=token", AuthorizationError::ResponseType, state()),
            ("response_type=code", "", AuthorizationError::Missing { parameter: "response_type" }, state()),
            ("method=S256", "method=plain", AuthorizationError::ChallengeMethod, state()),
            ("method=S256", "method=s256", AuthorizationError::ChallengeMethod, state()),
            ("&code_challenge_method=S256", "", AuthorizationError::ChallengeMethod, state()),
            (
                "code_challenge=",
                "challenge=",
                AuthorizationError::Missing { parameter: "code_challenge" },
                state(),
            ),
            ("code_challenge=E", "code_challenge=", malformed("code_challenge"), state()),
            ("&state", "&scope=all&state", AuthorizationError::Scope, state()),
            ("state=x+y", "state=%0a", malformed("state"), None),
            ("state=x+y", "state=%c3%a9", malformed("state"), None),
            ("state=x+y", &long, malformed("state"), None),
            ("state=x+y", "state=x&state=y", AuthorizationError::Repeated { parameter: "state" }, None),
        ] {
            assert_eq!(rejected(&VALID.replacen(from, to, 1)), (true, error, state), "{to}");
        }
    }
}
