use actix_web::web::Payload;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use rp_service::http::{Body, MAX_BODY_BYTES, Request};
use rp_service::{Passkeys, ServiceError};

/// The head of a request. Values of headers are octets.
pub(crate) fn head(request: &HttpRequest) -> Request<'_> {
    Request {
        headers: request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect(),
        // A path of the service has at most one; those of the prefix are in front of it.
        parameter: request.match_info().iter().last().map(|(_, value)| value.to_owned()),
        query: request.query_string(),
        // An IPv6 socket writes the address of an IPv4 client as `::ffff:…`.
        address: request.peer_addr().map(|address| address.ip().to_canonical().to_string()),
        request_id: request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned),
        application_session: request.extensions().get().cloned(),
    }
}

/// A proxy or a middleware of the application sets the ID of a request.
const REQUEST_ID: &str = "x-request-id";

/// The service that the layer put into the request.
pub(crate) fn passkeys(request: &HttpRequest) -> Result<Passkeys, ServiceError> {
    let missing = "rp_actix::mount around the application";
    request.extensions().get().cloned().ok_or_else(|| ServiceError::misconfigured(missing))
}

/// Reads a body up to the maximum length. The service limits the time.
pub(crate) async fn read(payload: Result<Payload, Error>) -> Body {
    let Ok(payload) = payload else { return Body::Incomplete };
    match payload.to_bytes_limited(MAX_BODY_BYTES).await {
        Ok(Ok(bytes)) => Body::Complete(bytes.into()),
        Ok(Err(_)) => Body::Incomplete,
        Err(_) => Body::TooLarge,
    }
}
