//! What a statement restricts beside its anchors: formats, types of attestation, algorithms.

use rp_core::trust::Evidence;
use rp_core::{Algorithm, AttestationType, Format};

use crate::entry::MetadataStatement;
use crate::verdict::{Reason, Verdict};

/// Adds to a verdict what the statement does not list.
pub(super) fn judge(statement: &MetadataStatement, evidence: &Evidence<'_>, verdict: &mut Verdict) {
    if !lists_format(statement, evidence.format) {
        verdict.find(true, Reason::Format { format: evidence.format.as_str().to_owned() });
    }
    if !lists_type(statement, evidence.r#type) {
        verdict.find(
            true,
            Reason::AttestationType {
                r#type: evidence.r#type.as_str(),
                listed: statement.attestation_types.clone(),
            },
        );
    }
    if !lists_algorithm(statement, evidence.algorithm) {
        let listed = statement.authentication_algorithms.clone();
        verdict.find(true, Reason::Algorithm { alg: evidence.algorithm.id(), listed });
    }
}

/// A statement lists formats by the protocol, and more closely in `authenticatorGetInfo`, if at all.
fn lists_format(statement: &MetadataStatement, format: &Format) -> bool {
    let by_protocol = match &*statement.protocol_family {
        "u2f" => *format == Format::FidoU2f,
        "uaf" => false,
        _ => true,
    };
    let formats =
        statement.get_info.as_ref().map(|info| info.attestation_formats.as_slice()).unwrap_or_default();
    // An authenticator that is also used by way of U2F does not name that format among those it makes itself.
    let by_itself = formats.is_empty()
        || *format == Format::FidoU2f
        || formats.iter().any(|one| **one == *format.as_str());
    by_protocol && by_itself
}

/// `packed` and others look alike whether the key is a batch's or certified by a CA, so that either listed will do.
fn lists_type(statement: &MetadataStatement, r#type: AttestationType) -> bool {
    let listed = &statement.attestation_types;
    let lists = |words: &[&str]| listed.iter().any(|listed| words.contains(&&**listed));
    // A word of a later edition may be the very one.
    let knows_all = listed.iter().all(|word| KNOWN_TYPES.contains(&&**word));
    listed.is_empty()
        || !knows_all
        || match r#type {
            AttestationType::None => lists(&["none"]),
            AttestationType::SelfAttestation => lists(&["basic_surrogate"]),
            AttestationType::Basic | AttestationType::AttCa => lists(&["basic_full", "attca", "anonca"]),
            AttestationType::AnonCa => lists(&["anonca", "attca", "basic_full"]),
        }
}

const KNOWN_TYPES: [&str; 6] = ["basic_full", "basic_surrogate", "ecdaa", "attca", "anonca", "none"];

/// By the names of FIDO's registry, or by COSE number in `authenticatorGetInfo`.
fn lists_algorithm(statement: &MetadataStatement, algorithm: Algorithm) -> bool {
    let listed = &statement.authentication_algorithms;
    let by_number = |info: &crate::entry::GetInfo| info.algorithms.contains(&algorithm.id());
    if listed.is_empty() || statement.get_info.as_ref().is_some_and(by_number) {
        return true;
    }
    let names = registry_names(algorithm);
    if names.is_empty() {
        // None of the registry's that is known here: it may be one that a later edition lists.
        return listed.iter().any(|name| !is_known_name(name));
    }
    listed.iter().any(|name| names.contains(&&**name))
}

/// What FIDO's Registry of Predefined Values, section 3.6.1, calls an algorithm.
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
