//! The keys of recently used credentials.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::encoded_key::PublicKeyError;
use super::public_key::PublicKey;
use crate::cache::Cache;

/// Keys that verified a signature, by their COSE_Key: parsed, checked, and prepared for their back end.
#[derive(Debug)]
pub(crate) struct KeyCache(Cache<Box<[u8]>, Arc<PublicKey>>);

/// A key, and whether it is in the cache.
pub(crate) struct CredentialKey {
    pub(crate) key: Arc<PublicKey>,
    is_kept: bool,
}

impl KeyCache {
    /// The default capacity: the users of a few minutes at a large site. An entry has some 2 KB.
    pub(crate) const CAPACITY: usize = 1024;

    /// A cache of at most this many keys, rounded up to an even number; with 0 it is always empty.
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// The key of a COSE_Key, from the cache or parsed.
    pub(crate) fn find(&self, cose: &[u8]) -> Result<CredentialKey, PublicKeyError> {
        match self.0.get(cose) {
            Some(key) => Ok(CredentialKey { key, is_kept: true }),
            None => Ok(CredentialKey { key: Arc::new(PublicKey::from_cose(cose)?), is_kept: false }),
        }
    }

    /// Keeps a key that verified a signature. Others are not kept, so that requests without the authenticator cannot
    /// displace the keys of users.
    pub(crate) fn keep(&self, cose: &[u8], CredentialKey { key, is_kept }: CredentialKey) {
        if !is_kept && !self.0.is_off() {
            self.0.insert(cose.into(), key);
        }
    }
}

#[cfg(test)]
#[cfg(all(feature = "std", feature = "eddsa"))]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::base64url;

    /// An Ed25519 key.
    fn cose(point: &str) -> Vec<u8> {
        let head = [
            0xa4, /* kty */ 1, /* OKP */ 1, /* alg */ 3, /* EdDSA */ 0x27,
            /* crv */ 0x20, 6, 0x21, 0x58, 32,
        ];
        [&head[..], &base64url::decode(point).unwrap()].concat()
    }

    #[test]
    fn a_key_is_parsed_until_it_is_kept() {
        let cose = cose("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let cache = KeyCache::new(4);
        let first = cache.find(&cose).unwrap();
        assert!(!first.is_kept && !cache.find(&cose).unwrap().is_kept);
        let kept = Arc::clone(&first.key);
        cache.keep(&cose, first);
        let again = cache.find(&cose).unwrap();
        assert!(again.is_kept && Arc::ptr_eq(&again.key, &kept));
        // A key of other bytes, also if they encode the same key
        let longer = [&[0xb8, 0x04], cose.get(1..).unwrap()].concat();
        let other = cache.find(&longer).unwrap();
        assert!(!other.is_kept && *other.key == *kept);
        assert!(cache.find(cose.get(1..).unwrap()).is_err());
    }

    #[test]
    fn a_cache_without_capacity_keeps_no_key() {
        let cose = cose("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let cache = KeyCache::new(0);
        cache.keep(&cose, cache.find(&cose).unwrap());
        assert!(!cache.find(&cose).unwrap().is_kept);
    }
}
