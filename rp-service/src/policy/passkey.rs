//! The facts about a passkey, and whether the rules accept it.

use rp_core::options::{
    AttestationConveyancePreference, AuthenticatorAttachment, ResidentKeyRequirement,
    UserVerificationRequirement,
};
use rp_core::{Aaguid, Algorithm, Code, RegistrationRequest, RelyingParty};
use serde::{Deserialize, Serialize};

use super::rules::{AttestationRule, Certification, Fips, PasskeyRules, Preference};
use super::word::{Allowed, Attachment};

/// The listed facts of an authenticator model, in FIDO metadata for example. By default nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelFacts {
    /// The level of FIDO certification in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certification: Option<Certification>,
    /// The overall level of FIPS 140 in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fips: Option<Fips>,
    /// Whether hardware, and nothing else, protects the keys.
    pub is_hardware: bool,
}

/// The facts about a passkey on which rules and assurance depend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PasskeyFacts {
    /// Whether the private key can be synced (BE); `None` if an imported record does not know it.
    pub backup_eligible: Option<bool>,
    /// Whether the passkey has verified its user, and another factor authorised that (`uvInitialized`).
    pub uv_initialized: bool,
    /// The algorithm; `None` if the stored key is not readable.
    pub algorithm: Option<Algorithm>,
    /// Whether the attestation was trusted when it was judged last.
    pub trusted: bool,
    /// The model, if a trusted attestation proves it.
    pub model: Option<Aaguid>,
    /// The listed facts of that model.
    pub listed: ModelFacts,
    /// The attachment that the client reported in this ceremony; `None` if it is not known.
    pub attachment: Option<Attachment>,
    /// Whether the passkey is discoverable, as the client reported in this ceremony.
    pub discoverable: Option<bool>,
}

/// Why the rules do not accept a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PasskeyRuleError {
    /// The key can be synced, or it is not known.
    #[error("the policy requires a device-bound passkey")]
    NotDeviceBound,
    /// The key cannot be synced, or it is not known.
    #[error("the policy requires a passkey that can be synced")]
    NotSynced,
    /// The algorithm is not accepted.
    #[error("the policy does not accept the algorithm")]
    Algorithm,
    /// The client reports another attachment.
    #[error("the policy does not accept the attachment")]
    Attachment,
    /// The client reports that the passkey is not discoverable.
    #[error("the policy requires a discoverable passkey")]
    NotDiscoverable,
    /// The attestation is not trusted.
    #[error("the policy requires a trusted attestation")]
    Untrusted,
    /// No attestation proves the model, or the model is not accepted.
    #[error("the policy does not accept the model")]
    Model,
    /// The model is not certified, or not at this level.
    #[error("the policy requires certification {required}, and the model has {}", level(.listed))]
    Certification {
        /// The required level.
        required: Certification,
        /// The level in force.
        listed: Option<Certification>,
    },
    /// The model is not certified by FIPS 140, or not at this level.
    #[error("the policy requires FIPS 140 level {required}, and the model has {}", level(.listed))]
    Fips {
        /// The required level.
        required: Fips,
        /// The level in force.
        listed: Option<Fips>,
    },
    /// Metadata do not list hardware key protection.
    #[error("the policy requires hardware key protection")]
    NotHardware,
}

fn level(listed: &Option<impl ToString>) -> String {
    listed.as_ref().map_or_else(|| "none".into(), ToString::to_string)
}

impl PasskeyRuleError {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::Algorithm => Code::AlgorithmNotAllowed,
            Self::Untrusted => Code::AttestationUntrusted,
            _ => Code::AuthenticatorNotAllowed,
        }
    }
}

impl PasskeyRules {
    /// A request for a passkey that meets the rules. A rule never loosens what the relying party asks for.
    pub(crate) fn narrow<'a>(
        &self,
        mut request: RegistrationRequest<'a>,
        rp: &RelyingParty,
    ) -> RegistrationRequest<'a> {
        let selection = rp.authenticator_selection();
        match self.user_verification {
            Preference::Required => {
                request = request.user_verification(UserVerificationRequirement::Required);
            }
            Preference::Preferred
                if selection.user_verification == UserVerificationRequirement::Discouraged =>
            {
                request = request.user_verification(UserVerificationRequirement::Preferred);
            }
            _ => {}
        }
        match self.resident_key {
            Preference::Required => request = request.resident_key(ResidentKeyRequirement::Required),
            Preference::Preferred if selection.resident_key == ResidentKeyRequirement::Discouraged => {
                request = request.resident_key(ResidentKeyRequirement::Preferred);
            }
            _ => {}
        }
        if let Allowed::Only(attachments) = &self.attachment
            && let (1, Some(attachment)) = (attachments.len(), attachments.first())
        {
            request = request.authenticator_attachment(match attachment {
                Attachment::Platform => AuthenticatorAttachment::Platform,
                Attachment::CrossPlatform => AuthenticatorAttachment::CrossPlatform,
            });
        }
        if self.needs_trusted_attestation() && rp.attestation() != AttestationConveyancePreference::Enterprise
        {
            request = request.attestation(AttestationConveyancePreference::Direct);
        }
        request.algorithms(|algorithm| self.algorithms.contains(&algorithm))
    }

    /// Checks a passkey. Unknown facts of an earlier registration ([`PasskeyFacts::attachment`],
    /// [`PasskeyFacts::discoverable`]) are not checked.
    ///
    /// # Errors
    /// [`PasskeyRuleError`], the first in the order of its variants.
    pub fn check(&self, passkey: &PasskeyFacts) -> Result<(), PasskeyRuleError> {
        let accepts_algorithm = match passkey.algorithm {
            Some(algorithm) => self.algorithms.contains(&algorithm),
            None => self.algorithms == Allowed::Any,
        };
        let accepts_model = match passkey.model {
            Some(model) => self.models.contains(&model),
            None => self.models == Allowed::Any,
        };
        let requires_discoverable = self.resident_key == Preference::Required;
        let rejects = |rejected: bool, error| if rejected { Err(error) } else { Ok(()) };
        rejects(
            self.device_bound && passkey.backup_eligible != Some(false),
            PasskeyRuleError::NotDeviceBound,
        )?;
        rejects(self.synced && passkey.backup_eligible != Some(true), PasskeyRuleError::NotSynced)?;
        rejects(!accepts_algorithm, PasskeyRuleError::Algorithm)?;
        let accepts_attachment = passkey.attachment.is_none_or(|got| self.attachment.contains(&got));
        rejects(!accepts_attachment, PasskeyRuleError::Attachment)?;
        let is_hidden = passkey.discoverable == Some(false);
        rejects(requires_discoverable && is_hidden, PasskeyRuleError::NotDiscoverable)?;
        let requires_trusted = self.attestation == AttestationRule::Trusted;
        rejects(requires_trusted && !passkey.trusted, PasskeyRuleError::Untrusted)?;
        rejects(!accepts_model, PasskeyRuleError::Model)?;
        // Listed facts count only if the model is proven.
        let listed = passkey.model.map_or_else(ModelFacts::default, |_| passkey.listed);
        if let Some(required) = self.certification.filter(|_| listed.certification < self.certification) {
            return Err(PasskeyRuleError::Certification { required, listed: listed.certification });
        }
        if let Some(required) = self.fips.filter(|_| listed.fips < self.fips) {
            return Err(PasskeyRuleError::Fips { required, listed: listed.fips });
        }
        rejects(self.hardware && !listed.is_hardware, PasskeyRuleError::NotHardware)
    }
}

impl PasskeyRules {
    /// Whether a passkey meets the rules, which includes that it can verify its user where they require that.
    pub(crate) fn accepts(&self, passkey: &PasskeyFacts) -> bool {
        let can_verify = self.user_verification != Preference::Required || passkey.uv_initialized;
        can_verify && self.check(passkey).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use rp_core::{Timestamp, User, UserHandle};

    use super::*;

    const MODEL: Aaguid = Aaguid::new([7; 16]);

    fn security_key() -> PasskeyFacts {
        PasskeyFacts {
            backup_eligible: Some(false),
            uv_initialized: true,
            algorithm: Some(Algorithm::Es256),
            trusted: true,
            model: Some(MODEL),
            listed: ModelFacts {
                certification: Some(Certification::L1Plus),
                fips: Some(Fips::L2),
                is_hardware: true,
            },
            attachment: Some(Attachment::CrossPlatform),
            discoverable: Some(true),
        }
    }

    fn strict() -> PasskeyRules {
        PasskeyRules {
            device_bound: true,
            resident_key: Preference::Required,
            attachment: Allowed::only([Attachment::CrossPlatform]),
            attestation: AttestationRule::Trusted,
            certification: Some(Certification::L1Plus),
            fips: Some(Fips::L2),
            hardware: true,
            models: Allowed::only([MODEL]),
            algorithms: Allowed::only([Algorithm::Es256]),
            ..PasskeyRules::default()
        }
    }

    #[test]
    fn a_preference_never_loosens_what_the_site_asks_for() {
        use ResidentKeyRequirement as Key;
        use UserVerificationRequirement as Verification;
        let requested = |verification, key, preference| {
            let rp = RelyingParty::builder("example.org").origin("https://example.org");
            let rp = rp.user_verification(verification).resident_key(key).build().unwrap();
            let rules = PasskeyRules { user_verification: preference, resident_key: preference, ..strict() };
            let user = User {
                handle: UserHandle::random().unwrap(),
                name: "kim".into(),
                display_name: "Kim".into(),
            };
            let request = rules.narrow(rp.registration(&user), &rp);
            let (options, _) = request.start(Timestamp::from_unix_seconds(0)).unwrap();
            let selection = options.public_key.authenticator_selection.unwrap();
            (selection.user_verification, selection.resident_key)
        };
        let discouraged = (Verification::Discouraged, Key::Discouraged);
        let preferred = (Verification::Preferred, Key::Preferred);
        let required = (Verification::Required, Key::Required);
        for (site, preference, expected) in [
            (discouraged, Preference::Discouraged, discouraged),
            (discouraged, Preference::Preferred, preferred),
            (discouraged, Preference::Required, required),
            (preferred, Preference::Discouraged, preferred),
            (preferred, Preference::Required, required),
            (required, Preference::Discouraged, required),
            (required, Preference::Preferred, required),
        ] {
            assert_eq!(requested(site.0, site.1, preference), expected, "{site:?} {preference:?}");
        }
    }

    #[test]
    fn each_rule_rejects_what_does_not_meet_it() {
        assert_eq!(strict().check(&security_key()), Ok(()));
        let change = |change: fn(&mut PasskeyFacts)| {
            let mut facts = security_key();
            change(&mut facts);
            strict().check(&facts).map_err(|error| (error, error.code().as_str()))
        };
        let not_allowed = "authenticator-not-allowed";
        let bound = Err((PasskeyRuleError::NotDeviceBound, not_allowed));
        assert_eq!(change(|facts| facts.backup_eligible = Some(true)), bound);
        assert_eq!(change(|facts| facts.backup_eligible = None), bound);
        let algorithm = Err((PasskeyRuleError::Algorithm, "algorithm-not-allowed"));
        assert_eq!(change(|facts| facts.algorithm = Some(Algorithm::Rs256)), algorithm);
        assert_eq!(change(|facts| facts.algorithm = None), algorithm);
        let attachment = Err((PasskeyRuleError::Attachment, not_allowed));
        assert_eq!(change(|facts| facts.attachment = Some(Attachment::Platform)), attachment);
        assert_eq!(change(|facts| facts.attachment = None), Ok(()));
        let discoverable = Err((PasskeyRuleError::NotDiscoverable, not_allowed));
        assert_eq!(change(|facts| facts.discoverable = Some(false)), discoverable);
        assert_eq!(change(|facts| facts.discoverable = None), Ok(()));
        let untrusted = Err((PasskeyRuleError::Untrusted, "attestation-untrusted"));
        assert_eq!(change(|facts| facts.trusted = false), untrusted);
        let model = Err((PasskeyRuleError::Model, not_allowed));
        assert_eq!(change(|facts| facts.model = Some(Aaguid::ZERO)), model);
        assert_eq!(change(|facts| facts.model = None), model);
        let certification = |listed| {
            Err((PasskeyRuleError::Certification { required: Certification::L1Plus, listed }, not_allowed))
        };
        assert_eq!(change(|facts| facts.listed.certification = None), certification(None));
        let lower = Some(Certification::L1);
        assert_eq!(
            change(|facts| facts.listed.certification = Some(Certification::L1)),
            certification(lower)
        );
        let fips = |listed| Err((PasskeyRuleError::Fips { required: Fips::L2, listed }, not_allowed));
        assert_eq!(change(|facts| facts.listed.fips = Some(Fips::L1)), fips(Some(Fips::L1)));
        let software = Err((PasskeyRuleError::NotHardware, not_allowed));
        assert_eq!(change(|facts| facts.listed.is_hardware = false), software);
    }

    #[test]
    fn a_synced_passkey_is_required_where_the_rule_says_so() {
        let rules = PasskeyRules { synced: true, ..PasskeyRules::default() };
        assert_eq!(rules.check(&security_key()), Err(PasskeyRuleError::NotSynced));
        let synced = PasskeyFacts { backup_eligible: Some(true), ..security_key() };
        assert_eq!(rules.check(&synced), Ok(()));
    }

    #[test]
    fn what_is_listed_counts_only_for_a_proven_model() {
        let rules = PasskeyRules { certification: Some(Certification::L1), ..PasskeyRules::default() };
        assert_eq!(rules.check(&security_key()), Ok(()));
        let claimed = PasskeyFacts { model: None, ..security_key() };
        let error = rules.check(&claimed).unwrap_err();
        assert_eq!(error.to_string(), "the policy requires certification L1, and the model has none");
    }

    #[test]
    fn the_default_rules_accept_every_passkey() {
        assert_eq!(PasskeyRules::default().check(&PasskeyFacts::default()), Ok(()));
    }
}
