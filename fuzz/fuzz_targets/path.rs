//! Paths: a list of certificates whose last one is the anchor; walked in order, and searched.
#![no_main]

use rp_conformance::seeds::NOW;
use rp_core::TrustAnchor;
use rp_core::x509::{Certificate, path};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let chain = rp_fuzz::der_values(data);
    let Some((anchor, chain)) = chain.split_last() else { return };
    let anchors: Vec<_> = TrustAnchor::from_der(anchor).into_iter().collect();
    let options = path::PathOptions::default();
    let walked = path::validate_der(chain, &anchors, NOW, &options);
    let Some((leaf, pool)) = chain.split_first() else { return };
    let Ok(leaf) = Certificate::from_der(leaf) else { return };
    let searched = path::search(&leaf, pool, &anchors, NOW, &options);
    // The search finds every path that can be walked, up to its maximum length.
    if let Ok(walked) = walked {
        assert!(searched.is_ok() || walked.certificates().len() > 8, "{searched:?}");
    }
});
