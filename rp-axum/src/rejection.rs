use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rp_service::{ServiceError, http};

/// An error of the service as a response. Return it from your own handlers to respond as the routes do.
///
/// # Examples
/// ```
/// use rp_axum::{Context, Method, Rejection, UserHandle};
///
/// async fn password_is_correct(context: Context, user: UserHandle) -> Result<&'static str, Rejection> {
///     context.first_factor_verified(&user, Method::Password).await?;
///     Ok("welcome")
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Rejection(#[from] pub ServiceError);

/// The error of a response, for the layer.
#[derive(Clone)]
pub(crate) struct Rejected(pub(crate) Arc<ServiceError>);

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let mut response = respond(http::Response::error(&self.0, None));
        response.extensions_mut().insert(Rejected(Arc::new(self.0)));
        response
    }
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A response of the service.
pub(crate) fn respond(response: http::Response) -> Response {
    let http::Response { status, headers, body } = response;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let Some(value) = header_value(value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The service writes only what a header may contain.
pub(crate) fn header_value(value: String) -> Option<HeaderValue> {
    HeaderValue::try_from(value).ok()
}
