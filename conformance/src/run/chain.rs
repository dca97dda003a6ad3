//! `chain` cases, before rp-core.

use rp_core::TrustAnchor;
use rp_core::x509::{PathOptions, path};

use super::Refusal;
use super::rp_core::refused;
use crate::format::Chain;

pub(super) fn judge(case: &Chain) -> Result<(), Refusal> {
    let anchors = case.trust_anchors.iter().map(|der| TrustAnchor::from_der(&der.0));
    let anchors: Vec<_> = anchors.collect::<Result<_, _>>().map_err(|error| refused!(error))?;
    let options = PathOptions { max_depth: case.max_depth, ..PathOptions::default() };
    path::validate_der(&case.chain, &anchors, case.at, &options).map(drop).map_err(|error| refused!(error))
}
