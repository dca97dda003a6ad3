//! Certificate revocation lists: read, and used for a chain whose issuers may have signed them.
#![no_main]

use std::sync::LazyLock;

use rp_conformance::seeds::{NOW, publisher};
use rp_core::TrustAnchor;
use rp_core::x509::path::{PathOptions, validate_der};
use rp_core::x509::{Crl, Revocation};

static CHAIN: LazyLock<(Vec<Vec<u8>>, Vec<TrustAnchor>)> = LazyLock::new(|| {
    let (_, mut chain) = publisher();
    let anchor = chain.pop().expect("the chain ends in its root");
    (chain, vec![TrustAnchor::from_der(&anchor).expect("a certificate")])
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(crl) = Crl::from_der(data) {
        assert_eq!(crl.der(), data);
        let revocation = Revocation { crls: &[crl], required: false };
        let _ = validate_der(&CHAIN.0, &CHAIN.1, NOW, &PathOptions { revocation, ..PathOptions::default() });
    }
});
