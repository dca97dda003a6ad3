//! Using a second factor other than a passkey.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::caller::Caller;
use super::ceremony::subject_of;
use super::factor_state::Target;
use super::next::{Next, recovery_key};
use super::service::Passkeys;
use super::sessions::OpenedSession;
use crate::admission::{AdmissionRequest, Purpose};
use crate::error::{NoCeremony, ServiceError};
use crate::event::{Action, EventBuilder};
use crate::factor::{FactorRole, SecondFactor};
use crate::factor_name::FactorName;
use crate::session::{Session, SessionState, VerifiedFactor};
use crate::store::{FactorRecord, FactorVersion, PutFactor, UserRecord};

/// A verified second factor; the session is renewed.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "the client needs the token of the session"]
pub struct FactorVerification {
    /// The user.
    pub user: UserRecord,
    /// The factor.
    pub factor: FactorName,
    /// The session.
    pub session: OpenedSession,
    /// The next step: [`Next::Enrol`] after a recovery code, else [`Next::SignedIn`].
    pub next: Next,
}

impl Passkeys {
    /// Starts a use of a second factor. Returns the factor's response, which the page needs.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `user-locked`, `factor-unknown`, `malformed-json`, `too-many-requests`,
    /// `storage-unavailable`.
    pub async fn factor_options(
        &self,
        caller: &Caller,
        name: &FactorName,
        body: &[u8],
    ) -> Result<Map<String, Value>, ServiceError> {
        let read = async {
            let session = &caller.any_session()?.session;
            let user = self.active_user(&session.user).await?;
            let factor = self.factor_for(session, &user, name).await?;
            let target = Target { factor: factor.as_ref(), user: &user, caller, session, body };
            self.count_attempt(self.inner.policy.limits.ceremonies_per_user, &subject_of(session)).await?;
            for _ in 0..MAX_RACES {
                let stored = self.enrolled(&user, name).await?;
                let state = self.unseal(&stored)?;
                let options = factor.options(self.factor_request(&target, &state)).await?;
                let Some(state) = options.state else { return Ok(options.response) };
                if self.write_state(&stored, &state, stored.last_used_at).await? {
                    return Ok(options.response);
                }
            }
            Err(ServiceError::NoCeremony(NoCeremony::FactorChanged))
        };
        let result = read.await;
        let mut event = caller.event(action_of(caller, name));
        event.factor = Some(name.clone());
        if let Err(error) = &result {
            self.record_error(&event, error);
        }
        result
    }

    /// Verifies a second factor. It completes the sign-in of a session in the state `first-factor`, and verifies the user of
    /// a signed-in session again. A recovery code authorises the enrolment of another factor instead.
    ///
    /// Order: the attempt is counted, the factor is used up, then the session is replaced.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `user-locked`, `factor-unknown`, `factor-invalid`, `malformed-json`,
    /// `no-ceremony` if a parallel request replaced the session, the reasons of the admission hook, `too-many-requests`,
    /// `storage-unavailable`. The session is what it was then.
    pub async fn verify_factor(
        &self,
        caller: &Caller,
        name: &FactorName,
        body: &[u8],
    ) -> Result<FactorVerification, ServiceError> {
        let mut event = caller.event(action_of(caller, name));
        event.factor = Some(name.clone());
        let result = self.verify_second_factor(&mut event, caller, name, body).await;
        if let Ok(FactorVerification { session, .. }) = &result {
            event.opened(&session.session);
        }
        self.record(&event, &result);
        result
    }

    async fn verify_second_factor(
        &self,
        event: &mut EventBuilder,
        caller: &Caller,
        name: &FactorName,
        body: &[u8],
    ) -> Result<FactorVerification, ServiceError> {
        let session = &caller.any_session()?.session;
        let user = self.active_user(&session.user).await?;
        let factor = self.factor_for(session, &user, name).await?;
        let target = Target { factor: factor.as_ref(), user: &user, caller, session, body };
        let purpose = match (factor.role(), session.state) {
            (FactorRole::Recovery, _) => Purpose::Recovery,
            (FactorRole::SecondFactor, SessionState::FirstFactor) => Purpose::SecondFactor,
            (FactorRole::SecondFactor, SessionState::SignedIn) => Purpose::StepUp,
        };
        self.limited(&target, self.use_factor(&target, name, purpose)).await?;
        let now = self.now();
        if purpose == Purpose::Recovery {
            let expires_at = now.saturating_add(self.inner.policy.sessions.first_factor);
            self.inner.credentials.put_grant(recovery_key(session), &user.handle, expires_at).await?;
        }
        let verified = VerifiedFactor::new(factor.method(), now);
        let (session, next) = self.renew_session(event, caller, &user, verified, None).await?;
        // Its deletion did not find the session, which did not name the factor yet.
        if let Err(error) = self.enrolled(&user, name).await {
            self.abandon_session(&session).await;
            return Err(error);
        }
        Ok(FactorVerification { user, factor: name.clone(), session, next })
    }

    /// Verifies a factor and stores its new state. Of parallel requests each works on the state that the one before it
    /// left.
    async fn use_factor(
        &self,
        target: &Target<'_>,
        name: &FactorName,
        purpose: Purpose,
    ) -> Result<(), ServiceError> {
        for _ in 0..MAX_RACES {
            let stored = self.enrolled(target.user, name).await?;
            let state = self.unseal(&stored)?;
            let outcome = target.factor.verify(self.factor_request(target, &state)).await?;
            self.admit(AdmissionRequest::of_factor(purpose, target.user, name)).await?;
            if self.write_state(&stored, &outcome.state, Some(self.now())).await? {
                return Ok(());
            }
        }
        Err(ServiceError::NoCeremony(NoCeremony::FactorChanged))
    }

    /// Writes a new state if no one was faster.
    async fn write_state(
        &self,
        stored: &FactorRecord,
        state: &[u8],
        last_used_at: Option<rp_core::Timestamp>,
    ) -> Result<bool, ServiceError> {
        let record = FactorRecord {
            state: self.seal(&stored.user, &stored.name, state)?,
            last_used_at: last_used_at.max(stored.last_used_at),
            version: FactorVersion::random()?,
            ..stored.clone()
        };
        let put = self.factor_store()?.put_factor(&record, Some(stored.version), None).await?;
        Ok(put == PutFactor::Done)
    }

    /// A factor that the session may use: one that the user has enrolled, and a recovery code only to complete a sign-in.
    async fn factor_for(
        &self,
        session: &Session,
        user: &UserRecord,
        name: &FactorName,
    ) -> Result<Arc<dyn SecondFactor>, ServiceError> {
        let factor = self.factor_named(name)?;
        if factor.role() == FactorRole::Recovery && session.state == SessionState::SignedIn {
            return Err(ServiceError::Body { detail: "the user is signed in already".into() });
        }
        // A factor that is not accepted still protects the account; recovery codes open enrolment and do not.
        let is_usable = factor.role() == FactorRole::SecondFactor || {
            let now = session.effective_time(self.now());
            self.current_rules(user, now).await?.factors.contains(name)
        };
        if is_usable && self.second_factors(&session.user).await?.contains(name) {
            Ok(factor)
        } else {
            Err(ServiceError::NoSuchFactor)
        }
    }
}

/// The action of using a factor.
fn action_of(caller: &Caller, name: &FactorName) -> Action {
    let state = caller.session.as_ref().map(|current| current.session.state);
    match state {
        _ if *name == FactorName::RECOVERY_CODES => Action::Recovery,
        Some(SessionState::SignedIn) => Action::StepUp,
        _ => Action::SecondFactor,
    }
}

/// How often a request is repeated because a parallel one was faster. Each is a use of the factor, so more than a few are not
/// an accident.
const MAX_RACES: usize = 4;
