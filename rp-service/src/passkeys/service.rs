//! The service itself: its parts, and what all operations share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rp_core::{RelyingParty, Timestamp, TrustSource};

use crate::admission::{AdmissionHook, AdmissionRequest};
use crate::authenticator_info::AuthenticatorDirectory;
use crate::authorization::CommandLineClient;
use crate::context_change::ContextChange;
use crate::decoy::Decoys;
use crate::error::ServiceError;
use crate::event::{Action, EventBuilder, EventSink};
use crate::factor::SecondFactor;
use crate::groups::Groups;
use crate::http::cookie::Cookies;
use crate::http::request::{HttpConfig, Request};
use crate::policy::Policy;
use crate::rate_limiter::{Limit, RateLimit};
use crate::seal::KeyRing;
use crate::store::{
    DynCeremonyStore, DynCredentialStore, DynFactorStore, DynRateLimiter, DynSessionStore, DynSignUpStore,
    DynUserStore, Passkey, SealedCeremonies, StoreError,
};
use crate::timer::Timer;

use super::revoked::RevokedSessions;

/// The passkey service: a relying party, its stores, and the policy.
///
/// Cheap to clone; clones share everything. The adapters translate requests ([`Passkeys::handle`]); without HTTP, an
/// application calls the methods with a [`Caller`](crate::Caller).
///
/// # Examples
/// ```
/// use rp_core::RelyingParty;
/// use rp_service::store::MemoryStore;
/// use rp_service::{Caller, Passkeys, Policy};
///
/// let rp = RelyingParty::builder("example.org").name("Example").origin("https://example.org").build()?;
/// let mut policy = Policy::default();
/// policy.sign_up = true;
/// let passkeys = Passkeys::builder(rp)
///     .store(MemoryStore::new())
///     .secret(b"at least 32 bytes, known to the server only")
///     .policy(policy)
///     .build()?;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let caller = Caller::new_browser()?;
/// let options = passkeys.start_sign_in(&caller, Some("kim")).await?;
/// assert!(!options.public_key.allow_credentials.is_empty(), "does not reveal that there is no kim");
/// # Ok::<(), rp_service::ServiceError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Passkeys {
    pub(super) inner: Arc<Inner>,
}

/// Where the pending ceremonies are.
pub(super) enum Ceremonies {
    Stored(Arc<dyn DynCeremonyStore>),
    Sealed(SealedCeremonies),
}

pub(super) struct Inner {
    pub(super) rp: RelyingParty,
    /// Verifies proofs, if they are accepted.
    pub(super) proof: Option<RelyingParty>,
    pub(super) users: Arc<dyn DynUserStore>,
    pub(super) credentials: Arc<dyn DynCredentialStore>,
    /// Users and passkeys in one transaction, if one store has both.
    pub(super) sign_up: Option<Arc<dyn DynSignUpStore>>,
    /// Whether the store of the passkeys also has the users, so that it can check a user in the transaction that writes a
    /// passkey.
    pub(super) is_user_store_shared: bool,
    pub(super) ceremonies: Ceremonies,
    pub(super) sessions: Sessions,
    pub(super) factors: Factors,
    /// The keys of the states of factors.
    pub(super) keys: KeyRing,
    pub(super) trust: Arc<dyn TrustSource + Send + Sync>,
    pub(super) policy: Policy,
    /// The programs that users may sign in to.
    pub(super) clients: Vec<CommandLineClient>,
    pub(super) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(super) timer: Arc<dyn Timer>,
    pub(super) events: Vec<Arc<dyn EventSink>>,
    pub(super) decoys: Decoys,
    pub(super) admission: Option<Arc<dyn AdmissionHook>>,
    pub(super) groups: Arc<dyn Groups>,
    pub(super) context: Arc<dyn ContextChange>,
    pub(super) rate_limiter: Arc<dyn DynRateLimiter>,
    pub(super) authenticators: Arc<dyn AuthenticatorDirectory>,
    pub(super) cookies: Cookies,
    pub(super) http: HttpConfig,
    pub(super) client_address: ClientAddress,
    /// Whether a request without a client address was reported.
    pub(super) is_address_missing: AtomicBool,
    pub(super) sweeps: AtomicU32,
    /// Whether a task deletes expired entries.
    pub(super) is_maintained: AtomicBool,
    /// Sessions that were ended while the store failed.
    pub(super) revoked: RevokedSessions,
}

/// The second factors except passkeys.
pub(super) struct Factors {
    /// Their store; `None` without factors.
    pub(super) store: Option<Arc<dyn DynFactorStore>>,
    /// Whether the store also has the passkeys, so that it can check conditions in the transaction that writes.
    pub(super) is_shared: bool,
    /// The factors in the order in which they are listed.
    pub(super) all: Vec<Arc<dyn SecondFactor>>,
}

/// The client's address, by the head of a request.
pub(super) type ClientAddress = Arc<dyn Fn(&Request<'_>) -> Option<String> + Send + Sync>;

/// The owner of the sign-in sessions.
pub(super) enum Sessions {
    /// The service. `is_shared`: the store also has the passkeys, so that it can check a session in the transaction that
    /// writes a passkey.
    Own { store: Arc<dyn DynSessionStore>, is_shared: bool },
    /// The application.
    Application,
}

impl fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passkeys")
            .field("rp", &self.inner.rp)
            .field("policy", &self.inner.policy)
            .finish_non_exhaustive()
    }
}

impl Passkeys {
    /// The relying party.
    #[must_use]
    pub fn relying_party(&self) -> &RelyingParty {
        &self.inner.rp
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// The names and attributes of the cookies.
    #[must_use]
    pub fn cookies(&self) -> &Cookies {
        &self.inner.cookies
    }

    pub(crate) fn http_config(&self) -> &HttpConfig {
        &self.inner.http
    }

    pub(crate) fn timer(&self) -> &dyn Timer {
        &*self.inner.timer
    }

    /// The address of the client that sent a request. The first request without one is reported.
    pub(crate) fn client_address(&self, request: &Request<'_>) -> Option<String> {
        let address = (self.inner.client_address)(request);
        if address.is_none() && !self.inner.is_address_missing.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "rp",
                "the address of a client is not known, so all such clients share one rate limit: serve the application \
                 with the addresses of its connections, or call PasskeysBuilder::client_address"
            );
        }
        address
    }

    /// The time of the service's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    /// Sends the outcome to the metrics and to the event sinks.
    pub(crate) fn record<T>(&self, event: &EventBuilder, result: &Result<T, ServiceError>) {
        self.record_outcome(event, result.as_ref().err());
    }

    pub(crate) fn record_error(&self, event: &EventBuilder, error: &ServiceError) {
        self.record_outcome(event, Some(error));
    }

    fn record_outcome(&self, event: &EventBuilder, error: Option<&ServiceError>) {
        let info = event.aaguid().and_then(|aaguid| self.inner.authenticators.info(aaguid));
        let model = info.as_ref().map(|info| info.name.as_str());
        let event = event.build(self.now(), model, error);
        crate::metrics::count_event(&event);
        for sink in &self.inner.events {
            sink.record(&event);
        }
    }

    pub(super) async fn admit(&self, request: AdmissionRequest<'_>) -> Result<(), ServiceError> {
        match &self.inner.admission {
            Some(hook) => Ok(hook.admit(&request).await?),
            None => Ok(()),
        }
    }

    /// Returns an error if the subject may not try.
    pub(super) async fn check_rate(&self, limit: Limit, subject: &str) -> Result<(), ServiceError> {
        match self.inner.rate_limiter.check(limit, subject, self.now()).await? {
            RateLimit::Allowed => Ok(()),
            RateLimit::Exceeded(limited) => Err(limited.into()),
        }
    }

    /// Counts an attempt, or returns an error.
    pub(super) async fn count_attempt(&self, limit: Limit, subject: &str) -> Result<(), ServiceError> {
        match self.inner.rate_limiter.count(limit, subject, self.now()).await? {
            RateLimit::Allowed => Ok(()),
            RateLimit::Exceeded(limited) => Err(limited.into()),
        }
    }

    /// Counts an attempt in all limits or in none.
    pub(super) async fn count_attempts(&self, limits: &[(Limit, String)]) -> Result<(), ServiceError> {
        for (done, (limit, subject)) in limits.iter().enumerate() {
            if let Err(error) = self.count_attempt(*limit, subject).await {
                self.forgive_attempts(limits.get(..done).unwrap_or_default()).await;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes back an attempt in all limits.
    pub(super) async fn forgive_attempts(&self, limits: &[(Limit, String)]) {
        for (limit, subject) in limits {
            self.forgive_attempt(*limit, subject).await;
        }
    }

    /// Takes back an attempt. A failure only makes the limit stricter.
    pub(super) async fn forgive_attempt(&self, limit: Limit, subject: &str) {
        let forgiven = self.inner.rate_limiter.forgive(limit, subject, self.now()).await;
        self.record_failure(Action::Request, forgiven);
    }

    /// Reports a failure that does not change the response.
    pub(super) fn record_failure<T>(&self, action: Action, result: Result<T, StoreError>) {
        if let Err(error) = result {
            self.record_error(&EventBuilder::new(action), &ServiceError::Storage(error));
        }
    }

    /// The passkey with an ID, of any user.
    pub(super) async fn passkey(&self, id: &rp_core::CredentialId) -> Result<Option<Passkey>, ServiceError> {
        Ok(self.inner.credentials.passkey(id).await?)
    }
}
