//! Creating a user with the first passkey.

use rp_core::options::CredentialCreationOptions;
use rp_core::{Registered, User, UserHandle};

use super::caller::Caller;
use super::ceremony::Ceremony;
use super::registration::{Registration, RegistrationInput};
use super::service::Passkeys;
use crate::admission::{AdmissionRequest, Purpose};
use crate::error::{NoCeremony, ServiceError};
use crate::event::{Action, EventBuilder};
use crate::factor_name::FactorName;
use crate::json::SignalJson;
use crate::policy::SecondFactorPolicy;
use crate::session::{SessionState, VerifiedFactor};
use crate::store::{Passkey, SignUp, UserRecord};
use crate::text::check_name;
use crate::username::Username;

/// A user who wants to sign up.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    /// The username.
    pub username: &'a str,
    /// The display name; the username if it is missing or empty.
    pub display_name: Option<&'a str>,
}

impl Passkeys {
    /// Options for creating a user. They contain a fresh random user handle and exclude nothing, whatever the name: a name
    /// never reaches an existing user, and whether one exists is not looked up.
    ///
    /// # Errors
    /// [`ServiceError`]: `sign-up-closed`, `username-invalid`, `malformed-json` for a display name that is not allowed,
    /// `too-many-requests`, `storage-unavailable`.
    pub async fn start_sign_up(
        &self,
        caller: &Caller,
        user: NewUser<'_>,
    ) -> Result<CredentialCreationOptions, ServiceError> {
        let result = self.prepare_sign_up(caller, user).await;
        self.record_rejection(Action::SignUp, caller, &result);
        result
    }

    async fn prepare_sign_up(
        &self,
        caller: &Caller,
        NewUser { username, display_name }: NewUser<'_>,
    ) -> Result<CredentialCreationOptions, ServiceError> {
        if !self.inner.policy.sign_up {
            return Err(ServiceError::SignUpClosed);
        }
        let username = Username::parse(username)?;
        let display_name = check_display_name(display_name.unwrap_or_default())?;
        let display_name = if display_name.is_empty() { username.as_written() } else { display_name };
        for (limit, subject) in self.reveal_limits(caller, None) {
            self.check_rate(limit, &subject).await?;
        }
        self.check_rate(self.inner.policy.limits.sign_ups_per_address, caller.address()).await?;
        let user = User {
            handle: UserHandle::random()?,
            name: username.as_written().to_owned(),
            display_name: display_name.to_owned(),
        };
        let record = UserRecord {
            handle: user.handle.clone(),
            name: user.name.clone(),
            name_key: username.key().to_owned(),
            display_name: user.display_name.clone(),
            created_at: self.now(),
            locked_at: None,
        };
        let rules = self.rules(&record).await?.passkeys;
        let request = rules.narrow(self.inner.rp.registration(&user).for_page(&caller.page), &self.inner.rp);
        let (options, pending) = request.start(self.now())?;
        let ceremony = Ceremony::SignUp {
            pending,
            name: record.name,
            name_key: record.name_key,
            display_name: record.display_name,
        };
        self.put_ceremony(caller, ceremony).await?;
        Ok(options)
    }

    pub(super) async fn sign_up(
        &self,
        event: &mut EventBuilder,
        input: RegistrationInput<'_>,
        user: UserRecord,
        registered: Registered,
        nickname: Option<String>,
    ) -> Result<Registration, ServiceError> {
        let passkey = self.new_passkey(event, &registered, nickname)?;
        let rules = self.current_rules(&user, self.now()).await?;
        let is_enough = rules.second_factor < SecondFactorPolicy::Required
            || (rules.factors.contains(&FactorName::PASSKEY) && registered.flags.user_verified());
        let state = if is_enough { SessionState::SignedIn } else { SessionState::FirstFactor };
        self.check_rules(&self.rules(&user).await?.passkeys, &registered, input.response)?;
        self.admit(AdmissionRequest::new(Purpose::SignUp, &user, &passkey)).await?;
        let limits = self.reveal_limits(input.caller, None);
        self.count_attempts(&limits).await?;
        let sign_ups = self.inner.policy.limits.sign_ups_per_address;
        if let Err(error) = self.count_attempt(sign_ups, input.caller.address()).await {
            self.forgive_attempts(&limits).await;
            return Err(error);
        }
        let id = passkey.record.id.clone();
        let key = self.key_facts(&passkey.record, registered.flags);
        let uv_initialized = passkey.record.uv_initialized;
        let factor = VerifiedFactor::passkey(key, registered.flags, uv_initialized, self.now());
        let session = self.new_session(input.caller, &user.handle, factor, Some(id), state)?;
        // The session is stored first, so that a user is never created if the client cannot be signed in.
        let opened = self.open_session(session).await;
        let created = match &opened {
            Ok(_) => self.create_user_with_passkey(&user, &passkey).await,
            Err(_) => Ok(SignUp::Done),
        };
        if !matches!(created, Ok(SignUp::NameTaken | SignUp::CredentialExists)) {
            self.forgive_attempts(&limits).await;
        }
        if opened.is_err() || !matches!(created, Ok(SignUp::Done)) {
            self.forgive_attempt(sign_ups, input.caller.address()).await;
        }
        let opened = opened?;
        let failure = match created {
            Ok(SignUp::Done) => {
                self.end_previous_session(input.caller).await;
                event.opened(&opened.session);
                let signal = SignalJson::new(&self.inner.rp, &user, std::slice::from_ref(&passkey));
                return Ok(Registration {
                    signal,
                    user,
                    passkey,
                    session: Some(opened),
                    attestation: registered.attestation,
                    extensions: registered.extensions,
                });
            }
            Ok(SignUp::NameTaken) => ServiceError::UsernameTaken,
            // 64 random bytes do not repeat: the ceremony was used twice.
            Ok(SignUp::HandleTaken) => ServiceError::NoCeremony(NoCeremony::Missing),
            Ok(SignUp::CredentialExists) => ServiceError::CredentialExists,
            Err(error) => error,
        };
        self.abandon_session(&opened).await;
        Err(failure)
    }

    /// Creates the user. The ID of a decoy is rejected like that of a registered credential.
    async fn create_user_with_passkey(
        &self,
        user: &UserRecord,
        passkey: &Passkey,
    ) -> Result<SignUp, ServiceError> {
        let Some(store) = &self.inner.sign_up else { return Err(ServiceError::SignUpClosed) };
        let is_decoy = self.inner.decoys.is_decoy(&passkey.record.id);
        Ok(store.create_user_with_passkey(user.clone(), passkey.clone(), is_decoy).await?)
    }
}

/// A display name without white space around it; it may be empty.
pub(super) fn check_display_name(text: &str) -> Result<&str, ServiceError> {
    check_name("displayName", text, MAX_DISPLAY_NAME_CHARS)
}

/// Enough for long names of people; authenticators truncate at 64 bytes (6.4.1).
const MAX_DISPLAY_NAME_CHARS: usize = 128;
