//! Checks of an attestation statement by the metadata statement: format, attestation type, algorithm.

use rp_core::trust::Evidence;
use rp_core::{Algorithm, AttestationType, Format};

use crate::entry::statement::{GetInfo, MetadataStatement};
use crate::verdict::{Reason, Verdict};

/// Adds a finding to the verdict for each fact that the metadata statement does not list.
pub(super) fn judge(statement: &MetadataStatement, evidence: &Evidence<'_>, verdict: &mut Verdict) {
    // A response without attestation has nothing to compare.
    let Some(types) = names_of_type(evidence.r#type) else { return };
    if !lists_format(statement, evidence.format) {
        verdict.add(true, Reason::Format { format: evidence.format.as_str().to_owned() });
    }
    if !lists_type(statement, types) {
        let listed = statement.attestation_types.clone();
        verdict.add(true, Reason::AttestationType { r#type: evidence.r#type.as_str(), listed });
    }
    if !lists_algorithm(statement, evidence.algorithm) {
        let listed = statement.authentication_algorithms.clone();
        verdict.add(true, Reason::Algorithm { alg: evidence.algorithm.id(), listed });
    }
}

/// Formats are listed by the protocol, and more precisely in `authenticatorGetInfo`, if at all.
fn lists_format(statement: &MetadataStatement, format: &Format) -> bool {
    let by_protocol = match &*statement.protocol_family {
        "u2f" => *format == Format::FidoU2f,
        "uaf" => false,
        _ => true,
    };
    let formats =
        statement.get_info.as_ref().map(|info| info.attestation_formats.as_slice()).unwrap_or_default();
    // An authenticator that also supports U2F does not list `fido-u2f` as a format of its own.
    let by_itself = formats.is_empty()
        || *format == Format::FidoU2f
        || formats.iter().any(|one| **one == *format.as_str());
    by_protocol && by_itself
}

/// The names of an attestation type, `None` without attestation. `packed` does not distinguish batch keys from keys
/// certified by a CA, so either of their names is accepted.
const fn names_of_type(r#type: AttestationType) -> Option<&'static [&'static str]> {
    match r#type {
        AttestationType::None => None,
        AttestationType::SelfAttestation => Some(&["basic_surrogate"]),
        AttestationType::Basic | AttestationType::AttCa | AttestationType::AnonCa => {
            Some(&["basic_full", "attca", "anonca"])
        }
    }
}

fn lists_type(statement: &MetadataStatement, names: &[&str]) -> bool {
    let listed = &statement.attestation_types;
    // A type of a later edition may be this one.
    let is_known = |name: &str| KNOWN_TYPES.contains(&name);
    listed.is_empty() || listed.iter().any(|name| names.contains(&&**name) || !is_known(name))
}

const KNOWN_TYPES: [&str; 6] = ["basic_full", "basic_surrogate", "ecdaa", "attca", "anonca", "none"];

/// Algorithms are listed by names of FIDO's registry, and by COSE identifier in `authenticatorGetInfo`.
fn lists_algorithm(statement: &MetadataStatement, algorithm: Algorithm) -> bool {
    let listed = &statement.authentication_algorithms;
    let by_number = |info: &GetInfo| info.algorithms.contains(&algorithm.id());
    if listed.is_empty() || statement.get_info.as_ref().is_some_and(by_number) {
        return true;
    }
    let names = registry_names(algorithm);
    if names.is_empty() {
        // The registry of a later edition may have a name for it.
        return listed.iter().any(|name| !is_known_name(name));
    }
    listed.iter().any(|name| names.contains(&&**name))
}

/// The names of an algorithm in FIDO's Registry of Predefined Values, section 3.6.1.
const fn registry_names(algorithm: Algorithm) -> &'static [&'static str] {
    match algorithm {
        Algorithm::Es256 | Algorithm::Esp256 => &["secp256r1_ecdsa_sha256_raw", "secp256r1_ecdsa_sha256_der"],
        Algorithm::Es384 | Algorithm::Esp384 => &["secp384r1_ecdsa_sha384_raw"],
        Algorithm::Es512 | Algorithm::Esp512 => &["secp521r1_ecdsa_sha512_raw", "secp512r1_ecdsa_sha256_raw"],
        Algorithm::Es256k => &["secp256k1_ecdsa_sha256_raw", "secp256k1_ecdsa_sha256_der"],
        Algorithm::EdDsa | Algorithm::Ed25519 => &["ed25519_eddsa_sha512_raw"],
        Algorithm::Ed448 => &["ed448_eddsa_sha512_raw"],
        Algorithm::Rs256 => {
            &["rsassa_pkcsv15_sha256_raw", "rsa_emsa_pkcs1_sha256_raw", "rsa_emsa_pkcs1_sha256_der"]
        }
        Algorithm::Rs384 => &["rsassa_pkcsv15_sha384_raw"],
        Algorithm::Rs512 => &["rsassa_pkcsv15_sha512_raw"],
        Algorithm::Rs1 => &["rsassa_pkcsv15_sha1_raw"],
        Algorithm::Ps256 => &["rsassa_pss_sha256_raw", "rsassa_pss_sha256_der"],
        Algorithm::Ps384 => &["rsassa_pss_sha384_raw"],
        Algorithm::Ps512 => &["rsassa_pss_sha512_raw"],
        _ => &[],
    }
}

fn is_known_name(name: &str) -> bool {
    Algorithm::ALL.iter().any(|algorithm| registry_names(*algorithm).contains(&name)) || name == "sm2_sm3_raw"
}
