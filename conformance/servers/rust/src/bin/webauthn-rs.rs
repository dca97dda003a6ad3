//! webauthn-rs, with its type for passkeys. It decides what options say: user verification is required, and no
//! attestation is requested.

use other_servers::{Account, Library, RP_ID, Result, base64url, origin, serve};
use serde_json::{Value, from_str, to_value};
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    Url, Webauthn, WebauthnBuilder,
};

enum Authentication {
    Discoverable(DiscoverableAuthentication),
    OfAccount(PasskeyAuthentication),
}

struct Server(Webauthn);

impl Library for Server {
    type Registration = PasskeyRegistration;
    type Authentication = Authentication;
    type Credential = Passkey;

    fn creation_options(
        &self,
        account: &Account<Passkey>,
        _: &Value,
    ) -> Result<(Value, PasskeyRegistration)> {
        let exclude = account.credentials.values().map(|passkey| passkey.cred_id().clone()).collect();
        let id = Uuid::from_bytes(account.id);
        let (options, state) =
            self.0.start_passkey_registration(id, &account.name, &account.display_name, Some(exclude))?;
        Ok((to_value(options.public_key)?, state))
    }

    fn create(&self, response: &str, state: PasskeyRegistration) -> Result<(String, Passkey)> {
        let passkey = self.0.finish_passkey_registration(&from_str(response)?, &state)?;
        Ok((base64url(passkey.cred_id()), passkey))
    }

    fn request_options(
        &self,
        account: Option<&Account<Passkey>>,
        _: &Value,
    ) -> Result<(Value, Authentication)> {
        match account {
            None => {
                let (options, state) = self.0.start_discoverable_authentication()?;
                Ok((to_value(options.public_key)?, Authentication::Discoverable(state)))
            }
            Some(account) => {
                let passkeys: Vec<_> = account.credentials.values().cloned().collect();
                let (options, state) = self.0.start_passkey_authentication(&passkeys)?;
                Ok((to_value(options.public_key)?, Authentication::OfAccount(state)))
            }
        }
    }

    fn get(
        &self,
        response: &str,
        state: Authentication,
        passkey: &mut Passkey,
        account: &Account<Passkey>,
    ) -> Result<()> {
        let response: PublicKeyCredential = from_str(response)?;
        let result = match state {
            Authentication::Discoverable(state) => {
                let (user, _) = self.0.identify_discoverable_authentication(&response)?;
                if user != Uuid::from_bytes(account.id) {
                    return Err("user-handle-mismatch: the user handle is not that of the account".into());
                }
                self.0.finish_discoverable_authentication_v2(&response, state, &*passkey)?
            }
            Authentication::OfAccount(state) => self.0.finish_passkey_authentication(&response, &state)?,
        };
        passkey.update_credential(&result);
        Ok(())
    }
}

fn main() -> Result<()> {
    let origin = Url::parse(&origin())?;
    let webauthn = WebauthnBuilder::new(RP_ID, &origin)?.rp_name("Conformance").build()?;
    Ok(serve(Server(webauthn))?)
}
