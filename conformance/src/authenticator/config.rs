//! The configuration of an authenticator.

use rp_core::Timestamp;

use super::algorithm::Algorithm;
use super::authority::Path;
use super::fault::Fault;
use super::format::Format;
use super::quirk::Quirk;

/// Capabilities and behaviour of an authenticator. The default is a security key without attestation that verifies its
/// user on request, stores discoverable credentials, and has a counter.
#[derive(Clone, Debug)]
pub struct Config {
    /// The format of its statement if attestation is requested.
    pub format: Format,
    /// The algorithms that it supports.
    pub algorithms: Vec<Algorithm>,
    /// The algorithm of its attestation key: `packed` with certificates, and `tpm`.
    pub attestation_algorithm: Algorithm,
    /// How much of the certification path it sends.
    pub path: Path,
    /// Its model.
    pub aaguid: [u8; 16],
    /// The firmware version in its certificate, for `packed`.
    pub firmware: Option<u64>,
    /// The AAGUID in its certificate, for `fido-u2f`: that of the same authenticator under FIDO2.
    pub u2f_aaguid: Option<[u8; 16]>,
    /// How many bytes its credential IDs have.
    pub id_len: usize,
    /// Whether its user is present; conditional create does not require it.
    pub presence: bool,
    /// When it verifies its user.
    pub verification: Verification,
    /// Whether its credentials are backed up.
    pub backup: Backup,
    /// How it counts.
    pub counter: Counter,
    /// Whether it can keep discoverable credentials.
    pub resident_keys: bool,
    /// How a client can reach it.
    pub transports: Vec<&'static str>,
    /// `platform` or `cross-platform`.
    pub attachment: &'static str,
    /// Its TPM, for `tpm`.
    pub tpm: Tpm,
    /// Where its keys are kept, in `android-key`.
    pub android: Android,
    /// The time on its clock, which determines the validity of its certificates.
    pub now: Timestamp,
    /// The fault in its responses.
    pub fault: Option<Fault>,
    /// The unusual but valid detail in its responses.
    pub quirk: Option<Quirk>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            format: Format::None,
            algorithms: vec![Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256],
            attestation_algorithm: Algorithm::Es256,
            path: Path::Intermediate,
            aaguid: [0xa1, 0xa2, 0xa3, 0xa4, 0xb1, 0xb2, 0x4c, 0x3d, 0x8e, 0x5f, 1, 2, 3, 4, 5, 6],
            firmware: None,
            u2f_aaguid: None,
            id_len: 32,
            presence: true,
            verification: Verification::WhenAsked,
            backup: Backup::DeviceBound,
            counter: Counter::From(7),
            resident_keys: true,
            transports: vec!["usb", "nfc"],
            attachment: "cross-platform",
            tpm: Tpm::default(),
            android: Android::default(),
            now: NOW,
            fault: None,
            quirk: None,
        }
    }
}

/// 2026-06-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000);

/// When an authenticator verifies its user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// It cannot.
    Never,
    /// If `userVerification` is not `discouraged`.
    #[default]
    WhenAsked,
    /// Always.
    Always,
}

/// Whether credentials are backed up: BE and BS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backup {
    /// Neither: the credential stays on its device.
    #[default]
    DeviceBound,
    /// Only BE.
    Eligible,
    /// BE and BS.
    BackedUp,
}

/// How signatures are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Not at all: it stays zero.
    Zero,
    /// From this value on, which the registration contains.
    From(u32),
}

/// The behaviour of a TPM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tpm {
    /// The hash that names objects.
    pub name_hash: Hash,
    /// Whether `sig` is a `TPMT_SIGNATURE`, as the specification says, or bare, as Windows sends it.
    pub tpmt_signature: bool,
    /// `objectAttributes` of the credential key.
    pub attributes: u32,
}

impl Default for Tpm {
    fn default() -> Self {
        // fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, sign
        Self { name_hash: Hash::default(), tpmt_signature: false, attributes: 0x0004_0072 }
    }
}

/// A hash algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The place where Android stores a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Android {
    /// In software.
    Software,
    /// In the trusted execution environment.
    #[default]
    TrustedEnvironment,
    /// In a dedicated chip.
    StrongBox,
}
