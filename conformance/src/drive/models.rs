//! The models of the software authenticators, and their metadata.

use std::path::Path;
use std::{fs, io};

use rp_core::{Aaguid, Timestamp};
use serde_json::{Value, json};

use crate::authenticator::{Algorithm, Authenticator, Config, Path as CertificatePath};

/// A model of authenticators that a server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// Listed and certified. It makes every format.
    Certified,
    /// Listed with its attestation certificate as the only anchor.
    LeafAnchor,
    /// Listed and certified, with a root of its own.
    OtherVendor,
    /// Its statement lists `tpm` as the only attestation format.
    OnlyTpm,
    /// Its statement lists ES384 as the only algorithm.
    OnlyEs384,
    /// A report of this status is in force.
    Reported(&'static str),
    /// It was revoked, and certified again later.
    RevokedThenCertified,
    /// It is not listed.
    Unlisted,
}

/// The time at which the certificate of [`Model::LeafAnchor`] was made, 2026-01-01. It is valid for ten years.
const LEAF_MADE: Timestamp = Timestamp::from_unix_seconds(1_767_225_600);

/// The statuses for which a model must be rejected.
pub(super) const BAD_STATUSES: [&str; 5] = [
    "USER_VERIFICATION_BYPASS",
    "ATTESTATION_KEY_COMPROMISE",
    "USER_KEY_REMOTE_COMPROMISE",
    "USER_KEY_PHYSICAL_COMPROMISE",
    "REVOKED",
];

impl Model {
    /// Every model that a server must know.
    fn listed() -> Vec<Self> {
        let mut models = vec![
            Self::Certified,
            Self::LeafAnchor,
            Self::OtherVendor,
            Self::OnlyTpm,
            Self::OnlyEs384,
            Self::RevokedThenCertified,
        ];
        models.extend(BAD_STATUSES.map(Self::Reported));
        models
    }

    fn name(self) -> String {
        match self {
            Self::Certified => "certified".into(),
            Self::LeafAnchor => "leaf-anchor".into(),
            Self::OtherVendor => "other-vendor".into(),
            Self::OnlyTpm => "only-tpm".into(),
            Self::OnlyEs384 => "only-es384".into(),
            Self::Reported(status) => status.to_lowercase().replace('_', "-"),
            Self::RevokedThenCertified => "revoked-then-certified".into(),
            Self::Unlisted => "unlisted".into(),
        }
    }

    /// The seed of what all devices of the model share.
    pub(super) fn vendor(self) -> String {
        format!("conformance drive, {}", self.name())
    }

    /// The AAGUID: fixed, so that metadata can be written once.
    pub(super) fn aaguid(self) -> [u8; 16] {
        let mut aaguid = Config::default().aaguid;
        let digest = <sha2::Sha256 as sha2::Digest>::digest(self.vendor());
        for (byte, random) in aaguid.iter_mut().skip(8).zip(digest) {
            *byte = random;
        }
        // RFC 9562: the variant of a UUID
        if let Some(byte) = aaguid.get_mut(8) {
            *byte = *byte & 0x3f | 0x80;
        }
        aaguid
    }

    /// A device of the model, with credentials of its own.
    pub(super) fn device(self, seed: &str, config: Config) -> Authenticator {
        let config = match self {
            // Certificates after an anchor are rejected in the `fido` profile. The certificate is the one that metadata
            // list, to the byte.
            Self::LeafAnchor => Config { path: CertificatePath::Leaf, now: LEAF_MADE, ..config },
            _ => config,
        };
        Authenticator::of_vendor(&self.vendor(), seed, Config { aaguid: self.aaguid(), ..config })
    }

    /// The entry of the model as the FIDO Metadata Service would publish it.
    fn entry(self, now: Timestamp) -> Value {
        let device = self.device("", Config { now, ..Config::default() });
        let anchors = match self {
            Self::LeafAnchor => vec![device.attestation_certificate()],
            _ => device.anchors(),
        };
        let report = |status: &str, date: &str| json!({"status": status, "effectiveDate": date});
        let reports = match self {
            Self::Reported(status) => {
                vec![report("FIDO_CERTIFIED_L1", "2024-01-01"), report(status, "2025-01-01")]
            }
            Self::RevokedThenCertified => {
                vec![report("REVOKED", "2024-01-01"), report("FIDO_CERTIFIED_L1", "2025-01-01")]
            }
            _ => vec![report("FIDO_CERTIFIED_L1", "2024-01-01")],
        };
        let aaguid = Aaguid::new(self.aaguid());
        let mut statement = statement(&self.name(), &anchors);
        statement["aaguid"] = json!(aaguid);
        statement["authenticatorGetInfo"]["aaguid"] = json!(aaguid.to_string().replace('-', ""));
        match self {
            Self::OnlyTpm => statement["authenticatorGetInfo"]["attestationFormats"] = json!(["tpm"]),
            Self::OnlyEs384 => {
                statement["authenticationAlgorithms"] = json!(["secp384r1_ecdsa_sha384_raw"]);
                statement["authenticatorGetInfo"]["algorithms"] = json!([{"type": "public-key", "alg": -35}]);
            }
            _ => {}
        }
        json!({
            "aaguid": aaguid,
            "metadataStatement": statement,
            "statusReports": reports,
            "timeOfLastStatusChange": "2025-01-01",
        })
    }
}

/// The entry of the U2F devices, which have no AAGUID: metadata identify them by the key of their certificate.
fn u2f_entry(now: Timestamp) -> Value {
    let device = Model::Certified.device("", Config { now, ..Config::default() });
    let identifier: String = device.u2f_key_identifier().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut statement = statement("certified-u2f", &device.anchors());
    statement["protocolFamily"] = json!("u2f");
    statement["attestationCertificateKeyIdentifiers"] = json!([identifier]);
    json!({
        "attestationCertificateKeyIdentifiers": [identifier],
        "metadataStatement": statement,
        "statusReports": [{"status": "FIDO_CERTIFIED_L1", "effectiveDate": "2024-01-01"}],
        "timeOfLastStatusChange": "2024-01-01",
    })
}

fn statement(name: &str, anchors: &[Vec<u8>]) -> Value {
    let anchors: Vec<_> = anchors.iter().map(|der| base64(der)).collect();
    let algorithms: Vec<_> =
        Algorithm::ALL.iter().map(|one| json!({"type": "public-key", "alg": one.cose()})).collect();
    json!({
        "legalHeader": "Test data of rp-conformance.",
        "description": format!("Software authenticator: {name}"),
        "authenticatorVersion": 1,
        "protocolFamily": "fido2",
        "schema": 3,
        "upv": [{"major": 1, "minor": 1}],
        "authenticationAlgorithms": NAMES,
        "publicKeyAlgAndEncodings": ["cose"],
        "attestationTypes": ["basic_full", "basic_surrogate", "attca", "anonca"],
        "userVerificationDetails": [[{"userVerificationMethod": "presence_internal"}]],
        "keyProtection": ["software"],
        "matcherProtection": ["software"],
        "attachmentHint": ["external"],
        "tcDisplay": [],
        "attestationRootCertificates": anchors,
        "authenticatorGetInfo": {"versions": ["FIDO_2_1"], "algorithms": algorithms},
    })
}

/// The names of FIDO's Registry of Predefined Values, section 3.6.1.
const NAMES: [&str; 13] = [
    "secp256r1_ecdsa_sha256_raw",
    "secp384r1_ecdsa_sha384_raw",
    "secp521r1_ecdsa_sha512_raw",
    "secp256k1_ecdsa_sha256_raw",
    "ed25519_eddsa_sha512_raw",
    "ed448_eddsa_sha512_raw",
    "rsassa_pkcsv15_sha256_raw",
    "rsassa_pkcsv15_sha384_raw",
    "rsassa_pkcsv15_sha512_raw",
    "rsassa_pkcsv15_sha1_raw",
    "rsassa_pss_sha256_raw",
    "rsassa_pss_sha384_raw",
    "rsassa_pss_sha512_raw",
];

/// Standard base64 with padding, as metadata and PEM have it.
fn base64(bytes: &[u8]) -> String {
    let text = rp_core::base64url::encode(bytes).replace('-', "+").replace('_', "/");
    let padded = text.len().next_multiple_of(4);
    format!("{text:=<padded$}")
}

/// The entries of all models that [`drive`](crate::drive) uses, by file name.
#[must_use]
pub fn entries(now: Timestamp) -> Vec<(String, Value)> {
    let mut entries: Vec<_> =
        Model::listed().into_iter().map(|model| (model.name(), model.entry(now))).collect();
    entries.push(("certified-u2f".into(), u2f_entry(now)));
    entries
}

/// The root of the certified model, DER.
#[must_use]
pub fn certified_root() -> Vec<u8> {
    root(Timestamp::now())
}

fn root(now: Timestamp) -> Vec<u8> {
    let device = Model::Certified.device("", Config { now, ..Config::default() });
    device.anchors().into_iter().next().unwrap_or_default()
}

/// Writes the metadata of all models into a folder: an entry per file, all entries as `all/entries.json`, and the root
/// of the certified model as `roots/certified.pem`. Returns the number of models.
///
/// # Errors
/// [`io::Error`] if a file cannot be written.
pub fn write_metadata(folder: &Path, now: Timestamp) -> io::Result<usize> {
    for sub in ["all", "roots"] {
        fs::create_dir_all(folder.join(sub))?;
    }
    let entries = entries(now);
    for (name, entry) in &entries {
        fs::write(folder.join(format!("{name}.json")), format!("{entry:#}\n"))?;
    }
    let all: Vec<_> = entries.iter().map(|(_, entry)| entry).collect();
    fs::write(folder.join("all/entries.json"), format!("{:#}\n", json!({ "entries": all })))?;
    fs::write(folder.join("roots/certified.pem"), pem(&root(now)))?;
    Ok(entries.len())
}

/// A certificate in PEM (RFC 7468).
fn pem(der: &[u8]) -> String {
    let text = base64(der);
    let mut lines = vec!["-----BEGIN CERTIFICATE-----"];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        lines.push(line);
        rest = after;
    }
    lines.push("-----END CERTIFICATE-----\n");
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use rp_core::base64url;

    use super::*;
    use crate::authenticator::{Format, Page};

    #[test]
    fn a_leaf_that_is_the_anchor_is_the_listed_certificate() {
        let listed = Model::LeafAnchor.entry(Timestamp::from_unix_seconds(1_780_272_000));
        let listed = listed["metadataStatement"]["attestationRootCertificates"][0].as_str().unwrap();
        let now = Timestamp::from_unix_seconds(1_790_000_000);
        let mut device =
            Model::LeafAnchor.device("another", Config { format: Format::Packed, now, ..Config::default() });
        let options = json!({
            "rp": {"id": "example.org"},
            "user": {"id": "AA", "name": "kim", "displayName": "Kim"},
            "challenge": "AAAAAAAAAAAAAAAAAAAAAA",
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "attestation": "direct",
        });
        let created = device.create(&options, Page::at("https://example.org")).unwrap();
        let created: Value = serde_json::from_str(&created).unwrap();
        let object = base64url::decode(created["response"]["attestationObject"].as_str().unwrap()).unwrap();
        let certificate =
            base64url::decode(&listed.replace('+', "-").replace('/', "_").replace('=', "")).unwrap();
        assert!(object.windows(certificate.len()).any(|window| window == certificate));
    }
}
