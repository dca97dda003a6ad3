//! `android-safetynet` ([section 8.5]), deprecated: a JWS of Google's service.
//!
//! [section 8.5]: https://www.w3.org/TR/webauthn-3/#sctn-android-safetynet-attestation

use rp_core::base64url;
use serde_json::json;

use super::subject::Subject;
use crate::authenticator::algorithm::Algorithm;
use crate::authenticator::authority::{after, flip_last_bit};
use crate::authenticator::cbor::Cbor;
use crate::authenticator::certificate::{COMMON_NAME, Extension, SUBJECT_ALT_NAME, name};
use crate::authenticator::der;
use crate::authenticator::fault::Fault;
use crate::authenticator::key::KeyPair;

const HOUR: i64 = 60 * 60;

pub(super) fn statement(subject: &Subject<'_>) -> Cbor {
    let version = if subject.fault == Some(Fault::SafetyNetVersionEmpty) { "" } else { "241518037" };
    let response =
        if subject.fault == Some(Fault::SafetyNetResponseEmpty) { String::new() } else { response(subject) };
    Cbor::object([("ver", version.into()), ("response", response.into_bytes().into())])
}

fn response(subject: &Subject<'_>) -> String {
    let key = KeyPair::derive(Algorithm::Rs256, subject.seed, "attestation/safetynet");
    let host = match subject.fault {
        Some(Fault::SafetyNetHostOther) => "attest.example.com",
        _ => "attest.android.com",
    };
    let mut leaf = subject.authority.leaf(name(&[(COMMON_NAME, host)]), &key.public());
    leaf.set(Extension {
        oid: SUBJECT_ALT_NAME,
        critical: false,
        value: der::sequence([der::tlv(0x82, host)]),
    });
    let certificates = match subject.fault {
        Some(Fault::SafetyNetX5cEmpty) => Vec::new(),
        fault => subject.authority.certify(leaf, subject.config.path, fault),
    };
    let certificates: Vec<_> = certificates.iter().map(|der| standard_base64(der)).collect();
    let header = json!({"alg": "RS256", "x5c": certificates});
    let signed = format!("{}.{}", part(&header), part(&payload(subject)));
    let mut signature = key.sign(signed.as_bytes());
    if subject.fault == Some(Fault::SafetyNetSignatureFlipped) {
        flip_last_bit(&mut signature);
    }
    format!("{signed}.{}", base64url::encode(&signature))
}

fn payload(subject: &Subject<'_>) -> serde_json::Value {
    let mut nonce = subject.nonce();
    if subject.fault == Some(Fault::SafetyNetNonceOther) {
        nonce = nonce.map(|byte| !byte);
    }
    let made = match subject.fault {
        Some(Fault::SafetyNetTimestampFuture) => HOUR,
        Some(Fault::SafetyNetTimestampOld) => -HOUR,
        _ => -10,
    };
    let made = after(subject.config.now, made).as_unix_seconds().saturating_mul(1000);
    json!({
        "nonce": standard_base64(&nonce),
        "timestampMs": made,
        "apkPackageName": "com.google.android.gms",
        "apkDigestSha256": standard_base64(&[0; 32]),
        "ctsProfileMatch": subject.fault != Some(Fault::SafetyNetCtsFalse),
        "apkCertificateDigestSha256": [standard_base64(&[1; 32])],
        "basicIntegrity": true,
    })
}

fn part(json: &serde_json::Value) -> String {
    base64url::encode(json.to_string().as_bytes())
}

/// Base64 with the standard alphabet, padded.
fn standard_base64(bytes: &[u8]) -> String {
    let mut text: String = base64url::encode(bytes)
        .chars()
        .map(|character| match character {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}
