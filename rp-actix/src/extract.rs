use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use rp_service::http::{self, PendingCookies};
use rp_service::{Authentication, ErrorKind, Fresh, Guard, Proof, Registration, Requirement};

use crate::app::ServiceFailure;
use crate::rejection::Rejection;
use crate::request::{head, passkeys, read};

/// The signed-in user and the session. If no one is signed in, the response is 401 `not-signed-in`; if only a first
/// factor was verified, 401 `second-factor-required`; if the user is locked, 403 `user-locked`.
///
/// Use [`OptionalUser`] where no one may be signed in, and not `Option<CurrentUser>`: actix-web turns every error into
/// `None`. (If the server failed, the layer replaces the response of such a handler by the error.)
#[derive(Clone, Debug)]
pub struct CurrentUser(pub rp_service::CurrentUser);

/// The signed-in user; `None` if no one is signed in, or if only a first factor was verified. Every other error stays an
/// error.
#[derive(Clone, Debug)]
pub struct OptionalUser(pub Option<CurrentUser>);

/// The signed-in user, with a session that meets the requirement of `G`. Else the response is that of [`CurrentUser`], or
/// 403 `step-up-required` with what is missing.
///
/// # Examples
/// ```
/// use rp_actix::{Guard, Guarded, Requirement};
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
/// # let _ = actix_web::App::new().route("/release", actix_web::web::post().to(release));
/// ```
#[derive(Clone, Debug)]
pub struct Guarded<G>(pub CurrentUser, PhantomData<fn() -> G>);

/// The signed-in user, who used a passkey at most `SECONDS` ago.
pub type FreshPasskey<const SECONDS: u64> = Guarded<Fresh<SECONDS>>;

/// The sender of the request, and operations that open and end sessions. The response sets the cookies.
///
/// # Examples
/// ```
/// use rp_actix::{Context, Rejection};
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

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, Rejection>>>>;

/// The cookies of the response.
fn cookies(request: &HttpRequest) -> PendingCookies {
    // The layer puts them into the request together with the service, which is looked up first.
    request.extensions().get().cloned().unwrap_or_default()
}

async fn context(request: &HttpRequest) -> Result<http::Context, Rejection> {
    let passkeys = passkeys(request)?;
    Ok(http::Context::new(&passkeys, request.method().as_str(), &head(request), cookies(request)).await?)
}

/// The signed-in user, if the session meets the requirement.
pub(crate) async fn user(request: &HttpRequest, requirement: &Requirement) -> Result<CurrentUser, Rejection> {
    Ok(CurrentUser(context(request).await?.require(requirement).await?))
}

impl FromRequest for CurrentUser {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let guarded = request.extensions().get::<Self>().cloned();
            if let Some(current) = guarded {
                return Ok(current);
            }
            user(&request, &Requirement::signed_in()).await.inspect_err(|Rejection(error)| {
                if error.kind() == ErrorKind::Server {
                    let failure =
                        passkeys(&request).map(|passkeys| passkeys.error_response(&head(&request), error));
                    failure.into_iter().for_each(|response| {
                        request.extensions_mut().insert(ServiceFailure(response));
                    });
                }
            })
        })
    }
}

impl FromRequest for OptionalUser {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let current = context(&request).await?.current_user().await?;
            Ok(Self(current.map(CurrentUser)))
        })
    }
}

impl<G: Guard + 'static> FromRequest for Guarded<G> {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self(user(&request, &G::requirement()).await?, PhantomData)) })
    }
}

impl FromRequest for Context {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { context(&request).await.map(Self) })
    }
}

impl FromRequest for SiteCheck {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            passkeys(&request)?.check_site(request.method().as_str(), &head(&request))?;
            Ok(Self)
        })
    }
}

impl FromRequest for VerifiedRegistration {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let verified =
                passkeys(&request)?.verified_registration(&head(&request), read(body.await)).await?;
            verified.cookie.into_iter().for_each(|cookie| cookies(&request).push(cookie));
            Ok(Self(verified.value))
        })
    }
}

impl FromRequest for VerifiedProof {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            Ok(Self(passkeys(&request)?.verified_proof(&head(&request), read(body.await)).await?))
        })
    }
}

impl FromRequest for VerifiedAuthentication {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let verified =
                passkeys(&request)?.verified_authentication(&head(&request), read(body.await)).await?;
            verified.cookie.into_iter().for_each(|cookie| cookies(&request).push(cookie));
            Ok(Self(verified.value))
        })
    }
}
