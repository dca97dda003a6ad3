//! Client data.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = rp_core::CollectedClientData::parse(data);
});
