//! Metadata BLOBs: any bytes, any header, and an honest one with a byte altered, which is never accepted.
#![no_main]

use std::sync::LazyLock;

use rp_conformance::publisher::Signing;
use rp_conformance::seeds::{NOW, publisher};
use rp_mds::{Roots, SignerHost, Verification};

static SCENE: LazyLock<(Roots, Vec<u8>)> = LazyLock::new(|| {
    let (publisher, _) = publisher();
    let roots = Roots::from_certificates(&publisher.root()).expect("a certificate");
    (roots, publisher.blob_of(br#"{"no":1,"entries":[]}"#, &Signing::default()).into_bytes())
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (roots, honest) = &*SCENE;
    let how = Verification { signer_host: SignerHost::Any, ..Verification::new(roots, NOW) };
    let _ = how.verify(data);
    let rest = honest.iter().position(|byte| *byte == b'.').expect("three parts");
    let header = rp_core::base64url::encode(data);
    let _ = how.verify(&[header.as_bytes(), &honest[rest..]].concat());
    if let [high, low, change @ 1..=255, ..] = *data {
        let mut altered = honest.clone();
        let at = usize::from(u16::from_be_bytes([high, low])) % altered.len();
        altered[at] ^= change;
        assert!(how.verify(&altered).is_err(), "byte {at} ^ {change:#04x} was accepted");
    }
});
