//! `android-key` ([section 8.4]): a certificate for the credential key that describes it.
//!
//! [section 8.4]: https://www.w3.org/TR/webauthn-3/#sctn-android-key-attestation

use super::subject::{Subject, x5c};
use crate::authenticator::cbor::Cbor;
use crate::authenticator::certificate::{COMMON_NAME, Extension, KEY_DESCRIPTION, name};
use crate::authenticator::config::Android;
use crate::authenticator::der;
use crate::authenticator::fault::Fault;
use crate::authenticator::key::PublicKey;

pub(super) fn statement(subject: &Subject<'_>) -> Cbor {
    let key = subject.certified_key(Fault::AndroidKeyOther);
    let mut leaf = subject.authority.leaf(name(&[(COMMON_NAME, "Android Keystore Key")]), &key.public());
    if subject.fault != Some(Fault::AndroidWithoutDescription) {
        leaf.set(Extension { oid: KEY_DESCRIPTION, critical: false, value: description(subject) });
    }
    Cbor::object([
        ("alg", key.algorithm().cose().into()),
        ("sig", subject.sign(&key, &subject.message()).into()),
        ("x5c", x5c(subject.authority.certify(leaf, subject.config.path, subject.fault))),
    ])
}

/// KM_ORIGIN_GENERATED and KM_ORIGIN_IMPORTED.
const GENERATED: u64 = 0;
const IMPORTED: u64 = 2;
/// KM_PURPOSE_ENCRYPT and KM_PURPOSE_SIGN.
const ENCRYPT: u64 = 0;
const SIGN: u64 = 2;

/// KM_ALGORITHM_RSA and KM_ALGORITHM_EC.
const RSA: u64 = 1;
const EC: u64 = 3;

/// `KeyDescription`, version 300.
fn description(subject: &Subject<'_>) -> Vec<u8> {
    let level = match subject.config.android {
        Android::Software => 0,
        Android::TrustedEnvironment => 1,
        Android::StrongBox => 2,
    };
    let mut challenge = subject.client_data_hash;
    if subject.fault == Some(Fault::AndroidChallengeOther) {
        challenge = challenge.map(|byte| !byte);
    }
    // The first list is enforced by the system, the second by the hardware.
    let mut software = vec![der::explicit(701, der::integer(1_780_000_000_000))];
    let mut hardware = Vec::new();
    let list = if subject.config.android == Android::Software { &mut software } else { &mut hardware };
    list.splice(0..0, authorizations(&subject.key.public(), subject.fault));
    let all_applications = der::explicit(600, der::null());
    match subject.fault {
        Some(Fault::AndroidAllApplicationsSoftware) => software.insert(0, all_applications),
        Some(Fault::AndroidAllApplicationsHardware) => hardware.push(all_applications),
        _ => {}
    }
    software.sort_by_key(|entry| tag_number(entry));
    hardware.sort_by_key(|entry| tag_number(entry));
    der::sequence([
        der::integer(300),
        der::enumerated(level),
        der::integer(300),
        der::enumerated(level),
        der::octets(challenge),
        der::octets([]),
        der::sequence(software),
        der::sequence(hardware),
    ])
}

/// `purpose`, `algorithm`, `keySize`, `digest`, `noAuthRequired` and `origin` of an `AuthorizationList`.
fn authorizations(key: &PublicKey, fault: Option<Fault>) -> Vec<Vec<u8>> {
    let (algorithm, size) = match key {
        PublicKey::Rsa { n, .. } => (RSA, n.len()),
        PublicKey::Ec { x, .. } => (EC, x.len()),
        PublicKey::Okp { x, .. } => (EC, x.len()),
        PublicKey::Akp { public, .. } => (EC, public.len()),
    };
    let bits = u64::try_from(size).unwrap_or_default().saturating_mul(8);
    let purpose = if fault == Some(Fault::AndroidPurposeEncrypt) { ENCRYPT } else { SIGN };
    let origin = if fault == Some(Fault::AndroidOriginImported) { IMPORTED } else { GENERATED };
    let mut list = vec![
        der::explicit(1, der::set([der::integer(purpose)])),
        der::explicit(2, der::integer(algorithm)),
        der::explicit(3, der::integer(bits)),
        der::explicit(5, der::set([der::integer(4)])),
        der::explicit(503, der::null()),
        der::explicit(702, der::integer(origin)),
    ];
    let missing = match fault {
        Some(Fault::AndroidPurposeMissing) => Some(1),
        Some(Fault::AndroidOriginMissing) => Some(702),
        _ => None,
    };
    list.retain(|entry| Some(tag_number(entry)) != missing);
    list
}

/// The number of a context-specific tag, of one byte or of three.
fn tag_number(entry: &[u8]) -> u32 {
    match entry {
        [0xbf, high, low, ..] => (u32::from(high & 0x7f) << 7) | u32::from(*low),
        [tag, ..] => u32::from(tag & 0x1f),
        [] => 0,
    }
}
