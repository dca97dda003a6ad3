use std::time::{Duration, Instant};

use rp_core::cose::PublicKey;
use rp_core::crypto::{self, Scheme};

use super::statistics::quantile;
use crate::authenticator::{Algorithm, KeyPair, Seed};
use crate::connection::Failure;

/// The median time of a signature check alone: ES256, with a key that is ready, by the back end that the sites use.
pub(super) fn signature_check() -> Result<Duration, Failure> {
    let pair = KeyPair::derive(Algorithm::Es256, &Seed::new("load"), "credential");
    let key = PublicKey::from_cose(&pair.public().cose(Algorithm::Es256).encode())?;
    let scheme = Scheme::for_algorithm(key.algorithm());
    let message = [7; SIGNED_BYTES];
    let signature = pair.sign(&message);
    let mut times = Vec::with_capacity(CHECKS);
    for _ in 0..CHECKS {
        let started_at = Instant::now();
        crypto::verify(key.key(), scheme, &[&message], &signature)?;
        times.push(started_at.elapsed());
    }
    times.sort_unstable();
    Ok(quantile(&times, 50))
}

/// Authenticator data without extensions, and a hash.
const SIGNED_BYTES: usize = 37 + 32;
/// Enough for a median; less than a tenth of a second.
const CHECKS: usize = 501;
