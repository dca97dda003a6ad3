//! `apple` ([section 8.8]): a certificate for the credential key that contains a nonce.
//!
//! [section 8.8]: https://www.w3.org/TR/webauthn-3/#sctn-apple-anonymous-attestation

use super::subject::{Subject, x5c};
use crate::authenticator::authority::Path;
use crate::authenticator::cbor::Cbor;
use crate::authenticator::certificate::{APPLE_NONCE, COMMON_NAME, Extension, name};
use crate::authenticator::der;
use crate::authenticator::fault::Fault;

pub(super) fn statement(subject: &Subject<'_>) -> Cbor {
    let key = subject.certified_key(Fault::AppleKeyOther);
    let mut leaf = subject.authority.leaf(name(&[(COMMON_NAME, "Example Anonymous Key")]), &key.public());
    if subject.fault != Some(Fault::AppleNonceMissing) {
        leaf.set(nonce(subject));
    }
    // Apple's leaf is issued by an intermediate CA, so the path is never the leaf alone.
    let path = if subject.config.path == Path::Leaf { Path::Intermediate } else { subject.config.path };
    Cbor::object([("x5c", x5c(subject.authority.certify(leaf, path, subject.fault)))])
}

/// `SEQUENCE { [1] EXPLICIT OCTET STRING }`.
fn nonce(subject: &Subject<'_>) -> Extension {
    let mut nonce = subject.nonce();
    if subject.fault == Some(Fault::AppleNonceOther) {
        nonce = nonce.map(|byte| !byte);
    }
    let value = der::sequence([der::explicit(1, der::octets(nonce))]);
    Extension { oid: APPLE_NONCE, critical: false, value }
}
