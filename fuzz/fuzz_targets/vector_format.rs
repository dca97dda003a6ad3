//! Vector files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = rp_conformance::format::read_text(std::path::Path::new("fuzz.json"), text);
    }
});
