use rp_conformance::authenticator::{Authenticator, Config};
use rp_service::http::{Answer, Body, Request, Route};
use rp_service::{SessionChange, SessionData};
use serde_json::{Value, json};

use super::{ORIGIN, Site};

/// A browser: its cookie, its session as the adapter would hold it, and its authenticator.
pub(crate) struct Browser {
    pub(crate) cookie: Option<String>,
    pub(crate) session: Option<SessionData>,
    pub(crate) authenticator: Authenticator,
    /// How often the session got a new identifier.
    pub(crate) renewals: usize,
}

/// An answer that was told apart.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Told {
    /// Status and code of a problem.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or("no code"))
    }

    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }
}

impl Browser {
    pub(crate) fn new(seed: &str) -> Self {
        Self::with(seed, Config::default())
    }

    pub(crate) fn with(seed: &str, config: Config) -> Self {
        Self { cookie: None, session: None, authenticator: Authenticator::new(seed, config), renewals: 0 }
    }

    /// The same browser in another tab, signed out.
    pub(crate) fn clone_without_session(&self) -> Self {
        let (cookie, authenticator) = (self.cookie.clone(), self.authenticator.clone());
        Self { cookie, session: None, authenticator, renewals: 0 }
    }

    pub(crate) async fn send(&mut self, site: &Site, route: Route, id: Option<&str>, body: &str) -> Told {
        let mut headers: Vec<(&str, &[u8])> = vec![
            ("origin", ORIGIN.as_bytes()),
            ("sec-fetch-site", b"same-origin"),
            ("content-type", b"application/json"),
        ];
        if let Some(cookie) = &self.cookie {
            headers.push(("cookie", cookie.as_bytes()));
        }
        let request = Request {
            headers,
            body: Body::Read(body.into()),
            id: id.map(str::to_owned),
            peer: Some("here".into()),
        };
        let answer = site.passkeys.handle(route, &request, &site.held(self.session.clone())).await;
        self.take(answer)
    }

    /// What an adapter and a browser do with an answer.
    pub(crate) fn take(&mut self, answer: Answer) -> Told {
        for (name, value) in &answer.headers {
            if *name == "set-cookie" {
                self.cookie = value.split(';').next().map(str::to_owned);
            }
        }
        match answer.session {
            SessionChange::Keep => {}
            SessionChange::Renew(session) => {
                self.renewals += 1;
                self.session = Some(session);
            }
            SessionChange::End => {
                self.renewals += 1;
                self.session = None;
            }
        }
        let body = match answer.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&answer.body).unwrap(),
        };
        Told { status: answer.status, body, headers: answer.headers }
    }

    pub(crate) async fn post(&mut self, site: &Site, route: Route, body: Value) -> Told {
        self.send(site, route, None, &body.to_string()).await
    }

    /// Options for a registration, and the authenticator's response to them.
    pub(crate) async fn create(&mut self, site: &Site, body: Value) -> String {
        let options = self.post(site, Route::RegistrationOptions, body).await.ok();
        self.authenticator.create(&options, ORIGIN).unwrap()
    }

    /// Options for an authentication, and the authenticator's response to them.
    pub(crate) async fn get(&mut self, site: &Site, body: Value) -> String {
        let options = self.post(site, Route::AuthenticationOptions, body).await.ok();
        self.authenticator.get(&options, ORIGIN).unwrap()
    }

    pub(crate) async fn register(&mut self, site: &Site, response: &str) -> Told {
        self.send(site, Route::RegistrationVerify, None, response).await
    }

    pub(crate) async fn authenticate(&mut self, site: &Site, response: &str) -> Told {
        self.send(site, Route::AuthenticationVerify, None, response).await
    }

    pub(crate) async fn sign_up(&mut self, site: &Site, username: &str) -> Value {
        let response = self.create(site, json!({ "username": username })).await;
        self.register(site, &response).await.ok()
    }

    pub(crate) async fn sign_in(&mut self, site: &Site, body: Value) -> Told {
        let response = self.get(site, body).await;
        self.authenticate(site, &response).await
    }

    pub(crate) async fn step_up(&mut self, site: &Site) -> Told {
        self.sign_in(site, json!({ "purpose": "step-up" })).await
    }

    /// Adds a passkey of another authenticator to the signed-in account.
    pub(crate) async fn add(&mut self, site: &Site, other: &mut Authenticator) -> Told {
        let options = self.post(site, Route::RegistrationOptions, json!({})).await.ok();
        let response = other.create(&options, ORIGIN).unwrap();
        self.register(site, &response).await
    }

    pub(crate) async fn sign_out(&mut self, site: &Site) {
        assert_eq!(self.send(site, Route::SignOut, None, "").await.status, 204);
    }

    pub(crate) async fn list(&mut self, site: &Site) -> Vec<Value> {
        let answer = self.send(site, Route::Credentials, None, "").await.ok();
        answer["credentials"].as_array().unwrap().clone()
    }
}
