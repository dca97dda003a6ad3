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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn statement(members: Value) -> MetadataStatement {
        MetadataStatement::read(&members.to_string())
    }

    #[test]
    fn each_name_of_the_registry_is_of_its_algorithms() {
        use Algorithm::{
            Ed448, Ed25519, EdDsa, Es256, Es256k, Es384, Es512, Esp256, Esp384, Esp512, Ps256, Ps384, Ps512,
            Rs1, Rs256, Rs384, Rs512,
        };
        for (name, algorithms) in [
            ("secp256r1_ecdsa_sha256_raw", &[Es256, Esp256][..]),
            ("secp256r1_ecdsa_sha256_der", &[Es256, Esp256]),
            ("rsassa_pss_sha256_raw", &[Ps256]),
            ("rsassa_pss_sha256_der", &[Ps256]),
            ("secp256k1_ecdsa_sha256_raw", &[Es256k]),
            ("secp256k1_ecdsa_sha256_der", &[Es256k]),
            ("sm2_sm3_raw", &[]),
            ("rsa_emsa_pkcs1_sha256_raw", &[Rs256]),
            ("rsa_emsa_pkcs1_sha256_der", &[Rs256]),
            ("rsassa_pss_sha384_raw", &[Ps384]),
            ("rsassa_pss_sha512_raw", &[Ps512]),
            ("rsassa_pkcsv15_sha256_raw", &[Rs256]),
            ("rsassa_pkcsv15_sha384_raw", &[Rs384]),
            ("rsassa_pkcsv15_sha512_raw", &[Rs512]),
            ("rsassa_pkcsv15_sha1_raw", &[Rs1]),
            ("secp384r1_ecdsa_sha384_raw", &[Es384, Esp384]),
            ("secp512r1_ecdsa_sha256_raw", &[Es512, Esp512]),
            ("secp521r1_ecdsa_sha512_raw", &[Es512, Esp512]),
            ("ed25519_eddsa_sha512_raw", &[EdDsa, Ed25519]),
            ("ed448_eddsa_sha512_raw", &[Ed448]),
        ] {
            let listed = statement(json!({"authenticationAlgorithms": [name]}));
            for algorithm in Algorithm::ALL {
                let expected = algorithms.contains(algorithm);
                assert_eq!(lists_algorithm(&listed, *algorithm), expected, "{name} {algorithm}");
            }
        }
    }

    #[test]
    fn an_algorithm_without_a_name_may_have_a_later_one() {
        let unnamed: Vec<_> =
            Algorithm::ALL.iter().filter(|algorithm| registry_names(**algorithm).is_empty()).collect();
        assert!(!unnamed.is_empty() && !unnamed.contains(&&Algorithm::Es256));
        let later = statement(json!({"authenticationAlgorithms": ["sm2_sm3_raw", "a_later_name"]}));
        assert!(unnamed.iter().all(|algorithm| lists_algorithm(&later, **algorithm)));
        assert!(!lists_algorithm(&later, Algorithm::Es256), "it has a name");
    }

    #[test]
    fn algorithms_are_listed_by_number_too_or_not_at_all() {
        let info = json!({"algorithms": [{"type": "public-key", "alg": -8}]});
        let names = json!(["secp256r1_ecdsa_sha256_raw"]);
        let both = statement(json!({"authenticationAlgorithms": names, "authenticatorGetInfo": info}));
        let accepted =
            [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256].map(|one| lists_algorithm(&both, one));
        assert_eq!(accepted, [true, true, false]);
        for nothing in [json!({}), json!({"authenticatorGetInfo": info})] {
            let listed = statement(nothing);
            assert!(Algorithm::ALL.iter().all(|algorithm| lists_algorithm(&listed, *algorithm)));
        }
    }

    #[test]
    fn formats_are_listed_by_protocol_and_by_name() {
        let formats = [Format::Packed, Format::Tpm, Format::FidoU2f];
        let accepted = |members: Value| {
            let listed = statement(members);
            formats.each_ref().map(|format| lists_format(&listed, format))
        };
        let info = json!({"attestationFormats": ["packed"]});
        let empty = json!({"attestationFormats": []});
        for (protocol, info, expected) in [
            ("fido2", None, [true, true, true]),
            ("fido2", Some(&empty), [true, true, true]),
            ("fido2", Some(&info), [true, false, true]),
            ("u2f", None, [false, false, true]),
            ("u2f", Some(&info), [false, false, true]),
            ("uaf", None, [false, false, false]),
            ("later", Some(&info), [true, false, true]),
        ] {
            let mut members = json!({"protocolFamily": protocol});
            if let Some(info) = info {
                members["authenticatorGetInfo"] = info.clone();
            }
            assert_eq!(accepted(members), expected, "{protocol} {info:?}");
        }
    }

    #[test]
    fn attestation_types_are_listed_by_their_names() {
        use AttestationType::{AnonCa, AttCa, Basic, None, SelfAttestation};
        let accepted = |listed: &[&str]| {
            let listed = statement(json!({"attestationTypes": listed}));
            [SelfAttestation, Basic, AttCa, AnonCa]
                .map(|one| lists_type(&listed, names_of_type(one).unwrap()))
        };
        let with_path = [false, true, true, true];
        for (listed, expected) in [
            (&[][..], [true; 4]),
            (&["basic_surrogate"], [true, false, false, false]),
            (&["basic_full"], with_path),
            (&["attca"], with_path),
            (&["anonca"], with_path),
            (&["none", "ecdaa"], [false; 4]),
            (&["ecdaa", "a_later_type"], [true; 4]),
        ] {
            assert_eq!(accepted(listed), expected, "{listed:?}");
        }
        assert_eq!(names_of_type(None), Option::None, "nothing to compare");
    }
}
