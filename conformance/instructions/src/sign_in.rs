//! A sign-in through the service, with stores in memory.

use std::hint::black_box;
use std::sync::Arc;

use rp_conformance::authenticator::{Authenticator, Config, Page};
use rp_core::{AuthenticationResponse, RegistrationResponse, RelyingParty, StaticAnchors};
use rp_service::store::MemoryStore;
use rp_service::{Caller, NewUser, Passkeys, Policy};
use tokio::runtime::{Builder, Runtime};

use crate::counted;

const ORIGIN: &str = "https://example.org";

/// A service, and a user with a passkey.
struct Scene {
    passkeys: Passkeys,
    runtime: Runtime,
    authenticator: Authenticator,
}

impl Scene {
    fn new() -> Self {
        let config = Config::default();
        let now = config.now;
        let mut authenticator = Authenticator::new("instructions", config);
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
        let caller = Caller::new_browser().unwrap();
        let user = NewUser { username: "kim", display_name: None };
        let options = runtime.block_on(passkeys.start_sign_up(&caller, user)).unwrap();
        let options = serde_json::to_value(&options.public_key).unwrap();
        let json = authenticator.create(&options, Page::at(ORIGIN)).unwrap();
        let response = RegistrationResponse::from_json(json.as_bytes()).unwrap();
        let finish = passkeys.finish_registration(&caller, &response, None, None);
        let _ = runtime.block_on(finish).unwrap();
        Self { passkeys, runtime, authenticator }
    }

    /// Starts a sign-in; returns the browser and the response.
    fn start(&mut self) -> (Caller, String) {
        let caller = Caller::new_browser().unwrap();
        let options = self.runtime.block_on(self.passkeys.start_sign_in(&caller, None)).unwrap();
        let options = serde_json::to_value(&options.public_key).unwrap();
        (caller, self.authenticator.get(&options, Page::at(ORIGIN)).unwrap())
    }

    fn finish(&self, caller: &Caller, json: &str) -> impl Sized + use<> {
        let response = AuthenticationResponse::from_json(black_box(json.as_bytes())).unwrap();
        self.runtime.block_on(self.passkeys.finish_authentication(caller, &response)).unwrap()
    }
}

/// The second sign-in: the first one has put the key into the cache.
pub(crate) fn sign_in() {
    let mut scene = Scene::new();
    let (caller, json) = scene.start();
    drop(scene.finish(&caller, &json));
    let (caller, json) = scene.start();
    drop(counted(|| scene.finish(&caller, &json)));
}
