use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::session::{Held, Sessions, scope};
use super::{Answer, Request, Route};
use crate::passkeys::{Authentication, Registration};
use crate::refusal::Refusal;
use crate::session::SessionData;
use crate::store::{Account, CeremonyStore, CredentialStore, SessionStore};

/// [`Passkeys`](crate::Passkeys) and its sessions without the type of their store, for extractors, which a framework
/// finds by their own type alone.
#[derive(Clone)]
pub struct SharedPasskeys(Arc<dyn Erased>);

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl SharedPasskeys {
    /// Answers a request; [`Passkeys::handle`](crate::Passkeys::handle). `held` is what the session that came holds
    /// under [`SessionData::KEY`].
    pub async fn handle(&self, route: Route, request: &Request<'_>, held: Option<&SessionData>) -> Answer {
        self.0.handle(route, request, held).await
    }

    /// The signed-in account; [`Passkeys::current_user`](crate::Passkeys::current_user).
    ///
    /// # Errors
    /// [`Refusal::NotSignedIn`], [`Refusal::Storage`].
    pub async fn current_user(&self, held: Option<&SessionData>) -> Result<Account, Refusal> {
        self.0.current_user(held).await
    }

    /// The signed-in account, freshly verified; [`Passkeys::fresh_user`](crate::Passkeys::fresh_user).
    ///
    /// # Errors
    /// [`Refusal::NotSignedIn`], [`Refusal::StepUpRequired`], [`Refusal::Storage`].
    pub async fn fresh_user(&self, held: Option<&SessionData>) -> Result<Account, Refusal> {
        self.0.fresh_user(held).await
    }

    /// A registration that a request brings;
    /// [`Passkeys::verified_registration`](crate::Passkeys::verified_registration).
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn verified_registration(
        &self,
        request: &Request<'_>,
        held: Option<&SessionData>,
    ) -> Result<Registration, Refusal> {
        self.0.verified_registration(request, held).await
    }

    /// An authentication that a request brings;
    /// [`Passkeys::verified_authentication`](crate::Passkeys::verified_authentication).
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn verified_authentication(
        &self,
        request: &Request<'_>,
        held: Option<&SessionData>,
    ) -> Result<Authentication, Refusal> {
        self.0.verified_authentication(request, held).await
    }

    /// Refuses what another site's page sends, where the method may change something.
    ///
    /// # Errors
    /// [`Refusal::CrossSite`].
    pub fn check_site(&self, method: &str, request: &Request<'_>) -> Result<(), Refusal> {
        if matches!(method, "GET" | "HEAD") { Ok(()) } else { self.0.check_site(request) }
    }

    /// Ends what a request leaves behind of its sessions, once the session crate has made the answer; `has_failed`
    /// says that the answer is an error, with which some crates keep a new session to themselves. What cannot be
    /// ended is an event, and the answer stands.
    pub async fn settle(&self, has_failed: bool) {
        self.0.settle(has_failed).await;
    }
}

impl<S: CeremonyStore + CredentialStore + SessionStore + 'static> From<&Sessions<S>> for SharedPasskeys {
    fn from(sessions: &Sessions<S>) -> Self {
        Self(Arc::new(sessions.clone()))
    }
}

impl fmt::Debug for SharedPasskeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedPasskeys").finish_non_exhaustive()
    }
}

trait Erased: Send + Sync {
    fn handle<'a>(
        &'a self,
        route: Route,
        request: &'a Request<'a>,
        held: Option<&'a SessionData>,
    ) -> Boxed<'a, Answer>;

    fn current_user<'a>(&'a self, held: Option<&'a SessionData>) -> Boxed<'a, Result<Account, Refusal>>;

    fn fresh_user<'a>(&'a self, held: Option<&'a SessionData>) -> Boxed<'a, Result<Account, Refusal>>;

    fn verified_registration<'a>(
        &'a self,
        request: &'a Request<'a>,
        held: Option<&'a SessionData>,
    ) -> Boxed<'a, Result<Registration, Refusal>>;

    fn verified_authentication<'a>(
        &'a self,
        request: &'a Request<'a>,
        held: Option<&'a SessionData>,
    ) -> Boxed<'a, Result<Authentication, Refusal>>;

    fn check_site(&self, request: &Request<'_>) -> Result<(), Refusal>;

    fn settle(&self, has_failed: bool) -> Boxed<'_, ()>;
}

impl<S: CeremonyStore + CredentialStore + SessionStore> Erased for Sessions<S> {
    fn handle<'a>(
        &'a self,
        route: Route,
        request: &'a Request<'a>,
        held: Option<&'a SessionData>,
    ) -> Boxed<'a, Answer> {
        Box::pin(async move {
            let answer = self.passkeys.handle(route, request, &Held { sessions: self, data: held }).await;
            if route.changes_state() && answer.status < 400 {
                scope::done();
            }
            answer
        })
    }

    fn current_user<'a>(&'a self, held: Option<&'a SessionData>) -> Boxed<'a, Result<Account, Refusal>> {
        Box::pin(self.passkeys.current_user(held))
    }

    fn fresh_user<'a>(&'a self, held: Option<&'a SessionData>) -> Boxed<'a, Result<Account, Refusal>> {
        Box::pin(self.passkeys.fresh_user(held))
    }

    fn verified_registration<'a>(
        &'a self,
        request: &'a Request<'a>,
        held: Option<&'a SessionData>,
    ) -> Boxed<'a, Result<Registration, Refusal>> {
        Box::pin(async move {
            let session = Held { sessions: self, data: held };
            self.passkeys.verified_registration(request, &session).await.inspect(|_| scope::done())
        })
    }

    fn verified_authentication<'a>(
        &'a self,
        request: &'a Request<'a>,
        held: Option<&'a SessionData>,
    ) -> Boxed<'a, Result<Authentication, Refusal>> {
        Box::pin(async move {
            let session = Held { sessions: self, data: held };
            self.passkeys.verified_authentication(request, &session).await.inspect(|_| scope::done())
        })
    }

    fn check_site(&self, request: &Request<'_>) -> Result<(), Refusal> {
        self.passkeys.check_site(request)
    }

    fn settle(&self, has_failed: bool) -> Boxed<'_, ()> {
        Box::pin(Sessions::settle(self, has_failed))
    }
}
