use serde_json::{Value, json};

use super::{HttpRequest, HttpResponse, Site};
use crate::authenticator::{Authenticator, Config, Page};
use crate::cookies::CookieJar;

/// A user agent with a software authenticator, for tests that send requests one by one: every header can be changed, the
/// steps of a ceremony are separate, and each response is checked. Tests of applications use
/// [`Browser`](crate::browser::Browser).
///
/// # Examples
/// ```
/// use rp_conformance::http::{UserAgent, HttpRequest, HttpResponse, Site};
///
/// # async fn test(app: impl Fn(HttpRequest) -> std::future::Ready<HttpResponse> + 'static) {
/// let site = Site::new(app);
/// let mut browser = UserAgent::new(&site, "https://example.org", "a seed for keys");
/// browser.sign_up("kim").await;
/// browser.post("sign-out", &serde_json::Value::Null).await;
/// let session = browser.sign_in().await;
/// assert_eq!(session["user"]["name"], "kim");
/// assert_eq!(browser.get("/home").await.text(), "Hello, kim");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserAgent {
    pub(super) site: Site,
    pub(super) cookies: CookieJar,
    /// The origin of the page.
    pub page: String,
    /// The prefix of the routes; a path that begins with a slash is not under it.
    pub prefix: String,
    /// The value of `Origin`; `None` omits the header.
    pub origin: Option<String>,
    /// The value of `Sec-Fetch-Site`; `None` omits the header.
    pub sec_fetch_site: Option<&'static str>,
    /// Headers that every request has in addition.
    pub headers: Vec<(&'static str, Vec<u8>)>,
    /// The authenticator.
    pub authenticator: Authenticator,
}

impl UserAgent {
    /// A user agent without cookies, on a page of this origin. The authenticator's keys are derived from `seed`.
    #[must_use]
    pub fn new(site: &Site, origin: &str, seed: &str) -> Self {
        Self {
            site: site.clone(),
            cookies: CookieJar::default(),
            page: origin.to_owned(),
            prefix: rp_service::http::Route::PREFIX.to_owned(),
            origin: Some(origin.to_owned()),
            sec_fetch_site: Some("same-origin"),
            headers: Vec::new(),
            authenticator: Authenticator::new(seed, Config::default()),
        }
    }

    /// Sends a request with its own headers and these, and keeps the cookies of the response.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> HttpResponse {
        let is_route = !path.starts_with('/');
        let path = if is_route { format!("{}/{path}", self.prefix) } else { path.to_owned() };
        let own = self.headers.iter().map(|(name, value)| (*name, value.clone()));
        let mut all: Vec<_> =
            own.chain(headers.iter().map(|(name, value)| (*name, (*value).into()))).collect();
        all.extend(self.origin.as_ref().map(|origin| ("origin", origin.clone().into_bytes())));
        all.extend(self.sec_fetch_site.map(|site| ("sec-fetch-site", site.into())));
        all.extend(self.cookies.header().map(|cookies| ("cookie", cookies)));
        let headers = all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let request = HttpRequest { method: method.to_owned(), path, headers, body: body.into() };
        let response = self.site.send(request.clone()).await;
        self.cookies.keep(&response);
        check(&request, &response, is_route);
        response
    }

    /// Sends a request with a JSON body, or without a body if it is `null`.
    pub async fn call(&mut self, method: &str, path: &str, body: &Value) -> HttpResponse {
        match body {
            Value::Null => self.send(method, path, &[], &[]).await,
            body => {
                let headers = [("content-type", "application/json")];
                self.send(method, path, &headers, body.to_string().as_bytes()).await
            }
        }
    }

    /// `GET`.
    pub async fn get(&mut self, path: &str) -> HttpResponse {
        self.call("GET", path, &Value::Null).await
    }

    /// `POST` with a JSON body, or without a body if it is `null`.
    pub async fn post(&mut self, path: &str, body: &Value) -> HttpResponse {
        self.call("POST", path, body).await
    }

    /// `DELETE`.
    pub async fn delete(&mut self, path: &str) -> HttpResponse {
        self.call("DELETE", path, &Value::Null).await
    }

    /// The value of a cookie, by the end of its name.
    #[must_use]
    pub fn cookie(&self, end: &str) -> Option<Vec<u8>> {
        self.cookies.get(end).map(<[u8]>::to_vec)
    }

    /// Sets a cookie by its full name.
    pub fn set_cookie(&mut self, name: &str, value: &[u8]) {
        self.cookies.set(name, value);
    }

    /// Removes cookies by the end of their names.
    pub fn remove_cookie(&mut self, end: &str) {
        self.cookies.remove(end);
    }

    /// The same browser with another authenticator, such as a phone that scanned a QR code.
    #[must_use]
    pub fn with_authenticator(&self, seed: &str) -> Self {
        let config = self.authenticator.config.clone();
        Self { authenticator: Authenticator::new(seed, config), ..self.clone() }
    }

    /// Fetches `registration/options` and returns the authenticator's response.
    pub async fn create(&mut self, body: &Value) -> Value {
        let options = self.post("registration/options", body).await.ok();
        self.create_for(&options)
    }

    /// The authenticator's response to creation options.
    pub fn create_for(&mut self, options: &Value) -> Value {
        let page = Page::at(&self.page);
        let response =
            self.authenticator.create(options, page).expect("the authenticator creates a credential");
        serde_json::from_str(&response).expect("the response is JSON")
    }

    /// Fetches `authentication/options` and returns the authenticator's response.
    pub async fn assert(&mut self, body: &Value) -> Value {
        let options = self.post("authentication/options", body).await.ok();
        self.assert_for(&options)
    }

    /// The authenticator's response to request options.
    pub fn assert_for(&mut self, options: &Value) -> Value {
        let page = Page::at(&self.page);
        let response = self.authenticator.get(options, page).expect("the authenticator has a credential");
        serde_json::from_str(&response).expect("the response is JSON")
    }

    /// Sends a registration response.
    pub async fn register(&mut self, response: &Value) -> HttpResponse {
        self.post("registration/verify", response).await
    }

    /// Sends an authentication response.
    pub async fn authenticate(&mut self, response: &Value) -> HttpResponse {
        self.post("authentication/verify", response).await
    }

    /// Creates an account. Returns the credential.
    pub async fn sign_up(&mut self, username: &str) -> Value {
        let response = self.create(&json!({ "username": username, "displayName": "Kim" })).await;
        self.register(&response).await.ok()
    }

    /// Signs in with a discoverable credential. Returns the session.
    pub async fn sign_in(&mut self) -> Value {
        let response = self.assert(&json!({})).await;
        self.authenticate(&response).await.ok()
    }

    /// Verifies the user of the session again. Returns the session.
    pub async fn step_up(&mut self) -> Value {
        let response = self.assert(&json!({ "purpose": "step-up" })).await;
        self.authenticate(&response).await.ok()
    }

    /// Completes a sign-in with a passkey. Returns the session.
    pub async fn second_factor(&mut self) -> Value {
        let response = self.assert(&json!({ "purpose": "second-factor" })).await;
        self.authenticate(&response).await.ok()
    }

    /// Adds a passkey of another authenticator to the account. Returns the credential.
    pub async fn add_passkey(&mut self, other: &mut Authenticator) -> Value {
        let options = self.post("registration/options", &json!({})).await.ok();
        let response = other.create(&options, Page::at(&self.page)).expect("a credential");
        let response = serde_json::from_str(&response).expect("the response is JSON");
        self.register(&response).await.ok()
    }

    /// Ends the session.
    pub async fn sign_out(&mut self) {
        assert_eq!(self.post("sign-out", &Value::Null).await.status, 204);
    }
}

/// Checks what applies to every response of the interface.
#[track_caller]
fn check(request: &HttpRequest, response: &HttpResponse, is_route: bool) {
    let what = format!("{} {}", request.method, request.path);
    // The framework responds for a route that is not mounted.
    let is_ours = if is_route { response.status != 404 } else { response.status == 404 };
    if is_ours && (is_route || !response.body.is_empty()) {
        let is_script = response.header("content-type").any(|media| media.starts_with("text/javascript"));
        let expected = if is_script { "no-cache" } else { "no-store" };
        assert_eq!(response.header("cache-control").collect::<Vec<_>>(), [expected], "{what}");
    }
    let body = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
    assert!(!has_null(&body) || body.is_null(), "members that are not set are omitted: {what} {body}");
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}
