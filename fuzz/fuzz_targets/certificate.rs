//! Certificates: strict and lenient reading, and every extension.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(certificate) = rp_core::x509::Certificate::from_der(data) {
        assert!(rp_core::x509::Certificate::from_der_lenient(data).is_ok());
        let _ = (certificate.public_key(), certificate.basic_constraints(), certificate.key_usage());
        let _ = (certificate.extended_key_usage(), certificate.subject_alt_name(), certificate.fido_aaguid());
    }
    let _ = rp_core::TrustAnchor::from_der(data);
});
