use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{Answer, Cookies, Request, Route};
use crate::passkeys::{Authentication, Passkeys, Registration};
use crate::refusal::Refusal;
use crate::session::SessionData;
use crate::store::{Account, CeremonyStore, CredentialStore};

/// [`Passkeys`] without the type of its store, for extractors, which a framework finds by their own type alone.
#[derive(Clone)]
pub struct SharedPasskeys(Arc<dyn Erased>);

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl SharedPasskeys {
    /// Answers a request; [`Passkeys::handle`].
    pub async fn handle(&self, route: Route, request: &Request<'_>, session: Option<&SessionData>) -> Answer {
        self.0.handle(route, request, session).await
    }

    /// The signed-in account; [`Passkeys::current_user`].
    ///
    /// # Errors
    /// [`Refusal::NotSignedIn`], [`Refusal::Storage`].
    pub async fn current_user(&self, session: Option<&SessionData>) -> Result<Account, Refusal> {
        self.0.current_user(session).await
    }

    /// The signed-in account, freshly verified; [`Passkeys::fresh_user`].
    ///
    /// # Errors
    /// [`Refusal::NotSignedIn`], [`Refusal::StepUpRequired`], [`Refusal::Storage`].
    pub async fn fresh_user(&self, session: Option<&SessionData>) -> Result<Account, Refusal> {
        self.0.fresh_user(session).await
    }

    /// A registration that a request brings; [`Passkeys::verified_registration`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn verified_registration(
        &self,
        request: &Request<'_>,
        session: Option<&SessionData>,
    ) -> Result<Registration, Refusal> {
        self.0.verified_registration(request, session).await
    }

    /// An authentication that a request brings; [`Passkeys::verified_authentication`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn verified_authentication(
        &self,
        request: &Request<'_>,
        session: Option<&SessionData>,
    ) -> Result<Authentication, Refusal> {
        self.0.verified_authentication(request, session).await
    }

    /// The rules for requests that change state; [`Passkeys::check_site`].
    ///
    /// # Errors
    /// [`Refusal::CrossSite`].
    pub fn check_site(&self, request: &Request<'_>) -> Result<(), Refusal> {
        self.0.check_site(request)
    }

    /// How cookies are named and marked.
    #[must_use]
    pub fn cookies(&self) -> &Cookies {
        self.0.cookies()
    }
}

impl<S: CeremonyStore + CredentialStore + 'static> From<&Passkeys<S>> for SharedPasskeys {
    fn from(passkeys: &Passkeys<S>) -> Self {
        Self(Arc::new(passkeys.clone()))
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
        session: Option<&'a SessionData>,
    ) -> Boxed<'a, Answer>;

    fn current_user<'a>(&'a self, session: Option<&'a SessionData>) -> Boxed<'a, Result<Account, Refusal>>;

    fn fresh_user<'a>(&'a self, session: Option<&'a SessionData>) -> Boxed<'a, Result<Account, Refusal>>;

    fn verified_registration<'a>(
        &'a self,
        request: &'a Request<'a>,
        session: Option<&'a SessionData>,
    ) -> Boxed<'a, Result<Registration, Refusal>>;

    fn verified_authentication<'a>(
        &'a self,
        request: &'a Request<'a>,
        session: Option<&'a SessionData>,
    ) -> Boxed<'a, Result<Authentication, Refusal>>;

    fn check_site(&self, request: &Request<'_>) -> Result<(), Refusal>;

    fn cookies(&self) -> &Cookies;
}

impl<S: CeremonyStore + CredentialStore> Erased for Passkeys<S> {
    fn handle<'a>(
        &'a self,
        route: Route,
        request: &'a Request<'a>,
        session: Option<&'a SessionData>,
    ) -> Boxed<'a, Answer> {
        Box::pin(Passkeys::handle(self, route, request, session))
    }

    fn current_user<'a>(&'a self, session: Option<&'a SessionData>) -> Boxed<'a, Result<Account, Refusal>> {
        Box::pin(Passkeys::current_user(self, session))
    }

    fn fresh_user<'a>(&'a self, session: Option<&'a SessionData>) -> Boxed<'a, Result<Account, Refusal>> {
        Box::pin(Passkeys::fresh_user(self, session))
    }

    fn verified_registration<'a>(
        &'a self,
        request: &'a Request<'a>,
        session: Option<&'a SessionData>,
    ) -> Boxed<'a, Result<Registration, Refusal>> {
        Box::pin(Passkeys::verified_registration(self, request, session))
    }

    fn verified_authentication<'a>(
        &'a self,
        request: &'a Request<'a>,
        session: Option<&'a SessionData>,
    ) -> Boxed<'a, Result<Authentication, Refusal>> {
        Box::pin(Passkeys::verified_authentication(self, request, session))
    }

    fn check_site(&self, request: &Request<'_>) -> Result<(), Refusal> {
        Passkeys::check_site(self, request)
    }

    fn cookies(&self) -> &Cookies {
        Passkeys::cookies(self)
    }
}
