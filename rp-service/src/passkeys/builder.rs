use std::sync::Arc;
use std::time::Duration;

use rp_core::{RelyingParty, Timestamp, TrustSource};

use super::service::{Ceremonies, ClientAddress, Factors, Passkeys, Sessions};
use crate::admission::AdmissionHook;
use crate::authenticator_info::{AuthenticatorDirectory, PasskeyProviders};
use crate::authorization::CommandLineClient;
use crate::context_change::{AddressAndUserAgent, ContextChange};
use crate::decoy::DecoyProfile;
use crate::event::{EventSink, TracingSink};
use crate::factor::SecondFactor;
use crate::groups::{Groups, NoGroups};
use crate::http::request::{HttpConfig, Request};
use crate::json::PasskeyEndpoints;
use crate::policy::Policy;
use crate::rate_limiter::{MemoryRateLimiter, RateLimiter};
use crate::seal::KeyRing;
use crate::secret::Secret;
use crate::store::{
    CeremonyStore, CredentialStore, DynCredentialStore, DynRateLimiter, DynSignUpStore, DynUserStore,
    FactorStore, ReplayCache, SealedCeremonies, SessionStore, SignUpStore, UserStore,
};
use crate::timer::Timer;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use crate::timer::TokioTimer;

mod build;

/// The configuration of a service; [`PasskeysBuilder::build`] checks it.
#[must_use]
pub struct PasskeysBuilder {
    rp: RelyingParty,
    proof: Option<RelyingParty>,
    users: Option<Arc<dyn DynUserStore>>,
    credentials: Option<Arc<dyn DynCredentialStore>>,
    sign_up: Option<Arc<dyn DynSignUpStore>>,
    ceremonies: Option<Ceremonies>,
    sessions: Option<Sessions>,
    factors: Factors,
    keys: Option<KeyRing>,
    secret: Option<Secret>,
    decoys: DecoyProfile,
    trust: Option<Arc<dyn TrustSource + Send + Sync>>,
    policy: Policy,
    clients: Vec<CommandLineClient>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    timer: Option<Arc<dyn Timer>>,
    events: Vec<Arc<dyn EventSink>>,
    admission: Option<Arc<dyn AdmissionHook>>,
    groups: Arc<dyn Groups>,
    context: Arc<dyn ContextChange>,
    rate_limiter: Arc<dyn DynRateLimiter>,
    authenticators: Arc<dyn AuthenticatorDirectory>,
    http: HttpConfig,
    client_address: ClientAddress,
}

impl std::fmt::Debug for PasskeysBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasskeysBuilder")
            .field("rp", &self.rp)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl PasskeysBuilder {
    pub(super) fn new(rp: RelyingParty) -> Self {
        Self {
            rp,
            proof: None,
            users: None,
            credentials: None,
            sign_up: None,
            ceremonies: None,
            sessions: None,
            factors: Factors { store: None, is_shared: false, all: Vec::new() },
            keys: None,
            secret: None,
            decoys: DecoyProfile::default(),
            trust: None,
            policy: Policy::default(),
            clients: Vec::new(),
            clock: Arc::new(Timestamp::now),
            timer: default_timer(),
            events: vec![Arc::new(TracingSink)],
            admission: None,
            groups: Arc::new(NoGroups),
            context: Arc::new(AddressAndUserAgent::default()),
            rate_limiter: Arc::new(MemoryRateLimiter::default()),
            authenticators: Arc::new(PasskeyProviders),
            http: HttpConfig::default(),
            client_address: Arc::new(|request| request.address.clone()),
        }
    }

    /// Sets one store for everything. Set other stores after it.
    pub fn store<S>(self, store: S) -> Self
    where
        S: SignUpStore + CeremonyStore + SessionStore + FactorStore + 'static,
    {
        let store = Arc::new(store);
        let factors = Factors { store: Some(Arc::clone(&store) as _), is_shared: true, ..self.factors };
        let sessions = Sessions::Own { store: Arc::clone(&store) as _, is_shared: true };
        Self {
            users: Some(Arc::clone(&store) as _),
            credentials: Some(Arc::clone(&store) as _),
            sign_up: Some(Arc::clone(&store) as _),
            ceremonies: Some(Ceremonies::Stored(store)),
            sessions: Some(sessions),
            factors,
            ..self
        }
    }

    /// Sets one store for users and passkeys, which sign-up requires.
    pub fn users_and_credentials(self, store: impl SignUpStore + 'static) -> Self {
        let store = Arc::new(store);
        Self {
            users: Some(Arc::clone(&store) as _),
            credentials: Some(Arc::clone(&store) as _),
            sign_up: Some(store),
            sessions: self.sessions.map(Sessions::apart),
            factors: Factors { is_shared: false, ..self.factors },
            ..self
        }
    }

    /// Sets the store of users. Sign-up is not possible then.
    pub fn users(self, store: impl UserStore + 'static) -> Self {
        Self { users: Some(Arc::new(store)), sign_up: None, ..self }
    }

    /// Sets the store of passkeys. Sign-up is not possible then.
    pub fn credentials(self, store: impl CredentialStore + 'static) -> Self {
        Self {
            credentials: Some(Arc::new(store)),
            sign_up: None,
            sessions: self.sessions.map(Sessions::apart),
            factors: Factors { is_shared: false, ..self.factors },
            ..self
        }
    }

    /// Sets the store of ceremonies.
    pub fn ceremonies(self, store: impl CeremonyStore + 'static) -> Self {
        Self { ceremonies: Some(Ceremonies::Stored(Arc::new(store))), ..self }
    }

    /// Keeps pending ceremonies in cookies of the browser, sealed with the first of these keys, so that no node stores
    /// them: for functions and edge servers. All keys open, so they can be rotated: see [`KeyRing`].
    ///
    /// The cache makes sure that a ceremony is completed once, on whichever node. With [`MemoryReplayCache`](crate::store::MemoryReplayCache) that holds
    /// for one process only, and a warning is logged.
    ///
    /// A sealed ceremony has at most 2,048 bytes. That is enough for a list of 50 passkeys; options with a much longer one are
    /// [`ServiceError::Storage`](crate::ServiceError::Storage). The policy limits the passkeys of a user. The cookies come with the HTTP interface, so ceremonies that are started
    /// without it cannot be completed.
    pub fn sealed_ceremonies(self, keys: KeyRing, cache: impl ReplayCache + 'static) -> Self {
        if !cache.is_shared() {
            tracing::warn!(
                "sealed ceremonies with a replay cache in memory: with several nodes, or after a restart, a response can \
                 be accepted more than once"
            );
        }
        let sealed = SealedCeremonies::new(keys, cache);
        Self { ceremonies: Some(Ceremonies::Sealed(sealed)), ..self }
    }

    /// Sets the store of sessions.
    pub fn sessions(self, store: impl SessionStore + 'static) -> Self {
        Self { sessions: Some(Sessions::Own { store: Arc::new(store), is_shared: false }), ..self }
    }

    /// Sets the store of second factors.
    pub fn factors(self, store: impl FactorStore + 'static) -> Self {
        let factors = Factors { store: Some(Arc::new(store)), is_shared: false, ..self.factors };
        Self { factors, ..self }
    }

    /// Adds a second factor, such as [`Totp`](crate::Totp) or [`RecoveryCodes`](crate::RecoveryCodes). Factors are listed in
    /// the order in which they are added.
    pub fn second_factor(mut self, factor: impl SecondFactor + 'static) -> Self {
        self.factors.all.push(Arc::new(factor));
        self
    }

    /// Accepts proofs that a genuine authenticator is present, without an account (`proof/options` and `proof/verify`). `rp`
    /// has the same RP ID, and an attestation policy that requires trust; the trust source decides which models are
    /// genuine. A person should be asked for no more than a touch: request no user verification and no discoverable
    /// credential.
    ///
    /// # Examples
    /// ```
    /// use rp_core::options::{
    ///     AttestationConveyancePreference, ResidentKeyRequirement, UserVerificationRequirement,
    /// };
    /// use rp_core::{AttestationPolicy, RelyingParty};
    /// use rp_service::Passkeys;
    ///
    /// let site = || RelyingParty::builder("example.org").name("Example").origin("https://example.org");
    /// let proof = site()
    ///     .attestation(AttestationConveyancePreference::Direct)
    ///     .attestation_policy(AttestationPolicy::default().require_trusted())
    ///     .user_verification(UserVerificationRequirement::Discouraged)
    ///     .resident_key(ResidentKeyRequirement::Discouraged)
    ///     .build()?;
    /// let builder = Passkeys::builder(site().build()?).proof(proof);
    /// # drop(builder);
    /// # Ok::<(), rp_core::ConfigError>(())
    /// ```
    pub fn proof(self, rp: RelyingParty) -> Self {
        Self { proof: Some(rp), ..self }
    }

    /// Sets the keys that encrypt the states of second factors. By default they are derived from the secret.
    pub fn keys(self, keys: KeyRing) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// Leaves the sessions to the application, which reports for each request who is signed in
    /// ([`ApplicationSession`](crate::ApplicationSession)) and receives verified results as data.
    pub fn application_sessions(self) -> Self {
        Self { sessions: Some(Sessions::Application), ..self }
    }

    /// Sets the secret, at least 32 random bytes, the same on every server and after every restart: see
    /// [`Secret::file`]. It makes the credentials that options list for unknown usernames.
    pub fn secret(self, secret: impl Into<Secret>) -> Self {
        Self { secret: Some(secret.into()), ..self }
    }

    /// Sets the source of trust in authenticator models. By default no attestation is trusted.
    pub fn trust(self, trust: Arc<dyn TrustSource + Send + Sync>) -> Self {
        Self { trust: Some(trust), ..self }
    }

    /// Sets the policy.
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Users can sign in to a program on their computer (`GET authorize`, `POST authorize`, `POST token`): an authorization
    /// code with PKCE and a loopback redirect. `id` is the program's `client_id`, and users read its `name` before they
    /// confirm. May be called for several programs. The program receives a bearer session, which lives at most
    /// [`SessionPolicy::bearer`](crate::SessionPolicy::bearer).
    pub fn command_line(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.clients.push(CommandLineClient { id: id.into(), name: name.into() });
        self
    }

    /// Accepts reports of browsers about ceremonies (`POST telemetry`), and counts them as metrics
    /// ([`BrowserReport`](crate::BrowserReport)). The page sends them with `telemetry.js`. Nothing in them identifies a person.
    #[cfg(feature = "metrics")]
    pub fn browser_telemetry(mut self) -> Self {
        self.http.telemetry = true;
        self
    }

    /// Sets the clock; the default is the operating system's.
    pub fn clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Sets the timer; the default is that of `tokio`. `wasm32-unknown-unknown` has no default.
    pub fn timer(self, timer: impl Timer + 'static) -> Self {
        Self { timer: Some(Arc::new(timer)), ..self }
    }

    /// Sets the receiver of events; the default is [`TracingSink`].
    pub fn events(self, sink: impl EventSink + 'static) -> Self {
        Self { events: vec![Arc::new(sink)], ..self }
    }

    /// Adds a receiver of events to those that are set.
    pub fn add_events(mut self, sink: impl EventSink + 'static) -> Self {
        self.events.push(Arc::new(sink));
        self
    }

    /// Sets a hook that runs after verification and before anything is stored.
    pub fn admission(self, hook: impl AdmissionHook + 'static) -> Self {
        Self { admission: Some(Arc::new(hook)), ..self }
    }

    /// Sets the groups of users, which select the rules of the policy. By default no one is in a group.
    pub fn groups(self, groups: impl Groups + 'static) -> Self {
        Self { groups: Arc::new(groups), ..self }
    }

    /// Sets how a changed context is recognised; the default is [`AddressAndUserAgent`].
    pub fn context_change(self, context: impl ContextChange + 'static) -> Self {
        Self { context: Arc::new(context), ..self }
    }

    /// Sets the limit for attempts that reveal something; the default is [`MemoryRateLimiter::default`].
    pub fn rate_limiter(self, limiter: impl RateLimiter + 'static) -> Self {
        Self { rate_limiter: Arc::new(limiter), ..self }
    }

    /// Sets the directory of authenticator names; the default is [`PasskeyProviders`].
    pub fn authenticators(self, directory: impl AuthenticatorDirectory + 'static) -> Self {
        Self { authenticators: Arc::new(directory), ..self }
    }

    /// Sets what the accounts of real users look like, so that the credentials that options list for unknown usernames look
    /// the same. The default describes common authenticators.
    pub fn decoy_profile(self, profile: DecoyProfile) -> Self {
        Self { decoys: profile, ..self }
    }

    /// Sets the URLs in `/.well-known/passkey-endpoints`. By default the route responds with 404.
    pub fn passkey_endpoints(mut self, endpoints: PasskeyEndpoints) -> Self {
        self.http.endpoints = endpoints;
        self
    }

    /// Accepts requests of a front end on another host of the same site, such as `https://app.example.org` for an API on
    /// `https://api.example.org`, and sends CORS headers for exactly that origin. The relying party must accept it.
    pub fn front_end(mut self, origin: impl Into<String>) -> Self {
        self.http.front_ends.push(origin.into());
        self
    }

    /// Sets the start of `type` in error responses, such as `https://example.org/problems/`; the default is `about:blank`.
    pub fn problem_type_base(mut self, base: impl Into<String>) -> Self {
        self.http.problem_type_base = Some(base.into());
        self
    }

    /// Sends `Strict-Transport-Security` with this age. It is not sent if an accepted web origin is `http://localhost`.
    pub fn hsts(mut self, max_age: Duration) -> Self {
        self.http.hsts_max_age = Some(max_age);
        self
    }

    /// Sets how the address of a client is determined, for rate limits, events and lists of sessions. The default is
    /// [`Request::address`], the address of the connection. Behind a proxy that is the proxy's, and all clients would share
    /// one limit. Use only what your proxy writes: a header that clients control provides no protection.
    ///
    /// # Examples
    /// ```
    /// use rp_core::RelyingParty;
    /// use rp_service::Passkeys;
    ///
    /// let proxy = "10.0.0.2".to_owned();
    /// let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
    /// let builder = Passkeys::builder(rp).client_address(move |request| {
    ///     if request.address.as_deref() != Some(proxy.as_str()) {
    ///         return request.address.clone();
    ///     }
    ///     // The proxy appends the address of its connection; the client may have sent everything in front of it.
    ///     let appended = request.header("x-forwarded-for").last()?.rsplit(|&octet| octet == b',').next()?;
    ///     Some(std::str::from_utf8(appended.trim_ascii()).ok()?.to_owned())
    /// });
    /// # drop(builder);
    /// # Ok::<(), rp_core::ConfigError>(())
    /// ```
    pub fn client_address(
        self,
        address: impl Fn(&Request<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self { client_address: Arc::new(address), ..self }
    }

    /// Sets the time within which the body of a request must arrive; the default is 30 seconds.
    pub fn body_time_limit(mut self, limit: Duration) -> Self {
        self.http.body_time_limit = limit;
        self
    }
}

impl Passkeys {
    /// Starts a configuration.
    pub fn builder(rp: RelyingParty) -> PasskeysBuilder {
        PasskeysBuilder::new(rp)
    }
}

impl Sessions {
    /// The same, in another store than the passkeys.
    fn apart(self) -> Self {
        match self {
            Self::Own { store, .. } => Self::Own { store, is_shared: false },
            Self::Application => Self::Application,
        }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn default_timer() -> Option<Arc<dyn Timer>> {
    Some(Arc::new(TokioTimer::start()))
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn default_timer() -> Option<Arc<dyn Timer>> {
    None
}
