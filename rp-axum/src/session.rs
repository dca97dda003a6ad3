//! Sessions: `tower-sessions` over the service's own session store.

mod store;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::header::{Entry, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use rp_service::http::session::{Sessions, scope};
use rp_service::http::{CookieAttributes, SameSite, SharedPasskeys};
use rp_service::store::{CeremonyStore, CredentialStore, SessionStore, StoreError};
use rp_service::{Passkeys, Refusal, SessionChange, SessionData};
use tower_layer::Layer;
use tower_service::Service;
use tower_sessions::cookie::SameSite as CookieSameSite;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

use self::store::{FORM, Store};
use crate::problem;

/// Gives requests their session, and [`Routes`](crate::Routes) and extractors the service: lay it around all of
/// them. Sessions are kept in the service's store, under a hash of the identifier in the cookie.
#[must_use]
pub fn sessions<S>(passkeys: &Passkeys<S>) -> SessionLayer<S>
where
    S: CeremonyStore + CredentialStore + SessionStore + 'static,
{
    let attributes = passkeys.cookies().session().clone();
    let sessions = Sessions::new(passkeys, FORM);
    let passkeys = SharedPasskeys::from(&sessions);
    let manager = SessionManagerLayer::new(Store(sessions))
        .with_name(attributes.name.clone())
        .with_secure(attributes.secure)
        .with_same_site(match attributes.same_site {
            SameSite::Lax => CookieSameSite::Lax,
            SameSite::None => CookieSameSite::None,
        })
        .with_expiry(Expiry::OnSessionEnd);
    SessionLayer { manager, passkeys, attributes, peer: None }
}

/// What [`sessions`] makes.
#[derive(Clone, Debug)]
pub struct SessionLayer<S: CeremonyStore + CredentialStore + SessionStore + 'static> {
    manager: SessionManagerLayer<Store<S>>,
    passkeys: SharedPasskeys,
    attributes: CookieAttributes,
    peer: Option<Peer>,
}

/// Who a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) fn(&Parts) -> Option<String>);

impl<S: CeremonyStore + CredentialStore + SessionStore + 'static> SessionLayer<S> {
    /// Who a request comes from, where the address of the connection does not say it: behind a proxy, the header
    /// that the proxy writes. It bounds how often one peer finds usernames taken
    /// ([`GuessLimiter`](rp_service::GuessLimiter)). A header that clients can write themselves bounds nobody.
    #[must_use]
    pub fn peer(mut self, peer: fn(&Parts) -> Option<String>) -> Self {
        self.peer = Some(Peer(peer));
        self
    }
}

/// A service within a [`SessionLayer`].
#[derive(Clone, Debug)]
pub struct SessionService<T> {
    inner: T,
    passkeys: SharedPasskeys,
    attributes: CookieAttributes,
    peer: Option<Peer>,
}

impl<T, S> Layer<T> for SessionLayer<S>
where
    S: CeremonyStore + CredentialStore + SessionStore + 'static,
    SessionManagerLayer<Store<S>>: Layer<T>,
{
    type Service = SessionService<<SessionManagerLayer<Store<S>> as Layer<T>>::Service>;

    fn layer(&self, inner: T) -> Self::Service {
        SessionService {
            inner: self.manager.layer(inner),
            passkeys: self.passkeys.clone(),
            attributes: self.attributes.clone(),
            peer: self.peer,
        }
    }
}

impl<T> Service<Request> for SessionService<T>
where
    T: Service<Request, Response = Response>,
    T::Future: Send + 'static,
    T::Error: 'static,
{
    type Response = Response;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, T::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        request.extensions_mut().insert(self.passkeys.clone());
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        let (passkeys, attributes) = (self.passkeys.clone(), self.attributes.clone());
        let answered = self.inner.call(request);
        Box::pin(scope::around(async move {
            let response = answered.await?;
            passkeys.settle(response.status().is_server_error()).await;
            Ok(match scope::failure() {
                // tower-sessions answers an empty 500 to a store that failed; the interface says 503.
                Some(failure) if response.status() == StatusCode::INTERNAL_SERVER_ERROR => {
                    problem::response(failure)
                }
                _ => with_attributes(response, &attributes),
            })
        }))
    }
}

/// The session's cookie as the service wants it, whatever the session crate wrote.
fn with_attributes(mut response: Response, attributes: &CookieAttributes) -> Response {
    let cookies = response.headers_mut().entry(SET_COOKIE);
    let Entry::Occupied(cookies) = cookies else { return response };
    let (_, cookies) = cookies.remove_entry_mult();
    let cookies: Vec<_> = cookies.collect();
    for cookie in cookies.iter().filter_map(|cookie| attributes.outgoing(cookie.as_bytes())) {
        if let Ok(cookie) = HeaderValue::from_bytes(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// What the request's session holds of a sign-in.
pub(crate) async fn load(session: &Session) -> Result<Option<SessionData>, Refusal> {
    match session.get_value(SessionData::KEY).await {
        // What another release wrote and this one cannot read counts as none.
        Ok(value) => Ok(value.and_then(|value| serde_json::from_value(value).ok())),
        Err(error) => Err(unavailable(error)),
    }
}

/// Does to the session what the service says, which has kept or ended it in the store.
pub(crate) async fn change(session: &Session, change: SessionChange) -> Result<(), Refusal> {
    // What an application kept for one account does not come before another.
    if change.clears(load(session).await?.as_ref()) {
        session.clear().await;
    }
    let changed = match change {
        SessionChange::Keep => Ok(()),
        SessionChange::Renew(data) => renew(session, &data).await,
        SessionChange::End => session.flush().await,
    };
    changed.map_err(unavailable)
}

async fn renew(session: &Session, data: &SessionData) -> Result<(), tower_sessions::session::Error> {
    session.cycle_id().await?;
    session.insert(SessionData::KEY, data).await
}

fn unavailable(error: tower_sessions::session::Error) -> Refusal {
    Refusal::Storage(StoreError::unavailable(error))
}

/// The service and the session that [`SessionLayer`] put into a request.
pub(crate) fn context(parts: &Parts) -> Result<(SharedPasskeys, Session), Refusal> {
    let passkeys = parts.extensions.get::<SharedPasskeys>().cloned();
    let session = parts.extensions.get::<Session>().cloned();
    passkeys.zip(session).ok_or_else(|| {
        Refusal::Storage(StoreError::unavailable("no rp_axum::sessions layer around this route"))
    })
}

#[cfg(test)]
mod tests;
