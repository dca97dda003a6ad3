//! webauthn_rp.

use other_servers::{Account, Library, RP_ID, Result, base64url, origin, serve};
use serde_json::{Value, from_value, json, to_value};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::{AllowedCredentials, AuthenticationVerificationOptions};
use webauthn_rp::request::register::{
    PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle,
};
use webauthn_rp::request::{
    AsciiDomain, Credentials as _, PublicKeyCredentialDescriptor, RpId, UserVerificationRequirement,
};
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, NonDiscoverableAuthentication,
    NonDiscoverableAuthenticationServerState, NonDiscoverableCredentialRequestOptions,
    PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
};

type State = StaticState<CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>>;

#[derive(Clone)]
struct Stored {
    id: CredentialId<Vec<u8>>,
    transports: AuthTransports,
    state: Vec<u8>,
    dynamic_state: DynamicState,
}

impl Stored {
    fn descriptor(&self) -> PublicKeyCredentialDescriptor<Vec<u8>> {
        PublicKeyCredentialDescriptor { id: self.id.clone(), transports: self.transports }
    }
}

enum Authentication {
    Discoverable(DiscoverableAuthenticationServerState),
    OfAccount(NonDiscoverableAuthenticationServerState),
}

struct Server {
    rp_id: RpId,
    origin: String,
}

impl Library for Server {
    type Registration = RegistrationServerState<16>;
    type Authentication = Authentication;
    type Credential = Stored;

    fn creation_options(
        &self,
        account: &Account<Stored>,
        request: &Value,
    ) -> Result<(Value, RegistrationServerState<16>)> {
        let id = handle(account)?;
        let name = account.name.as_str().try_into()?;
        let display_name = Some(account.display_name.as_str().try_into()?);
        let user = PublicKeyCredentialUserEntity { name, id: &id, display_name };
        let exclude = account.credentials.values().map(Stored::descriptor).collect();
        let mut options = PublicKeyCredentialCreationOptions::passkey(&self.rp_id, user, exclude);
        let user_verification = user_verification(&request["authenticatorSelection"]);
        options.authenticator_selection.user_verification = user_verification;
        // Required with the extension credProtect only.
        options.extensions = Default::default();
        let (server, client) = options.start_ceremony()?;
        Ok((to_value(client)?, server))
    }

    fn create(&self, response: &str, state: RegistrationServerState<16>) -> Result<(String, Stored)> {
        let registration = Registration::from_json_relaxed(response.as_bytes())?;
        let origins = [self.origin.as_str()];
        let options =
            RegistrationVerificationOptions::<&str, &str> { allowed_origins: &origins, ..Default::default() };
        let (id, transports, _, static_state, dynamic_state, _) =
            state.verify(&self.rp_id, &registration, &options)?.into_parts();
        let state = static_state.encode()?;
        Ok((base64url(id.as_ref()), Stored { id: id.into(), transports, state, dynamic_state }))
    }

    fn request_options(
        &self,
        account: Option<&Account<Stored>>,
        request: &Value,
    ) -> Result<(Value, Authentication)> {
        let user_verification = user_verification(request);
        match account {
            None => {
                let mut options = DiscoverableCredentialRequestOptions::passkey(&self.rp_id);
                options.0.user_verification = user_verification;
                let (server, client) = options.start_ceremony()?;
                Ok((to_value(client)?, Authentication::Discoverable(server)))
            }
            Some(account) => {
                let mut allowed = AllowedCredentials::with_capacity(account.credentials.len());
                for stored in account.credentials.values() {
                    allowed.push(stored.descriptor().into());
                }
                let mut options =
                    NonDiscoverableCredentialRequestOptions::second_factor(&self.rp_id, allowed)?;
                options.options().user_verification = user_verification;
                let (server, client) = options.start_ceremony()?;
                Ok((to_value(client)?, Authentication::OfAccount(server)))
            }
        }
    }

    fn get(
        &self,
        response: &str,
        state: Authentication,
        credential: &mut Stored,
        account: &Account<Stored>,
    ) -> Result<()> {
        let user = handle(account)?;
        let id = credential.id.clone();
        let static_state = State::decode(&credential.state)?;
        let mut stored =
            AuthenticatedCredential::new((&id).into(), &user, static_state, credential.dynamic_state)?;
        let origins = [self.origin.as_str()];
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            ..Default::default()
        };
        match state {
            Authentication::Discoverable(state) => {
                let response = DiscoverableAuthentication::<16>::from_json_relaxed(response.as_bytes())?;
                state.verify(&self.rp_id, &response, &mut stored, &options)?;
            }
            Authentication::OfAccount(state) => {
                let response = NonDiscoverableAuthentication::<16>::from_json_relaxed(response.as_bytes())?;
                state.verify(&self.rp_id, &response, &mut stored, &options)?;
            }
        }
        credential.dynamic_state = stored.dynamic_state();
        Ok(())
    }
}

fn handle(account: &Account<Stored>) -> Result<UserHandle<16>> {
    Ok(from_value(json!(base64url(&account.id)))?)
}

fn user_verification(request: &Value) -> UserVerificationRequirement {
    match request["userVerification"].as_str() {
        Some("required") => UserVerificationRequirement::Required,
        Some("discouraged") => UserVerificationRequirement::Discouraged,
        _ => UserVerificationRequirement::Preferred,
    }
}

fn main() -> Result<()> {
    let rp_id = RpId::Domain(AsciiDomain::try_from(RP_ID.to_owned())?);
    Ok(serve(Server { rp_id, origin: origin() })?)
}
