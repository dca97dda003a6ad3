use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::bytes::{Challenge, ChallengeLengthError, UserHandle};
use crate::cose::Algorithm;
use crate::credential::CredentialRecord;
use crate::credential_digests::CredentialDigests;
use crate::extensions::{PaymentInputs, RegistrationExtensionInputs};
use crate::options::{
    AttestationConveyancePreference, AuthenticatorAttachment, AuthenticatorSelectionCriteria,
    CredentialCreationOptions, Mediation, PublicKeyCredentialCreationOptionsJson,
    PublicKeyCredentialDescriptorJson, PublicKeyCredentialHint, PublicKeyCredentialParameters,
    PublicKeyCredentialType, PublicKeyCredentialUserEntityJson, ResidentKeyRequirement,
    UserVerificationRequirement,
};
use crate::pending::{Started, StoredState, Versioned};
use crate::randomness::RandomnessError;
use crate::relying_party::RelyingParty;
use crate::timestamp::Timestamp;

/// The account that a credential is created for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user handle.
    pub handle: UserHandle,
    /// The name that distinguishes the account: a username or an address.
    pub name: String,
    /// The display name of the person.
    pub display_name: String,
}

/// A pending registration: stored on the server, and consumed by one response.
///
/// Serialises with its kind, version, RP ID and start time: it cannot be finished as an authentication, by another
/// relying party, or after [`RelyingParty::ceremony_lifetime`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
#[must_use = "a response is verified against it"]
pub struct PendingRegistration {
    pub(super) state: Versioned<State>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    pub(super) started: Started,
    pub(super) user_handle: UserHandle,
    pub(super) user_verification: UserVerificationRequirement,
    pub(super) resident_key: ResidentKeyRequirement,
    pub(super) attachment: Option<AuthenticatorAttachment>,
    pub(super) mediation: Option<Mediation>,
    pub(super) algorithms: Vec<i64>,
    pub(super) exclude_credentials: CredentialDigests,
    pub(super) extensions: RegistrationExtensionInputs,
}

impl StoredState for State {
    const KIND: &'static str = "registration";
    const VERSION: u32 = 2;
}

impl PendingRegistration {
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

    /// The account that the credential will belong to.
    #[must_use]
    pub fn user_handle(&self) -> &UserHandle {
        &self.state.user_handle
    }
}

/// A request for a registration that differs from the relying party's defaults.
#[derive(Clone, Debug)]
#[must_use]
pub struct RegistrationRequest<'a> {
    rp: &'a RelyingParty,
    user: &'a User,
    existing: Vec<PublicKeyCredentialDescriptorJson>,
    selection: AuthenticatorSelectionCriteria,
    algorithms: Vec<Algorithm>,
    attestation: AttestationConveyancePreference,
    mediation: Option<Mediation>,
    hints: Vec<PublicKeyCredentialHint>,
    extensions: RegistrationExtensionInputs,
}

impl RelyingParty {
    /// Starts a registration: options for the browser, and a pending ceremony for the server to store.
    ///
    /// # Errors
    /// Returns [`RandomnessError`] if the operating system provides no randomness.
    ///
    /// # Examples
    /// ```
    /// # if cfg!(not(feature = "_credentials")) { return Ok(()); }
    /// use rp_core::{RelyingParty, Timestamp, User, UserHandle};
    ///
    /// let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
    /// let user = User { handle: UserHandle::random()?, name: "kim".into(), display_name: "Kim".into() };
    /// let now = Timestamp::from_unix_seconds(1_780_272_000); // with the feature `std`: Timestamp::now()
    /// let (options, pending) = rp.start_registration(&user, &[], now)?;
    /// assert_eq!(&options.public_key.challenge, pending.challenge());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start_registration(
        &self,
        user: &User,
        existing: &[CredentialRecord],
        now: Timestamp,
    ) -> Result<(CredentialCreationOptions, PendingRegistration), RandomnessError> {
        self.registration(user).exclude(existing).start(now)
    }

    /// Requests a registration that differs from the defaults.
    pub fn registration<'a>(&'a self, user: &'a User) -> RegistrationRequest<'a> {
        RegistrationRequest {
            rp: self,
            user,
            existing: Vec::new(),
            selection: self.selection.clone(),
            algorithms: self.algorithms.clone(),
            attestation: self.attestation,
            mediation: None,
            hints: self.hints.clone(),
            extensions: RegistrationExtensionInputs {
                cred_props: Some(true),
                appid_exclude: self.appid.clone(),
                ..RegistrationExtensionInputs::default()
            },
        }
    }
}

impl RegistrationRequest<'_> {
    /// Excludes the existing credentials of the account.
    pub fn exclude(mut self, existing: &[CredentialRecord]) -> Self {
        self.existing.extend(existing.iter().map(Into::into));
        self
    }

    /// Sets whether the user must be verified.
    pub fn user_verification(mut self, requirement: UserVerificationRequirement) -> Self {
        self.selection.user_verification = requirement;
        self
    }

    /// Sets whether the credential must be discoverable.
    pub fn resident_key(mut self, requirement: ResidentKeyRequirement) -> Self {
        self.selection.resident_key = requirement;
        self
    }

    /// Sets where the authenticator must be.
    pub fn authenticator_attachment(mut self, attachment: AuthenticatorAttachment) -> Self {
        self.selection.authenticator_attachment = Some(attachment);
        self
    }

    /// Offers only those of the relying party's algorithms that are accepted.
    pub fn algorithms(mut self, is_accepted: impl Fn(Algorithm) -> bool) -> Self {
        self.algorithms.retain(|algorithm| is_accepted(*algorithm));
        self
    }

    /// Sets how the attestation is conveyed.
    pub fn attestation(mut self, preference: AttestationConveyancePreference) -> Self {
        self.attestation = preference;
        self
    }

    /// Requests a conditional create: an automatic upgrade to a passkey, where UP and UV may be 0. User verification is
    /// then not required, unless it is set afterwards.
    pub fn conditional(mut self) -> Self {
        self.mediation = Some(Mediation::Conditional);
        self.selection.user_verification = UserVerificationRequirement::Preferred;
        self
    }

    /// Sets which authenticators the client offers first.
    pub fn hints(mut self, hints: impl IntoIterator<Item = PublicKeyCredentialHint>) -> Self {
        self.hints = hints.into_iter().collect();
        self
    }

    /// Creates a credential that can confirm payments, also on the page of a merchant (Secure Payment Confirmation). It
    /// requests a platform authenticator, user verification and a discoverable credential.
    pub fn payment(mut self) -> Self {
        self.extensions.payment = Some(PaymentInputs::default());
        self.selection.user_verification = UserVerificationRequirement::Required;
        self
    }

    /// Sets the extension inputs, instead of the defaults (`credProps`, and `appidExclude` if an AppID is configured).
    pub fn extensions(mut self, extensions: RegistrationExtensionInputs) -> Self {
        self.extensions = extensions;
        self
    }

    /// Sets the origin of the page that uses the options. `appidExclude` is omitted if clients reject the AppID on this page: its
    /// registrable domain is not that of the AppID. Without the feature `public-suffix`, this has no effect.
    pub fn for_page(mut self, origin: &str) -> Self {
        if self.rp.rejects_appid_on(origin) {
            self.extensions.appid_exclude = None;
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
    ) -> Result<(CredentialCreationOptions, PendingRegistration), RandomnessError> {
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
    ) -> Result<(CredentialCreationOptions, PendingRegistration), ChallengeLengthError> {
        challenge.into_issued().map(|challenge| self.start_recorded(challenge, now))
    }

    /// Starts with a challenge that was issued elsewhere, of any length: for recorded ceremonies and test vectors.
    /// The risk: a challenge that can be guessed, or was sent before, lets a response of another ceremony be accepted.
    pub fn start_recorded(
        self,
        challenge: Challenge,
        now: Timestamp,
    ) -> (CredentialCreationOptions, PendingRegistration) {
        let algorithms: Vec<i64> = self.algorithms.iter().map(|algorithm| algorithm.id()).collect();
        let mut selection = self.selection;
        if self.extensions.payment.is_some() {
            selection.authenticator_attachment = Some(AuthenticatorAttachment::Platform);
            if selection.resident_key == ResidentKeyRequirement::Discouraged {
                selection.resident_key = ResidentKeyRequirement::Preferred;
            }
        }
        // 5.4.4: requireResidentKey is true if, and only if, residentKey is set to required
        selection.require_resident_key = selection.resident_key == ResidentKeyRequirement::Required;
        let (resident_key, attachment) = (selection.resident_key, selection.authenticator_attachment);
        let user_verification = selection.user_verification;
        let public_key = PublicKeyCredentialCreationOptionsJson {
            rp: self.rp.entity.clone(),
            user: PublicKeyCredentialUserEntityJson {
                id: self.user.handle.clone(),
                name: self.user.name.clone(),
                display_name: self.user.display_name.clone(),
            },
            challenge: challenge.clone(),
            pub_key_cred_params: algorithms
                .iter()
                .map(|&alg| PublicKeyCredentialParameters { r#type: PublicKeyCredentialType::PublicKey, alg })
                .collect(),
            timeout: Some(self.rp.timeout_millis()),
            exclude_credentials: self.existing,
            authenticator_selection: Some(selection),
            hints: self.hints,
            attestation: Some(self.attestation),
            attestation_formats: self.rp.attestation_formats.clone(),
            extensions: self.extensions,
        };
        let state = State {
            exclude_credentials: CredentialDigests::new(
                &challenge,
                public_key.exclude_credentials.iter().map(|known| &known.id),
            ),
            started: Started::new(self.rp, challenge, now),
            user_handle: self.user.handle.clone(),
            user_verification,
            resident_key,
            attachment,
            mediation: self.mediation,
            algorithms,
            extensions: public_key.extensions.without_values(),
        };
        let options = CredentialCreationOptions { public_key, mediation: self.mediation };
        (options, PendingRegistration { state: Versioned(state) })
    }
}

#[cfg(test)]
#[cfg(feature = "es256")]
mod tests {
    use super::*;
    use crate::credential::sample;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000);
    const REQUIRED: UserVerificationRequirement = UserVerificationRequirement::Required;

    /// The options and the pending state of a request that was changed.
    fn start(
        change: impl FnOnce(RegistrationRequest<'_>) -> RegistrationRequest<'_>,
    ) -> (CredentialCreationOptions, State) {
        let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
        let user = User {
            handle: UserHandle::try_from(&[7][..]).unwrap(),
            name: "kim".into(),
            display_name: "Kim".into(),
        };
        let (options, pending) =
            change(rp.registration(&user)).start_recorded(Challenge::recorded(&[1; 16]), NOW);
        (options, pending.state.0)
    }

    #[test]
    fn user_and_challenge_are_sent_and_the_start_is_recorded() {
        let (options, state) = start(|request| request);
        let sent = options.public_key;
        assert_eq!((sent.user.name.as_str(), sent.user.display_name.as_str()), ("kim", "Kim"));
        assert_eq!((&sent.user.id, &sent.challenge), (&state.user_handle, &state.started.challenge));
        assert_eq!(state.started.started_at, NOW);
    }

    #[test]
    fn requirements_are_sent_and_checked_later() {
        let (options, state) = start(|request| {
            request
                .user_verification(UserVerificationRequirement::Required)
                .resident_key(ResidentKeyRequirement::Required)
                .authenticator_attachment(AuthenticatorAttachment::CrossPlatform)
        });
        let sent = options.public_key.authenticator_selection.unwrap();
        assert_eq!(sent.user_verification, UserVerificationRequirement::Required);
        assert_eq!(sent.resident_key, ResidentKeyRequirement::Required);
        assert_eq!(sent.authenticator_attachment, Some(AuthenticatorAttachment::CrossPlatform));
        assert_eq!(state.user_verification, sent.user_verification);
        assert_eq!(state.resident_key, sent.resident_key);
        assert_eq!(state.attachment, sent.authenticator_attachment);
    }

    #[test]
    fn require_resident_key_agrees_with_resident_key() {
        use ResidentKeyRequirement::{Discouraged, Preferred, Required};
        let user = User {
            handle: UserHandle::try_from(&[7][..]).unwrap(),
            name: "kim".into(),
            display_name: "Kim".into(),
        };
        let rp = |builder: Option<ResidentKeyRequirement>| {
            let rp = RelyingParty::builder("example.org").origin("https://example.org");
            builder.into_iter().fold(rp, crate::RelyingPartyBuilder::resident_key).build().unwrap()
        };
        // Section 5.4.4: requireResidentKey is true if and only if residentKey is required.
        let check = |request: RegistrationRequest<'_>, expected: ResidentKeyRequirement, case: &str| {
            let (options, _) = request.start_recorded(Challenge::recorded(&[1; 16]), NOW);
            let sent = options.public_key.authenticator_selection.unwrap();
            let both = (sent.resident_key, sent.require_resident_key);
            assert_eq!(both, (expected, expected == Required), "{case}");
        };
        check(rp(None).registration(&user), Preferred, "default");
        for of_builder in [Discouraged, Preferred, Required] {
            let rp = rp(Some(of_builder));
            let selection = rp.authenticator_selection();
            assert_eq!(selection.require_resident_key, of_builder == Required, "{of_builder:?}");
            let case = alloc::format!("{of_builder:?} in the builder");
            check(rp.registration(&user), of_builder, &case);
            check(rp.registration(&user).conditional(), of_builder, &case);
            let of_payment = if of_builder == Discouraged { Preferred } else { of_builder };
            check(rp.registration(&user).payment(), of_payment, &case);
            for of_request in [Discouraged, Preferred, Required] {
                let case = alloc::format!("{case}, {of_request:?} in the request");
                let request = || rp.registration(&user).resident_key(of_request);
                check(request(), of_request, &case);
                check(request().conditional(), of_request, &case);
                let of_payment = if of_request == Discouraged { Preferred } else { of_request };
                check(request().payment(), of_payment, &case);
            }
        }
    }

    #[test]
    fn only_accepted_algorithms_are_offered() {
        let (options, state) = start(|request| request.algorithms(|algorithm| algorithm == Algorithm::Es256));
        let offered: Vec<_> = options.public_key.pub_key_cred_params.iter().map(|one| one.alg).collect();
        assert_eq!((offered, state.algorithms), ([-7].into(), [-7].into()));
    }

    #[test]
    fn existing_credentials_are_excluded() {
        let (options, state) = start(|request| {
            request.exclude(&[sample(&[7], &[1])]).exclude(&[sample(&[7], &[2]), sample(&[7], &[3])])
        });
        let sent: Vec<_> =
            options.public_key.exclude_credentials.iter().map(|known| known.id.as_bytes()).collect();
        assert_eq!(sent, [[1], [2], [3]]);
        let excludes = |id| state.exclude_credentials.contains(&state.started.challenge, &[id]);
        assert_eq!([1, 2, 3, 4].map(excludes), [true, true, true, false]);
    }

    #[test]
    fn conveyance_and_hints_are_sent() {
        let (options, _) = start(|request| {
            request
                .attestation(AttestationConveyancePreference::Direct)
                .hints([PublicKeyCredentialHint::Hybrid, PublicKeyCredentialHint::SecurityKey])
        });
        let sent = options.public_key;
        assert_eq!(sent.attestation, Some(AttestationConveyancePreference::Direct));
        assert_eq!(sent.hints, [PublicKeyCredentialHint::Hybrid, PublicKeyCredentialHint::SecurityKey]);
    }

    #[test]
    fn a_conditional_create_prefers_user_verification() {
        let (options, state) = start(|request| request.user_verification(REQUIRED).conditional());
        assert_eq!((options.mediation, state.mediation), (Some(Mediation::Conditional), options.mediation));
        assert_eq!(state.user_verification, UserVerificationRequirement::Preferred);
        let (_, state) = start(|request| request.conditional().user_verification(REQUIRED));
        assert_eq!(state.user_verification, REQUIRED, "set afterwards");
    }

    #[test]
    fn a_payment_needs_a_verified_user_on_the_platform() {
        let (options, state) =
            start(|request| request.resident_key(ResidentKeyRequirement::Discouraged).payment());
        assert!(options.public_key.extensions.payment.is_some() && state.extensions.payment.is_some());
        assert_eq!(state.user_verification, UserVerificationRequirement::Required);
        assert_eq!(state.attachment, Some(AuthenticatorAttachment::Platform));
        assert_eq!(state.resident_key, ResidentKeyRequirement::Preferred);
        let (_, state) = start(|request| request.resident_key(ResidentKeyRequirement::Required).payment());
        assert_eq!(state.resident_key, ResidentKeyRequirement::Required);
    }

    #[test]
    fn extensions_replace_the_defaults() {
        assert_eq!(start(|request| request).0.public_key.extensions.cred_props, Some(true));
        let (options, state) = start(|request| {
            request.extensions(RegistrationExtensionInputs {
                min_pin_length: Some(true),
                ..RegistrationExtensionInputs::default()
            })
        });
        let sent = options.public_key.extensions;
        assert_eq!((sent.cred_props, sent.min_pin_length), (None, Some(true)));
        assert_eq!((state.extensions.cred_props, state.extensions.min_pin_length), (None, Some(true)));
    }

    #[test]
    fn a_challenge_of_the_caller_has_at_least_16_bytes() {
        let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
        let handle = UserHandle::try_from(&[7][..]).unwrap();
        let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
        let start = |len| {
            rp.registration(&user).start_with(Challenge::recorded(&alloc::vec![1; len]), NOW).map(|_| ())
        };
        assert_eq!((start(15), start(16)), (Err(ChallengeLengthError { got: 15 }), Ok(())));
    }
}
