use std::collections::{BTreeMap, HashMap};

use rp_core::UserHandle;

use super::error::DecoyError;
use super::profile::{CommonAccount, DecoyProfile, MixedAccounts, MixedShape, Pattern};
use super::shape::DecoyShape;
use crate::store::{CredentialStore, StoreError};

/// Derives a [`DecoyProfile`] from the accounts of a site.
#[derive(Clone, Debug, Default)]
pub struct DecoySurvey {
    /// The numbers of shapes.
    shapes: HashMap<DecoyShape, usize>,
    /// The shapes of each user's passkeys.
    accounts: HashMap<UserHandle, Vec<usize>>,
}

impl DecoySurvey {
    /// Reads every passkey of a store. It keeps a few bytes of each in memory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_store(store: &impl CredentialStore) -> Result<Self, StoreError> {
        let mut survey = Self::default();
        let mut after = None;
        loop {
            let page = store.all_passkeys(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(survey) };
            after = Some(last.record.id.clone());
            for passkey in &page {
                survey.add(&passkey.record.user_handle, DecoyShape::of(&passkey.record));
            }
        }
    }

    /// Adds a passkey of a user.
    pub fn add(&mut self, user: &UserHandle, shape: DecoyShape) {
        let next = self.shapes.len();
        let shape = *self.shapes.entry(shape.shown()).or_insert(next);
        let passkeys = self.accounts.entry(user.clone()).or_default();
        if passkeys.len() < DecoyProfile::MAX_PASSKEYS {
            passkeys.push(shape);
        }
    }

    /// The number of users with a passkey.
    #[must_use]
    pub fn accounts(&self) -> usize {
        self.accounts.len()
    }

    /// The profile of these accounts.
    ///
    /// # Errors
    /// [`DecoyError::Profile`] if the site has no accounts.
    pub fn profile(&self) -> Result<DecoyProfile, DecoyError> {
        let mut shapes: Vec<_> = self.shapes.iter().collect();
        shapes.sort_by_key(|(_, number)| **number);
        let mut alike: BTreeMap<Vec<&DecoyShape>, u32> = BTreeMap::new();
        for passkeys in self.accounts.values() {
            let mut passkeys: Vec<_> =
                passkeys.iter().filter_map(|&number| shapes.get(number)).map(|(shape, _)| *shape).collect();
            passkeys.sort();
            let accounts = alike.entry(passkeys).or_default();
            *accounts = accounts.saturating_add(1);
        }
        let mut common = Vec::new();
        let mut mixed: BTreeMap<usize, Vec<(Vec<&DecoyShape>, u32)>> = BTreeMap::new();
        for (passkeys, accounts) in alike {
            if accounts >= DecoyProfile::COMMON {
                let passkeys = passkeys.into_iter().cloned().collect();
                common.push(CommonAccount { accounts, passkeys });
            } else {
                mixed.entry(passkeys.len()).or_default().push((passkeys, accounts));
            }
        }
        common.sort_by_key(|account| std::cmp::Reverse(account.accounts));
        let mixed = mixed.into_values().map(|accounts| pool(&accounts)).collect();
        DecoyProfile { common, mixed }.checked()
    }
}

/// The patterns and shapes of accounts with the same number of passkeys.
fn pool(accounts: &[(Vec<&DecoyShape>, u32)]) -> MixedAccounts {
    let mut patterns: BTreeMap<Vec<usize>, u32> = BTreeMap::new();
    let mut shapes: BTreeMap<&DecoyShape, [u32; 2]> = BTreeMap::new();
    for (passkeys, accounts) in accounts {
        let mut own: BTreeMap<&DecoyShape, usize> = BTreeMap::new();
        for &shape in passkeys {
            let alike = own.entry(shape).or_default();
            *alike = alike.saturating_add(1);
        }
        let mut own: Vec<_> = own.into_iter().map(|(shape, alike)| (alike, shape)).collect();
        own.sort_by_key(|(alike, _)| std::cmp::Reverse(*alike));
        for (at, (_, shape)) in own.iter().enumerate() {
            let [most, others] = shapes.entry(shape).or_default();
            let sum = if at == 0 { most } else { others };
            *sum = sum.saturating_add(*accounts);
        }
        let pattern = patterns.entry(own.into_iter().map(|(alike, _)| alike).collect()).or_default();
        *pattern = pattern.saturating_add(*accounts);
    }
    let shape =
        |(shape, [most, others]): (&DecoyShape, [u32; 2])| MixedShape { most, others, shape: shape.clone() };
    MixedAccounts {
        patterns: patterns.into_iter().map(|(alike, accounts)| Pattern { accounts, alike }).collect(),
        shapes: shapes.into_iter().map(shape).collect(),
    }
}

/// The number of passkeys that are read at a time.
const PAGE: u32 = 256;

#[cfg(test)]
mod tests {
    use rp_core::Algorithm;

    use super::*;

    fn shape(id_len: usize) -> DecoyShape {
        DecoyShape::new(id_len, &["usb"], Algorithm::Es256)
    }

    fn survey(accounts: &[&[usize]]) -> DecoySurvey {
        let mut survey = DecoySurvey::default();
        for (user, passkeys) in (0_u16..).zip(accounts) {
            let user = UserHandle::try_from(user.to_be_bytes().as_slice()).unwrap();
            passkeys.iter().for_each(|&id_len| survey.add(&user, shape(id_len)));
        }
        survey
    }

    #[test]
    fn accounts_that_look_alike_are_recorded_as_a_whole() {
        let profile = survey(&[&[16, 64][..]; 10]).profile().unwrap();
        let passkeys = vec![shape(16), shape(64)];
        assert_eq!(profile.common, [CommonAccount { accounts: 10, passkeys }]);
        assert_eq!(profile.mixed, []);
    }

    #[test]
    fn a_rare_account_is_not_recorded_as_a_whole() {
        let profile = survey(&[&[16, 20, 16], &[64, 64, 20], &[20, 20, 20], &[20]]).profile().unwrap();
        assert_eq!(profile.common, []);
        let [one, three] = &profile.mixed[..] else { panic!("{profile:?}") };
        assert_eq!(one.patterns, [Pattern { accounts: 1, alike: vec![1] }]);
        let patterns = [(2, vec![2, 1]), (1, vec![3])].map(|(accounts, alike)| Pattern { accounts, alike });
        assert_eq!(three.patterns, patterns);
        let shapes = [(1, 0, 16), (1, 2, 20), (1, 0, 64)];
        let shapes = shapes.map(|(most, others, id_len)| MixedShape { most, others, shape: shape(id_len) });
        assert_eq!(three.shapes, shapes);
    }

    #[test]
    fn ids_and_transports_are_recorded_as_options_show_them() {
        let mut survey = DecoySurvey::default();
        let user = UserHandle::try_from([1].as_slice()).unwrap();
        survey.add(&user, DecoyShape::new(8, &["telepathy", "usb"], Algorithm::Es256));
        let profile = survey.profile().unwrap();
        assert_eq!(profile.mixed[0].shapes[0].shape, DecoyShape::new(16, &["usb"], Algorithm::Es256));
    }

    #[test]
    fn a_site_without_accounts_has_no_profile() {
        assert_eq!(DecoySurvey::default().profile(), Err(DecoyError::Profile));
    }
}
