//! Registration: opening an account, and adding a passkey to one.

use rp_core::options::{CredentialCreationOptions, Mediation};
use rp_core::{Attestation, Registered, RegistrationResponse, User, UserHandle};

use super::account::{check_credential, nickname};
use super::ceremony::{BrowserId, Ceremony, Kept};
use super::{Entry, Passkeys};
use crate::event::{Action, Trail};
use crate::gate::Purpose;
use crate::refusal::{NoCeremony, Refusal};
use crate::session::{RequestSession, SessionChange, SessionData};
use crate::store::{Account, Added, CeremonyStore, CredentialStore, Opened, Passkey};
use crate::username::Username;

/// Who wants to open an account.
#[derive(Clone, Copy, Debug)]
pub struct SignUp<'a> {
    /// The username.
    pub username: &'a str,
    /// What the person is called; the username where it is not given.
    pub display_name: Option<&'a str>,
    /// Who asks, for [`GuessLimiter`](crate::GuessLimiter).
    pub peer: Option<&'a str>,
}

/// A registration that was verified and is stored.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "the session has to be changed as told"]
pub struct Registration {
    /// The account.
    pub account: Account,
    /// Its new passkey.
    pub passkey: Passkey,
    /// Whether the account is new.
    pub opened: bool,
    /// A new account is signed in; adding changes nothing.
    pub session: SessionChange,
    /// What attestation proved.
    pub attestation: Attestation,
    /// What came of the extensions.
    pub extensions: rp_core::extensions::RegistrationExtensionOutputs,
}

impl<S: CeremonyStore + CredentialStore> Passkeys<S> {
    /// Options for opening an account. Whatever the name, they carry a fresh random user handle and exclude
    /// nothing: a name alone never reaches an account that is there, and whether one is there is not looked up.
    ///
    /// Whoever is signed in may open another account. It is opened only while the same account is signed in still,
    /// and then the new one is signed in, in a session that holds nothing of the old one
    /// ([`SessionChange::clears`]).
    ///
    /// # Errors
    /// [`Refusal`]: `sign-up-closed`, `malformed-json` for names that accounts cannot have, `too-many-requests`,
    /// `storage-unavailable`.
    pub async fn start_sign_up(
        &self,
        browser: &BrowserId,
        session: Option<&SessionData>,
        sign_up: SignUp<'_>,
    ) -> Result<CredentialCreationOptions, Refusal> {
        let result = self.prepare_sign_up(browser, session, sign_up).await;
        self.record_refused_start(Action::OpenAccount, session, &result);
        result
    }

    async fn prepare_sign_up(
        &self,
        browser: &BrowserId,
        session: Option<&SessionData>,
        SignUp { username, display_name, peer }: SignUp<'_>,
    ) -> Result<CredentialCreationOptions, Refusal> {
        if !self.inner.policy.sign_up {
            return Err(Refusal::SignUpClosed);
        }
        let username = Username::parse(username)?;
        let display_name = match display_name {
            Some(display_name) => check_display_name(display_name)?,
            None => username.as_written(),
        };
        self.inner.limiter.check(peer.unwrap_or_default(), self.now())?;
        let user = User {
            handle: UserHandle::random()?,
            name: username.as_written().to_owned(),
            display_name: display_name.to_owned(),
        };
        let (options, pending) = self.inner.rp.start_registration(&user, &[], self.now())?;
        let ceremony = Ceremony::OpenAccount {
            pending,
            name: user.name,
            name_key: username.key().to_owned(),
            display_name: user.display_name,
        };
        self.keep(browser, session, ceremony).await?;
        Ok(options)
    }

    /// Options for another passkey of the signed-in account. Asks for a fresh verification, and does not count
    /// as one.
    ///
    /// # Errors
    /// [`Refusal`]: `not-signed-in`, `step-up-required`, `too-many-credentials`, `malformed-json` for a
    /// mediation that policy does not allow, `storage-unavailable`.
    pub async fn start_adding(
        &self,
        browser: &BrowserId,
        session: Option<&SessionData>,
        mediation: Option<Mediation>,
    ) -> Result<CredentialCreationOptions, Refusal> {
        let result = self.prepare_adding(browser, session, mediation).await;
        self.record_refused_start(Action::AddCredential, session, &result);
        result
    }

    async fn prepare_adding(
        &self,
        browser: &BrowserId,
        session: Option<&SessionData>,
        mediation: Option<Mediation>,
    ) -> Result<CredentialCreationOptions, Refusal> {
        let session = self.require_fresh(session)?;
        if mediation.is_some() && !self.inner.policy.conditional_create {
            return Err(Refusal::Body { detail: "mediation: conditional create is not allowed here".into() });
        }
        let account = self.current_user(Some(session)).await?;
        let passkeys = self.inner.store.passkeys(&account.user_handle).await?;
        check_credential(session, &passkeys)?;
        if self.inner.policy.max_credentials.is_some_and(|max| passkeys.len() >= max) {
            return Err(Refusal::TooManyCredentials);
        }
        let existing: Vec<_> = passkeys.into_iter().map(|passkey| passkey.record).collect();
        let user =
            User { handle: account.user_handle, name: account.name, display_name: account.display_name };
        let mut request = self.inner.rp.registration(&user).exclude(&existing);
        if let Some(Mediation::Conditional) = mediation {
            request = request.conditional();
        }
        let (options, pending) = request.start(self.now())?;
        self.keep(browser, Some(session), Ceremony::AddCredential { pending }).await?;
        Ok(options)
    }

    /// Judges the response to either, and stores what it brings, once the session of a new account is kept. The
    /// ceremony is gone afterwards, whatever comes of it; a nickname that passkeys cannot have is refused before.
    ///
    /// # Errors
    /// [`Refusal`]: `malformed-json` for the nickname, `no-ceremony`, `ceremony-expired`, `not-signed-in`, what
    /// section 7.1 refuses, what the gate refuses, `credential-exists`, `username-taken`, `too-many-credentials`,
    /// `too-many-requests`, `storage-unavailable`. Nothing is stored then, and no session opened.
    pub async fn finish_registration(
        &self,
        browser: Option<&BrowserId>,
        session: &impl RequestSession,
        response: &RegistrationResponse,
        nickname: Option<&str>,
        peer: Option<&str>,
    ) -> Result<Registration, Refusal> {
        let mut trail = Trail::new(Action::Register);
        trail.account = session.data().map(|session| session.user_handle.clone());
        trail.credential = response.id().try_into().ok();
        let answer = Answer { browser, session, response, nickname, peer };
        let result = self.register(&mut trail, answer).await;
        if result.is_err() {
            session.abandon().await;
        }
        self.record(&trail, &result);
        result
    }

    async fn register<H: RequestSession>(
        &self,
        trail: &mut Trail,
        answer: Answer<'_, H>,
    ) -> Result<Registration, Refusal> {
        // A name that will not do costs no ceremony: the authenticator has its passkey by now.
        let nickname = match answer.nickname {
            Some(text) => nickname(text, &self.inner.policy).map_err(|error| error.refusal())?,
            None => None,
        };
        let bytes = self.take(answer.browser, answer.response.client_data()).await?;
        let kept = Kept::parse(&bytes)?;
        let held = answer.session.data();
        kept.check_session(held)?;
        let now = self.now();
        let judge = |pending| {
            self.inner.rp.finish_registration(pending, answer.response, self.inner.trust.as_ref(), now)
        };
        match kept.ceremony {
            Ceremony::OpenAccount { pending, name, name_key, display_name } => {
                trail.action = Action::OpenAccount;
                if !self.inner.policy.sign_up {
                    return Err(Refusal::SignUpClosed);
                }
                let user_handle = pending.user_handle().clone();
                trail.account = Some(user_handle.clone());
                let registered = judge(pending)?;
                if held.is_some() {
                    self.current_user(held).await?;
                }
                let account = Account { user_handle, name, name_key, display_name, created_at: now };
                self.open(trail, answer, account, registered, nickname).await
            }
            Ceremony::AddCredential { pending } => {
                trail.action = Action::AddCredential;
                let account = self.current_user(held).await?;
                let registered = judge(pending)?;
                self.add(trail, account, registered, nickname).await
            }
            Ceremony::SignIn { .. } | Ceremony::StepUp { .. } => {
                Err(Refusal::NoCeremony(NoCeremony::OtherKind))
            }
        }
    }

    async fn open<H: RequestSession>(
        &self,
        trail: &mut Trail,
        answer: Answer<'_, H>,
        account: Account,
        registered: Registered,
        nickname: Option<String>,
    ) -> Result<Registration, Refusal> {
        let peer = answer.peer.unwrap_or_default();
        let passkey = self.new_passkey(trail, &registered, nickname);
        self.admit(Entry { purpose: Purpose::OpenAccount, account: &account, passkey: &passkey }).await?;
        self.inner.limiter.try_guess(peer, self.now())?;
        let data = SessionData::sign_in(&passkey, registered.flags, passkey.created_at);
        let opened = async {
            // The session first: an account is never left behind without the answer that tells of it.
            answer.session.open(&data).await?;
            self.open_in_store(&account, &passkey).await
        };
        let opened = opened.await;
        if !matches!(opened, Ok(Opened::NameTaken | Opened::CredentialExists)) {
            self.inner.limiter.forgive(peer, self.now());
        }
        match opened? {
            Opened::Done => {}
            Opened::NameTaken => return Err(Refusal::UsernameTaken),
            // 64 random bytes do not repeat; if they do, this ceremony is as good as none.
            Opened::HandleTaken => return Err(Refusal::NoCeremony(NoCeremony::Missing)),
            Opened::CredentialExists => return Err(Refusal::CredentialExists),
        }
        Ok(Registration {
            account,
            passkey,
            opened: true,
            session: SessionChange::Renew(data),
            attestation: registered.attestation,
            extensions: registered.extensions,
        })
    }

    /// Opens the account, save with a decoy's ID: that is registered already, as far as anybody can tell.
    async fn open_in_store(&self, account: &Account, passkey: &Passkey) -> Result<Opened, Refusal> {
        let store = &self.inner.store;
        if self.inner.decoys.is_decoy(&passkey.record.id) {
            return Ok(match store.account_by_name(&account.name_key).await? {
                Some(_) => Opened::NameTaken,
                None => Opened::CredentialExists,
            });
        }
        Ok(store.open_account(account.clone(), passkey.clone()).await?)
    }

    async fn add(
        &self,
        trail: &mut Trail,
        account: Account,
        registered: Registered,
        nickname: Option<String>,
    ) -> Result<Registration, Refusal> {
        let passkey = self.new_passkey(trail, &registered, nickname);
        self.admit(Entry { purpose: Purpose::AddCredential, account: &account, passkey: &passkey }).await?;
        // Not by the peer: who floods sign-up from a shared address keeps nobody from adding.
        let peer = format!("account {}", account.user_handle);
        self.inner.limiter.try_guess(&peer, self.now())?;
        let added = self.add_to_store(&account, &passkey).await;
        if !matches!(added, Ok(Added::CredentialExists)) {
            self.inner.limiter.forgive(&peer, self.now());
        }
        match added? {
            Added::Done => {}
            Added::CredentialExists => return Err(Refusal::CredentialExists),
            Added::TooMany => return Err(Refusal::TooManyCredentials),
            Added::NoAccount => return Err(Refusal::NotSignedIn),
        }
        Ok(Registration {
            account,
            passkey,
            opened: false,
            session: SessionChange::Keep,
            attestation: registered.attestation,
            extensions: registered.extensions,
        })
    }

    /// Adds the passkey, save with a decoy's ID.
    async fn add_to_store(&self, account: &Account, passkey: &Passkey) -> Result<Added, Refusal> {
        if self.inner.decoys.is_decoy(&passkey.record.id) {
            return Ok(Added::CredentialExists);
        }
        let max = self.inner.policy.max_credentials;
        Ok(self.inner.store.add(&account.user_handle, passkey.clone(), max).await?)
    }

    fn new_passkey(&self, trail: &mut Trail, registered: &Registered, nickname: Option<String>) -> Passkey {
        let mut record = registered.credential.clone();
        // The client chose these words, and options repeat them for as long as the passkey lives.
        record.transports.retain(|word| word.len() <= MAX_TRANSPORT_BYTES);
        record.transports.truncate(MAX_TRANSPORTS);
        let passkey = Passkey {
            record,
            nickname,
            created_at: self.now(),
            last_used_at: None,
            user_verified: registered.flags.user_verified(),
        };
        trail.passkey(&passkey);
        trail.user_verified = Some(passkey.user_verified);
        passkey
    }

    /// A start is no outcome; one that is refused is.
    pub(super) fn record_refused_start<T>(
        &self,
        action: Action,
        session: Option<&SessionData>,
        result: &Result<T, Refusal>,
    ) {
        if result.is_err() {
            let mut trail = Trail::new(action);
            trail.account = session.map(|session| session.user_handle.clone());
            self.record(&trail, result);
        }
    }
}

/// What a browser answered, and all that came with it.
struct Answer<'a, H> {
    browser: Option<&'a BrowserId>,
    session: &'a H,
    response: &'a RegistrationResponse,
    nickname: Option<&'a str>,
    peer: Option<&'a str>,
}

fn check_display_name(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    let chars = text.chars().count();
    if !(1..=MAX_DISPLAY_NAME_CHARS).contains(&chars) || text.chars().any(char::is_control) {
        let detail =
            format!("displayName has 1 to {MAX_DISPLAY_NAME_CHARS} characters, none a control character");
        return Err(Refusal::Body { detail });
    }
    Ok(text)
}

/// Room for long names of people; authenticators cut at 64 bytes (6.4.1).
const MAX_DISPLAY_NAME_CHARS: usize = 128;
/// There are six transports; as many again may be invented.
const MAX_TRANSPORTS: usize = 12;
/// Three times the longest known one.
const MAX_TRANSPORT_BYTES: usize = 32;
