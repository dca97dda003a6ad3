use std::future::Future;

use rp_core::{RandomnessError, Timestamp, UserHandle};
use serde::{Deserialize, Serialize};

use super::credential::{Conditions, UnmetCondition};
use super::error::StoreError;
use crate::factor_name::FactorName;

/// A second factor of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorRecord {
    /// The user.
    pub user: UserHandle,
    /// The name of the factor. A user has at most one record of each name.
    pub name: FactorName,
    /// The use of the factor.
    pub status: FactorStatus,
    /// The state of the factor, encrypted by the service.
    pub state: Vec<u8>,
    /// The time of enrolment.
    pub created_at: Timestamp,
    /// The time of the last verification.
    pub last_used_at: Option<Timestamp>,
    /// Changes at every write.
    pub version: FactorVersion,
}

/// The use of a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactorStatus {
    /// Nothing: its enrolment was started and is not confirmed.
    Pending,
    /// It completes a sign-in.
    SecondFactor,
    /// It authorises the enrolment of another factor, and nothing else.
    Recovery,
}

/// The version of a [`FactorRecord`]: 128 random bits, so that a record that was deleted and enrolled again has another
/// one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FactorVersion(pub [u8; 16]);

impl FactorVersion {
    /// A new version.
    ///
    /// # Errors
    /// [`RandomnessError`].
    pub fn random() -> Result<Self, RandomnessError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

/// The second factors of all users, except passkeys.
///
/// Each method is one transaction. A factor is written by compare-and-set, so that a code is used once, however many
/// copies arrive on however many machines.
pub trait FactorStore: Send + Sync {
    /// Returns a factor of a user.
    ///
    /// # Errors
    /// [`StoreError`].
    fn factor(
        &self,
        user: &UserHandle,
        name: &FactorName,
    ) -> impl Future<Output = Result<Option<FactorRecord>, StoreError>> + Send;

    /// Returns the factors of a user in the order of their names, also pending ones.
    ///
    /// # Errors
    /// [`StoreError`].
    fn factors(
        &self,
        user: &UserHandle,
    ) -> impl Future<Output = Result<Vec<FactorRecord>, StoreError>> + Send;

    /// Returns the factors of the users whose handles are in this range, in the order of the handles and names, also
    /// pending ones. For walks over all users, page by page.
    ///
    /// # Errors
    /// [`StoreError`].
    fn factors_between(
        &self,
        first: &UserHandle,
        last: &UserHandle,
    ) -> impl Future<Output = Result<Vec<FactorRecord>, StoreError>> + Send;

    /// Writes a factor, if the stored one has the version `expected`; `None` expects that the user has none.
    ///
    /// The conditions are checked in the order of [`PutFactor`]'s variants, and the first one that does not hold is
    /// returned. Without conditions, and in a store that has no users, sessions or passkeys, only the version is
    /// checked. A grant is used up only if the factor is written.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_factor(
        &self,
        record: &FactorRecord,
        expected: Option<FactorVersion>,
        conditions: Option<&Conditions>,
    ) -> impl Future<Output = Result<PutFactor, StoreError>> + Send;

    /// Deletes a factor of a user. The conditions are those of [`FactorStore::put_factor`]; a grant deletes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    fn delete_factor(
        &self,
        user: &UserHandle,
        name: &FactorName,
        conditions: Option<&Conditions>,
    ) -> impl Future<Output = Result<DeleteFactor, StoreError>> + Send;

    /// Deletes all factors of a user, and returns the number.
    ///
    /// # Errors
    /// [`StoreError`].
    fn delete_factors(&self, user: &UserHandle) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// The outcome of [`FactorStore::put_factor`]; every variant except `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum PutFactor {
    /// The factor is written.
    Done,
    /// The user does not exist, or is locked.
    UserMissing,
    /// The session has ended.
    SessionEnded,
    /// The verification does not authorise the change any more.
    NotAuthorized,
    /// The stored factor has another version: a parallel request was faster.
    Changed,
}

/// The outcome of [`FactorStore::delete_factor`]; every variant except `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum DeleteFactor {
    /// The factor is deleted.
    Done,
    /// The user does not exist, or is locked.
    UserMissing,
    /// The session has ended.
    SessionEnded,
    /// The verification does not authorise the change any more.
    NotAuthorized,
    /// The user has no such factor, even if another user has it.
    Missing,
}

impl From<UnmetCondition> for PutFactor {
    fn from(unmet: UnmetCondition) -> Self {
        match unmet {
            UnmetCondition::User => Self::UserMissing,
            UnmetCondition::Session => Self::SessionEnded,
            UnmetCondition::Authorization => Self::NotAuthorized,
        }
    }
}

impl From<UnmetCondition> for DeleteFactor {
    fn from(unmet: UnmetCondition) -> Self {
        match unmet {
            UnmetCondition::User => Self::UserMissing,
            UnmetCondition::Session => Self::SessionEnded,
            UnmetCondition::Authorization => Self::NotAuthorized,
        }
    }
}
