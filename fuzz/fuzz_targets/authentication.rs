//! A whole authentication: extension results of the client, client data, authenticator data and signature, for a known
//! challenge.
#![no_main]

use rp_conformance::seeds::unpack;
use rp_fuzz::{authentications, nth};

libfuzzer_sys::fuzz_target!(init: authentications(), |data: &[u8]| {
    let Some((number, [results, client_data, authenticator_data, signature])) = unpack(data) else { return };
    let base = nth(authentications(), number);
    let mut response = base.with_parts(client_data, authenticator_data, signature);
    if let Ok(results) = serde_json::from_slice(results) {
        response["clientExtensionResults"] = results;
    }
    let _ = base.judge(&response);
});
