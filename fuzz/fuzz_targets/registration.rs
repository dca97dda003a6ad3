//! A whole registration: extension results of the client, client data and attestation object, for a known challenge.
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
