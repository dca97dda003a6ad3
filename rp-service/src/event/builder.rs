use rp_core::{Aaguid, CredentialId, Timestamp, UserHandle};

use super::Event;
use super::action::Action;
use crate::assurance::Assurance;
use crate::error::ServiceError;
use crate::factor_name::FactorName;
use crate::policy::Decision;
use crate::session::{Client, Method, Session, SessionId};
use crate::store::Passkey;

/// Collects the members of an event while a request is processed.
#[derive(Debug)]
pub(crate) struct EventBuilder {
    pub(crate) action: Action,
    pub(crate) user: Option<UserHandle>,
    pub(crate) session: Option<SessionId>,
    assurance: Option<Assurance>,
    pub(crate) factors: Vec<Method>,
    pub(crate) decision: Option<Decision>,
    pub(crate) client: Option<Client>,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) factor: Option<FactorName>,
    aaguid: Option<Aaguid>,
    is_model_proven: bool,
    pub(crate) user_verified: Option<bool>,
    pub(crate) user_verification_omitted: bool,
    pub(crate) counter_regressed: bool,
    pub(crate) backup_eligible_learned: Option<bool>,
    pub(crate) attestation_trusted: Option<bool>,
    pub(crate) distrust: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) operator: Option<UserHandle>,
}

impl EventBuilder {
    pub(crate) fn new(action: Action) -> Self {
        Self {
            action,
            user: None,
            session: None,
            assurance: None,
            factors: Vec::new(),
            decision: None,
            client: None,
            credential: None,
            factor: None,
            aaguid: None,
            is_model_proven: false,
            user_verified: None,
            user_verification_omitted: false,
            counter_regressed: false,
            backup_eligible_learned: None,
            attestation_trusted: None,
            distrust: None,
            reason: None,
            operator: None,
        }
    }

    pub(crate) fn user(mut self, user: &UserHandle) -> Self {
        self.user = Some(user.clone());
        self
    }

    /// A session that was opened or renewed by a verification.
    pub(crate) fn opened(&mut self, session: &Session) {
        self.assurance = Some(Assurance::of(session));
        self.current(session);
    }

    /// The session of the request, and its factors.
    pub(crate) fn current(&mut self, session: &Session) {
        self.session = Some(session.id);
        self.factors(session);
    }

    /// The factors that were verified in a session.
    pub(crate) fn factors(&mut self, session: &Session) {
        self.factors = session.factors.iter().map(|factor| factor.method.clone()).collect();
    }

    pub(crate) fn passkey(&mut self, passkey: &Passkey) {
        self.user = Some(passkey.record.user_handle.clone());
        self.credential = Some(passkey.record.id.clone());
        self.aaguid = Some(passkey.record.aaguid);
        self.is_model_proven = passkey.record.attestation.model == Some(passkey.record.aaguid);
    }

    /// The AAGUID, whose name the event shows.
    pub(crate) fn aaguid(&self) -> Option<&Aaguid> {
        self.aaguid.as_ref()
    }

    pub(crate) fn build<'a>(
        &'a self,
        at: Timestamp,
        model: Option<&'a str>,
        error: Option<&'a ServiceError>,
    ) -> Event<'a> {
        Event {
            at,
            action: self.action,
            error,
            user: self.user.as_ref(),
            session: self.session,
            assurance: self.assurance.as_ref(),
            factors: &self.factors,
            decision: self.decision.as_ref(),
            client: self.client.as_ref(),
            credential: self.credential.as_ref(),
            factor: self.factor.as_ref(),
            aaguid: self.aaguid,
            model,
            is_model_proven: self.is_model_proven,
            user_verified: self.user_verified,
            user_verification_omitted: self.user_verification_omitted,
            counter_regressed: self.counter_regressed,
            backup_eligible_learned: self.backup_eligible_learned,
            attestation_trusted: self.attestation_trusted,
            distrust: self.distrust.as_deref(),
            reason: self.reason.as_deref(),
            operator: self.operator.as_ref(),
        }
    }
}
