//! Both responses, as JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = rp_core::RegistrationResponse::from_json(data);
    let _ = rp_core::AuthenticationResponse::from_json(data);
});
