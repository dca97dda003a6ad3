//! The HTTP interface of rp.

use serde_json::{Value, json};

use super::binding::{Binding, Visit, Wish};
use super::client::{Answer, Broken, Client, Message, json_of};
use crate::authenticator::{Authenticator, Page};
use crate::http::HttpResponse;

/// An account is created once by a first passkey. Each case adds a passkey to it and removes it afterwards. The server
/// decides what options say.
#[derive(Debug)]
pub(super) struct Rp {
    origin: String,
}

impl Rp {
    pub(super) fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned() }
    }

    /// Sends a request as the signed-in user, after a step-up if the server requires one.
    fn as_user(
        &self,
        visit: &mut Visit<'_>,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> Result<Answer, Broken> {
        let answer = send(&mut visit.member, method, path, body)?;
        match &answer {
            Answer::Rejected(Message { code: Some(code), .. }) if code == "step-up-required" => {
                self.step_up(visit)?;
                send(&mut visit.member, method, path, body)
            }
            _ => Ok(answer),
        }
    }

    fn step_up(&self, visit: &mut Visit<'_>) -> Result<(), Broken> {
        let broken = |what: String| Broken(format!("step-up: {what}"));
        let options = send(
            &mut visit.member,
            "POST",
            "/authentication/options",
            Some(&json!({"purpose": "step-up"}).to_string()),
        )?;
        let Answer::Accepted(options) = options else { return Err(broken(format!("{options:?}"))) };
        let device = visit.first.as_mut().ok_or_else(|| broken("no account is open".into()))?;
        let response =
            device.get(&options, Page::at(&self.origin)).map_err(|error| broken(error.to_string()))?;
        match send(&mut visit.member, "POST", "/authentication/verify", Some(&response))? {
            Answer::Accepted(_) => Ok(()),
            rejected => Err(broken(format!("{rejected:?}"))),
        }
    }
}

impl Binding for Rp {
    fn headers(&self) -> Vec<(&str, &str)> {
        vec![("origin", &self.origin), ("sec-fetch-site", "same-origin")]
    }

    fn default_prefix(&self) -> &'static str {
        "/webauthn"
    }

    fn open(&self, visit: &mut Visit<'_>, mut device: Authenticator) -> Result<(), Broken> {
        let broken = |what: String| Broken(format!("sign-up: {what}"));
        let user = visit.user.clone();
        let options = sign_up_options(&mut visit.member, &user)?;
        let Answer::Accepted(options) = options else { return Err(broken(format!("{options:?}"))) };
        let response =
            device.create(&options, Page::at(&self.origin)).map_err(|error| broken(error.to_string()))?;
        match send(&mut visit.member, "POST", "/registration/verify", Some(&response))? {
            Answer::Accepted(_) => {
                visit.first = Some(device);
                Ok(())
            }
            rejected => Err(broken(format!("{rejected:?}"))),
        }
    }

    fn has_cheap_accounts(&self) -> bool {
        false
    }

    fn grants_wishes(&self) -> bool {
        false
    }

    fn creation_options(&self, visit: &mut Visit<'_>, _: &Wish) -> Result<Answer, Broken> {
        self.as_user(visit, "POST", "/registration/options", Some("{}"))
    }

    fn sign_up_options(&self, visit: &mut Visit<'_>, name: &str) -> Result<Answer, Broken> {
        sign_up_options(&mut visit.guest.without_cookies(), name)
    }

    fn create(&self, visit: &mut Visit<'_>, response: &str) -> Result<Answer, Broken> {
        send(&mut visit.member, "POST", "/registration/verify", Some(response))
    }

    fn request_options(&self, visit: &mut Visit<'_>, wish: &Wish) -> Result<Answer, Broken> {
        let body = if wish.by_name { json!({"username": visit.user}) } else { json!({}) };
        send(&mut visit.guest, "POST", "/authentication/options", Some(&body.to_string()))
    }

    fn get(&self, visit: &mut Visit<'_>, response: &str) -> Result<Answer, Broken> {
        send(&mut visit.guest, "POST", "/authentication/verify", Some(response))
    }

    fn discard(&self, visit: &mut Visit<'_>, id: &str) -> Result<(), Broken> {
        match self.as_user(visit, "DELETE", &format!("/credentials/{id}"), None)? {
            Answer::Accepted(_) => Ok(()),
            Answer::Rejected(message) => Err(Broken(format!("deleting a passkey: {}", message.text))),
        }
    }
}

fn sign_up_options(client: &mut Client<'_>, name: &str) -> Result<Answer, Broken> {
    let body = json!({"username": name, "displayName": "Kim"}).to_string();
    send(client, "POST", "/registration/options", Some(&body))
}

fn send(client: &mut Client<'_>, method: &str, path: &str, body: Option<&str>) -> Result<Answer, Broken> {
    read(&client.send(method, path, body)?)
}

/// The answer in a response of the interface.
pub(super) fn read(response: &HttpResponse) -> Result<Answer, Broken> {
    if response.status == 204 {
        return Ok(Answer::Accepted(Value::Null));
    }
    let json = json_of(response)?;
    if response.status < 300 {
        return Ok(Answer::Accepted(json));
    }
    let member = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(code) = member("code") else {
        return Err(Broken(format!("{}: no code in {json}", response.status)));
    };
    let text = member("detail").unwrap_or_default();
    Ok(Answer::Rejected(Message { code: Some(code), text }))
}
