//! App Attest, which has its own entry point: every attestation of the software authenticator, valid and invalid.

use rp_core::attestation::{AppAttest, AppAttestEnvironment};
use rp_core::{Code, StaticAnchors, TrustAnchor};

use super::tally::Tally;
use crate::authenticator::Config;
use crate::authenticator::app_attest::{self, AppAttestFault};

const APP_ID: &str = "TEAM000000.org.example.app";
const CLIENT_DATA_HASH: [u8; 32] = [7; 32];

/// The results of the attestations.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AppAttestSupport {
    pub(super) accepted: Tally,
    pub(super) rejected: Tally,
}

/// Verifies a valid attestation of each environment, and one with each fault.
pub(super) fn results() -> AppAttestSupport {
    let mut support = AppAttestSupport::default();
    for environment in [AppAttestEnvironment::Production, AppAttestEnvironment::Development] {
        support.accepted.note(verify(environment, None) == Ok(()));
    }
    for fault in AppAttestFault::ALL.iter().copied() {
        let rejection = verify(AppAttestEnvironment::Production, Some(fault));
        support.rejected.note(rejection == Err(fault.expected_code()));
    }
    support
}

fn verify(environment: AppAttestEnvironment, fault: Option<AppAttestFault>) -> Result<(), Code> {
    let aaguid = *environment.aaguid().as_bytes();
    let attestation = app_attest::attest("support", APP_ID, CLIENT_DATA_HASH, aaguid, fault);
    let anchor = TrustAnchor::from_der(&attestation.anchor).map_err(|error| error.code())?;
    let app = AppAttest::new(APP_ID).environment(environment);
    let trust = StaticAnchors::new(vec![anchor]);
    let now = Config::default().now;
    app.verify(&attestation.object, &attestation.key_id, &CLIENT_DATA_HASH, &trust, now)
        .map(drop)
        .map_err(|error| error.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_app_attestation_has_the_expected_result() {
        let AppAttestSupport { accepted, rejected } = results();
        assert!(accepted.holds() && rejected.holds(), "{accepted}, {rejected}");
        assert_eq!((accepted.count(), rejected.count()), (2, AppAttestFault::ALL.len()));
    }
}
