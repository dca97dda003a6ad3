//! Both options, read from JSON and written again.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    use rp_core::options::{PublicKeyCredentialCreationOptionsJson, PublicKeyCredentialRequestOptionsJson};
    if let Ok(options) = serde_json::from_slice::<PublicKeyCredentialCreationOptionsJson>(data) {
        let written = serde_json::to_vec(&options).expect("options are JSON");
        assert_eq!(options, serde_json::from_slice(&written).expect("what was written is read"));
    }
    if let Ok(options) = serde_json::from_slice::<PublicKeyCredentialRequestOptionsJson>(data) {
        let written = serde_json::to_vec(&options).expect("options are JSON");
        assert_eq!(options, serde_json::from_slice(&written).expect("what was written is read"));
    }
});
