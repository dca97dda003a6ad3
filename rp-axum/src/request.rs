use std::error::Error;
use std::net::SocketAddr;

use axum::body::to_bytes;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use http_body_util::LengthLimitError;
use rp_service::http::{Body, MAX_BODY_BYTES, Request};
use rp_service::{Passkeys, ServiceError};

/// The head of a request. Values of headers are octets.
pub(crate) fn head(parts: &Parts) -> Request<'_> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    Request {
        headers: parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect(),
        parameter: None,
        query: parts.uri.query().unwrap_or_default(),
        // An IPv6 socket writes the address of an IPv4 client as `::ffff:…`.
        address: peer.map(|ConnectInfo(address)| address.ip().to_canonical().to_string()),
        request_id: parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned),
        application_session: parts.extensions.get().cloned(),
    }
}

/// A proxy or a layer of the application sets the ID of a request.
const REQUEST_ID: &str = "x-request-id";

/// The service that the layer put into the request.
pub(crate) fn passkeys(parts: &Parts) -> Result<Passkeys, ServiceError> {
    let missing = "rp_axum::mount after the last route of the application";
    parts.extensions.get().cloned().ok_or_else(|| ServiceError::misconfigured(missing))
}

/// Reads a body up to the maximum length. The service limits the time.
pub(crate) async fn read(body: axum::body::Body) -> Body {
    match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(bytes) => Body::Complete(bytes.into()),
        Err(error) if is_length_limit(&error) => Body::TooLarge,
        Err(_) => Body::Incomplete,
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source: Option<&dyn Error> = Some(error);
    while let Some(error) = source {
        if error.is::<LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}
