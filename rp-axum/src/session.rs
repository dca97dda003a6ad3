//! Sessions: `tower-sessions` over the service's own session store.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{Entry, SET_COOKIE};
use axum::http::request::Parts;
use axum::response::Response;
use rp_core::Timestamp;
use rp_service::http::{CookieAttributes, SESSION_LIFETIME, SameSite, SharedPasskeys};
use rp_service::store::{CeremonyStore, CredentialStore, SessionKey, SessionStore, StoreError};
use rp_service::{Passkeys, Refusal, SessionChange, SessionData};
use tower_layer::Layer;
use tower_service::Service;
use tower_sessions::cookie::SameSite as CookieSameSite;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result as StoreResult};
use tower_sessions::{Expiry, Session, SessionManagerLayer};

/// Gives requests their session, and [`Routes`](crate::Routes) and extractors the service: lay it around all of
/// them. Sessions are kept in the service's store, under a hash of the identifier in the cookie.
#[must_use]
pub fn sessions<S>(passkeys: &Passkeys<S>) -> SessionLayer<S>
where
    S: CeremonyStore + CredentialStore + SessionStore + 'static,
{
    let attributes = passkeys.cookies().session().clone();
    let manager = SessionManagerLayer::new(Store(passkeys.clone()))
        .with_name(attributes.name.clone())
        .with_secure(attributes.secure)
        .with_same_site(match attributes.same_site {
            SameSite::Lax => CookieSameSite::Lax,
            SameSite::None => CookieSameSite::None,
        })
        .with_expiry(Expiry::OnSessionEnd);
    SessionLayer { manager, passkeys: passkeys.into(), attributes }
}

/// What [`sessions`] makes.
#[derive(Clone, Debug)]
pub struct SessionLayer<S: SessionStore + 'static> {
    manager: SessionManagerLayer<Store<S>>,
    passkeys: SharedPasskeys,
    attributes: CookieAttributes,
}

/// A service within a [`SessionLayer`].
#[derive(Clone, Debug)]
pub struct SessionService<T> {
    inner: T,
    passkeys: SharedPasskeys,
    attributes: CookieAttributes,
}

impl<T, S: SessionStore + 'static> Layer<T> for SessionLayer<S>
where
    SessionManagerLayer<Store<S>>: Layer<T>,
{
    type Service = SessionService<<SessionManagerLayer<Store<S>> as Layer<T>>::Service>;

    fn layer(&self, inner: T) -> Self::Service {
        SessionService {
            inner: self.manager.layer(inner),
            passkeys: self.passkeys.clone(),
            attributes: self.attributes.clone(),
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
        let attributes = self.attributes.clone();
        let answered = self.inner.call(request);
        Box::pin(async move { answered.await.map(|response| with_attributes(response, &attributes)) })
    }
}

/// The session's cookie as the service wants it, whatever the session crate wrote.
fn with_attributes(mut response: Response, attributes: &CookieAttributes) -> Response {
    let Entry::Occupied(mut cookies) = response.headers_mut().entry(SET_COOKIE) else { return response };
    for cookie in cookies.iter_mut() {
        let rewritten = cookie.to_str().ok().and_then(|cookie| attributes.rewrite(cookie));
        if let Some(rewritten) = rewritten.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
            *cookie = rewritten;
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

/// Does to the session what the service says.
pub(crate) async fn change(session: &Session, change: SessionChange) -> Result<(), Refusal> {
    let changed = match change {
        SessionChange::Keep => Ok(()),
        SessionChange::Renew(data) => renew(session, &data).await,
        SessionChange::End => session.flush().await,
    };
    changed.map_err(unavailable)
}

async fn renew(session: &Session, data: &SessionData) -> Result<(), tower_sessions::session::Error> {
    session.cycle_id().await?;
    session.insert(SessionData::KEY, data).await?;
    session.save().await
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

/// The service's session store, as `tower-sessions` asks for it.
pub struct Store<S>(Passkeys<S>);

impl<S> Clone for Store<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> fmt::Debug for Store<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").finish_non_exhaustive()
    }
}

impl<S> Store<S> {
    fn expires_at(&self) -> Timestamp {
        self.0.now().saturating_add(SESSION_LIFETIME)
    }

    /// What a record has to say of its end; the service's store keeps the time beside the record.
    fn expiry_date(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.expires_at().as_unix_seconds())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

fn key(id: &Id) -> SessionKey {
    SessionKey::of(&id.0.to_be_bytes())
}

/// What is stored of a record: what the application keeps in it, and not the identifier that signs a browser in.
fn encode(record: &Record) -> StoreResult<Vec<u8>> {
    serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn backend(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl<S: SessionStore + 'static> tower_sessions::SessionStore for Store<S> {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        loop {
            let data = encode(record)?;
            if self.0.store().create(key(&record.id), &data, self.expires_at()).await.map_err(backend)? {
                return Ok(());
            }
            // 128 random bits that somebody has already: once in the age of the universe.
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        let data = encode(record)?;
        // One that is gone stays gone: its user signed out while this request was under way.
        self.0.store().save(key(&record.id), &data, self.expires_at()).await.map_err(backend).map(drop)
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let data = self.0.store().load(key(id), self.0.now()).await.map_err(backend)?;
        // What another release wrote and this one cannot read counts as none.
        let data = data.and_then(|data| serde_json::from_slice(&data).ok());
        Ok(data.map(|data| Record { id: *id, data, expiry_date: self.expiry_date() }))
    }

    async fn delete(&self, id: &Id) -> StoreResult<()> {
        self.0.store().end(key(id)).await.map_err(backend).map(drop)
    }
}

#[cfg(test)]
mod tests;
