//! The policy's decisions for a user, a session and a client.

use rp_core::{Aaguid, CredentialRecord, Flags, Timestamp};

use super::caller::{Caller, step_up};
use super::service::{Passkeys, Sessions};
use crate::assurance::{KeyFacts, MissingAssurance, Requirement};
use crate::error::ServiceError;
use crate::factor_name::FactorName;
use crate::policy::{
    Decision, MaxAge, Membership, ModelFacts, PasskeyFacts, Rules, SecondFactorPrompt, SessionFacts, Subject,
    Verified, VerifiedMethod,
};
use crate::session::{Client, Method, Session, UserVerification, VerifiedFactor};
use crate::store::{FactorRecord, FactorStatus, Passkey, UserRecord};

impl Passkeys {
    /// The rules of a user, by the user's groups, as if every period of enrolment had ended: those for new passkeys and
    /// factors.
    pub(super) async fn rules(&self, user: &UserRecord) -> Result<Rules, ServiceError> {
        let groups = self.inner.groups.groups(user).await?;
        Ok(self.inner.policy.rules(&groups))
    }

    /// The rules of a user that apply now: those for what the user already has. `now`: see [`Session::effective_time`].
    pub(super) async fn current_rules(
        &self,
        user: &UserRecord,
        now: Timestamp,
    ) -> Result<Rules, ServiceError> {
        let groups = self.inner.groups.groups(user).await?;
        Ok(self.inner.policy.current_rules(&self.subject(user, groups, &[], &[], now), now))
    }

    /// The facts of a passkey that the policy and the application's directory know.
    pub(super) fn passkey_facts(&self, record: &CredentialRecord) -> PasskeyFacts {
        self.passkey_facts_at(record, self.now())
    }

    /// The facts of a passkey at a time, at which a certification may have ended.
    pub(super) fn passkey_facts_at(&self, record: &CredentialRecord, at: Timestamp) -> PasskeyFacts {
        let key = rp_core::cose::EncodedKey::parse(&record.public_key).ok();
        let model = self.model_facts(record, at);
        PasskeyFacts {
            backup_eligible: record.backup_eligible,
            uv_initialized: record.uv_initialized,
            algorithm: key.and_then(|key| key.algorithm().ok()),
            trusted: record.attestation.trusted,
            model: model.as_ref().map(|(model, _)| *model),
            listed: model.map(|(_, facts)| facts).unwrap_or_default(),
            attachment: None,
            discoverable: None,
        }
    }

    /// The model of a passkey, if it is trusted, and its facts at a time.
    fn model_facts(&self, record: &CredentialRecord, at: Timestamp) -> Option<(Aaguid, ModelFacts)> {
        let model = record.attestation.model.filter(|_| record.attestation.trusted)?;
        Some((model, self.inner.authenticators.facts(&model, at)))
    }

    /// The facts of a passkey's key on which assurance depends, for the session that uses it. `record` may be older than
    /// the flags of the use.
    pub(super) fn key_facts(&self, record: &CredentialRecord, flags: Flags) -> KeyFacts {
        let model = self.model_facts(record, self.now());
        KeyFacts::new(record.backup_eligible, flags.backup_state(), model, &self.inner.policy.aal3)
    }

    /// Decides what a session may do. `client` is the sender of the request. `used` is the record of a passkey that was
    /// used and is not stored yet.
    pub(super) async fn decide(
        &self,
        user: &UserRecord,
        session: &Session,
        client: &Client,
        used: Option<&CredentialRecord>,
    ) -> Result<Decision, ServiceError> {
        let mut passkeys = self.inner.credentials.passkeys(&user.handle).await?;
        if let Some(used) = used
            && let Some(stored) = passkeys.iter_mut().find(|passkey| passkey.record.id == used.id)
        {
            stored.record.backup_eligible = used.backup_eligible;
        }
        let records = self.factor_records(&user.handle).await?;
        let groups = self.inner.groups.groups(user).await?;
        let subject = self.subject(user, groups, &passkeys, &records, self.now());
        // A recovery code counts until the enrolment that it authorises.
        let has_grant = session.factor(&Method::RecoveryCode).is_some()
            && self.inner.credentials.grant_expiry(&user.handle, self.now()).await?.is_some();
        let counts = |factor: &&VerifiedFactor| factor.method != Method::RecoveryCode || has_grant;
        let verified = session.factors.iter().filter(counts);
        let rules = self.inner.policy.rules(&subject.groups);
        let facts = SessionFacts {
            verified: verified.map(|factor| self.verified(factor, session, &passkeys)).collect(),
            is_context_known: rules.reauthenticate.at_sign_in == SecondFactorPrompt::ChangedContext
                && self.is_context_known(session, client).await?,
            has_context_changed: self.inner.context.has_changed(&session.client, client),
        };
        Ok(self.inner.policy.decide(&subject, &facts, session.effective_time(self.now())))
    }

    /// The facts of a user.
    pub(super) fn subject(
        &self,
        user: &UserRecord,
        groups: Vec<Membership>,
        passkeys: &[Passkey],
        factors: &[FactorRecord],
        at: Timestamp,
    ) -> Subject {
        let is_enrolled = |record: &&FactorRecord| {
            matches!(record.status, FactorStatus::SecondFactor | FactorStatus::Recovery)
                // A factor that was removed from the service protects nothing.
                && self.factor_named(&record.name).is_ok()
        };
        Subject {
            created_at: Some(user.created_at),
            groups,
            passkeys: passkeys.iter().map(|passkey| self.passkey_facts_at(&passkey.record, at)).collect(),
            factors: factors.iter().filter(is_enrolled).map(|record| record.name.clone()).collect(),
        }
    }

    fn verified(&self, factor: &VerifiedFactor, session: &Session, passkeys: &[Passkey]) -> Verified {
        let method = match &factor.method {
            Method::Passkey => {
                let used =
                    passkeys.iter().find(|passkey| Some(&passkey.record.id) == session.credential.as_ref());
                VerifiedMethod::Passkey {
                    passkey: used.map(|used| self.passkey_facts(&used.record)).unwrap_or_default(),
                    user_verified: factor.user_verification == UserVerification::Performed,
                }
            }
            Method::Totp => VerifiedMethod::Other(FactorName::TOTP),
            Method::RecoveryCode => VerifiedMethod::RecoveryCode,
            Method::Password => VerifiedMethod::Password,
            // Without a factor of this method, it is a first factor of the application.
            other => {
                let factor = self.inner.factors.all.iter().find(|factor| factor.method() == *other);
                factor.map_or(VerifiedMethod::Password, |factor| VerifiedMethod::Other(factor.name()))
            }
        };
        Verified { factor: method, at: factor.at }
    }

    /// Whether another session of the user, in which a second factor was verified, has the context of the client.
    async fn is_context_known(&self, session: &Session, client: &Client) -> Result<bool, ServiceError> {
        let Sessions::Own { store, .. } = &self.inner.sessions else { return Ok(false) };
        let sessions = store.sessions(&session.user, self.now()).await?;
        Ok(sessions.iter().any(|other| {
            let factors = other.factors.iter().filter(|factor| factor.method != Method::RecoveryCode).count();
            let has_second = factors > 1 || other.factor(&Method::Passkey).is_some();
            other.id != session.id
                && other.is_signed_in()
                && has_second
                && !self.inner.context.has_changed(&other.client, client)
        }))
    }

    /// The user of a signed-in session that does not have to verify a factor again.
    pub(super) async fn signed_in_user(&self, caller: &Caller) -> Result<UserRecord, ServiceError> {
        let user = self.active_user(&caller.signed_in()?.session.user).await?;
        self.check_reauthentication(caller, &user).await?;
        Ok(user)
    }

    /// Returns an error if a signed-in session has to verify a factor again, because of its age or its context.
    pub(super) async fn check_reauthentication(
        &self,
        caller: &Caller,
        user: &UserRecord,
    ) -> Result<(), ServiceError> {
        let session = &caller.signed_in()?.session;
        if !self.inner.policy.reauthenticates() {
            return Ok(());
        }
        let rules = self.rules(user).await?.reauthenticate;
        if rules.on_changed_context && self.inner.context.has_changed(&session.client, &caller.client) {
            let now = MissingAssurance { max_age: Some(0), ..Requirement::signed_in().missing(session) };
            return Err(step_up(now));
        }
        let age = |at: Timestamp| session.effective_time(self.now()).saturating_since(at);
        match rules.after {
            MaxAge::After(limit) if age(session.verified_at) > limit => {
                Err(step_up(Requirement::signed_in().within(limit).missing(session)))
            }
            _ => Ok(()),
        }
    }

    /// Returns an error if the session may not add or delete passkeys and factors at all, whatever was verified recently: it
    /// has to verify a factor again. In the state `first-factor` it cannot, so that the user has to sign in again.
    pub(super) async fn check_managing(
        &self,
        caller: &Caller,
        user: &UserRecord,
    ) -> Result<(), ServiceError> {
        let session = &caller.any_session()?.session;
        if session.is_signed_in() {
            return self.check_reauthentication(caller, user).await;
        }
        if !self.inner.policy.reauthenticates() {
            return Ok(());
        }
        let rules = self.rules(user).await?.reauthenticate;
        match rules.on_changed_context && self.inner.context.has_changed(&session.client, &caller.client) {
            true => Err(ServiceError::NotSignedIn),
            false => Ok(()),
        }
    }

    /// Whether a session in the state `first-factor` may enrol a factor, because the user has none that is accepted.
    pub(super) async fn may_enrol(&self, session: &Session) -> Result<bool, ServiceError> {
        if session.factor(&Method::RecoveryCode).is_some() {
            // Its grant authorises the enrolment.
            return Ok(false);
        }
        let user = self.active_user(&session.user).await?;
        Ok(self.decide(&user, session, &session.client, None).await?.access.allows_enrolment())
    }
}
