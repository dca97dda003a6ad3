use std::collections::BTreeMap;

use rp_core::UserHandle;

use crate::factor_name::FactorName;
use crate::store::{FactorRecord, FactorStatus, FactorVersion};

/// The second factors, by user and name.
#[derive(Default)]
pub(super) struct Factors(BTreeMap<(UserHandle, FactorName), FactorRecord>);

impl Factors {
    pub(super) fn get(&self, user: &UserHandle, name: &FactorName) -> Option<&FactorRecord> {
        self.0.get(&(user.clone(), name.clone()))
    }

    pub(super) fn of_user(&self, user: &UserHandle) -> impl Iterator<Item = &FactorRecord> {
        let of_user = self.0.range((user.clone(), FactorName::FIRST)..);
        of_user.map(|(_, record)| record).take_while(move |record| record.user == *user)
    }

    pub(super) fn between(
        &self,
        first: &UserHandle,
        last: &UserHandle,
    ) -> impl Iterator<Item = &FactorRecord> {
        let from_first = self.0.range((first.clone(), FactorName::FIRST)..);
        from_first.map(|(_, record)| record).take_while(move |record| record.user <= *last)
    }

    /// Whether the factor completes a sign-in of the user.
    pub(super) fn is_second_factor(&self, user: &UserHandle, name: &FactorName) -> bool {
        self.get(user, name).is_some_and(|record| record.status == FactorStatus::SecondFactor)
    }

    /// Whether any factor completes a sign-in of the user.
    pub(super) fn has_second_factor(&self, user: &UserHandle) -> bool {
        self.of_user(user).any(|record| record.status == FactorStatus::SecondFactor)
    }

    /// Writes a record if the stored one has this version.
    pub(super) fn put(&mut self, record: &FactorRecord, expected: Option<FactorVersion>) -> bool {
        let key = (record.user.clone(), record.name.clone());
        let is_expected = self.0.get(&key).map(|stored| stored.version) == expected;
        if is_expected {
            self.0.insert(key, record.clone());
        }
        is_expected
    }

    pub(super) fn delete(&mut self, user: &UserHandle, name: &FactorName) -> bool {
        self.0.remove(&(user.clone(), name.clone())).is_some()
    }

    pub(super) fn delete_all(&mut self, user: &UserHandle) -> u64 {
        let names: Vec<_> = self.of_user(user).map(|record| record.name.clone()).collect();
        let deleted = names.iter().filter(|name| self.delete(user, name)).count();
        u64::try_from(deleted).unwrap_or(u64::MAX)
    }
}
