use super::cache::CertificateCache;
use super::revocation::Revocation;
use crate::timestamp::Timestamp;

/// Limits of a path, and revocation data.
#[derive(Clone, Copy, Debug)]
pub struct PathOptions<'a> {
    /// The maximum number of certificates between leaf and anchor, without these two.
    pub max_depth: Option<usize>,
    /// The maximum number of certificate signatures to verify.
    pub signature_checks: usize,
    /// Revocation data.
    pub revocation: Revocation<'a>,
    /// The time at which revocation data must be current; by default the time at which certificates must be valid.
    pub revocation_at: Option<Timestamp>,
    /// The intermediates whose signatures need not be verified again, for [`validate`](super::validate) only. By default
    /// all signatures are verified.
    pub cache: Option<&'a CertificateCache>,
}

impl PathOptions<'_> {
    /// The default of `signature_checks`. Chains in the field have at most five certificates, and metadata has at most four
    /// anchors of one name. This is ten times that, and limits a hostile response to a few milliseconds.
    pub const SIGNATURE_CHECKS: usize = 64;
}

impl Default for PathOptions<'_> {
    fn default() -> Self {
        Self {
            max_depth: None,
            signature_checks: Self::SIGNATURE_CHECKS,
            revocation: Revocation::default(),
            revocation_at: None,
            cache: None,
        }
    }
}
