//! The cost of a proof without an account, compared with a registration of a user with a `packed` attestation: the response
//! is parsed, verified and, for the registration, stored in memory.
//!
//! `cargo bench -p rp-conformance --bench proof` prints medians and allocations of both.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up is not one")]

use std::sync::Arc;

use divan::{AllocProfiler, Bencher};
use rp_conformance::authenticator::{Authenticator, Config, Format, Page};
use rp_core::options::AttestationConveyancePreference;
use rp_core::{
    AttestationPolicy, RegistrationResponse, RelyingParty, RelyingPartyBuilder, StaticAnchors, TrustAnchor,
};
use rp_service::store::MemoryStore;
use rp_service::{Caller, NewUser, Passkeys, Policy};
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const ORIGIN: &str = "https://example.org";

struct Scene {
    passkeys: Passkeys,
    authenticator: Authenticator,
    runtime: Runtime,
    users: u32,
}

impl Scene {
    fn new() -> Self {
        let config = Config { format: Format::Packed, ..Config::default() };
        let now = config.now;
        let authenticator = Authenticator::new("bench", config);
        let anchors: Vec<_> =
            authenticator.anchors().iter().map(|der| TrustAnchor::from_der(der).unwrap()).collect();
        let mut policy = Policy::default();
        policy.sign_up = true;
        policy.limits.ceremonies_per_address.attempts = u32::MAX;
        policy.limits.sign_ups_per_address.attempts = u32::MAX;
        let passkeys = Passkeys::builder(attested())
            .proof(attested())
            .store(MemoryStore::new())
            .secret([7; 32])
            .policy(policy)
            .trust(Arc::new(StaticAnchors::new(anchors)))
            .clock(move || now)
            .events(|_: &rp_service::Event<'_>| {})
            .build()
            .unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { passkeys, authenticator, runtime, users: 0 }
    }

    /// The JSON of a response to options.
    fn respond(&mut self, options: &rp_core::options::CredentialCreationOptions) -> String {
        let options = serde_json::to_value(&options.public_key).unwrap();
        self.authenticator.create(&options, Page::at(ORIGIN)).unwrap()
    }

    fn start_registration(&mut self) -> (Caller, String) {
        self.users = self.users.wrapping_add(1);
        let name = format!("user{}", self.users);
        let caller = Caller::new_browser().unwrap();
        let user = NewUser { username: &name, display_name: None };
        let options = self.runtime.block_on(self.passkeys.start_sign_up(&caller, user)).unwrap();
        (caller, self.respond(&options))
    }

    fn start_proof(&mut self) -> (Caller, String) {
        let caller = Caller::new_browser().unwrap();
        let options = self.runtime.block_on(self.passkeys.start_proof(&caller)).unwrap();
        (caller, self.respond(&options))
    }
}

fn attested() -> RelyingParty {
    let builder: RelyingPartyBuilder = RelyingParty::builder("example.org").origin(ORIGIN);
    builder
        .attestation(AttestationConveyancePreference::Direct)
        .attestation_policy(AttestationPolicy::default().require_trusted())
        .build()
        .unwrap()
}

/// `registration/verify` of a new user.
#[divan::bench]
fn registration(bencher: Bencher<'_, '_>) {
    let scene = std::cell::RefCell::new(Scene::new());
    bencher.with_inputs(|| scene.borrow_mut().start_registration()).bench_local_values(|(caller, json)| {
        let scene = scene.borrow();
        let response = RegistrationResponse::from_json(json.as_bytes()).unwrap();
        let finish = scene.passkeys.finish_registration(&caller, &response, None, None);
        scene.runtime.block_on(finish).unwrap()
    });
}

/// `proof/verify`.
#[divan::bench]
fn proof(bencher: Bencher<'_, '_>) {
    let scene = std::cell::RefCell::new(Scene::new());
    bencher.with_inputs(|| scene.borrow_mut().start_proof()).bench_local_values(|(caller, json)| {
        let scene = scene.borrow();
        let response = RegistrationResponse::from_json(json.as_bytes()).unwrap();
        scene.runtime.block_on(scene.passkeys.finish_proof(&caller, &response)).unwrap()
    });
}
