//! Registration: creating a user with a passkey, and adding a passkey to a user.

use rp_core::options::{AuthenticatorAttachment, CredentialCreationOptions, Mediation};
use rp_core::{
    Aaguid, Attestation, CredentialRecord, Format, Registered, RegistrationResponse, User, UserHandle,
};

use super::caller::{Caller, step_up};
use super::ceremony::Ceremony;
use super::management::nickname;
use super::next::recovery_grant;
use super::service::Passkeys;
use super::sessions::OpenedSession;
use crate::admission::{AdmissionRequest, Purpose};
use crate::assurance::Requirement;
use crate::error::{NoCeremony, ServiceError};
use crate::event::{Action, EventBuilder};
use crate::json::SignalJson;
use crate::policy::{Allowed, Attachment, PasskeyFacts, PasskeyRules};
use crate::rate_limiter::Limit;
use crate::session::{Session, SessionState};
use crate::store::{AddPasskey, Authorization, Conditions, GrantKey, Passkey, UserRecord};

/// A verified registration; the passkey is stored.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "the client needs the token of a new session"]
pub struct Registration {
    /// The user.
    pub user: UserRecord,
    /// The new passkey.
    pub passkey: Passkey,
    /// The session of a new user; `None` if the passkey was added to a user. Adding a passkey is not a verification.
    pub session: Option<OpenedSession>,
    /// The attestation.
    pub attestation: Attestation,
    /// The extension outputs.
    pub extensions: rp_core::extensions::RegistrationExtensionOutputs,
    /// The arguments of the page's Signal methods.
    pub signal: SignalJson,
}

impl Registration {
    /// Whether the user was created.
    #[must_use]
    pub fn is_new_user(&self) -> bool {
        self.session.is_some()
    }
}

impl Passkeys {
    /// Options for another passkey of the user. Requires recent verification, or an enrolment grant for the user, which the
    /// response must then contain. Adding a passkey is not a verification.
    ///
    /// They exclude the passkeys of the user, except one that the rules do not accept and whose authenticator may get one that
    /// they accept, such as one with a trusted attestation.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `step-up-required`,
    /// `too-many-credentials`, `malformed-json` for a mediation that the policy does not allow, `storage-unavailable`.
    pub async fn start_add_passkey(
        &self,
        caller: &Caller,
        mediation: Option<Mediation>,
    ) -> Result<CredentialCreationOptions, ServiceError> {
        let result = self.prepare_add_passkey(caller, mediation).await;
        self.record_rejection(Action::AddPasskey, caller, &result);
        result
    }

    async fn prepare_add_passkey(
        &self,
        caller: &Caller,
        mediation: Option<Mediation>,
    ) -> Result<CredentialCreationOptions, ServiceError> {
        let session = &caller.any_session()?.session;
        if mediation.is_some() && !self.inner.policy.conditional_create {
            return Err(ServiceError::Body {
                detail: "mediation: conditional create is not allowed here".into(),
            });
        }
        let user = self.active_user(&session.user).await?;
        self.check_managing(caller, &user).await?;
        let passkeys = self.inner.credentials.passkeys(&user.handle).await?;
        let needs_grant = match self.authorize(session, &passkeys).await {
            Ok(_) => false,
            Err(error) => {
                let expiry = self.inner.credentials.grant_expiry(&user.handle, self.now()).await?;
                expiry.map(|_| true).ok_or(error)?
            }
        };
        let rules = self.rules(&user).await?.passkeys;
        if passkeys.len() >= self.most_passkeys(&rules, &passkeys) {
            return Err(ServiceError::TooManyPasskeys);
        }
        let existing: Vec<_> = passkeys
            .into_iter()
            .map(|passkey| passkey.record)
            .filter(|record| !self.may_replace(&rules, record))
            .collect();
        let entity = User { handle: user.handle, name: user.name, display_name: user.display_name };
        let mut request = self.inner.rp.registration(&entity).exclude(&existing).for_page(&caller.page);
        if let Some(Mediation::Conditional) = mediation {
            request = request.conditional();
        }
        let (options, pending) = rules.narrow(request, &self.inner.rp).start(self.now())?;
        self.put_ceremony(caller, Ceremony::AddPasskey { pending, needs_grant }).await?;
        Ok(options)
    }

    /// Checks that the session may add or delete passkeys and second factors: it needs a recent verification of a passkey
    /// if the user has one, else of a second factor if the user has one, else of any factor. A use of a passkey without
    /// user verification does not count if the passkey verified its user earlier. In the state `first-factor`, a session
    /// whose verification is not recent has to sign in again.
    pub(super) async fn authorize(
        &self,
        session: &Session,
        passkeys: &[Passkey],
    ) -> Result<Authorization, ServiceError> {
        if session.state == SessionState::SignedIn {
            return self.authorize_verified(session, passkeys).await;
        }
        if !self.may_enrol(session).await? {
            return Err(ServiceError::SecondFactorRequired);
        }
        match self.authorize_verified(session, passkeys).await {
            // The passkey was used without user verification: it can be used again.
            Err(ServiceError::StepUpRequired { required }) if required.user_verification => {
                Err(ServiceError::SecondFactorRequired)
            }
            // The session cannot step up.
            Err(ServiceError::StepUpRequired { .. }) => Err(ServiceError::NotSignedIn),
            result => result,
        }
    }

    async fn authorize_verified(
        &self,
        session: &Session,
        passkeys: &[Passkey],
    ) -> Result<Authorization, ServiceError> {
        let limit = self.inner.policy.recent_verification;
        if passkeys.is_empty() {
            return self.authorize_without_passkey(session).await;
        }
        let mut passkey = Requirement::passkey().within(limit);
        passkey.allow_omitted_user_verification = self.inner.policy.allow_omitted_user_verification;
        passkey.check(session, self.now()).map_err(step_up)?;
        let credential = session.credential.as_ref();
        let owned = credential.filter(|id| passkeys.iter().any(|passkey| passkey.record.id == **id));
        match owned {
            Some(id) => Ok(Authorization::Passkey(id.clone())),
            None => Err(step_up(passkey.missing(session))),
        }
    }

    /// Verifies the response to either kind of options, and stores what it contains. The ceremony is used up in any case; a
    /// nickname that is not allowed is rejected before.
    ///
    /// # Errors
    /// [`ServiceError`]: `malformed-json` for the nickname, `no-ceremony`, `ceremony-expired`, `not-signed-in`,
    /// `step-up-required`, `user-locked`, the reasons of section 7.1, the reasons of the admission hook,
    /// `credential-exists`, `username-taken`, `too-many-credentials`, `too-many-requests`, `storage-unavailable`. Nothing
    /// is stored then, and no session is opened.
    pub async fn finish_registration(
        &self,
        caller: &Caller,
        response: &RegistrationResponse,
        nickname: Option<&str>,
        grant: Option<&str>,
    ) -> Result<Registration, ServiceError> {
        let mut event = caller.event(Action::Register);
        event.credential = response.id().try_into().ok();
        let input = RegistrationInput { caller, response, nickname, grant };
        let result = self.register(&mut event, input).await;
        self.record(&event, &result);
        result
    }

    async fn register(
        &self,
        event: &mut EventBuilder,
        input: RegistrationInput<'_>,
    ) -> Result<Registration, ServiceError> {
        // Before the ceremony is used up: the authenticator has created its passkey by now.
        let nickname = match input.nickname {
            Some(text) => nickname(text, &self.inner.policy)?,
            None => None,
        };
        let stored = self.take_ceremony(input.caller, input.response.client_data()).await?;
        let verify = |pending| {
            let trust = self.inner.trust.as_ref();
            self.inner.rp.finish_registration(pending, input.response, trust, self.now())
        };
        match stored.ceremony {
            Ceremony::SignUp { pending, name, name_key, display_name } => {
                event.action = Action::SignUp;
                if !self.inner.policy.sign_up {
                    return Err(ServiceError::SignUpClosed);
                }
                let handle = pending.user_handle().clone();
                event.user = Some(handle.clone());
                let registered = verify(pending)?;
                let created_at = self.now();
                let user = UserRecord { handle, name, name_key, display_name, created_at, locked_at: None };
                self.sign_up(event, input, user, registered, nickname).await
            }
            Ceremony::AddPasskey { pending, needs_grant } => {
                event.action = Action::AddPasskey;
                let user = self.active_user(&input.caller.any_session()?.session.user).await?;
                let registered = verify(pending)?;
                self.add_passkey(event, input, user, registered, nickname, needs_grant).await
            }
            Ceremony::SignIn { .. }
            | Ceremony::StepUp { .. }
            | Ceremony::SecondFactor { .. }
            | Ceremony::Proof { .. } => Err(ServiceError::NoCeremony(NoCeremony::OtherKind)),
        }
    }

    async fn add_passkey(
        &self,
        event: &mut EventBuilder,
        input: RegistrationInput<'_>,
        user: UserRecord,
        registered: Registered,
        nickname: Option<String>,
        needs_grant: bool,
    ) -> Result<Registration, ServiceError> {
        let passkey = self.new_passkey(event, &registered, nickname)?;
        let rules = self.rules(&user).await?.passkeys;
        self.check_rules(&rules, &registered, input.response)?;
        self.admit(AdmissionRequest::new(Purpose::AddPasskey, &user, &passkey)).await?;
        let session = &input.caller.any_session()?.session;
        // Everything that was checked at the start is checked again: what follows may be minutes later.
        self.check_managing(input.caller, &user).await?;
        let mut passkeys = self.inner.credentials.passkeys(&user.handle).await?;
        let authorization = match input.grant {
            Some(grant) => Authorization::Grant(GrantKey::of(grant)),
            None if needs_grant => match recovery_grant(session) {
                Some(key) => Authorization::Grant(key),
                None => {
                    let denied = self.authorize(session, &passkeys).await.err();
                    return Err(denied.unwrap_or(ServiceError::NotSignedIn));
                }
            },
            None => self.authorize(session, &passkeys).await?,
        };
        if !self.inner.is_user_store_shared {
            // The transaction below cannot check it.
            self.active_user(&user.handle).await?;
        }
        let limits = self.reveal_limits(input.caller, Some(&user.handle));
        let conditions = Conditions {
            check_user: self.inner.is_user_store_shared,
            check_factors: self.checks_factors(&user.handle, &authorization).await?,
            session: self.session_condition(input.caller).await?,
            authorization,
            now: session.effective_time(self.now()),
        };
        self.count_attempts(&limits).await?;
        let most = self.most_passkeys(&rules, &passkeys);
        let added = self.add_to_store(&passkey, most, &conditions).await;
        if !matches!(added, Ok(AddPasskey::CredentialExists)) {
            self.forgive_attempts(&limits).await;
        }
        match added? {
            AddPasskey::Done => {
                passkeys.push(passkey.clone());
                Ok(Registration {
                    signal: SignalJson::new(&self.inner.rp, &user, &passkeys),
                    user,
                    passkey,
                    session: None,
                    attestation: registered.attestation,
                    extensions: registered.extensions,
                })
            }
            AddPasskey::CredentialExists => Err(ServiceError::CredentialExists),
            AddPasskey::TooMany => Err(ServiceError::TooManyPasskeys),
            AddPasskey::UserMissing | AddPasskey::SessionEnded => Err(ServiceError::NotSignedIn),
            AddPasskey::NotAuthorized => Err(self.not_authorized(session)),
        }
    }

    /// The error for a session whose verification no longer authorises a change. A session in the state `first-factor`
    /// needs its second factor before it can step up.
    pub(super) fn not_authorized(&self, session: &Session) -> ServiceError {
        match session.state {
            SessionState::FirstFactor => ServiceError::SecondFactorRequired,
            SessionState::SignedIn => step_up(self.management_requirement().missing(session)),
        }
    }

    /// The maximum number of passkeys of a user. Those that the rules do not accept are in addition to it: their user has to
    /// add one that is accepted.
    fn most_passkeys(&self, rules: &PasskeyRules, passkeys: &[Passkey]) -> usize {
        let is_rejected = |passkey: &&Passkey| !rules.accepts(&self.passkey_facts(&passkey.record));
        rules.most.saturating_add(passkeys.iter().filter(is_rejected).count())
    }

    /// Whether the authenticator of a passkey may be registered again: the rules do not accept the passkey, and may accept a
    /// new one, whose attestation proves the model or whose authenticator verifies the user. Otherwise it is excluded: a new
    /// passkey takes the place of a discoverable one of the same user, and the rules would reject it. An attestation that was
    /// not trusted would not be trusted again.
    fn may_replace(&self, rules: &PasskeyRules, record: &CredentialRecord) -> bool {
        let facts = self.passkey_facts(record);
        // Providers of synced passkeys send no attestation.
        let cannot_prove = record.backup_eligible == Some(true) && rules.needs_trusted_attestation();
        if cannot_prove || rules.accepts(&facts) {
            return false;
        }
        let mut rules = rules.clone();
        if record.aaguid == Aaguid::ZERO {
            // Some clients remove the model if no attestation is requested.
            rules.models = Allowed::Any;
            (rules.certification, rules.fips, rules.hardware) = (None, None, false);
        }
        let listed = self.inner.authenticators.facts(&record.aaguid, self.now());
        let model = Some(record.aaguid);
        let trusted = facts.trusted || record.attestation.format == Format::None;
        rules.check(&PasskeyFacts { trusted, model, listed, ..facts }).is_ok()
    }

    /// Adds the passkey, except with the ID of a decoy.
    async fn add_to_store(
        &self,
        passkey: &Passkey,
        most: usize,
        conditions: &Conditions,
    ) -> Result<AddPasskey, ServiceError> {
        // A decoy goes through the same transaction, which checks the same conditions first, and is never stored.
        let is_decoy = self.inner.decoys.is_decoy(&passkey.record.id);
        let max = Some(if is_decoy { 0 } else { most });
        Ok(match self.inner.credentials.add_passkey(passkey.clone(), max, conditions).await? {
            AddPasskey::TooMany if is_decoy => AddPasskey::CredentialExists,
            added => added,
        })
    }

    /// Checks everything again that options asked the browser for.
    pub(super) fn check_rules(
        &self,
        rules: &PasskeyRules,
        registered: &Registered,
        response: &RegistrationResponse,
    ) -> Result<(), ServiceError> {
        let attachment = response.authenticator_attachment().map(|attachment| match attachment {
            AuthenticatorAttachment::Platform => Attachment::Platform,
            AuthenticatorAttachment::CrossPlatform => Attachment::CrossPlatform,
        });
        let discoverable = registered.extensions.cred_props.and_then(|properties| properties.rk);
        let facts = self.passkey_facts(&registered.credential);
        Ok(rules.check(&PasskeyFacts { attachment, discoverable, ..facts })?)
    }

    /// The requirement for adding and deleting passkeys if the user has one.
    pub(super) fn management_requirement(&self) -> Requirement {
        Requirement::passkey().within(self.inner.policy.recent_verification)
    }

    /// The limits of responses that reveal something: per user, or per browser and address. A user is not limited by
    /// strangers at the same address, because the number of accounts at an address is limited.
    pub(super) fn reveal_limits(&self, caller: &Caller, user: Option<&UserHandle>) -> Vec<(Limit, String)> {
        let limits = &self.inner.policy.limits;
        if let Some(user) = user {
            return vec![(limits.reveals, format!("user {user}"))];
        }
        let browser = match &caller.browser {
            Some(browser) => format!("browser {}", browser.pseudonym()),
            None => "no browser".into(),
        };
        vec![(limits.reveals, browser), (limits.reveals_per_address, caller.address().to_owned())]
    }

    pub(super) fn new_passkey(
        &self,
        event: &mut EventBuilder,
        registered: &Registered,
        nickname: Option<String>,
    ) -> Result<Passkey, ServiceError> {
        let mut record = registered.credential.clone();
        if record.attestation.format == Format::None {
            // It proves nothing and cannot be assessed again.
            record.attestation_object = None;
            record.attestation_client_data_json = None;
        }
        if record.attestation_object.as_ref().is_some_and(|object| object.len() > MAX_ATTESTATION_BYTES) {
            return Err(ServiceError::Body { detail: "attestationObject is too long".into() });
        }
        let passkey = Passkey {
            record,
            nickname,
            created_at: self.now(),
            last_used_at: None,
            user_verified: registered.flags.user_verified(),
        };
        event.passkey(&passkey);
        event.user_verified = Some(passkey.user_verified);
        Ok(passkey)
    }

    /// Records a request that was rejected before it had an outcome. Options that were sent are not an outcome.
    pub(super) fn record_rejection<T>(
        &self,
        action: Action,
        caller: &Caller,
        result: &Result<T, ServiceError>,
    ) {
        if result.is_err() {
            self.record(&caller.event(action), result);
        }
    }
}

/// A registration response with its context.
#[derive(Clone, Copy)]
pub(super) struct RegistrationInput<'a> {
    pub(super) caller: &'a Caller,
    pub(super) response: &'a RegistrationResponse,
    pub(super) nickname: Option<&'a str>,
    pub(super) grant: Option<&'a str>,
}

/// The maximum length of an attestation object that is stored. The longest honest ones, with a chain of certificates and
/// post-quantum keys, have three quarters of this.
const MAX_ATTESTATION_BYTES: usize = 16 * 1024;
