//! Extractors: who asks, and what a request proves.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
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

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, Rejection>>>>;

/// What the service is asked with, once it is seen where the request comes from.
fn who_asks(asked: &HttpRequest) -> Result<(SharedPasskeys, Option<SessionData>), Refusal> {
    let (passkeys, session) = session::context(asked)?;
    passkeys.check_site(asked.method().as_str(), &request(asked, Body::default()))?;
    Ok((passkeys, session::load(&session)))
}

impl FromRequest for CurrentUser {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(asked: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = who_asks(asked);
        Box::pin(async move {
            let (passkeys, held) = asked?;
            Ok(Self { account: passkeys.current_user(held.as_ref()).await? })
        })
    }
}

impl FromRequest for FreshUser {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(asked: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = who_asks(asked);
        Box::pin(async move {
            let (passkeys, held) = asked?;
            Ok(Self { account: passkeys.fresh_user(held.as_ref()).await? })
        })
    }
}

impl FromRequest for VerifiedRegistration {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(asked: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (asked, payload) = (asked.clone(), web::Payload::from_request(asked, payload));
        Box::pin(async move {
            let (passkeys, session) = session::context(&asked)?;
            let held = session::load(&session);
            let request = request(&asked, read(payload.await).await);
            let registration = passkeys.verified_registration(&request, held.as_ref()).await?;
            session::change(&session, registration.session.clone())?;
            Ok(Self(registration))
        })
    }
}

impl FromRequest for VerifiedAuthentication {
    type Error = Rejection;
    type Future = Extracted<Self>;

    fn from_request(asked: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (asked, payload) = (asked.clone(), web::Payload::from_request(asked, payload));
        Box::pin(async move {
            let (passkeys, session) = session::context(&asked)?;
            let held = session::load(&session);
            let request = request(&asked, read(payload.await).await);
            let authentication = passkeys.verified_authentication(&request, held.as_ref()).await?;
            session::change(&session, SessionChange::Renew(authentication.session.clone()))?;
            Ok(Self(authentication))
        })
    }
}
