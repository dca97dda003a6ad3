use std::future::Future;

use rp_core::{CredentialId, base64url};
use serde_json::{Map, Value};

use super::body::{
    self, AuthenticationOptions, ChangeUser, ConfirmAuthorization, RegistrationOptions, RenameCredential,
    SessionPurpose,
};
use super::browser_module::BrowserModule;
use super::guard;
use super::request::{Body, MAX_BODY_BYTES, Request};
use super::response::Response;
use super::route::Route;
use super::timing::{wait_for_next_multiple, within};
use crate::error::ServiceError;
use crate::factor_name::FactorName;
use crate::json::{DeletionJson, LocationJson, ProofJson, RegistrationJson, UserChangeJson, UserJson};
use crate::passkeys::{Authentication, BrowserId, Caller, NewUser, Passkeys};
use crate::session::SessionId;
use crate::telemetry::BrowserReport;

impl Passkeys {
    /// Responds to a request to a route of the interface. `body` is awaited only if the route has a body, and only after
    /// the origin and the media type were checked.
    pub async fn handle(
        &self,
        route: Route,
        request: &Request<'_>,
        body: impl Future<Output = Body>,
    ) -> Response {
        if self.is_off(route) {
            let response = Response::empty(404).for_route(route).with_security_headers(self.http_config());
            return response.for_front_end(self.http_config(), request);
        }
        let body = self.read(route, request, body).await;
        let body = match route {
            // Events of proofs contain nothing about the client.
            Route::ProofOptions | Route::ProofVerify => self.recorded(&Caller::default(), body),
            _ => self.recorded_early(request, body),
        };
        // Not before: a client chooses how long its body takes.
        let started_at = self.timer().elapsed();
        let responded = match body {
            Ok(json) => self.respond(route, request, &json).await,
            Err(error) => Err(error),
        };
        let (response, hides_time) = match responded {
            Ok(response) => response,
            Err(error) => {
                let hides_time =
                    route == Route::AuthenticationOptions || matches!(error, ServiceError::Redacted(_));
                let response = match route {
                    Route::Authorize => self.rejected_page(&error),
                    _ => self.plain_error_response(&error),
                };
                (response, hides_time)
            }
        };
        if hides_time {
            wait_for_next_multiple(self.timer(), started_at).await;
        }
        let response = response.for_route(route).with_security_headers(self.http_config());
        crate::metrics::time_request(
            route,
            response.status,
            self.timer().elapsed().saturating_sub(started_at),
        );
        response.for_front_end(self.http_config(), request)
    }

    /// Responds to a request with a method that none of the routes of its path has: to the preflight request of a front
    /// end, and else with 405.
    pub fn handle_other_method(&self, method: &str, routes: &[Route], request: &Request<'_>) -> Response {
        let methods = routes.iter().map(|route| match route.method() {
            // A server that has GET has HEAD.
            "GET" => "GET,HEAD",
            method => method,
        });
        let methods = methods.collect::<Vec<_>>().join(",");
        let config = self.http_config();
        let response = if method == "OPTIONS" && config.front_end_of(request).is_some() {
            Response::empty(204)
                .with("access-control-allow-methods", methods)
                .with("access-control-allow-headers", "content-type, authorization".into())
                .with("access-control-max-age", PREFLIGHT_SECONDS.into())
        } else {
            Response::empty(405).with("allow", methods)
        };
        let response = response.with("cache-control", "no-store".into()).with_security_headers(config);
        response.for_front_end(config, request)
    }

    async fn respond(
        &self,
        route: Route,
        request: &Request<'_>,
        json: &[u8],
    ) -> Result<(Response, bool), ServiceError> {
        let caller = if route.has_caller() {
            self.recorded_early(request, self.caller(request).await)?
        } else {
            Caller::default()
        };
        let response = match route {
            Route::RegistrationOptions => self.registration_options(caller, json).await,
            Route::RegistrationVerify => self.registration_response(&caller, json).await,
            Route::AuthenticationOptions => return self.authentication_options(caller, json).await,
            // The response would verify, and no one would be signed in.
            Route::AuthenticationVerify | Route::VerifyFactor if self.has_application_sessions() => {
                let missing = "a handler of the application, because the application keeps the sessions,";
                self.recorded(&caller, Err(ServiceError::Misconfigured { missing }))
            }
            Route::SignOut | Route::Sessions | Route::EndSession | Route::EndOtherSessions
                if self.has_application_sessions() =>
            {
                let missing = "a handler of the application, because the application keeps the sessions,";
                self.recorded(&caller, Err(ServiceError::Misconfigured { missing }))
            }
            Route::AuthenticationVerify => self.authentication_response(&caller, json).await,
            Route::Session => Ok(Response::json(200, &self.session(&caller).await?)),
            Route::SignOut => {
                self.sign_out(&caller).await?;
                let ended = caller.session.is_some().then(|| self.cookies().session().remove());
                Ok(Response::empty(204).with_cookie(ended))
            }
            Route::Sessions => Ok(Response::json(200, &self.sessions(&caller).await?)),
            Route::EndOtherSessions => {
                self.end_other_sessions(&caller).await?;
                Ok(Response::empty(204))
            }
            Route::EndSession => self.end_one_session(&caller, request).await,
            Route::Credentials => {
                let passkeys = self.passkeys(&caller).await?;
                Ok(Response::json(200, &self.credentials_json(&passkeys)))
            }
            Route::Signal => Ok(Response::json(200, &self.signal(&caller).await?)),
            Route::RenameCredential => {
                let form: RenameCredential = self.recorded(&caller, body::parse(json))?;
                self.recorded(&caller, caller.signed_in())?;
                let id = self.recorded(&caller, credential_id(request))?;
                let passkey = self.rename_passkey(&caller, &id, &form.nickname).await?;
                Ok(Response::json(200, &self.credential_json(&passkey)))
            }
            Route::DeleteCredential => self.delete_credential(&caller, request).await,
            Route::ChangeUser => {
                let form: ChangeUser = self.recorded(&caller, body::parse(json))?;
                let (user, signal) = self.change_display_name(&caller, &form.display_name).await?;
                Ok(Response::json(200, &UserChangeJson { user: UserJson::new(&user), signal }))
            }
            Route::Factors => Ok(Response::json(200, &self.factors(&caller).await?)),
            Route::EnrolFactor | Route::ConfirmFactor | Route::FactorOptions | Route::VerifyFactor => {
                self.use_factor_route(route, &caller, request, json).await
            }
            Route::DeleteFactor => {
                self.recorded(&caller, caller.signed_in())?;
                let name = self.recorded(&caller, factor_name(request))?;
                Ok(Response::json(200, &self.delete_factor(&caller, &name).await?))
            }
            Route::Authorize => self.authorization_page(caller, request).await,
            Route::ConfirmAuthorization => {
                let form: ConfirmAuthorization = self.recorded(&caller, body::parse(json))?;
                let location = self.confirm_authorization(&caller, &form.request).await?;
                Ok(Response::json(200, &LocationJson { location }))
            }
            Route::Token => self.token_response(request, json).await,
            Route::Telemetry => {
                let report: BrowserReport = self.recorded_early(request, body::parse(json))?;
                report.count();
                Ok(Response::empty(204))
            }
            Route::BrowserModule => Ok(BrowserModule::Passkeys.response(request)),
            Route::GermanTexts => Ok(BrowserModule::GermanTexts.response(request)),
            Route::TelemetryModule => Ok(BrowserModule::Telemetry.response(request)),
            Route::ProofOptions | Route::ProofVerify => self.proof(route, request, json).await,
            Route::WellKnownWebauthn => Ok(Response::json(200, &self.related_origins())),
            Route::WellKnownPasskeyEndpoints => Ok(match self.passkey_endpoints() {
                Some(endpoints) => Response::json(200, endpoints),
                None => Response::empty(404),
            }),
        };
        response.map(|response| (response, false))
    }

    /// Whether a route belongs to a part of the service that is not switched on.
    fn is_off(&self, route: Route) -> bool {
        match route {
            Route::ProofOptions | Route::ProofVerify => !self.accepts_proofs(),
            Route::Authorize | Route::ConfirmAuthorization | Route::Token => !self.accepts_command_lines(),
            Route::Telemetry => !self.http_config().telemetry,
            _ => false,
        }
    }

    /// Checks what can be checked before the body is read, and reads the body if the route has one.
    pub(super) async fn read(
        &self,
        route: Route,
        request: &Request<'_>,
        body: impl Future<Output = Body>,
    ) -> Result<Vec<u8>, ServiceError> {
        if route.changes_state() {
            guard::check_site(self.relying_party(), self.cookies(), self.http_config(), request)?;
        }
        if !route.has_body() {
            return Ok(Vec::new());
        }
        guard::check_media_type(route, request)?;
        match within(self.timer(), self.http_config().body_time_limit, body).await {
            Some(Body::Complete(bytes)) if bytes.len() <= MAX_BODY_BYTES => Ok(bytes),
            Some(Body::Complete(_) | Body::TooLarge) => Err(ServiceError::BodyTooLarge),
            Some(Body::Incomplete) => Err(unexpected("the body is incomplete")),
            None => Err(unexpected("the body was too slow")),
        }
    }

    async fn registration_options(&self, mut caller: Caller, json: &[u8]) -> Result<Response, ServiceError> {
        let form = self.recorded(
            &caller,
            body::parse(json).and_then(|form: RegistrationOptions| match form {
                RegistrationOptions { username: Some(_), mediation: Some(_), .. } => {
                    Err(unexpected("mediation is for a signed-in user, without a username"))
                }
                RegistrationOptions { username: None, display_name: Some(_), .. } => {
                    Err(unexpected("displayName without a username"))
                }
                form => Ok(form),
            }),
        )?;
        let cookie = self.ensure_browser(&mut caller)?;
        let options = match &form.username {
            Some(username) => {
                let user = NewUser { username, display_name: form.display_name.as_deref() };
                self.start_sign_up(&caller, user).await?
            }
            None => self.start_add_passkey(&caller, form.mediation).await?,
        };
        let sealed = self.sealed_cookie(&caller);
        Ok(Response::json(200, &options.public_key).with_cookie(cookie).with_cookie(sealed))
    }

    async fn registration_response(&self, caller: &Caller, json: &[u8]) -> Result<Response, ServiceError> {
        let verified = self.verify_registration(caller, json).await?;
        let credential = self.credential_json(&verified.value.passkey);
        let token = verified.value.session.as_ref().and_then(Self::bearer_token);
        let body = RegistrationJson { credential, signal: verified.value.signal, token };
        Ok(Response::json(201, &body).with_cookie(verified.cookie))
    }

    /// The response, and whether its time could reveal whether a user exists.
    async fn authentication_options(
        &self,
        mut caller: Caller,
        json: &[u8],
    ) -> Result<(Response, bool), ServiceError> {
        let form = self.recorded(
            &caller,
            body::parse(json).and_then(|form: AuthenticationOptions| match form {
                AuthenticationOptions { username: Some(_), purpose: Some(_) } => {
                    Err(unexpected("a purpose is for the user of the session, without a username"))
                }
                form => Ok(form),
            }),
        )?;
        let cookie = self.ensure_browser(&mut caller)?;
        let options = match form.purpose {
            Some(SessionPurpose::StepUp) => self.start_step_up(&caller).await?,
            Some(SessionPurpose::SecondFactor) => self.start_second_factor(&caller).await?,
            None => self.start_sign_in(&caller, form.username.as_deref()).await?,
        };
        let sealed = self.sealed_cookie(&caller);
        let response = Response::json(200, &options.public_key).with_cookie(cookie).with_cookie(sealed);
        Ok((response, form.username.is_some()))
    }

    async fn authentication_response(&self, caller: &Caller, json: &[u8]) -> Result<Response, ServiceError> {
        let verified = self.verify_authentication(caller, json).await?;
        let Authentication { user, passkey, session, next, .. } = &verified.value;
        let token = Self::bearer_token(session);
        let body = self.session_json(&session.session, user, Some(passkey), next.clone(), token);
        Ok(Response::json(200, &body).with_cookie(verified.cookie))
    }

    /// The session of the request is not read: a proof has none.
    async fn proof(
        &self,
        route: Route,
        request: &Request<'_>,
        json: &[u8],
    ) -> Result<Response, ServiceError> {
        if route == Route::ProofVerify {
            let _ = self.verify_proof_body(request, json).await?;
            return Ok(Response::json(200, &GENUINE));
        }
        let _: Map<String, Value> = self.recorded(&Caller::default(), body::parse(json))?;
        let mut caller = self.anonymous_caller(request);
        let cookie = self.ensure_browser(&mut caller)?;
        let options = self.start_proof(&caller).await?;
        let sealed = self.sealed_cookie(&caller);
        Ok(Response::json(200, &options.public_key).with_cookie(cookie).with_cookie(sealed))
    }

    async fn use_factor_route(
        &self,
        route: Route,
        caller: &Caller,
        request: &Request<'_>,
        json: &[u8],
    ) -> Result<Response, ServiceError> {
        // The factor parses the body again, as its own type.
        let _: Map<String, Value> = self.recorded(caller, body::parse(json))?;
        self.recorded(caller, caller.any_session())?;
        let name = self.recorded(caller, factor_name(request))?;
        match route {
            Route::EnrolFactor => {
                Ok(Response::json(200, &self.start_factor_enrolment(caller, &name, json).await?))
            }
            Route::ConfirmFactor => Ok(Response::json(200, &self.confirm_factor(caller, &name, json).await?)),
            Route::FactorOptions => Ok(Response::json(200, &self.factor_options(caller, &name, json).await?)),
            _ => {
                let verified = self.verify_factor(caller, &name, json).await?;
                let opened = &verified.session;
                let passkey = self.passkey_of(&opened.session).await?;
                let token = Self::bearer_token(opened);
                let next = verified.next;
                let body = self.session_json(&opened.session, &verified.user, passkey.as_ref(), next, token);
                let cookie = self.session_cookie(opened);
                Ok(Response::json(200, &body).with_cookie(cookie))
            }
        }
    }

    async fn end_one_session(
        &self,
        caller: &Caller,
        request: &Request<'_>,
    ) -> Result<Response, ServiceError> {
        self.recorded(caller, caller.signed_in())?;
        let id = request.parameter.as_deref().and_then(SessionId::parse);
        let id = self.recorded(caller, id.ok_or(ServiceError::NoSuchSession))?;
        self.end_session(caller, &id).await?;
        let is_current = caller.session.as_ref().is_some_and(|current| current.session.id == id);
        let ended = is_current.then(|| self.cookies().session().remove());
        Ok(Response::empty(204).with_cookie(ended))
    }

    async fn delete_credential(
        &self,
        caller: &Caller,
        request: &Request<'_>,
    ) -> Result<Response, ServiceError> {
        let session = &self.recorded(caller, caller.signed_in())?.session;
        let id = self.recorded(caller, credential_id(request))?;
        let signal = self.delete_passkey(caller, &id).await?;
        let is_current = session.credential.as_ref() == Some(&id);
        let ended = is_current.then(|| self.cookies().session().remove());
        Ok(Response::json(200, &DeletionJson { signal }).with_cookie(ended))
    }

    /// The cookie of a ceremony that was sealed.
    fn sealed_cookie(&self, caller: &Caller) -> Option<String> {
        self.cookies().set_sealed(&caller.sealed, self.ceremony_lifetime())
    }

    /// Gives a new browser its ID. Returns the cookie.
    pub(super) fn ensure_browser(&self, caller: &mut Caller) -> Result<Option<String>, ServiceError> {
        if caller.browser.is_some() {
            return Ok(None);
        }
        let browser = BrowserId::random()?;
        let cookie = self.cookies().ceremony().set(&browser.to_cookie_value());
        caller.browser = Some(browser);
        Ok(Some(cookie))
    }
}

fn unexpected(detail: &str) -> ServiceError {
    ServiceError::Body { detail: detail.into() }
}

/// The `{id}` of the path. A text that is not a credential ID is the ID of no passkey.
fn credential_id(request: &Request<'_>) -> Result<CredentialId, ServiceError> {
    let bytes = request.parameter.as_deref().and_then(|id| base64url::decode(id).ok());
    let id = bytes.and_then(|bytes| CredentialId::try_from(bytes.as_slice()).ok());
    id.ok_or(ServiceError::NoSuchPasskey)
}

/// The whole result of a proof.
const GENUINE: ProofJson = ProofJson { genuine: true };

/// The `{name}` of the path. A text that is not a name is the name of no factor.
fn factor_name(request: &Request<'_>) -> Result<FactorName, ServiceError> {
    request.parameter.as_deref().and_then(FactorName::parse).ok_or(ServiceError::NoSuchFactor)
}

/// How long a browser may cache the response to a preflight request: ten minutes.
const PREFLIGHT_SECONDS: &str = "600";
