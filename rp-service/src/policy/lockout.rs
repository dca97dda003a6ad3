//! Policies that would lock users out are rejected when the service is built.

use std::collections::BTreeSet;
use std::time::Duration;

use rp_core::{Algorithm, BackupPolicy};

use super::Policy;
use super::rules::{Contradiction, Overridden, Rules, SecondFactorPolicy};
use super::text::MaxAge;
use super::word::Allowed;
use crate::factor_name::FactorName;
use crate::session::Session;

/// The configuration outside of a policy on which its rules depend.
#[derive(Clone, Debug)]
pub(crate) struct Environment<'a> {
    /// The second factors of the service, passkeys included.
    pub(crate) factors: BTreeSet<FactorName>,
    /// Whether anything is listed for models.
    pub(crate) has_model_facts: bool,
    /// Whether attestation statements are verified.
    pub(crate) verifies_attestation: bool,
    /// Whether a source of trust is set.
    pub(crate) has_trust_source: bool,
    /// The algorithms that the relying party offers.
    pub(crate) algorithms: &'a [Algorithm],
    /// The credentials that the relying party accepts by their backup eligibility.
    pub(crate) backup: BackupPolicy,
}

/// A rule that would lock users out, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policy, {}: {problem}", self.place())]
pub struct PolicyError {
    /// The group; `None` for the rules of everyone and for those of the site.
    pub group: Option<String>,
    /// The problem.
    pub problem: PolicyProblem,
}

/// Why a policy would lock users out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyProblem {
    /// Nothing can meet the rules.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// A factor is not part of the service.
    #[error("the factor {factor} is not configured")]
    UnknownFactor {
        /// The factor.
        factor: FactorName,
    },
    /// A rule depends on metadata, and the service has none.
    #[error(
        "certification, fips and hardware are listed by metadata: call `authenticators` with a directory that has them"
    )]
    NoMetadata,
    /// A rule depends on attestation, which the relying party ignores.
    #[error("the relying party does not verify attestation, which the rules for passkeys require")]
    AttestationIgnored,
    /// A rule depends on trusted attestation, and no source of trust is set.
    #[error("the rules for passkeys require trusted attestation, and nothing is trusted: call `trust`")]
    NoTrustSource,
    /// The relying party offers none of the accepted algorithms.
    #[error("the relying party offers none of the accepted algorithms")]
    AlgorithmsNotOffered,
    /// The relying party accepts only the opposite.
    #[error("the relying party rejects the passkeys that device_bound or synced requires")]
    BackupPolicy,
    /// A period of enrolment without anything to enrol.
    #[error("enrol has a date, and nothing is required from then on: second_factor is not \"required\"")]
    NothingToEnrol,
    /// The end of the period of grace is after the last day of the calendar.
    #[error("the period of grace has no end in the calendar")]
    EndlessGrace,
    /// Every request would have to verify a factor again.
    #[error("reauthenticate.after is zero")]
    AlwaysTooOld,
    /// Something would end at once, or a limit allows no attempt or has no window.
    #[error("{member} is zero")]
    Zero {
        /// The member of the policy.
        member: &'static str,
    },
    /// Sessions in use would end: the time of last use is not written often enough.
    #[error("{member} is not longer than one minute: the last use is written once a minute")]
    ShortIdle {
        /// The member of the policy.
        member: &'static str,
    },
}

impl PolicyError {
    fn place(&self) -> String {
        self.group.as_ref().map_or_else(|| "default".into(), |group| format!("group {group:?}"))
    }
}

impl Policy {
    /// Checks the policy for rules that would lock users out.
    pub(crate) fn check(&self, environment: &Environment<'_>) -> Result<(), PolicyError> {
        self.check_site().map_err(|problem| PolicyError { group: None, problem })?;
        for (group, rules) in self.named_rules() {
            check(&rules, environment).map_err(|problem| PolicyError { group, problem })?;
        }
        Ok(())
    }

    /// The pairs of groups that no user should be in at the same time, because no factor or no passkey can meet the rules of
    /// both. Such a user has no passkey that the rules accept, or cannot complete a sign-in.
    #[must_use]
    pub fn conflicts(&self) -> Vec<(String, String, Contradiction)> {
        let groups: Vec<_> =
            self.group.iter().map(|(name, overrides)| (name, self.default.overridden(overrides))).collect();
        let mut conflicts = Vec::new();
        for (place, (name, rules)) in groups.iter().enumerate() {
            for (other, others) in groups.iter().skip(place.saturating_add(1)) {
                if let Some(contradiction) = contradiction(&rules.strictest(others)) {
                    conflicts.push(((*name).clone(), (*other).clone(), contradiction));
                }
            }
        }
        conflicts
    }

    /// Whether a rule of anyone asks for a factor again.
    pub(crate) fn reauthenticates(&self) -> bool {
        self.named_rules().any(|(_, rules)| {
            rules.reauthenticate.on_changed_context || rules.reauthenticate.after != MaxAge::Never
        })
    }

    fn named_rules(&self) -> impl Iterator<Item = (Option<String>, Rules)> {
        let named =
            |(name, overrides): (&String, _)| (Some(name.clone()), self.default.overridden(overrides));
        std::iter::once((None, self.default.clone())).chain(self.group.iter().map(named))
    }

    fn check_site(&self) -> Result<(), PolicyProblem> {
        let mut durations = vec![
            ("recent_verification", self.recent_verification),
            ("sessions.absolute", self.sessions.absolute),
            ("sessions.bearer", self.sessions.bearer),
            ("sessions.first_factor", self.sessions.first_factor),
        ];
        let optional = [
            ("sessions.idle", self.sessions.idle),
            ("sessions.aal2.idle", self.sessions.aal2.idle),
            ("sessions.aal2.absolute", self.sessions.aal2.absolute),
            ("sessions.aal3.idle", self.sessions.aal3.idle),
            ("sessions.aal3.absolute", self.sessions.aal3.absolute),
        ];
        durations.extend(optional.into_iter().filter_map(|(member, limit)| Some((member, limit?))));
        let zero = durations.into_iter().find(|(_, duration)| duration.is_zero()).map(|(member, _)| member);
        if let Some(member) = zero.or_else(|| self.limits.zero()) {
            return Err(PolicyProblem::Zero { member });
        }
        let mut limits = optional.into_iter().filter(|(member, _)| member.ends_with(".idle"));
        let short = limits.find(|(_, limit)| limit.is_some_and(|limit| limit <= Session::USE_INTERVAL));
        short.map_or(Ok(()), |(member, _)| Err(PolicyProblem::ShortIdle { member }))
    }
}

/// Why no factor or no passkey can meet the rules, if none can.
fn contradiction(rules: &Rules) -> Option<Contradiction> {
    rules.contradiction().or_else(|| rules.passkeys.contradiction())
}

fn check(rules: &Rules, environment: &Environment<'_>) -> Result<(), PolicyProblem> {
    let passkeys = &rules.passkeys;
    if let Some(contradiction) = contradiction(rules) {
        return Err(contradiction.into());
    }
    if let Allowed::Only(factors) = &rules.factors
        && let Some(factor) = factors.iter().find(|factor| !environment.factors.contains(factor))
    {
        return Err(PolicyProblem::UnknownFactor { factor: factor.clone() });
    }
    if passkeys.needs_metadata() && !environment.has_model_facts {
        return Err(PolicyProblem::NoMetadata);
    }
    if passkeys.needs_trusted_attestation() && !environment.verifies_attestation {
        return Err(PolicyProblem::AttestationIgnored);
    }
    if passkeys.needs_trusted_attestation() && !environment.has_trust_source {
        return Err(PolicyProblem::NoTrustSource);
    }
    if !environment.algorithms.iter().any(|algorithm| passkeys.algorithms.contains(algorithm)) {
        return Err(PolicyProblem::AlgorithmsNotOffered);
    }
    let is_rejected = match environment.backup {
        BackupPolicy::Any => false,
        BackupPolicy::RequireEligible => passkeys.device_bound,
        BackupPolicy::RequireDeviceBound => passkeys.synced,
    };
    if is_rejected {
        return Err(PolicyProblem::BackupPolicy);
    }
    if let Some(enrolment) = &rules.enrol {
        if rules.second_factor != SecondFactorPolicy::Required && !passkeys.restricts() {
            return Err(PolicyProblem::NothingToEnrol);
        }
        let days = time::Duration::days(enrolment.grace_days.into());
        enrolment.from.0.checked_add(days).ok_or(PolicyProblem::EndlessGrace)?;
    }
    if rules.reauthenticate.after == MaxAge::After(Duration::ZERO) {
        return Err(PolicyProblem::AlwaysTooOld);
    }
    Ok(())
}

#[cfg(test)]
#[cfg(feature = "toml")]
mod tests {
    use super::*;

    const FULL: Environment<'static> = Environment {
        factors: BTreeSet::new(),
        has_model_facts: true,
        verifies_attestation: true,
        has_trust_source: true,
        algorithms: &[Algorithm::Es256, Algorithm::Rs256],
        backup: BackupPolicy::Any,
    };

    fn environment() -> Environment<'static> {
        let factors = [FactorName::PASSKEY, FactorName::TOTP, FactorName::RECOVERY_CODES];
        Environment { factors: factors.into(), ..FULL }
    }

    fn checked(toml: &str, environment: &Environment<'_>) -> Result<(), String> {
        Policy::from_toml(toml).unwrap().check(environment).map_err(|error| error.to_string())
    }

    #[test]
    fn a_policy_that_locks_out_is_rejected_with_the_reason() {
        for (rules, problem) in [
            ("passkeys = { most = 0 }", "passkeys.most is 0"),
            (
                "passkeys = { device_bound = true, synced = true }",
                "a passkey cannot be both device_bound and synced",
            ),
            (
                "passkeys = { hardware = true, synced = true }",
                "the key of a synced passkey leaves the hardware that passkeys.hardware requires",
            ),
            ("passkeys = { models = [] }", "no model of passkey is accepted"),
            ("passkeys = { algorithms = [] }", "no algorithm of passkeys is accepted"),
            ("passkeys = { attachment = [] }", "no attachment of passkeys is accepted"),
            (
                "passkeys = { algorithms = 'EdDSA' }",
                "the relying party offers none of the accepted algorithms",
            ),
            ("second_factor = 'required'\nfactors = []", "no factor is accepted"),
            (
                "second_factor = 'required'\nfactors = 'recovery-codes'",
                "recovery codes are the only accepted factor, and they only replace another one",
            ),
            ("factors = ['passkey', 'duo']", "the factor duo is not configured"),
            (
                "enrol = { from = 2027-01-15 }",
                "enrol has a date, and nothing is required from then on: second_factor is not \"required\"",
            ),
            (
                "second_factor = 'required'\nenrol = { from = 9999-12-31, grace_days = 1 }",
                "the period of grace has no end in the calendar",
            ),
            ("reauthenticate = { after = '0s' }", "reauthenticate.after is zero"),
        ] {
            let everyone = checked(&format!("[default]\n{rules}"), &environment());
            assert_eq!(everyone, Err(format!("policy, default: {problem}")), "{rules}");
            let group = checked(&format!("[group.staff]\n{rules}"), &environment());
            assert_eq!(group, Err(format!("policy, group \"staff\": {problem}")), "{rules}");
        }
    }

    #[test]
    fn rules_that_depend_on_a_missing_part_are_rejected() {
        let hardware = "[default]\npasskeys = { certification = 'L1' }";
        assert_eq!(checked(hardware, &environment()), Ok(()));
        let without = Environment { has_model_facts: false, ..environment() };
        let expected = "policy, default: certification, fips and hardware are listed by metadata: call \
                        `authenticators` with a directory that has them";
        assert_eq!(checked(hardware, &without), Err(expected.into()));
        let ignoring = Environment { verifies_attestation: false, ..environment() };
        let expected = "policy, default: the relying party does not verify attestation, which the rules for passkeys require";
        for rules in ["certification = 'L1'", "attestation = 'trusted'", "models = []"] {
            let checked = checked(&format!("[default]\npasskeys = {{ {rules} }}"), &ignoring);
            assert!(checked.is_err(), "{rules}");
        }
        assert_eq!(
            checked("[default]\npasskeys = { attestation = 'trusted' }", &ignoring),
            Err(expected.into())
        );
        let untrusted = Environment { has_trust_source: false, ..environment() };
        let expected = "policy, default: the rules for passkeys require trusted attestation, and nothing is trusted: \
                        call `trust`";
        for rules in [
            "certification = 'L1'",
            "attestation = 'trusted'",
            "models = ['7a9c3d1e-0000-4000-8000-000000000001']",
        ] {
            let checked = checked(&format!("[default]\npasskeys = {{ {rules} }}"), &untrusted);
            assert_eq!(checked, Err(expected.into()), "{rules}");
        }
        let expected =
            "policy, default: the relying party rejects the passkeys that device_bound or synced requires";
        for (backup, rule) in
            [(BackupPolicy::RequireEligible, "device_bound"), (BackupPolicy::RequireDeviceBound, "synced")]
        {
            let rules = format!("[default]\npasskeys = {{ {rule} = true }}");
            assert_eq!(checked(&rules, &environment()), Ok(()));
            assert_eq!(checked(&rules, &Environment { backup, ..environment() }), Err(expected.into()));
        }
    }

    #[test]
    fn a_time_of_zero_is_rejected() {
        for (toml, member) in [
            ("recent_verification = '0s'", "recent_verification"),
            ("sessions = { absolute = '0s' }", "sessions.absolute"),
            ("sessions = { idle = '0m' }", "sessions.idle"),
            ("sessions = { first_factor = '0h' }", "sessions.first_factor"),
            ("sessions = { bearer = '0s' }", "sessions.bearer"),
            ("sessions.aal2 = { idle = '0s' }", "sessions.aal2.idle"),
            ("sessions.aal2 = { absolute = '0s' }", "sessions.aal2.absolute"),
            ("sessions.aal3 = { idle = '0s' }", "sessions.aal3.idle"),
            ("sessions.aal3 = { absolute = '0s' }", "sessions.aal3.absolute"),
        ] {
            assert_eq!(checked(toml, &environment()), Err(format!("policy, default: {member} is zero")));
        }
    }

    #[test]
    fn an_idle_limit_of_a_minute_or_less_is_rejected() {
        for (table, member) in [
            ("sessions", "sessions.idle"),
            ("sessions.aal2", "sessions.aal2.idle"),
            ("sessions.aal3", "sessions.aal3.idle"),
        ] {
            let file = |idle| format!("{table} = {{ idle = '{idle}' }}");
            let problem = format!(
                "policy, default: {member} is not longer than one minute: the last use is written once a minute"
            );
            for idle in ["1s", "60s", "1m"] {
                assert_eq!(checked(&file(idle), &environment()), Err(problem.clone()), "{idle}");
            }
            assert_eq!(checked(&file("61s"), &environment()), Ok(()));
        }
    }

    #[test]
    fn a_limit_of_no_attempts_or_no_time_is_rejected() {
        for limit in [
            "reveals",
            "reveals_per_address",
            "sign_ups_per_address",
            "ceremonies_per_user",
            "ceremonies_per_address",
            "factors",
            "factors_per_day",
            "factors_per_address",
        ] {
            for (member, value, zero) in [("attempts", "1", "0"), ("window", "'1s'", "'0s'")] {
                let file = |value| format!("limits.{limit}.{member} = {value}");
                assert_eq!(checked(&file(value), &environment()), Ok(()));
                let problem = format!("policy, default: limits.{limit}.{member} is zero");
                assert_eq!(checked(&file(zero), &environment()), Err(problem));
            }
        }
    }

    #[test]
    fn groups_that_exclude_each_other_are_listed() {
        let policy = Policy::from_toml(
            "[default]\nsecond_factor = 'required'\nfactors = 'passkey'\n\
             [group.bound]\npasskeys = { device_bound = true }\n\
             [group.synced]\npasskeys = { synced = true }\n\
             [group.totp]\nfactors = 'totp'\n",
        )
        .unwrap();
        assert_eq!(policy.check(&environment()), Ok(()));
        let conflict = |one: &str, other: &str, why| (one.to_owned(), other.to_owned(), why);
        assert_eq!(
            policy.conflicts(),
            [
                conflict("bound", "synced", Contradiction::DeviceBoundAndSynced),
                conflict("bound", "totp", Contradiction::NoFactor),
                conflict("synced", "totp", Contradiction::NoFactor),
            ]
        );
        // A user without a password has only passkeys.
        let policy = Policy::from_toml(
            "[group.bound]\npasskeys = { device_bound = true }\n[group.synced]\npasskeys = { synced = true }",
        );
        let bound_and_synced = conflict("bound", "synced", Contradiction::DeviceBoundAndSynced);
        assert_eq!(policy.unwrap().conflicts(), [bound_and_synced]);
    }
}
