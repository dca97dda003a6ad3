//! Paths: the input cut at each 0xff into certificates, the last of them the anchor.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let chain: Vec<&[u8]> = data.split(|byte| *byte == 0xff).collect();
    let anchors: Vec<_> = chain.last().and_then(|der| rp_core::TrustAnchor::from_der(der).ok()).into_iter().collect();
    let at = rp_core::Timestamp::from_unix_seconds(1_780_272_000);
    let _ = rp_core::x509::path::validate_der(&chain, &anchors, at, &rp_core::x509::PathOptions::default());
});
