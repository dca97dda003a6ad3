//! Options for usernames that nobody has ([section 14.6.2]): credentials that look like somebody's.
//!
//! [section 14.6.2]: https://www.w3.org/TR/webauthn-3/#sctn-username-enumeration

use hmac::{Hmac, KeyInit, Mac};
use rp_core::options::{PublicKeyCredentialDescriptorJson, PublicKeyCredentialType};
use rp_core::{
    Aaguid, AttestationType, CredentialId, CredentialRecord, Format, StoredAttestation, UserHandle,
    base64url::Bytes,
};
use sha2::Sha256;

/// How a kind of credential looks in options: the length of its ID, and its transports.
///
/// The default shapes are those of the authenticators that people mostly have. A site whose accounts hold
/// something else, such as one model of security key, names its own, lest decoys stand out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecoyShape {
    /// The length of the credential ID, in bytes: 16 to 1023.
    pub id_len: usize,
    /// The transports.
    pub transports: Vec<String>,
    /// How common it is beside the others.
    pub weight: u8,
}

impl DecoyShape {
    /// A shape.
    #[must_use]
    pub fn new(id_len: usize, transports: &[&str], weight: u8) -> Self {
        Self { id_len, transports: transports.iter().map(|&word| word.to_owned()).collect(), weight }
    }

    /// Passkeys of the big platforms and password managers, and a few security keys.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        vec![
            Self::new(20, &["hybrid", "internal"], 5),
            Self::new(16, &["hybrid", "internal"], 5),
            Self::new(32, &["internal"], 4),
            Self::new(48, &["nfc", "usb"], 1),
            Self::new(64, &["usb"], 1),
        ]
    }
}

/// What was configured wrongly about decoys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecoyError {
    /// The secret could be guessed: decoys that anybody can compute give themselves away.
    #[error("the secret has {got} bytes; decoys need at least {min}", min = Decoys::MIN_SECRET_BYTES)]
    SecretTooShort {
        /// How many bytes it has.
        got: usize,
    },
    /// There is no shape that a decoy could have, or one has an ID under 16 bytes, or over 1023.
    #[error("decoys need shapes with a weight, and IDs of {min} to 1023 bytes", min = Decoys::MIN_ID_BYTES)]
    Shapes,
}

/// Makes credentials for usernames that nobody has: always the same ones for a name, and nobody without the
/// secret can tell them from somebody's. Who has it can: an ID ends in a code over what stands before.
pub(crate) struct Decoys {
    mac: Hmac<Sha256>,
    shapes: Vec<DecoyShape>,
    total_weight: u64,
}

impl std::fmt::Debug for Decoys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoys").field("shapes", &self.shapes).finish_non_exhaustive()
    }
}

impl Decoys {
    /// What HMAC-SHA256 makes full use of.
    pub(crate) const MIN_SECRET_BYTES: usize = 32;
    /// What authenticators must make at least (section 4, "Credential ID"), and room for the mark.
    const MIN_ID_BYTES: usize = 16;
    /// At the end of an ID: one that somebody's credential ends in by chance once in 2^64.
    const MARK_BYTES: usize = 8;

    pub(crate) fn new(secret: &[u8], shapes: Vec<DecoyShape>) -> Result<Self, DecoyError> {
        if secret.len() < Self::MIN_SECRET_BYTES {
            return Err(DecoyError::SecretTooShort { got: secret.len() });
        }
        let total_weight = shapes.iter().map(|shape| u64::from(shape.weight)).sum();
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
        Ok(Self { mac, shapes, total_weight })
    }

    /// The user handle of the account that does not exist.
    #[expect(clippy::expect_used, reason = "the stream has no end, so 64 bytes are taken")]
    pub(crate) fn user_handle(&self, name_key: &str) -> UserHandle {
        let bytes: Vec<u8> = self.stream(b"handle", name_key.as_bytes()).take(UserHandle::MAX_LEN).collect();
        UserHandle::try_from(bytes.as_slice()).expect("64 bytes are a user handle")
    }

    /// One to three credentials, no more than accounts may hold.
    pub(crate) fn descriptors(
        &self,
        name_key: &str,
        max: Option<usize>,
    ) -> Vec<PublicKeyCredentialDescriptorJson> {
        let mut bytes = self.stream(b"credentials", name_key.as_bytes());
        // Most people have one passkey, some two, few three.
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
        let draw = bytes.by_ref().take(8).fold(0_u64, |draw, byte| (draw << 8) | u64::from(byte));
        let mut left = draw.checked_rem(self.total_weight)?;
        let shape = self.shapes.iter().find(|shape| match left.checked_sub(u64::from(shape.weight)) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        })?;
        let mut id: Vec<u8> = bytes.take(shape.id_len.checked_sub(Self::MARK_BYTES)?).collect();
        let mark = self.mark(&id).finalize().into_bytes();
        id.extend(mark.into_iter().take(Self::MARK_BYTES));
        Some(PublicKeyCredentialDescriptorJson {
            r#type: PublicKeyCredentialType::PublicKey,
            id: CredentialId::try_from(&id[..]).ok()?,
            transports: shape.transports.clone(),
        })
    }

    /// Whether it is the ID of a decoy, for whatever name. Whoever sends it has it from us, so it is answered as
    /// somebody's would be; nobody without the secret can make another.
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

    /// Whose a decoy is where no name was given: nobody's, and always the same one's.
    #[expect(clippy::expect_used, reason = "the stream has no end, so 64 bytes are taken")]
    pub(crate) fn owner(&self, id: &CredentialId) -> UserHandle {
        let bytes: Vec<u8> = self.stream(b"owner", id.as_bytes()).take(UserHandle::MAX_LEN).collect();
        UserHandle::try_from(bytes.as_slice()).expect("64 bytes are a user handle")
    }

    /// A record for a credential that nobody has, so that a response to a decoy is judged step by step like
    /// any other, up to the signature, which nobody can make.
    pub(crate) fn record(&self, id: &CredentialId, user_handle: &UserHandle) -> CredentialRecord {
        let eligible = self.stream(b"backup", id.as_bytes()).next().is_some_and(|byte| byte & 1 == 1);
        CredentialRecord {
            id: id.clone(),
            user_handle: user_handle.clone(),
            public_key: Bytes::from(&NOBODYS_KEY[..]),
            sign_count: 0,
            uv_initialized: false,
            transports: Vec::new(),
            // Half of all decoys change their eligibility in the eyes of whoever forges a response, as
            // somebody's passkeys would.
            backup_eligible: Some(eligible),
            backup_state: false,
            attestation_object: None,
            attestation_client_data_json: None,
            rp_id: None,
            aaguid: Aaguid::ZERO,
            attestation: StoredAttestation {
                format: Format::None,
                r#type: AttestationType::None,
                trusted: false,
            },
        }
    }

    /// A key for another use of the same secret: HMAC in counter mode, kept apart by its purpose.
    pub(crate) fn derived_key(&self, purpose: &str) -> [u8; 64] {
        let mut key = [0; 64];
        key.iter_mut().zip(self.stream(b"key", purpose.as_bytes())).for_each(|(to, from)| *to = from);
        key
    }

    fn keyed(&self, purpose: &'static [u8]) -> Hmac<Sha256> {
        let mut keyed = self.mac.clone();
        keyed.update(b"rp decoy 1\0");
        keyed.update(purpose);
        keyed.update(b"\0");
        keyed
    }

    /// As many bytes as asked for: HMAC-SHA256 over the purpose, a counter and the input.
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

/// Somebody's credentials as options list them where a username was given: in an order that tells nothing, and
/// without words that only one client writes. Where the client told no transport, all are named, which says as
/// much.
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

/// The known words among these, each once and in one order; all of them where there is none.
fn known_transports(words: &[String]) -> Vec<String> {
    let of = |is_in: &dyn Fn(&str) -> bool| {
        TRANSPORTS.iter().filter(|word| is_in(word)).map(|&word| word.to_owned()).collect::<Vec<_>>()
    };
    let known = of(&|word| words.iter().any(|told| told == word));
    if known.is_empty() { of(&|_| true) } else { known }
}

/// `AuthenticatorTransport` (5.8.4).
const TRANSPORTS: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

/// A point of P-256 whose private key nobody has: x is SHA-256 of `rp decoy key 2`, the first in that row that
/// is on the curve, and y the even one.
const NOBODYS_KEY: [u8; 77] = [
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
        Decoys::new(&[secret; 32], DecoyShape::usual()).unwrap()
    }

    #[test]
    fn a_secret_under_32_bytes_is_refused() {
        for got in [0, 31] {
            let error = Decoys::new(&vec![7; got], DecoyShape::usual()).unwrap_err();
            assert_eq!(error, DecoyError::SecretTooShort { got });
        }
        assert!(Decoys::new(&[7; 32], DecoyShape::usual()).is_ok());
    }

    #[test]
    fn shapes_that_no_credential_can_have_are_refused() {
        for (id_len, weight) in [(16, 0), (0, 1), (15, 1), (1024, 1)] {
            let shapes = vec![DecoyShape::new(id_len, &[], weight)];
            assert_eq!(Decoys::new(&[7; 32], shapes).unwrap_err(), DecoyError::Shapes);
        }
        assert_eq!(Decoys::new(&[7; 32], vec![]).unwrap_err(), DecoyError::Shapes);
        assert!(Decoys::new(&[7; 32], vec![DecoyShape::new(16, &[], 1)]).is_ok());
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
    fn decoys_are_known_by_whoever_has_the_secret_alone() {
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
    fn decoys_are_no_more_than_an_account_may_hold() {
        for name in 0..100 {
            assert_eq!(decoys(1).descriptors(&name.to_string(), Some(1)).len(), 1);
        }
    }

    #[test]
    fn somebodys_credentials_are_listed_with_known_transports_alone() {
        let mut record = decoys(1)
            .record(&CredentialId::try_from(&[1][..]).unwrap(), &UserHandle::try_from(&[1][..]).unwrap());
        record.transports = ["usb", "telepathy", "nfc", "usb"].map(str::to_owned).to_vec();
        assert_eq!(descriptors(vec![(&record).into()])[0].transports, ["nfc", "usb"]);
        record.transports.clear();
        assert_eq!(descriptors(vec![(&record).into()])[0].transports, TRANSPORTS);
    }

    #[test]
    fn nobodys_key_is_a_key() {
        assert!(rp_core::cose::PublicKey::from_cose(&NOBODYS_KEY).is_ok());
    }
}
