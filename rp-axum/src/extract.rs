use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::request::Parts;
use rp_service::http::{self, PendingCookies};
use rp_service::{Authentication, Fresh, Guard, Proof, Registration, Requirement};

use crate::rejection::Rejection;
use crate::request::{head, passkeys, read};

/// The signed-in user and the session. If no one is signed in, the response is 401 `not-signed-in`; if only a first
/// factor was verified, 401 `second-factor-required`; if the user is locked, 403 `user-locked`.
///
/// `Option<CurrentUser>` is `None` in the first two cases. Every other error stays an error.
#[derive(Clone, Debug)]
pub struct CurrentUser(pub rp_service::CurrentUser);

/// The signed-in user, if there is one: `Option<CurrentUser>` under a name that both adapters have.
#[derive(Clone, Debug)]
pub struct OptionalUser(pub Option<CurrentUser>);

/// The signed-in user, with a session that meets the requirement of `G`. Else the response is that of [`CurrentUser`], or
/// 403 `step-up-required` with what is missing.
///
/// # Examples
/// ```
/// use rp_axum::{Guard, Guarded, Requirement};
///
/// struct Hardware;
///
/// impl Guard for Hardware {
///     fn requirement() -> Requirement {
///         Requirement::passkey().hardware().within_minutes(5)
///     }
/// }
///
/// async fn release(current: Guarded<Hardware>) -> String {
///     format!("released by {}", current.user.name)
/// }
/// # let _: axum::Router = axum::Router::new().route("/release", axum::routing::post(release));
/// ```
#[derive(Clone, Debug)]
pub struct Guarded<G>(pub CurrentUser, PhantomData<fn() -> G>);

/// The signed-in user, who used a passkey at most `SECONDS` ago.
pub type FreshPasskey<const SECONDS: u64> = Guarded<Fresh<SECONDS>>;

/// The sender of the request, and operations that open and end sessions. The response sets the cookies.
///
/// # Examples
/// ```
/// use rp_axum::{Context, Rejection};
///
/// async fn sign_out(context: Context) -> Result<&'static str, Rejection> {
///     context.sign_out().await?;
///     Ok("good bye")
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Context(pub http::Context);

/// Rejects a state-changing request of another site and the handshake of its WebSocket, for handlers that use no other
/// extractor of this crate.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SiteCheck;

/// A verified registration, for your own handler in place of `registration/verify`. The passkey is stored, and the
/// response sets the session cookie of a new user. An error is the response of the route.
#[derive(Clone, Debug)]
pub struct VerifiedRegistration(pub Registration);

/// A verified authentication, for your own handler in place of `authentication/verify`. The counter and the session are
/// stored, and the response sets the session cookie. An error is the response of the route.
#[derive(Clone, Debug)]
pub struct VerifiedAuthentication(pub Authentication);

/// A verified proof that a genuine authenticator is present, for your own handler in place of `proof/verify`. The request
/// has the response and nothing else in its body, and no account. An error is the response of the route.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedProof(pub Proof);

impl Deref for CurrentUser {
    type Target = rp_service::CurrentUser;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<G> Deref for Guarded<G> {
    type Target = rp_service::CurrentUser;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Deref for Context {
    type Target = http::Context;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The cookies of the response.
fn cookies(parts: &Parts) -> PendingCookies {
    // The layer puts them into the request together with the service, which is looked up first.
    parts.extensions.get().cloned().unwrap_or_default()
}

async fn context(parts: &Parts) -> Result<http::Context, Rejection> {
    let passkeys = passkeys(parts)?;
    Ok(http::Context::new(&passkeys, parts.method.as_str(), &head(parts), cookies(parts)).await?)
}

/// The signed-in user, if the session meets the requirement.
pub(crate) async fn user(parts: &Parts, requirement: &Requirement) -> Result<CurrentUser, Rejection> {
    Ok(CurrentUser(context(parts).await?.require(requirement).await?))
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        match parts.extensions.get::<Self>() {
            Some(current) => Ok(current.clone()),
            None => user(parts, &Requirement::signed_in()).await,
        }
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for CurrentUser {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        Ok(context(parts).await?.current_user().await?.map(Self))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OptionalUser {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        <CurrentUser as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await.map(Self)
    }
}

impl<S: Send + Sync, G: Guard> FromRequestParts<S> for Guarded<G> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Ok(Self(user(parts, &G::requirement()).await?, PhantomData))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Context {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        context(parts).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SiteCheck {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        passkeys(parts)?.check_site(parts.method.as_str(), &head(parts))?;
        Ok(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for VerifiedRegistration {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        let (parts, body) = request.into_parts();
        let verified = passkeys(&parts)?.verified_registration(&head(&parts), read(body)).await?;
        verified.cookie.into_iter().for_each(|cookie| cookies(&parts).push(cookie));
        Ok(Self(verified.value))
    }
}

impl<S: Send + Sync> FromRequest<S> for VerifiedProof {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        let (parts, body) = request.into_parts();
        Ok(Self(passkeys(&parts)?.verified_proof(&head(&parts), read(body)).await?))
    }
}

impl<S: Send + Sync> FromRequest<S> for VerifiedAuthentication {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        let (parts, body) = request.into_parts();
        let verified = passkeys(&parts)?.verified_authentication(&head(&parts), read(body)).await?;
        verified.cookie.into_iter().for_each(|cookie| cookies(&parts).push(cookie));
        Ok(Self(verified.value))
    }
}
