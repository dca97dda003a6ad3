//! The JOSE header: algorithm and certificates.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{BlobError, JwsAlgorithm};
use crate::base64;

/// What of the header is used.
pub(super) struct Header {
    pub(super) algorithm: JwsAlgorithm,
    /// DER, the signer first.
    pub(super) x5c: Vec<Vec<u8>>,
}

/// A signer, two or three authorities and roots in two forms have been seen: this is twice that.
const MAX_CERTIFICATES: usize = 10;

/// Ten certificates of two kilobytes, in base64 twice over: production has six thousand bytes in all. What is longer
/// is not read, since nobody has vouched for it.
const MAX_LEN: usize = 64 << 10;

/// Names of algorithms have a tenth of it.
const MAX_ALGORITHM: usize = 60;

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow, default)]
    x5c: Vec<Cow<'a, str>>,
    #[serde(default)]
    x5u: Option<IgnoredAny>,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

impl Header {
    pub(super) fn read(part: &[u8]) -> Result<Self, BlobError> {
        if part.len() > MAX_LEN {
            return Err(BlobError::HeaderTooLong { len: part.len(), max: MAX_LEN });
        }
        let json = base64::decode_url(part).ok_or(BlobError::Base64 { part: "header" })?;
        let Members { alg, x5c, x5u, crit } = serde_json::from_slice(&json).map_err(BlobError::Header)?;
        if crit.is_some() {
            return Err(BlobError::Critical);
        }
        let Some(algorithm) = JwsAlgorithm::from_name(&alg) else {
            return Err(BlobError::Algorithm { alg: alg.chars().take(MAX_ALGORITHM).collect() });
        };
        if x5u.is_some() {
            return Err(BlobError::CertificateUrl);
        }
        if x5c.len() > MAX_CERTIFICATES {
            return Err(BlobError::TooManyCertificates { got: x5c.len(), max: MAX_CERTIFICATES });
        }
        let x5c = x5c.iter().map(|text| base64::certificate(text));
        let x5c = x5c.collect::<Option<_>>().ok_or(BlobError::Base64 { part: "header: x5c" })?;
        Ok(Self { algorithm, x5c })
    }
}
