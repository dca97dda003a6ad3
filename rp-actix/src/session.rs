//! Sessions: `actix-session` over the service's own session store.

mod store;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_session::{Session, SessionExt, SessionMiddleware};
use actix_web::body::MessageBody;
use actix_web::cookie::{Key, SameSite as CookieSameSite};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::{Error, HttpMessage, HttpRequest};
use rp_service::http::session::{Sessions, scope};
use rp_service::http::{Answer, CookieAttributes, SameSite, SharedPasskeys};
use rp_service::store::{CeremonyStore, CredentialStore, SessionStore, StoreError};
use rp_service::{Passkeys, Refusal, SessionChange, SessionData};

use self::store::{FORM, Store};
use crate::problem::response;

/// Gives requests their session, and [`Routes`](crate::Routes) and extractors the service: wrap it around all of
/// them. Sessions are kept in the service's store, under a hash of the identifier in the cookie.
#[must_use]
pub fn sessions<S>(passkeys: &Passkeys<S>) -> SessionLayer<S>
where
    S: CeremonyStore + CredentialStore + SessionStore + 'static,
{
    SessionLayer { passkeys: passkeys.clone(), peer: None }
}

/// What [`sessions`] makes.
#[derive(Clone, Debug)]
pub struct SessionLayer<S> {
    passkeys: Passkeys<S>,
    peer: Option<Peer>,
}

/// Who a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) fn(&HttpRequest) -> Option<String>);

impl<S> SessionLayer<S> {
    /// Who a request comes from, where the address of the connection does not say it: behind a proxy, the header
    /// that the proxy writes. It bounds how often one peer finds usernames taken
    /// ([`GuessLimiter`](rp_service::GuessLimiter)). A header that clients can write themselves bounds nobody.
    #[must_use]
    pub fn peer(mut self, peer: fn(&HttpRequest) -> Option<String>) -> Self {
        self.peer = Some(Peer(peer));
        self
    }
}

/// A service within a [`SessionLayer`].
pub struct SessionService<T> {
    inner: T,
    passkeys: SharedPasskeys,
    attributes: Rc<CookieAttributes>,
    peer: Option<Peer>,
}

impl<T: fmt::Debug> fmt::Debug for SessionService<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S> SessionLayer<S>
where
    S: CeremonyStore + CredentialStore + SessionStore + 'static,
{
    fn middleware(&self, sessions: Sessions<S>) -> SessionMiddleware<Store<S>> {
        let attributes = self.passkeys.cookies().session();
        // The identifier is random and looked up by its hash, so the signature that actix-session puts upon the
        // cookie protects nothing more; it has to be the same on every server.
        let key = Key::derive_from(&self.passkeys.derived_key("actix-session"));
        SessionMiddleware::builder(Store(sessions), key)
            .cookie_name(attributes.name.clone())
            .cookie_secure(attributes.secure)
            .cookie_same_site(match attributes.same_site {
                SameSite::Lax => CookieSameSite::Lax,
                SameSite::None => CookieSameSite::None,
            })
            .cookie_content_security(actix_session::config::CookieContentSecurity::Signed)
            .build()
    }
}

impl<T, B, S> Transform<T, ServiceRequest> for SessionLayer<S>
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    T::Future: 'static,
    B: MessageBody + 'static,
    S: CeremonyStore + CredentialStore + SessionStore + 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Transform = SessionService<<SessionMiddleware<Store<S>> as Transform<T, ServiceRequest>>::Transform>;
    type InitError = ();
    type Future = Pin<Box<dyn Future<Output = Result<Self::Transform, ()>>>>;

    fn new_transform(&self, service: T) -> Self::Future {
        let sessions = Sessions::new(&self.passkeys, FORM);
        let passkeys = SharedPasskeys::from(&sessions);
        let made = self.middleware(sessions).new_transform(service);
        let attributes = Rc::new(self.passkeys.cookies().session().clone());
        let peer = self.peer;
        Box::pin(async move { Ok(SessionService { inner: made.await?, passkeys, attributes, peer }) })
    }
}

impl<T, B> Service<ServiceRequest> for SessionService<T>
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    T::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<ServiceResponse, Error>>>>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        request.extensions_mut().insert(self.passkeys.clone());
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        let (passkeys, attributes) = (self.passkeys.clone(), Rc::clone(&self.attributes));
        let answered = self.inner.call(request);
        Box::pin(scope::around(async move {
            let answered = answered.await;
            let status = answered.as_ref().map(|response| response.status());
            passkeys.settle(status.is_ok_and(|status| status.is_server_error()) || answered.is_err()).await;
            match (answered, scope::failure()) {
                (Ok(response), _) => Ok(with_attributes(response.map_into_boxed_body(), &attributes)),
                // actix-session answers an empty 500 to a store that failed; the interface says 503.
                (Err(_), Some(failure)) => Err(failed(failure)),
                (Err(error), None) => Err(error),
            }
        }))
    }
}

/// What is answered where the session store failed.
fn failed(answer: Answer) -> Error {
    InternalError::from_response("the session store failed", response(answer)).into()
}

/// The session's cookie as the service wants it, whatever the session crate wrote.
fn with_attributes(mut response: ServiceResponse, attributes: &CookieAttributes) -> ServiceResponse {
    let headers = response.headers_mut();
    let cookies: Vec<HeaderValue> = headers.remove(SET_COOKIE).collect();
    for cookie in cookies.iter().filter_map(|cookie| attributes.outgoing(cookie.as_bytes())) {
        if let Ok(cookie) = HeaderValue::from_bytes(&cookie) {
            headers.append(SET_COOKIE, cookie);
        }
    }
    response
}

/// What the request's session holds of a sign-in.
pub(crate) fn load(session: &Session) -> Option<SessionData> {
    // What another release wrote and this one cannot read counts as none.
    session.get(SessionData::KEY).ok().flatten()
}

/// Does to the session what the service says, which has kept or ended it in the store.
pub(crate) fn change(session: &Session, change: SessionChange) -> Result<(), Refusal> {
    let clears = change.clears(load(session).as_ref());
    match change {
        SessionChange::Keep => Ok(()),
        SessionChange::Renew(data) => {
            session.renew();
            // What an application kept for one account does not come before another.
            if clears {
                session.clear();
            }
            let inserted = session.insert(SessionData::KEY, data);
            inserted.map_err(|error| Refusal::Storage(StoreError::unavailable(error.to_string())))
        }
        SessionChange::End => {
            session.purge();
            Ok(())
        }
    }
}

/// The service and the session that [`SessionLayer`] put into a request.
pub(crate) fn context(request: &HttpRequest) -> Result<(SharedPasskeys, Session), Refusal> {
    let passkeys = request.extensions().get::<SharedPasskeys>().cloned();
    let passkeys = passkeys.ok_or_else(|| {
        Refusal::Storage(StoreError::unavailable("no rp_actix::sessions wrapped around this route"))
    })?;
    Ok((passkeys, request.get_session()))
}
