//! Seeds for metadata: a publisher, its BLOBs and revocation lists, and payloads with every member that is read.

use serde_json::{Value, json};

use super::layout::{Inputs, NOW};
use crate::authenticator::Algorithm;
use crate::publisher::{Behind, Publisher, SERIALS, Signing};

/// A publisher and its chain: signer, authority, root.
#[must_use]
pub fn publisher() -> (Publisher, Vec<Vec<u8>>) {
    let publisher = Publisher::new("fuzz", NOW);
    let mut chain = publisher.chain(&Signing::default());
    chain.push(publisher.root());
    (publisher, chain)
}

/// Lists of the authority and of the root: empty, about other certificates, and about the chain.
pub(super) fn revocation_lists() -> Inputs {
    let (publisher, _) = publisher();
    let [signer, authority] = SERIALS;
    let other: &[u8] = &[0x77];
    let lists: [&[&[u8]]; 4] = [&[], &[other], &[signer], &[authority, other, signer]];
    lists.iter().flat_map(|serials| [false, true].map(|root| publisher.crl(root, serials))).collect()
}

/// BLOBs by several algorithms, with chains of each kind.
pub(super) fn blobs() -> Inputs {
    let (publisher, _) = publisher();
    let small = json!({"no": 1, "nextUpdate": "2026-07-01", "entries": []});
    let signings = [
        Signing::default(),
        Signing { algorithm: Algorithm::Es512, ..Signing::default() },
        Signing { algorithm: Algorithm::EdDsa, ..Signing::default() },
        Signing { behind: vec![Behind::Authority, Behind::CrossSignedRoot], ..Signing::default() },
        Signing { crl_url: Some("http://crl.example.org/".into()), ..Signing::default() },
        Signing { header: json!({"alg": "none", "x5c": null}), ..Signing::default() },
        Signing { header: json!({"x5u": "https://mds.example.org/"}), ..Signing::default() },
    ];
    signings.iter().map(|signing| publisher.blob(&small, signing).into_bytes()).collect()
}

/// Payloads, operators' lists, and lists of names.
pub(super) fn payloads() -> Inputs {
    let (_, chain) = publisher();
    let certificates: Vec<_> = chain.iter().map(|der| rp_core::base64url::encode(der)).collect();
    let entry = entry(&certificates);
    let names =
        json!({"a1000000-0000-4000-8000-000000000001": {"name": "A provider", "icon_light": "data:,"}});
    let payload = json!({"legalHeader": "terms", "no": 1, "nextUpdate": "2026-07-01", "entries": [entry, 7]});
    [payload, json!([entry]), names].iter().map(|seed| seed.to_string().into_bytes()).collect()
}

fn entry(certificates: &[String]) -> Value {
    let report = json!({
        "status": "ATTESTATION_KEY_COMPROMISE", "effectiveDate": "2026-01-01", "sunsetDate": "2027-01-01",
        "authenticatorVersion": 3, "certificate": certificates.first(), "url": "www.example.org",
        "certificationDescriptor": "d", "certificateNumber": "n", "certificationPolicyVersion": "1",
        "certificationRequirementsVersion": "1", "certificationProfiles": ["consumer"], "fipsRevision": 3,
        "fipsPhysicalSecurityLevel": 3, "later": [1, 2.5e-7],
    });
    json!({
        "aaguid": "a1000000-0000-4000-8000-000000000001",
        "aaid": "1234#5678",
        "attestationCertificateKeyIdentifiers": ["0102030405060708090a0b0c0d0e0f1011121314"],
        "metadataStatement": {
            "legalHeader": "terms", "aaguid": "a1000000-0000-4000-8000-000000000001",
            "description": "Example \u{ae} \"Key\"", "alternativeDescriptions": {"uk-UA": "\u{43a}"},
            "friendlyNames": {"en-US": "Example"}, "authenticatorVersion": 5, "protocolFamily": "fido2",
            "schema": 3, "upv": [{"major": 1, "minor": 0}],
            "authenticationAlgorithms": ["secp256r1_ecdsa_sha256_raw"], "publicKeyAlgAndEncodings": ["cose"],
            "attestationTypes": ["basic_full"],
            "userVerificationDetails": [[{"userVerificationMethod": "presence_internal", "caDesc": {"base": 10}}]],
            "keyProtection": ["hardware"], "matcherProtection": ["on_chip"], "cryptoStrength": 128,
            "attachmentHint": ["external"], "tcDisplay": [], "attestationRootCertificates": certificates,
            "icon": "data:image/png;base64,AA==", "iconDark": "data:,", "multiDeviceCredentialSupport": "none",
            "authenticatorGetInfo": {
                "versions": ["FIDO_2_1"], "extensions": ["credProtect"], "options": {"rk": true},
                "transports": ["usb"], "algorithms": [{"type": "public-key", "alg": -7}],
                "attestationFormats": ["packed"], "firmwareVersion": 5, "certifications": {"FIPS-CMVP-3": 1},
            },
        },
        "statusReports": [report, {"status": "FIDO_CERTIFIED_L1", "effectiveDate": "2024-01-01"}],
        "timeOfLastStatusChange": "2026-01-01",
        "biometricStatusReports": [{"modality": "fingerprint_internal"}],
    })
}
