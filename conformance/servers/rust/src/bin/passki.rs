//! passki. The root of the software authenticators is the second argument.

use other_servers::{Account, Library, RP_ID, Result, arguments, base64url, der, origin, serve};
use passki::{
    AttestationConveyancePreference, AttestationTrustPolicy, AuthenticationOptions, AuthenticationState,
    Passki, RegistrationOptions, RegistrationState, ResidentKeyRequirement, StoredPasskey,
    UserVerificationRequirement,
};
use serde_json::Value;

struct Server(Passki);

impl Library for Server {
    type Registration = RegistrationState;
    type Authentication = AuthenticationState;
    type Credential = StoredPasskey;

    fn creation_options(
        &self,
        account: &Account<StoredPasskey>,
        request: &Value,
    ) -> Result<(Value, RegistrationState)> {
        let registered: Vec<_> = account.credentials.values().cloned().collect();
        let selection = &request["authenticatorSelection"];
        let mut options = RegistrationOptions::default();
        options.attestation = match request["attestation"].as_str() {
            Some("direct") => AttestationConveyancePreference::Direct,
            Some("indirect") => AttestationConveyancePreference::Indirect,
            Some("enterprise") => AttestationConveyancePreference::Enterprise,
            _ => AttestationConveyancePreference::None,
        };
        options.resident_key = match selection["residentKey"].as_str() {
            Some("required") => ResidentKeyRequirement::Required,
            Some("discouraged") => ResidentKeyRequirement::Discouraged,
            _ => ResidentKeyRequirement::Preferred,
        };
        options.user_verification = user_verification(selection);
        options.exclude_credentials = Some(&registered);
        let (challenge, state) =
            self.0.start_passkey_registration(&account.id, &account.name, &account.display_name, options)?;
        Ok((serde_json::to_value(challenge)?, state))
    }

    fn create(&self, response: &str, state: RegistrationState) -> Result<(String, StoredPasskey)> {
        let passkey = self.0.finish_passkey_registration(&serde_json::from_str(response)?, &state)?;
        Ok((base64url(&passkey.credential_id), passkey))
    }

    fn request_options(
        &self,
        account: Option<&Account<StoredPasskey>>,
        request: &Value,
    ) -> Result<(Value, AuthenticationState)> {
        let passkeys: Vec<_> =
            account.iter().flat_map(|account| account.credentials.values().cloned()).collect();
        let mut options = AuthenticationOptions::default();
        options.user_verification = user_verification(request);
        let (challenge, state) = self.0.start_passkey_authentication(&passkeys, options)?;
        Ok((serde_json::to_value(challenge)?, state))
    }

    fn get(
        &self,
        response: &str,
        state: AuthenticationState,
        credential: &mut StoredPasskey,
        _: &Account<StoredPasskey>,
    ) -> Result<()> {
        let response = serde_json::from_str(response)?;
        let result = self.0.finish_passkey_authentication(&response, &state, credential)?;
        credential.counter = result.counter;
        Ok(())
    }
}

fn user_verification(request: &Value) -> UserVerificationRequirement {
    match request["userVerification"].as_str() {
        Some("required") => UserVerificationRequirement::Required,
        Some("discouraged") => UserVerificationRequirement::Discouraged,
        _ => UserVerificationRequirement::Preferred,
    }
}

fn main() -> Result<()> {
    let root = der(&arguments().1)?;
    let passki = Passki::new(RP_ID, &[origin()], "Conformance")
        .with_attestation_trust(&[root], AttestationTrustPolicy::VerifyWhenPresent)?;
    Ok(serve(Server(passki))?)
}
