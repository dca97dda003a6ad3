//! Hashes, and comparison in constant time.

use core::fmt;
use core::ops::Deref;

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-1, for names in TPM structures and for key identifiers. It does not resist collisions.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The hash of the concatenated parts.
    #[must_use]
    pub fn digest(self, parts: &[&[u8]]) -> Digest {
        match self {
            Self::Sha1 => Digest::new(&of::<Sha1>(parts)),
            Self::Sha256 => Digest::new(&of::<Sha256>(parts)),
            Self::Sha384 => Digest::new(&of::<Sha384>(parts)),
            Self::Sha512 => Digest::new(&of::<Sha512>(parts)),
        }
    }
}

fn of<D: sha2::Digest>(parts: &[&[u8]]) -> impl AsRef<[u8]> {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    AsBytes(hash.finalize())
}

/// The output of `finalize`, which derefs to bytes.
struct AsBytes<T>(T);

impl<T: Deref<Target = [u8]>> AsRef<[u8]> for AsBytes<T> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The output of a hash function.
#[derive(Clone, Copy)]
pub struct Digest {
    bytes: [u8; 64],
    len: usize,
}

impl Digest {
    fn new(hash: &impl AsRef<[u8]>) -> Self {
        let mut bytes = [0; 64];
        let hash = hash.as_ref();
        for (to, from) in bytes.iter_mut().zip(hash) {
            *to = *from;
        }
        Self { bytes, len: hash.len() }
    }
}

impl Deref for Digest {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Digest {}

impl PartialEq<[u8]> for Digest {
    fn eq(&self, other: &[u8]) -> bool {
        **self == *other
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(")?;
        for byte in &**self {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

/// SHA-256 of the concatenated parts.
///
/// # Examples
/// ```
/// use rp_core::crypto::sha256;
///
/// assert_eq!(sha256(&[b"example", b".org"]), sha256(&[b"example.org"]));
/// ```
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Whether two byte strings are equal, in a time that depends only on their lengths.
///
/// Use it for values that an attacker could learn from timing, such as a challenge.
#[must_use]
pub fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// Reads the message in one piece, for schemes that read it twice and for back ends that take it so.
#[cfg(any(
    feature = "eddsa",
    feature = "ed448",
    feature = "ml-dsa",
    feature = "aws-lc-rs",
    all(feature = "graviola", feature = "_rsa")
))]
pub(super) fn contiguous<T>(message: &[&[u8]], read: impl FnOnce(&[u8]) -> T) -> T {
    /// Longer than authenticator data with a hash, unless they have extension outputs.
    const SHORT: usize = 512;
    if let [whole] = message {
        return read(whole);
    }
    let mut buffer = [0; SHORT];
    let mut rest = &mut buffer[..];
    for part in message {
        match rest.split_off_mut(..part.len()) {
            Some(place) => place.copy_from_slice(part),
            None => return read(&message.concat()),
        }
    }
    let len = SHORT.saturating_sub(rest.len());
    read(buffer.get(..len).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn hashes_of_abc_are_those_of_fips_180() {
        let abc: &[&[u8]] = &[b"a", b"", b"bc"];
        let hex = |hash: Hash| format!("{:?}", hash.digest(abc));
        assert_eq!(hex(Hash::Sha1), "Digest(a9993e364706816aba3e25717850c26c9cd0d89d)");
        assert_eq!(
            hex(Hash::Sha256),
            "Digest(ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad)"
        );
        assert!(hex(Hash::Sha384).starts_with("Digest(cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"));
        assert!(hex(Hash::Sha512).starts_with("Digest(ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"));
        assert_eq!(sha256(abc), *Hash::Sha256.digest(abc));
        for (hash, len) in [(Hash::Sha1, 20), (Hash::Sha256, 32), (Hash::Sha384, 48), (Hash::Sha512, 64)] {
            assert_eq!(hash.digest(abc).len(), len);
        }
    }

    #[test]
    #[cfg(any(feature = "eddsa", feature = "ed448", feature = "ml-dsa"))]
    fn a_message_of_any_length_is_read_in_one_piece() {
        for len in [0, 1, 255, 256, 257, 300, 2_000] {
            let (one, other) = (alloc::vec![1; len], alloc::vec![2; len]);
            let whole = [&one[..], &other].concat();
            assert!(contiguous(&[&one, &[], &other], |message| *message == *whole), "{len}");
            assert!(contiguous(&[&whole], |message| *message == *whole), "{len}");
        }
        assert!(contiguous(&[], <[u8]>::is_empty));
    }

    #[test]
    fn constant_time_equality_is_equality() {
        assert!(constant_time_eq(b"", b"") && constant_time_eq(b"same", b"same"));
        assert!(!constant_time_eq(b"same", b"sane") && !constant_time_eq(b"same", b"samer"));
    }
}
