//! The reasons for which a fault may be rejected.

use crate::authenticator::Fault;

/// The reasons for which a fault may be rejected. A live server has more than one where it finds a ceremony by the
/// challenge or a record by the credential ID, and where it does not accept frames at all.
pub(super) fn reasons(fault: Fault, ceremony: &str) -> Vec<&'static str> {
    let mut reasons = vec![fault.expected_code().as_str()];
    let others: &[&'static str] = match (fault, ceremony) {
        (
            Fault::ChallengeMissing
            | Fault::ChallengeNotString
            | Fault::ChallengeEmpty
            | Fault::ChallengePadded
            | Fault::ChallengeOther
            | Fault::ChallengeLonger,
            _,
        ) => &["challenge-mismatch", "no-ceremony"],
        (
            Fault::IdMissing
            | Fault::IdNotString
            | Fault::IdNotBase64url
            | Fault::IdPadded
            | Fault::CredentialIdOther,
            "authentication",
        ) => &["credential-unknown", "credential-not-allowed"],
        (Fault::TopOriginOther, _) => &["cross-origin-not-allowed"],
        _ => &[],
    };
    reasons.extend(others.iter().filter(|reason| !reasons.contains(*reason)).copied().collect::<Vec<_>>());
    reasons
}
