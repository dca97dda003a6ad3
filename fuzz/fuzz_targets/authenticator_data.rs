//! Authenticator data: read to the last byte or rejected.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(read) = rp_core::AuthenticatorData::parse(data) {
        assert_eq!(read.as_bytes(), data);
    }
});
