//! The input of a statement, for every format.

use sha2::{Digest, Sha256};

use crate::authenticator::authority::Authority;
use crate::authenticator::cbor::Cbor;
use crate::authenticator::config::Config;
use crate::authenticator::fault::Fault;
use crate::authenticator::key::KeyPair;
use crate::authenticator::seed::Seed;

/// The input of a statement: keys, signed data and the fault to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) seed: &'a Seed,
    pub(crate) authority: &'a Authority,
    pub(crate) config: &'a Config,
    /// The credential's key.
    pub(crate) key: &'a KeyPair,
    pub(crate) credential_id: &'a [u8],
    pub(crate) aaguid: [u8; 16],
    pub(crate) auth_data: &'a [u8],
    pub(crate) client_data_hash: [u8; 32],
    pub(crate) fault: Option<Fault>,
}

impl Subject<'_> {
    /// The signed data of `packed` and similar formats: authenticator data and the hash of the client data.
    pub(super) fn message(&self) -> Vec<u8> {
        [self.auth_data, &self.client_data_hash].concat()
    }

    /// SHA-256 over [`Subject::message`].
    pub(super) fn nonce(&self) -> [u8; 32] {
        Sha256::digest(self.message()).into()
    }

    /// The attestation key of the model or of its TPM.
    pub(super) fn attestation_key(&self) -> KeyPair {
        KeyPair::derive(self.config.attestation_algorithm, self.seed, "attestation")
    }

    /// A signature by a key, or by another key if the fault requires it.
    pub(super) fn sign(&self, key: &KeyPair, message: &[u8]) -> Vec<u8> {
        match self.fault {
            Some(Fault::SigOfOtherKey) => key.other().sign(message),
            Some(Fault::SigByCredentialKey) => self.key.sign(message),
            _ => key.sign(message),
        }
    }

    /// The key in a leaf that certifies the credential key; another key if the configuration has the fault `other`.
    pub(super) fn certified_key(&self, other: Fault) -> KeyPair {
        if self.fault == Some(other) { self.key.other() } else { self.key.clone() }
    }
}

/// `x5c`.
pub(super) fn x5c(certificates: Vec<Vec<u8>>) -> Cbor {
    Cbor::Array(certificates.into_iter().map(Cbor::Bytes).collect())
}
