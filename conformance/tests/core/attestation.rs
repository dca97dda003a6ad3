//! Attestation statements through the registration ceremony, a module for each format: accepted statements, and
//! rejected ones with their messages.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod android_key;
mod android_safetynet;
mod app_attest;
mod apple;
mod compound;
mod fido_profile;
mod model;
mod own_format;
mod packed;
mod revocation;
mod tpm;
mod trust;

use rp_conformance::authenticator::{Algorithm as Minted, Authenticator, Config, Fault, Format as Statement};
use rp_core::attestation::AttestationError;
use rp_core::options::AttestationConveyancePreference;
use rp_core::{
    Algorithm, Attestation, AttestationPolicy, Profile, Registered, RegistrationError, RegistrationResponse,
    RelyingParty, StaticAnchors, TrustAnchor, TrustSource, User, UserHandle,
};

/// An authenticator that makes statements of a format, and a relying party that verifies them.
struct Scene {
    config: Config,
    algorithm: Algorithm,
    policy: AttestationPolicy,
    profile: Profile,
    conveyance: AttestationConveyancePreference,
}

impl Scene {
    fn new(format: Statement) -> Self {
        Self {
            config: Config { format, algorithms: vec![Minted::Es256], ..Config::default() },
            algorithm: Algorithm::Es256,
            policy: AttestationPolicy::default(),
            profile: Profile::Webauthn,
            conveyance: AttestationConveyancePreference::Direct,
        }
    }

    fn policy(self, policy: AttestationPolicy) -> Self {
        Self { policy, ..self }
    }

    fn fido(self) -> Self {
        Self { profile: Profile::Fido, ..self }
    }

    fn wrong(mut self, fault: Fault) -> Self {
        self.config.fault = Some(fault);
        self
    }

    fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    fn credential(mut self, algorithm: Algorithm, minted: Minted) -> Self {
        self.algorithm = algorithm;
        self.config.algorithms = vec![minted];
        self
    }

    /// The anchor of the authenticator.
    fn anchors(&self) -> Vec<TrustAnchor> {
        let authenticator = Authenticator::new("attestation", self.config.clone());
        authenticator.anchors().iter().map(|der| TrustAnchor::from_der(der).unwrap()).collect()
    }

    fn judged_by(&self, trust: &dyn TrustSource) -> Result<Attestation, RegistrationError> {
        self.registered_by(trust).map(|registered| registered.attestation)
    }

    fn registered_by(&self, trust: &dyn TrustSource) -> Result<Registered, RegistrationError> {
        let rp = RelyingParty::builder("example.org")
            .origin("https://example.org")
            .algorithms([self.algorithm])
            .attestation(self.conveyance)
            .attestation_policy(self.policy.clone())
            .profile(self.profile)
            .build()
            .unwrap();
        let handle = UserHandle::try_from(&b"kim"[..]).unwrap();
        let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
        let (options, pending) = rp.start_registration(&user, &[], self.config.now).unwrap();
        let mut authenticator = Authenticator::new("attestation", self.config.clone());
        let options = serde_json::to_value(&options).unwrap();
        let response = authenticator.create(&options, "https://example.org").unwrap();
        let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
        rp.finish_registration(pending, &response, trust, self.config.now)
    }

    /// The verdict with the authenticator's root as anchor.
    fn judged(&self) -> Result<Attestation, RegistrationError> {
        self.judged_by(&StaticAnchors::new(self.anchors()))
    }

    fn accepted(&self) -> Attestation {
        self.judged().unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// The reason of the rejection.
    fn refused(&self) -> AttestationError {
        match self.judged() {
            Err(RegistrationError::Attestation(error)) => error,
            other => panic!("{other:?}"),
        }
    }
}
