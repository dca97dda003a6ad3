//! Unusual client data: payments, and client data of a page on another machine.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod key_cache;
mod payment;
mod remote_client_data;

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use rp_conformance::authenticator::{Authenticator, Config};
use rp_core::options::CredentialCreationOptions;
use rp_core::{
    Aaguid, AuthenticationResponse, CredentialId, CredentialRecord, PendingRegistration, Registered,
    RegistrationError, RegistrationResponse, RelyingParty, StaticAnchors, StoredAttestation, Timestamp, User,
    UserHandle, base64url, crypto,
};
use serde_json::{Value, json};

const RP_ID: &str = "example.org";
const ORIGIN: &str = "https://example.org";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000);

fn rp() -> RelyingParty {
    RelyingParty::builder(RP_ID).origin(ORIGIN).build().unwrap()
}

fn user() -> User {
    let handle = UserHandle::try_from(&b"kim"[..]).unwrap();
    User { handle, name: "kim".into(), display_name: "Kim".into() }
}

/// A P-256 key that signs any bytes.
struct Key(SigningKey);

impl Key {
    fn new(number: u8) -> Self {
        Self(SigningKey::from_slice(&[number; 32]).unwrap())
    }

    fn cose(&self) -> Vec<u8> {
        let point = self.0.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        let head = [
            0xa5, /* kty */ 1, 2, /* EC2 */
            /* alg */ 3, 0x26, /* -7 */
            /* crv */ 0x20, 1,
        ];
        [&head[..], &[0x21, 0x58, 32], x, &[0x22, 0x58, 32], y].concat()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(message);
        signature.to_der().as_bytes().to_vec()
    }

    fn record(&self) -> CredentialRecord {
        CredentialRecord {
            id: CredentialId::try_from(&b"credential"[..]).unwrap(),
            user_handle: user().handle,
            public_key: self.cose().into(),
            sign_count: 0,
            uv_initialized: true,
            transports: vec![],
            backup_eligible: Some(false),
            backup_state: false,
            attestation_object: None,
            attestation_client_data_json: None,
            rp_id: Some(RP_ID.into()),
            aaguid: Aaguid::ZERO,
            attestation: StoredAttestation::UNKNOWN,
        }
    }

    /// An assertion over these client data, with UP and the other flags given.
    fn response(&self, client_data: &str, flags: u8, outputs: &Value) -> AuthenticationResponse {
        let flags_and_counter = [0x01 | flags, 0, 0, 0, 0];
        let data = [&crypto::sha256(&[RP_ID.as_bytes()])[..], &flags_and_counter].concat();
        let signature = self.sign(&[&data[..], &crypto::sha256(&[client_data.as_bytes()])].concat());
        let id = base64url::encode(b"credential");
        let response = json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": outputs,
            "response": {
                "clientDataJSON": base64url::encode(client_data.as_bytes()),
                "authenticatorData": base64url::encode(&data),
                "signature": base64url::encode(&signature),
            },
        });
        AuthenticationResponse::from_json(response.to_string().as_bytes()).unwrap()
    }
}

/// UV.
const VERIFIED: u8 = 0x04;

/// A registration without a statement, with replaced client data, which no signature covers.
fn registered(
    rp: &RelyingParty,
    (options, pending): (CredentialCreationOptions, PendingRegistration),
    client_data: &str,
    outputs: &Value,
) -> Result<Registered, RegistrationError> {
    let mut authenticator = Authenticator::new("client data", Config::default());
    let options = serde_json::to_value(&options).unwrap();
    let mut response: Value = serde_json::from_str(&authenticator.create(&options, ORIGIN).unwrap()).unwrap();
    response["response"]["clientDataJSON"] = base64url::encode(client_data.as_bytes()).into();
    response["clientExtensionResults"] = outputs.clone();
    if let Some(attachment) = options.pointer("/publicKey/authenticatorSelection/authenticatorAttachment") {
        response["authenticatorAttachment"] = attachment.clone();
    }
    let response = RegistrationResponse::from_json(response.to_string().as_bytes()).unwrap();
    rp.finish_registration(pending, &response, &StaticAnchors::none(), NOW)
}
