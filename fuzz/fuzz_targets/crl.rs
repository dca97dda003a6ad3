//! Certificate revocation lists.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = rp_core::x509::Crl::from_der(data);
});
