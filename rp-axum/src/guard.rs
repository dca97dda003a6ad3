use std::future::Future;
use std::pin::Pin;

use axum::extract::{Request, State};
use axum::middleware::{FromFnLayer, Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use rp_service::Requirement;

use crate::extract::user;

/// A layer that requires a session which meets a requirement; made by [`require`].
pub type RequireLayer = FromFnLayer<CheckFn, Requirement, (State<Requirement>, Request)>;

type CheckFn = fn(State<Requirement>, Request, Next) -> Pin<Box<dyn Future<Output = Response> + Send>>;

/// Requires a session which meets a requirement, for routes. Else the response is 401 `not-signed-in` or
/// `second-factor-required`, 403 `user-locked`, or 403 `step-up-required` with what is missing.
///
/// # Examples
/// ```
/// use axum::{Router, routing::get};
/// use rp_axum::{CurrentUser, Requirement, require};
///
/// async fn audit(current: CurrentUser) -> String {
///     current.user.name.clone()
/// }
///
/// let administration: Router = Router::new()
///     .route("/audit", get(audit))
///     .route_layer(require(Requirement::passkey().within_minutes(2)));
/// ```
pub fn require(requirement: Requirement) -> RequireLayer {
    from_fn_with_state(requirement, check)
}

fn check(
    State(requirement): State<Requirement>,
    request: Request,
    next: Next,
) -> Pin<Box<dyn Future<Output = Response> + Send>> {
    Box::pin(async move {
        let (mut parts, body) = request.into_parts();
        match user(&parts, &requirement).await {
            Ok(current) => {
                // The extractor does not load it again.
                parts.extensions.insert(current);
                next.run(Request::from_parts(parts, body)).await
            }
            Err(rejection) => rejection.into_response(),
        }
    })
}
