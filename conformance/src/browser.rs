//! A browser with a software authenticator, for the tests of applications: no network, no window, no hardware.
//!
//! The application is called directly: an axum router, any `tower` service that axum can serve, an actix-web test service
//! (feature `actix`), or a function. The authenticator is honest, or wrong in one named step.
//!
//! ```
//! use rp_conformance::authenticator::Fault;
//! use rp_conformance::browser::Browser;
//! # use rp_conformance::http::{Fixture, LOCALHOST, Setup, bare};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let site = bare(&Fixture::new(Setup { origin: LOCALHOST, ..Setup::default() }));
//! # let respond = move |request| { let site = site.clone(); async move { site.send(request).await } };
//! let mut browser = Browser::of(respond); // Browser::new(app) for an axum application
//! browser.sign_up("kim").await?;
//! browser.sign_out().await?;
//! let session = browser.sign_in().await?;
//! assert_eq!(session["user"]["name"], "kim");
//!
//! browser.authenticator.config.fault = Some(Fault::OriginOther);
//! let error = browser.sign_in().await.unwrap_err();
//! assert_eq!(error.code(), Some("origin-mismatch"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::convert::Infallible;
use std::future::Future;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use tower_service::Service;

use crate::authenticator::{Authenticator, ClientError, Config, Page};
use crate::cookies::CookieJar;
use crate::http::{HttpRequest, HttpResponse, Site};

/// A browser on a page of the application, with cookies and an authenticator.
#[derive(Clone, Debug)]
pub struct Browser {
    site: Site,
    cookies: CookieJar,
    origin: String,
    prefix: String,
    /// The authenticator. Its configuration may change between ceremonies.
    pub authenticator: Authenticator,
}

/// Why a ceremony did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BrowserError {
    /// The application rejected the request.
    #[error("{path}: {status} {code}: {detail}")]
    Rejected {
        /// The path of the request.
        path: String,
        /// The status.
        status: u16,
        /// The code of the HTTP interface.
        code: String,
        /// The details.
        detail: String,
    },
    /// The response is not one of the HTTP interface.
    #[error("{path}: {status}: {body}")]
    Unexpected {
        /// The path of the request.
        path: String,
        /// The status.
        status: u16,
        /// The body as text.
        body: String,
    },
    /// The client or the authenticator refused the options, as a browser would by an exception.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl BrowserError {
    /// The code of a rejection.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Rejected { code, .. } => Some(code),
            _ => None,
        }
    }
}

impl Browser {
    /// A browser on `http://localhost:8080` with an axum application or another `tower` service.
    pub fn new<S>(app: S) -> Self
    where
        S: Service<Request, Error = Infallible> + Clone + 'static,
        S::Response: IntoResponse,
    {
        Self::of(move |request| call(app.clone(), request))
    }

    /// A browser on `http://localhost:8080` with an actix-web application: `init_service(app).await`.
    #[cfg(feature = "actix")]
    pub fn actix<S, B>(app: S) -> Self
    where
        S: actix_web::dev::Service<
                actix_http::Request,
                Response = actix_web::dev::ServiceResponse<B>,
                Error = actix_web::Error,
            > + 'static,
        B: actix_web::body::MessageBody + 'static,
    {
        let app = std::rc::Rc::new(app);
        Self::of(move |request| actix::call(std::rc::Rc::clone(&app), request))
    }

    /// A browser on `http://localhost:8080` with any application that can be called with a request.
    pub fn of<F, R>(respond: F) -> Self
    where
        F: Fn(HttpRequest) -> R + 'static,
        R: Future<Output = HttpResponse> + 'static,
    {
        Self {
            site: Site::new(respond),
            cookies: CookieJar::default(),
            origin: crate::http::LOCALHOST.to_owned(),
            prefix: rp_service::http::Route::PREFIX.to_owned(),
            authenticator: Authenticator::new("browser", Config::default()),
        }
    }

    /// The same browser on a page of another origin.
    #[must_use]
    pub fn at(self, origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..self }
    }

    /// The same browser for an application that mounts the routes under another prefix.
    #[must_use]
    pub fn with_prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    /// Another person's browser: without cookies, and with another authenticator, whose keys come from `seed`.
    #[must_use]
    pub fn other(&self, seed: &str) -> Self {
        let authenticator = Authenticator::new(seed, self.authenticator.config.clone());
        Self { cookies: CookieJar::default(), authenticator, ..self.clone() }
    }

    /// The value of a cookie, by the end of its name, if it is text.
    #[must_use]
    pub fn cookie(&self, end: &str) -> Option<&str> {
        std::str::from_utf8(self.cookies.get(end)?).ok()
    }

    /// Creates an account with a passkey. Returns the credential.
    ///
    /// # Errors
    /// [`BrowserError`].
    pub async fn sign_up(&mut self, username: &str) -> Result<Value, BrowserError> {
        self.register(&json!({ "username": username })).await
    }

    /// Adds a passkey to the account of the session. Returns the credential.
    ///
    /// # Errors
    /// [`BrowserError`]; [`ClientError::Excluded`] if the authenticator has a passkey of the account.
    pub async fn add_passkey(&mut self) -> Result<Value, BrowserError> {
        self.register(&json!({})).await
    }

    /// Signs in with any discoverable passkey. Returns the session.
    ///
    /// # Errors
    /// [`BrowserError`].
    pub async fn sign_in(&mut self) -> Result<Value, BrowserError> {
        self.authenticate(&json!({})).await
    }

    /// Signs in with a passkey of this user. Returns the session.
    ///
    /// # Errors
    /// [`BrowserError`].
    pub async fn sign_in_as(&mut self, username: &str) -> Result<Value, BrowserError> {
        self.authenticate(&json!({ "username": username })).await
    }

    /// Verifies the user of the session again. Returns the session.
    ///
    /// # Errors
    /// [`BrowserError`].
    pub async fn step_up(&mut self) -> Result<Value, BrowserError> {
        self.authenticate(&json!({ "purpose": "step-up" })).await
    }

    /// Completes a sign-in that began with another factor. Returns the session.
    ///
    /// # Errors
    /// [`BrowserError`].
    pub async fn second_factor(&mut self) -> Result<Value, BrowserError> {
        self.authenticate(&json!({ "purpose": "second-factor" })).await
    }

    /// Ends the session.
    ///
    /// # Errors
    /// [`BrowserError`].
    pub async fn sign_out(&mut self) -> Result<(), BrowserError> {
        self.route("sign-out", None).await.map(drop)
    }

    /// `GET` of a path of the application.
    pub async fn get(&mut self, path: &str) -> HttpResponse {
        self.send("GET", path, None).await
    }

    /// `POST` of JSON to a path of the application.
    pub async fn post(&mut self, path: &str, body: &Value) -> HttpResponse {
        self.send("POST", path, Some(body.to_string())).await
    }

    /// Sends a request with the headers and cookies of the browser, and keeps the cookies of the response.
    pub async fn send(&mut self, method: &str, path: &str, json: Option<String>) -> HttpResponse {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let mut headers = vec![header("origin", &self.origin), header("sec-fetch-site", "same-origin")];
        headers.extend(json.as_ref().map(|_| header("content-type", "application/json")));
        headers.extend(self.cookies.header().map(|cookies| ("cookie".to_owned(), cookies)));
        let body = json.unwrap_or_default().into_bytes();
        let request = HttpRequest { method: method.to_owned(), path: path.to_owned(), headers, body };
        let response = self.site.send(request).await;
        self.cookies.keep(&response);
        response
    }

    async fn register(&mut self, request: &Value) -> Result<Value, BrowserError> {
        let options = self.route("registration/options", Some(request.to_string())).await?;
        let response = self.authenticator.create(&options, Page::at(&self.origin))?;
        self.route("registration/verify", Some(response)).await
    }

    async fn authenticate(&mut self, request: &Value) -> Result<Value, BrowserError> {
        let options = self.route("authentication/options", Some(request.to_string())).await?;
        let response = self.authenticator.get(&options, Page::at(&self.origin))?;
        self.route("authentication/verify", Some(response)).await
    }

    /// Posts to a route of the interface. An empty response is `null`, and one that is not JSON is a string.
    async fn route(&mut self, route: &str, json: Option<String>) -> Result<Value, BrowserError> {
        let path = format!("{}/{route}", self.prefix);
        let response = self.send("POST", &path, json).await;
        let status = response.status;
        if matches!(status, 200..=299) && response.body.is_empty() {
            return Ok(Value::Null);
        }
        let body = String::from_utf8_lossy(&response.body).into_owned();
        let json = serde_json::from_str::<Value>(&body);
        if matches!(status, 200..=299) {
            // A handler of the application may respond with text.
            return Ok(json.unwrap_or(Value::String(body)));
        }
        let json = json.unwrap_or_default();
        let member = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        match member("code") {
            Some(code) => {
                let detail = member("detail").unwrap_or_default();
                Err(BrowserError::Rejected { path, status, code, detail })
            }
            None => Err(BrowserError::Unexpected { path, status, body }),
        }
    }
}

/// Calls a `tower` service.
async fn call<S>(mut app: S, HttpRequest { method, path, headers, body }: HttpRequest) -> HttpResponse
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
{
    let builder = Request::builder().method(method.as_str()).uri(path);
    let builder = headers.into_iter().fold(builder, |builder, (name, value)| builder.header(name, value));
    let Ok(request) = builder.body(Body::from(body)) else {
        return HttpResponse { status: 400, ..HttpResponse::default() };
    };
    let Ok(()) = std::future::poll_fn(|context| app.poll_ready(context)).await;
    let Ok(response) = app.call(request).await;
    let (parts, body) = response.into_response().into_parts();
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    HttpResponse {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: to_bytes(body, usize::MAX).await.map(|bytes| bytes.to_vec()).unwrap_or_default(),
    }
}

#[cfg(feature = "actix")]
mod actix {
    use std::rc::Rc;

    use actix_web::body::{BoxBody, MessageBody, to_bytes};
    use actix_web::dev::{Service, ServiceResponse};
    use actix_web::http::Method;
    use actix_web::test::TestRequest;

    use crate::http::{HttpRequest, HttpResponse};

    /// Calls an actix-web test service.
    pub(super) async fn call<S, B>(
        app: Rc<S>,
        HttpRequest { method, path, headers, body }: HttpRequest,
    ) -> HttpResponse
    where
        S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
        B: MessageBody + 'static,
    {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let request = TestRequest::with_uri(&path).method(method).set_payload(body);
        let request = headers
            .into_iter()
            .fold(request, |request, (name, value)| request.append_header((name.as_str(), value.as_slice())));
        let response: actix_web::HttpResponse<BoxBody> = match app.call(request.to_request()).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        let headers = response.headers().iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        HttpResponse {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: to_bytes(response.into_body()).await.map(|bytes| bytes.to_vec()).unwrap_or_default(),
        }
    }
}
