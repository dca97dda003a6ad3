//! The driver for rp-core and rp-mds.

use rp_core::x509::{PathOptions, path};
use rp_core::{Code, TrustAnchor, cose};
use rp_mds::{Retention, Roots, SignerHost, Verification};

use super::convert::{rejected, unrepresentable};
use super::{Driver, DriverError, authentication, registration};
use crate::format::{Authentication, Ceremony, Chain, Entry, Expect, Mds, Metadata, Registration, Signature};

/// rp-core and rp-mds, as they were built with this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct RpCore;

impl Driver for RpCore {
    fn registration(&self, case: &Registration) -> Result<Ceremony, DriverError> {
        registration::judge(case)
    }

    fn authentication(&self, case: &Authentication) -> Result<Ceremony, DriverError> {
        authentication::judge(case)
    }

    fn chain(&self, case: &Chain) -> Result<(), DriverError> {
        let anchors = case.trust_anchors.iter().map(|der| TrustAnchor::from_der(&der.0));
        let anchors: Vec<_> = anchors.collect::<Result<_, _>>().map_err(|error| rejected!(error))?;
        let options = PathOptions { max_depth: case.max_depth, ..PathOptions::default() };
        path::validate_der(&case.chain, &anchors, case.at, &options)
            .map(drop)
            .map_err(|error| rejected!(error))
    }

    /// The host name of the signer is not checked.
    fn mds(&self, case: &Mds) -> Result<Metadata, DriverError> {
        let roots = Roots::from_certificates(&case.root.0).map_err(|error| unrepresentable("root", error))?;
        let verification = Verification {
            previous_no: case.previous_no,
            // Vectors do not name the signer's host.
            signer_host: SignerHost::Any,
            retention: Retention::LEAN,
            ..Verification::new(&roots, case.at)
        };
        let metadata = verification.verify(case.blob.text().as_bytes()).map_err(|error| rejected!(error))?;
        let asked = match &case.expect {
            Expect::Accept(expected) => expected.aaguids.keys().copied().collect(),
            Expect::Reject(_) => Vec::new(),
        };
        let told = |aaguid| {
            let entry = metadata.by_aaguid(aaguid)?;
            let status = entry.newest_report().map(|report| report.status.to_string());
            let description = entry.statement().map(|statement| statement.description.to_string());
            Some((aaguid, Entry { status, description }))
        };
        Ok(Metadata {
            no: metadata.no(),
            next_update: metadata.next_update().map(|day| day.to_string()),
            entries: Some(metadata.entries().len().saturating_add(metadata.rejected().len())),
            aaguids: asked.into_iter().filter_map(told).collect(),
        })
    }

    fn signature(&self, case: &Signature) -> Result<(), DriverError> {
        let key = cose::PublicKey::from_cose(&case.public_key.0).map_err(|error| rejected!(error))?;
        key.verify(&[&case.message.0], &case.signature.0).map_err(|error| DriverError::Rejected {
            code: Code::SignatureInvalid,
            detail: error.to_string(),
        })
    }
}
