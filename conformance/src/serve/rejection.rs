//! Why a request failed.

use std::fmt;

use rp_core::{Code, ConfigError, RandomnessError};

/// A failed request.
#[derive(Debug)]
pub(super) struct Rejection {
    pub(super) status: u16,
    code: &'static str,
    detail: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl Rejection {
    pub(super) fn new(code: Code, detail: impl ToString) -> Self {
        Self { status: 400, code: code.as_str(), detail: detail.to_string() }
    }
}

impl From<RandomnessError> for Rejection {
    fn from(error: RandomnessError) -> Self {
        Self { status: 500, code: "misconfigured", detail: error.to_string() }
    }
}

impl From<ConfigError> for Rejection {
    fn from(error: ConfigError) -> Self {
        Self { status: 500, code: "misconfigured", detail: error.to_string() }
    }
}

/// The rejection that an error of rp-core describes.
macro_rules! rejection {
    ($error:expr) => {{
        let error = $error;
        $crate::serve::rejection::Rejection::new(error.code(), error)
    }};
}
pub(super) use rejection;
