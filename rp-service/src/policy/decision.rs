//! The rights of a session: a pure function of the policy, the user, the session and the time.

mod reason;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use rp_core::Timestamp;

pub use reason::Reason;

use super::Policy;
use super::enrolment::Phase;
use super::passkey::PasskeyFacts;
use super::rules::{AfterRecovery, Overridden, Preference, Rules, SecondFactorPolicy, SecondFactorPrompt};
use super::text::MaxAge;
use crate::factor_name::FactorName;

/// A user's membership in a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Membership {
    /// The name of the group.
    pub group: String,
    /// The time at which the user joined it; `None` if it is not known, which counts as long ago.
    pub since: Option<Timestamp>,
}

/// The facts of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subject {
    /// The time at which the account was created.
    pub created_at: Option<Timestamp>,
    /// The groups of the user. Groups without rules in the policy do not count.
    pub groups: Vec<Membership>,
    /// The passkeys of the user.
    pub passkeys: Vec<PasskeyFacts>,
    /// The other factors that the user has enrolled; recovery codes only while some are left.
    pub factors: BTreeSet<FactorName>,
}

/// The facts of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionFacts {
    /// The factors that were verified, each once.
    pub verified: Vec<Verified>,
    /// Whether the user has verified a second factor in this context before, in another session.
    pub is_context_known: bool,
    /// Whether the context differs from that of the session's last verification.
    pub has_context_changed: bool,
}

/// A factor that was verified in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The factor.
    pub factor: VerifiedMethod,
    /// The time.
    pub at: Timestamp,
}

/// The method of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifiedMethod {
    /// A password, or another first factor of the application, such as a federated sign-in: never a second factor.
    Password,
    /// A passkey.
    Passkey {
        /// The passkey as it is now.
        passkey: PasskeyFacts,
        /// Whether it verified its user, and that counts.
        user_verified: bool,
    },
    /// Recovery codes.
    RecoveryCode,
    /// Another second factor of the service.
    Other(FactorName),
}

/// The rights of a session, and their reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Decision {
    /// The rights of the session.
    pub access: Access,
    /// Why.
    pub reason: Reason,
    /// The enrolment of which the user is reminded.
    pub reminder: Option<Reminder>,
}

/// The rights of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everything: the user is signed in.
    SignedIn {
        /// Second factors that are offered and can be skipped.
        offered: Vec<FactorName>,
    },
    /// Verify a factor again, and nothing else before.
    Reauthenticate {
        /// The maximum age of the verification, if its age is the reason.
        after: MaxAge,
    },
    /// Verify one of these second factors, and nothing else before.
    SecondFactor(Vec<FactorName>),
    /// Enrol a factor, and nothing else before.
    Enrol,
    /// Nothing.
    Nothing,
}

/// An enrolment that will be required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// The group that requires it; `None` if everyone has to.
    pub group: Option<String>,
    /// The time from which the user cannot sign in without it.
    pub by: Timestamp,
    /// Whether the period of grace has started.
    pub in_grace: bool,
}

impl Subject {
    /// Whether the user has a factor that completes a sign-in, accepted or not.
    fn has_factor(&self) -> bool {
        !self.passkeys.is_empty() || self.factors.iter().any(|factor| *factor != FactorName::RECOVERY_CODES)
    }
}

impl Access {
    /// The rights as they appear in events and metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::SignedIn { .. } => "signed-in",
            Self::Reauthenticate { .. } => "reauthenticate",
            Self::SecondFactor(_) => "second-factor",
            Self::Enrol => "enrol",
            Self::Nothing => "nothing",
        }
    }

    /// Whether the user is signed in.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        matches!(self, Self::SignedIn { .. })
    }

    /// Whether a factor may be enrolled.
    #[must_use]
    pub fn allows_enrolment(&self) -> bool {
        matches!(self, Self::SignedIn { .. } | Self::Enrol)
    }
}

/// The rules of one group, for a user.
struct GroupRules {
    group: Option<String>,
    joined_at: Option<Timestamp>,
    rules: Rules,
    /// The rules of everyone, if the group has a period of enrolment of its own: they apply before.
    before: Option<Box<GroupRules>>,
}

impl GroupRules {
    fn phase(&self, now: Timestamp) -> Option<Phase> {
        self.rules.enrol.map(|enrolment| enrolment.phase(self.joined_at, now))
    }

    fn applies(&self, now: Timestamp) -> bool {
        matches!(self.phase(now), None | Some(Phase::Ended { .. }))
    }

    /// The rules that apply now.
    fn current(&self, now: Timestamp) -> Rules {
        if self.applies(now) {
            return self.rules.clone();
        }
        let before = self.before.as_ref().map(|everyone| everyone.current(now)).unwrap_or_default();
        self.rules.before_enrolment(&before)
    }

    /// The reminder, for a user who does not have what the rules will require, or what those of everyone require before.
    fn reminder(&self, subject: &Subject, now: Timestamp) -> Option<Reminder> {
        let own = self.own_reminder(subject, now);
        let before = self.before.as_ref().filter(|_| !self.applies(now) && !self.rules.has_accepted(subject));
        let before = before.and_then(|everyone| everyone.reminder(subject, now));
        own.into_iter().chain(before).min_by_key(|reminder| reminder.by)
    }

    fn own_reminder(&self, subject: &Subject, now: Timestamp) -> Option<Reminder> {
        let (by, in_grace) = match self.phase(now)? {
            Phase::Reminded { by } => (by, false),
            Phase::Grace { by } => (by, true),
            Phase::Before | Phase::Ended { .. } => return None,
        };
        // As at the end of the period: a passkey that is not accepted, and where factors are required, any factor.
        let is_required = match self.rules.second_factor {
            SecondFactorPolicy::Required => true,
            SecondFactorPolicy::WhereEnrolled => subject.has_factor(),
            SecondFactorPolicy::Optional | SecondFactorPolicy::Never => !subject.passkeys.is_empty(),
        };
        let is_missing = is_required && !self.rules.has_accepted(subject);
        is_missing.then(|| Reminder { group: self.group.clone(), by, in_grace })
    }
}

impl Policy {
    /// The rules of a user with these groups: the strictest value of each member, as if every period of enrolment had
    /// ended. A group that the policy does not name has no rules.
    #[must_use]
    pub fn rules(&self, groups: &[Membership]) -> Rules {
        let subject = Subject { groups: groups.to_vec(), ..Subject::default() };
        strictest(self.group_rules(&subject).into_iter().map(|group| group.rules))
    }

    /// The rules that apply to a user now: until a period of enrolment has ended, what was accepted before is accepted.
    pub(crate) fn current_rules(&self, subject: &Subject, now: Timestamp) -> Rules {
        current_rules(&self.group_rules(subject), now)
    }

    /// Decides what a session may do.
    pub fn decide(&self, subject: &Subject, session: &SessionFacts, now: Timestamp) -> Decision {
        decide(&self.group_rules(subject), subject, session, now)
    }

    fn group_rules(&self, subject: &Subject) -> Vec<GroupRules> {
        let everyone = || GroupRules {
            group: None,
            joined_at: subject.created_at,
            rules: self.default.clone(),
            before: None,
        };
        let named = subject.groups.iter().filter_map(|membership| {
            let overrides = self.group.get(&membership.group)?;
            let (group, rules) = (Some(membership.group.clone()), self.default.overridden(overrides));
            // The period of everyone does not start again in a group.
            Some(if overrides.enrol.is_some() {
                GroupRules { group, joined_at: membership.since, rules, before: Some(Box::new(everyone())) }
            } else {
                GroupRules { group, joined_at: subject.created_at, rules, before: None }
            })
        });
        let mut groups: Vec<_> = named.collect();
        if groups.is_empty() {
            groups.push(everyone());
        }
        groups
    }
}

fn strictest(rules: impl Iterator<Item = Rules>) -> Rules {
    rules.reduce(|one, another| one.strictest(&another)).unwrap_or_default()
}

fn current_rules(groups: &[GroupRules], now: Timestamp) -> Rules {
    strictest(groups.iter().map(|group| group.current(now)))
}

/// The order of the outcomes is part of the security: a factor that the user has, accepted or not, is verified before
/// another one can be enrolled, so that a stricter rule never opens enrolment to a thief of the password.
fn decide(groups: &[GroupRules], subject: &Subject, session: &SessionFacts, now: Timestamp) -> Decision {
    let rules = current_rules(groups, now);
    let reminder = groups.iter().filter_map(|group| group.reminder(subject, now)).min_by_key(|one| one.by);
    let decision = |access, reason| Decision { access, reason, reminder: reminder.clone() };
    let view = View::new(&rules, subject, session);
    if view.verified.is_empty() {
        return decision(Access::Nothing, Reason::NothingVerified);
    }
    if let Some(contradiction) = view.contradiction() {
        return decision(Access::Nothing, Reason::Contradiction(contradiction));
    }
    let missing = view.missing_factors();
    // A passkey that is not enough alone does not count as a first factor either.
    let is_level = rules.second_factor >= SecondFactorPolicy::WhereEnrolled || view.is_passkey_alone();
    let is_asked = is_level && !missing.is_empty();
    let is_known_context = is_asked && view.may_skip();
    if is_asked && !is_known_context {
        let reason = if view.is_completed() { view.rejection() } else { Reason::SecondFactorMissing };
        return decision(Access::SecondFactor(missing), reason);
    }
    if session.has_context_changed && rules.reauthenticate.on_changed_context {
        let access = Access::Reauthenticate { after: MaxAge::Never };
        return decision(access, Reason::ChangedContext);
    }
    let latest = view.verified.iter().map(|verified| verified.at).max();
    if let MaxAge::After(max_age) = rules.reauthenticate.after
        && latest.is_none_or(|at| now.saturating_since(at) > max_age)
    {
        let access = Access::Reauthenticate { after: rules.reauthenticate.after };
        return decision(access, Reason::Age { max_age });
    }
    if is_known_context {
        return decision(Access::SignedIn { offered: Vec::new() }, Reason::KnownContext);
    }
    if let Some(reason) = view.enrolment_reason(groups, now) {
        return decision(Access::Enrol, reason);
    }
    let is_offered = rules.second_factor == SecondFactorPolicy::Optional && rules.has_accepted(subject);
    let reason = view.signed_in_reason();
    decision(Access::SignedIn { offered: if is_offered { missing } else { Vec::new() } }, reason)
}

impl Rules {
    /// Whether the user has an accepted factor that can complete a sign-in.
    fn has_accepted(&self, subject: &Subject) -> bool {
        let has_passkey = self.factors.contains(&FactorName::PASSKEY)
            && subject.passkeys.iter().any(|passkey| self.passkeys.accepts(passkey));
        let is_other =
            |factor: &&FactorName| **factor != FactorName::RECOVERY_CODES && self.factors.contains(factor);
        has_passkey || subject.factors.iter().any(|factor| is_other(&factor))
    }
}

/// A session under the rules of its user.
struct View<'a> {
    rules: &'a Rules,
    subject: &'a Subject,
    /// Without recovery codes if the rules do not accept them: their only effect is to open enrolment.
    verified: Vec<&'a Verified>,
    /// Whether nothing but a first factor was verified, in a context in which the user verified a second one before.
    is_first_in_known_context: bool,
}

impl<'a> View<'a> {
    fn new(rules: &'a Rules, subject: &'a Subject, session: &'a SessionFacts) -> Self {
        let accepts_recovery = rules.factors.contains(&FactorName::RECOVERY_CODES);
        let counts =
            |verified: &&Verified| accepts_recovery || verified.factor != VerifiedMethod::RecoveryCode;
        let verified = session.verified.iter().filter(counts).collect();
        // Another factor that does not count, under these rules or others, must not be replaced by the context.
        let is_first_in_known_context = session.is_context_known && session.verified.len() == 1;
        Self { rules, subject, verified, is_first_in_known_context }
    }

    fn contradiction(&self) -> Option<super::rules::Contradiction> {
        // A passkey alone opened the session, and no passkey can be accepted.
        let of_passkeys = || self.rules.passkeys.contradiction().filter(|_| self.is_passkey_alone());
        self.rules.contradiction().or_else(of_passkeys)
    }

    fn methods(&self) -> impl Iterator<Item = &VerifiedMethod> {
        self.verified.iter().map(|verified| &verified.factor)
    }

    fn is_passkey_alone(&self) -> bool {
        self.methods().all(|method| matches!(method, VerifiedMethod::Passkey { .. }))
    }

    fn has_recovered(&self) -> bool {
        self.methods().any(|method| *method == VerifiedMethod::RecoveryCode)
    }

    /// Whether a method completes the sign-in, apart from whether the rules accept it.
    fn completes(&self, method: &VerifiedMethod) -> bool {
        let is_second = self.verified.len() > 1;
        match method {
            VerifiedMethod::Password | VerifiedMethod::RecoveryCode => false,
            VerifiedMethod::Passkey { user_verified, .. } => {
                let is_enough = is_second || self.rules.second_factor < SecondFactorPolicy::Required;
                *user_verified || (is_enough && self.rules.passkeys.user_verification != Preference::Required)
            }
            VerifiedMethod::Other(_) => is_second,
        }
    }

    fn accepts(&self, method: &VerifiedMethod) -> bool {
        match method {
            VerifiedMethod::Password => false,
            VerifiedMethod::Passkey { passkey, .. } => {
                self.rules.factors.contains(&FactorName::PASSKEY)
                    && self.rules.passkeys.check(passkey).is_ok()
            }
            VerifiedMethod::RecoveryCode => self.rules.after_recovery == AfterRecovery::SignIn,
            VerifiedMethod::Other(name) => self.rules.factors.contains(name),
        }
    }

    /// Whether an accepted second factor, or a passkey in place of both, was verified.
    fn is_satisfied(&self) -> bool {
        self.methods().any(|method| {
            let counts = self.completes(method) || *method == VerifiedMethod::RecoveryCode;
            counts && self.accepts(method)
        })
    }

    /// Whether a verified method completes the sign-in, accepted or not.
    fn is_completed(&self) -> bool {
        self.methods().any(|method| self.completes(method))
    }

    /// Whether the user has an accepted passkey that completes the sign-in instead of the one that was used.
    fn has_completing_passkey(&self) -> bool {
        let needs_verification =
            self.is_passkey_alone() && self.rules.second_factor == SecondFactorPolicy::Required;
        let completes = |passkey: &PasskeyFacts| {
            self.rules.passkeys.accepts(passkey) && (passkey.uv_initialized || !needs_verification)
        };
        self.rules.factors.contains(&FactorName::PASSKEY) && self.subject.passkeys.iter().any(completes)
    }

    /// The second factors that would complete the sign-in. Accepted ones are preferred, but a factor that is not accepted
    /// still protects the account. After one that is not accepted, only accepted ones are asked for, and a passkey without
    /// which nothing can be enrolled; otherwise the list is empty.
    fn missing_factors(&self) -> Vec<FactorName> {
        let is_done = self.methods().any(|method| self.completes(method) && self.accepts(method));
        if self.has_recovered() || is_done {
            return Vec::new();
        }
        let is_completed = self.is_completed();
        let has_passkey = match self.methods().find(|method| matches!(method, VerifiedMethod::Passkey { .. }))
        {
            Some(_) if is_completed => self.has_completing_passkey(),
            // The passkey was used without user verification, which it may be capable of.
            Some(_) => self.subject.passkeys.iter().any(|passkey| passkey.uv_initialized),
            None => !self.subject.passkeys.is_empty(),
        };
        let is_verified = |name: &FactorName| {
            self.methods().any(|method| matches!(method, VerifiedMethod::Other(verified) if verified == name))
        };
        let counts =
            |name: &&FactorName| !is_verified(name) && (!is_completed || self.rules.factors.contains(name));
        let others = self.subject.factors.iter().filter(counts).cloned();
        let mut all: Vec<_> = has_passkey.then_some(FactorName::PASSKEY).into_iter().chain(others).collect();
        let is_recovery = |name: &FactorName| *name == FactorName::RECOVERY_CODES;
        if all.iter().all(is_recovery) {
            // Codes without the factor that they replace.
            return Vec::new();
        }
        if !self.rules.factors.contains(&FactorName::RECOVERY_CODES) {
            all.retain(|name| !is_recovery(name));
        }
        let accepted: Vec<_> = all.iter().filter(|name| self.rules.factors.contains(name)).cloned().collect();
        if accepted.iter().all(is_recovery) { all } else { accepted }
    }

    /// Whether the second factor can be left out in a known context.
    fn may_skip(&self) -> bool {
        self.is_first_in_known_context
            && !self.is_passkey_alone()
            && self.rules.reauthenticate.at_sign_in == SecondFactorPrompt::ChangedContext
            && self.rules.has_accepted(self.subject)
    }

    fn enrolment_reason(&self, groups: &[GroupRules], now: Timestamp) -> Option<Reason> {
        if self.is_satisfied() {
            return None;
        }
        let is_recovered = self.has_recovered();
        let is_recovery_alone = is_recovered && self.verified.len() == 1;
        let has_factor = self.subject.has_factor();
        let is_required = match self.rules.second_factor {
            SecondFactorPolicy::Required => true,
            SecondFactorPolicy::WhereEnrolled => has_factor || self.is_passkey_alone() || is_recovery_alone,
            SecondFactorPolicy::Optional | SecondFactorPolicy::Never => {
                self.is_passkey_alone() || is_recovery_alone
            }
        };
        if !is_required {
            return None;
        }
        if is_recovered {
            return Some(Reason::Recovered);
        }
        let group = groups
            .iter()
            .find(|group| group.applies(now) && group.rules.second_factor == SecondFactorPolicy::Required);
        Some(match self.rejection() {
            Reason::FactorNotAccepted if !has_factor => {
                Reason::NotEnrolled { group: group.and_then(|group| group.group.clone()) }
            }
            rejection => rejection,
        })
    }

    /// Why the verified factor is not accepted.
    fn rejection(&self) -> Reason {
        let rejected = self.methods().find_map(|method| match method {
            VerifiedMethod::Passkey { passkey, .. } => self.rules.passkeys.check(passkey).err(),
            _ => None,
        });
        rejected.map_or(Reason::FactorNotAccepted, Reason::PasskeyNotAccepted)
    }

    fn signed_in_reason(&self) -> Reason {
        if self.is_satisfied() {
            return match self.methods().find(|method| self.completes(method) && self.accepts(method)) {
                Some(VerifiedMethod::Passkey { .. }) => Reason::Passkey,
                _ => Reason::SecondFactorVerified,
            };
        }
        match self.rules.second_factor {
            SecondFactorPolicy::Never => Reason::NotRequired,
            SecondFactorPolicy::Optional => Reason::Optional,
            SecondFactorPolicy::WhereEnrolled | SecondFactorPolicy::Required => Reason::NothingEnrolled,
        }
    }
}
