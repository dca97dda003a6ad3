//! The source of every key, ID and nonce, so that tests are reproducible byte for byte.

use std::convert::Infallible;

use rsa::rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};

/// A seed: each label always gives the same bytes, and different labels give different bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The seed of this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Bytes for a label.
    pub(crate) fn bytes<const N: usize>(&self, label: &str) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream(label).fill(&mut bytes);
        bytes
    }

    /// This number of bytes for a label.
    #[must_use]
    pub fn vec(&self, label: &str, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.stream(label).fill(&mut bytes);
        bytes
    }

    /// A generator for a label.
    pub(crate) fn stream(&self, label: &str) -> Stream {
        let root = Sha256::new().chain_update(self.0).chain_update(label).finalize().into();
        Stream { root, block: 0, rest: Vec::new() }
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}

/// SHA-256 over a root and a counter: reproducible, and for tests only.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    root: [u8; 32],
    block: u64,
    rest: Vec<u8>,
}

impl Stream {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.rest.is_empty() {
                let block = Sha256::new().chain_update(self.root).chain_update(self.block.to_be_bytes());
                self.rest = block.finalize().to_vec();
                self.block = self.block.wrapping_add(1);
            }
            *byte = self.rest.pop().unwrap_or_default();
        }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Stream {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_gives_the_same_bytes_and_another_label_others() {
        let seed = Seed::new("one");
        assert_eq!(seed.bytes::<40>("a"), seed.bytes::<40>("a"));
        assert_ne!(seed.bytes::<40>("a"), seed.bytes::<40>("b"));
        assert_ne!(seed.bytes::<40>("a"), Seed::new("two").bytes::<40>("a"));
        assert_eq!(seed.vec("a", 40), seed.bytes::<40>("a"));
    }
}
