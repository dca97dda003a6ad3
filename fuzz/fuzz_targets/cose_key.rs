//! COSE keys: a key that was read is written and read as the same key.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(key) = rp_core::cose::PublicKey::from_cose(data) {
        let again = rp_core::cose::PublicKey::from_cose(&key.to_cose()).expect("what was written is read");
        assert_eq!(key.key(), again.key());
        let _ = key.verify(&[data], data);
    }
});
