//! Authentication: signing in, stepping up, and a passkey as the second factor.

use rp_core::options::{CredentialRequestOptions, UserVerificationRequirement};
use rp_core::{
    AllowedCredentials, Authenticated, AuthenticationError, AuthenticationResponse, Code, CredentialId,
    CredentialRecord, PendingAuthentication, UserHandle,
};

use super::caller::{Caller, CurrentSession};
use super::ceremony::{Ceremony, StoredCeremony};
use super::next::Next;
use super::service::{Passkeys, Sessions};
use super::sessions::OpenedSession;
use crate::admission::{AdmissionRequest, Purpose};
use crate::decoy;
use crate::error::{NoCeremony, ServiceError};
use crate::event::{Action, EventBuilder};
use crate::policy::{Preference, SecondFactorPolicy, UsernameLists};
use crate::session::{Method, Session, SessionState, UserVerification, VerifiedFactor};
use crate::store::{ApplyUpdate, Passkey, UserRecord};
use crate::username::Username;

/// A verified authentication; the counter is stored, and the session is opened or renewed.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "the client needs the token of the session"]
pub struct Authentication {
    /// The user.
    pub user: UserRecord,
    /// The passkey, as it is now.
    pub passkey: Passkey,
    /// The session.
    pub session: OpenedSession,
    /// The next step. The user is signed in only if the state of the session says so.
    pub next: Next,
    /// The purpose: [`Purpose::SignIn`], [`Purpose::StepUp`] or [`Purpose::SecondFactor`].
    pub purpose: Purpose,
    /// The counter did not increase, and the policy accepted that.
    pub counter_regressed: bool,
    /// The extension outputs.
    pub extensions: rp_core::extensions::AuthenticationExtensionOutputs,
}

impl Passkeys {
    /// Options for signing in, with any discoverable passkey or with a passkey of the user who has the username.
    ///
    /// For a username that no one has, or whose user has no passkey, the options list credentials that are derived from
    /// the secret, the same ones each time. They look like those of a real user in their members, their order (by ID)
    /// and their transports, and take the same work: two queries and one stored ceremony. Their numbers and shapes follow
    /// the [`DecoyProfile`](crate::DecoyProfile).
    ///
    /// # Errors
    /// [`ServiceError`]: `storage-unavailable`.
    pub async fn start_sign_in(
        &self,
        caller: &Caller,
        username: Option<&str>,
    ) -> Result<CredentialRequestOptions, ServiceError> {
        let start = async {
            let allowed = match username {
                Some(username) => {
                    // Before the store is asked for the name: over the limit, nothing depends on it.
                    self.check_rate(self.inner.policy.limits.ceremonies_per_address, caller.address())
                        .await?;
                    self.allow_username(username).await?
                }
                None => AllowedCredentials::discoverable(),
            };
            let (options, pending) =
                self.inner.rp.authentication(allowed).for_page(&caller.page).start(self.now())?;
            let ceremony = Ceremony::SignIn { pending, username_given: username.is_some() };
            self.put_ceremony(caller, ceremony).await?;
            Ok(options)
        };
        let result = start.await;
        self.record_rejection(Action::SignIn, caller, &result);
        result
    }

    async fn allow_username(&self, username: &str) -> Result<AllowedCredentials, ServiceError> {
        let sends_lists = match self.inner.policy.username_lists {
            UsernameLists::Always => true,
            UsernameLists::Never => false,
            UsernameLists::Auto => !self.inner.rp.requires_resident_key(),
        };
        if !sends_lists {
            return Ok(AllowedCredentials::discoverable());
        }
        // A text that is not a username may still be the name of a user in the application's own table.
        let parsed = Username::parse(username);
        let key = parsed.as_ref().map_or(username, Username::key);
        let user = self.inner.users.user_by_name(key).await?;
        let decoy = self.inner.decoys.user_handle(key);
        let handle = user.map_or(decoy, |user| user.handle);
        let real = self.inner.credentials.descriptors(&handle).await?;
        let decoys = self.inner.decoys.descriptors(key, Some(self.inner.policy.default.passkeys.most));
        let descriptors = if real.is_empty() { decoys } else { decoy::descriptors(real) };
        Ok(AllowedCredentials::descriptors(handle, descriptors))
    }

    /// Options for verifying the signed-in user again, with one of the user's passkeys. User verification is required if
    /// all of them are capable of it, if the rules of the user require it and one of them is, or after a response in this
    /// session lacked it.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `storage-unavailable`.
    pub async fn start_step_up(&self, caller: &Caller) -> Result<CredentialRequestOptions, ServiceError> {
        let start = async {
            let current = caller.signed_in()?;
            let pending = self.start_for_session(caller, current).await?;
            self.finish_start(caller, pending, |pending| Ceremony::StepUp { pending }).await
        };
        let result = start.await;
        self.record_rejection(Action::StepUp, caller, &result);
        result
    }

    /// Options for completing the sign-in of a session in the state `first-factor` with a passkey.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in` if the session does not exist, `user-locked`, `storage-unavailable`.
    pub async fn start_second_factor(
        &self,
        caller: &Caller,
    ) -> Result<CredentialRequestOptions, ServiceError> {
        let start = async {
            let current = caller.any_session()?;
            if current.session.state != SessionState::FirstFactor {
                return Err(ServiceError::Body { detail: "the user is signed in already".into() });
            }
            let pending = self.start_for_session(caller, current).await?;
            self.finish_start(caller, pending, |pending| Ceremony::SecondFactor { pending }).await
        };
        let result = start.await;
        self.record_rejection(Action::SecondFactor, caller, &result);
        result
    }

    async fn start_for_session(
        &self,
        caller: &Caller,
        current: &CurrentSession,
    ) -> Result<(CredentialRequestOptions, PendingAuthentication), ServiceError> {
        use UserVerificationRequirement::{Discouraged, Preferred, Required};
        let session = &current.session;
        let user = self.active_user(&session.user).await?;
        let rules = self.current_rules(&user, session.effective_time(self.now())).await?;
        let passkeys = self.inner.credentials.passkeys(&user.handle).await?;
        let records: Vec<_> = passkeys.into_iter().map(|passkey| passkey.record).collect();
        let capable = !records.is_empty() && records.iter().all(|record| record.uv_initialized);
        let mut request = self.inner.rp.authentication(AllowedCredentials::account(user.handle, &records));
        // A passkey alone has to verify its user where two factors are required.
        let is_incomplete = session.state == SessionState::FirstFactor
            && rules.second_factor == SecondFactorPolicy::Required
            && session.factors.len() == 1
            && session.factor(&Method::Passkey).is_some();
        let is_required = rules.passkeys.user_verification == Preference::Required;
        let any_capable = records.iter().any(|record| record.uv_initialized);
        let of_site = self.inner.rp.authenticator_selection().user_verification;
        let requirement = self.inner.policy.step_up_user_verification.unwrap_or(of_site);
        request = request.user_verification(match requirement {
            _ if capable || session.user_verification_required || is_incomplete => Required,
            _ if is_required && (any_capable || session.state == SessionState::SignedIn) => Required,
            // The user has no passkey that could, and uses one to enrol one that can. The policy decides what it is worth.
            Discouraged if is_required => Preferred,
            requirement => requirement,
        });
        Ok(request.for_page(&caller.page).start(self.now())?)
    }

    async fn finish_start(
        &self,
        caller: &Caller,
        (options, pending): (CredentialRequestOptions, PendingAuthentication),
        ceremony: impl FnOnce(PendingAuthentication) -> Ceremony,
    ) -> Result<CredentialRequestOptions, ServiceError> {
        self.put_ceremony(caller, ceremony(pending)).await?;
        Ok(options)
    }

    /// Verifies the response to any of these options. The ceremony is used up in any case.
    ///
    /// Order of a sign-in: the session is stored, then the counter, then the client's earlier session ends, then the client
    /// receives the token. Order of a step-up: the counter, then the session is replaced.
    ///
    /// # Errors
    /// [`ServiceError`]: `no-ceremony`, `ceremony-expired`, `not-signed-in`, `credential-unknown`,
    /// `credential-not-allowed`, `user-locked`, `user-not-verified`, the reasons of section 7.2, the reasons of the
    /// admission hook, `storage-unavailable`. No one is signed in then.
    pub async fn finish_authentication(
        &self,
        caller: &Caller,
        response: &AuthenticationResponse,
    ) -> Result<Authentication, ServiceError> {
        let mut event = caller.event(Action::SignIn);
        event.credential = response.id().try_into().ok();
        let result = self.authenticate(&mut event, caller, response).await;
        self.record(&event, &result);
        result
    }

    async fn authenticate(
        &self,
        event: &mut EventBuilder,
        caller: &Caller,
        response: &AuthenticationResponse,
    ) -> Result<Authentication, ServiceError> {
        let stored = self.take_ceremony(caller, response.client_data()).await?;
        let attempt = Attempt::new(stored)?;
        event.action = match attempt.purpose {
            Purpose::StepUp => Action::StepUp,
            Purpose::SecondFactor => Action::SecondFactor,
            _ => Action::SignIn,
        };
        let username_given = attempt.username_given;
        let result = self.verify(event, caller, attempt, response).await;
        if username_given { result.map_err(ServiceError::redacted) } else { result }
    }

    async fn verify(
        &self,
        event: &mut EventBuilder,
        caller: &Caller,
        attempt: Attempt,
        response: &AuthenticationResponse,
    ) -> Result<Authentication, ServiceError> {
        let Ok(id) = CredentialId::try_from(response.id()) else {
            return Err(AuthenticationError::CredentialNotAllowed.into());
        };
        let Some(mut passkey) = self.passkey(&id).await? else {
            return Err(self.verify_unknown(attempt, &id, response));
        };
        event.passkey(&passkey);
        let now = self.now();
        let mut authenticated =
            self.inner.rp.finish_authentication(attempt.pending, response, &passkey.record, now)?;
        event.user_verified = Some(authenticated.flags.user_verified());
        event.counter_regressed = authenticated.counter_regressed;
        let handle = &passkey.record.user_handle;
        if attempt.started_by.as_ref().is_some_and(|starter| starter != handle) {
            return Err(ServiceError::ForeignCredential);
        }
        let Some(user) = self.inner.users.user(handle).await? else {
            return Err(ServiceError::CredentialUnknown);
        };
        if user.locked_at.is_some() {
            return Err(ServiceError::UserLocked);
        }
        self.admit(AdmissionRequest::new(attempt.purpose, &user, &passkey)).await?;
        // 7.2: uvInitialized is set only if another factor authorises it
        let session = caller.session.as_ref().filter(|_| attempt.purpose != Purpose::SignIn);
        let is_confirmed = session.is_some_and(|current| confirms_user_verification(&current.session, &id));
        let uv_initialized =
            passkey.record.uv_initialized || (is_confirmed && authenticated.flags.user_verified());
        // An imported record learns its backup eligibility from its first use, and the value counts in this sign-in already.
        let mut used = passkey.record.clone();
        used.backup_eligible = used.backup_eligible.or(authenticated.update.backup_eligible);
        let key = self.key_facts(&used, authenticated.flags);
        let factor = VerifiedFactor::passkey(key, authenticated.flags, uv_initialized, now);
        event.user_verification_omitted = factor.user_verification == UserVerification::Omitted;
        if attempt.purpose == Purpose::StepUp && event.user_verification_omitted {
            self.reject_omitted_user_verification(session).await?;
        }
        let opened = match session {
            Some(_) => None,
            // The session is stored first, so that a counter never changes if the client cannot be signed in.
            None => {
                let state = SessionState::FirstFactor;
                let session =
                    self.new_session(caller, &user.handle, factor.clone(), Some(id.clone()), state)?;
                let (session, next) =
                    self.with_next_step(event, &user, session, &caller.client, Some(&used)).await?;
                Some((self.open_session(session).await?, next))
            }
        };
        let applied = self.apply(event, &mut passkey, &mut authenticated, is_confirmed).await;
        let (session, next) = match (applied, opened) {
            (Ok(()), Some(opened)) => {
                self.end_previous_session(caller).await;
                self.end_oldest_sessions(&opened.0.session).await;
                opened
            }
            (Ok(()), None) => self.renew_session(event, caller, &user, factor, Some(id)).await?,
            (Err(error), opened) => {
                if let Some((opened, _)) = &opened {
                    self.abandon_session(opened).await;
                }
                return Err(error);
            }
        };
        event.opened(&session.session);
        Ok(Authentication {
            user,
            passkey,
            session,
            next,
            purpose: attempt.purpose,
            counter_regressed: authenticated.counter_regressed,
            extensions: authenticated.extensions,
        })
    }

    /// Stores what an authentication changes in the record. If a parallel authentication changed the counter, the
    /// verified authentication is rebased on the record as it is; its signature is not verified again.
    async fn apply(
        &self,
        event: &mut EventBuilder,
        passkey: &mut Passkey,
        authenticated: &mut Authenticated,
        is_confirmed: bool,
    ) -> Result<(), ServiceError> {
        let (id, handle) = (passkey.record.id.clone(), passkey.record.user_handle.clone());
        for _ in 0..MAX_REBASES {
            let mut update = authenticated.update.clone();
            if is_confirmed {
                update = update.initialize_user_verification();
            }
            match self.inner.credentials.apply_update(&handle, &update, authenticated.at).await? {
                ApplyUpdate::Done => {
                    update.apply(&mut passkey.record);
                    passkey.last_used_at = Some(authenticated.at);
                    passkey.user_verified = authenticated.flags.user_verified();
                    event.backup_eligible_learned = update.backup_eligible;
                    return Ok(());
                }
                ApplyUpdate::Missing => return Err(ServiceError::CredentialUnknown),
                ApplyUpdate::CounterMoved => {
                    let current = self.passkey(&id).await?.ok_or(ServiceError::CredentialUnknown)?;
                    *authenticated = authenticated.clone().rebase(&current.record)?;
                    event.counter_regressed = authenticated.counter_regressed;
                    *passkey = current;
                }
            }
        }
        let (stored, got) = (passkey.record.sign_count, authenticated.update.sign_count);
        Err(AuthenticationError::SignCount { stored, got }.into())
    }

    /// Rejects a step-up whose response lacks the user verification that the passkey is capable of, and requires it in the
    /// next one, unless the policy accepts that.
    async fn reject_omitted_user_verification(
        &self,
        session: Option<&CurrentSession>,
    ) -> Result<(), ServiceError> {
        if self.inner.policy.allow_omitted_user_verification {
            return Ok(());
        }
        let key = session.and_then(|current| current.key);
        if let (Sessions::Own { store, .. }, Some(key)) = (&self.inner.sessions, key) {
            store.require_user_verification(key).await?;
        }
        Err(ServiceError::UserVerificationOmitted)
    }

    /// Rejects a response whose credential no user has. If a username was given, or if the credential is a decoy that was
    /// listed for some username, the response is verified with a key that no one has: faults are reported as for a real
    /// credential, in the same order and at the same cost.
    fn verify_unknown(
        &self,
        attempt: Attempt,
        id: &CredentialId,
        response: &AuthenticationResponse,
    ) -> ServiceError {
        let is_sign_in = attempt.purpose == Purpose::SignIn;
        let is_decoy = self.inner.decoys.is_decoy(id);
        let handle = match attempt.pending.user_handle() {
            // To the user of a session, a decoy is a passkey of another user.
            Some(handle) if is_sign_in || !is_decoy => handle.clone(),
            _ if is_decoy => self.inner.decoys.owner(id),
            _ => return ServiceError::CredentialUnknown,
        };
        let record: CredentialRecord = self.inner.decoys.record(id, &handle);
        match self.inner.rp.finish_authentication(attempt.pending, response, &record, self.now()) {
            Err(error) if is_sign_in || error.code() == Code::CredentialNotAllowed => error.into(),
            // A listed credential that was deleted in the meantime.
            Err(_) | Ok(_) => ServiceError::CredentialUnknown,
        }
    }
}

/// An authentication in progress.
struct Attempt {
    purpose: Purpose,
    pending: PendingAuthentication,
    username_given: bool,
    /// The user whose session started it.
    started_by: Option<UserHandle>,
}

impl Attempt {
    fn new(stored: StoredCeremony) -> Result<Self, ServiceError> {
        let started_by = stored.user().cloned();
        let (purpose, pending, username_given) = match stored.ceremony {
            Ceremony::SignIn { pending, username_given } => (Purpose::SignIn, pending, username_given),
            Ceremony::StepUp { pending } => (Purpose::StepUp, pending, false),
            Ceremony::SecondFactor { pending } => (Purpose::SecondFactor, pending, false),
            Ceremony::SignUp { .. } | Ceremony::AddPasskey { .. } | Ceremony::Proof { .. } => {
                return Err(ServiceError::NoCeremony(NoCeremony::OtherKind));
            }
        };
        Ok(Self { purpose, pending, username_given, started_by })
    }
}

/// Whether the session contains a factor that authorises `uvInitialized` of a passkey: any other method, or user
/// verification by another passkey.
fn confirms_user_verification(session: &Session, id: &CredentialId) -> bool {
    session.factors.iter().any(|factor| match factor.method {
        Method::Passkey => {
            session.credential.as_ref() != Some(id) && factor.user_verification == UserVerification::Performed
        }
        _ => true,
    })
}

/// The number of rebases: each means that another response with the same key was faster, so more than a few are not an
/// accident but a copied key.
const MAX_REBASES: usize = 4;
