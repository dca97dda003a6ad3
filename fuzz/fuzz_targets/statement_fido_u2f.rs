//! Statements of `fido-u2f`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: rp_fuzz::registrations(), |data: &[u8]| rp_fuzz::statement("fido-u2f", data));
