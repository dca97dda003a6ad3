//! `fido-u2f` ([section 8.6]).
//!
//! [section 8.6]: https://www.w3.org/TR/webauthn-3/#sctn-fido-u2f-attestation

use super::packed::subject_name;
use super::subject::{Subject, x5c};
use crate::authenticator::algorithm::Algorithm;
use crate::authenticator::authority::Path;
use crate::authenticator::cbor::Cbor;
use crate::authenticator::certificate::Extension;
use crate::authenticator::fault::Fault;
use crate::authenticator::key::KeyPair;

/// The label of the attestation key.
pub(crate) const U2F_KEY: &str = "attestation/u2f";

pub(super) fn statement(subject: &Subject<'_>) -> Cbor {
    let algorithm =
        if subject.fault == Some(Fault::U2fLeafOnP384) { Algorithm::Es384 } else { Algorithm::Es256 };
    let key = KeyPair::derive(algorithm, subject.seed, U2F_KEY);
    let mut leaf = subject.authority.leaf(subject_name(None), &key.public());
    if let Some(aaguid) = &subject.config.u2f_aaguid {
        leaf.set(Extension::aaguid(aaguid));
    }
    let path = if subject.fault == Some(Fault::U2fTwoCertificates) { Path::Intermediate } else { Path::Leaf };
    let message = match subject.fault {
        Some(Fault::U2fSignedAsPacked) => subject.message(),
        _ => registration_data(subject),
    };
    Cbor::object([
        ("sig", subject.sign(&key, &message).into()),
        ("x5c", x5c(subject.authority.certify(leaf, path, subject.fault))),
    ])
}

/// 0x00, RP ID hash, client data hash, credential ID, and the key as a point without its COSE wrapping.
fn registration_data(subject: &Subject<'_>) -> Vec<u8> {
    let rp_id_hash = subject.auth_data.get(..32).unwrap_or_default();
    let point = subject.key.public().sec1();
    [&[0][..], rp_id_hash, &subject.client_data_hash, subject.credential_id, &point].concat()
}
