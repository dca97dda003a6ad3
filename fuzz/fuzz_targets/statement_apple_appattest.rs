//! Statements of `apple-appattest`, which has its own entry point.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rp_fuzz::app_attest_statement(data));
