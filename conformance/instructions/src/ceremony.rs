//! Registrations and authentications, from the JSON of the response to the result.

use std::hint::black_box;

use rp_conformance::authenticator::{Algorithm, Authenticator, Config, Format, Page};
use rp_core::options::AttestationConveyancePreference;
use rp_core::{
    AllowedCredentials, AttestationPolicy, AuthenticationResponse, Challenge, PendingAuthentication,
    PendingRegistration, Registered, RegistrationResponse, RelyingParty, StaticAnchors, Timestamp,
    TrustAnchor, User, UserHandle,
};

use crate::counted;

const ORIGIN: &str = "https://example.org";

/// A relying party, and an authenticator whose anchors it trusts.
struct Scene {
    rp: RelyingParty,
    authenticator: Authenticator,
    trust: StaticAnchors,
    now: Timestamp,
}

impl Scene {
    fn new(format: Format, algorithm: Algorithm) -> Self {
        let config = Config { format, algorithms: vec![algorithm], ..Config::default() };
        let now = config.now;
        let authenticator = Authenticator::new("instructions", config);
        let anchors: Vec<_> =
            authenticator.anchors().iter().map(|der| TrustAnchor::from_der(der).unwrap()).collect();
        let rp = RelyingParty::builder("example.org")
            .origin(ORIGIN)
            .attestation(AttestationConveyancePreference::Direct)
            .attestation_policy(AttestationPolicy::default().all_formats())
            .build()
            .unwrap();
        Self { rp, authenticator, trust: StaticAnchors::new(anchors), now }
    }

    /// Starts a registration; returns it and the response.
    fn start(&mut self, challenge: u8) -> (PendingRegistration, String) {
        let user = User { handle: handle(), name: "kim".into(), display_name: "Kim".into() };
        let challenge = Challenge::recorded(&[challenge; 32]);
        let (options, pending) = self.rp.registration(&user).start_recorded(challenge, self.now);
        let options = serde_json::to_value(&options.public_key).unwrap();
        (pending, self.authenticator.create(&options, Page::at(ORIGIN)).unwrap())
    }

    fn finish(&self, pending: PendingRegistration, json: &str) -> Registered {
        let response = RegistrationResponse::from_json(black_box(json.as_bytes())).unwrap();
        self.rp.finish_registration(pending, &response, &self.trust, self.now).unwrap()
    }
}

fn handle() -> UserHandle {
    UserHandle::from([7; 64])
}

/// The second registration: the first one has put the intermediate certificate into the cache.
pub(crate) fn registration(format: Format) {
    let mut scene = Scene::new(format, Algorithm::Es256);
    let (pending, json) = scene.start(1);
    drop(scene.finish(pending, &json));
    let (pending, json) = scene.start(2);
    drop(counted(|| scene.finish(pending, &json)));
}

/// The second authentication: the first one has put the key into the cache.
pub(crate) fn authentication(algorithm: Algorithm) {
    let mut scene = Scene::new(Format::None, algorithm);
    let (pending, json) = scene.start(1);
    let record = scene.finish(pending, &json).credential;
    let mut start = |challenge: u8| {
        let allow = AllowedCredentials::account(handle(), std::slice::from_ref(&record));
        let challenge = Challenge::recorded(&[challenge; 32]);
        let (options, pending) = scene.rp.authentication(allow).start_recorded(challenge, scene.now);
        let options = serde_json::to_value(&options.public_key).unwrap();
        (pending, scene.authenticator.get(&options, Page::at(ORIGIN)).unwrap())
    };
    let (first, second) = (start(2), start(3));
    let finish = |(pending, json): (PendingAuthentication, String)| {
        let response = AuthenticationResponse::from_json(black_box(json.as_bytes())).unwrap();
        scene.rp.finish_authentication(pending, &response, &record, scene.now).unwrap()
    };
    drop(finish(first));
    drop(counted(|| finish(second)));
}
