use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::bytes::{Challenge, ChallengeLengthError, CredentialId, UserHandle};
use crate::credential::CredentialRecord;
use crate::credential_digests::CredentialDigests;
use crate::extensions::AuthenticationExtensionInputs;
use crate::options::{
    CredentialRequestOptions, Mediation, PublicKeyCredentialDescriptorJson, PublicKeyCredentialHint,
    PublicKeyCredentialRequestOptionsJson, UserVerificationRequirement,
};
use crate::pending::{Started, StoredState, Versioned};
use crate::randomness::RandomnessError;
use crate::relying_party::RelyingParty;
use crate::timestamp::Timestamp;

/// The credentials that may be used, and the account they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedCredentials {
    user_handle: Option<UserHandle>,
    credentials: Vec<PublicKeyCredentialDescriptorJson>,
}

impl AllowedCredentials {
    /// Any discoverable credential. The response identifies the account.
    #[must_use]
    pub fn discoverable() -> Self {
        Self { user_handle: None, credentials: Vec::new() }
    }

    /// These credentials of an account that was identified before, by a username or a session.
    #[must_use]
    pub fn account(user_handle: UserHandle, credentials: &[CredentialRecord]) -> Self {
        Self { user_handle: Some(user_handle), credentials: credentials.iter().map(Into::into).collect() }
    }

    /// The same from descriptors, if the caller has no records.
    #[must_use]
    pub fn descriptors(user_handle: UserHandle, credentials: Vec<PublicKeyCredentialDescriptorJson>) -> Self {
        Self { user_handle: Some(user_handle), credentials }
    }

    /// The IDs of the credentials.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &CredentialId> {
        self.credentials.iter().map(|credential| &credential.id)
    }
}

/// A pending authentication: stored on the server, and consumed by one response.
///
/// Serialises with its kind, version, RP ID and start time: it cannot be finished as a registration, by another
/// relying party, or after [`RelyingParty::ceremony_lifetime`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
#[must_use = "a response is verified against it"]
pub struct PendingAuthentication {
    pub(super) state: Versioned<AssertionState>,
}

/// The expectations on an assertion, in an authentication and in a payment.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssertionState {
    pub(crate) started: Started,
    pub(super) user_handle: Option<UserHandle>,
    pub(super) allow_credentials: CredentialDigests,
    pub(super) user_verification: UserVerificationRequirement,
    pub(super) extensions: AuthenticationExtensionInputs,
}

impl StoredState for AssertionState {
    const KIND: &'static str = "authentication";
    const VERSION: u32 = 2;
}

impl AssertionState {
    pub(crate) fn new(
        started: Started,
        allow: &AllowedCredentials,
        user_verification: UserVerificationRequirement,
        extensions: &AuthenticationExtensionInputs,
    ) -> Self {
        Self {
            user_handle: allow.user_handle.clone(),
            allow_credentials: CredentialDigests::new(&started.challenge, allow.ids()),
            started,
            user_verification,
            extensions: extensions.without_values(),
        }
    }
}

impl PendingAuthentication {
    /// The challenge that was sent. A server finds the ceremony of a response by it.
    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.state.started.challenge
    }

    /// When the ceremony was started.
    #[must_use]
    pub fn started_at(&self) -> Timestamp {
        self.state.started.started_at
    }

    /// The account that was identified before, if one was.
    #[must_use]
    pub fn user_handle(&self) -> Option<&UserHandle> {
        self.state.user_handle.as_ref()
    }
}

/// A request for an authentication that differs from the relying party's defaults.
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthenticationRequest<'a> {
    rp: &'a RelyingParty,
    allow: AllowedCredentials,
    user_verification: UserVerificationRequirement,
    mediation: Option<Mediation>,
    hints: Vec<PublicKeyCredentialHint>,
    extensions: AuthenticationExtensionInputs,
}

impl RelyingParty {
    /// Starts an authentication: options for the browser, and a pending ceremony for the server to store.
    ///
    /// # Errors
    /// Returns [`RandomnessError`] if the operating system provides no randomness.
    ///
    /// # Examples
    /// ```
    /// # if cfg!(not(feature = "_credentials")) { return Ok(()); }
    /// use rp_core::{AllowedCredentials, RelyingParty, Timestamp};
    ///
    /// let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
    /// let now = Timestamp::from_unix_seconds(1_780_272_000); // with the feature `std`: Timestamp::now()
    /// let (options, pending) = rp.start_authentication(AllowedCredentials::discoverable(), now)?;
    /// assert!(options.public_key.allow_credentials.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start_authentication(
        &self,
        allow: AllowedCredentials,
        now: Timestamp,
    ) -> Result<(CredentialRequestOptions, PendingAuthentication), RandomnessError> {
        self.authentication(allow).start(now)
    }

    /// Requests an authentication that differs from the defaults.
    pub fn authentication(&self, allow: AllowedCredentials) -> AuthenticationRequest<'_> {
        AuthenticationRequest {
            rp: self,
            allow,
            user_verification: self.selection.user_verification,
            mediation: None,
            hints: self.hints.clone(),
            extensions: AuthenticationExtensionInputs {
                appid: self.appid.clone(),
                ..AuthenticationExtensionInputs::default()
            },
        }
    }
}

impl AuthenticationRequest<'_> {
    /// Sets whether the user must be verified.
    pub fn user_verification(mut self, requirement: UserVerificationRequirement) -> Self {
        self.user_verification = requirement;
        self
    }

    /// Requests autofill: the page passes `mediation: "conditional"` together with the options.
    pub fn conditional(mut self) -> Self {
        self.mediation = Some(Mediation::Conditional);
        self
    }

    /// Sets which authenticators the client offers first.
    pub fn hints(mut self, hints: impl IntoIterator<Item = PublicKeyCredentialHint>) -> Self {
        self.hints = hints.into_iter().collect();
        self
    }

    /// Sets the extension inputs, instead of the defaults (`appid`, if an AppID is configured).
    pub fn extensions(mut self, extensions: AuthenticationExtensionInputs) -> Self {
        self.extensions = extensions;
        self
    }

    /// Sets the origin of the page that uses the options. `appid` is omitted if clients reject the AppID on this page: its
    /// registrable domain is not that of the AppID. Without the feature `public-suffix`, this has no effect.
    pub fn for_page(mut self, origin: &str) -> Self {
        if self.rp.rejects_appid_on(origin) {
            self.extensions.appid = None;
        }
        self
    }

    /// Starts with a random challenge from the operating system.
    ///
    /// # Errors
    /// Returns [`RandomnessError`] if the operating system provides no randomness.
    pub fn start(
        self,
        now: Timestamp,
    ) -> Result<(CredentialRequestOptions, PendingAuthentication), RandomnessError> {
        Ok(self.start_recorded(Challenge::random()?, now))
    }

    /// Starts with a challenge that the caller generated.
    ///
    /// # Errors
    /// Returns [`ChallengeLengthError`] if it has fewer than 16 bytes.
    pub fn start_with(
        self,
        challenge: Challenge,
        now: Timestamp,
    ) -> Result<(CredentialRequestOptions, PendingAuthentication), ChallengeLengthError> {
        challenge.into_issued().map(|challenge| self.start_recorded(challenge, now))
    }

    /// Starts with a challenge that was issued elsewhere, of any length: for recorded ceremonies and test vectors.
    /// The risk: a challenge that can be guessed, or was sent before, lets a response of another ceremony be accepted.
    pub fn start_recorded(
        self,
        challenge: Challenge,
        now: Timestamp,
    ) -> (CredentialRequestOptions, PendingAuthentication) {
        let public_key = PublicKeyCredentialRequestOptionsJson {
            challenge: challenge.clone(),
            timeout: Some(self.rp.timeout_millis()),
            rp_id: Some(self.rp.entity.id.clone()),
            allow_credentials: self.allow.credentials.clone(),
            user_verification: self.user_verification,
            hints: self.hints,
            extensions: self.extensions.clone(),
        };
        let started = Started::new(self.rp, challenge, now);
        let state = AssertionState::new(started, &self.allow, self.user_verification, &self.extensions);
        let options = CredentialRequestOptions { public_key, mediation: self.mediation };
        (options, PendingAuthentication { state: Versioned(state) })
    }
}
