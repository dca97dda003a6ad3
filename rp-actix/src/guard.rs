use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage as _, HttpResponse};
use rp_service::Requirement;

use crate::extract::user;
use crate::rejection::respond;
use crate::request::{head, passkeys};

/// Requires a session which meets a requirement, for routes, resources and scopes. Else the response is 401
/// `not-signed-in` or `second-factor-required`, 403 `user-locked`, or 403 `step-up-required` with what is missing.
///
/// # Examples
/// ```
/// use actix_web::web;
/// use rp_actix::{CurrentUser, Requirement, require};
///
/// async fn audit(current: CurrentUser) -> String {
///     current.user.name.clone()
/// }
///
/// let administration = web::scope("/administration")
///     .wrap(require(Requirement::passkey().within_minutes(2)))
///     .route("/audit", web::get().to(audit));
/// # let _ = actix_web::App::new().service(administration);
/// ```
pub fn require<S, B>(
    requirement: Requirement,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<EitherBody<B>>, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    from_fn(move |request, next| check(requirement, request, next))
}

async fn check<B: MessageBody + 'static>(
    requirement: Requirement,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match user(request.request(), &requirement).await {
        Ok(current) => {
            // The extractor does not load it again.
            request.extensions_mut().insert(current);
            next.call(request).await.map(ServiceResponse::map_into_left_body)
        }
        Err(rejection) => {
            let response = match passkeys(request.request()) {
                Ok(passkeys) => respond(passkeys.error_response(&head(request.request()), &rejection.0)),
                Err(_) => HttpResponse::from_error(rejection),
            };
            Ok(request.into_response(response.map_into_right_body()))
        }
    }
}
