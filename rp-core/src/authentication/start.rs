use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::bytes::{Challenge, ChallengeTooShort, CredentialId, UserHandle};
use crate::credential::CredentialRecord;
use crate::extensions::AuthenticationExtensionInputs;
use crate::options::{
    CredentialRequestOptions, Mediation, PublicKeyCredentialDescriptorJson, PublicKeyCredentialHint,
    PublicKeyCredentialRequestOptionsJson, UserVerificationRequirement,
};
use crate::pending::Versioned;
use crate::relying_party::RelyingParty;

/// Whose assertion is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedCredentials {
    user_handle: Option<UserHandle>,
    credentials: Vec<PublicKeyCredentialDescriptorJson>,
}

impl AllowedCredentials {
    /// Any discoverable credential: the response tells whose it is.
    #[must_use]
    pub fn discoverable() -> Self {
        Self { user_handle: None, credentials: Vec::new() }
    }

    /// One of these credentials of an account that was identified before: by a username, or a session.
    #[must_use]
    pub fn account(user_handle: UserHandle, credentials: &[CredentialRecord]) -> Self {
        Self { user_handle: Some(user_handle), credentials: credentials.iter().map(Into::into).collect() }
    }

    /// The same from descriptors, where the records are not at hand.
    #[must_use]
    pub fn descriptors(user_handle: UserHandle, credentials: Vec<PublicKeyCredentialDescriptorJson>) -> Self {
        Self { user_handle: Some(user_handle), credentials }
    }
}

/// An authentication under way: kept on the server, good for one response.
///
/// Serialises with a version, so that servers of two releases can run side by side.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
#[must_use = "without it the response cannot be judged"]
pub struct PendingAuthentication {
    pub(super) state: Versioned<AssertionState>,
}

/// What an assertion is held against, in an authentication and in a payment.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssertionState {
    pub(crate) challenge: Challenge,
    pub(super) user_handle: Option<UserHandle>,
    pub(crate) allow_credentials: Vec<CredentialId>,
    pub(super) user_verification: UserVerificationRequirement,
    pub(super) extensions: AuthenticationExtensionInputs,
}

impl AssertionState {
    pub(crate) fn new(
        challenge: Challenge,
        allow: &AllowedCredentials,
        user_verification: UserVerificationRequirement,
        extensions: &AuthenticationExtensionInputs,
    ) -> Self {
        Self {
            challenge,
            user_handle: allow.user_handle.clone(),
            allow_credentials: allow.credentials.iter().map(|credential| credential.id.clone()).collect(),
            user_verification,
            extensions: extensions.without_values(),
        }
    }
}

impl PendingAuthentication {
    /// The challenge that was sent: a response finds its ceremony by it.
    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.state.challenge
    }

    /// The account that was identified before, if one was.
    #[must_use]
    pub fn user_handle(&self) -> Option<&UserHandle> {
        self.state.user_handle.as_ref()
    }
}

/// An authentication about to start, where it differs from the relying party's defaults.
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
    /// Starts an authentication: options for the browser, and the ceremony's state for the server.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    ///
    /// # Examples
    /// ```
    /// # if cfg!(not(feature = "_credentials")) { return Ok(()); }
    /// use rp_core::{AllowedCredentials, RelyingParty};
    ///
    /// let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
    /// let (options, pending) = rp.start_authentication(AllowedCredentials::discoverable())?;
    /// assert!(options.public_key.allow_credentials.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start_authentication(
        &self,
        allow: AllowedCredentials,
    ) -> Result<(CredentialRequestOptions, PendingAuthentication), getrandom::Error> {
        self.authentication(allow).start()
    }

    /// Prepares an authentication that differs from the defaults.
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
    /// Whether the user is to be verified.
    pub fn user_verification(mut self, requirement: UserVerificationRequirement) -> Self {
        self.user_verification = requirement;
        self
    }

    /// Autofill: the page passes `mediation: "conditional"` beside the options.
    pub fn conditional(mut self) -> Self {
        self.mediation = Some(Mediation::Conditional);
        self
    }

    /// Which authenticators to offer first.
    pub fn hints(mut self, hints: impl IntoIterator<Item = PublicKeyCredentialHint>) -> Self {
        self.hints = hints.into_iter().collect();
        self
    }

    /// Asks these of extensions, in place of the defaults (`appid`, where one is configured).
    pub fn extensions(mut self, extensions: AuthenticationExtensionInputs) -> Self {
        self.extensions = extensions;
        self
    }

    /// Starts with a challenge from the operating system.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn start(self) -> Result<(CredentialRequestOptions, PendingAuthentication), getrandom::Error> {
        Challenge::random().map(|challenge| self.start_recorded(challenge))
    }

    /// Starts with a challenge that the caller drew.
    ///
    /// # Errors
    /// [`ChallengeTooShort`] under 16 bytes.
    pub fn start_with(
        self,
        challenge: Challenge,
    ) -> Result<(CredentialRequestOptions, PendingAuthentication), ChallengeTooShort> {
        challenge.into_issued().map(|challenge| self.start_recorded(challenge))
    }

    /// Starts with a challenge that was issued elsewhere, of any length: for recorded ceremonies and test vectors.
    /// What is given up: a challenge that can be guessed, or was sent before, makes a response good that is none of
    /// this ceremony's.
    pub fn start_recorded(self, challenge: Challenge) -> (CredentialRequestOptions, PendingAuthentication) {
        let public_key = PublicKeyCredentialRequestOptionsJson {
            challenge: challenge.clone(),
            timeout: Some(self.rp.timeout_millis()),
            rp_id: Some(self.rp.entity.id.clone()),
            allow_credentials: self.allow.credentials.clone(),
            user_verification: self.user_verification,
            hints: self.hints,
            extensions: self.extensions.clone(),
        };
        let state = AssertionState::new(challenge, &self.allow, self.user_verification, &self.extensions);
        let options = CredentialRequestOptions { public_key, mediation: self.mediation };
        (options, PendingAuthentication { state: Versioned(state) })
    }
}
