//! What the signed-in account does with its passkeys: list, name, delete, and tell authenticators of it.

use rp_core::CredentialId;

use super::Passkeys;
use crate::event::{Action, Trail};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::session::SessionData;
use crate::store::{CeremonyStore, CredentialStore, Deleted, Passkey};
use crate::wire::{CredentialsJson, SignalJson};

impl<S: CeremonyStore + CredentialStore> Passkeys<S> {
    /// The signed-in account's passkeys, oldest first.
    ///
    /// # Errors
    /// [`Refusal`]: `not-signed-in`, `storage-unavailable`.
    pub async fn credentials(&self, session: Option<&SessionData>) -> Result<Vec<Passkey>, Refusal> {
        let read = async {
            let account = self.current_user(session).await?;
            Ok(self.inner.store.passkeys(&account.user_handle).await?)
        };
        let result = read.await;
        self.record_refused_start(Action::ReadAccount, session, &result);
        result
    }

    /// What `GET credentials` answers.
    #[must_use]
    pub fn credentials_json(&self, passkeys: &[Passkey]) -> CredentialsJson {
        CredentialsJson {
            credentials: passkeys.iter().map(|passkey| self.credential_json(passkey)).collect(),
        }
    }

    /// What the page passes to the Signal methods, so that authenticators forget passkeys that are gone, and
    /// show the names as they are.
    ///
    /// # Errors
    /// [`Refusal`]: `not-signed-in`, `storage-unavailable`.
    pub async fn signal(&self, session: Option<&SessionData>) -> Result<SignalJson, Refusal> {
        let read = async {
            let account = self.current_user(session).await?;
            let passkeys = self.inner.store.passkeys(&account.user_handle).await?;
            Ok(SignalJson::new(&self.inner.rp, &account, &passkeys))
        };
        let result = read.await;
        self.record_refused_start(Action::ReadAccount, session, &result);
        result
    }

    /// Names a passkey of the signed-in account; an empty name takes the name away.
    ///
    /// # Errors
    /// [`Refusal`]: `not-signed-in`, `malformed-json` for a name that passkeys cannot have,
    /// `credential-unknown`, `storage-unavailable`.
    pub async fn rename(
        &self,
        session: Option<&SessionData>,
        id: &CredentialId,
        name: &str,
    ) -> Result<Passkey, Refusal> {
        let mut trail = trail(Action::RenameCredential, session, id);
        let change = async {
            let session = self.require_session(session)?;
            let name = nickname(name, &self.inner.policy).map_err(|error| error.refusal())?;
            let renamed = self.inner.store.rename(&session.user_handle, id, name.as_deref()).await?;
            renamed.ok_or(Refusal::NoSuchCredential)
        };
        let result = change.await;
        if let Ok(passkey) = &result {
            trail.passkey(passkey);
        }
        self.record(&trail, &result);
        result
    }

    /// Deletes a passkey of the signed-in account. Asks for a fresh verification; the last one stays unless
    /// policy lets it go.
    ///
    /// # Errors
    /// [`Refusal`]: `not-signed-in`, `step-up-required`, `credential-unknown`, `last-credential`,
    /// `storage-unavailable`.
    pub async fn delete(&self, session: Option<&SessionData>, id: &CredentialId) -> Result<(), Refusal> {
        let mut trail = trail(Action::DeleteCredential, session, id);
        let result = self.remove(&mut trail, session, id).await;
        self.record(&trail, &result);
        result
    }

    async fn remove(
        &self,
        trail: &mut Trail,
        session: Option<&SessionData>,
        id: &CredentialId,
    ) -> Result<(), Refusal> {
        let session = self.require_fresh(session)?;
        let passkeys = self.inner.store.passkeys(&session.user_handle).await?;
        // For the event, which names the model; the store decides.
        if let Some(passkey) = passkeys.iter().find(|passkey| passkey.record.id == *id) {
            trail.passkey(passkey);
        }
        check_credential(session, &passkeys)?;
        let allow_last = self.inner.policy.allow_deleting_last;
        match self.inner.store.delete(&session.user_handle, id, allow_last).await? {
            Deleted::Done => Ok(()),
            Deleted::Last => Err(Refusal::LastCredential),
            Deleted::Missing => Err(Refusal::NoSuchCredential),
        }
    }
}

/// A session whose last verification was with a passkey that the account has no longer is not fresh: whoever lost
/// a passkey and deletes it takes it out of the finder's sessions too.
pub(super) fn check_credential(session: &SessionData, passkeys: &[Passkey]) -> Result<(), Refusal> {
    let is_there = |id: &CredentialId| passkeys.iter().any(|passkey| passkey.record.id == *id);
    if session.credential.as_ref().is_none_or(is_there) { Ok(()) } else { Err(Refusal::StepUpRequired) }
}

fn trail(action: Action, session: Option<&SessionData>, id: &CredentialId) -> Trail {
    let mut trail = Trail::new(action);
    trail.account = session.map(|session| session.user_handle.clone());
    trail.credential = Some(id.clone());
    trail
}

/// Why a text is no nickname.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NicknameError {
    /// It is too long.
    #[error("a nickname has at most {max} characters, not {got}")]
    Length {
        /// How many it has.
        got: usize,
        /// How many it may have.
        max: usize,
    },
    /// It has control characters.
    #[error("a nickname has no control characters")]
    Control,
}

impl NicknameError {
    pub(super) fn refusal(self) -> Refusal {
        Refusal::Body { detail: self.to_string() }
    }
}

/// A nickname without white space around it; `None` where nothing is left.
pub(super) fn nickname(text: &str, policy: &Policy) -> Result<Option<String>, NicknameError> {
    let text = text.trim();
    let (got, max) = (text.chars().count(), policy.nickname_max_chars);
    if got > max {
        return Err(NicknameError::Length { got, max });
    }
    if text.chars().any(char::is_control) {
        return Err(NicknameError::Control);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nicknames_are_trimmed_bounded_and_free_of_controls() {
        let policy = Policy { nickname_max_chars: 3, ..Policy::default() };
        assert_eq!(nickname(" käy ", &policy), Ok(Some("käy".into())));
        assert_eq!(nickname(" ", &policy), Ok(None));
        assert_eq!(nickname("keys", &policy), Err(NicknameError::Length { got: 4, max: 3 }));
        assert_eq!(nickname("a\u{7}b", &policy), Err(NicknameError::Control));
    }
}
