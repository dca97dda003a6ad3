//! The step that completes a sign-in after a first factor.

use rp_core::{Timestamp, UserHandle};

use super::service::Passkeys;
use crate::error::ServiceError;
use crate::factor_name::FactorName;
use crate::policy::SecondFactorPolicy;
use crate::session::{Method, Session, SessionState};
use crate::store::{FactorRecord, FactorStatus, GrantKey, UserRecord};

/// The next step after a first factor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Nothing: the user is signed in.
    SignedIn,
    /// One of these second factors, by name; `passkey` is one.
    SecondFactor(Vec<FactorName>),
    /// Enrolment of a passkey with an enrolment grant, or of any second factor after a recovery code.
    Enrol {
        /// The time until which it is possible.
        by: Timestamp,
    },
}

impl Passkeys {
    /// The step that completes the sign-in of a user who has used a first factor. `session` is the session, if it exists.
    pub(super) async fn next_factor(
        &self,
        user: &UserRecord,
        session: Option<&Session>,
    ) -> Result<Next, ServiceError> {
        if self.inner.policy.default.second_factor < SecondFactorPolicy::WhereEnrolled {
            return Ok(Next::SignedIn);
        }
        let factors = self.second_factors(&user.handle).await?;
        let is_recovery = session.is_some_and(|session| recovery_grant(session).is_some());
        if factors.is_empty() && !is_recovery {
            return Ok(Next::SignedIn);
        }
        // The owner of a lost key may have a grant that adds another one, or has used a recovery code.
        let grant = self.inner.credentials.grant_expiry(&user.handle, self.now()).await?;
        Ok(grant.map_or_else(|| Next::SecondFactor(factors), |by| Next::Enrol { by }))
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
    let is_recovery =
        session.state == SessionState::FirstFactor && session.factor(&Method::RecoveryCode).is_some();
    is_recovery.then(|| recovery_key(session))
}

/// No token of a grant has this key: its hash begins with other bytes.
pub(super) fn recovery_key(session: &Session) -> GrantKey {
    GrantKey(rp_core::crypto::sha256(&[b"rp recovery\0", session.id.as_bytes()]))
}
