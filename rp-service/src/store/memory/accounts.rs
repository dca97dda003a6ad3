use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use rp_core::{CredentialId, CredentialUpdate, StoredAttestation, Timestamp, UserHandle};

use super::factors::Factors;
use super::sessions::Sessions;
use crate::factor_name::FactorName;
use crate::store::credential::UnmetCondition;
use crate::store::{
    AddPasskey, ApplyUpdate, Authorization, Conditions, CreateUser, DeleteFactor, DeletePasskey,
    FactorRecord, FactorVersion, GrantKey, Passkey, PutFactor, SWEEP_LIMIT, SignUp, UpdateUser, UserChange,
    UserRecord,
};

/// Users, and what belongs to them.
#[derive(Default)]
pub(super) struct Accounts {
    users: BTreeMap<UserHandle, UserRecord>,
    /// `name_key` to user.
    names: HashMap<String, UserHandle>,
    passkeys: BTreeMap<CredentialId, Passkey>,
    /// The IDs of each user's passkeys, oldest first.
    ids: BTreeMap<UserHandle, Vec<CredentialId>>,
    grants: HashMap<GrantKey, Grant>,
    pub(super) sessions: Sessions,
    pub(super) factors: Factors,
}

struct Grant {
    user: UserHandle,
    expires_at: Timestamp,
}

impl Accounts {
    pub(super) fn user(&self, handle: &UserHandle) -> Option<&UserRecord> {
        self.users.get(handle)
    }

    pub(super) fn user_by_name(&self, name_key: &str) -> Option<&UserRecord> {
        self.users.get(self.names.get(name_key)?)
    }

    pub(super) fn users(&self, after: Option<&UserHandle>) -> impl Iterator<Item = &UserRecord> {
        behind(&self.users, after)
    }

    pub(super) fn create_user(&mut self, user: UserRecord) -> CreateUser {
        if self.users.contains_key(&user.handle) {
            return CreateUser::HandleTaken;
        }
        if self.names.contains_key(&user.name_key) {
            return CreateUser::NameTaken;
        }
        self.names.insert(user.name_key.clone(), user.handle.clone());
        self.users.insert(user.handle.clone(), user);
        CreateUser::Done
    }

    pub(super) fn create_user_with_passkey(
        &mut self,
        user: UserRecord,
        passkey: Passkey,
        is_reserved: bool,
    ) -> SignUp {
        if self.users.contains_key(&user.handle) {
            return SignUp::HandleTaken;
        }
        if self.names.contains_key(&user.name_key) {
            return SignUp::NameTaken;
        }
        if self.passkeys.contains_key(&passkey.record.id) || is_reserved {
            return SignUp::CredentialExists;
        }
        match self.create_user(user) {
            CreateUser::Done => self.insert_passkey(passkey),
            CreateUser::NameTaken => return SignUp::NameTaken,
            CreateUser::HandleTaken => return SignUp::HandleTaken,
        }
        SignUp::Done
    }

    pub(super) fn update_user(&mut self, handle: &UserHandle, change: UserChange) -> UpdateUser {
        let Some(user) = self.users.get_mut(handle) else { return UpdateUser::Missing };
        if let Some((name, name_key)) = change.name {
            if self.names.get(&name_key).is_some_and(|holder| holder != handle) {
                return UpdateUser::NameTaken;
            }
            self.names.remove(&user.name_key);
            self.names.insert(name_key.clone(), handle.clone());
            (user.name, user.name_key) = (name, name_key);
        }
        if let Some(display_name) = change.display_name {
            user.display_name = display_name;
        }
        UpdateUser::Done(user.clone())
    }

    pub(super) fn set_user_lock(&mut self, handle: &UserHandle, locked_at: Option<Timestamp>) -> bool {
        let Some(user) = self.users.get_mut(handle) else { return false };
        user.locked_at = locked_at.map(|time| user.locked_at.unwrap_or(time));
        true
    }

    pub(super) fn delete_user(&mut self, handle: &UserHandle) -> bool {
        let Some(user) = self.users.remove(handle) else { return false };
        self.names.remove(&user.name_key);
        self.delete_passkeys(handle);
        self.factors.delete_all(handle);
        self.sessions.end_where(handle, |_| true);
        true
    }

    pub(super) fn passkey(&self, id: &CredentialId) -> Option<&Passkey> {
        self.passkeys.get(id)
    }

    /// A passkey, if it is this user's.
    pub(super) fn passkey_mut(&mut self, user: &UserHandle, id: &CredentialId) -> Option<&mut Passkey> {
        self.passkeys.get_mut(id).filter(|passkey| passkey.record.user_handle == *user)
    }

    fn has_passkey(&self, user: &UserHandle, id: &CredentialId) -> bool {
        self.passkeys.get(id).is_some_and(|passkey| passkey.record.user_handle == *user)
    }

    pub(super) fn passkeys(&self, user: &UserHandle) -> impl Iterator<Item = &Passkey> {
        self.ids.get(user).into_iter().flatten().filter_map(|id| self.passkeys.get(id))
    }

    pub(super) fn all_passkeys(&self, after: Option<&CredentialId>) -> impl Iterator<Item = &Passkey> {
        behind(&self.passkeys, after)
    }

    pub(super) fn add_passkey(
        &mut self,
        passkey: Passkey,
        max: Option<usize>,
        conditions: &Conditions,
    ) -> AddPasskey {
        let user = &passkey.record.user_handle;
        if let Err(unmet) = self.check(user, conditions) {
            return unmet.into();
        }
        if self.passkeys.contains_key(&passkey.record.id) {
            return AddPasskey::CredentialExists;
        }
        if max.is_some_and(|max| self.passkeys(user).count() >= max) {
            return AddPasskey::TooMany;
        }
        if let Authorization::Grant(key) = &conditions.authorization {
            self.grants.remove(key);
        }
        self.insert_passkey(passkey);
        AddPasskey::Done
    }

    fn check(&self, user: &UserHandle, conditions: &Conditions) -> Result<(), UnmetCondition> {
        let Conditions { check_user, check_factors, session, authorization, now } = conditions;
        if *check_user && self.users.get(user).is_none_or(|user| user.locked_at.is_some()) {
            return Err(UnmetCondition::User);
        }
        if session.is_some_and(|key| !self.sessions.is_alive(key, user, *now)) {
            return Err(UnmetCondition::Session);
        }
        let is_authorized = match authorization {
            Authorization::Passkey(id) => self.has_passkey(user, id),
            Authorization::SecondFactor(name) => {
                !self.has_passkeys(user) && (!check_factors || self.factors.is_second_factor(user, name))
            }
            Authorization::FirstFactor => {
                let has_factor = *check_factors && self.factors.has_second_factor(user);
                !self.has_passkeys(user) && !has_factor
            }
            Authorization::Grant(key) => {
                self.grants.get(key).is_some_and(|grant| grant.user == *user && *now <= grant.expires_at)
            }
            Authorization::Operator => true,
        };
        if is_authorized { Ok(()) } else { Err(UnmetCondition::Authorization) }
    }

    fn has_passkeys(&self, user: &UserHandle) -> bool {
        self.passkeys(user).next().is_some()
    }

    pub(super) fn put_factor(
        &mut self,
        record: &FactorRecord,
        expected: Option<FactorVersion>,
        conditions: Option<&Conditions>,
    ) -> PutFactor {
        if let Some(Err(unmet)) = conditions.map(|conditions| self.check(&record.user, conditions)) {
            return unmet.into();
        }
        if !self.factors.put(record, expected) {
            return PutFactor::Changed;
        }
        if let Some(Conditions { authorization: Authorization::Grant(key), .. }) = conditions {
            self.grants.remove(key);
        }
        PutFactor::Done
    }

    pub(super) fn delete_factor(
        &mut self,
        user: &UserHandle,
        name: &FactorName,
        conditions: Option<&Conditions>,
    ) -> DeleteFactor {
        if let Some(conditions) = conditions {
            if let Err(unmet) = self.check(user, conditions) {
                return unmet.into();
            }
            if matches!(conditions.authorization, Authorization::Grant(_)) {
                return DeleteFactor::NotAuthorized;
            }
        }
        if self.factors.delete(user, name) { DeleteFactor::Done } else { DeleteFactor::Missing }
    }

    fn insert_passkey(&mut self, passkey: Passkey) {
        let ids = self.ids.entry(passkey.record.user_handle.clone()).or_default();
        ids.push(passkey.record.id.clone());
        self.passkeys.insert(passkey.record.id.clone(), passkey);
        // Stable: of the same second, the one that was added first
        ids.sort_by_key(|id| self.passkeys.get(id).map(|passkey| passkey.created_at));
    }

    pub(super) fn apply_update(
        &mut self,
        user: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> ApplyUpdate {
        let Some(passkey) = self.passkey_mut(user, &update.id) else { return ApplyUpdate::Missing };
        if passkey.record.sign_count != update.previous_sign_count {
            return ApplyUpdate::CounterMoved;
        }
        update.apply(&mut passkey.record);
        passkey.last_used_at = passkey.last_used_at.max(Some(used_at));
        passkey.user_verified = update.user_verified;
        ApplyUpdate::Done
    }

    pub(super) fn delete_passkey(
        &mut self,
        user: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
        conditions: &Conditions,
    ) -> DeletePasskey {
        if let Err(unmet) = self.check(user, conditions) {
            return unmet.into();
        }
        if matches!(conditions.authorization, Authorization::Grant(_)) {
            return DeletePasskey::NotAuthorized;
        }
        if !self.has_passkey(user, id) {
            return DeletePasskey::Missing;
        }
        if !allow_last && self.passkeys(user).count() == 1 {
            return DeletePasskey::Last;
        }
        self.passkeys.remove(id);
        if let Some(ids) = self.ids.get_mut(user) {
            ids.retain(|other| other != id);
        }
        self.sessions.end_of_passkey(user, id);
        DeletePasskey::Done
    }

    pub(super) fn delete_passkeys(&mut self, user: &UserHandle) -> u64 {
        self.grants.retain(|_, grant| grant.user != *user);
        let mut deleted = 0_u64;
        for id in self.ids.remove(user).unwrap_or_default() {
            self.passkeys.remove(&id);
            self.sessions.end_of_passkey(user, &id);
            deleted = deleted.saturating_add(1);
        }
        deleted
    }

    pub(super) fn passkeys_between(
        &self,
        first: &UserHandle,
        last: &UserHandle,
    ) -> impl Iterator<Item = &Passkey> {
        let from_first = self.ids.range(first..).take_while(move |(user, _)| *user <= last);
        from_first.flat_map(|(_, ids)| ids).filter_map(|id| self.passkeys.get(id))
    }

    pub(super) fn set_attestation(&mut self, id: &CredentialId, attestation: &StoredAttestation) -> bool {
        let Some(passkey) = self.passkeys.get_mut(id) else { return false };
        passkey.record.attestation = attestation.clone();
        true
    }

    pub(super) fn put_grant(&mut self, key: GrantKey, user: &UserHandle, expires_at: Timestamp) {
        self.grants.insert(key, Grant { user: user.clone(), expires_at });
    }

    pub(super) fn grant_expiry(&self, user: &UserHandle, now: Timestamp) -> Option<Timestamp> {
        let of_user = self.grants.values().filter(|grant| grant.user == *user);
        of_user.map(|grant| grant.expires_at).filter(|expires_at| now <= *expires_at).max()
    }

    pub(super) fn take_grant(&mut self, key: GrantKey, user: &UserHandle, now: Timestamp) -> bool {
        let is_valid =
            self.grants.get(&key).is_some_and(|grant| grant.user == *user && now <= grant.expires_at);
        if is_valid {
            self.grants.remove(&key);
        }
        is_valid
    }

    pub(super) fn sweep_grants(&mut self, before: Timestamp) -> u64 {
        let mut swept = 0_u64;
        self.grants.retain(|_, grant| {
            let is_kept = grant.expires_at >= before || swept >= u64::from(SWEEP_LIMIT);
            swept = swept.saturating_add(u64::from(!is_kept));
            is_kept
        });
        swept
    }
}

/// The values behind a key, in the order of the keys.
fn behind<'a, K: Ord, V>(
    map: &'a BTreeMap<K, V>,
    after: Option<&K>,
) -> impl Iterator<Item = &'a V> + use<'a, K, V> {
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    map.range((start, Bound::Unbounded)).map(|(_, value)| value)
}
