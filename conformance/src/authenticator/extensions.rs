//! Extension outputs of client and authenticator.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::cbor::Cbor;
use super::quirk::Quirk;
use crate::format::Bytes;

/// The outputs of client and authenticator.
#[derive(Debug)]
pub(crate) struct Outputs {
    /// `clientExtensionResults`.
    pub(crate) client: Map<String, Value>,
    /// The map in authenticator data.
    pub(crate) authenticator: Cbor,
}

/// The extension data stored with a credential.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// The secret behind `prf` and `hmac-secret`.
    pub(crate) secret: Vec<u8>,
    /// `credBlob`.
    pub(crate) blob: Vec<u8>,
    /// `largeBlob`.
    pub(crate) large_blob: Vec<u8>,
}

impl Outputs {
    fn new(quirk: Option<Quirk>) -> Self {
        let mut authenticator = Cbor::Map(Vec::new());
        if quirk == Some(Quirk::ExtensionUnknown) {
            authenticator.set("example.unknown", Cbor::Array(vec![Cbor::Null, 1.into()]));
        }
        Self { client: Map::new(), authenticator }
    }

    /// The authenticator's map in CTAP2's canonical order.
    fn sorted(self) -> Self {
        Self { authenticator: self.authenticator.canonical(), ..self }
    }

    fn tell(&mut self, name: &str, value: Value) {
        self.client.insert(name.into(), value);
    }
}

/// The outputs at registration; `kept` is the data that the credential will store.
pub(crate) fn at_creation(
    asked: &Map<String, Value>,
    resident: bool,
    kept: &mut Kept,
    quirk: Option<Quirk>,
) -> Outputs {
    let mut outputs = Outputs::new(quirk);
    for (name, input) in asked {
        match name.as_str() {
            "credProps" if input == true => outputs.tell(name, json!({"rk": resident})),
            "credentialProtectionPolicy" => {
                let level = match input.as_str() {
                    Some("userVerificationRequired") => 3,
                    Some("userVerificationOptionalWithCredentialIDList") => 2,
                    _ => 1,
                };
                outputs.authenticator.set("credProtect", level);
            }
            "minPinLength" if input == true => outputs.authenticator.set("minPinLength", 4),
            "hmacCreateSecret" if input == true => {
                outputs.tell(name, json!(true));
                outputs.authenticator.set("hmac-secret", true);
            }
            "prf" => {
                outputs.tell(name, json!({"enabled": true}));
                outputs.authenticator.set("hmac-secret", true);
            }
            "credBlob" => {
                kept.blob = bytes(input);
                outputs.tell(name, json!(true));
                outputs.authenticator.set("credBlob", true);
            }
            "largeBlob" => outputs.tell(name, json!({"supported": resident})),
            "appidExclude" | "remoteClientDataJSON" => outputs.tell(name, json!(true)),
            "uvm" if input == true => verification_methods(&mut outputs),
            _ => {}
        }
    }
    outputs.sorted()
}

/// The outputs at authentication; `by_appid`: the credential was found by its AppID.
pub(crate) fn at_assertion(
    asked: &Map<String, Value>,
    by_appid: bool,
    id: &[u8],
    kept: &mut Kept,
    quirk: Option<Quirk>,
) -> Outputs {
    let mut outputs = Outputs::new(quirk);
    for (name, input) in asked {
        match name.as_str() {
            "appid" => outputs.tell(name, json!(by_appid)),
            "remoteClientDataJSON" => outputs.tell(name, json!(true)),
            "prf" => {
                let by_credential =
                    input.get("evalByCredential").and_then(|all| all.get(Bytes::from(id).to_string()));
                if let Some(eval) = by_credential.or_else(|| input.get("eval")) {
                    outputs.tell(name, json!({"results": results(eval, &kept.secret)}));
                    outputs.authenticator.set("hmac-secret", vec![0; 48]);
                }
            }
            "getCredBlob" if input == true => outputs.authenticator.set("credBlob", kept.blob.clone()),
            "largeBlob" => {
                if let Some(write) = input.get("write") {
                    kept.large_blob = bytes(write);
                    outputs.tell(name, json!({"written": true}));
                } else if input.get("read") == Some(&json!(true)) {
                    outputs.tell(name, json!({"blob": Bytes(kept.large_blob.clone()).to_string()}));
                }
            }
            "uvm" if input == true => verification_methods(&mut outputs),
            _ => {}
        }
    }
    outputs.sorted()
}

/// One method: a PIN, kept in hardware.
fn verification_methods(outputs: &mut Outputs) {
    outputs.tell("uvm", json!([[4, 2, 4]]));
    outputs.authenticator.set("uvm", Cbor::Array(vec![Cbor::Array(vec![4.into(), 2.into(), 4.into()])]));
}

/// `prf` results: a hash of the credential's secret and the salt, one for each requested salt.
fn results(eval: &Value, secret: &[u8]) -> Map<String, Value> {
    ["first", "second"]
        .into_iter()
        .filter_map(|name| {
            let salt = bytes(eval.get(name)?);
            let result = Sha256::new().chain_update(secret).chain_update(salt).finalize();
            Some((name.to_owned(), json!(Bytes(result.to_vec()).to_string())))
        })
        .collect()
}

fn bytes(text: &Value) -> Vec<u8> {
    text.as_str().and_then(|text| rp_core::base64url::decode_lenient(text).ok()).unwrap_or_default()
}
