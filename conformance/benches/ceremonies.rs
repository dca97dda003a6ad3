//! The cost of a ceremony in addition to the signature check.
//!
//! `cargo bench -p rp-conformance --bench ceremonies` prints medians and allocations; `authentication` minus `bare` is the overhead of the ceremony:
//! JSON, base64, client data, authenticator data, the COSE key and every check of section 7.2.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up is not one")]

use divan::{AllocProfiler, Bencher};
use rp_conformance::authenticator::{Authenticator, Config, Format, Page};
use rp_core::cose::PublicKey;
use rp_core::{
    AllowedCredentials, AttestationPolicy, AuthenticationResponse, Challenge, CredentialRecord,
    PendingAuthentication, PendingRegistration, RegistrationResponse, RelyingParty, StaticAnchors, Timestamp,
    TrustAnchor, User, UserHandle, crypto,
};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const ORIGIN: &str = "https://example.org";

/// A relying party and an authenticator of one format, with certificates if the format has them.
struct Scene {
    rp: RelyingParty,
    user: User,
    authenticator: Authenticator,
    trust: StaticAnchors,
    now: Timestamp,
}

impl Scene {
    fn new(format: Format) -> Self {
        let config = Config { format, ..Config::default() };
        let now = config.now;
        let authenticator = Authenticator::new("bench", config);
        let anchors: Vec<_> =
            authenticator.anchors().iter().map(|der| TrustAnchor::from_der(der).unwrap()).collect();
        let mut policy = AttestationPolicy::default();
        if format != Format::None {
            policy = policy.require_trusted();
        }
        let rp = RelyingParty::builder("example.org")
            .origin(ORIGIN)
            .algorithms([rp_core::Algorithm::Es256])
            .attestation(rp_core::options::AttestationConveyancePreference::Direct)
            .attestation_policy(policy)
            .build()
            .unwrap();
        let handle = UserHandle::try_from(&[7; 64][..]).unwrap();
        let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
        Self { rp, user, authenticator, trust: StaticAnchors::new(anchors), now }
    }

    fn start_registration(&self) -> (String, PendingRegistration) {
        let challenge = Challenge::recorded(&[1; 32]);
        let (options, pending) = self.rp.registration(&self.user).start_recorded(challenge, self.now);
        (serde_json::to_string(&options.public_key).unwrap(), pending)
    }

    fn register(&mut self) -> (String, CredentialRecord) {
        let (options, pending) = self.start_registration();
        let json =
            self.authenticator.create(&serde_json::from_str(&options).unwrap(), Page::at(ORIGIN)).unwrap();
        let response = RegistrationResponse::from_json(json.as_bytes()).unwrap();
        let registered = self.rp.finish_registration(pending, &response, &self.trust, self.now).unwrap();
        (json, registered.credential)
    }

    fn start_authentication(&self, record: &CredentialRecord) -> (String, PendingAuthentication) {
        let allow = AllowedCredentials::account(self.user.handle.clone(), std::slice::from_ref(record));
        let (options, pending) =
            self.rp.authentication(allow).start_recorded(Challenge::recorded(&[2; 32]), self.now);
        (serde_json::to_string(&options.public_key).unwrap(), pending)
    }
}

/// Registration, from the JSON of the response to the credential record.
#[divan::bench(args = [Format::None, Format::Packed])]
fn registration(bencher: Bencher<'_, '_>, format: Format) {
    let mut scene = Scene::new(format);
    let (json, _) = scene.register();
    bencher.with_inputs(|| scene.start_registration().1).bench_local_values(|pending| {
        let response = RegistrationResponse::from_json(json.as_bytes()).unwrap();
        scene.rp.finish_registration(pending, &response, &scene.trust, scene.now).unwrap()
    });
}

/// Authentication with ES256, from the JSON of the response to the update of the record.
#[divan::bench]
fn authentication(bencher: Bencher<'_, '_>) {
    let mut scene = Scene::new(Format::None);
    let (_, record) = scene.register();
    let (options, _) = scene.start_authentication(&record);
    let json = scene.authenticator.get(&serde_json::from_str(&options).unwrap(), Page::at(ORIGIN)).unwrap();
    bencher.with_inputs(|| scene.start_authentication(&record).1).bench_local_values(|pending| {
        let response = AuthenticationResponse::from_json(json.as_bytes()).unwrap();
        scene.rp.finish_authentication(pending, &response, &record, scene.now).unwrap()
    });
}

/// The ES256 signature check of the same assertion alone, with a parsed key and a prepared message.
#[divan::bench]
fn bare(bencher: Bencher<'_, '_>) {
    let mut scene = Scene::new(Format::None);
    let (_, record) = scene.register();
    let (options, _) = scene.start_authentication(&record);
    let json = scene.authenticator.get(&serde_json::from_str(&options).unwrap(), Page::at(ORIGIN)).unwrap();
    let response = AuthenticationResponse::from_json(json.as_bytes()).unwrap();
    let key = PublicKey::from_cose(&record.public_key).unwrap();
    let hash = crypto::sha256(&[response.client_data().as_json()]);
    let message = [response.authenticator_data(), &hash].concat();
    bencher.bench_local(|| key.verify(divan::black_box(&message), response.signature()).unwrap());
}
