use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rp_core::options::{
    AttestationConveyancePreference, ResidentKeyRequirement, UserVerificationRequirement,
};
use rp_core::{
    Aaguid, AttestationPolicy, CredentialId, RelyingParty, RelyingPartyBuilder, StaticAnchors, Timestamp,
    TrustAnchor, UserHandle, base64url,
};
use rp_service::http::Route;
use rp_service::store::{CredentialStore, Passkey, SessionStore, UserStore};
use rp_service::{
    AuthenticatorDirectory, AuthenticatorInfo, Certification, Event, Fips, ModelFacts, PasskeyEndpoints,
    PasskeyProviders, Passkeys, PasskeysBuilder, Policy, RecoveryCodes, ServiceError, Session, Totp,
};
use serde_json::Value;

use super::FailingStore;
use crate::authenticator::{Authenticator, Config};

/// The origin of the site.
pub const ORIGIN: &str = "https://example.org";

/// The origin of a site on a developer's machine.
pub const LOCALHOST: &str = "http://localhost:8080";

/// The configuration of a site.
pub struct Setup {
    /// The origin: [`ORIGIN`] or [`LOCALHOST`].
    pub origin: &'static str,
    /// The prefix of the routes.
    pub prefix: &'static str,
    /// The mounted routes.
    pub routes: Vec<Route>,
    /// The policy.
    pub policy: Policy,
    /// Changes the relying party.
    pub relying_party: fn(RelyingPartyBuilder) -> RelyingPartyBuilder,
    /// Changes the service.
    pub service: Box<dyn FnOnce(PasskeysBuilder) -> PasskeysBuilder>,
}

impl Default for Setup {
    fn default() -> Self {
        let mut policy = Policy::default();
        policy.sign_up = true;
        Self {
            origin: ORIGIN,
            prefix: Route::PREFIX,
            routes: Route::ALL.into(),
            policy,
            relying_party: |builder| builder,
            service: Box::new(|builder| builder),
        }
    }
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup")
            .field("origin", &self.origin)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// A service whose clock and store a case controls.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The service.
    pub passkeys: Passkeys,
    /// Its store.
    pub store: FailingStore,
    /// The origin of the site.
    pub origin: &'static str,
    /// The prefix of the routes.
    pub prefix: &'static str,
    /// The mounted routes.
    pub routes: Vec<Route>,
    clock: Arc<AtomicI64>,
    events: Arc<Mutex<Vec<String>>>,
}

impl Fixture {
    /// A service at 2026-06-01T00:00:00Z that trusts the attestation of the software authenticator with the seed `one`.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let config = Config::default();
        let clock = Arc::new(AtomicI64::new(config.now.as_unix_seconds()));
        let (store, events) = (FailingStore::default(), Arc::<Mutex<Vec<String>>>::default());
        let anchors = Authenticator::new("one", config).anchors();
        let anchors: Vec<_> =
            anchors.iter().map(|der| TrustAnchor::from_der(der).expect("a certificate")).collect();
        let (time, sink) = (Arc::clone(&clock), Arc::clone(&events));
        let mut endpoints = PasskeyEndpoints::default();
        endpoints.enroll = Some(format!("{ORIGIN}/enroll"));
        endpoints.manage = Some(format!("{ORIGIN}/manage"));
        endpoints.prf_usage_details = Some(format!("{ORIGIN}/prf"));
        let builder = Passkeys::builder(relying_party(&setup))
            .store(store.clone())
            .secret([7; 32])
            .policy(setup.policy)
            .trust(Arc::new(StaticAnchors::new(anchors)))
            .authenticators(HardwareKeys)
            .proof(proof_party(setup.origin))
            .second_factor(Totp::new())
            .second_factor(RecoveryCodes::new())
            .clock(move || Timestamp::from_unix_seconds(time.load(Ordering::SeqCst)))
            .events(move |event: &Event<'_>| {
                let code = event.error.map_or("ok", ServiceError::code);
                let line = format!("{} {code} {event:?}", event.action.as_str());
                sink.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            })
            .passkey_endpoints(endpoints);
        let passkeys = (setup.service)(builder).build().expect("the configuration is complete");
        let Setup { origin, prefix, routes, .. } = setup;
        Self { passkeys, store, origin, prefix, routes, clock, events }
    }

    /// Lets time pass.
    pub fn wait(&self, time: Duration) {
        self.clock.fetch_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the clock back.
    pub fn set_back(&self, time: Duration) {
        self.clock.fetch_sub(i64::try_from(time.as_secs()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Returns the events since the last time: action, exact code, and everything else.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns action and exact code of the events since the last time.
    #[must_use]
    pub fn outcomes(&self) -> Vec<String> {
        let short = |line: String| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        self.events().into_iter().map(short).collect()
    }

    /// The stored passkey with the `id` of a credential.
    pub(super) async fn passkey(&self, credential: &Value) -> Option<Passkey> {
        let id = credential_id(credential)?;
        self.store.inner().passkey(&id).await.expect("memory")
    }

    /// The user with this name.
    pub(super) async fn user(&self, name: &str) -> UserHandle {
        self.store.inner().user_by_name(name).await.expect("memory").expect("the user exists").handle
    }

    /// The live sessions of a user.
    pub(super) async fn sessions(&self, user: &UserHandle) -> Vec<Session> {
        self.store.inner().sessions(user, self.passkeys.now()).await.expect("memory")
    }
}

/// The `id` of a credential.
pub(super) fn credential_id(credential: &Value) -> Option<CredentialId> {
    CredentialId::try_from(base64url::decode(credential["id"].as_str()?).ok()?.as_slice()).ok()
}

fn relying_party(setup: &Setup) -> RelyingParty {
    let builder = if setup.origin == LOCALHOST {
        RelyingParty::builder("localhost").origin(LOCALHOST)
    } else {
        RelyingParty::builder("example.org")
            .origin(ORIGIN)
            .related_origin("https://example.com")
            .native_origin("android:apk-key-hash:AAAA")
    };
    (setup.relying_party)(builder.name("Example")).build().expect("the configuration is complete")
}

/// Proofs require a trusted attestation, and no more than a touch.
fn proof_party(origin: &str) -> RelyingParty {
    let builder = match origin {
        LOCALHOST => RelyingParty::builder("localhost").origin(LOCALHOST),
        origin => RelyingParty::builder("example.org").origin(origin),
    };
    builder
        .name("Example")
        .attestation(AttestationConveyancePreference::Direct)
        .attestation_policy(AttestationPolicy::default().require_trusted())
        .user_verification(UserVerificationRequirement::Discouraged)
        .resident_key(ResidentKeyRequirement::Discouraged)
        .build()
        .expect("the configuration is complete")
}

/// Every model has hardware key protection, certification at level 1, and FIPS 140 at level 1.
#[derive(Debug)]
struct HardwareKeys;

impl AuthenticatorDirectory for HardwareKeys {
    fn info(&self, model: &Aaguid) -> Option<AuthenticatorInfo> {
        PasskeyProviders.info(model)
    }

    fn facts(&self, _: &Aaguid, _: Timestamp) -> ModelFacts {
        let mut facts = ModelFacts::default();
        facts.is_hardware = true;
        facts.certification = Some(Certification::L1);
        facts.fips = Some(Fips::L1);
        facts
    }

    fn has_facts(&self) -> bool {
        true
    }
}
