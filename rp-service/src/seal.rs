//! Encryption at rest and sealed tokens: authenticated encryption with keys that can be rotated.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rp_core::{RandomnessError, Timestamp, base64url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::secret::Secret;

/// The keys that encrypt the secrets of second factors, and sealed tokens. The first key encrypts; all of them decrypt.
/// `Debug` prints no key.
///
/// The cipher is XChaCha20-Poly1305, whose random nonces of 192 bits do not repeat. A sealed value consists of a version (1
/// byte), the ID of the key (4 bytes), the nonce (24 bytes), the ciphertext and the tag (16 bytes). Its owner, such as a
/// user and a factor, is authenticated with it, so that it opens nowhere else.
///
/// # Rotation
/// Each server must be able to open what the others seal. Replace a key in three steps, each on every server before the
/// next:
///
/// 1. Put the new key at the end.
/// 2. Move the new key to the front.
/// 3. Remove the old key when nothing is sealed with it any more.
///
/// The secret of a factor is sealed again when the factor is used.
///
/// # Examples
/// ```
/// use rp_service::{KeyRing, Secret};
///
/// let (old, new) = ([1; 32], [2; 32]);
/// let before = KeyRing::new([Secret::from(old)])?;
/// let step_1 = KeyRing::new([Secret::from(old), Secret::from(new)])?;
/// let step_2 = KeyRing::new([Secret::from(new), Secret::from(old)])?;
///
/// // A server in one step opens what a server in the next one seals, and the other way round.
/// for (one, next) in [(&before, &step_1), (&step_1, &step_2)] {
///     one.open("letter", &[b"kim"], &next.seal("letter", &[b"kim"], b"hello")?)?;
///     next.open("letter", &[b"kim"], &one.seal("letter", &[b"kim"], b"hello")?)?;
/// }
/// // Without step 1 it would not.
/// let sealed = step_2.seal("letter", &[b"kim"], b"hello")?;
/// assert!(before.open("letter", &[b"kim"], &sealed).is_err());
///
/// let sealed = before.seal("letter", &[b"kim"], b"hello")?;
/// let opened = step_2.open("letter", &[b"kim"], &sealed)?;
/// assert_eq!((opened.plaintext.as_slice(), opened.is_current_key), (&b"hello"[..], false));
/// assert!(step_2.open("letter", &[b"sam"], &sealed).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct KeyRing {
    keys: Arc<[Key]>,
}

struct Key {
    id: [u8; KEY_ID_BYTES],
    cipher: XChaCha20Poly1305,
}

/// An opened value.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// The value.
    pub plaintext: Vec<u8>,
    /// Whether the first key sealed it. If not, seal it again.
    pub is_current_key: bool,
}

/// An error in the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The ring has no keys.
    #[error("no key")]
    Empty,
    /// A key is too short.
    #[error("key {at} has {got} bytes; the minimum is {min}", min = Secret::MIN_BYTES)]
    TooShort {
        /// The position of the key, from 0.
        at: usize,
        /// Its length in bytes.
        got: usize,
    },
}

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// It does not have the form of a sealed value.
    #[error("not a sealed value")]
    Malformed,
    /// A key that is not in the ring sealed it.
    #[error("sealed with an unknown key")]
    UnknownKey,
    /// It was changed, or belongs to something else.
    #[error("changed, or sealed for something else")]
    NotAuthentic,
    /// The token has expired.
    #[error("expired")]
    Expired,
}

impl KeyRing {
    /// Keys of at least [`Secret::MIN_BYTES`] bytes each.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Result<Self, KeyRingError> {
        let key = |(at, secret): (usize, Secret)| match secret.expose() {
            bytes if bytes.len() < Secret::MIN_BYTES => Err(KeyRingError::TooShort { at, got: bytes.len() }),
            bytes => Ok(Key::derive(bytes)),
        };
        let keys: Arc<[Key]> = secrets.into_iter().enumerate().map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(KeyRingError::Empty) } else { Ok(Self { keys }) }
    }

    /// Seals a value with the first key. `purpose` is the kind of value, and `context` what it belongs to.
    ///
    /// # Errors
    /// [`RandomnessError`].
    pub fn seal(
        &self,
        purpose: &str,
        context: &[&[u8]],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, RandomnessError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)?;
        let mut sealed = vec![VERSION];
        let Some(key) = self.keys.first() else { return Ok(sealed) };
        sealed.extend(key.id);
        sealed.extend(nonce);
        let payload = Payload { msg: plaintext, aad: &associated_data(purpose, context) };
        // The only error is a plaintext of 256 GiB.
        sealed.extend(key.cipher.encrypt(&XNonce::from(nonce), payload).unwrap_or_default());
        Ok(sealed)
    }

    /// Opens a value that was sealed for the same purpose and context.
    ///
    /// # Errors
    /// [`SealError`], but not [`SealError::Expired`].
    pub fn open(&self, purpose: &str, context: &[&[u8]], sealed: &[u8]) -> Result<Opened, SealError> {
        let (head, ciphertext) = sealed.split_at_checked(HEAD_BYTES).ok_or(SealError::Malformed)?;
        let (id, nonce) = match head.split_first() {
            Some((&VERSION, rest)) => rest.split_at_checked(KEY_ID_BYTES).ok_or(SealError::Malformed)?,
            _ => return Err(SealError::Malformed),
        };
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| SealError::Malformed)?;
        let at = self.keys.iter().position(|key| key.id == *id).ok_or(SealError::UnknownKey)?;
        let key = self.keys.get(at).ok_or(SealError::UnknownKey)?;
        let payload = Payload { msg: ciphertext, aad: &associated_data(purpose, context) };
        let plaintext =
            key.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::NotAuthentic)?;
        Ok(Opened { plaintext, is_current_key: at == 0 })
    }

    /// A token for a client: the value as JSON, sealed, with the time at which it expires, in base64url.
    ///
    /// A token can be used until it expires, any number of times. Where once matters, store that it was used.
    ///
    /// # Errors
    /// [`RandomnessError`].
    pub fn seal_token<T: Serialize>(
        &self,
        purpose: &str,
        value: &T,
        expires_at: Timestamp,
    ) -> Result<String, RandomnessError> {
        let token = Token { expires_at: expires_at.as_unix_seconds(), value };
        // A value that is not JSON becomes an empty text, which no type parses.
        let json = serde_json::to_vec(&token).unwrap_or_default();
        Ok(base64url::encode(&self.seal(purpose, &[b"token"], &json)?))
    }

    /// Opens a token that was sealed for the same purpose.
    ///
    /// # Errors
    /// [`SealError`]; [`SealError::Malformed`] also if the value is of another type.
    pub fn open_token<T: DeserializeOwned>(
        &self,
        purpose: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<T, SealError> {
        let sealed = base64url::decode(token).map_err(|_| SealError::Malformed)?;
        let opened = self.open(purpose, &[b"token"], &sealed)?;
        let token: Token<T> = serde_json::from_slice(&opened.plaintext).map_err(|_| SealError::Malformed)?;
        if now.as_unix_seconds() > token.expires_at {
            return Err(SealError::Expired);
        }
        Ok(token.value)
    }
}

#[derive(Serialize, Deserialize)]
struct Token<T> {
    expires_at: i64,
    value: T,
}

impl Key {
    /// The key of a secret. The secret may have another use, so the key is derived from it.
    fn derive(secret: &[u8]) -> Self {
        let derive = |label: &[u8]| -> [u8; 32] {
            // HMAC takes keys of any length.
            let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret) else { return [0; 32] };
            mac.update(label);
            mac.finalize().into_bytes().into()
        };
        let [first, second, third, fourth, ..] = derive(b"rp seal key id");
        let cipher = XChaCha20Poly1305::new(&derive(b"rp seal key").into());
        Self { id: [first, second, third, fourth], cipher }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys)", self.keys.len())
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened({} bytes)", self.plaintext.len())
    }
}

/// The purpose and the context, each with its length in front, so that no two of them have the same encoding.
fn associated_data(purpose: &str, context: &[&[u8]]) -> Vec<u8> {
    let mut data = Vec::new();
    for part in std::iter::once(purpose.as_bytes()).chain(context.iter().copied()) {
        data.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        data.extend(part);
    }
    data
}

/// The version of the layout.
const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;
/// Version, ID of the key, nonce.
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(bytes: &[u8]) -> KeyRing {
        KeyRing::new(bytes.iter().map(|&byte| Secret::from([byte; 32]))).unwrap()
    }

    #[test]
    fn a_value_opens_only_for_its_purpose_and_context() {
        let keys = ring(&[1]);
        let sealed = keys.seal("a", &[b"bc", b"d"], b"value").unwrap();
        assert_eq!(keys.open("a", &[b"bc", b"d"], &sealed).unwrap().plaintext, b"value");
        for (purpose, context) in
            [("b", &[&b"bc"[..], b"d"][..]), ("a", &[b"b", b"cd"]), ("a", &[b"bc"]), ("ab", &[b"c", b"d"])]
        {
            assert_eq!(keys.open(purpose, context, &sealed), Err(SealError::NotAuthentic));
        }
    }

    #[test]
    fn no_changed_bit_is_accepted() {
        let keys = ring(&[1]);
        let sealed = keys.seal("a", &[], b"value").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let error = keys.open("a", &[], &changed).unwrap_err();
            let expected = match at {
                0 => SealError::Malformed,
                1..=4 => SealError::UnknownKey,
                _ => SealError::NotAuthentic,
            };
            assert_eq!(error, expected, "byte {at}");
            let cut = keys.open("a", &[], sealed.get(..at).unwrap()).unwrap_err();
            assert_eq!(cut, if at < HEAD_BYTES { SealError::Malformed } else { SealError::NotAuthentic });
        }
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let sealed = ring(&[1]).seal("a", &[], b"value").unwrap();
        for (keys, expected) in
            [(&[1, 2][..], Ok(true)), (&[2, 1], Ok(false)), (&[2], Err(SealError::UnknownKey))]
        {
            let opened = ring(keys).open("a", &[], &sealed).map(|opened| opened.is_current_key);
            assert_eq!(opened, expected);
        }
        let again = ring(&[2, 1]).seal("a", &[], b"value").unwrap();
        assert_eq!(ring(&[1]).open("a", &[], &again), Err(SealError::UnknownKey));
    }

    #[test]
    fn the_same_value_is_sealed_differently_each_time() {
        let keys = ring(&[1]);
        assert_ne!(keys.seal("a", &[], b"value").unwrap(), keys.seal("a", &[], b"value").unwrap());
    }

    #[test]
    fn a_token_lives_through_its_last_second() {
        let (keys, at) = (ring(&[1]), Timestamp::from_unix_seconds);
        let token = keys.seal_token("a", &"value", at(10)).unwrap();
        assert_eq!(keys.open_token::<String>("a", &token, at(10)).unwrap(), "value");
        assert_eq!(keys.open_token::<String>("a", &token, at(11)), Err(SealError::Expired));
        assert_eq!(keys.open_token::<String>("b", &token, at(10)), Err(SealError::NotAuthentic));
        assert_eq!(keys.open_token::<u8>("a", &token, at(10)), Err(SealError::Malformed));
        assert_eq!(keys.open_token::<String>("a", "!", at(10)), Err(SealError::Malformed));
    }

    #[test]
    fn short_keys_and_empty_rings_are_rejected() {
        assert_eq!(KeyRing::new([]).unwrap_err(), KeyRingError::Empty);
        let error = KeyRing::new([Secret::from([1; 32]), Secret::from([1; 31])]).unwrap_err();
        assert_eq!(error.to_string(), "key 1 has 31 bytes; the minimum is 32");
        assert_eq!(format!("{:?}", ring(&[1])), "KeyRing(1 keys)");
    }
}
