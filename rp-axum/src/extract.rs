//! Extractors: who asks, and what a request proves.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::Method;
use axum::http::request::Parts;
use rp_service::http::SharedPasskeys;
use rp_service::store::Account;
use rp_service::{Authentication, Refusal, Registration, SessionChange};

use crate::problem::Rejection;
use crate::routes::{Incoming, Owned};
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

/// A registration that verified, for a handler in place of `registration/verify`; the session was changed as it
/// says. A refusal is answered as the route answers it.
#[derive(Clone, Debug)]
pub struct VerifiedRegistration(pub Registration);

/// An authentication that verified, for a handler in place of `authentication/verify`; the session is signed in
/// or stepped up. A refusal is answered as the route answers it.
#[derive(Clone, Debug)]
pub struct VerifiedAuthentication(pub Authentication);

/// Refuses what another site's page sends, where the method may change something.
fn check_site(passkeys: &SharedPasskeys, parts: &Parts) -> Result<(), Refusal> {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return Ok(());
    }
    passkeys.check_site(&Incoming::new(parts, Owned::Read(Vec::new()), None).request())
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let (passkeys, session) = session::context(parts)?;
        check_site(&passkeys, parts)?;
        let held = session::load(&session).await?;
        Ok(Self { account: passkeys.current_user(held.as_ref()).await? })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for FreshUser {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let (passkeys, session) = session::context(parts)?;
        check_site(&passkeys, parts)?;
        let held = session::load(&session).await?;
        Ok(Self { account: passkeys.fresh_user(held.as_ref()).await? })
    }
}

impl<S: Send + Sync> FromRequest<S> for VerifiedRegistration {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        let (parts, body) = request.into_parts();
        let (passkeys, session) = session::context(&parts)?;
        let held = session::load(&session).await?;
        let incoming = Incoming::new(&parts, Owned::read(body).await, None);
        let registration = passkeys.verified_registration(&incoming.request(), held.as_ref()).await?;
        session::change(&session, registration.session.clone()).await?;
        Ok(Self(registration))
    }
}

impl<S: Send + Sync> FromRequest<S> for VerifiedAuthentication {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        let (parts, body) = request.into_parts();
        let (passkeys, session) = session::context(&parts)?;
        let held = session::load(&session).await?;
        let incoming = Incoming::new(&parts, Owned::read(body).await, None);
        let authentication = passkeys.verified_authentication(&incoming.request(), held.as_ref()).await?;
        session::change(&session, SessionChange::Renew(authentication.session.clone())).await?;
        Ok(Self(authentication))
    }
}
