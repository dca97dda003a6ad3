//! The AIK certificate ([section 8.3.1]).
//!
//! [section 8.3.1]: https://www.w3.org/TR/webauthn-3/#sctn-tpm-cert-requirements

use crate::authenticator::certificate::{
    BASIC_CONSTRAINTS, COMMON_NAME, Certificate, EXTENDED_KEY_USAGE, Extension, SUBJECT_ALT_NAME, name,
};
use crate::authenticator::der;
use crate::authenticator::fault::Fault;
use crate::authenticator::key::PublicKey;
use crate::authenticator::statement::subject::Subject;

const MANUFACTURER: &[u32] = &[2, 23, 133, 2, 1];
const MODEL: &[u32] = &[2, 23, 133, 2, 2];
const VERSION: &[u32] = &[2, 23, 133, 2, 3];
const AIK_CERTIFICATE: &[u32] = &[2, 23, 133, 8, 3];
const SERVER_AUTHENTICATION: &[u32] = &[1, 3, 6, 1, 5, 5, 7, 3, 1];

/// An AIK certificate over the TPM's attestation key, unsigned.
pub(super) fn aik(subject: &Subject<'_>, key: &PublicKey) -> Certificate {
    let fault = subject.fault;
    let subject_name = match fault {
        Some(Fault::TpmSubjectPresent) => name(&[(COMMON_NAME, "Example TPM")]),
        _ => name(&[]),
    };
    let mut leaf = subject.authority.leaf(subject_name, key);
    if fault != Some(Fault::TpmWithoutSan) {
        leaf.set(alternative_name(fault));
    }
    if fault != Some(Fault::TpmWithoutEku) {
        let usage = if fault == Some(Fault::TpmEkuOther) { SERVER_AUTHENTICATION } else { AIK_CERTIFICATE };
        let value = der::sequence([der::oid(usage)]);
        leaf.set(Extension { oid: EXTENDED_KEY_USAGE, critical: false, value });
    }
    match fault {
        Some(Fault::LeafIsCa) => leaf.set(Extension::basic_constraints(true)),
        Some(Fault::LeafWithoutBasicConstraints) => leaf.remove(BASIC_CONSTRAINTS),
        Some(Fault::LeafVersion1) => leaf.version = 1,
        Some(Fault::LeafAaguidOther) => leaf.set(Extension::aaguid(&subject.aaguid.map(|byte| !byte))),
        _ => {}
    }
    leaf
}

/// subjectAltName: a directory name of manufacturer, model and firmware version; critical, as the subject is empty.
fn alternative_name(fault: Option<Fault>) -> Extension {
    // `id:` and the letters of Intel in TCG's registry; id:00000000 is not assigned.
    let manufacturer =
        if fault == Some(Fault::TpmManufacturerUnknown) { "id:00000000" } else { "id:494E5443" };
    let mut attributes =
        vec![(MANUFACTURER, manufacturer), (MODEL, "Example TPM 2.0"), (VERSION, "id:00020008")];
    let missing = match fault {
        Some(Fault::TpmWithoutManufacturer) => Some(MANUFACTURER),
        Some(Fault::TpmWithoutModel) => Some(MODEL),
        Some(Fault::TpmWithoutFirmware) => Some(VERSION),
        _ => None,
    };
    attributes.retain(|(oid, _)| Some(*oid) != missing);
    let value = der::sequence([der::explicit(4, name(&attributes))]);
    Extension { oid: SUBJECT_ALT_NAME, critical: true, value }
}
