//! Attestation statements, a file for each format, and what can be wrong with all of them.

mod android_key;
mod android_safetynet;
mod apple;
mod compound;
mod fido_u2f;
mod packed;
mod tpm;

use sha2::{Digest, Sha256};

use super::authority::{Authority, flip_last_bit};
use super::cbor::Cbor;
use super::config::Config;
use super::fault::Fault;
use super::format::Format;
use super::key::KeyPair;
use super::quirk::Quirk;
use super::seed::Seed;

/// What a statement is made over, and by whom.
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

/// A statement of a format.
pub(crate) fn statement(format: Format, subject: &Subject<'_>) -> Cbor {
    let mut statement = match format {
        Format::None => Cbor::Map(Vec::new()),
        Format::PackedSelf => packed::self_attestation(subject),
        Format::Packed => packed::with_certificates(subject),
        Format::FidoU2f => fido_u2f::statement(subject),
        Format::Tpm => tpm::statement(subject),
        Format::AndroidKey => android_key::statement(subject),
        Format::AndroidSafetyNet => android_safetynet::statement(subject),
        Format::Apple => apple::statement(subject),
        Format::Compound => compound::statement(subject),
    };
    damage(&mut statement, subject.fault);
    if subject.config.quirk == Some(Quirk::StatementMember) && format != Format::None {
        statement.set("a", 1);
    }
    statement.canonical()
}

/// `x5c` of a `packed` statement.
pub(crate) fn packed_certificates(subject: &Subject<'_>) -> Vec<Vec<u8>> {
    packed::certificates(subject, &subject.attestation_key())
}

impl Subject<'_> {
    /// What `packed` and its likes sign: authenticator data and the client data's hash.
    fn message(&self) -> Vec<u8> {
        [self.auth_data, &self.client_data_hash].concat()
    }

    /// SHA-256 over [`Subject::message`].
    fn nonce(&self) -> [u8; 32] {
        Sha256::digest(self.message()).into()
    }

    /// The key of the model, or of its TPM.
    fn attestation_key(&self) -> KeyPair {
        KeyPair::derive(self.config.attestation_algorithm, self.seed, "attestation")
    }

    /// A signature by a key, or by another that a fault puts in its place.
    fn sign(&self, key: &KeyPair, message: &[u8]) -> Vec<u8> {
        match self.fault {
            Some(Fault::SigOfOtherKey) => key.other().sign(message),
            Some(Fault::SigByCredentialKey) => self.key.sign(message),
            _ => key.sign(message),
        }
    }

    /// The key that a leaf over the credential key certifies: the credential's, but for a fault.
    fn certified_key(&self, other: Fault) -> KeyPair {
        if self.fault == Some(other) { self.key.other() } else { self.key.clone() }
    }
}

/// `x5c`.
fn x5c(certificates: Vec<Vec<u8>>) -> Cbor {
    Cbor::Array(certificates.into_iter().map(Cbor::Bytes).collect())
}

/// What can be wrong with any statement that has the member in question.
fn damage(statement: &mut Cbor, fault: Option<Fault>) {
    match fault {
        Some(Fault::NoneNotEmpty) => statement.set("sig", vec![0; 8]),
        Some(Fault::StatementEmpty) => *statement = Cbor::Map(Vec::new()),
        Some(Fault::AlgMissing) => statement.remove("alg"),
        Some(Fault::AlgNotNumber) => statement.set("alg", "ES256"),
        Some(Fault::AlgOther) => {
            let other = if statement.get(&"alg".into()) == Some(&Cbor::Int(-257)) { -7 } else { -257 };
            statement.set("alg", other);
        }
        Some(Fault::SigMissing) => statement.remove("sig"),
        Some(Fault::SigNotBytes) => statement.set("sig", "sig"),
        Some(Fault::SigEmpty) => statement.set("sig", Vec::new()),
        Some(Fault::SigFlipped) => {
            if let Some(Cbor::Bytes(sig)) = statement.get(&"sig".into()) {
                let mut sig = sig.clone();
                flip_last_bit(&mut sig);
                statement.set("sig", sig);
            }
        }
        Some(Fault::X5cMissing | Fault::X5cMissingWithoutSelf) => statement.remove("x5c"),
        Some(Fault::X5cNotArray) => statement.set("x5c", vec![0x30, 0]),
        Some(Fault::X5cEmpty) => statement.set("x5c", x5c(Vec::new())),
        Some(Fault::X5cOfText) => statement.set("x5c", Cbor::Array(vec!["MIIB".into()])),
        _ => {}
    }
}
