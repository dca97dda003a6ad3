//! What is remembered of a source.

use rp_core::Timestamp;
use serde::{Deserialize, Serialize};

/// What is remembered of a source between two attempts, and between two processes. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The greatest serial number that was verified: a lower one is refused from then on.
    pub no: Option<u64>,
    /// The hash of the BLOB that is kept.
    pub sha256: Option<String>,
    /// When the BLOB that is kept was verified: its signer is judged at that time ever after.
    pub verified_at: Option<Timestamp>,
    /// Whether its signer was known not to be revoked then.
    pub known_not_revoked: bool,
    /// The entity tag that came with it.
    pub etag: Option<String>,
    /// When the source was asked last, whatever came of it.
    pub last_attempt: Option<Timestamp>,
    /// When it answered last with a BLOB that verified, or that nothing is new.
    pub last_success: Option<Timestamp>,
    /// How many attempts have failed since.
    pub failures: u32,
    /// Before this the source does not want to be asked (`Retry-After`).
    pub not_before: Option<Timestamp>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

#[cfg(feature = "fetch")]
impl State {
    /// What the cache tells, or another state where that is of a later attempt, as one is that could not be written; of
    /// the serial numbers always the greater. What is told of the BLOB that is kept is for the cache alone to say.
    pub(crate) fn or_later(self, other: Self) -> Self {
        let no = self.no.max(other.no);
        if other.last_attempt <= self.last_attempt {
            return Self { no, ..self };
        }
        let Self { sha256, verified_at, known_not_revoked, etag, .. } = self;
        Self { no, sha256, verified_at, known_not_revoked, etag, ..other }
    }
}
