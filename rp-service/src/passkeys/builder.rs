use std::sync::Arc;

use rp_core::{RelyingParty, StaticAnchors, Timestamp, TrustSource};

use super::{Inner, Passkeys, Sweeps};
use crate::decoy::{DecoyError, DecoyShape, Decoys};
use crate::event::{EventSink, TracingSink};
use crate::gate::Gate;
use crate::http::Cookies;
use crate::limiter::{GuessLimiter, MemoryLimiter};
use crate::model::{ModelDirectory, PasskeyProviders};
use crate::policy::Policy;
use crate::wire::PasskeyEndpoints;

/// A service being put together; [`PasskeysBuilder::build`] checks it.
#[must_use]
pub struct PasskeysBuilder<S> {
    rp: RelyingParty,
    store: S,
    secret: Vec<u8>,
    shapes: Vec<DecoyShape>,
    trust: Arc<dyn TrustSource + Send + Sync>,
    policy: Policy,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    events: Arc<dyn EventSink>,
    gate: Option<Arc<dyn Gate>>,
    limiter: Arc<dyn GuessLimiter>,
    models: Arc<dyn ModelDirectory>,
    endpoints: PasskeyEndpoints,
}

impl<S> std::fmt::Debug for PasskeysBuilder<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasskeysBuilder")
            .field("rp", &self.rp)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl<S> PasskeysBuilder<S> {
    pub(super) fn new(rp: RelyingParty, store: S, secret: &[u8]) -> Self {
        Self {
            rp,
            store,
            secret: secret.to_vec(),
            shapes: DecoyShape::usual(),
            trust: Arc::new(StaticAnchors::none()),
            policy: Policy::default(),
            clock: Arc::new(Timestamp::now),
            events: Arc::new(TracingSink),
            gate: None,
            limiter: Arc::new(MemoryLimiter::default()),
            models: Arc::new(PasskeyProviders),
            endpoints: PasskeyEndpoints::default(),
        }
    }

    /// Who vouches for models; nobody by default, so that no attestation is trusted.
    pub fn trust(mut self, trust: Arc<dyn TrustSource + Send + Sync>) -> Self {
        self.trust = trust;
        self
    }

    /// What the application allows.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The clock; the operating system's by default.
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where events go; to `tracing` by default.
    pub fn events(mut self, sink: impl EventSink + 'static) -> Self {
        self.events = Arc::new(sink);
        self
    }

    /// Asks the application once more before anything is stored or anybody is signed in.
    pub fn gate(mut self, gate: impl Gate + 'static) -> Self {
        self.gate = Some(Arc::new(gate));
        self
    }

    /// What bounds the guessing of usernames; [`MemoryLimiter::default`] by default.
    pub fn limiter(mut self, limiter: impl GuessLimiter + 'static) -> Self {
        self.limiter = Arc::new(limiter);
        self
    }

    /// Who knows models by name; [`PasskeyProviders`] by default.
    pub fn models(mut self, models: impl ModelDirectory + 'static) -> Self {
        self.models = Arc::new(models);
        self
    }

    /// How the credentials look that accounts here hold; [`DecoyShape::usual`] by default.
    pub fn decoy_shapes(mut self, shapes: Vec<DecoyShape>) -> Self {
        self.shapes = shapes;
        self
    }

    /// The pages that `/.well-known/passkey-endpoints` names; none by default.
    pub fn passkey_endpoints(mut self, endpoints: PasskeyEndpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Checks what was put together.
    ///
    /// # Errors
    /// [`DecoyError`]: the secret is too short, or no decoy can be made.
    pub fn build(self) -> Result<Passkeys<S>, DecoyError> {
        let decoys = Decoys::new(&self.secret, self.shapes)?;
        let cookies = Cookies::new(&self.rp);
        Ok(Passkeys {
            inner: Arc::new(Inner {
                rp: self.rp,
                store: self.store,
                trust: self.trust,
                policy: self.policy,
                clock: self.clock,
                events: self.events,
                decoys,
                gate: self.gate,
                limiter: self.limiter,
                models: self.models,
                endpoints: self.endpoints,
                cookies,
                ceremony_sweeps: Sweeps::default(),
            }),
        })
    }
}
