//! Encoded values are decoded to the same values.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use rp_conformance::authenticator::{Algorithm as Minted, Authenticator, Config};
use rp_core::cose::PublicKey;
use rp_core::{AuthenticatorData, base64url};
use serde_json::{Value, json};

/// The COSE_Key of a credential with this algorithm, as the authenticator writes it.
fn key(minted: Minted) -> PublicKey {
    let mut authenticator =
        Authenticator::new("encoders", Config { algorithms: vec![minted], ..Config::default() });
    let options = json!({
        "challenge": "AAAAAAAAAAAAAAAAAAAAAA",
        "rp": {"id": "example.org", "name": "Example"},
        "user": {"id": "a2lt", "name": "kim", "displayName": "Kim"},
        "pubKeyCredParams": [{"type": "public-key", "alg": minted.cose()}],
    });
    let response = authenticator.create(&options, "https://example.org").unwrap();
    let response: Value = serde_json::from_str(&response).unwrap();
    let data = base64url::decode(response["response"]["authenticatorData"].as_str().unwrap()).unwrap();
    let data = AuthenticatorData::parse(&data).unwrap();
    let attested = data.attested_credential().unwrap();
    PublicKey::from_cose(attested.credential_public_key.as_bytes()).unwrap()
}

#[test]
fn a_key_of_every_algorithm_is_read_as_it_was_written() {
    for minted in Minted::ALL.iter().copied() {
        let key = key(minted);
        let written = key.to_cose();
        let again = PublicKey::from_cose(&written).unwrap();
        assert_eq!(again, key, "{minted:?}");
        assert_eq!(again.to_cose(), written, "{minted:?}");
    }
}
