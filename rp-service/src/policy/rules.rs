//! The rules of a user, and how groups override and combine them.

use std::fmt;
use std::ops::BitOr;

use rp_core::{Aaguid, Algorithm};
use serde::{Deserialize, Serialize};

use super::enrolment::EnrolmentPeriod;
use super::text::MaxAge;
use super::word::{Allowed, Attachment};
use crate::factor_name::FactorName;

/// A set of rules that a group overrides member by member, and its optional form.
macro_rules! rules {
    ($(
        $(#[$doc:meta])*
        $name:ident / $overrides:ident {
            $($(#[$member_doc:meta])* $member:ident: $type:ty [$optional:ty] = $default:expr, $strictest:path;)+
        }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$member_doc])* pub $member: $type,)+
        }

        #[doc = concat!("The members of [`", stringify!($name), "`] that a group overrides.")]
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $overrides {
            $($(#[$member_doc])* pub $member: $optional,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($member: $default,)+ }
            }
        }

        impl $name {
            /// The strictest value of each member.
            #[must_use]
            pub fn strictest(&self, other: &Self) -> Self {
                Self { $($member: $strictest(self.$member.clone(), other.$member.clone()),)+ }
            }
        }

        impl Overridden<$overrides> for $name {
            fn overridden(&self, with: &$overrides) -> Self {
                Self { $($member: self.$member.overridden(&with.$member),)+ }
            }
        }
    )+};
}

/// A value that another one may override.
pub(super) trait Overridden<O> {
    fn overridden(&self, with: &O) -> Self;
}

impl<T: Clone> Overridden<Option<T>> for T {
    fn overridden(&self, with: &Option<T>) -> Self {
        with.as_ref().unwrap_or(self).clone()
    }
}

rules! {
    /// The rules of a user.
    Rules / RulesOverride {
        /// When a second factor is required after a first factor. Strictest: the later one in the order of the enum.
        second_factor: SecondFactorPolicy [Option<SecondFactorPolicy>] = SecondFactorPolicy::WhereEnrolled, Ord::max;
        /// The factors that are accepted as second factors and can be enrolled. Strictest: those that both accept.
        factors: Allowed<FactorName> [Option<Allowed<FactorName>>] = Allowed::Any, intersection;
        /// The passkeys that the user may have.
        passkeys: PasskeyRules [PasskeyRulesOverride] = PasskeyRules::default(), strictest_passkeys;
        /// From when the rules for factors and passkeys apply; without it, at once. Strictest: the earlier one.
        enrol: Option<EnrolmentPeriod> [Option<Option<EnrolmentPeriod>>] = None, EnrolmentPeriod::earlier;
        /// When a factor is asked for again.
        reauthenticate: Reauthentication [ReauthenticationOverride] = Reauthentication::default(), strictest_reauthentication;
        /// The rights of a session that a recovery code opened. Strictest: `enrol-only`.
        after_recovery: AfterRecovery [Option<AfterRecovery>] = AfterRecovery::EnrolOnly, Ord::max;
    }

    /// The passkeys that a user may have. The service checks them at registration, whatever the browser was sent, and
    /// again at each sign-in. They only tighten the requirements of the relying party.
    PasskeyRules / PasskeyRulesOverride {
        /// The maximum number of passkeys of a user. Strictest: the smaller one.
        most: usize [Option<usize>] = DEFAULT_MOST, Ord::min;
        /// Whether the private key must stay in one device (BE is 0).
        device_bound: bool [Option<bool>] = false, BitOr::bitor;
        /// Whether the private key must be able to be synced (BE is 1), so that the loss of a device is not the loss of the
        /// passkey.
        synced: bool [Option<bool>] = false, BitOr::bitor;
        /// Whether the authenticator verifies the user. Strictest: the later one in the order of the enum.
        user_verification: Preference [Option<Preference>] = Preference::Discouraged, Ord::max;
        /// Whether the passkey is discoverable, as the client reports. Strictest: the later one in the order of the enum.
        resident_key: Preference [Option<Preference>] = Preference::Discouraged, Ord::max;
        /// Where the authenticator is, as the client reports at registration. Strictest: what both accept.
        attachment: Allowed<Attachment> [Option<Allowed<Attachment>>] = Allowed::Any, intersection;
        /// The required proof by attestation. Strictest: `trusted`.
        attestation: AttestationRule [Option<AttestationRule>] = AttestationRule::Any, Ord::max;
        /// The lowest accepted level of FIDO certification, by metadata. Strictest: the higher one.
        certification: Option<Certification> [Option<Option<Certification>>] = None, Ord::max;
        /// The lowest accepted level of FIPS 140, by metadata. Strictest: the higher one.
        fips: Option<Fips> [Option<Option<Fips>>] = None, Ord::max;
        /// Whether metadata must list hardware key protection.
        hardware: bool [Option<bool>] = false, BitOr::bitor;
        /// The accepted models, proven by a trusted attestation. Strictest: those that both accept.
        models: Allowed<Aaguid> [Option<Allowed<Aaguid>>] = Allowed::Any, intersection;
        /// The accepted algorithms, among those of the relying party. Strictest: those that both accept.
        algorithms: Allowed<Algorithm> [Option<Allowed<Algorithm>>] = Allowed::Any, intersection;
    }

    /// When a factor is asked for again.
    Reauthentication / ReauthenticationOverride {
        /// Whether a sign-in asks for the second factor in a context in which the user has verified one before.
        /// Strictest: `always`.
        at_sign_in: SecondFactorPrompt [Option<SecondFactorPrompt>] = SecondFactorPrompt::Always, Ord::max;
        /// The age at which a session has to verify a factor again. Strictest: the shorter one.
        after: MaxAge [Option<MaxAge>] = MaxAge::Never, MaxAge::shorter;
        /// Whether a session has to verify a factor again if its context changes
        /// ([`ContextChange`](crate::ContextChange)).
        on_changed_context: bool [Option<bool>] = false, BitOr::bitor;
    }
}

/// The default of [`PasskeyRules::most`]: enough for every device and key of one person, and it bounds the lists in options.
const DEFAULT_MOST: usize = 8;

fn intersection<T: Ord + Clone>(one: Allowed<T>, another: Allowed<T>) -> Allowed<T> {
    one.intersection(&another)
}

fn strictest_passkeys(one: PasskeyRules, another: PasskeyRules) -> PasskeyRules {
    one.strictest(&another)
}

fn strictest_reauthentication(one: Reauthentication, another: Reauthentication) -> Reauthentication {
    one.strictest(&another)
}

/// When a second factor is required after a first factor. A passkey with user verification needs no other factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SecondFactorPolicy {
    /// Never: a first factor signs the user in. Such a session is AAL1 and passes no guard that requires a passkey.
    Never,
    /// The user is signed in; the second factor is offered and can be skipped.
    Optional,
    /// If the user has one.
    #[default]
    WhereEnrolled,
    /// Always. A user without an accepted one has to enrol it.
    Required,
}

/// How much a property of a passkey is wanted
/// ([section 5.8.6](https://www.w3.org/TR/webauthn-3/#enum-userVerificationRequirement)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Preference {
    /// The requirement of the relying party applies.
    #[default]
    Discouraged,
    /// At least preferred.
    Preferred,
    /// Required.
    Required,
}

/// The required proof by the attestation of a passkey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AttestationRule {
    /// As the relying party requires.
    #[default]
    Any,
    /// Its path ends in an anchor that the trust source accepts.
    Trusted,
}

/// When a sign-in asks for the second factor that the rules require.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SecondFactorPrompt {
    /// If the context differs from those of the user's other sessions that verified a second factor.
    ChangedContext,
    /// At each sign-in.
    #[default]
    Always,
}

/// The rights of a session that a recovery code opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AfterRecovery {
    /// Everything: a recovery code counts as a second factor.
    SignIn,
    /// Enrol a factor, and nothing else.
    #[default]
    EnrolOnly,
}

/// A level of FIDO authenticator certification, lowest first
/// ([Metadata Service 3.1, section 3.1.4](https://fidoalliance.org/specs/mds/fido-metadata-service-v3.1-ps-20250521.html)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Certification {
    /// Functional certification, the older scheme without levels.
    #[serde(rename = "certified")]
    Functional,
    /// Level 1.
    L1,
    /// Level 1+.
    #[serde(rename = "L1+")]
    L1Plus,
    /// Level 2.
    L2,
    /// Level 2+.
    #[serde(rename = "L2+")]
    L2Plus,
    /// Level 3.
    L3,
    /// Level 3+.
    #[serde(rename = "L3+")]
    L3Plus,
}

/// An overall level of FIPS 140, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Fips {
    /// Level 1.
    L1,
    /// Level 2.
    L2,
    /// Level 3.
    L3,
    /// Level 4.
    L4,
}

impl fmt::Display for Certification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Functional => "certified",
            Self::L1 => "L1",
            Self::L1Plus => "L1+",
            Self::L2 => "L2",
            Self::L2Plus => "L2+",
            Self::L3 => "L3",
            Self::L3Plus => "L3+",
        })
    }
}

impl fmt::Display for Fips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::L3 => "L3",
            Self::L4 => "L4",
        })
    }
}

impl Rules {
    /// Why no factor can meet the rules, if none can.
    #[must_use]
    pub fn contradiction(&self) -> Option<Contradiction> {
        if self.second_factor != SecondFactorPolicy::Required {
            return None;
        }
        match &self.factors {
            Allowed::Only(factors) if factors.is_empty() => Some(Contradiction::NoFactor),
            Allowed::Only(factors) if factors.iter().all(|factor| *factor == FactorName::RECOVERY_CODES) => {
                Some(Contradiction::OnlyRecovery)
            }
            Allowed::Only(factors) => {
                let is_only =
                    |factor| factor == &FactorName::PASSKEY || factor == &FactorName::RECOVERY_CODES;
                self.passkeys.contradiction().filter(|_| factors.iter().all(is_only))
            }
            Allowed::Any => None,
        }
    }

    /// The rules while the period of enrolment has not ended: they also accept the passkeys and factors that the rules
    /// `before` accept. A factor that the user has is required in any case.
    pub(super) fn before_enrolment(&self, before: &Self) -> Self {
        let at_most = before.second_factor.max(SecondFactorPolicy::WhereEnrolled);
        Self {
            second_factor: self.second_factor.min(at_most),
            factors: self.factors.union(&before.factors),
            passkeys: self.passkeys.loosest(&before.passkeys),
            ..self.clone()
        }
    }
}

impl PasskeyRules {
    /// Why no passkey can meet the rules, if none can.
    #[must_use]
    pub fn contradiction(&self) -> Option<Contradiction> {
        let conditions = [
            (self.most == 0, Contradiction::NoPasskeys),
            (self.device_bound && self.synced, Contradiction::DeviceBoundAndSynced),
            (self.hardware && self.synced, Contradiction::HardwareAndSynced),
            (self.models.is_empty(), Contradiction::NoModel),
            (self.algorithms.is_empty(), Contradiction::NoAlgorithm),
            (self.attachment.is_empty(), Contradiction::NoAttachment),
        ];
        conditions.into_iter().find_map(|(holds, contradiction)| holds.then_some(contradiction))
    }

    /// The loosest value of each member, except of the number.
    fn loosest(&self, other: &Self) -> Self {
        Self {
            most: self.most,
            device_bound: self.device_bound && other.device_bound,
            synced: self.synced && other.synced,
            user_verification: self.user_verification.min(other.user_verification),
            resident_key: self.resident_key.min(other.resident_key),
            attachment: self.attachment.union(&other.attachment),
            attestation: self.attestation.min(other.attestation),
            certification: self.certification.min(other.certification),
            fips: self.fips.min(other.fips),
            hardware: self.hardware && other.hardware,
            models: self.models.union(&other.models),
            algorithms: self.algorithms.union(&other.algorithms),
        }
    }

    /// Whether a rule depends on a model that an attestation proves.
    #[must_use]
    pub fn needs_trusted_attestation(&self) -> bool {
        self.attestation == AttestationRule::Trusted || self.needs_metadata() || self.models != Allowed::Any
    }

    /// Whether a rule depends on what metadata list for a model.
    #[must_use]
    pub fn needs_metadata(&self) -> bool {
        self.certification.is_some() || self.fips.is_some() || self.hardware
    }

    /// Whether a passkey may be rejected by one of the rules.
    pub(super) fn restricts(&self) -> bool {
        let most = self.most;
        *self != Self { most, ..Self::default() }
    }
}

/// Why nothing can meet a set of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Contradiction {
    /// `factors` is empty.
    #[error("no factor is accepted")]
    NoFactor,
    /// A recovery code is only a way to enrol another factor.
    #[error("recovery codes are the only accepted factor, and they only replace another one")]
    OnlyRecovery,
    /// `most` is 0.
    #[error("passkeys.most is 0")]
    NoPasskeys,
    /// Both are required.
    #[error("a passkey cannot be both device_bound and synced")]
    DeviceBoundAndSynced,
    /// Both are required.
    #[error("the key of a synced passkey leaves the hardware that passkeys.hardware requires")]
    HardwareAndSynced,
    /// `models` is empty.
    #[error("no model of passkey is accepted")]
    NoModel,
    /// `algorithms` is empty.
    #[error("no algorithm of passkeys is accepted")]
    NoAlgorithm,
    /// `attachment` is empty.
    #[error("no attachment of passkeys is accepted")]
    NoAttachment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_overrides_member_by_member() {
        let default = Rules {
            second_factor: SecondFactorPolicy::Optional,
            passkeys: PasskeyRules { most: 3, synced: true, ..PasskeyRules::default() },
            ..Rules::default()
        };
        let group = RulesOverride {
            passkeys: PasskeyRulesOverride {
                synced: Some(false),
                device_bound: Some(true),
                ..PasskeyRulesOverride::default()
            },
            ..RulesOverride::default()
        };
        let rules = default.overridden(&group);
        assert_eq!(rules.second_factor, SecondFactorPolicy::Optional);
        assert_eq!(
            (rules.passkeys.most, rules.passkeys.synced, rules.passkeys.device_bound),
            (3, false, true)
        );
        assert_eq!(default.overridden(&RulesOverride::default()), default);
    }

    #[test]
    fn the_order_of_each_member_is_from_loose_to_strict() {
        use SecondFactorPolicy::{Never, Optional, Required, WhereEnrolled};
        assert!([Never, Optional, WhereEnrolled, Required].is_sorted());
        assert!([Preference::Discouraged, Preference::Preferred, Preference::Required].is_sorted());
        assert!(AttestationRule::Any < AttestationRule::Trusted);
        assert!(SecondFactorPrompt::ChangedContext < SecondFactorPrompt::Always);
        assert!(AfterRecovery::SignIn < AfterRecovery::EnrolOnly);
        assert!([None, Some(Fips::L1), Some(Fips::L4)].is_sorted());
        let levels = ["certified", "L1", "L1+", "L2", "L2+", "L3", "L3+"];
        let read = |level: &&str| serde_json::from_value::<Certification>((*level).into()).unwrap();
        assert!(levels.iter().map(read).is_sorted());
    }

    #[test]
    fn recovery_codes_alone_are_no_second_factor() {
        let rules = |second_factor, factors: &[FactorName]| {
            Rules { second_factor, factors: Allowed::only(factors.to_vec()), ..Rules::default() }
                .contradiction()
        };
        let required = SecondFactorPolicy::Required;
        assert_eq!(rules(required, &[FactorName::RECOVERY_CODES]), Some(Contradiction::OnlyRecovery));
        assert_eq!(rules(required, &[]), Some(Contradiction::NoFactor));
        assert_eq!(rules(required, &[FactorName::TOTP]), None);
        assert_eq!(rules(SecondFactorPolicy::Optional, &[]), None);
    }
}
