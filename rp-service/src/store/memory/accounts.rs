use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rp_core::{CredentialId, CredentialUpdate, Timestamp, UserHandle};

use crate::store::{Account, Added, Applied, Deleted, Opened, Passkey, Put};

/// Accounts, and two indexes over them.
#[derive(Default)]
pub(super) struct Accounts {
    accounts: HashMap<UserHandle, Held>,
    /// `name_key` to account.
    names: HashMap<String, UserHandle>,
    /// Credential ID to account.
    owners: HashMap<CredentialId, UserHandle>,
}

struct Held {
    account: Account,
    /// Oldest first.
    passkeys: Vec<Passkey>,
}

impl Held {
    fn position(&self, id: &CredentialId) -> Option<usize> {
        self.passkeys.iter().position(|passkey| passkey.record.id == *id)
    }
}

impl Accounts {
    pub(super) fn by_name(&self, name_key: &str) -> Option<&Account> {
        self.get(self.names.get(name_key)?)
    }

    pub(super) fn get(&self, user_handle: &UserHandle) -> Option<&Account> {
        self.accounts.get(user_handle).map(|held| &held.account)
    }

    pub(super) fn passkey(&self, id: &CredentialId) -> Option<(&Account, &Passkey)> {
        let held = self.accounts.get(self.owners.get(id)?)?;
        let passkey = held.passkeys.iter().find(|passkey| passkey.record.id == *id)?;
        Some((&held.account, passkey))
    }

    pub(super) fn passkey_mut(&mut self, owner: &UserHandle, id: &CredentialId) -> Option<&mut Passkey> {
        self.accounts.get_mut(owner)?.passkeys.iter_mut().find(|passkey| passkey.record.id == *id)
    }

    pub(super) fn passkeys(&self, user_handle: &UserHandle) -> &[Passkey] {
        self.accounts.get(user_handle).map_or(&[], |held| &held.passkeys)
    }

    pub(super) fn open(&mut self, account: Account, passkey: Passkey) -> Opened {
        if self.accounts.contains_key(&account.user_handle) {
            return Opened::HandleTaken;
        }
        if self.names.contains_key(&account.name_key) {
            return Opened::NameTaken;
        }
        if self.owners.contains_key(&passkey.record.id) {
            return Opened::CredentialExists;
        }
        let user_handle = account.user_handle.clone();
        self.names.insert(account.name_key.clone(), user_handle.clone());
        self.owners.insert(passkey.record.id.clone(), user_handle.clone());
        self.accounts.insert(user_handle, Held { account, passkeys: vec![passkey] });
        Opened::Done
    }

    pub(super) fn add(&mut self, passkey: Passkey, max: Option<usize>) -> Added {
        let Some(held) = self.accounts.get_mut(&passkey.record.user_handle) else {
            return Added::NoAccount;
        };
        let Entry::Vacant(owner) = self.owners.entry(passkey.record.id.clone()) else {
            return Added::CredentialExists;
        };
        if max.is_some_and(|max| held.passkeys.len() >= max) {
            return Added::TooMany;
        }
        owner.insert(passkey.record.user_handle.clone());
        held.passkeys.push(passkey);
        held.passkeys.sort_by_key(|passkey| passkey.created_at);
        Added::Done
    }

    pub(super) fn apply(
        &mut self,
        owner: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> Applied {
        let Some(passkey) = self.passkey_mut(owner, &update.id) else { return Applied::Gone };
        let current = passkey.record.sign_count;
        if current != update.previous_sign_count {
            return Applied::CounterMoved { current };
        }
        update.apply(&mut passkey.record);
        passkey.last_used_at = passkey.last_used_at.max(Some(used_at));
        passkey.user_verified = update.user_verified;
        Applied::Done
    }

    pub(super) fn delete(&mut self, owner: &UserHandle, id: &CredentialId, allow_last: bool) -> Deleted {
        let Some(held) = self.accounts.get_mut(owner) else { return Deleted::Missing };
        let Some(position) = held.position(id) else { return Deleted::Missing };
        if held.passkeys.len() == 1 && !allow_last {
            return Deleted::Last;
        }
        held.passkeys.remove(position);
        self.owners.remove(id);
        Deleted::Done
    }

    pub(super) fn put(&mut self, account: Account) -> Put {
        let user_handle = account.user_handle.clone();
        if self.names.get(&account.name_key).is_some_and(|holder| *holder != user_handle) {
            return Put::NameTaken;
        }
        let name_key = account.name_key.clone();
        match self.accounts.entry(user_handle.clone()) {
            Entry::Occupied(mut held) => {
                let known = &mut held.get_mut().account;
                self.names.remove(&known.name_key);
                let created_at = known.created_at;
                *known = Account { created_at, ..account };
            }
            Entry::Vacant(place) => {
                place.insert(Held { account, passkeys: Vec::new() });
            }
        }
        self.names.insert(name_key, user_handle);
        Put::Done
    }

    pub(super) fn remove(&mut self, user_handle: &UserHandle) -> bool {
        let Some(held) = self.accounts.remove(user_handle) else { return false };
        self.names.remove(&held.account.name_key);
        for passkey in &held.passkeys {
            self.owners.remove(&passkey.record.id);
        }
        true
    }
}
