use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::base64url::Bytes;
use crate::bytes::{Challenge, CredentialId};
use crate::crypto;

/// The credentials that a pending ceremony allows or excludes, as one digest each: a state in a cookie has room for them,
/// however long the IDs are.
///
/// A digest is the start of SHA-256 over the challenge and the ID. The challenge is random, so no one can register a
/// credential in advance whose digest is that of another one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CredentialDigests(Bytes);

impl CredentialDigests {
    pub(crate) fn new<'a>(challenge: &Challenge, ids: impl Iterator<Item = &'a CredentialId>) -> Self {
        let digests: Vec<u8> = ids.flat_map(|id| digest(challenge, id.as_bytes())).collect();
        Self(digests.into())
    }

    /// Whether the list is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the list has this ID.
    pub(crate) fn contains(&self, challenge: &Challenge, id: &[u8]) -> bool {
        if self.is_empty() {
            return false;
        }
        let wanted = digest(challenge, id);
        self.0.chunks(DIGEST_BYTES).any(|digest| digest == wanted)
    }
}

fn digest(challenge: &Challenge, id: &[u8]) -> [u8; DIGEST_BYTES] {
    let hash = crypto::sha256(&[challenge.as_bytes(), id]);
    let mut digest = [0; DIGEST_BYTES];
    digest.iter_mut().zip(hash).for_each(|(byte, of_hash)| *byte = of_hash);
    digest
}

/// 80 bits: a user with 64 passkeys could find another ID with one of their digests after 2^74 attempts, within the minutes
/// of a ceremony, and would gain a passkey of the same account.
const DIGEST_BYTES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> Vec<CredentialId> {
        [&[1][..], &[2; 1023], &[1, 2]].map(|id| CredentialId::try_from(id).unwrap()).into()
    }

    #[test]
    fn only_listed_credentials_are_found() {
        let challenge = Challenge::recorded(&[7; 32]);
        let listed = CredentialDigests::new(&challenge, ids().iter());
        assert!(ids().iter().all(|id| listed.contains(&challenge, id.as_bytes())));
        for other in [&[][..], &[2], &[2; 1022], &[1, 2, 3]] {
            assert!(!listed.contains(&challenge, other));
        }
    }

    #[test]
    fn a_digest_is_bound_to_its_challenge() {
        let listed = CredentialDigests::new(&Challenge::recorded(&[7; 32]), ids().iter());
        assert!(!listed.contains(&Challenge::recorded(&[8; 32]), &[1]));
    }

    #[test]
    fn a_state_has_ten_bytes_for_each_credential() {
        let challenge = Challenge::recorded(&[7; 32]);
        let stored = serde_json::to_string(&CredentialDigests::new(&challenge, ids().iter())).unwrap();
        assert_eq!(stored.len(), "\"\"".len() + 40);
        let read: CredentialDigests = serde_json::from_str(&stored).unwrap();
        assert!(read.contains(&challenge, &[1, 2]));
    }

    #[test]
    fn an_empty_list_has_no_credential() {
        let challenge = Challenge::recorded(&[7; 32]);
        let listed = CredentialDigests::new(&challenge, core::iter::empty());
        assert!(listed.is_empty() && !listed.contains(&challenge, &[]));
    }
}
