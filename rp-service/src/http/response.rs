use serde::Serialize;

use super::request::{HttpConfig, Request};
use super::route::Route;
use crate::error::ServiceError;
use crate::json::to_json;
use crate::problem::Problem;

/// A response, to the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers in their order, names in lower case; `Content-Length` and `Date` are the framework's.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The response to an error. `type_base` as in [`Problem::to_json`].
    pub fn error(error: &ServiceError, type_base: Option<&str>) -> Self {
        let problem = error.problem();
        let mut response = Self {
            status: problem.status,
            headers: vec![("content-type", Problem::MEDIA_TYPE.into()), ("cache-control", "no-store".into())],
            body: problem.to_json(type_base),
        };
        if let Some(wait) = problem.retry_after {
            // Rounded up, so that no client returns a moment too early.
            let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
            response = response.with("retry-after", seconds.to_string());
        }
        response.with_nosniff()
    }

    pub(super) fn json(status: u16, body: &impl Serialize) -> Self {
        // Our own types contain nothing that JSON cannot express.
        let body = to_json(body, 1024).unwrap_or_default();
        Self { status, headers: vec![("content-type", "application/json".into())], body }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn with_cookie(self, cookie: Option<String>) -> Self {
        match cookie {
            Some(cookie) => self.with("set-cookie", cookie),
            None => self,
        }
    }

    /// `no-store` under the prefix; the well-known documents may be cached.
    pub(super) fn for_route(self, route: Route) -> Self {
        let has_policy = self.headers.iter().any(|(name, _)| *name == "cache-control");
        if route.is_under_prefix() && !has_policy {
            self.with("cache-control", "no-store".into())
        } else {
            self
        }
    }

    /// The headers of every response: no content sniffing, and HSTS if it is switched on.
    pub(super) fn with_security_headers(self, config: &HttpConfig) -> Self {
        let response = self.with_nosniff();
        match config.hsts_max_age {
            Some(max_age) => {
                response.with("strict-transport-security", format!("max-age={}", max_age.as_secs()))
            }
            None => response,
        }
    }

    fn with_nosniff(self) -> Self {
        let name = "x-content-type-options";
        if self.headers.iter().any(|(other, _)| *other == name) {
            self
        } else {
            self.with(name, "nosniff".into())
        }
    }

    /// CORS headers, if the request is from a configured front end on another host.
    pub(super) fn for_front_end(self, config: &HttpConfig, request: &Request<'_>) -> Self {
        if config.front_ends.is_empty() {
            return self;
        }
        let response = self.with("vary", "Origin".into());
        match config.front_end_of(request) {
            Some(origin) => response
                .with("access-control-allow-origin", origin.to_owned())
                .with("access-control-allow-credentials", "true".into())
                // The only header for a page that browsers do not show it by default.
                .with("access-control-expose-headers", "retry-after".into()),
            None => response,
        }
    }
}

impl HttpConfig {
    /// The front end that sent a request.
    pub(super) fn front_end_of(&self, request: &Request<'_>) -> Option<&str> {
        let mut origins = request.header("origin");
        let (origin, None) = (origins.next()?, origins.next()) else { return None };
        self.front_ends.iter().map(String::as_str).find(|front_end| front_end.as_bytes() == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_problem_json_that_no_cache_keeps() {
        let response = Response::error(&ServiceError::NotSignedIn, None);
        assert_eq!(response.status, 401);
        let expected = [
            ("content-type", "application/problem+json".to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ];
        assert_eq!(response.headers, expected);
    }

    #[test]
    fn a_storage_failure_says_when_to_try_again() {
        let error = ServiceError::Storage(crate::store::StoreError::unavailable("the disk is full"));
        let response = Response::error(&error, None);
        assert_eq!(response.status, 503);
        assert!(response.headers.contains(&("retry-after", "5".to_owned())));
        assert!(!String::from_utf8(response.body).unwrap().contains("disk"));
    }
}
