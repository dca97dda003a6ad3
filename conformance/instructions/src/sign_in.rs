//! A sign-in through the service, from its two requests to its two responses, with stores in memory.

use std::hint::black_box;
use std::sync::Arc;

use rp_conformance::authenticator::{Algorithm, Authenticator, Config, Page};
use rp_core::{RelyingParty, StaticAnchors};
use rp_service::http::{Body, Request, Response, Route};
use rp_service::store::MemoryStore;
use rp_service::{Passkeys, Policy};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::counted;

const ORIGIN: &str = "https://example.org";

/// A service, and a browser.
struct Scene {
    passkeys: Passkeys,
    runtime: Runtime,
    authenticator: Authenticator,
    /// The ceremony cookie.
    cookie: String,
    is_counted: bool,
}

impl Scene {
    /// A service with a user who has a passkey.
    fn new() -> Self {
        let config = Config { algorithms: vec![Algorithm::Es256], ..Config::default() };
        let now = config.now;
        let authenticator = Authenticator::new("instructions", config);
        let mut policy = Policy::default();
        policy.sign_up = true;
        let passkeys =
            Passkeys::builder(RelyingParty::builder("example.org").origin(ORIGIN).build().unwrap())
                .store(MemoryStore::new())
                .secret([7; 32])
                .policy(policy)
                .trust(Arc::new(StaticAnchors::new([])))
                .clock(move || now)
                .events(|_: &rp_service::Event<'_>| {})
                .build()
                .unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let mut scene = Self { passkeys, runtime, authenticator, cookie: String::new(), is_counted: false };
        let options = scene.post(Route::RegistrationOptions, json!({"username": "kim"}).to_string());
        let response = scene.authenticator.create(&options, Page::at(ORIGIN)).unwrap();
        scene.post(Route::RegistrationVerify, response);
        scene
    }

    fn sign_in(&mut self) {
        let options = self.post(Route::AuthenticationOptions, "{}".to_owned());
        let response = self.authenticator.get(&options, Page::at(ORIGIN)).unwrap();
        let session = self.post(Route::AuthenticationVerify, response);
        assert_eq!(session["state"], "signed-in");
    }

    fn post(&mut self, route: Route, body: String) -> Value {
        let respond = || self.respond(route, black_box(body));
        let response = if self.is_counted { counted(respond) } else { respond() };
        let set = response.headers.iter().filter(|(name, _)| *name == "set-cookie");
        let mut pairs = set.filter_map(|(_, cookie)| cookie.split(';').next());
        if let Some(pair) = pairs.find(|pair| pair.contains("rp-ceremony=")) {
            self.cookie = pair.to_owned();
        }
        serde_json::from_slice(&response.body).unwrap()
    }

    fn respond(&self, route: Route, body: String) -> Response {
        let headers = [
            ("origin", ORIGIN.as_bytes()),
            ("content-type", &b"application/json"[..]),
            ("cookie", self.cookie.as_bytes()),
        ];
        let request =
            Request { headers: headers.to_vec(), address: Some("127.0.0.1".into()), ..Request::default() };
        self.runtime.block_on(self.passkeys.handle(route, &request, async { Body::Complete(body.into()) }))
    }
}

/// The second sign-in: the first one has put the key into the cache.
pub(crate) fn sign_in() {
    let mut scene = Scene::new();
    scene.sign_in();
    scene.is_counted = true;
    scene.sign_in();
}
