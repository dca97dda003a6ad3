use serde::Serialize;

use super::Route;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::session::SessionChange;

/// What is answered, to the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers in their order, names in lower case; `Content-Length` and `Date` are the framework's.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What the browser's session is from now on; the store of sessions knows already
    /// ([`RequestSession`](crate::RequestSession)).
    pub session: SessionChange,
}

impl Answer {
    /// A refusal, for a route of the interface or of the application's own.
    pub fn refusal(refusal: &Refusal) -> Self {
        let problem = refusal.problem();
        let mut answer = Self::json(problem.status(), &problem).with("cache-control", "no-store".into());
        if let Some((_, media_type)) = answer.headers.first_mut() {
            *media_type = Problem::MEDIA_TYPE.into();
        }
        match problem.retry_after() {
            Some(wait) => {
                // Rounded up: who comes back a moment too early is sent away once more.
                let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
                answer.with("retry-after", seconds.to_string())
            }
            None => answer,
        }
    }

    /// What is answered on a path of these routes to a method that none of them has.
    pub fn method_not_allowed(routes: &[Route]) -> Self {
        let allowed = routes.iter().map(|route| match route.method() {
            // Where `GET` is served, so is `HEAD`.
            "GET" => "GET,HEAD",
            method => method,
        });
        let allowed = allowed.collect::<Vec<_>>().join(",");
        Self::empty(405).with("allow", allowed).with("cache-control", "no-store".into())
    }

    /// JSON.
    pub(super) fn json(status: u16, body: &impl Serialize) -> Self {
        // Our own types hold nothing that JSON has not: string keys, and no number out of range.
        let body = serde_json::to_vec(body).unwrap_or_default();
        let headers = vec![("content-type", "application/json".into())];
        Self { status, headers, body, session: SessionChange::Keep }
    }

    /// Nothing but a status.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), session: SessionChange::Keep }
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn with_session(mut self, session: SessionChange) -> Self {
        self.session = session;
        self
    }

    /// Nothing under the prefix is kept by a cache; what is well-known may be.
    pub(super) fn for_route(self, route: Route) -> Self {
        if route.is_under_prefix() && !self.headers.iter().any(|(name, _)| *name == "cache-control") {
            self.with("cache-control", "no-store".into())
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_problem_json_that_no_cache_keeps() {
        let answer = Answer::refusal(&Refusal::NotSignedIn);
        assert_eq!(answer.status, 401);
        let expected = [
            ("content-type", "application/problem+json".to_owned()),
            ("cache-control", "no-store".to_owned()),
        ];
        assert_eq!(answer.headers, expected);
    }

    #[test]
    fn storage_that_failed_says_when_to_come_back() {
        let answer =
            Answer::refusal(&Refusal::Storage(crate::store::StoreError::unavailable("the disk is full")));
        assert_eq!(answer.status, 503);
        assert_eq!(answer.headers.last(), Some(&("retry-after", "5".to_owned())));
        assert!(!String::from_utf8(answer.body).unwrap().contains("disk"));
    }
}
