//! The confirmation of a payment: extension results of the client and client data, with valid authenticator data and
//! signature. Unsigned client data confirm nothing.
#![no_main]

use std::sync::LazyLock;

use rp_conformance::seeds::{BasePayment, unpack};
use rp_core::base64url;

static BASE: LazyLock<BasePayment> =
    LazyLock::new(|| BasePayment::minted().expect("a payment can be minted"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((_, [results, client_data])) = unpack(data) else { return };
    let mut response = BASE.response.clone();
    response["response"]["clientDataJSON"] = base64url::encode(client_data).into();
    if let Ok(results) = serde_json::from_slice(results) {
        response["clientExtensionResults"] = results;
    }
    if BASE.judge(&response).is_ok() {
        assert_eq!(response["response"], BASE.response["response"]);
    }
});
