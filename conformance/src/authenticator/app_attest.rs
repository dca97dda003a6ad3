//! Apple App Attest: an app's key, attested outside of any WebAuthn ceremony.
//!
//! The attestation object is WebAuthn's with `fmt` `apple-appattest`. Instead of client data it signs a hash that the
//! app and its server agree on.

use rp_core::Code;
use sha2::{Digest, Sha256};

use super::algorithm::Algorithm;
use super::auth_data::{Attested, AuthData};
use super::authority::{Authority, Path};
use super::cbor::Cbor;
use super::certificate::{APPLE_NONCE, COMMON_NAME, Extension, name};
use super::config::Config;
use super::der;
use super::key::KeyPair;
use super::seed::Seed;

/// The AAGUID of the development environment.
pub const DEVELOPMENT: [u8; 16] = *b"appattestdevelop";
/// The AAGUID of production.
pub const PRODUCTION: [u8; 16] = *b"appattest\0\0\0\0\0\0\0";

/// A fault in one step of an app's attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppAttestFault {
    /// The certificate holds another nonce.
    NonceOther,
    /// The certificate holds no nonce.
    NonceMissing,
    /// The certificate is for another key.
    KeyOther,
    /// The key ID is not the hash of the certificate's key.
    KeyIdOther,
    /// Authenticator data is for another app.
    AppOther,
    /// The counter is not zero.
    CounterNotZero,
    /// The AAGUID is neither of App Attest's.
    AaguidOther,
    /// The credential ID is not the key ID.
    CredentialIdOther,
    /// `x5c` is empty.
    X5cEmpty,
}

impl AppAttestFault {
    /// Every fault, in the order of this list.
    pub const ALL: &'static [Self] = &[
        Self::NonceOther,
        Self::NonceMissing,
        Self::KeyOther,
        Self::KeyIdOther,
        Self::AppOther,
        Self::CounterNotZero,
        Self::AaguidOther,
        Self::CredentialIdOther,
        Self::X5cEmpty,
    ];

    /// The reason for which a server must reject it.
    #[must_use]
    pub const fn expected_code(self) -> Code {
        match self {
            Self::AppOther => Code::RpIdMismatch,
            Self::X5cEmpty => Code::MalformedAttestationStatement,
            _ => Code::AttestationInvalid,
        }
    }
}

/// The message of an app to its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppAttestation {
    /// The attestation object.
    pub object: Vec<u8>,
    /// The key ID, as the app has it from the system.
    pub key_id: Vec<u8>,
    /// The root that the certificates lead to, DER.
    pub anchor: Vec<u8>,
}

/// Attests a key of an app (team identifier, dot, bundle identifier) over a hash that its server chose.
#[must_use]
pub fn attest(
    seed: &str,
    app_id: &str,
    client_data_hash: [u8; 32],
    aaguid: [u8; 16],
    fault: Option<AppAttestFault>,
) -> AppAttestation {
    let (seed, config) = (Seed::new(seed), Config::default());
    let authority = Authority::new(&seed, config.now);
    let key = KeyPair::derive(Algorithm::Es256, &seed, "credential/app");
    let is = |one| fault == Some(one);
    let changed = |bytes: &[u8], change| -> Vec<u8> {
        bytes.iter().map(|byte| if change { !byte } else { *byte }).collect()
    };
    let key_id = Sha256::digest(key.public().sec1()).to_vec();
    let id = changed(&key_id, is(AppAttestFault::CredentialIdOther));
    let app_id = if is(AppAttestFault::AppOther) { "TEAMOTHER0.com.example.other" } else { app_id };
    let auth_data = AuthData {
        rp_id_hash: Sha256::digest(app_id).into(),
        flags: 0,
        sign_count: u32::from(is(AppAttestFault::CounterNotZero)),
        attested: Some(Attested {
            aaguid: if is(AppAttestFault::AaguidOther) { config.aaguid } else { aaguid },
            id: &id,
            key: key.public().cose(Algorithm::Es256),
        }),
        extensions: Cbor::Map(Vec::new()),
    }
    .encode(None);

    let nonce = Sha256::digest([&auth_data[..], &client_data_hash].concat());
    let nonce = changed(&nonce, is(AppAttestFault::NonceOther));
    let certified = if is(AppAttestFault::KeyOther) { key.other() } else { key };
    let mut leaf = authority.leaf(name(&[(COMMON_NAME, "Example App Key")]), &certified.public());
    if !is(AppAttestFault::NonceMissing) {
        let value = der::sequence([der::explicit(1, der::octets(nonce))]);
        leaf.set(Extension { oid: APPLE_NONCE, critical: false, value });
    }
    let x5c = match is(AppAttestFault::X5cEmpty) {
        true => Vec::new(),
        false => authority.certify(leaf, Path::Intermediate, None),
    };
    let statement = Cbor::object([
        ("x5c", Cbor::Array(x5c.into_iter().map(Cbor::Bytes).collect())),
        ("receipt", seed.vec("receipt", 64).into()),
    ]);
    let object = Cbor::object([
        ("fmt", "apple-appattest".into()),
        ("attStmt", statement),
        ("authData", auth_data.into()),
    ]);
    AppAttestation {
        object: object.encode(),
        key_id: changed(&key_id, is(AppAttestFault::KeyIdOther)),
        anchor: authority.root(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_changes_what_is_sent() {
        let attest = |fault| attest("app", "TEAM000000.com.example.app", [7; 32], PRODUCTION, fault);
        let honest = attest(None);
        assert_eq!(honest, attest(None));
        for fault in AppAttestFault::ALL {
            assert_ne!(attest(Some(*fault)), honest, "{fault:?}");
        }
    }
}
