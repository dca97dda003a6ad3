//! Decoys: the credentials that options list for unknown usernames ([section 14.6.2]).
//!
//! [section 14.6.2]: https://www.w3.org/TR/webauthn-3/#sctn-username-enumeration

use hmac::{Hmac, KeyInit, Mac};
use rp_core::options::{PublicKeyCredentialDescriptorJson, PublicKeyCredentialType};
use rp_core::{Algorithm, CredentialId, CredentialRecord, UserHandle};
use sha2::Sha256;

/// The visible properties of one kind of credential: the length of its ID and its transports in options, and the algorithm of
/// its key, which affects the response time.
///
/// The default shapes are those of common authenticators. If your users have others, such as one model of security key,
/// configure your own shapes, so that decoys are indistinguishable. Do not change them afterwards: decoys would change, and the
/// credentials of users would not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecoyShape {
    /// The length of the credential ID, in bytes: 16 to 1023.
    pub id_len: usize,
    /// The transports.
    pub transports: Vec<String>,
    /// The algorithm: ES256, EdDSA or RS256; for another one the time of ES256 is spent.
    pub algorithm: Algorithm,
    /// How common the shape is, relative to the others.
    pub weight: u8,
}

impl DecoyShape {
    /// A shape.
    #[must_use]
    pub fn new(id_len: usize, transports: &[&str], algorithm: Algorithm, weight: u8) -> Self {
        let transports = transports.iter().map(|&transport| transport.to_owned()).collect();
        Self { id_len, transports, algorithm, weight }
    }

    /// The passkeys of common platforms and password managers, and a few security keys.
    #[must_use]
    pub fn default_mix() -> Vec<Self> {
        vec![
            Self::new(20, &["hybrid", "internal"], Algorithm::Es256, 5),
            Self::new(16, &["hybrid", "internal"], Algorithm::Es256, 5),
            Self::new(32, &["internal"], Algorithm::Es256, 2),
            // Windows Hello
            Self::new(32, &["internal"], Algorithm::Rs256, 2),
            Self::new(48, &["nfc", "usb"], Algorithm::EdDsa, 1),
            Self::new(64, &["usb"], Algorithm::Es256, 1),
        ]
    }
}

/// An error in the configuration of decoys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecoyError {
    /// The secret is too short: decoys that anyone can compute are recognisable.
    #[error("the secret has {got} bytes; decoys need at least {min}", min = Decoys::MIN_SECRET_BYTES)]
    SecretTooShort {
        /// The length in bytes.
        got: usize,
    },
    /// No shape has a weight, or an ID is shorter than 16 bytes or longer than 1023.
    #[error("decoys need shapes with a weight, and IDs of {min} to 1023 bytes", min = Decoys::MIN_ID_BYTES)]
    Shapes,
}

/// Derives the credentials of unknown usernames from the secret: the same ones each time for a name. Without the secret they
/// cannot be distinguished from real ones; with it they can, because an ID ends in an authentication code of the rest.
pub(crate) struct Decoys {
    mac: Hmac<Sha256>,
    shapes: Vec<DecoyShape>,
    keys: DecoyKeys,
}

impl std::fmt::Debug for Decoys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoys").field("shapes", &self.shapes).finish_non_exhaustive()
    }
}

impl Decoys {
    /// The length that HMAC-SHA256 makes full use of.
    pub(crate) const MIN_SECRET_BYTES: usize = 32;
    /// The minimum length of credential IDs (section 4), which leaves room for the code.
    const MIN_ID_BYTES: usize = 16;
    /// The length of the code: a real ID ends in the right one with a probability of 2^-64.
    const MARK_BYTES: usize = 8;

    pub(crate) fn new(secret: &[u8], shapes: Vec<DecoyShape>) -> Result<Self, DecoyError> {
        if secret.len() < Self::MIN_SECRET_BYTES {
            return Err(DecoyError::SecretTooShort { got: secret.len() });
        }
        let total_weight: u64 = shapes.iter().map(|shape| u64::from(shape.weight)).sum();
        let in_length =
            |shape: &DecoyShape| (Self::MIN_ID_BYTES..=CredentialId::MAX_LEN).contains(&shape.id_len);
        if total_weight == 0 || !shapes.iter().all(in_length) {
            return Err(DecoyError::Shapes);
        }
        let mac =
            Hmac::new_from_slice(secret).map_err(|_| DecoyError::SecretTooShort { got: secret.len() })?;
        let shapes = shapes
            .into_iter()
            .map(|shape| DecoyShape { transports: known_transports(&shape.transports), ..shape })
            .collect();
        Ok(Self { mac, shapes, keys: DecoyKeys::new() })
    }

    /// The user handle of an unknown username.
    pub(crate) fn user_handle(&self, name_key: &str) -> UserHandle {
        self.handle(b"handle", name_key.as_bytes())
    }

    /// One to three credentials, no more than a user may have.
    pub(crate) fn descriptors(
        &self,
        name_key: &str,
        max: Option<usize>,
    ) -> Vec<PublicKeyCredentialDescriptorJson> {
        let mut bytes = self.stream(b"credentials", name_key.as_bytes());
        // Most users have one passkey, some two, few three.
        let count = match bytes.next().unwrap_or(0) {
            0..=159 => 1,
            160..=223 => 2,
            _ => 3,
        };
        let count = count.min(max.unwrap_or(count)).max(1);
        let mut list: Vec<_> = (0..count).filter_map(|_| self.descriptor(&mut bytes)).collect();
        sort(&mut list);
        list
    }

    fn descriptor(&self, bytes: &mut impl Iterator<Item = u8>) -> Option<PublicKeyCredentialDescriptorJson> {
        let shape = choose(self.shapes.iter(), bytes)?;
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
        bytes.len() >= Self::MIN_ID_BYTES
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
        let len = id.as_bytes().len();
        let shape = choose(self.shapes.iter().filter(|shape| shape.id_len == len), &mut bytes);
        let key = self.keys.of(shape.map(|shape| shape.algorithm));
        let mut record = CredentialRecord::imported(id.clone(), key, user_handle.clone());
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

/// One of the shapes, by weight.
fn choose<'a>(
    shapes: impl Iterator<Item = &'a DecoyShape> + Clone,
    bytes: &mut impl Iterator<Item = u8>,
) -> Option<&'a DecoyShape> {
    let draw = bytes.by_ref().take(8).fold(0_u64, |draw, byte| (draw << 8) | u64::from(byte));
    let total = shapes.clone().map(|shape| u64::from(shape.weight)).sum();
    let mut rest = draw.checked_rem(total)?;
    for shape in shapes {
        match rest.checked_sub(u64::from(shape.weight)) {
            Some(left) => rest = left,
            None => return Some(shape),
        }
    }
    None
}

/// Public keys whose private keys no one has, one for each algorithm that a relying party offers by default: a signature
/// takes as long to verify as that of a real key.
#[derive(Clone)]
struct DecoyKeys {
    eddsa: Vec<u8>,
    rs256: Vec<u8>,
}

impl DecoyKeys {
    fn new() -> Self {
        Self { eddsa: eddsa_key(), rs256: rs256_key() }
    }

    fn of(&self, algorithm: Option<Algorithm>) -> &[u8] {
        match algorithm {
            Some(Algorithm::EdDsa) => &self.eddsa,
            Some(Algorithm::Rs256) => &self.rs256,
            _ => &ES256_KEY,
        }
    }
}

/// The first of the hashes of `rp decoy key`, the algorithm and a counter that is the encoding of a point of Ed25519.
fn eddsa_key() -> Vec<u8> {
    let head = [
        0xa4, // map(4)
        0x01, 0x01, // kty: OKP
        0x03, 0x27, // alg: EdDSA
        0x20, 0x06, // crv: Ed25519
        0x21, 0x58, 0x20, // x
    ];
    let keys = (0_u8..=u8::MAX).map(|counter| {
        let x = rp_core::crypto::sha256(&[b"rp decoy key eddsa", &[counter]]);
        [&head[..], &x].concat()
    });
    // Half of the candidates are points, so the last one is never reached.
    let mut valid = keys.filter(|key| rp_core::cose::PublicKey::from_cose(key).is_ok());
    valid.next().unwrap_or_default()
}

/// A modulus of 2048 bits from the hashes of `rp decoy key`, the algorithm and a counter, made odd. Its factors are unknown;
/// knowing them would gain nothing, because a response that verifies is rejected all the same.
fn rs256_key() -> Vec<u8> {
    let head = [
        0xa4, // map(4)
        0x01, 0x03, // kty: RSA
        0x03, 0x39, 0x01, 0x00, // alg: RS256
        0x20, 0x59, 0x01, 0x00, // n, 256 bytes
    ];
    let mut modulus: Vec<u8> =
        (0_u8..8).flat_map(|counter| rp_core::crypto::sha256(&[b"rp decoy key rs256", &[counter]])).collect();
    if let [first, .., last] = &mut modulus[..] {
        *first |= 0x80;
        *last |= 0x01;
    }
    let exponent = [0x21, 0x43, 0x01, 0x00, 0x01]; // e: 65537
    [&head[..], &modulus, &exponent].concat()
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

/// The known transports among these, each once and in a fixed order; all known transports if none matches.
fn known_transports(reported: &[String]) -> Vec<String> {
    let select = |is_in: &dyn Fn(&str) -> bool| {
        TRANSPORTS.iter().filter(|known| is_in(known)).map(|&known| known.to_owned()).collect::<Vec<_>>()
    };
    let known = select(&|known| reported.iter().any(|transport| transport == known));
    if known.is_empty() { select(&|_| true) } else { known }
}

/// `AuthenticatorTransport` (5.8.4).
const TRANSPORTS: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

/// A point of P-256 whose private key no one has: x is the SHA-256 hash of `rp decoy key 2`, the first in that sequence that is
/// on the curve, and y is the even one.
const ES256_KEY: [u8; 77] = [
    0xa5, // map(5)
    0x01, 0x02, // kty: EC2
    0x03, 0x26, // alg: ES256
    0x20, 0x01, // crv: P-256
    0x21, 0x58, 0x20, // x
    0xbb, 0x2d, 0x3f, 0x27, 0x3d, 0xcc, 0xfe, 0x4f, 0x6e, 0xf4, 0xfc, 0xa0, 0x86, 0xb2, 0x7a, 0x21, 0xdc,
    0x2a, 0x18, 0x57, 0x3e, 0xb1, 0xbb, 0x8b, 0x4e, 0x07, 0xfc, 0xd6, 0xa2, 0xae, 0x27, 0x6d, //
    0x22, 0x58, 0x20, // y
    0x0a, 0xdc, 0x25, 0x4d, 0xf7, 0xe0, 0xb4, 0x7e, 0x2e, 0xac, 0x01, 0x3a, 0xe7, 0xd3, 0x73, 0xad, 0xd7,
    0x63, 0x78, 0x7c, 0x9c, 0xf4, 0xf9, 0x69, 0x7e, 0x67, 0x5c, 0x18, 0xa0, 0xa3, 0x88, 0x48,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn decoys(secret: u8) -> Decoys {
        Decoys::new(&[secret; 32], DecoyShape::default_mix()).unwrap()
    }

    #[test]
    fn a_secret_under_32_bytes_is_rejected() {
        for got in [0, 31] {
            let error = Decoys::new(&vec![7; got], DecoyShape::default_mix()).unwrap_err();
            assert_eq!(error, DecoyError::SecretTooShort { got });
        }
        assert!(Decoys::new(&[7; 32], DecoyShape::default_mix()).is_ok());
    }

    #[test]
    fn shapes_that_no_credential_can_have_are_rejected() {
        for (id_len, weight) in [(16, 0), (0, 1), (15, 1), (1024, 1)] {
            let shapes = vec![DecoyShape::new(id_len, &[], Algorithm::Es256, weight)];
            assert_eq!(Decoys::new(&[7; 32], shapes).unwrap_err(), DecoyError::Shapes);
        }
        assert_eq!(Decoys::new(&[7; 32], vec![]).unwrap_err(), DecoyError::Shapes);
        assert!(Decoys::new(&[7; 32], vec![DecoyShape::new(16, &[], Algorithm::Es256, 1)]).is_ok());
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
        assert_eq!(descriptors(vec![(&record).into()])[0].transports, TRANSPORTS);
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
