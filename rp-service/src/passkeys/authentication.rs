//! Authentication: signing in, and stepping up.

use rp_core::options::CredentialRequestOptions;
use rp_core::{
    AllowedCredentials, Authenticated, AuthenticationError, AuthenticationResponse, Code, CredentialId,
    Timestamp, UserHandle,
};

use super::ceremony::{BrowserId, Ceremony, Kept};
use super::{Entry, Passkeys};
use crate::decoy;
use crate::event::{Action, Trail};
use crate::gate::Purpose;
use crate::refusal::{NoCeremony, Refusal};
use crate::session::{Acr, RequestSession, SessionData};
use crate::store::{Account, Applied, CeremonyStore, CredentialStore, Passkey};
use crate::username::Username;
use crate::wire::AuthenticationJson;

/// An authentication that was verified; its counter is stored.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "nobody is signed in before the session is changed"]
pub struct Authentication {
    /// Who it is.
    pub account: Account,
    /// The passkey that was used, as it is now.
    pub passkey: Passkey,
    /// What the session holds from now on, under a new identifier.
    pub session: SessionData,
    /// Whether the signed-in account was verified once more; else it is signed in now.
    pub stepped_up: bool,
    /// How well.
    pub acr: Acr,
    /// When.
    pub at: Timestamp,
    /// The counter did not grow, and policy let it pass.
    pub counter_regressed: bool,
    /// What came of the extensions.
    pub extensions: rp_core::extensions::AuthenticationExtensionOutputs,
}

impl<S: CeremonyStore + CredentialStore> Passkeys<S> {
    /// Options for signing in: with any discoverable passkey, or with one of the account that has the username.
    ///
    /// A username that nobody has, or that has no passkey, gets options that look like somebody's: descriptors
    /// made from the secret, the same ones each time. Alike are the members, the order (by ID), the words in
    /// `transports`, and the work: two questions to the store and one ceremony kept, whoever is named. Not
    /// alike are what no list of shapes knows, such as the eleventh passkey of one account; see
    /// [`DecoyShape`](crate::DecoyShape).
    ///
    /// # Errors
    /// [`Refusal`]: `storage-unavailable`.
    pub async fn start_sign_in(
        &self,
        browser: &BrowserId,
        session: Option<&SessionData>,
        username: Option<&str>,
    ) -> Result<CredentialRequestOptions, Refusal> {
        let result = self.prepare_sign_in(browser, session, username).await;
        self.record_refused_start(Action::SignIn, session, &result);
        result
    }

    async fn prepare_sign_in(
        &self,
        browser: &BrowserId,
        session: Option<&SessionData>,
        username: Option<&str>,
    ) -> Result<CredentialRequestOptions, Refusal> {
        let allow = match username {
            Some(username) => self.allow_username(username).await?,
            None => AllowedCredentials::discoverable(),
        };
        let (options, pending) = self.inner.rp.start_authentication(allow, self.now())?;
        let ceremony = Ceremony::SignIn { pending, username_given: username.is_some() };
        self.keep(browser, session, ceremony).await?;
        Ok(options)
    }

    async fn allow_username(&self, username: &str) -> Result<AllowedCredentials, Refusal> {
        // What cannot be a username is one that nobody has, unless the application brought accounts so named.
        let parsed = Username::parse(username);
        let key = parsed.as_ref().map_or(username, Username::key);
        let account = self.inner.store.account_by_name(key).await?;
        let nobody = self.inner.decoys.user_handle(key);
        let user_handle = account.map_or(nobody, |account| account.user_handle);
        let held = self.inner.store.descriptors(&user_handle).await?;
        let decoys = self.inner.decoys.descriptors(key, self.inner.policy.max_credentials);
        let somebodys = decoy::descriptors(held);
        let shown = if somebodys.is_empty() { decoys } else { somebodys };
        Ok(AllowedCredentials::descriptors(user_handle, shown))
    }

    /// Options for verifying the signed-in account once more, with a passkey of its own.
    ///
    /// # Errors
    /// [`Refusal`]: `not-signed-in`, `storage-unavailable`.
    pub async fn start_step_up(
        &self,
        browser: &BrowserId,
        session: Option<&SessionData>,
    ) -> Result<CredentialRequestOptions, Refusal> {
        let result = self.prepare_step_up(browser, session).await;
        self.record_refused_start(Action::StepUp, session, &result);
        result
    }

    async fn prepare_step_up(
        &self,
        browser: &BrowserId,
        session: Option<&SessionData>,
    ) -> Result<CredentialRequestOptions, Refusal> {
        let account = self.current_user(session).await?;
        let passkeys = self.inner.store.passkeys(&account.user_handle).await?;
        let records: Vec<_> = passkeys.into_iter().map(|passkey| passkey.record).collect();
        let mut request =
            self.inner.rp.authentication(AllowedCredentials::account(account.user_handle, &records));
        if let Some(requirement) = self.inner.policy.step_up_user_verification {
            request = request.user_verification(requirement);
        }
        let (options, pending) = request.start(self.now())?;
        self.keep(browser, session, Ceremony::StepUp { pending }).await?;
        Ok(options)
    }

    /// Judges the response to either, and stores the counter, once the session is kept. The ceremony is gone
    /// afterwards, whatever comes of it.
    ///
    /// # Errors
    /// [`Refusal`]: `no-ceremony`, `ceremony-expired`, `not-signed-in`, `credential-unknown`, what section 7.2
    /// refuses, what the gate refuses, `storage-unavailable`. Nothing is stored then, and no session opened.
    /// Where a username was given, [`Refusal::Masked`] hides from the client whatever could tell of the account.
    pub async fn finish_authentication(
        &self,
        browser: Option<&BrowserId>,
        session: &impl RequestSession,
        response: &AuthenticationResponse,
    ) -> Result<Authentication, Refusal> {
        let mut trail = Trail::new(Action::SignIn);
        trail.credential = response.id().try_into().ok();
        let result = self.authenticate(&mut trail, browser, session, response).await;
        if result.is_err() {
            session.abandon().await;
        }
        self.record(&trail, &result);
        result
    }

    async fn authenticate(
        &self,
        trail: &mut Trail,
        browser: Option<&BrowserId>,
        session: &impl RequestSession,
        response: &AuthenticationResponse,
    ) -> Result<Authentication, Refusal> {
        let bytes = self.take(browser, response.client_data()).await?;
        let kept = Kept::parse(&bytes)?;
        let purpose = match kept.ceremony {
            Ceremony::SignIn { .. } => Purpose::SignIn,
            Ceremony::StepUp { .. } => Purpose::StepUp,
            Ceremony::OpenAccount { .. } | Ceremony::AddCredential { .. } => {
                return Err(Refusal::NoCeremony(NoCeremony::OtherKind));
            }
        };
        if purpose == Purpose::StepUp {
            trail.action = Action::StepUp;
        }
        kept.check_session(session.data())?;
        let username_given = matches!(kept.ceremony, Ceremony::SignIn { username_given: true, .. });
        let result = self.verify(trail, &bytes, purpose, session, response).await;
        if username_given { result.map_err(Refusal::masked) } else { result }
    }

    async fn verify(
        &self,
        trail: &mut Trail,
        bytes: &[u8],
        purpose: Purpose,
        session: &impl RequestSession,
        response: &AuthenticationResponse,
    ) -> Result<Authentication, Refusal> {
        let now = self.now();
        let mut is_open = false;
        // A parallel authentication may move the counter between reading and writing; then the response is
        // judged once more, against the counter as it is.
        let mut moved = (0, 0);
        for _ in 0..MAX_ROUNDS {
            let kept = Kept::parse(bytes)?;
            let begun_by = kept.begun_by().cloned();
            let Ok(id) = CredentialId::try_from(response.id()) else {
                return Err(AuthenticationError::CredentialNotAllowed.into());
            };
            let found = self.inner.store.passkey(&id).await?;
            let Some((account, mut passkey)) = found else {
                return Err(self.judge_unknown(kept, &id, response));
            };
            trail.passkey(&passkey);
            let authenticated = self.judge(kept, &passkey.record, response, now)?;
            trail.user_verified = Some(authenticated.flags.user_verified());
            trail.counter_regressed = authenticated.counter_regressed;
            // Whoever was signed in when it began is who it ends with
            if let Some(begun_by) = begun_by.filter(|begun_by| *begun_by != account.user_handle) {
                let is_there = self.inner.store.account(&begun_by).await?.is_some();
                return Err(if is_there {
                    Refusal::CredentialOfAnotherAccount
                } else {
                    Refusal::NotSignedIn
                });
            }
            self.admit(Entry { purpose, account: &account, passkey: &passkey }).await?;
            let update = authenticated.update.clone();
            update.apply(&mut passkey.record);
            passkey.last_used_at = Some(now);
            passkey.user_verified = authenticated.flags.user_verified();
            let verified = Self::authentication(account, passkey, session.data(), purpose, authenticated);
            // The session first: a counter never moves without the answer that tells of it.
            if !is_open {
                session.open(&verified.session).await?;
                is_open = true;
            }
            match self.inner.store.apply(&verified.account.user_handle, &update, now).await? {
                Applied::Done => {
                    trail.backup_eligible_learned = update.backup_eligible;
                    return Ok(verified);
                }
                Applied::CounterMoved { current } => moved = (current, update.sign_count),
                Applied::Gone => return Err(Refusal::CredentialUnknown),
            }
        }
        let (stored, got) = moved;
        Err(AuthenticationError::SignCount { stored, got }.into())
    }

    fn authentication(
        account: Account,
        passkey: Passkey,
        session: Option<&SessionData>,
        purpose: Purpose,
        authenticated: Authenticated,
    ) -> Authentication {
        let (flags, at) = (authenticated.flags, authenticated.at);
        let stepped_up = session.filter(|_| purpose == Purpose::StepUp);
        Authentication {
            session: match stepped_up {
                Some(session) => session.step_up(&passkey, flags, at),
                None => SessionData::sign_in(&passkey, flags, at),
            },
            stepped_up: stepped_up.is_some(),
            acr: Acr::of(&passkey),
            at,
            counter_regressed: authenticated.counter_regressed,
            extensions: authenticated.extensions,
            account,
            passkey,
        }
    }

    fn judge(
        &self,
        kept: Kept,
        record: &rp_core::CredentialRecord,
        response: &AuthenticationResponse,
        now: Timestamp,
    ) -> Result<Authenticated, Refusal> {
        match kept.ceremony {
            Ceremony::SignIn { pending, .. } | Ceremony::StepUp { pending } => {
                Ok(self.inner.rp.finish_authentication(pending, response, record, now)?)
            }
            Ceremony::OpenAccount { .. } | Ceremony::AddCredential { .. } => {
                Err(Refusal::NoCeremony(NoCeremony::OtherKind))
            }
        }
    }

    /// Refuses a response whose credential nobody has. Where a username was given, or where the credential is a
    /// decoy that some username showed, it is judged like any other, against a key that nobody has: so its
    /// faults come out as they would for somebody's credential, in the same order and at the same cost.
    fn judge_unknown(&self, kept: Kept, id: &CredentialId, response: &AuthenticationResponse) -> Refusal {
        let user_handle = match identified(&kept) {
            Some(user_handle) => user_handle.clone(),
            None if self.inner.decoys.is_decoy(id) => self.inner.decoys.owner(id),
            None => return Refusal::CredentialUnknown,
        };
        let step_up = matches!(kept.ceremony, Ceremony::StepUp { .. });
        let record = self.inner.decoys.record(id, &user_handle);
        match self.judge(kept, &record, response, self.now()) {
            Err(refusal) if !step_up || refusal.code() == Code::CredentialNotAllowed.as_str() => refusal,
            // One that was offered and deleted since; or somebody made the signature that nobody can make.
            Err(_) | Ok(_) => Refusal::CredentialUnknown,
        }
    }

    /// What `authentication/verify` answers.
    #[must_use]
    pub fn authentication_json(&self, authentication: &Authentication) -> AuthenticationJson {
        let credential = self.credential_json(&authentication.passkey);
        AuthenticationJson::new(&authentication.account, credential, authentication.acr, authentication.at)
    }
}

/// The account that was identified before the response came.
fn identified(kept: &Kept) -> Option<&UserHandle> {
    match &kept.ceremony {
        Ceremony::SignIn { pending, .. } | Ceremony::StepUp { pending } => pending.user_handle(),
        Ceremony::OpenAccount { .. } | Ceremony::AddCredential { .. } => None,
    }
}

/// How often a response is judged anew: each time another response with the same key was faster, so more than
/// a few are no accident, but what a copied key looks like.
const MAX_ROUNDS: usize = 4;
