//! Second factors other than passkeys: listing, enrolling and deleting them.

use std::sync::Arc;

use rp_core::UserHandle;
use serde_json::Value;

use super::caller::{Caller, step_up};
use super::factor_state::Target;
use super::next::recovery_grant;
use super::service::{Passkeys, Sessions};
use crate::admission::{AdmissionRequest, Purpose};
use crate::assurance::Requirement;
use crate::error::{NoCeremony, ServiceError};
use crate::event::Action;
use crate::factor::{Enrolment, FactorRole, SecondFactor};
use crate::factor_name::FactorName;
use crate::json::{EnrolledFactorJson, FactorsJson};
use crate::rate_limiter::Limit;
use crate::session::{Method, Session};
use crate::store::{
    Authorization, Conditions, DeleteFactor, FactorRecord, FactorStatus, FactorVersion, PutFactor,
};

impl Passkeys {
    /// The second factors of the signed-in user except passkeys, and those that can be enrolled.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `storage-unavailable`.
    pub async fn factors(&self, caller: &Caller) -> Result<FactorsJson, ServiceError> {
        let read = async {
            let user = self.signed_in_user(caller).await?;
            self.factors_json(&user.handle).await
        };
        let result = read.await;
        self.record_rejection(Action::Read, caller, &result);
        result
    }

    async fn factors_json(&self, user: &UserHandle) -> Result<FactorsJson, ServiceError> {
        let records = self.factor_records(user).await?;
        let mut json = FactorsJson { enrolled: Vec::new(), available: Vec::new() };
        for factor in &self.inner.factors.all {
            let name = factor.name();
            let enrolled =
                records.iter().find(|record| record.name == name && record.status != FactorStatus::Pending);
            if let Some(record) = enrolled {
                json.enrolled.push(self.enrolled_json(factor.as_ref(), record)?);
            }
            if enrolled.is_none() || factor.role() == FactorRole::Recovery {
                json.available.push(name);
            }
        }
        Ok(json)
    }

    fn enrolled_json(
        &self,
        factor: &dyn SecondFactor,
        record: &FactorRecord,
    ) -> Result<EnrolledFactorJson, ServiceError> {
        let state = self.unseal(record)?;
        Ok(EnrolledFactorJson::new(record, factor.status(&state)?))
    }

    /// Starts to enrol a second factor, or enrols it if it needs no confirmation. Returns the response of the factor.
    ///
    /// Requires the same verification as adding a passkey. After a recovery code, one factor that completes a sign-in can
    /// be enrolled.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `step-up-required`, `factor-unknown`,
    /// `factor-exists`, `malformed-json`, `no-ceremony` if a parallel request was faster, the reasons of the admission
    /// hook, `too-many-requests`, `storage-unavailable`.
    pub async fn start_factor_enrolment(
        &self,
        caller: &Caller,
        name: &FactorName,
        body: &[u8],
    ) -> Result<Value, ServiceError> {
        let mut event = caller.event(Action::EnrolFactor);
        event.factor = Some(name.clone());
        let result = self.enrol_factor(caller, name, body).await;
        match &result {
            // A factor that has to be confirmed is not an outcome.
            Ok(enrolment) if !enrolment.is_complete => {}
            result => self.record(&event, result),
        }
        result.map(|enrolment| enrolment.response)
    }

    async fn enrol_factor(
        &self,
        caller: &Caller,
        name: &FactorName,
        body: &[u8],
    ) -> Result<Enrolment, ServiceError> {
        let session = &caller.any_session()?.session;
        let user = self.active_user(&session.user).await?;
        self.check_managing(caller, &user).await?;
        let factor = self.factor_named(name)?;
        if !self.rules(&user).await?.factors.contains(name) {
            return Err(ServiceError::NoSuchFactor);
        }
        let authorization = self.authorize_enrolment(session, factor.as_ref()).await?;
        let stored = self.factor_store()?.factor(&user.handle, name).await?;
        if stored.as_ref().is_some_and(|stored| stored.status == FactorStatus::SecondFactor) {
            return Err(ServiceError::FactorExists);
        }
        // Making a new set of codes takes much longer than other requests.
        let limit = Limit { name: "factor enrolments", ..self.inner.policy.limits.factors };
        self.count_attempt(limit, &format!("user {}", user.handle)).await?;
        let target = Target { factor: factor.as_ref(), user: &user, caller, session, body };
        let enrolment = factor.enrol(self.factor_request(&target, &[])).await?;
        let status = match (enrolment.is_complete, factor.role()) {
            (false, _) => FactorStatus::Pending,
            (true, FactorRole::SecondFactor) => FactorStatus::SecondFactor,
            (true, FactorRole::Recovery) => FactorStatus::Recovery,
        };
        // A pending factor is good for nothing, so that it does not use up a grant.
        let uses_nothing =
            status == FactorStatus::Pending && matches!(authorization, Authorization::Grant(_));
        if enrolment.is_complete {
            self.admit(AdmissionRequest::of_factor(Purpose::EnrolFactor, &user, name)).await?;
        }
        let conditions = match uses_nothing {
            true => None,
            false => self.factor_conditions(&target, authorization).await?,
        };
        let record = FactorRecord {
            user: user.handle.clone(),
            name: name.clone(),
            status,
            state: self.seal(&user.handle, name, &enrolment.state)?,
            created_at: self.now(),
            last_used_at: None,
            version: FactorVersion::random()?,
        };
        let expected = stored.map(|stored| stored.version);
        self.put_factor(&target, &record, expected, conditions.as_ref()).await?;
        Ok(enrolment)
    }

    /// Confirms a second factor that [`Passkeys::start_factor_enrolment`] left incomplete. Being confirmed is not a
    /// verification of the user.
    ///
    /// # Errors
    /// As [`Passkeys::start_factor_enrolment`], `factor-invalid`, `no-ceremony` without an enrolment in progress, and
    /// `ceremony-expired`.
    pub async fn confirm_factor(
        &self,
        caller: &Caller,
        name: &FactorName,
        body: &[u8],
    ) -> Result<EnrolledFactorJson, ServiceError> {
        let mut event = caller.event(Action::EnrolFactor);
        event.factor = Some(name.clone());
        let result = self.confirm(caller, name, body).await;
        self.record(&event, &result);
        result
    }

    async fn confirm(
        &self,
        caller: &Caller,
        name: &FactorName,
        body: &[u8],
    ) -> Result<EnrolledFactorJson, ServiceError> {
        let session = &caller.any_session()?.session;
        let user = self.active_user(&session.user).await?;
        self.check_managing(caller, &user).await?;
        let factor = self.factor_named(name)?;
        let authorization = self.authorize_enrolment(session, factor.as_ref()).await?;
        let missing = ServiceError::NoCeremony(NoCeremony::Missing);
        let stored = self.factor_store()?.factor(&user.handle, name).await?.ok_or(missing)?;
        match stored.status {
            FactorStatus::Pending => {}
            FactorStatus::SecondFactor => return Err(ServiceError::FactorExists),
            FactorStatus::Recovery => return Err(ServiceError::NoCeremony(NoCeremony::Missing)),
        }
        if self.now().saturating_since(stored.created_at) > Enrolment::LIFETIME {
            return Err(ServiceError::CeremonyExpired);
        }
        let target = Target { factor: factor.as_ref(), user: &user, caller, session, body };
        let state = self.unseal(&stored)?;
        let request = self.factor_request(&target, &state);
        let outcome = self.limited(&target, factor.confirm(request)).await?;
        self.admit(AdmissionRequest::of_factor(Purpose::EnrolFactor, &user, name)).await?;
        let conditions = self.factor_conditions(&target, authorization).await?;
        let record = FactorRecord {
            status: FactorStatus::SecondFactor,
            state: self.seal(&user.handle, name, &outcome.state)?,
            created_at: self.now(),
            version: FactorVersion::random()?,
            ..stored.clone()
        };
        self.put_factor(&target, &record, Some(stored.version), conditions.as_ref()).await?;
        self.enrolled_json(factor.as_ref(), &record)
    }

    /// Deletes a second factor of the signed-in user, and ends the user's other sessions in which it was used. Requires the
    /// same verification as deleting a passkey. Returns the factors that are left.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `step-up-required`, `factor-unknown`,
    /// `storage-unavailable`.
    pub async fn delete_factor(
        &self,
        caller: &Caller,
        name: &FactorName,
    ) -> Result<FactorsJson, ServiceError> {
        let mut event = caller.event(Action::DeleteFactor);
        event.factor = Some(name.clone());
        let result = self.remove_factor(caller, name).await;
        self.record(&event, &result);
        result
    }

    async fn remove_factor(&self, caller: &Caller, name: &FactorName) -> Result<FactorsJson, ServiceError> {
        let session = &caller.signed_in()?.session;
        let user = self.signed_in_user(caller).await?;
        let factor = self.factor_named(name)?;
        let passkeys = self.inner.credentials.passkeys(&user.handle).await?;
        let authorization = self.authorize(session, &passkeys).await?;
        let target = Target { factor: factor.as_ref(), user: &user, caller, session, body: &[] };
        let conditions = self.factor_conditions(&target, authorization).await?;
        match self.factor_store()?.delete_factor(&user.handle, name, conditions.as_ref()).await? {
            DeleteFactor::Done => {}
            DeleteFactor::Missing => return Err(ServiceError::NoSuchFactor),
            DeleteFactor::UserMissing | DeleteFactor::SessionEnded => return Err(ServiceError::NotSignedIn),
            DeleteFactor::NotAuthorized => return Err(self.not_authorized(session)),
        }
        self.end_other_sessions_of_factor(session, &factor.method()).await?;
        self.factors_json(&user.handle).await
    }

    /// Sessions that used the deleted factor must end.
    async fn end_other_sessions_of_factor(
        &self,
        current: &Session,
        method: &Method,
    ) -> Result<(), ServiceError> {
        let Sessions::Own { store, .. } = &self.inner.sessions else { return Ok(()) };
        for session in store.sessions(&current.user, self.now()).await? {
            if session.id != current.id && session.factor(method).is_some() {
                store.end_session_by_id(&current.user, &session.id).await?;
            }
        }
        Ok(())
    }

    /// Whether the transaction of a change checks the user's second factors. It counts every one that is enrolled, so it
    /// cannot if the user has one that the service no longer has.
    pub(super) async fn checks_factors(
        &self,
        user: &UserHandle,
        authorization: &Authorization,
    ) -> Result<bool, ServiceError> {
        let is_shared = self.inner.factors.is_shared && !self.inner.factors.all.is_empty();
        let depends = matches!(authorization, Authorization::FirstFactor | Authorization::SecondFactor(_));
        if !is_shared || !depends {
            return Ok(is_shared);
        }
        let records = self.factor_records(user).await?;
        Ok(records.iter().all(|record| self.factor_named(&record.name).is_ok()))
    }

    /// The authorisation of a session whose user has no passkey.
    pub(super) async fn authorize_without_passkey(
        &self,
        session: &Session,
    ) -> Result<Authorization, ServiceError> {
        let recent = Requirement::signed_in().within(self.inner.policy.recent_verification);
        let records = self.factor_records(&session.user).await?;
        let enrolled = self.inner.factors.all.iter().filter(|factor| {
            let name = factor.name();
            records.iter().any(|record| record.name == name && record.status == FactorStatus::SecondFactor)
        });
        let enrolled: Vec<_> = enrolled.collect();
        if enrolled.is_empty() {
            recent.check(session, self.now()).map_err(step_up)?;
            return Ok(Authorization::FirstFactor);
        }
        let now = session.effective_time(self.now());
        let is_recent = |factor: &&&Arc<dyn SecondFactor>| {
            session.factor(&factor.method()).is_some_and(|verified| {
                now.saturating_since(verified.at) <= self.inner.policy.recent_verification
            })
        };
        match enrolled.iter().find(is_recent) {
            Some(factor) => Ok(Authorization::SecondFactor(factor.name())),
            None => Err(step_up(recent.missing(session))),
        }
    }

    /// As for adding a passkey; or a recovery code, for a factor that completes a sign-in.
    async fn authorize_enrolment(
        &self,
        session: &Session,
        factor: &dyn SecondFactor,
    ) -> Result<Authorization, ServiceError> {
        let passkeys = self.inner.credentials.passkeys(&session.user).await?;
        match (self.authorize(session, &passkeys).await, recovery_grant(session)) {
            (Err(error), Some(key)) if factor.role() == FactorRole::SecondFactor => {
                let expiry = self.inner.credentials.grant_expiry(&session.user, self.now()).await?;
                expiry.map(|_| Authorization::Grant(key)).ok_or(error)
            }
            (authorization, _) => authorization,
        }
    }

    /// The conditions of a change, for a store that can check them in its transaction. Otherwise they are checked here, and
    /// a grant is used up.
    async fn factor_conditions(
        &self,
        target: &Target<'_>,
        authorization: Authorization,
    ) -> Result<Option<Conditions>, ServiceError> {
        if !(self.inner.factors.is_shared && self.inner.is_user_store_shared) {
            self.active_user(&target.user.handle).await?;
        }
        let now = target.session.effective_time(self.now());
        if self.inner.factors.is_shared {
            let session = self.session_condition(target.caller).await?;
            let check_user = self.inner.is_user_store_shared;
            return Ok(Some(Conditions { check_user, check_factors: true, session, authorization, now }));
        }
        self.check_session(target.caller).await?;
        if let Authorization::Grant(key) = authorization
            && !self.inner.credentials.take_grant(key, &target.user.handle, now).await?
        {
            return Err(self.not_authorized(target.session));
        }
        Ok(None)
    }

    async fn put_factor(
        &self,
        target: &Target<'_>,
        record: &FactorRecord,
        expected: Option<FactorVersion>,
        conditions: Option<&Conditions>,
    ) -> Result<(), ServiceError> {
        match self.factor_store()?.put_factor(record, expected, conditions).await? {
            PutFactor::Done => Ok(()),
            PutFactor::UserMissing | PutFactor::SessionEnded => Err(ServiceError::NotSignedIn),
            PutFactor::NotAuthorized => Err(self.not_authorized(target.session)),
            PutFactor::Changed => Err(ServiceError::NoCeremony(NoCeremony::FactorChanged)),
        }
    }

    /// Whether the service itself verifies a method, so that the application cannot report it as a first factor.
    pub(super) fn is_verified_here(&self, method: &Method) -> bool {
        matches!(method, Method::Passkey | Method::Totp | Method::RecoveryCode)
            || self.inner.factors.all.iter().any(|factor| factor.method() == *method)
    }

    /// Deletes the factors of a user whose account is deleted.
    pub(super) async fn delete_factors_of(&self, user: &UserHandle) -> Result<(), ServiceError> {
        if let Some(store) = &self.inner.factors.store {
            store.delete_factors(user).await?;
        }
        Ok(())
    }
}
