//! CBOR: the scan and the reading agree on what is one item.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let scanned = rp_core::cbor::item_len(data);
    let read = rp_core::cbor::parse_prefix(data).map(|(_, length)| length);
    assert_eq!(scanned, read);
});
