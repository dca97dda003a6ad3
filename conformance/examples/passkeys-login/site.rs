use std::error::Error;

use rp_conformance::drive::{Network, Transport};
use rp_conformance::http::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::pkce::Pkce;

/// The site, with the interface of rp under `/webauthn`.
pub(crate) struct Site {
    origin: String,
    network: Network,
}

impl Site {
    pub(crate) fn new(url: &str) -> Result<Self, Box<dyn Error>> {
        let origin = url.trim_end_matches('/').to_owned();
        let network = Network::new(&origin, None)?;
        Ok(Self { origin, network })
    }

    /// The origin, which is also the issuer of codes.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The address at which the user confirms.
    pub(crate) fn authorization_address(&self, client: &str, redirect: &str, pkce: &Pkce) -> String {
        let query = encode(&[
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", redirect),
            ("code_challenge", &pkce.challenge()),
            ("code_challenge_method", "S256"),
            ("state", &pkce.state),
        ]);
        format!("{}/webauthn/authorize?{query}", self.origin)
    }

    /// Exchanges a code for a session.
    pub(crate) fn redeem(
        &self,
        client: &str,
        code: &str,
        redirect: &str,
        pkce: &Pkce,
    ) -> Result<Value, Box<dyn Error>> {
        let form = encode(&[
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", &pkce.verifier),
        ]);
        let media_type = ("content-type", "application/x-www-form-urlencoded");
        json(&self.send("POST", "/webauthn/token", media_type, form.into_bytes())?)
    }

    /// The facts of the session.
    pub(crate) fn session(&self, token: &str) -> Result<Value, Box<dyn Error>> {
        json(&self.send_with("GET", "/webauthn/session", token)?)
    }

    /// The account report of the example.
    pub(crate) fn report(&self, token: &str) -> Result<String, Box<dyn Error>> {
        let response = self.send_with("POST", "/report", token)?;
        Ok(String::from_utf8_lossy(&response.body).into_owned())
    }

    /// Ends the session.
    pub(crate) fn sign_out(&self, token: &str) -> Result<(), Box<dyn Error>> {
        self.send_with("POST", "/webauthn/sign-out", token).map(drop)
    }

    fn send_with(&self, method: &str, path: &str, token: &str) -> Result<HttpResponse, Box<dyn Error>> {
        self.send(method, path, ("authorization", &format!("Bearer {token}")), Vec::new())
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        header: (&str, &str),
        body: Vec<u8>,
    ) -> Result<HttpResponse, Box<dyn Error>> {
        let user_agent = ("user-agent", concat!("passkeys-login/", env!("CARGO_PKG_VERSION")));
        let headers = [header, user_agent].map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let request = HttpRequest { method: method.into(), path: path.into(), headers: headers.into(), body };
        let response = self.network.send(&request)?;
        if (200..300).contains(&response.status) { Ok(response) } else { Err(describe(&response).into()) }
    }
}

fn json(response: &HttpResponse) -> Result<Value, Box<dyn Error>> {
    Ok(serde_json::from_slice(&response.body)?)
}

/// The problem of a response in words, and what to do.
fn describe(response: &HttpResponse) -> String {
    let problem: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let text = |member: &str| problem.get(member).and_then(Value::as_str).unwrap_or_default();
    match text("code") {
        "not-signed-in" => "You are not signed in: run `passkeys-login login`.".into(),
        "step-up-required" => {
            "This requires a passkey that was used just now: run `passkeys-login login` again.".into()
        }
        "" => format!("The site responded with {}.", response.status),
        code => format!("{} ({code}). {}", text("title"), text("detail")),
    }
}

fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
