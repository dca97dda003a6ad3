//! The request context for an application's own handlers: the caller, and the cookies that the response will set.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use rp_core::{AuthenticationResponse, RegistrationResponse, UserHandle};

use super::body::RegistrationExtras;
use super::guard;
use super::request::{Body, Request};
use super::response::Response;
use super::route::Route;
use super::timing::wait_for_next_multiple;
use crate::assurance::Requirement;
use crate::error::ServiceError;
use crate::event::Action;
use crate::passkeys::{
    Authentication, Caller, CurrentUser, FirstFactor, OpenedSession, Passkeys, Proof, Registration,
    TokenTransport,
};
use crate::session::{Client, Method, SessionKind, SessionToken};

/// The cookies that the response to a request will set. The layer of an adapter puts an empty list into the request's
/// extensions, and appends the cookies to the response.
#[derive(Clone, Debug, Default)]
pub struct PendingCookies(Arc<Mutex<Vec<String>>>);

impl PendingCookies {
    /// Adds a `Set-Cookie` value.
    pub fn push(&self, cookie: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(cookie);
    }

    /// Removes and returns all values.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A verified result and the cookie that belongs to it.
#[derive(Clone, Debug)]
#[must_use = "the response has to set the cookie"]
pub struct Verified<T> {
    /// The result.
    pub value: T,
    /// The `Set-Cookie` value.
    pub cookie: Option<String>,
}

/// A request in a handler of the application: who sent it, and operations that open and end sessions.
#[derive(Clone, Debug)]
pub struct Context {
    passkeys: Passkeys,
    caller: Caller,
    cookies: PendingCookies,
}

impl Context {
    /// The context of a request. A state-changing request of another site is rejected ([`Passkeys::check_site`]).
    ///
    /// # Errors
    /// [`ServiceError::CrossSite`], [`ServiceError::Storage`].
    pub async fn new(
        passkeys: &Passkeys,
        method: &str,
        request: &Request<'_>,
        cookies: PendingCookies,
    ) -> Result<Self, ServiceError> {
        passkeys.check_site(method, request)?;
        let caller = passkeys.caller(request).await?;
        Ok(Self { passkeys: passkeys.clone(), caller, cookies })
    }

    /// The service.
    #[must_use]
    pub fn passkeys(&self) -> &Passkeys {
        &self.passkeys
    }

    /// The sender of the request.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The signed-in user, if there is one ([`Passkeys::current_user`]).
    ///
    /// # Errors
    /// [`ServiceError::UserLocked`], [`ServiceError::Storage`].
    pub async fn current_user(&self) -> Result<Option<CurrentUser>, ServiceError> {
        self.passkeys.current_user(&self.caller).await
    }

    /// The signed-in user, if the session meets the requirement ([`Passkeys::require`]).
    ///
    /// # Errors
    /// As [`Passkeys::require`].
    pub async fn require(&self, requirement: &Requirement) -> Result<CurrentUser, ServiceError> {
        self.passkeys.require(&self.caller, requirement).await
    }

    /// Reports a first factor that the application has just verified ([`Passkeys::first_factor_verified`]). The response
    /// sets the session cookie.
    ///
    /// # Errors
    /// As [`Passkeys::first_factor_verified`].
    pub async fn first_factor_verified(
        &self,
        user: &UserHandle,
        method: Method,
    ) -> Result<FirstFactor, ServiceError> {
        // The response of a handler of the application has no place for a bearer token.
        let caller = Caller { kind: TokenTransport::Cookie, ..self.caller.clone() };
        let first = self.passkeys.first_factor_verified(&caller, user, method).await?;
        if let Some(cookie) = self.passkeys.session_cookie(&first.session) {
            self.cookies.push(cookie);
        }
        Ok(first)
    }

    /// Ends the session ([`Passkeys::sign_out`]). The response removes the session cookie.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn sign_out(&self) -> Result<(), ServiceError> {
        self.passkeys.sign_out(&self.caller).await?;
        if self.caller.session.is_some() {
            self.cookies.push(self.passkeys.cookies().session().remove());
        }
        Ok(())
    }
}

impl Passkeys {
    /// The sender of a request. A bearer token in `Authorization` is used if the policy allows it, or if programs may sign in
    /// ([`PasskeysBuilder::command_line`](crate::PasskeysBuilder::command_line)); the session cookie is ignored then.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn caller(&self, request: &Request<'_>) -> Result<Caller, ServiceError> {
        let client = self.client(request);
        let session = match (&request.application_session, self.token(request)) {
            (Some(reported), _) => self.application_session(reported.clone(), &client),
            (None, Some(token)) => self.load_session(&token).await?,
            (None, None) => None,
        };
        let has_origin = request.header("origin").next().is_some();
        let kind = if self.policy().bearer_tokens && !has_origin {
            TokenTransport::Body
        } else {
            TokenTransport::Cookie
        };
        let (browser, sealed) = (self.cookies().browser(request), self.cookies().sealed(request));
        Ok(Caller { browser, session, client, kind, page: page(request), sealed })
    }

    pub(super) fn client(&self, request: &Request<'_>) -> Client {
        let user_agent = request.header("user-agent").next().map(String::from_utf8_lossy);
        Client::new(self.client_address(request).as_deref(), user_agent.as_deref())
            .with_request_id(request.request_id.as_deref())
    }

    fn token(&self, request: &Request<'_>) -> Option<SessionToken> {
        let mut headers = request.header("authorization").peekable();
        if headers.peek().is_none() {
            return self.cookies().token(request);
        }
        let (header, None) = (headers.next()?, headers.next()) else { return None };
        if !self.policy().bearer_tokens && !self.accepts_command_lines() {
            return None;
        }
        let (scheme, token) = header.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then(|| SessionToken::parse(token.trim_ascii()))?
    }

    /// Rejects a state-changing request of another site, for routes of the application. The handshake of a WebSocket counts
    /// as one, though its method is `GET`: browsers send cookies with it, and let the page read and write.
    ///
    /// # Errors
    /// [`ServiceError::CrossSite`].
    pub fn check_site(&self, method: &str, request: &Request<'_>) -> Result<(), ServiceError> {
        if matches!(method, "GET" | "HEAD" | "OPTIONS") && !guard::is_websocket(request) {
            return Ok(());
        }
        let checked = guard::check_site(self.relying_party(), self.cookies(), self.http_config(), request);
        self.recorded_early(request, checked)
    }

    /// The cookie for the token of a session, unless the client receives the token in the body.
    pub(crate) fn session_cookie(&self, opened: &OpenedSession) -> Option<String> {
        let token = opened.token.as_ref().filter(|_| opened.session.kind == SessionKind::Browser)?;
        Some(self.cookies().session().set(&token.expose()))
    }

    /// The token of a session, if the client receives it in the body.
    pub(super) fn bearer_token(opened: &OpenedSession) -> Option<String> {
        let token = opened.token.as_ref().filter(|_| opened.session.kind == SessionKind::Bearer);
        token.map(SessionToken::expose)
    }

    /// Completes a registration in a handler of the application, in place of [`Route::RegistrationVerify`].
    ///
    /// # Errors
    /// As [`Passkeys::finish_registration`], and the rules for requests.
    pub async fn verified_registration(
        &self,
        request: &Request<'_>,
        body: impl Future<Output = Body>,
    ) -> Result<Verified<Registration>, ServiceError> {
        let json = self.recorded_early(request, self.read(Route::RegistrationVerify, request, body).await)?;
        let caller = self.caller(request).await?;
        self.verify_registration(&caller, &json).await
    }

    pub(super) async fn verify_registration(
        &self,
        caller: &Caller,
        json: &[u8],
    ) -> Result<Verified<Registration>, ServiceError> {
        let parsed = RegistrationResponse::from_json_with::<RegistrationExtras>(json);
        let (response, extras) = self.recorded(caller, parsed.map_err(ServiceError::from))?;
        let (nickname, grant) = (extras.nickname.as_deref(), extras.grant.as_deref());
        let value = self.finish_registration(caller, &response, nickname, grant).await?;
        let cookie = value.session.as_ref().and_then(|opened| self.session_cookie(opened));
        Ok(Verified { value, cookie })
    }

    /// Completes an authentication in a handler of the application, in place of [`Route::AuthenticationVerify`].
    ///
    /// # Errors
    /// As [`Passkeys::finish_authentication`], and the rules for requests.
    pub async fn verified_authentication(
        &self,
        request: &Request<'_>,
        body: impl Future<Output = Body>,
    ) -> Result<Verified<Authentication>, ServiceError> {
        let json =
            self.recorded_early(request, self.read(Route::AuthenticationVerify, request, body).await)?;
        let started_at = self.timer().elapsed();
        let caller = self.caller(request).await?;
        let verified = self.verify_authentication(&caller, &json).await;
        if let Err(ServiceError::Redacted(_)) = &verified {
            wait_for_next_multiple(self.timer(), started_at).await;
        }
        verified
    }

    pub(super) async fn verify_authentication(
        &self,
        caller: &Caller,
        json: &[u8],
    ) -> Result<Verified<Authentication>, ServiceError> {
        let parsed = AuthenticationResponse::from_json(json).map_err(ServiceError::from);
        let response = self.recorded(caller, parsed)?;
        let value = self.finish_authentication(caller, &response).await?;
        let cookie = self.session_cookie(&value.session);
        Ok(Verified { value, cookie })
    }

    /// Verifies a proof in a handler of the application, in place of [`Route::ProofVerify`].
    ///
    /// # Errors
    /// As [`Passkeys::finish_proof`], and the rules for requests.
    pub async fn verified_proof(
        &self,
        request: &Request<'_>,
        body: impl Future<Output = Body>,
    ) -> Result<Proof, ServiceError> {
        let json = self.recorded(&Caller::default(), self.read(Route::ProofVerify, request, body).await)?;
        self.verify_proof_body(request, &json).await
    }

    pub(super) async fn verify_proof_body(
        &self,
        request: &Request<'_>,
        json: &[u8],
    ) -> Result<Proof, ServiceError> {
        let parsed = RegistrationResponse::from_json(json).map_err(ServiceError::from);
        let response = self.recorded(&Caller::default(), parsed)?;
        self.finish_proof(&self.anonymous_caller(request), &response).await
    }

    /// The browser with its ceremonies, and the address of a request. The session is not read.
    pub(super) fn anonymous_caller(&self, request: &Request<'_>) -> Caller {
        let client = Client::new(self.client_address(request).as_deref(), None);
        let (browser, sealed) = (self.cookies().browser(request), self.cookies().sealed(request));
        Caller { browser, client, page: page(request), sealed, ..Caller::default() }
    }

    /// The response to a request that was rejected by an extractor or a handler of the application, with the headers of every
    /// response of the interface. Of the request, only the header `origin` is used.
    pub fn error_response(&self, request: &Request<'_>, error: &ServiceError) -> Response {
        let config = self.http_config();
        self.plain_error_response(error).with_security_headers(config).for_front_end(config, request)
    }

    pub(super) fn plain_error_response(&self, error: &ServiceError) -> Response {
        Response::error(error, self.http_config().problem_type_base.as_deref())
    }

    /// Records an error of a request whose action is not known yet.
    pub(super) fn recorded<T>(
        &self,
        caller: &Caller,
        result: Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        if result.is_err() {
            self.record(&caller.event(Action::Request), &result);
        }
        result
    }

    /// Records an error of a request whose session has not been read.
    pub(super) fn recorded_early<T>(
        &self,
        request: &Request<'_>,
        result: Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        if result.is_err() {
            let caller = Caller { client: self.client(request), ..Caller::default() };
            return self.recorded(&caller, result);
        }
        result
    }
}

/// The origin of the page that sent a request; empty if the client does not report it.
fn page(request: &Request<'_>) -> String {
    let origin = request.header("origin").next().and_then(|origin| std::str::from_utf8(origin).ok());
    origin.unwrap_or_default().to_owned()
}
