//! Statements of `android-key`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: rp_fuzz::registrations(), |data: &[u8]| rp_fuzz::statement("android-key", data));
