//! Extractors: who asks, and what a request proves.

use axum::extract::{FromRequest, FromRequestParts};
use axum::http::request::Parts;
use rp_service::http::{Body, SharedPasskeys};
use rp_service::store::Account;
use rp_service::{Authentication, Refusal, Registration, SessionChange, SessionData};

use crate::problem::Rejection;
use crate::routes::{read, request};
use crate::session;

/// The signed-in account. Nobody signed in: 401 `not-signed-in`. Where the method may change something, a request
/// that another site's page sends is refused: 403 `cross-site-request`.
#[derive(Clone, Debug)]
pub struct CurrentUser {
    /// The account.
    pub account: Account,
}

/// The signed-in account, verified a moment ago: the guard of what is dear. Else 401 `not-signed-in`, or 403
/// `step-up-required`. Other sites' pages are refused as [`CurrentUser`] refuses them.
#[derive(Clone, Debug)]
pub struct FreshUser {
    /// The account.
    pub account: Account,
}

/// A registration that verified, for a handler in place of `registration/verify`; it is stored, and the session was
/// changed as it says. A refusal is answered as the route answers it.
#[derive(Clone, Debug)]
pub struct VerifiedRegistration(pub Registration);

/// An authentication that verified, for a handler in place of `authentication/verify`; the session is signed in
/// or stepped up, and the counter stored. A refusal is answered as the route answers it.
#[derive(Clone, Debug)]
pub struct VerifiedAuthentication(pub Authentication);

/// What the service is asked with, once it is seen where the request comes from.
async fn who_asks(parts: &Parts) -> Result<(SharedPasskeys, Option<SessionData>), Refusal> {
    let (passkeys, session) = session::context(parts)?;
    passkeys.check_site(parts.method.as_str(), &request(parts, Body::default(), None))?;
    Ok((passkeys, session::load(&session).await?))
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let (passkeys, held) = who_asks(parts).await?;
        Ok(Self { account: passkeys.current_user(held.as_ref()).await? })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for FreshUser {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let (passkeys, held) = who_asks(parts).await?;
        Ok(Self { account: passkeys.fresh_user(held.as_ref()).await? })
    }
}

impl<S: Send + Sync> FromRequest<S> for VerifiedRegistration {
    type Rejection = Rejection;

    async fn from_request(asked: axum::extract::Request, _: &S) -> Result<Self, Rejection> {
        let (parts, body) = asked.into_parts();
        let (passkeys, session) = session::context(&parts)?;
        let held = session::load(&session).await?;
        let request = request(&parts, read(body).await, None);
        let registration = passkeys.verified_registration(&request, held.as_ref()).await?;
        session::change(&session, registration.session.clone()).await?;
        Ok(Self(registration))
    }
}

impl<S: Send + Sync> FromRequest<S> for VerifiedAuthentication {
    type Rejection = Rejection;

    async fn from_request(asked: axum::extract::Request, _: &S) -> Result<Self, Rejection> {
        let (parts, body) = asked.into_parts();
        let (passkeys, session) = session::context(&parts)?;
        let held = session::load(&session).await?;
        let request = request(&parts, read(body).await, None);
        let authentication = passkeys.verified_authentication(&request, held.as_ref()).await?;
        session::change(&session, SessionChange::Renew(authentication.session.clone())).await?;
        Ok(Self(authentication))
    }
}
