use alloc::string::String;

use crate::client_data::ClientDataError;
use crate::error::Code;

/// Why a response could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// Not a JSON object, or a member is missing, duplicate or of another type.
    #[error("response: {detail}")]
    Json {
        /// The message of the JSON parser, with line and column. It can quote the input.
        detail: String,
    },
    /// The input is longer than [`MAX_JSON_LEN`].
    #[error("response: {len} bytes, more than {max}", max = MAX_JSON_LEN)]
    TooLong {
        /// The length of the input.
        len: usize,
    },
    /// A member is not base64url without padding.
    #[error("{member} is not base64url without padding")]
    Base64 {
        /// The path of the member.
        member: &'static str,
    },
    /// `id` and `rawId` differ.
    #[error("id and rawId differ")]
    IdIsNotRawId,
    /// `clientDataJSON` is malformed (7.1, steps 5 and 6; 7.2, steps 8 and 9).
    #[error(transparent)]
    ClientData(#[from] ClientDataError),
}

impl ResponseError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::TooLong { .. } | Self::Json { .. } | Self::IdIsNotRawId => Code::MalformedJson,
            Self::Base64 { .. } => Code::MalformedBase64,
            Self::ClientData(error) => error.code(),
        }
    }
}

/// The longest response, in bytes of JSON: an attestation object of 1 MiB in base64url,
/// and as much again. A server limits the request body to far less.
pub const MAX_JSON_LEN: usize = 3 << 20;
