//! Registration whole: the input is an attestation object under client data that are right.
#![no_main]

use std::sync::LazyLock;

use rp_core::{
    AttestationPolicy, Challenge, RegistrationResponse, RelyingParty, StaticAnchors, Timestamp, User, UserHandle,
    base64url,
};

const CLIENT_DATA: &str = r#"{"type":"webauthn.create","challenge":"AQEBAQEBAQEBAQEBAQEBAQ","origin":"https://example.org"}"#;

static RP: LazyLock<RelyingParty> = LazyLock::new(|| {
    RelyingParty::builder("example.org")
        .origin("https://example.org")
        .algorithms(rp_core::Algorithm::SUPPORTED.iter().copied().filter(|algorithm| algorithm.id() != -65535))
        .attestation_policy(AttestationPolicy::default().all_formats())
        .build()
        .expect("a configuration that is right")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let handle = UserHandle::try_from(&[1][..]).expect("one byte is enough");
    let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
    let (_, pending) = RP.registration(&user).start_with(Challenge::recorded(&[1; 16]));
    let json = serde_json::json!({
        "id": "AQ", "rawId": "AQ", "type": "public-key",
        "response": {
            "clientDataJSON": base64url::encode(CLIENT_DATA.as_bytes()),
            "attestationObject": base64url::encode(data),
        },
    });
    let response = RegistrationResponse::from_json(json.to_string().as_bytes()).expect("a form that is right");
    let now = Timestamp::from_unix_seconds(1_780_272_000);
    let _ = RP.finish_registration(pending, &response, &StaticAnchors::none(), now);
});
