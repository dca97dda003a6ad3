//! Statements of `android-safetynet`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: rp_fuzz::registrations(), |data: &[u8]| rp_fuzz::statement("android-safetynet", data));
