/// Why a request of a command line was rejected: in the order of the checks of `GET authorize`, then of `POST token`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// No client has the `client_id`.
    #[error("no client has this client_id")]
    UnknownClient,
    /// The `redirect_uri` is not a loopback address (RFC 8252, section 7.3).
    #[error("the redirect_uri is not http://127.0.0.1:PORT/… or http://[::1]:PORT/…")]
    RedirectUri,
    /// A parameter is missing.
    #[error("{parameter} is missing")]
    Missing {
        /// The parameter.
        parameter: &'static str,
    },
    /// A parameter is in the request more than once (RFC 6749, section 3.1).
    #[error("{parameter} is repeated")]
    Repeated {
        /// The parameter.
        parameter: &'static str,
    },
    /// A parameter does not have its form.
    #[error("{parameter} is malformed")]
    Malformed {
        /// The parameter.
        parameter: &'static str,
    },
    /// The `response_type` is not `code`.
    #[error("the response_type is not code")]
    ResponseType,
    /// The `code_challenge_method` is not `S256`. The method `plain`, which is also the default of RFC 7636, protects
    /// against no one who can read the request.
    #[error("the code_challenge_method is not S256")]
    ChallengeMethod,
    /// The request names a `scope`: a session has the rights of its user, and no part of them.
    #[error("this site has no scopes")]
    Scope,
    /// The `grant_type` is not `authorization_code`.
    #[error("the grant_type is not authorization_code")]
    GrantType,
    /// The code is not one of this site.
    #[error("the code is not one of this site")]
    UnknownCode,
    /// The code was used before. The session that it opened has ended (RFC 6749, section 4.1.2).
    #[error("the code was used before, and the session that it opened has ended")]
    CodeUsed,
    /// The code has expired.
    #[error("the code has expired")]
    CodeExpired,
    /// The code was issued to another client.
    #[error("the code was issued to another client")]
    OtherClient,
    /// The code was issued for another redirect URI.
    #[error("the code was issued for another redirect_uri")]
    OtherRedirectUri,
    /// The verifier is not that of the request's challenge (RFC 7636, section 4.6).
    #[error("the code_verifier does not match the code_challenge")]
    VerifierMismatch,
    /// The session in which the user confirmed has ended.
    #[error("the session in which the user confirmed has ended")]
    SessionEnded,
}

impl AuthorizationError {
    /// The code of the HTTP interface.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownClient => "invalid-client",
            Self::RedirectUri
            | Self::Missing { .. }
            | Self::Repeated { .. }
            | Self::Malformed { .. }
            | Self::ChallengeMethod => "invalid-request",
            Self::ResponseType => "unsupported-response-type",
            Self::Scope => "invalid-scope",
            Self::GrantType => "unsupported-grant-type",
            Self::UnknownCode
            | Self::CodeUsed
            | Self::CodeExpired
            | Self::OtherClient
            | Self::OtherRedirectUri
            | Self::VerifierMismatch
            | Self::SessionEnded => "invalid-grant",
        }
    }

    /// The `error` of RFC 6749, sections 4.1.2.1 and 5.2.
    #[must_use]
    pub const fn oauth(&self) -> &'static str {
        match self {
            Self::UnknownClient => "invalid_client",
            Self::RedirectUri
            | Self::Missing { .. }
            | Self::Repeated { .. }
            | Self::Malformed { .. }
            | Self::ChallengeMethod => "invalid_request",
            Self::ResponseType => "unsupported_response_type",
            Self::Scope => "invalid_scope",
            Self::GrantType => "unsupported_grant_type",
            _ => "invalid_grant",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_error_of_rfc_6749_in_kebab_case() {
        for error in [
            AuthorizationError::UnknownClient,
            AuthorizationError::ChallengeMethod,
            AuthorizationError::ResponseType,
            AuthorizationError::Scope,
            AuthorizationError::GrantType,
            AuthorizationError::CodeUsed,
        ] {
            assert_eq!(error.code(), error.oauth().replace('_', "-"));
        }
    }
}
