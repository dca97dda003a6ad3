//! The stored state of a factor, and the requests of its user.

use std::sync::Arc;

use rp_core::UserHandle;

use super::caller::Caller;
use super::service::Passkeys;
use crate::error::ServiceError;
use crate::factor::{FactorError, FactorRequest, SecondFactor};
use crate::factor_name::FactorName;
use crate::session::Session;
use crate::store::{DynFactorStore, FactorRecord, FactorStatus, UserRecord};

/// A user's factor in a request.
pub(super) struct Target<'a> {
    pub(super) factor: &'a dyn SecondFactor,
    pub(super) user: &'a UserRecord,
    pub(super) caller: &'a Caller,
    pub(super) session: &'a Session,
    pub(super) body: &'a [u8],
}

impl Passkeys {
    /// Counts an attempt before it is made, and takes it back unless it failed because of the user: of parallel attempts no
    /// more are made than of sequential ones.
    pub(super) async fn limited<T, E: Into<ServiceError>>(
        &self,
        target: &Target<'_>,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> Result<T, ServiceError> {
        let limits = &self.inner.policy.limits;
        let user = format!("user {}", target.user.handle);
        let counted = [
            (limits.factors, user.clone()),
            (limits.factors_per_day, user),
            (limits.factors_per_address, target.caller.address().to_owned()),
        ];
        self.count_attempts(&counted).await?;
        let result = attempt.await.map_err(Into::into);
        if !matches!(result, Err(ServiceError::FactorInvalid { .. })) {
            self.forgive_attempts(&counted).await;
        }
        result
    }

    pub(super) fn factor_named(&self, name: &FactorName) -> Result<Arc<dyn SecondFactor>, ServiceError> {
        let factor = self.inner.factors.all.iter().find(|factor| factor.name() == *name);
        factor.map(Arc::clone).ok_or(ServiceError::NoSuchFactor)
    }

    /// The enrolled factor of a user.
    pub(super) async fn enrolled(
        &self,
        user: &UserRecord,
        name: &FactorName,
    ) -> Result<FactorRecord, ServiceError> {
        let stored = self.factor_store()?.factor(&user.handle, name).await?;
        stored.filter(|stored| stored.status != FactorStatus::Pending).ok_or(ServiceError::NoSuchFactor)
    }

    pub(super) fn factor_store(&self) -> Result<&Arc<dyn DynFactorStore>, ServiceError> {
        self.inner.factors.store.as_ref().ok_or(ServiceError::NoSuchFactor)
    }

    pub(super) fn factor_request<'a>(&'a self, target: &Target<'a>, state: &'a [u8]) -> FactorRequest<'a> {
        FactorRequest {
            user: target.user,
            session: target.session.id,
            client: &target.caller.client,
            rp_name: self.inner.rp.name(),
            now: self.now(),
            keys: &self.inner.keys,
            state,
            body: target.body,
        }
    }

    pub(super) fn seal(
        &self,
        user: &UserHandle,
        name: &FactorName,
        state: &[u8],
    ) -> Result<Vec<u8>, ServiceError> {
        let context = [user.as_bytes(), name.as_str().as_bytes()];
        Ok(self.inner.keys.seal(SEAL_PURPOSE, &context, state)?)
    }

    pub(super) fn unseal(&self, record: &FactorRecord) -> Result<Vec<u8>, ServiceError> {
        let context = [record.user.as_bytes(), record.name.as_str().as_bytes()];
        let opened = self.inner.keys.open(SEAL_PURPOSE, &context, &record.state);
        opened.map(|opened| opened.plaintext).map_err(|_| FactorError::Unreadable.into())
    }
}

/// The purpose of the sealed states of factors.
const SEAL_PURPOSE: &str = "rp factor state";
