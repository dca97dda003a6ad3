//! The server: routes and ceremonies.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rp_core::options::{AttestationConveyancePreference, UserVerificationRequirement};
use rp_core::trust::TrustError;
use rp_core::{
    Algorithm, AllowedCredentials, AuthenticationResponse, Challenge, Code, CollectedClientData,
    CredentialRecord, MAX_JSON_LEN, RandomnessError, RegistrationResponse, StaticAnchors, Timestamp,
    TrustSource, UserHandle,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::account::Accounts;
use super::check::Check;
use super::config::{Config, ServeError, relying_party};
use super::pending::{Ceremonies, Kind, Pending, cookie, session_of};
use super::rejection::{Rejection, rejection};
use super::request::{AssertionRequest, CreationRequest};
use crate::http::{HttpRequest, HttpResponse};

/// The server: accounts and pending ceremonies in memory.
#[derive(Debug)]
pub struct Server {
    config: Config,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    accounts: Accounts,
    ceremonies: Ceremonies,
}

impl Server {
    /// A server without accounts.
    ///
    /// # Errors
    /// [`ServeError::Config`] if the configuration is contradictory.
    pub fn new(config: Config) -> Result<Self, ServeError> {
        relying_party(&config, &CreationRequest::default(), None)?;
        Ok(Self { config, state: Mutex::default() })
    }

    /// Responds to a request.
    #[must_use]
    pub fn handle(&self, request: &HttpRequest) -> HttpResponse {
        self.handle_at(request, Timestamp::now())
    }

    /// Responds to a request at a given time.
    #[must_use]
    pub fn handle_at(&self, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        if request.method != "POST" {
            return failed(405, "the binding has only POST");
        }
        if request.body.len() > MAX_JSON_LEN {
            return failed(413, "the body is too large");
        }
        let body = &request.body;
        let session = session_of(request);
        let result = match request.path.as_str() {
            "/attestation/options" => self.start_registration(body, now),
            "/assertion/options" => self.start_authentication(body, now),
            "/attestation/result" => self.finish_registration(body, session, now),
            "/assertion/result" => self.finish_authentication(body, session, now),
            _ => return failed(404, "not a route of the binding"),
        };
        match result {
            Ok((members, session)) => {
                let mut response = respond(200, "", members);
                let cookie = |id: String| ("set-cookie".to_owned(), cookie(&id, &self.config.origin));
                response.headers.extend(session.map(cookie));
                response
            }
            Err(rejection) => failed(rejection.status, &rejection.to_string()),
        }
    }

    fn start_registration(&self, body: &[u8], now: Timestamp) -> Handled {
        let request: CreationRequest = parse(body)?;
        let mut state = self.state();
        let display_name = request.display_name.as_deref().unwrap_or(&request.username);
        let account = state.accounts.get_or_new(&request.username, display_name)?;
        let (user, existing) = (account.user, account.credentials);
        let (challenge, extensions) = (self.challenge()?, request.extensions.clone());
        let (options, _) = relying_party(&self.config, &request, None)?
            .registration(&user)
            .exclude(&existing)
            .extensions(inputs(extensions.as_ref()))
            .start_recorded(challenge.clone(), now);
        let mut members = members(&options.public_key);
        members.extend(extensions.map(|extensions| ("extensions".to_owned(), extensions.into())));
        let kind = Kind::Registration { request, user, existing };
        Ok((members, Some(state.ceremonies.put(Pending { challenge, started_at: now, kind })?)))
    }

    fn start_authentication(&self, body: &[u8], now: Timestamp) -> Handled {
        let request: AssertionRequest = parse(body)?;
        let mut state = self.state();
        let (account, credentials) = match request.username.as_deref().filter(|name| !name.is_empty()) {
            None => (None, Vec::new()),
            Some(name) => {
                let unknown = || Rejection::new(Code::CredentialNotAllowed, "the user has no credential");
                let account = state.accounts.get(name).ok_or_else(unknown)?;
                (Some(account.user.handle.clone()), account.credentials.clone())
            }
        };
        let (challenge, extensions) = (self.challenge()?, request.extensions.clone());
        let (options, _) = relying_party(&self.config, &CreationRequest::default(), None)?
            .authentication(allowed(account.clone(), &credentials))
            .user_verification(request.user_verification)
            .extensions(inputs(extensions.as_ref()))
            .start_recorded(challenge.clone(), now);
        let mut members = members(&options.public_key);
        members.extend(extensions.map(|extensions| ("extensions".to_owned(), extensions.into())));
        let kind = Kind::Authentication { request, account, credentials };
        Ok((members, Some(state.ceremonies.put(Pending { challenge, started_at: now, kind })?)))
    }

    fn finish_registration(&self, body: &[u8], session: Option<String>, now: Timestamp) -> Handled {
        let mut state = self.state();
        let pending = state.ceremonies.take(session, self.lacks(Check::SingleUse))?;
        let Kind::Registration { mut request, user, existing } = pending.kind.clone() else {
            return Err(Rejection::new(Code::ChallengeMismatch, "the pending ceremony is an authentication"));
        };
        let response = RegistrationResponse::from_json(body).map_err(|error| rejection!(error))?;
        if self.lacks(Check::UserVerification) {
            request.authenticator_selection.user_verification = UserVerificationRequirement::Preferred;
        }
        let origin = self.foreign_origin(response.client_data());
        let mut config = self.config.clone();
        if self.lacks(Check::Algorithm) {
            config.algorithms = Algorithm::SUPPORTED.to_vec();
        }
        let rp = relying_party(&config, &request, origin)?;
        let (_, started) = rp
            .registration(&user)
            .exclude(&existing)
            .extensions(inputs(request.extensions.as_ref()))
            .start_recorded(self.expected_challenge(&pending, response.client_data()), pending.started_at);
        let none = StaticAnchors::none();
        let trust: &dyn TrustSource = match &self.config.trust {
            Some(trust) => &**trust,
            None => &none,
        };
        let registered =
            rp.finish_registration(started, &response, trust, now).map_err(|error| rejection!(error))?;
        if let Err(error) = &registered.attestation.trust
            && self.requires_trust(error, request.attestation)
        {
            return Err(rejection!(error));
        }
        let record = registered.credential;
        if state.accounts.credential(record.id.as_bytes()).is_some() && !self.lacks(Check::CredentialExists) {
            return Err(Rejection::new(Code::CredentialExists, "the credential ID is registered already"));
        }
        state.accounts.add(&user, record);
        Ok((Map::new(), None))
    }

    /// Whether a statement must be trusted: if there are metadata, attestation was requested, and the statement has
    /// certificates.
    fn requires_trust(&self, error: &TrustError, requested: AttestationConveyancePreference) -> bool {
        let has_certificates =
            !matches!(error, TrustError::None | TrustError::SelfAttestation | TrustError::NotVerified);
        self.config.trust.is_some()
            && requested != AttestationConveyancePreference::None
            && has_certificates
            && !self.lacks(Check::Trust)
    }

    fn finish_authentication(&self, body: &[u8], session: Option<String>, now: Timestamp) -> Handled {
        let mut state = self.state();
        let pending = state.ceremonies.take(session, self.lacks(Check::SingleUse))?;
        let Kind::Authentication { mut request, mut account, mut credentials } = pending.kind.clone() else {
            return Err(Rejection::new(Code::ChallengeMismatch, "the pending ceremony is a registration"));
        };
        let response = AuthenticationResponse::from_json(body).map_err(|error| rejection!(error))?;
        let known = state.accounts.credential(response.id()).cloned();
        let mut record =
            known.ok_or_else(|| Rejection::new(Code::CredentialNotAllowed, "the credential is not known"))?;
        if self.lacks(Check::UserVerification) {
            request.user_verification = UserVerificationRequirement::Preferred;
        }
        if self.lacks(Check::BackupEligibility) {
            record.backup_eligible = None;
        }
        if self.lacks(Check::Account) && account.is_some() {
            (account, credentials) = (Some(record.user_handle.clone()), Vec::new());
        }
        if self.lacks(Check::UserHandle) {
            let sent = response.user_handle().and_then(|handle| UserHandle::try_from(handle).ok());
            record.user_handle = sent.unwrap_or_else(|| record.user_handle.clone());
            account = Some(record.user_handle.clone());
        }
        let origin = self.foreign_origin(response.client_data());
        let rp = relying_party(&self.config, &CreationRequest::default(), origin)?;
        let (_, started) = rp
            .authentication(allowed(account, &credentials))
            .user_verification(request.user_verification)
            .extensions(inputs(request.extensions.as_ref()))
            .start_recorded(self.expected_challenge(&pending, response.client_data()), pending.started_at);
        let authenticated =
            rp.finish_authentication(started, &response, &record, now).map_err(|error| rejection!(error))?;
        state.accounts.update(&authenticated.update);
        Ok((Map::new(), None))
    }

    fn challenge(&self) -> Result<Challenge, RandomnessError> {
        match self.lacks(Check::FreshChallenge) {
            true => Ok(Challenge::recorded(&[7; 32])),
            false => Challenge::random(),
        }
    }

    /// The challenge that was sent; without the check, the one that was received.
    fn expected_challenge(&self, pending: &Pending, client_data: &CollectedClientData) -> Challenge {
        let received = client_data.decode_challenge().ok().filter(|_| self.lacks(Check::Challenge));
        received.unwrap_or_else(|| pending.challenge.clone())
    }

    /// Without the check of origins, the one that was received.
    fn foreign_origin<'a>(&self, client_data: &'a CollectedClientData) -> Option<&'a str> {
        Some(client_data.origin()).filter(|origin| self.lacks(Check::Origin) && *origin != self.config.origin)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lacks(&self, check: Check) -> bool {
        self.config.without == Some(check)
    }
}

/// The members of a response, and the session that its cookie names.
type Success = (Map<String, Value>, Option<String>);
type Handled = Result<Success, Rejection>;

fn failed(status: u16, message: &str) -> HttpResponse {
    respond(status, message, Map::new())
}

/// A response with `status` and `errorMessage` before the other members.
fn respond(status: u16, message: &str, members: Map<String, Value>) -> HttpResponse {
    let word = if status == 200 { "ok" } else { "failed" };
    let mut body =
        Map::from_iter([("status".to_owned(), json!(word)), ("errorMessage".to_owned(), json!(message))]);
    body.extend(members);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    HttpResponse {
        status,
        headers: vec![header("content-type", "application/json"), header("cache-control", "no-store")],
        body: Value::Object(body).to_string().into_bytes(),
    }
}

fn allowed(account: Option<UserHandle>, credentials: &[CredentialRecord]) -> AllowedCredentials {
    match account {
        Some(account) => AllowedCredentials::account(account, credentials),
        None => AllowedCredentials::discoverable(),
    }
}

fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Rejection> {
    serde_json::from_slice(body).map_err(|error| Rejection::new(Code::MalformedJson, error))
}

/// The extension inputs that rp-core knows. The others are returned in the options and have no output.
fn inputs<T: Default + for<'de> Deserialize<'de>>(extensions: Option<&Map<String, Value>>) -> T {
    extensions.and_then(|extensions| T::deserialize(extensions).ok()).unwrap_or_default()
}

fn members(options: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(options) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
