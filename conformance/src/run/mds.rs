//! `mds` cases, before rp-mds.

use rp_mds::{Keep, Roots, Verification};

use super::Refusal;
use super::rp_core::refused;
use crate::format::{Entry, Expect, Mds, Metadata};

/// Verifies the BLOB and tells of the models that the case asks after; the signer's host name is not judged.
pub(super) fn judge(case: &Mds) -> Result<Metadata, Refusal> {
    let roots =
        Roots::from_certificates(&case.root.0).map_err(|error| Refusal::NotPut(format!("root: {error}")))?;
    let verification = Verification {
        previous_no: case.previous_no,
        keep: Keep::LEAN,
        ..Verification::new(&roots, case.at)
    };
    let metadata = verification.verify(case.blob.text().as_bytes()).map_err(|error| refused!(error))?;
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
        entries: Some(metadata.entries().len().saturating_add(metadata.left_out().len())),
        aaguids: asked.into_iter().filter_map(told).collect(),
    })
}
