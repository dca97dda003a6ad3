//! FIDO's server transport binding.

use serde_json::{Value, json};

use super::binding::{Binding, Visit, Wish};
use super::client::{Answer, Broken, Client, Message, json_of};
use crate::authenticator::Authenticator;

/// Every account is created by its first registration, and a request says what options it wants.
#[derive(Debug)]
pub(super) struct Fido;

impl Binding for Fido {
    fn headers(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn default_prefix(&self) -> &'static str {
        ""
    }

    fn open(&self, _: &mut Visit<'_>, _: Authenticator) -> Result<(), Broken> {
        Ok(())
    }

    fn has_cheap_accounts(&self) -> bool {
        true
    }

    fn grants_wishes(&self) -> bool {
        true
    }

    fn creation_options(&self, visit: &mut Visit<'_>, wish: &Wish) -> Result<Answer, Broken> {
        let mut request = json!({
            "username": visit.user,
            "displayName": "Kim",
            "authenticatorSelection": {
                "requireResidentKey": true,
                "residentKey": "required",
                "userVerification": wish.user_verification,
            },
            "attestation": wish.attestation,
        });
        if !wish.extensions.is_null() {
            request["extensions"] = wish.extensions.clone();
        }
        post(&mut visit.member, "/attestation/options", &request.to_string())
    }

    fn sign_up_options(&self, visit: &mut Visit<'_>, name: &str) -> Result<Answer, Broken> {
        let mut other = Visit { user: name.to_owned(), ..visit.clone() };
        self.creation_options(&mut other, &Wish::default())
    }

    fn create(&self, visit: &mut Visit<'_>, response: &str) -> Result<Answer, Broken> {
        post(&mut visit.member, "/attestation/result", response)
    }

    fn request_options(&self, visit: &mut Visit<'_>, wish: &Wish) -> Result<Answer, Broken> {
        let mut request = json!({"userVerification": wish.user_verification});
        if wish.by_name {
            request["username"] = json!(visit.user);
        }
        if !wish.extensions.is_null() {
            request["extensions"] = wish.extensions.clone();
        }
        post(&mut visit.guest, "/assertion/options", &request.to_string())
    }

    fn get(&self, visit: &mut Visit<'_>, response: &str) -> Result<Answer, Broken> {
        post(&mut visit.guest, "/assertion/result", response)
    }

    fn discard(&self, _: &mut Visit<'_>, _: &str) -> Result<(), Broken> {
        Ok(())
    }
}

fn post(client: &mut Client<'_>, path: &str, body: &str) -> Result<Answer, Broken> {
    let response = client.send("POST", path, Some(body))?;
    let body = json_of(&response)?;
    match body.get("status").and_then(Value::as_str) {
        Some("ok") => Ok(Answer::Accepted(body)),
        Some("failed") => {
            let text = body.get("errorMessage").and_then(Value::as_str).unwrap_or_default();
            Ok(Answer::Rejected(Message { code: None, text: text.to_owned() }))
        }
        _ => Err(Broken(format!("{}: no status in {body}", response.status))),
    }
}
