//! Registration whole: the client's extension results, client data and an attestation object, under a challenge that
//! is right.
#![no_main]

use rp_conformance::seeds::unpack;
use rp_fuzz::{nth, registrations};

libfuzzer_sys::fuzz_target!(init: registrations(), |data: &[u8]| {
    let Some((number, [results, client_data, object])) = unpack(data) else { return };
    let base = nth(registrations(), number);
    let mut response = base.with_parts(client_data, object);
    if let Ok(results) = serde_json::from_slice(results) {
        response["clientExtensionResults"] = results;
    }
    let _ = base.judge(&response);
});
