//! passki.

use passki::{
    AttestationConveyancePreference, AttestationTrustPolicy, AuthenticationOptions, AuthenticationResult,
    AuthenticationState, Passki, RegistrationOptions, RegistrationState, StoredPasskey,
};
use rp_peers::{Input, Inputs, Library, Result, run};

struct Peer {
    passki: Passki,
    user_handle: Vec<u8>,
}

impl Peer {
    fn new(inputs: &Inputs) -> Result<Self> {
        let passki = Passki::new(&inputs.rp_id, &[&inputs.origin], "Example")
            .with_attestation_trust(&[&inputs.anchor.0], AttestationTrustPolicy::VerifyWhenPresent)?;
        Ok(Self { passki, user_handle: inputs.user_handle.0.clone() })
    }
}

impl Library for Peer {
    type Registering = RegistrationState;
    type Registered = StoredPasskey;
    type Authenticating = AuthenticationState;
    type Authenticated = (AuthenticationResult, AuthenticationState);

    fn start_registration(&self, input: &Input) -> Result<RegistrationState> {
        let mut options = RegistrationOptions::default();
        if input.attested {
            options.attestation = AttestationConveyancePreference::Direct;
        }
        let (_, mut state) =
            self.passki.start_passkey_registration(&self.user_handle, "kim", "Kim", options)?;
        state.challenge = input.registration.challenge.0.clone();
        Ok(state)
    }

    fn finish_registration(&self, _: &Input, json: &str, state: RegistrationState) -> Result<StoredPasskey> {
        Ok(self.passki.finish_passkey_registration(&serde_json::from_str(json)?, &state)?)
    }

    fn start_authentication(&self, challenge: &[u8], passkey: &StoredPasskey) -> Result<AuthenticationState> {
        let passkeys = std::slice::from_ref(passkey);
        let (_, mut state) =
            self.passki.start_passkey_authentication(passkeys, AuthenticationOptions::default())?;
        state.challenge = challenge.to_vec();
        Ok(state)
    }

    fn finish_authentication(
        &self,
        json: &str,
        state: AuthenticationState,
        passkey: &StoredPasskey,
    ) -> Result<Self::Authenticated> {
        let response = serde_json::from_str(json)?;
        let result = self.passki.finish_passkey_authentication(&response, &state, passkey)?;
        Ok((result, state))
    }
}

fn main() -> Result<()> {
    let backend = match () {
        () if cfg!(feature = "passki-aws-lc-rs") => "aws-lc-rs",
        () if cfg!(feature = "passki-graviola") => "graviola",
        () => "RustCrypto",
    };
    run(backend, Peer::new)
}
