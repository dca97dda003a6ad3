//! A browser with a software authenticator, as far as the interface goes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fixture::{LOCALHOST, ORIGIN};
use super::transcript::Told;
use super::{Fixture, HttpRequest, HttpResponse, Site, Transcript};
use crate::authenticator::{Authenticator, Config, Page};

/// Keeps cookies, names its origin, and has an authenticator at hand.
#[derive(Debug)]
pub(super) struct Browser<'a, S> {
    site: &'a S,
    /// The page's origin.
    page: &'static str,
    prefix: &'static str,
    cookies: BTreeMap<String, String>,
    /// What `Origin` says; `None` leaves it out.
    pub(super) origin: Option<&'static str>,
    /// What `Sec-Fetch-Site` says; `None` leaves it out.
    pub(super) sec_fetch_site: Option<&'static str>,
    /// The authenticator.
    pub(super) authenticator: Authenticator,
    told: Told,
}

/// What was said to these browsers.
pub(super) fn told<S, const N: usize>(browsers: [Browser<'_, S>; N]) -> Transcript {
    Transcript::of(browsers.map(|browser| browser.told))
}

impl<'a, S: Site> Browser<'a, S> {
    /// A browser that was never here; its authenticator is made from `seed`.
    pub(super) fn new(site: &'a S, fixture: &Fixture, seed: &str) -> Self {
        Self::with(site, fixture, seed, Config::default())
    }

    /// A browser with an authenticator of one's own choosing.
    pub(super) fn with(site: &'a S, fixture: &Fixture, seed: &str, config: Config) -> Self {
        Self {
            site,
            page: fixture.setup.origin,
            prefix: fixture.setup.prefix,
            cookies: BTreeMap::new(),
            origin: Some(fixture.setup.origin),
            sec_fetch_site: Some("same-origin"),
            authenticator: Authenticator::new(seed, config),
            told: Told::to(seed),
        }
    }

    /// The same browser, as it is now: a second tab, or somebody who has copied its cookies.
    pub(super) fn copy(&self, name: &str) -> Self {
        Self {
            cookies: self.cookies.clone(),
            authenticator: self.authenticator.clone(),
            told: Told::to(name),
            ..*self
        }
    }

    /// Sends a request with this body as JSON; paths are under the prefix unless they begin with a slash.
    pub(super) async fn call(
        &mut self,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> HttpResponse {
        let headers = body.map(|_| ("content-type", "application/json".to_owned())).into_iter().collect();
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.send(method, path, headers, body).await
    }

    /// Sends a request as it is, with the browser's own headers.
    pub(super) async fn send(
        &mut self,
        method: &'static str,
        path: &str,
        mut headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> HttpResponse {
        let is_route = !path.starts_with('/');
        let path = if is_route { format!("{}/{path}", self.prefix) } else { path.to_owned() };
        headers.extend(self.origin.map(|origin| ("origin", origin.to_owned())));
        headers.extend(self.sec_fetch_site.map(|site| ("sec-fetch-site", site.to_owned())));
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.push(("cookie", pairs.join("; ")));
        }
        let request = HttpRequest { method, path, headers, body };
        let response = self.site.send(request.clone()).await;
        for cookie in response.header("set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            if value.is_empty() || attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        check(&request, &response, is_route);
        self.told.note(&request, &response);
        response
    }

    /// The value of a cookie whose name ends so.
    #[must_use]
    pub(super) fn cookie(&self, end: &str) -> Option<&str> {
        self.cookies.iter().find(|(name, _)| name.ends_with(end)).map(|(_, value)| value.as_str())
    }

    /// Puts a cookie value in, or takes the cookie away.
    pub(super) fn set_cookie(&mut self, end: &str, value: Option<&str>) {
        let host = if self.page == LOCALHOST { "" } else { "__Host-" };
        let name = format!("{host}rp-{end}");
        match value {
            Some(value) => self.cookies.insert(name, value.to_owned()),
            None => self.cookies.remove(&name),
        };
    }

    /// `POST` with JSON.
    pub(super) async fn post(&mut self, path: &str, body: Value) -> HttpResponse {
        self.call("POST", path, Some(&body)).await
    }

    /// Options for opening an account, made into a response by the authenticator.
    pub(super) async fn new_account(&mut self, username: &str) -> Value {
        let options =
            self.post("registration/options", json!({ "username": username, "displayName": "Kim" })).await;
        self.create(&ok(&options))
    }

    /// Opens an account.
    pub(super) async fn sign_up(&mut self, username: &str) -> Value {
        let response = self.new_account(username).await;
        let answer = self.post("registration/verify", response).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        ok(&answer)
    }

    /// Options for signing in, made into a response by the authenticator.
    pub(super) async fn assertion(&mut self, body: Value) -> Value {
        let options = self.post("authentication/options", body).await;
        self.get(&ok(&options))
    }

    /// Signs in with a discoverable credential.
    pub(super) async fn sign_in(&mut self) -> Value {
        let response = self.assertion(json!({})).await;
        let answer = self.post("authentication/verify", response).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        ok(&answer)
    }

    /// Has a fresh verification made.
    pub(super) async fn step_up(&mut self) -> Value {
        let response = self.assertion(json!({ "purpose": "step-up" })).await;
        let answer = self.post("authentication/verify", response).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        ok(&answer)
    }

    /// The authenticator's answer to creation options.
    #[expect(clippy::expect_used, reason = "an authenticator that refuses is a failed test")]
    pub(super) fn create(&mut self, options: &Value) -> Value {
        let response = self.authenticator.create(options, Page::at(self.page)).expect("a credential");
        serde_json::from_str(&response).expect("JSON")
    }

    /// Another authenticator's answer to creation options: one's own declines what it holds a credential for.
    #[expect(clippy::expect_used, reason = "an authenticator that refuses is a failed test")]
    pub(super) fn create_elsewhere(options: &Value) -> Value {
        let mut spare = Authenticator::new(&options["challenge"].to_string(), Config::default());
        let response = spare.create(options, Page::at(ORIGIN)).expect("a credential");
        serde_json::from_str(&response).expect("JSON")
    }

    /// The authenticator's answer to request options.
    #[expect(clippy::expect_used, reason = "an authenticator that refuses is a failed test")]
    pub(super) fn get(&mut self, options: &Value) -> Value {
        let response = self.authenticator.get(options, Page::at(self.page)).expect("an assertion");
        serde_json::from_str(&response).expect("JSON")
    }
}

/// What holds of every answer. `is_route`: it stands under the prefix.
#[track_caller]
fn check(request: &HttpRequest, response: &HttpResponse, is_route: bool) {
    let what = format!("{} {}", request.method, request.path);
    // A route that is not mounted is the framework's to answer.
    if is_route && response.status != 404 || response.status == 404 && !response.body.is_empty() {
        assert_eq!(response.header("cache-control").collect::<Vec<_>>(), ["no-store"], "{what}");
    }
    assert!(response.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{what}");
    let body = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
    let nulls = |body: &Value| body.as_object().is_some_and(|body| body.values().any(has_null));
    assert!(!nulls(&body), "members that are not set are left out: {what} {body}");
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

/// The body of an answer that went well.
#[track_caller]
#[expect(clippy::panic, reason = "an answer that went wrong is a failed test")]
pub(super) fn ok(response: &HttpResponse) -> Value {
    assert!(
        matches!(response.status, 200 | 201),
        "{} {}",
        response.status,
        String::from_utf8_lossy(&response.body)
    );
    serde_json::from_slice(&response.body).unwrap_or_else(|error| panic!("{error}: {response:?}"))
}

/// Status and code of an answer that is a problem, which has all members of one.
#[track_caller]
pub(super) fn problem(response: &HttpResponse) -> (u16, String) {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    assert_eq!(response.header("content-type").next(), Some("application/problem+json"), "{response:?}");
    assert_eq!(body["status"], response.status, "{body}");
    assert!(["type", "title", "detail", "code"].iter().all(|member| body[member].is_string()), "{body}");
    (response.status, body["code"].as_str().unwrap_or_default().to_owned())
}
