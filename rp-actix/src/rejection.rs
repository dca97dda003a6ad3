use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use rp_service::{ServiceError, http};

/// An error of the service as a response. Return it from your own handlers to respond as the routes do.
///
/// # Examples
/// ```
/// use rp_actix::{Context, Method, Rejection, UserHandle};
///
/// async fn password_is_correct(context: Context, user: UserHandle) -> Result<&'static str, Rejection> {
///     context.first_factor_verified(&user, Method::Password).await?;
///     Ok("welcome")
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Rejection(#[from] pub ServiceError);

impl ResponseError for Rejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        respond(http::Response::error(&self.0, None))
    }
}

/// A response of the service.
pub(crate) fn respond(response: http::Response) -> HttpResponse {
    let http::Response { status, headers, body } = response;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::with_body(status, body);
    for (name, value) in headers {
        if let Some(value) = header_value(value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response.map_into_boxed_body()
}

/// The service writes only what a header may contain.
pub(crate) fn header_value(value: String) -> Option<HeaderValue> {
    HeaderValue::try_from(value).ok()
}
