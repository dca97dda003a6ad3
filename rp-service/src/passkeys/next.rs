//! The step that completes a sign-in after a first factor.

use rp_core::{Timestamp, UserHandle};

use super::service::Passkeys;
use crate::error::ServiceError;
use crate::factor::FactorRole;
use crate::factor_name::FactorName;
use crate::policy::{Access, Decision};
use crate::session::{Client, Method, Session, SessionState};
use crate::store::{FactorRecord, FactorStatus, GrantKey, UserRecord};

/// The next step after a first factor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Nothing: the user is signed in.
    SignedIn,
    /// Nothing: the user is signed in. These second factors are offered and can be skipped.
    Offer(Vec<FactorName>),
    /// Nothing: the user is signed in, and is reminded of an enrolment.
    Remind {
        /// The time from which the user cannot sign in without it.
        by: Timestamp,
    },
    /// One of these second factors, by name; `passkey` is one.
    SecondFactor(Vec<FactorName>),
    /// Enrolment: of a passkey with an enrolment grant, of any second factor after a recovery code, or of an accepted factor
    /// that the user does not have.
    Enrol {
        /// The time until which it is possible.
        by: Timestamp,
    },
}

impl Next {
    /// The state of a session with this next step.
    pub(super) fn state(&self) -> SessionState {
        match self {
            Self::SignedIn | Self::Offer(_) | Self::Remind { .. } => SessionState::SignedIn,
            Self::SecondFactor(_) | Self::Enrol { .. } => SessionState::FirstFactor,
        }
    }
}

impl Passkeys {
    /// The next step of a session, by the policy. `client` is the sender of the request.
    pub(super) async fn next_step(
        &self,
        user: &UserRecord,
        session: &Session,
        client: &Client,
    ) -> Result<Next, ServiceError> {
        let decision = self.decide(user, session, client, None).await?;
        self.next_step_of(decision, user, session).await
    }

    /// The next step that follows from a decision.
    pub(super) async fn next_step_of(
        &self,
        decision: Decision,
        user: &UserRecord,
        session: &Session,
    ) -> Result<Next, ServiceError> {
        match decision.access {
            Access::SignedIn { offered } => Ok(match decision.reminder {
                Some(reminder) => Next::Remind { by: reminder.by },
                None if offered.is_empty() => Next::SignedIn,
                None => Next::Offer(self.in_order(offered)),
            }),
            // It is required of each request that is not a sign-in.
            Access::Reauthenticate { .. } => Ok(Next::SignedIn),
            Access::SecondFactor(factors) => {
                // The owner of a lost key may have a grant that adds another one.
                let grant = self.inner.credentials.grant_expiry(&user.handle, self.now()).await?;
                Ok(grant.map_or_else(|| Next::SecondFactor(self.in_order(factors)), |by| Next::Enrol { by }))
            }
            Access::Enrol => {
                let grant = self.inner.credentials.grant_expiry(&user.handle, self.now()).await?;
                Ok(Next::Enrol { by: grant.unwrap_or_else(|| self.enrolment_end(session)) })
            }
            Access::Nothing => Err(ServiceError::Denied { reason: decision.reason.to_string() }),
        }
    }

    /// The time until which the verification in a session authorises an enrolment: that of the passkey if one was used.
    fn enrolment_end(&self, session: &Session) -> Timestamp {
        let passkey = session.factor(&Method::Passkey);
        let verified_at = passkey.map_or(session.verified_at, |passkey| passkey.at);
        let recent_until = verified_at.saturating_add(self.inner.policy.recent_verification);
        self.expiry(session, session.created_at).min(recent_until)
    }

    /// A passkey, the others in their order, and recovery codes last.
    fn in_order(&self, mut factors: Vec<FactorName>) -> Vec<FactorName> {
        let all = &self.inner.factors.all;
        factors.sort_by_key(|name| {
            let place = all.iter().position(|factor| factor.name() == *name);
            let is_recovery =
                all.iter().any(|factor| factor.name() == *name && factor.role() == FactorRole::Recovery);
            (is_recovery, *name != FactorName::PASSKEY, place)
        });
        factors
    }

    /// The second factors with which the user can complete a sign-in: a passkey, the others in their order, and recovery
    /// codes last. Recovery codes alone do not count.
    pub(super) async fn second_factors(&self, user: &UserHandle) -> Result<Vec<FactorName>, ServiceError> {
        let has_passkey = !self.inner.credentials.descriptors(user).await?.is_empty();
        let records = self.factor_records(user).await?;
        let with = |status| {
            let names = self.inner.factors.all.iter().map(|factor| factor.name());
            names
                .filter(|name| records.iter().any(|record| record.name == *name && record.status == status))
                .collect::<Vec<_>>()
        };
        let mut names: Vec<_> = has_passkey.then_some(FactorName::PASSKEY).into_iter().collect();
        names.extend(with(FactorStatus::SecondFactor));
        if !names.is_empty() {
            names.extend(with(FactorStatus::Recovery));
        }
        Ok(names)
    }

    /// The factors of a user; no call without factors.
    pub(super) async fn factor_records(&self, user: &UserHandle) -> Result<Vec<FactorRecord>, ServiceError> {
        match &self.inner.factors.store {
            Some(store) if !self.inner.factors.all.is_empty() => Ok(store.factors(user).await?),
            _ => Ok(Vec::new()),
        }
    }
}

/// The grant of a session in which a recovery code was used. It exists until the grant is used up or expires.
pub(super) fn recovery_grant(session: &Session) -> Option<GrantKey> {
    session.factor(&Method::RecoveryCode).map(|_| recovery_key(session))
}

/// No token of a grant has this key: its hash begins with other bytes.
pub(super) fn recovery_key(session: &Session) -> GrantKey {
    GrantKey(rp_core::crypto::sha256(&[b"rp recovery\0", session.id.as_bytes()]))
}
