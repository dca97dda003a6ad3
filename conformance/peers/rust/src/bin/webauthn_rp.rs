//! webauthn_rp. Its states are encoded, the challenge in them is replaced by that of the input, and they are decoded.

use rp_peers::{Input, Inputs, Library, Result, run};
use serde_json::{from_value, json};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::{AllowedCredentials, AuthenticationVerificationOptions};
use webauthn_rp::request::register::{
    PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle,
};
use webauthn_rp::request::{
    AsciiDomain, Credentials as _, PublicKeyCredentialDescriptor, RpId, TimedCeremony as _,
    UserVerificationRequirement,
};
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, NonDiscoverableAuthentication, NonDiscoverableAuthenticationServerState,
    NonDiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration,
    RegistrationServerState,
};

type State = StaticState<CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>>;

/// The parts of a credential that an application stores.
struct Stored {
    id: CredentialId<Vec<u8>>,
    transports: AuthTransports,
    static_state: Vec<u8>,
    dynamic_state: DynamicState,
}

struct Peer {
    rp_id: RpId,
    origin: String,
    user: UserHandle<16>,
}

impl Peer {
    fn new(inputs: &Inputs) -> Result<Self> {
        Ok(Self {
            rp_id: RpId::Domain(AsciiDomain::try_from(inputs.rp_id.clone())?),
            origin: inputs.origin.clone(),
            user: from_value(json!(inputs.user_handle.base64url()))?,
        })
    }
}

impl Library for Peer {
    type Registering = RegistrationServerState<16>;
    type Registered = Stored;
    type Authenticating = (NonDiscoverableAuthenticationServerState, State);
    type Authenticated = bool;

    fn start_registration(&self, input: &Input) -> Result<RegistrationServerState<16>> {
        let (name, display_name) = ("kim".try_into()?, Some("Kim".try_into()?));
        let user = PublicKeyCredentialUserEntity { name, id: &self.user, display_name };
        let mut options = PublicKeyCredentialCreationOptions::passkey(&self.rp_id, user, Vec::new());
        options.authenticator_selection.user_verification = UserVerificationRequirement::Preferred;
        // Required with the extension credProtect only.
        options.extensions = Default::default();
        let (state, _) = options.start_ceremony()?;
        let challenge = state.sent_challenge().0;
        let encoded = replaced(state.encode()?, challenge, &input.registration.challenge.0)?;
        Ok(RegistrationServerState::decode(&encoded)?)
    }

    fn finish_registration(
        &self,
        _: &Input,
        json: &str,
        state: RegistrationServerState<16>,
    ) -> Result<Stored> {
        let response = Registration::from_json_relaxed(json.as_bytes())?;
        let origins = [self.origin.as_str()];
        let options =
            RegistrationVerificationOptions::<&str, &str> { allowed_origins: &origins, ..Default::default() };
        let (id, transports, _, static_state, dynamic_state, _) =
            state.verify(&self.rp_id, &response, &options)?.into_parts();
        Ok(Stored { id: id.into(), transports, static_state: static_state.encode()?, dynamic_state })
    }

    fn start_authentication(&self, challenge: &[u8], stored: &Stored) -> Result<Self::Authenticating> {
        let mut allowed = AllowedCredentials::with_capacity(1);
        let descriptor =
            PublicKeyCredentialDescriptor { id: stored.id.clone(), transports: stored.transports };
        allowed.push(descriptor.into());
        let mut options = NonDiscoverableCredentialRequestOptions::second_factor(&self.rp_id, allowed)?;
        options.options().user_verification = UserVerificationRequirement::Preferred;
        let (state, _) = options.start_ceremony()?;
        let sent = state.sent_challenge().0;
        let encoded = replaced(state.encode()?, sent, challenge)?;
        let state = NonDiscoverableAuthenticationServerState::decode(&encoded)?;
        Ok((state, State::decode(&stored.static_state)?))
    }

    fn finish_authentication(
        &self,
        json: &str,
        (state, key): Self::Authenticating,
        stored: &Stored,
    ) -> Result<bool> {
        let response = NonDiscoverableAuthentication::<16>::from_json_relaxed(json.as_bytes())?;
        let mut credential =
            AuthenticatedCredential::new((&stored.id).into(), &self.user, key, stored.dynamic_state)?;
        let origins = [self.origin.as_str()];
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            ..Default::default()
        };
        Ok(state.verify(&self.rp_id, &response, &mut credential, &options)?)
    }
}

/// An encoded state with another challenge: 16 bytes, little-endian as they are sent.
fn replaced(mut encoded: Vec<u8>, sent: u128, challenge: &[u8]) -> Result<Vec<u8>> {
    let sent = sent.to_le_bytes();
    let at = encoded.windows(16).position(|bytes| bytes == sent).ok_or("no challenge in the state")?;
    encoded[at..at + 16].copy_from_slice(challenge);
    Ok(encoded)
}

fn main() -> Result<()> {
    run("RustCrypto", Peer::new)
}
