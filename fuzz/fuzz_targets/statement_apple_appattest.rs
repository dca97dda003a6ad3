//! Statements of `apple-appattest`, which has an entry of its own.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rp_fuzz::app_attest_statement(data));
