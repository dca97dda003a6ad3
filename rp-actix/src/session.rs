//! Sessions: `actix-session` over the service's own session store.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_session::storage::{
    LoadError, SaveError, SessionKey as CookieKey, SessionStore as ActixStore, UpdateError,
};
use actix_session::{Session, SessionExt, SessionMiddleware};
use actix_web::body::MessageBody;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Key, SameSite as CookieSameSite};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::{Error, HttpMessage, HttpRequest};
use rp_core::{Timestamp, base64url};
use rp_service::http::{CookieAttributes, SESSION_LIFETIME, SameSite, SharedPasskeys};
use rp_service::store::{CeremonyStore, CredentialStore, SessionKey, SessionStore, StoreError};
use rp_service::{Passkeys, Refusal, SessionChange, SessionData};

use crate::problem::Rejection;

/// Gives requests their session, and [`Routes`](crate::Routes) and extractors the service: wrap it around all of
/// them. Sessions are kept in the service's store, under a hash of the identifier in the cookie.
#[must_use]
pub fn sessions<S>(passkeys: &Passkeys<S>) -> SessionLayer<S>
where
    S: CeremonyStore + CredentialStore + SessionStore + 'static,
{
    SessionLayer { passkeys: passkeys.clone() }
}

/// What [`sessions`] makes.
#[derive(Clone, Debug)]
pub struct SessionLayer<S> {
    passkeys: Passkeys<S>,
}

/// A service within a [`SessionLayer`].
pub struct SessionService<T> {
    inner: T,
    passkeys: SharedPasskeys,
    attributes: Rc<CookieAttributes>,
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
    fn middleware(&self) -> SessionMiddleware<Store<S>> {
        let attributes = self.passkeys.cookies().session();
        // The identifier is random and looked up by its hash, so the signature that actix-session puts upon the
        // cookie protects nothing more; it has to be the same on every server.
        let key = Key::derive_from(&self.passkeys.derived_key("actix-session"));
        SessionMiddleware::builder(Store(self.passkeys.clone()), key)
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
        let made = self.middleware().new_transform(service);
        let passkeys = SharedPasskeys::from(&self.passkeys);
        let attributes = Rc::new(self.passkeys.cookies().session().clone());
        Box::pin(async move { Ok(SessionService { inner: made.await?, passkeys, attributes }) })
    }
}

/// What the session store said while a request was answered: `actix-session` keeps it to itself.
#[derive(Default)]
struct Said {
    /// Why it failed.
    failure: Cell<Option<StoreError>>,
    /// Whether it had the session that the cookie names.
    found: Cell<bool>,
}

tokio::task_local! {
    static SAID: Said;
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
        let attributes = Rc::clone(&self.attributes);
        let answered = self.inner.call(request);
        Box::pin(SAID.scope(Said::default(), async move {
            match answered.await {
                Ok(response) => Ok(with_attributes(response.map_into_boxed_body(), &attributes)),
                // actix-session answers an empty 500 to a store that failed; the interface says 503.
                Err(error) => Err(match SAID.with(|said| said.failure.take()) {
                    Some(failure) => Rejection(Refusal::Storage(failure)).into(),
                    None => error,
                }),
            }
        }))
    }
}

/// The session's cookie as the service wants it, whatever the session crate wrote; one that names no session is
/// taken away.
fn with_attributes(mut response: ServiceResponse, attributes: &CookieAttributes) -> ServiceResponse {
    let request = response.request();
    let stale = request.cookie(&attributes.name).is_some() && !SAID.with(|said| said.found.get());
    let headers = response.headers_mut();
    let cookies: Vec<HeaderValue> = headers.remove(SET_COOKIE).collect();
    let mut written = false;
    for cookie in cookies {
        let rewritten = cookie.to_str().ok().and_then(|cookie| attributes.rewrite(cookie));
        let rewritten = rewritten.and_then(|cookie| HeaderValue::try_from(cookie).ok());
        written |= rewritten.is_some();
        headers.append(SET_COOKIE, rewritten.unwrap_or(cookie));
    }
    if let (true, false, Ok(removal)) = (stale, written, HeaderValue::try_from(attributes.remove())) {
        headers.append(SET_COOKIE, removal);
    }
    response
}

/// What the request's session holds of a sign-in.
pub(crate) fn load(session: &Session) -> Option<SessionData> {
    // What another release wrote and this one cannot read counts as none.
    session.get(SessionData::KEY).ok().flatten()
}

/// Does to the session what the service says; the store is told once the handler is done.
pub(crate) fn change(session: &Session, change: SessionChange) -> Result<(), Refusal> {
    match change {
        SessionChange::Keep => Ok(()),
        SessionChange::Renew(data) => {
            session.renew();
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

/// The service's session store, as `actix-session` asks for it.
pub struct Store<S>(Passkeys<S>);

impl<S> fmt::Debug for Store<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").finish_non_exhaustive()
    }
}

type State = HashMap<String, String>;

impl<S: SessionStore> Store<S> {
    fn expires_at(&self) -> Timestamp {
        self.0.now().saturating_add(SESSION_LIFETIME)
    }

    async fn create(&self, state: &State) -> anyhow::Result<CookieKey> {
        loop {
            let mut random = [0; 32];
            getrandom::fill(&mut random)?;
            let identifier = base64url::encode(&random);
            let data = serde_json::to_vec(state)?;
            let created = self.0.store().create(key(&identifier), &data, self.expires_at());
            // 256 random bits that somebody has already: never.
            if created.await.map_err(failed)? {
                return Ok(CookieKey::try_from(identifier)?);
            }
        }
    }
}

fn key(identifier: &str) -> SessionKey {
    SessionKey::of(identifier.as_bytes())
}

/// Keeps the failure for [`SessionService`], which answers it.
fn failed(error: StoreError) -> anyhow::Error {
    let told = anyhow::anyhow!("{error}");
    // Outside a request there is nobody to tell.
    let _ = SAID.try_with(|said| said.failure.set(Some(error)));
    told
}

impl<S: SessionStore + 'static> ActixStore for Store<S> {
    async fn load(&self, identifier: &CookieKey) -> Result<Option<State>, LoadError> {
        let loaded = self.0.store().load(key(identifier.as_ref()), self.0.now()).await;
        match loaded.map_err(|error| LoadError::Other(failed(error)))? {
            // What cannot be read counts as none.
            Some(data) => {
                // Outside a request there is nobody to tell.
                let _ = SAID.try_with(|said| said.found.set(true));
                Ok(serde_json::from_slice(&data).ok())
            }
            None => Ok(None),
        }
    }

    async fn save(&self, state: State, _: &Duration) -> Result<CookieKey, SaveError> {
        self.create(&state).await.map_err(SaveError::Other)
    }

    async fn update(
        &self,
        identifier: CookieKey,
        state: State,
        _: &Duration,
    ) -> Result<CookieKey, UpdateError> {
        let data = serde_json::to_vec(&state).map_err(|error| UpdateError::Serialization(error.into()))?;
        // One that is gone stays gone: its user signed out while this request was under way.
        let saved = self.0.store().save(key(identifier.as_ref()), &data, self.expires_at()).await;
        saved.map_err(|error| UpdateError::Other(failed(error)))?;
        Ok(identifier)
    }

    async fn update_ttl(&self, identifier: &CookieKey, _: &Duration) -> anyhow::Result<()> {
        self.0.store().touch(key(identifier.as_ref()), self.expires_at()).await.map_err(failed).map(drop)
    }

    async fn delete(&self, identifier: &CookieKey) -> anyhow::Result<()> {
        self.0.store().end(key(identifier.as_ref())).await.map_err(failed).map(drop)
    }
}
