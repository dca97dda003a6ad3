use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;

/// An error as clients see it: RFC 9457, `application/problem+json`.
///
/// The code is for programs and stays as it is once released; title and detail are plain words for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: Cow<'static, str>,
    code: &'static str,
    #[serde(skip)]
    retry_after: Option<Duration>,
}

impl Problem {
    /// The media type.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    pub(crate) fn new(
        status: u16,
        code: &'static str,
        detail: Option<String>,
        retry_after: Option<Duration>,
    ) -> Self {
        let (title, words) = words(code);
        let detail = detail.map_or(Cow::Borrowed(words), Cow::Owned);
        Self { r#type: format!("{TYPE_PREFIX}{code}"), title, status, detail, code, retry_after }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The code, one kebab-case word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The title, the same for each code.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// What to do about it, or what was wrong with the request.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What goes into `Retry-After`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// A `tag:` URI (RFC 4151): a name for each kind of problem that needs no server to be found at.
const TYPE_PREFIX: &str = "tag:github.com,2026:rp-rs/rp/problem/";

/// Title and detail. A ceremony that does not verify says which check failed in the code alone.
fn words(code: &str) -> (&'static str, &'static str) {
    match code {
        "malformed-json" => ("The request cannot be read", "The body is not JSON of the form asked for."),
        "malformed-base64" => ("The request cannot be read", "A member is not base64url without padding."),
        "not-signed-in" => ("You are not signed in", "Sign in first."),
        "step-up-required" => ("Please confirm that it is you", "Use a passkey once more, then try again."),
        "enrolment-required" => ("Another passkey is needed", "This site asks for another kind of passkey."),
        "sign-up-closed" => ("Accounts cannot be opened here", "This site does not take new accounts."),
        "cross-site-request" => ("The request came from another site", "Use this site's own pages."),
        "credential-unknown" => {
            ("This passkey is not known here", "It may have been removed from the account.")
        }
        "no-ceremony" => ("This attempt is over", "It was used before or began elsewhere. Start again."),
        "ceremony-expired" => ("That took too long", "Start again."),
        "credential-exists" => {
            ("This passkey is registered already", "Use it to sign in, or use another one.")
        }
        "username-taken" => ("This name is taken", "Choose another name."),
        "too-many-credentials" => ("The account is full", "Remove a passkey before adding another."),
        "last-credential" => ("This is the last passkey", "Add another one before removing it."),
        "body-too-large" => ("The request is too large", "No request to this site needs to be this large."),
        "unsupported-media-type" => ("The request is not JSON", "The body has to be application/json."),
        "too-many-requests" => ("Too many attempts", "Wait before you try again."),
        "storage-unavailable" => ("The site cannot answer now", "Nothing was changed. Try again shortly."),
        "user-not-verified" => {
            ("You were not verified", "Use your PIN, fingerprint or face, then try again.")
        }
        "user-not-present" => {
            ("Nobody touched the passkey", "Confirm when you are asked to, then try again.")
        }
        "sign-count-regressed" => (
            "This passkey may have been copied",
            "Its counter did not grow. Use another passkey, and tell the site's operator.",
        ),
        "attestation-untrusted"
        | "unsupported-attestation-format"
        | "authenticator-not-allowed"
        | "algorithm-not-allowed"
        | "certificate-expired"
        | "certificate-revoked" => ("This passkey is not accepted here", "The site asks for another kind."),
        _ => ("The passkey's answer did not verify", "Nothing was changed. Start again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_are_those_of_rfc_9457_and_the_code() {
        let problem = Problem::new(409, "username-taken", None, None);
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"tag:github.com,2026:rp-rs/rp/problem/username-taken","title":"This name is taken","status":409,"detail":"Choose another name.","code":"username-taken"}"#
        );
    }
}
