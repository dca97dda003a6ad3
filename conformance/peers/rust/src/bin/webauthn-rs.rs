//! webauthn-rs-core, the library under webauthn-rs, at two versions: 0.5 is on OpenSSL. Its states can be serialised, so
//! the challenge in them is replaced by that of the input.

use std::collections::BTreeMap;
use std::time::Duration;

use rp_peers::{Input, Inputs, Library, Result, run};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;
#[cfg(feature = "webauthn-rs-0_5")]
use webauthn_rs_core_0_5 as webauthn_rs_core;
#[cfg(not(feature = "webauthn-rs-0_5"))]
use webauthn_rs_core_0_6 as webauthn_rs_core;

use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::proto::{
    AttestationCaList, AttestationCaListBuilder, AttestationConveyancePreference, AuthenticationResult,
    AuthenticationState, COSEAlgorithm, Credential, RegistrationState,
};

struct Peer {
    core: WebauthnCore,
    anchors: AttestationCaList,
    user_handle: Vec<u8>,
}

impl Peer {
    fn new(inputs: &Inputs) -> Result<Self> {
        let origins = vec![inputs.origin.parse()?];
        let timeout = Duration::from_secs(60);
        let core =
            WebauthnCore::new_unsafe_experts_only("Example", &inputs.rp_id, origins, timeout, None, None);
        let mut anchors = AttestationCaListBuilder::new();
        let aaguid = Uuid::from_slice(&inputs.aaguid.0)?;
        anchors
            .insert_device_der(&inputs.anchor.0, aaguid, "A key".into(), BTreeMap::new())
            .map_err(|error| format!("the anchor: {error:?}"))?;
        Ok(Self { core, anchors: anchors.build(), user_handle: inputs.user_handle.0.clone() })
    }
}

impl Library for Peer {
    type Registering = RegistrationState;
    type Registered = Credential;
    type Authenticating = AuthenticationState;
    type Authenticated = (AuthenticationResult, AuthenticationState);

    fn start_registration(&self, input: &Input) -> Result<RegistrationState> {
        let attestation = match input.attested {
            true => AttestationConveyancePreference::Direct,
            false => AttestationConveyancePreference::None,
        };
        let builder = self
            .core
            .new_challenge_register_builder(&self.user_handle, "kim", "Kim")?
            .attestation(attestation)
            .credential_algorithms(COSEAlgorithm::all_possible_algs());
        let (_, state) = self.core.generate_challenge_register(builder)?;
        replaced(&state, &input.registration.challenge.base64url())
    }

    fn finish_registration(&self, input: &Input, json: &str, state: RegistrationState) -> Result<Credential> {
        let anchors = input.attested.then_some(&self.anchors);
        Ok(self.core.register_credential(&serde_json::from_str(json)?, &state, anchors)?)
    }

    fn start_authentication(&self, challenge: &[u8], credential: &Credential) -> Result<AuthenticationState> {
        let builder = self.core.new_challenge_authenticate_builder(vec![credential.clone()], None)?;
        let (_, state) = self.core.generate_challenge_authenticate(builder)?;
        replaced(&state, &rp_peers::Bytes(challenge.to_vec()).base64url())
    }

    fn finish_authentication(
        &self,
        json: &str,
        state: AuthenticationState,
        _: &Credential,
    ) -> Result<Self::Authenticated> {
        Ok((self.core.authenticate_credential(&serde_json::from_str(json)?, &state)?, state))
    }
}

/// A state with another challenge.
fn replaced<T: Serialize + DeserializeOwned>(state: &T, challenge: &str) -> Result<T> {
    let mut state = serde_json::to_value(state)?;
    *state.get_mut("challenge").ok_or("no challenge in the state")? = json!(challenge);
    Ok(serde_json::from_value(state)?)
}

fn main() -> Result<()> {
    run(if cfg!(feature = "webauthn-rs-0_5") { "OpenSSL" } else { "RustCrypto" }, Peer::new)
}
