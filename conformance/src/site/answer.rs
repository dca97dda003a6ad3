use rp_service::ServiceError;
use serde::de::DeserializeOwned;
use serde_json::json;

/// A response of the example.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn empty() -> Self {
        Self { status: 204, media_type: "", body: Vec::new() }
    }

    pub(super) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, media_type: "application/json", body: body.to_string().into_bytes() }
    }

    pub(super) fn problem(status: u16, code: &str, title: &str) -> Self {
        Self::problem_with(status, code, title, "")
    }

    pub(super) fn problem_with(status: u16, code: &str, title: &str, detail: &str) -> Self {
        let problem = if detail.is_empty() {
            json!({ "type": "about:blank", "title": title, "status": status, "code": code })
        } else {
            json!({ "type": "about:blank", "title": title, "status": status, "code": code, "detail": detail })
        };
        Self { media_type: "application/problem+json", ..Self::json(status, &problem) }
    }
}

/// Parses a body.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ServiceError> {
    // Without the parser's message, which may quote a password.
    serde_json::from_slice(body)
        .map_err(|_| ServiceError::Body { detail: "the body does not have the expected form".into() })
}
