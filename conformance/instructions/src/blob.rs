//! A metadata BLOB of 200 models.

use std::hint::black_box;

use rp_conformance::authenticator::Algorithm;
use rp_conformance::publisher::{Publisher, Signing};
use rp_core::{Aaguid, Timestamp};
use rp_mds::{Metadata, Roots, SignerHost, Verification};

use crate::counted;

const MODELS: u8 = 200;

/// A BLOB, its root and the time of its verification.
struct Blob {
    bytes: Vec<u8>,
    roots: Roots,
    at: Timestamp,
}

impl Blob {
    fn new() -> Self {
        let at = Timestamp::from_unix_seconds(1_633_046_400);
        let publisher = Publisher::new("instructions", at);
        let entry = |model: u8| {
            serde_json::json!({
                "aaguid": aaguid(model).to_string(),
                "metadataStatement": {
                    "description": format!("Model {model}"),
                    "aaguid": aaguid(model).to_string(),
                    "icon": "A".repeat(4000),
                    "attestationRootCertificates": [],
                },
                "statusReports": [{ "status": "FIDO_CERTIFIED_L1", "effectiveDate": "2020-01-01" }],
                "timeOfLastStatusChange": "2020-01-01",
            })
        };
        let payload = serde_json::json!({
            "legalHeader": "", "no": 1, "nextUpdate": "2021-11-01",
            "entries": (1..=MODELS).map(entry).collect::<Vec<_>>(),
        });
        let signing = Signing { algorithm: Algorithm::Es256, ..Signing::default() };
        let bytes = publisher.blob(&payload, &signing).into_bytes();
        Self { bytes, roots: Roots::from_certificates(&publisher.root()).unwrap(), at }
    }

    fn load(&self) -> Metadata {
        let verification =
            Verification { signer_host: SignerHost::Any, ..Verification::new(&self.roots, self.at) };
        verification.verify(black_box(&self.bytes)).unwrap()
    }
}

fn aaguid(model: u8) -> Aaguid {
    Aaguid::new([model; 16])
}

/// Verifies and parses the BLOB, and builds its index.
pub(crate) fn load() {
    let blob = Blob::new();
    drop(counted(|| blob.load()));
}

/// Finds a model by its AAGUID.
pub(crate) fn look_up() {
    let metadata = Blob::new().load();
    counted(|| metadata.by_aaguid(black_box(aaguid(100))).is_some());
}
