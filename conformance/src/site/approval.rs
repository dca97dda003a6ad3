//! A second factor at another service: the browser is redirected to it with signed state, the user approves there, and the
//! browser returns with a code, as with Duo's Universal Prompt.
//!
//! The factor makes the signed state, and exchanges the code that the browser brings back.

mod provider;

use std::time::Duration;

pub use provider::start_provider;
use rp_core::base64url;
use rp_service::{
    Enrolment, FactorError, FactorFuture, FactorName, FactorOptions, FactorOutcome, FactorRequest, KeyRing,
    SecondFactor, SessionId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

/// Approval at another service.
#[derive(Debug)]
pub struct Approval {
    provider: String,
    /// Shared with the provider.
    shared: KeyRing,
    agent: ureq::Agent,
}

/// The state that the service stores for each user: the open question. Its nonce makes an answer valid once.
#[derive(Default, Serialize, Deserialize)]
struct State {
    nonce: Option<String>,
}

/// The state that the browser carries to the provider and back: it is encrypted, and only this session can use it.
#[derive(Serialize, Deserialize)]
struct Signed {
    session: SessionId,
    nonce: String,
}

/// The question of the site: sealed with the shared key, in the URL.
#[derive(Serialize, Deserialize)]
struct Question {
    user: String,
    /// Returned as it is.
    state: String,
}

/// The answer of the user: sealed with the shared key, in exchange for the code.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answer {
    user: String,
    state: String,
    is_approved: bool,
}

/// The response that the browser brings back.
#[derive(Deserialize)]
struct Returned {
    code: String,
    state: String,
}

impl Approval {
    /// The factor at the service with this address. `shared` is the key that both have.
    #[must_use]
    pub fn new(provider: &str, shared: KeyRing) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(10)))
            .proxy(None)
            .http_status_as_error(false);
        Self { provider: provider.to_owned(), shared, agent: config.build().into() }
    }

    /// The state to store, and the URL to which the page goes.
    fn ask(
        &self,
        request: &FactorRequest<'_>,
    ) -> Result<(Vec<u8>, Map<String, serde_json::Value>), FactorError> {
        // 128 random bits.
        let nonce = base64url::encode(SessionId::random()?.as_bytes());
        let expires_at = request.now.saturating_add(LIFETIME);
        let signed = Signed { session: request.session, nonce: nonce.clone() };
        let state = request.keys.seal_token(PURPOSE, &signed, expires_at)?;
        let question = Question { user: request.user.handle.to_string(), state };
        let question = self.shared.seal_token("question", &question, expires_at)?;
        let mut response = Map::new();
        response.insert("url".into(), format!("{}/authorize?question={question}", self.provider).into());
        let state = serde_json::to_vec(&State { nonce: Some(nonce) }).map_err(FactorError::unavailable)?;
        Ok((state, response))
    }

    /// Checks the state, and exchanges the code.
    async fn check(&self, request: &FactorRequest<'_>) -> Result<FactorOutcome, FactorError> {
        let invalid = |reason| FactorError::Invalid { reason };
        let Returned { code, state } = request.parse()?;
        let signed: Signed = request
            .keys
            .open_token(PURPOSE, &state, request.now)
            .map_err(|_| invalid("the state is not ours, or has expired"))?;
        let stored: State = serde_json::from_slice(request.state).map_err(|_| FactorError::Unreadable)?;
        if signed.session != request.session || stored.nonce.as_ref() != Some(&signed.nonce) {
            return Err(invalid("the state belongs to another sign-in, or was used"));
        }
        let (agent, url) = (self.agent.clone(), format!("{}/token", self.provider));
        let answered = tokio::task::spawn_blocking(move || {
            agent.post(url).send_json(json!({ "code": code }))?.body_mut().read_json::<String>()
        });
        let answered = answered.await.map_err(FactorError::unavailable)?.map_err(FactorError::unavailable)?;
        let answer: Answer = self
            .shared
            .open_token("answer", &answered, request.now)
            .map_err(|_| invalid("the provider did not answer"))?;
        if !answer.is_approved || answer.user != request.user.handle.to_string() || answer.state != state {
            return Err(invalid("not approved"));
        }
        let closed = serde_json::to_vec(&State::default()).map_err(FactorError::unavailable)?;
        Ok(FactorOutcome::new(closed))
    }
}

impl SecondFactor for Approval {
    fn name(&self) -> FactorName {
        FactorName::parse("approval").unwrap_or(FactorName::TOTP)
    }

    fn enrol<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, Enrolment> {
        Box::pin(async move {
            let (state, response) = self.ask(&request)?;
            Ok(Enrolment::pending(state, response.into()))
        })
    }

    fn confirm<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOutcome> {
        Box::pin(async move { self.check(&request).await })
    }

    fn options<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOptions> {
        Box::pin(async move {
            let (state, response) = self.ask(&request)?;
            Ok(FactorOptions::with_state(state, response))
        })
    }

    fn verify<'a>(&'a self, request: FactorRequest<'a>) -> FactorFuture<'a, FactorOutcome> {
        Box::pin(async move { self.check(&request).await })
    }
}

/// The purpose of the sealed state.
const PURPOSE: &str = "approval at the provider";

/// How long the user may take to approve.
const LIFETIME: Duration = Duration::from_secs(300);
