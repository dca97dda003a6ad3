use rp_core::{AllowedCredentials, AuthenticationError, Challenge, CredentialRecord, base64url, crypto};
use serde_json::json;

use super::{Key, NOW, ORIGIN, VERIFIED, rp, user};

#[test]
fn a_key_that_verified_before_is_used_for_its_record_only() {
    let rp = rp();
    let [key, other] = [7, 8].map(Key::new);
    let authenticate = |signer: &Key, record: &CredentialRecord| {
        let allowed = AllowedCredentials::account(user().handle, std::slice::from_ref(record));
        let challenge = Challenge::recorded(&[2; 32]);
        let client_data = json!({
            "type": "webauthn.get", "challenge": base64url::encode(challenge.as_bytes()), "origin": ORIGIN,
        });
        let (_, pending) = rp.authentication(allowed).start_recorded(challenge, NOW);
        let response = signer.response(&client_data.to_string(), VERIFIED, &json!({}));
        rp.clone().finish_authentication(pending, &response, record, NOW).map(|_| ())
    };
    let mismatch = Err(AuthenticationError::Signature(crypto::Error::Mismatch));
    for _ in 0..3 {
        // Both records have the same credential ID
        assert_eq!(authenticate(&key, &key.record()), Ok(()));
        assert_eq!(authenticate(&other, &key.record()), mismatch);
        assert_eq!(authenticate(&other, &other.record()), Ok(()));
        assert_eq!(authenticate(&key, &other.record()), mismatch);
    }
}
