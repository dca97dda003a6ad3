use std::borrow::Cow;
use std::time::Duration;

use rp_core::Timestamp;
use serde::Serialize;

use crate::assurance::MissingAssurance;
use crate::json::DateTime;

/// An error response: RFC 9457, `application/problem+json`.
///
/// `code` is for programs and stays the same; title and detail are for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The code: one kebab-case word.
    pub code: &'static str,
    /// The title, the same for each code.
    pub title: &'static str,
    /// Advice for the user, or the mistake in the request.
    pub detail: Cow<'static, str>,
    /// The requirements that the session does not meet, for `step-up-required`.
    pub required: Option<MissingAssurance>,
    /// The time until which enrolment is possible, for `enrolment-required`.
    pub by: Option<Timestamp>,
    /// The `error` of RFC 6749, for a request of a command line.
    pub error: Option<&'static str>,
    /// The value of `Retry-After`.
    pub retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct Members<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<MissingAssurance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<DateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Problem {
    /// The media type.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    pub(crate) fn new(status: u16, code: &'static str) -> Self {
        let (title, detail) = text(code);
        let detail = detail.into();
        Self { status, code, title, detail, required: None, by: None, error: None, retry_after: None }
    }

    /// The body. `type_base` is the start of `type`, such as `https://example.org/problems/`; without one, `type` is
    /// `about:blank`.
    #[must_use]
    pub fn to_json(&self, type_base: Option<&str>) -> Vec<u8> {
        let members = Members {
            r#type: type_base.map_or_else(|| "about:blank".into(), |base| format!("{base}{}", self.code)),
            title: self.title,
            status: self.status,
            detail: &self.detail,
            code: self.code,
            required: self.required,
            by: self.by.map(DateTime),
            error: self.error,
        };
        // Strings and numbers only: nothing that JSON cannot express.
        serde_json::to_vec(&members).unwrap_or_default()
    }
}

/// Title and detail. The code alone says which check of a ceremony failed.
fn text(code: &str) -> (&'static str, &'static str) {
    match code {
        "malformed-json" => ("The request is malformed", "The body is not JSON of the expected form."),
        "malformed-base64" => ("The request is malformed", "A member is not base64url without padding."),
        "username-invalid" => ("This name is not allowed", "Choose a name without spaces and symbols."),
        "not-signed-in" => ("You are not signed in", "Sign in first."),
        "second-factor-required" => ("A second step is required", "Complete the sign-in first."),
        "step-up-required" => ("Please confirm that it is you", "Use your passkey again, then try again."),
        "enrolment-required" => {
            ("Another passkey is required", "This site requires another kind of passkey.")
        }
        "sign-up-closed" => ("Sign-up is closed", "This site does not accept new accounts."),
        "cross-site-request" => ("The request came from another site", "Use this site's own pages."),
        "user-locked" => ("This account is locked", "Contact the operator of this site."),
        "credential-unknown" => ("This passkey is unknown", "It may have been removed from the account."),
        "factor-invalid" => {
            ("This code does not work", "It is wrong, was used, or has expired. Try the next one.")
        }
        "factor-unknown" => ("This method is not set up", "Choose another way to confirm that it is you."),
        "factor-exists" => ("This method is set up already", "Remove it before you set it up again."),
        "session-unknown" => ("This session is unknown", "It may have ended already."),
        "user-unknown" => ("This user is unknown", "The account may have been deleted."),
        "no-ceremony" => ("This attempt is over", "It was used before or started elsewhere. Start again."),
        "ceremony-expired" => ("That took too long", "Start again."),
        "credential-exists" => ("This passkey is registered already", "Sign in with it, or use another one."),
        "username-taken" => ("This name is taken", "Choose another name."),
        "too-many-credentials" => ("The account is full", "Remove a passkey before you add another."),
        "last-credential" => ("This is the last passkey", "Add another one before you remove it."),
        "invalid-client" => ("This program is unknown", "The site does not know the program that asks."),
        "invalid-grant" => ("This sign-in is over", "Start it again in the program."),
        "invalid-request" | "invalid-scope" | "unsupported-response-type" | "unsupported-grant-type" => {
            ("The program's request is invalid", "Update the program, or inform its maker.")
        }
        "body-too-large" => ("The request is too large", "No request to this site needs to be this large."),
        "unsupported-media-type" => ("The request is not JSON", "The media type must be application/json."),
        "too-many-requests" => ("Too many attempts", "Wait before you try again."),
        "storage-unavailable" => ("The site is not available", "Nothing was changed. Try again soon."),
        "misconfigured" => ("The site is misconfigured", "The log of the site has the details."),
        "user-not-verified" => {
            ("You were not verified", "Use your PIN, fingerprint or face, then try again.")
        }
        "user-not-present" => {
            ("The passkey was not confirmed", "Confirm when you are asked to, then try again.")
        }
        "sign-count-regressed" => (
            "This passkey may have been copied",
            "Its counter did not increase. Use another passkey, and inform the operator of this site.",
        ),
        "attestation-untrusted"
        | "unsupported-attestation-format"
        | "authenticator-not-allowed"
        | "algorithm-not-allowed"
        | "certificate-expired"
        | "certificate-revoked" => ("This passkey is not accepted here", "The site requires another kind."),
        _ => ("The passkey's response did not verify", "Nothing was changed. Start again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_are_those_of_rfc_9457_and_the_code() {
        let json = Problem::new(409, "username-taken").to_json(None);
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#"{"type":"about:blank","title":"This name is taken","status":409,"detail":"Choose another name.","code":"username-taken"}"#
        );
    }

    #[test]
    fn the_type_has_the_configured_base() {
        let json = Problem::new(409, "username-taken").to_json(Some("https://example.org/problems/"));
        assert!(
            String::from_utf8(json)
                .unwrap()
                .starts_with(r#"{"type":"https://example.org/problems/username-taken","#)
        );
    }
}
