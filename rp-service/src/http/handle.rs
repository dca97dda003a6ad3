use rp_core::{AuthenticationResponse, CredentialId, RegistrationResponse, base64url};

use super::body::{self, AuthenticationOptions, BesideResponse, RegistrationOptions, Rename};
use super::{Answer, Request, Route, guard};
use crate::event::{Action, Trail};
use crate::passkeys::{Authentication, BrowserId, Passkeys, Registration, SignUp};
use crate::refusal::Refusal;
use crate::session::{RequestSession, SessionChange, SessionData};
use crate::store::{CeremonyStore, CredentialStore, StoreError};

impl<S: CeremonyStore + CredentialStore> Passkeys<S> {
    /// Answers a request to a route of the interface. A session that a ceremony signs in or steps up is kept, and
    /// one that is signed out has ended, when this is done; what the browser has from then on stands in the answer.
    pub async fn handle(&self, route: Route, request: &Request<'_>, session: &impl RequestSession) -> Answer {
        let held = session.data();
        let answer = match route {
            Route::RegistrationOptions => self.registration_options(request, held).await,
            Route::RegistrationVerify => self.registration_verify(request, session).await,
            Route::AuthenticationOptions => self.authentication_options(request, held).await,
            Route::AuthenticationVerify => self.authentication_verify(request, session).await,
            Route::Credentials => {
                self.credentials(held).await.map(|list| Answer::json(200, &self.credentials_json(&list)))
            }
            Route::RenameCredential => self.rename_credential(request, held).await,
            Route::DeleteCredential => self.delete_credential(request, held).await,
            Route::Signal => self.signal(held).await.map(|signal| Answer::json(200, &signal)),
            Route::SignOut => self.sign_out(request, session).await,
            Route::WellKnownWebauthn => Ok(Answer::json(200, &self.well_known_webauthn())),
            Route::WellKnownPasskeyEndpoints => Ok(match self.well_known_passkey_endpoints() {
                Some(endpoints) => Answer::json(200, endpoints),
                None => Answer::empty(404),
            }),
        };
        let answer = answer.unwrap_or_else(|refusal| {
            let answer = Answer::refusal(&refusal);
            match refusal {
                // Its account is gone: kept, it would stand in the way of every sign-in.
                Refusal::NotSignedIn if held.is_some() => answer.with_session(SessionChange::End),
                _ => answer,
            }
        });
        answer.for_route(route)
    }

    /// A registration that a request brings to an application's own handler: what
    /// [`Route::RegistrationVerify`] does, with the answer left to the application. The session that
    /// [`Registration::session`] says is kept by then; a refusal is answered by [`Answer::refusal`].
    ///
    /// # Errors
    /// [`Refusal`], as [`Passkeys::finish_registration`] and the rules for requests have it.
    pub async fn verified_registration(
        &self,
        request: &Request<'_>,
        session: &impl RequestSession,
    ) -> Result<Registration, Refusal> {
        let read = self.read(Route::RegistrationVerify, request).and_then(|json| {
            let response = RegistrationResponse::from_json(json)?;
            let beside: BesideResponse = body::parse(json)?;
            Ok((response, beside.nickname))
        });
        let (response, nickname) = self.recorded(read)?;
        let browser = self.cookies().browser(request);
        self.finish_registration(
            browser.as_ref(),
            session,
            &response,
            nickname.as_deref(),
            request.peer.as_deref(),
        )
        .await
    }

    /// An authentication that a request brings to an application's own handler: what
    /// [`Route::AuthenticationVerify`] does, with the answer left to the application. A session that holds
    /// [`Authentication::session`] is kept by then; a refusal is answered by [`Answer::refusal`].
    ///
    /// # Errors
    /// [`Refusal`], as [`Passkeys::finish_authentication`] and the rules for requests have it.
    pub async fn verified_authentication(
        &self,
        request: &Request<'_>,
        session: &impl RequestSession,
    ) -> Result<Authentication, Refusal> {
        let read = self
            .read(Route::AuthenticationVerify, request)
            .and_then(|json| Ok(AuthenticationResponse::from_json(json)?));
        let response = self.recorded(read)?;
        let browser = self.cookies().browser(request);
        self.finish_authentication(browser.as_ref(), session, &response).await
    }

    /// The rules for requests that change state, for routes of the application's own.
    ///
    /// # Errors
    /// [`Refusal::CrossSite`].
    pub fn check_site(&self, request: &Request<'_>) -> Result<(), Refusal> {
        self.recorded(guard::check_site(self.relying_party(), Route::SignOut, request))
    }

    /// What is answered where the session store fails, before or after the service was asked: 503, with
    /// nothing in it of what the store said, which goes into an event.
    pub fn storage_failed(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Answer {
        let refusal = Refusal::Storage(StoreError::unavailable(error));
        self.record_refusal(&Trail::new(Action::Request), &refusal);
        Answer::refusal(&refusal)
    }

    async fn registration_options(
        &self,
        request: &Request<'_>,
        session: Option<&SessionData>,
    ) -> Result<Answer, Refusal> {
        let read = self.read(Route::RegistrationOptions, request).and_then(|json| {
            let form: RegistrationOptions = body::parse(json)?;
            match form {
                RegistrationOptions { username: Some(_), mediation: Some(_), .. } => {
                    Err(unfit("mediation is for a signed-in account, without a username"))
                }
                RegistrationOptions { username: None, display_name: Some(_), .. } => {
                    Err(unfit("displayName without a username"))
                }
                fit => Ok(fit),
            }
        });
        let form = self.recorded(read)?;
        let (browser, is_new) = self.browser(request)?;
        let options = match &form.username {
            Some(username) => {
                let display_name = form.display_name.as_deref();
                let sign_up = SignUp { username, display_name, peer: request.peer.as_deref() };
                self.start_sign_up(&browser, session, sign_up).await?
            }
            None => self.start_adding(&browser, session, form.mediation).await?,
        };
        Ok(self.with_browser(Answer::json(200, &options.public_key), &browser, is_new))
    }

    async fn registration_verify(
        &self,
        request: &Request<'_>,
        session: &impl RequestSession,
    ) -> Result<Answer, Refusal> {
        let registration = self.verified_registration(request, session).await?;
        let answer = Answer::json(201, &self.credential_json(&registration.passkey));
        Ok(answer.with_session(registration.session))
    }

    async fn authentication_options(
        &self,
        request: &Request<'_>,
        session: Option<&SessionData>,
    ) -> Result<Answer, Refusal> {
        let read = self.read(Route::AuthenticationOptions, request).and_then(|json| {
            let form: AuthenticationOptions = body::parse(json)?;
            match form {
                AuthenticationOptions { username: Some(_), purpose: Some(_) } => {
                    Err(unfit("a step-up is the signed-in account's, and takes no username"))
                }
                fit => Ok(fit),
            }
        });
        let form = self.recorded(read)?;
        let (browser, is_new) = self.browser(request)?;
        let options = match form.purpose {
            Some(body::Purpose::StepUp) => self.start_step_up(&browser, session).await?,
            None => self.start_sign_in(&browser, session, form.username.as_deref()).await?,
        };
        Ok(self.with_browser(Answer::json(200, &options.public_key), &browser, is_new))
    }

    async fn authentication_verify(
        &self,
        request: &Request<'_>,
        session: &impl RequestSession,
    ) -> Result<Answer, Refusal> {
        let authentication = self.verified_authentication(request, session).await?;
        let answer = Answer::json(200, &self.authentication_json(&authentication));
        Ok(answer.with_session(SessionChange::Renew(authentication.session)))
    }

    async fn rename_credential(
        &self,
        request: &Request<'_>,
        session: Option<&SessionData>,
    ) -> Result<Answer, Refusal> {
        let read = self.read(Route::RenameCredential, request).and_then(body::parse::<Rename>);
        let form = self.recorded(read)?;
        let id = self.require_session(session).and_then(|_| credential_id(request));
        let passkey = self.rename(session, &self.recorded(id)?, &form.nickname).await?;
        Ok(Answer::json(200, &self.credential_json(&passkey)))
    }

    async fn delete_credential(
        &self,
        request: &Request<'_>,
        session: Option<&SessionData>,
    ) -> Result<Answer, Refusal> {
        self.recorded(guard::check_site(self.relying_party(), Route::DeleteCredential, request))?;
        let id = self.require_fresh(session).and_then(|_| credential_id(request));
        self.delete(session, &self.recorded(id)?).await?;
        Ok(Answer::empty(204))
    }

    async fn sign_out(
        &self,
        request: &Request<'_>,
        session: &impl RequestSession,
    ) -> Result<Answer, Refusal> {
        self.recorded(guard::check_site(self.relying_party(), Route::SignOut, request))?;
        let Some(held) = session.data() else { return Ok(Answer::empty(204)) };
        let mut trail = Trail::new(Action::SignOut);
        trail.account = Some(held.user_handle.clone());
        let ended = session.end().await.map_err(Refusal::from);
        self.record(&trail, &ended);
        ended.map(|()| Answer::empty(204).with_session(SessionChange::End))
    }

    /// What every request with a body has to stand before the body is read.
    fn read<'a>(&self, route: Route, request: &'a Request<'_>) -> Result<&'a [u8], Refusal> {
        guard::check_site(self.relying_party(), route, request)?;
        guard::json_body(request)
    }

    fn recorded<T>(&self, result: Result<T, Refusal>) -> Result<T, Refusal> {
        if result.is_err() {
            self.record(&Trail::new(Action::Request), &result);
        }
        result
    }

    /// The browser, and whether it is new here.
    fn browser(&self, request: &Request<'_>) -> Result<(BrowserId, bool), Refusal> {
        match self.cookies().browser(request) {
            Some(browser) => Ok((browser, false)),
            None => Ok((BrowserId::random()?, true)),
        }
    }

    fn with_browser(&self, answer: Answer, browser: &BrowserId, is_new: bool) -> Answer {
        if is_new {
            answer.with("set-cookie", self.cookies().ceremony().set(&browser.to_cookie_value()))
        } else {
            answer
        }
    }
}

fn unfit(detail: &str) -> Refusal {
    Refusal::Body { detail: detail.into() }
}

/// `{id}` of the path; what is no credential ID is one that nobody has.
fn credential_id(request: &Request<'_>) -> Result<CredentialId, Refusal> {
    let bytes = request.id.as_deref().and_then(|id| base64url::decode(id).ok());
    let id = bytes.and_then(|bytes| CredentialId::try_from(bytes.as_slice()).ok());
    id.ok_or(Refusal::NoSuchCredential)
}
