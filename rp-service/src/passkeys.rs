use std::fmt;
use std::sync::Arc;

use rp_core::{RelyingParty, Timestamp, TrustSource};

use crate::decoy::Decoys;
use crate::event::{EventSink, Trail};
use crate::gate::{Entry, Gate};
use crate::http::Cookies;
use crate::limiter::GuessLimiter;
use crate::model::ModelDirectory;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::session::SessionData;
use crate::store::{Account, CeremonyStore, CredentialStore, Passkey};
use crate::wire::{CredentialJson, OriginsJson, PasskeyEndpoints};

mod account;
mod authentication;
mod builder;
mod ceremony;
mod registration;
mod sweep;

pub use account::NicknameError;
pub use authentication::Authentication;
pub use builder::PasskeysBuilder;
pub use ceremony::BrowserId;
pub use registration::{Registration, SignUp};
use sweep::Sweeps;

/// The service: a relying party, its stores, and what decides about both.
///
/// Whose credentials, which ceremony is pending, which policy holds and what is logged is decided here; what a
/// web framework adds is the translation of requests, sessions and answers (`http`). Cheap to clone: clones
/// share everything.
///
/// # Examples
/// ```
/// use rp_core::RelyingParty;
/// use rp_service::store::MemoryStore;
/// use rp_service::{BrowserId, Passkeys, Policy};
///
/// let rp = RelyingParty::builder("example.org").name("Example").origin("https://example.org").build()?;
/// let secret = b"at least 32 bytes that nobody knows";
/// let passkeys = Passkeys::builder(rp, MemoryStore::new(), secret)
///     .policy(Policy { sign_up: true, ..Policy::default() })
///     .build()?;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let browser = BrowserId::random()?;
/// let known = passkeys.start_sign_in(&browser, None, Some("kim")).await?;
/// assert!(!known.public_key.allow_credentials.is_empty(), "nobody learns that there is no kim");
/// # Ok::<(), rp_service::Refusal>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Passkeys<S> {
    inner: Arc<Inner<S>>,
}

struct Inner<S> {
    rp: RelyingParty,
    store: S,
    trust: Arc<dyn TrustSource + Send + Sync>,
    policy: Policy,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    events: Arc<dyn EventSink>,
    decoys: Decoys,
    gate: Option<Arc<dyn Gate>>,
    limiter: Arc<dyn GuessLimiter>,
    models: Arc<dyn ModelDirectory>,
    endpoints: PasskeyEndpoints,
    cookies: Cookies,
    ceremony_sweeps: Sweeps,
}

impl<S> Clone for Passkeys<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<S> fmt::Debug for Passkeys<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passkeys")
            .field("rp", &self.inner.rp)
            .field("policy", &self.inner.policy)
            .finish_non_exhaustive()
    }
}

impl<S> Passkeys<S> {
    /// Begins a configuration. `secret` makes the credentials that options show for usernames that nobody has:
    /// at least 32 bytes that nobody else knows, the same on every server and after every restart.
    pub fn builder(rp: RelyingParty, store: S, secret: impl AsRef<[u8]>) -> PasskeysBuilder<S> {
        PasskeysBuilder::new(rp, store, secret.as_ref())
    }

    /// The relying party.
    #[must_use]
    pub fn relying_party(&self) -> &RelyingParty {
        &self.inner.rp
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.inner.store
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// How cookies are named and marked, by the origins that are configured.
    #[must_use]
    pub fn cookies(&self) -> &Cookies {
        &self.inner.cookies
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    /// A key for another use of the secret, such as signing a session's cookie; the same on every server.
    #[must_use]
    pub fn derived_key(&self, purpose: &str) -> [u8; 64] {
        self.inner.decoys.derived_key(purpose)
    }

    /// The signed-in session.
    ///
    /// # Errors
    /// [`Refusal::NotSignedIn`].
    pub fn require_session<'a>(&self, session: Option<&'a SessionData>) -> Result<&'a SessionData, Refusal> {
        session.ok_or(Refusal::NotSignedIn)
    }

    /// The signed-in session, if its last verification is fresh: the guard of whatever the application holds
    /// dear. Whether the account still has the passkey that was verified is not looked up here, but where
    /// passkeys are added and deleted, and by [`Passkeys::fresh_user`].
    ///
    /// # Errors
    /// [`Refusal::NotSignedIn`], [`Refusal::StepUpRequired`].
    pub fn require_fresh<'a>(&self, session: Option<&'a SessionData>) -> Result<&'a SessionData, Refusal> {
        let session = self.require_session(session)?;
        if session.is_fresh(self.now(), self.inner.policy.step_up_freshness) {
            Ok(session)
        } else {
            Err(Refusal::StepUpRequired)
        }
    }

    /// A credential as answers show it.
    #[must_use]
    pub fn credential_json(&self, passkey: &Passkey) -> CredentialJson {
        CredentialJson::new(passkey, self.inner.models.model(&passkey.record.aaguid))
    }

    /// What `/.well-known/webauthn` answers: [`RelyingParty::related_origins`], which is never empty.
    #[must_use]
    pub fn well_known_webauthn(&self) -> OriginsJson {
        OriginsJson { origins: self.inner.rp.related_origins().origins }
    }

    /// What `/.well-known/passkey-endpoints` answers, where it is set.
    #[must_use]
    pub fn well_known_passkey_endpoints(&self) -> Option<&PasskeyEndpoints> {
        let endpoints = &self.inner.endpoints;
        (endpoints.enroll.is_some() || endpoints.manage.is_some()).then_some(endpoints)
    }

    /// Tells the event sink what came of it.
    pub(crate) fn record<T>(&self, trail: &Trail, result: &Result<T, Refusal>) {
        self.inner.events.record(&trail.event(self.now(), result.as_ref().err()));
    }

    pub(crate) fn record_refusal(&self, trail: &Trail, refusal: &Refusal) {
        self.inner.events.record(&trail.event(self.now(), Some(refusal)));
    }

    async fn admit(&self, entry: Entry<'_>) -> Result<(), Refusal> {
        match &self.inner.gate {
            Some(gate) => Ok(gate.admit(&entry).await?),
            None => Ok(()),
        }
    }
}

impl<S: CeremonyStore + CredentialStore> Passkeys<S> {
    /// The signed-in account.
    ///
    /// # Errors
    /// [`Refusal::NotSignedIn`], also where the account is gone; [`Refusal::Storage`].
    pub async fn current_user(&self, session: Option<&SessionData>) -> Result<Account, Refusal> {
        let session = self.require_session(session)?;
        self.inner.store.account(&session.user_handle).await?.ok_or(Refusal::NotSignedIn)
    }

    /// The signed-in account, if its last verification is fresh ([`Passkeys::require_fresh`]), and was with a
    /// passkey that it still has.
    ///
    /// # Errors
    /// [`Refusal::NotSignedIn`], [`Refusal::StepUpRequired`], [`Refusal::Storage`].
    pub async fn fresh_user(&self, session: Option<&SessionData>) -> Result<Account, Refusal> {
        let session = self.require_fresh(session)?;
        let account = self.current_user(Some(session)).await?;
        account::check_credential(session, &self.inner.store.passkeys(&account.user_handle).await?)?;
        Ok(account)
    }
}
