//! CBOR: the length of an item is within the input, and the item alone reads as the same value.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok((value, len)) = rp_core::cbor::parse_prefix(data) {
        let again = rp_core::cbor::parse(&data[..len]).expect("an item reads alone");
        assert_eq!(format!("{value:?}"), format!("{again:?}"));
    }
});
