//! The passkeys of the signed-in user: listing, naming, deleting, and the arguments of the Signal methods.

use rp_core::CredentialId;

use super::caller::{Caller, step_up};
use super::service::Passkeys;
use crate::error::ServiceError;
use crate::event::{Action, EventBuilder};
use crate::json::{CredentialJson, CredentialsJson, OriginsJson, PasskeyEndpoints, SignalJson};
use crate::policy::Policy;
use crate::store::{Conditions, DeletePasskey, Passkey};
use crate::text::check_name;

impl Passkeys {
    /// The passkeys of the signed-in user, oldest first.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `storage-unavailable`.
    pub async fn passkeys(&self, caller: &Caller) -> Result<Vec<Passkey>, ServiceError> {
        let read = async {
            let user = self.signed_in_user(caller).await?;
            Ok(self.inner.credentials.passkeys(&user.handle).await?)
        };
        let result = read.await;
        self.record_rejection(Action::Read, caller, &result);
        result
    }

    /// The arguments of the Signal methods for the signed-in user.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `storage-unavailable`.
    pub async fn signal(&self, caller: &Caller) -> Result<SignalJson, ServiceError> {
        let read = async {
            let user = self.signed_in_user(caller).await?;
            let passkeys = self.inner.credentials.passkeys(&user.handle).await?;
            Ok(SignalJson::new(&self.inner.rp, &user, &passkeys))
        };
        let result = read.await;
        self.record_rejection(Action::Read, caller, &result);
        result
    }

    /// Names a passkey of the signed-in user; an empty name removes the name.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `malformed-json` for a name that is not
    /// allowed, `credential-unknown`, `storage-unavailable`.
    pub async fn rename_passkey(
        &self,
        caller: &Caller,
        id: &CredentialId,
        name: &str,
    ) -> Result<Passkey, ServiceError> {
        let mut event = caller.event(Action::RenamePasskey);
        event.credential = Some(id.clone());
        let change = async {
            let user = self.signed_in_user(caller).await?;
            let name = nickname(name, &self.inner.policy)?;
            self.check_session(caller).await?;
            let renamed = self.inner.credentials.rename_passkey(&user.handle, id, name.as_deref()).await?;
            renamed.ok_or(ServiceError::NoSuchPasskey)
        };
        let result = change.await;
        if let Ok(passkey) = &result {
            event.passkey(passkey);
        }
        self.record(&event, &result);
        result
    }

    /// Deletes a passkey of the signed-in user, and ends the sessions that it opened, the caller's included. Requires recent
    /// verification; the last passkey is kept unless the policy allows its deletion.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `step-up-required`,
    /// `credential-unknown`, `last-credential`, `storage-unavailable`.
    pub async fn delete_passkey(
        &self,
        caller: &Caller,
        id: &CredentialId,
    ) -> Result<SignalJson, ServiceError> {
        let mut event = caller.event(Action::DeletePasskey);
        event.credential = Some(id.clone());
        let result = self.remove(&mut event, caller, id).await;
        self.record(&event, &result);
        result
    }

    async fn remove(
        &self,
        event: &mut EventBuilder,
        caller: &Caller,
        id: &CredentialId,
    ) -> Result<SignalJson, ServiceError> {
        let session = &caller.signed_in()?.session;
        let user = self.signed_in_user(caller).await?;
        let mut passkeys = self.inner.credentials.passkeys(&user.handle).await?;
        // For the event, which names the model; the store decides.
        if let Some(passkey) = passkeys.iter().find(|passkey| passkey.record.id == *id) {
            event.passkey(passkey);
        }
        let authorization = self.authorize(session, &passkeys).await?;
        if !self.inner.is_user_store_shared {
            // The transaction below cannot check it.
            self.active_user(&user.handle).await?;
        }
        let conditions = Conditions {
            check_user: self.inner.is_user_store_shared,
            check_factors: self.checks_factors(&user.handle, &authorization).await?,
            authorization,
            session: self.session_condition(caller).await?,
            now: session.effective_time(self.now()),
        };
        let allow_last = self.inner.policy.allow_deleting_last;
        let deleted = self.inner.credentials.delete_passkey(&user.handle, id, allow_last, &conditions);
        match deleted.await? {
            DeletePasskey::Done => {}
            DeletePasskey::Last => return Err(ServiceError::LastPasskey),
            DeletePasskey::Missing => return Err(ServiceError::NoSuchPasskey),
            DeletePasskey::UserMissing | DeletePasskey::SessionEnded => {
                return Err(ServiceError::NotSignedIn);
            }
            DeletePasskey::NotAuthorized => {
                return Err(step_up(self.management_requirement().missing(session)));
            }
        }
        self.end_sessions_of_passkey(&user, id).await;
        passkeys.retain(|passkey| passkey.record.id != *id);
        Ok(SignalJson::new(&self.inner.rp, &user, &passkeys))
    }

    /// A passkey as responses show it.
    #[must_use]
    pub fn credential_json(&self, passkey: &Passkey) -> CredentialJson {
        CredentialJson::new(passkey, self.inner.authenticators.info(&passkey.record.aaguid))
    }

    /// The passkeys as `GET credentials` shows them.
    #[must_use]
    pub fn credentials_json(&self, passkeys: &[Passkey]) -> CredentialsJson {
        CredentialsJson {
            credentials: passkeys.iter().map(|passkey| self.credential_json(passkey)).collect(),
        }
    }

    /// The document `/.well-known/webauthn`: [`RelyingParty::related_origins`](rp_core::RelyingParty::related_origins),
    /// which is never empty.
    #[must_use]
    pub fn related_origins(&self) -> OriginsJson {
        OriginsJson { origins: self.inner.rp.related_origins().origins }
    }

    /// The document `/.well-known/passkey-endpoints`, if it is configured.
    #[must_use]
    pub fn passkey_endpoints(&self) -> Option<&PasskeyEndpoints> {
        let endpoints = &self.inner.http.endpoints;
        (!endpoints.is_empty()).then_some(endpoints)
    }
}

/// A nickname; `None` if it is empty.
pub(super) fn nickname(text: &str, policy: &Policy) -> Result<Option<String>, ServiceError> {
    let text = check_name("nickname", text, policy.nickname_max_chars)?;
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
