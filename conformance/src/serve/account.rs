//! Accounts and their credentials.

use std::collections::BTreeMap;

use rp_core::{CredentialRecord, CredentialUpdate, RandomnessError, User, UserHandle};

/// Every account by its name.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    by_name: BTreeMap<String, Account>,
    /// The name of each credential's account.
    by_credential: BTreeMap<Vec<u8>, String>,
}

/// An account.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) user: User,
    pub(super) credentials: Vec<CredentialRecord>,
}

impl Accounts {
    pub(super) fn get(&self, name: &str) -> Option<&Account> {
        self.by_name.get(name)
    }

    /// The account with this name, or a new one that is not stored yet.
    pub(super) fn get_or_new(&self, name: &str, display_name: &str) -> Result<Account, RandomnessError> {
        if let Some(account) = self.by_name.get(name) {
            return Ok(account.clone());
        }
        let user = User {
            handle: UserHandle::random()?,
            name: name.to_owned(),
            display_name: display_name.to_owned(),
        };
        Ok(Account { user, credentials: Vec::new() })
    }

    pub(super) fn credential(&self, id: &[u8]) -> Option<&CredentialRecord> {
        let account = self.by_name.get(self.by_credential.get(id)?)?;
        account.credentials.iter().find(|record| record.id.as_bytes() == id)
    }

    pub(super) fn add(&mut self, user: &User, record: CredentialRecord) {
        self.by_credential.insert(record.id.as_bytes().to_vec(), user.name.clone());
        let account = self
            .by_name
            .entry(user.name.clone())
            .or_insert_with(|| Account { user: user.clone(), credentials: Vec::new() });
        account.credentials.retain(|known| known.id != record.id);
        account.credentials.push(record);
    }

    pub(super) fn update(&mut self, update: &CredentialUpdate) {
        let name = self.by_credential.get(update.id.as_bytes());
        let account = name.and_then(|name| self.by_name.get_mut(name));
        let credentials = account.into_iter().flat_map(|account| &mut account.credentials);
        credentials.filter(|record| record.id == update.id).for_each(|record| update.apply(record));
    }
}
