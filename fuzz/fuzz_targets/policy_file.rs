//! A policy file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rp_service::Policy;

fuzz_target!(|text: &str| {
    if let Ok(policy) = Policy::from_toml(text) {
        let _ = policy.conflicts();
    }
});
