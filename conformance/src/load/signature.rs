use std::time::{Duration, Instant};

use rp_core::cose::PublicKey;
use rp_core::crypto::{self, Scheme};

use crate::authenticator::{Algorithm, KeyPair, Seed};
use crate::connection::Failure;

/// A signature check alone: ES256, with a key that is ready, by the back end that the sites use.
pub(super) struct SignatureCheck {
    key: PublicKey,
    message: [u8; SIGNED_BYTES],
    signature: Vec<u8>,
}

/// Authenticator data without extensions, and a hash.
const SIGNED_BYTES: usize = 37 + 32;

impl SignatureCheck {
    pub(super) fn new() -> Result<Self, Failure> {
        let pair = KeyPair::derive(Algorithm::Es256, &Seed::new("load"), "credential");
        let key = PublicKey::from_cose(&pair.public().cose(Algorithm::Es256).encode())?;
        let message = [7; SIGNED_BYTES];
        let signature = pair.sign(&message);
        Ok(Self { key, message, signature })
    }

    /// The time of one check.
    pub(super) fn time(&self) -> Result<Duration, Failure> {
        let scheme = Scheme::for_algorithm(self.key.algorithm());
        let started_at = Instant::now();
        crypto::verify(self.key.key(), scheme, &[&self.message], &self.signature)?;
        Ok(started_at.elapsed())
    }
}
