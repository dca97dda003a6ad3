//! Decoys: the credentials that options list for unknown usernames ([section 14.6.2]).
//!
//! [section 14.6.2]: https://www.w3.org/TR/webauthn-3/#sctn-username-enumeration

mod draw;
mod error;
mod keys;
mod profile;
mod shape;
mod survey;

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use rp_core::options::{PublicKeyCredentialDescriptorJson, PublicKeyCredentialType};
use rp_core::{Algorithm, CredentialId, CredentialRecord, UserHandle};
use sha2::Sha256;

use crate::secret::Secret;

use self::draw::choose;
pub use self::error::DecoyError;
use self::keys::DecoyKeys;
pub use self::profile::DecoyProfile;
pub use self::shape::DecoyShape;
use self::shape::known_transports;
pub use self::survey::DecoySurvey;

/// Derives the credentials of unknown usernames from the secret: the same ones each time for a name. Without the secret they
/// cannot be distinguished from real ones; with it they can, because an ID ends in an authentication code of the rest.
pub(crate) struct Decoys {
    mac: Hmac<Sha256>,
    profile: DecoyProfile,
    /// The algorithms of IDs of each length, by their frequency.
    algorithms: BTreeMap<usize, Vec<(Algorithm, u64)>>,
    keys: DecoyKeys,
}

impl std::fmt::Debug for Decoys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoys").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl Decoys {
    /// The length of the code: a real ID ends in the right one with a probability of 2^-64.
    const MARK_BYTES: usize = 8;

    pub(crate) fn new(secret: &[u8], profile: DecoyProfile) -> Result<Self, DecoyError> {
        if secret.len() < Secret::MIN_BYTES {
            return Err(DecoyError::SecretTooShort { got: secret.len() });
        }
        let mac =
            Hmac::new_from_slice(secret).map_err(|_| DecoyError::SecretTooShort { got: secret.len() })?;
        let algorithms = profile.algorithms();
        Ok(Self { mac, profile, algorithms, keys: DecoyKeys::new() })
    }

    /// The user handle of an unknown username.
    pub(crate) fn user_handle(&self, name_key: &str) -> UserHandle {
        self.handle(b"handle", name_key.as_bytes())
    }

    /// The credentials of an unknown username, no more than a user may have.
    pub(crate) fn descriptors(
        &self,
        name_key: &str,
        max: Option<usize>,
    ) -> Vec<PublicKeyCredentialDescriptorJson> {
        let mut bytes = self.stream(b"credentials", name_key.as_bytes());
        let mut shapes = self.profile.draw(&mut bytes);
        shapes.truncate(max.unwrap_or(usize::MAX).max(1));
        let mut list: Vec<_> =
            shapes.into_iter().filter_map(|shape| self.descriptor(shape, &mut bytes)).collect();
        sort(&mut list);
        list
    }

    fn descriptor(
        &self,
        shape: &DecoyShape,
        bytes: &mut impl Iterator<Item = u8>,
    ) -> Option<PublicKeyCredentialDescriptorJson> {
        let mut id: Vec<u8> = bytes.take(shape.id_len.checked_sub(Self::MARK_BYTES)?).collect();
        let mark = self.mark(&id).finalize().into_bytes();
        id.extend(mark.into_iter().take(Self::MARK_BYTES));
        Some(PublicKeyCredentialDescriptorJson {
            r#type: PublicKeyCredentialType::PublicKey,
            id: CredentialId::try_from(&id[..]).ok()?,
            transports: shape.transports.clone(),
        })
    }

    /// Whether it is the ID of a decoy, for any name. The client has it from us, because no one can make one without the secret,
    /// so the response is that for a real credential.
    pub(crate) fn is_decoy(&self, id: &CredentialId) -> bool {
        let bytes = id.as_bytes();
        bytes.len() >= DecoyShape::MIN_ID_BYTES
            && bytes
                .split_last_chunk::<{ Self::MARK_BYTES }>()
                .is_some_and(|(before, mark)| self.mark(before).verify_truncated_left(mark).is_ok())
    }

    fn mark(&self, before: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.keyed(b"mark");
        mac.update(before);
        mac
    }

    /// The user handle of a decoy if no name was given: always the same one.
    pub(crate) fn owner(&self, id: &CredentialId) -> UserHandle {
        self.handle(b"owner", id.as_bytes())
    }

    /// The record of a decoy. A response is verified with it step by step like any other, up to the signature, which no one
    /// can make, and at the cost of its algorithm.
    pub(crate) fn record(&self, id: &CredentialId, user_handle: &UserHandle) -> CredentialRecord {
        let mut bytes = self.stream(b"record", id.as_bytes());
        // Half of the decoys change their eligibility in a forged response, as real passkeys would.
        let eligible = bytes.next().is_some_and(|byte| byte & 1 == 1);
        let algorithms = self.algorithms.get(&id.as_bytes().len()).into_iter().flatten();
        let algorithm = choose(algorithms.map(|&(algorithm, weight)| (algorithm, weight)), &mut bytes);
        let key = self.keys.of(algorithm.unwrap_or(Algorithm::Es256));
        let mut record = CredentialRecord::imported(id.clone(), &key, user_handle.clone());
        record.backup_eligible = Some(eligible);
        record
    }

    fn keyed(&self, purpose: &'static [u8]) -> Hmac<Sha256> {
        let mut keyed = self.mac.clone();
        keyed.update(b"rp decoy 1\0");
        keyed.update(purpose);
        keyed.update(b"\0");
        keyed
    }

    /// The user handle that the secret gives an input.
    fn handle(&self, purpose: &'static [u8], input: &[u8]) -> UserHandle {
        let mut bytes = [0; UserHandle::MAX_LEN];
        for (byte, drawn) in bytes.iter_mut().zip(self.stream(purpose, input)) {
            *byte = drawn;
        }
        bytes.into()
    }

    /// An endless stream of bytes: HMAC-SHA256 of the purpose, a counter and the input.
    fn stream(&self, purpose: &'static [u8], input: &[u8]) -> impl Iterator<Item = u8> {
        let keyed = self.keyed(purpose);
        let input = input.to_vec();
        (0_u32..).flat_map(move |block| {
            let mut mac = keyed.clone();
            mac.update(&block.to_be_bytes());
            mac.update(&input);
            mac.finalize().into_bytes()
        })
    }
}

/// The credentials of a user as options list them if a username was given: in an order that reveals nothing, and without
/// transports that only one client reports. If the client reported none, all are listed, which says as much.
pub(crate) fn descriptors(
    mut list: Vec<PublicKeyCredentialDescriptorJson>,
) -> Vec<PublicKeyCredentialDescriptorJson> {
    for descriptor in &mut list {
        descriptor.transports = known_transports(&descriptor.transports);
    }
    sort(&mut list);
    list
}

fn sort(list: &mut [PublicKeyCredentialDescriptorJson]) {
    list.sort_by(|one, other| one.id.cmp(&other.id));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoys(secret: u8) -> Decoys {
        Decoys::new(&[secret; 32], DecoyProfile::default()).unwrap()
    }

    #[test]
    fn a_secret_under_32_bytes_is_rejected() {
        for got in [0, 31] {
            let error = Decoys::new(&vec![7; got], DecoyProfile::default()).unwrap_err();
            assert_eq!(error, DecoyError::SecretTooShort { got });
        }
        assert!(Decoys::new(&[7; 32], DecoyProfile::default()).is_ok());
    }

    #[test]
    fn decoys_are_stable_for_a_name_and_differ_between_names_and_secrets() {
        assert_eq!(decoys(1).descriptors("kim", None), decoys(1).descriptors("kim", None));
        assert_eq!(decoys(1).user_handle("kim"), decoys(1).user_handle("kim"));
        assert_ne!(decoys(1).descriptors("kim", None), decoys(1).descriptors("kam", None));
        assert_ne!(decoys(1).descriptors("kim", None), decoys(2).descriptors("kim", None));
        assert_ne!(decoys(1).user_handle("kim"), decoys(2).user_handle("kim"));
    }

    #[test]
    fn decoys_take_every_shape_and_number_and_are_in_order() {
        let decoys = decoys(1);
        let (mut counts, mut lengths) = ([0; 4], std::collections::BTreeSet::new());
        for name in 0..1_000 {
            let list = decoys.descriptors(&name.to_string(), Some(20));
            counts[list.len()] += 1;
            lengths.extend(list.iter().map(|descriptor| descriptor.id.as_bytes().len()));
            assert!(list.is_sorted_by(|one, other| one.id < other.id));
            assert!(list.iter().all(|descriptor| !descriptor.transports.is_empty()));
        }
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [16, 20, 32, 48, 64]);
        assert_eq!(counts[0], 0);
        assert!(counts[1] > counts[2] && counts[2] > counts[3] && counts[3] > 0, "{counts:?}");
    }

    #[test]
    fn decoys_are_recognised_only_with_the_secret() {
        for name in 0..100 {
            for descriptor in decoys(1).descriptors(&name.to_string(), None) {
                assert!(decoys(1).is_decoy(&descriptor.id));
                assert!(!decoys(2).is_decoy(&descriptor.id));
                for at in [0, descriptor.id.as_bytes().len() - 1] {
                    let mut other = descriptor.id.as_bytes().to_vec();
                    other[at] ^= 1;
                    assert!(!decoys(1).is_decoy(&CredentialId::try_from(&other[..]).unwrap()), "{at}");
                }
            }
        }
        for short in [&[7; 1][..], &[7; 8], &[7; 15]] {
            assert!(!decoys(1).is_decoy(&CredentialId::try_from(short).unwrap()));
        }
    }

    #[test]
    fn decoys_are_no_more_than_a_user_may_have() {
        for name in 0..100 {
            assert_eq!(decoys(1).descriptors(&name.to_string(), Some(1)).len(), 1);
        }
    }

    #[test]
    fn real_credentials_are_listed_with_known_transports_only() {
        let mut record = decoys(1)
            .record(&CredentialId::try_from(&[1][..]).unwrap(), &UserHandle::try_from(&[1][..]).unwrap());
        record.transports = ["usb", "telepathy", "nfc", "usb"].map(str::to_owned).to_vec();
        assert_eq!(descriptors(vec![(&record).into()])[0].transports, ["nfc", "usb"]);
        record.transports.clear();
        assert_eq!(descriptors(vec![(&record).into()])[0].transports, known_transports(&[]));
        assert_eq!(known_transports(&[]).len(), 6);
    }

    #[test]
    fn decoys_have_keys_of_each_algorithm_of_the_mix() {
        let decoys = decoys(1);
        let mut algorithms = std::collections::BTreeMap::new();
        for name in 0..1_000 {
            for descriptor in decoys.descriptors(&name.to_string(), None) {
                let record = decoys.record(&descriptor.id, &decoys.owner(&descriptor.id));
                let key = rp_core::cose::PublicKey::from_cose(&record.public_key).unwrap();
                *algorithms.entry(key.algorithm().id()).or_insert(0) += 1;
            }
        }
        // Of a weight of 16: RS256 2, EdDSA 1, ES256 13.
        let total: i32 = algorithms.values().sum();
        let share = |id: i64| f64::from(algorithms[&id]) / f64::from(total);
        assert!((share(-257) - 2.0 / 16.0).abs() < 0.03, "{algorithms:?}");
        assert!((share(-8) - 1.0 / 16.0).abs() < 0.03, "{algorithms:?}");
        assert!((share(-7) - 13.0 / 16.0).abs() < 0.03, "{algorithms:?}");
    }
}
