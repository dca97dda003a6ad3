//! Requests of a software browser over the network.

use std::sync::LazyLock;
use std::time::Duration;

use rp_conformance::http::{HttpRequest, HttpResponse};
use serde_json::Value;

/// A client that returns every status and uses no proxy. Threads share its connections.
fn agent() -> &'static ureq::Agent {
    static AGENT: LazyLock<ureq::Agent> = LazyLock::new(|| {
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
        config.timeout_global(Some(Duration::from_secs(60))).build().new_agent()
    });
    &AGENT
}

/// The body of a response; `None` if the site did not respond.
pub(crate) fn answered(response: HttpResponse) -> Option<Value> {
    (response.status != NO_ANSWER).then(|| response.ok())
}

/// No route that is used here responds with it.
pub(crate) const NO_ANSWER: u16 = 404;

/// Sends a request over the network.
pub(crate) fn send(server: &str, request: &HttpRequest) -> HttpResponse {
    let mut builder = ureq::http::Request::builder()
        .method(request.method.as_str())
        .uri(format!("{server}{}", request.path));
    for (name, value) in &request.headers {
        builder = builder.header(name, value.as_slice());
    }
    let sent = agent().run(builder.body(request.body.clone()).unwrap()).and_then(|mut response| {
        let body = response.body_mut().read_to_vec()?;
        Ok((response, body))
    });
    let Ok((response, body)) = sent else {
        return HttpResponse { status: NO_ANSWER, ..HttpResponse::default() };
    };
    let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let headers = response.headers().iter().map(header).collect();
    HttpResponse { status: response.status().as_u16(), headers, body }
}

pub(crate) fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work);
}
